/* SPDX-License-Identifier: Apache-2.0
 *
 * The stores of a task and the delivery reports of their changelogs. */
#include "client_kit.h"

#include <weir/dsl.h>

#include "cluster/instance.h"
#include "process/graph.h"
#include "task/stores.h"

#define APPLICATION "client-test"
#define CHANGELOG APPLICATION "-n-changelog"

/* The parts of a stream thread that stores need, and one task that counts. */
typedef struct thread {
    weir_topology *topology;
    weir_app_opts opts;
    weir__task_env env;
    weir__task_output *output;
    weir__graph *graph;
    weir__task_stores stores;
} thread;

static int64_t no_time(void *user)
{
    (void)user;
    return TIMESTAMP_MS;
}

static void begin(thread *one, fixture *f)
{
    weir_error error = {0};
    weir_builder *b = weir_builder_new();
    weir_count(weir_group_by_key(weir_source(b, "t", &weir_string, &weir_string, NULL), NULL), "n",
               NULL);
    *one = (thread){.topology = weir_build(b, f->config, &error)};
    if (one->topology == NULL) {
        fail_msg("%s", error.message);
    }
    one->env = (weir__task_env){.topology = one->topology,
                                .guarantee = &weir__at_least_once,
                                .application = APPLICATION,
                                .settings = {.memory_stores = true},
                                .producer = f->producer,
                                .log = &f->opts.log,
                                .observer = {.opts = &one->opts, .thread = "thread"}};
    must(weir__task_output_open(&one->env, "0_0", &one->output, &error), &error);
    must(weir_mock_topic_create(f->mock, CHANGELOG, 1, 1, NULL, &error), &error);
}

static weir_err open_task(thread *one, weir_error *error)
{
    weir__graph_host host = {.application = APPLICATION,
                             .task = "0_0",
                             .stream_time_ms = no_time,
                             .wall_clock_ms = no_time};
    must(weir__graph_new(one->topology, 0, &host, &one->graph, error), error);
    one->stores = (weir__task_stores){.env = &one->env, .task = "0_0", .output = one->output};
    return weir__task_stores_open(&one->stores, &one->topology->subtopologies[0], 0, one->graph,
                                  error);
}

static void close_task(thread *one)
{
    weir__graph_free(one->graph);
    weir__task_stores_fini(&one->stores);
}

static void end(thread *one)
{
    weir__map_fini(&one->env.changelogs, free);
    weir__map_fini(&one->env.outputs, weir__task_output_free);
    weir_topology_free(one->topology);
}

static void put(thread *one, const char *key)
{
    weir_error error = {0};
    weir__kv *kv = weir__graph_store_layers(one->graph, 0);
    must(weir__kv_put(kv, weir_slice_of(key), weir_slice_of("12345678value"), &error), &error);
}

static void flush(const fixture *f)
{
    weir_error error = {0};
    must(weir__producer_flush(f->producer, 60000, &error), &error);
}

static int64_t saved_offset(thread *one)
{
    weir_error error = {0};
    weir__kv *inner = one->stores.items[0].inner;
    must(weir__task_stores_commit(&one->stores, &error), &error);
    return weir__kv_offset(inner);
}

static void a_store_holds_its_changelog_as_far_as_it_was_delivered(void **state)
{
    fixture *f = *state;
    weir_error error = {0};
    thread one;
    begin(&one, f);
    must(open_task(&one, &error), &error);
    put(&one, "a");
    put(&one, "b");
    assert_int_equal(saved_offset(&one), WEIR__NO_OFFSET);
    flush(f);
    assert_int_equal(saved_offset(&one), 1);
    close_task(&one);
    end(&one);
}

/* Otherwise the store would be restored without these records, and then have an offset beyond them.
 */
static void a_store_waits_for_in_flight_records_of_an_earlier_task(void **state)
{
    fixture *f = *state;
    weir_error error = {0};
    thread one;
    begin(&one, f);
    must(open_task(&one, &error), &error);
    put(&one, "a");
    close_task(&one);
    assert_int_equal(open_task(&one, &error), WEIR_ERETRY);
    assert_non_null(strstr(error.message, CHANGELOG "-0: 1 records are under way"));
    close_task(&one);
    flush(f);
    must(open_task(&one, &error), &error);
    assert_int_equal(saved_offset(&one), WEIR__NO_OFFSET);
    close_task(&one);
    end(&one);
}

static weir_slice row_of(thread *one, const char *key)
{
    weir_slice row = {0};
    weir_error error = {0};
    weir__kv *kv = weir__graph_store_top(one->graph, 0);
    must(weir__kv_get(kv, weir_slice_of(key), &row, &error), &error);
    return row;
}

static void stores_are_rolled_back_to_their_last_commit(void **state)
{
    fixture *f = *state;
    weir_error error = {0};
    thread one;
    begin(&one, f);
    one.env.settings.uncommitted_stores = true;
    must(open_task(&one, &error), &error);
    put(&one, "a");
    flush(f);
    assert_int_equal(saved_offset(&one), 0);
    assert_int_equal(one.env.uncommitted.bytes, 0);
    put(&one, "b");
    flush(f);
    must(weir__task_stores_rollback(&one.stores, &error), &error);
    assert_non_null(row_of(&one, "a").data);
    assert_null(row_of(&one, "b").data);
    assert_int_equal(weir__kv_offset(one.stores.items[0].inner), 0);
    close_task(&one);
    end(&one);
}

static void stores_are_not_rolled_back_at_least_once(void **state)
{
    fixture *f = *state;
    weir_error error = {0};
    thread one;
    begin(&one, f);
    must(open_task(&one, &error), &error);
    assert_int_equal(weir__task_stores_rollback(&one.stores, &error), WEIR_ESTATE);
    assert_non_null(strstr(error.message, "store n: rollback: "));
    close_task(&one);
    end(&one);
}

/* Whether a thread with one changed row should commit. */
static bool is_full(fixture *f, const char *max_bytes)
{
    weir_error error = {0};
    thread one;
    begin(&one, f);
    must(weir_config_set(f->config, "statestore.uncommitted.max.bytes", max_bytes, &error), &error);
    weir__instance instance = {.topology = one.topology, .config = f->config};
    weir__instance_read(&instance);
    weir__instance_share_memory(&instance, 2);
    one.env.settings.uncommitted_stores = true;
    one.env.uncommitted.max_bytes = instance.uncommitted_bytes;
    must(open_task(&one, &error), &error);
    assert_false(weir__task_stores_are_full(&one.env));
    put(&one, "a");
    bool full = weir__task_stores_are_full(&one.env);
    close_task(&one);
    assert_int_equal(one.env.uncommitted.bytes, 0);
    flush(f);
    end(&one);
    return full;
}

static void stores_are_full_beyond_their_part_of_the_uncommitted_bytes(void **state)
{
    assert_true(is_full(*state, "100"));
}

static void stores_are_never_full_without_a_limit_of_uncommitted_bytes(void **state)
{
    assert_false(is_full(*state, "-1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(a_store_holds_its_changelog_as_far_as_it_was_delivered),
        test(a_store_waits_for_in_flight_records_of_an_earlier_task),
        test(stores_are_rolled_back_to_their_last_commit),
        test(stores_are_not_rolled_back_at_least_once),
        test(stores_are_full_beyond_their_part_of_the_uncommitted_bytes),
        test(stores_are_never_full_without_a_limit_of_uncommitted_bytes),
    };
    return cmocka_run_group_tests_name("task_stores", tests, NULL, NULL);
}
