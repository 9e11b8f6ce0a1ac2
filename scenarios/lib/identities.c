/* SPDX-License-Identifier: Apache-2.0
 *
 * The ID mapping's data through the driver. */
#include "scenarios/lib/identities.h"

#include <string.h>

#include "fixtures/id_mapping.h"

weir_scenario_ids weir_scenario_ids_new(weir_cluster *cluster, int32_t partitions)
{
    weir_cluster_input(cluster, "registrations-by-phone", partitions, &weir_string, &weir_string);
    weir_cluster_input(cluster, "identities", partitions, &weir_string, &weir_string);
    return (weir_scenario_ids){
        .registrations =
            weir_cluster_input(cluster, "registrations", partitions, &weir_string, &weir_string),
        .events = weir_cluster_input(cluster, "events", partitions, &weir_string, &weir_string),
        .identities = weir_cluster_output(cluster, "identities", &weir_string, &weir_string),
    };
}

void weir_scenario_register(weir_scenario_ids ids, size_t from, size_t to)
{
    char json[WEIR_FIXTURE_JSON_MAX];
    for (size_t i = from; i < to; i++) {
        weir_input_text(ids.registrations, NULL, fixture_registration(i, json));
    }
}

void weir_scenario_happen(weir_scenario_ids ids, size_t from, size_t to, size_t phones)
{
    char json[WEIR_FIXTURE_JSON_MAX];
    for (size_t i = from; i < to; i++) {
        weir_input_text(ids.events, NULL, fixture_event(i, phones, json));
    }
}

weir_rows *weir_scenario_bag(weir_cluster *cluster, const weir_rows *values)
{
    weir_rows *bag = weir_rows_new(cluster, &weir_string, &weir_i64);
    for (size_t i = 0; i < weir_rows_size(values); i++) {
        weir_rows_count(bag, weir_rows_at(values, i)->value, 1);
    }
    return bag;
}

weir_rows *weir_scenario_identities(weir_cluster *cluster, size_t events, size_t phones)
{
    weir_rows *bag = weir_rows_new(cluster, &weir_string, &weir_i64);
    for (size_t i = 0; i < events; i++) {
        char json[WEIR_FIXTURE_JSON_MAX];
        weir_slice text = weir_slice_of(fixture_expected_identity(i, phones, phones, json));
        weir_rows_count(bag, &text, 1);
    }
    return bag;
}

size_t weir_scenario_next_completed(const weir_rows *identities, size_t index)
{
    static const char member[] = "\"idCard\":";
    size_t count = weir_rows_size(identities);
    for (; index < count; index++) {
        const weir_slice *json = weir_rows_at(identities, index)->value;
        if (json != NULL && json->data != NULL &&
            memmem(json->data, json->len, member, sizeof member - 1) != NULL) {
            break;
        }
    }
    return index;
}
