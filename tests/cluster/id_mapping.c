/* SPDX-License-Identifier: Apache-2.0
 *
 * The ID mapping: a table, a join, and the loss of an instance. */
#include <string.h>

#include "fixtures/id_mapping.h"
#include "scenarios/lib/identities.h"
#include "support/cluster.h"

#define PARTITIONS 4
#define PHONES 40
#define EVENTS 200

static weir_instance *start(weir_cluster *cluster, const char *name, const char *const *config)
{
    return weir_cluster_start(cluster, name, fixture_id_mapping,
                              &(weir_instance_opts){.threads = 2, .config = config});
}

static void assert_identities(weir_cluster *cluster, weir_scenario_ids ids, size_t events)
{
    weir_rows *found = weir_scenario_bag(cluster, weir_output_all(ids.identities));
    weir_assert_same_rows(found, weir_scenario_identities(cluster, events, PHONES));
}

/* The demo shows some of these. */
static void assert_completed(const weir_rows *rows)
{
    size_t completed = 0;
    size_t expected = 0;
    for (size_t i = 0; i < EVENTS; i++) {
        char json[WEIR_FIXTURE_JSON_MAX];
        fixture_expected_identity(i, PHONES, PHONES, json);
        expected += strstr(json, "\"idCard\":\"card-") != NULL;
    }
    for (size_t at = weir_scenario_next_completed(rows, 0); at < weir_rows_size(rows);
         at = weir_scenario_next_completed(rows, at + 1)) {
        weir_slice json = *(const weir_slice *)weir_rows_at(rows, at)->value;
        assert_false(weir_slice_equal(json, weir_slice_of("{}")));
        completed++;
    }
    assert_true(completed > 0 && completed < EVENTS);
    assert_int_equal(completed, expected);
}

static void events_are_completed_from_registrations(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_scenario_ids ids = weir_scenario_ids_new(cluster, PARTITIONS);
    start(cluster, "a", NULL);
    weir_scenario_register(ids, 0, PHONES);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
    weir_scenario_happen(ids, 0, EVENTS, PHONES);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
    assert_identities(cluster, ids, EVENTS);
    assert_completed(weir_output_all(ids.identities));
}

static void identities_survive_the_loss_of_an_instance(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_scenario_ids ids = weir_scenario_ids_new(cluster, PARTITIONS);
    start(cluster, "a", NULL);
    weir_instance *b = start(cluster, "b", NULL);
    weir_scenario_register(ids, 0, PHONES);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
    weir_scenario_happen(ids, 0, EVENTS / 2, PHONES);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));

    weir_host_crash(weir_instance_host(b), WEIR_DISK_AS_IT_WAS);
    weir_scenario_happen(ids, EVENTS / 2, EVENTS, PHONES);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(3));

    assert_identities(cluster, ids, EVENTS);
}

static void undecodable_registrations_are_skipped_if_configured(void **state)
{
    static const char *const config[] = {"deserialization.exception.handler", "continue", NULL};
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_scenario_ids ids = weir_scenario_ids_new(cluster, PARTITIONS);
    start(cluster, "a", config);
    weir_input_text(ids.registrations, NULL, "{\"phone\": 3");
    weir_scenario_register(ids, 0, PHONES);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
    weir_input_text(ids.events, NULL, "not JSON");
    weir_scenario_happen(ids, 0, EVENTS, PHONES);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
    assert_identities(cluster, ids, EVENTS);
}

static bool in_error(weir_cluster *cluster, void *instance)
{
    (void)cluster;
    return weir_instance_state(instance) == WEIR_STATE_ERROR;
}

static void an_undecodable_event_stops_the_instance_by_default(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_scenario_ids ids = weir_scenario_ids_new(cluster, PARTITIONS);
    weir_instance *a = start(cluster, "a", NULL);
    weir_run_until(cluster, weir_all_running, WEIR_MINUTES(1));
    weir_input_text(ids.events, NULL, "not JSON");
    weir_run_until_with(cluster, in_error, a, WEIR_MINUTES(1));
    assert_non_null(strstr(weir_cluster_explain(cluster), "the value cannot be decoded: json: "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cluster_test(events_are_completed_from_registrations),
        cluster_test(identities_survive_the_loss_of_an_instance),
        cluster_test(undecodable_registrations_are_skipped_if_configured),
        cluster_test(an_undecodable_event_stops_the_instance_by_default),
    };
    return cmocka_run_group_tests_name("id_mapping", tests, NULL, NULL);
}
