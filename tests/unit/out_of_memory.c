/* SPDX-License-Identifier: Apache-2.0
 *
 * What happens when an allocation fails: each one in turn. The linker passes the allocations of
 * the runtime to the functions here (tests/CMakeLists.txt). */
#include <stdio.h>

#include <weir/driver_cmocka.h>
#include <weir/suppress.h>
#include <weir/windowed.h>

#include "client/client.h"
#include "process/headers.h"
#include "state/values.h"
#include "support/driven.h"
#include "task/placement.h"
#include "unit/client_kit.h"
#include "unit/failing_allocations.h"

/* ---- Placement of keys -------------------------------------------------------------------- */

#define PARTITIONS 4

static weir_err take_left(weir_ctx *ctx, const void *key, const void *left, const void *right,
                          void *out, void *user)
{
    (void)ctx;
    (void)key;
    (void)right;
    (void)user;
    *(weir_slice *)out = *(const weir_slice *)left;
    return WEIR_OK;
}

static weir_topology *with_join(void)
{
    weir_error error = {0};
    weir_builder *b = weir_builder_new();
    weir_stream orders = weir_source(b, "orders", &weir_string, &weir_string, NULL);
    weir_table customers =
        weir_table_source(b, "customers", "store", &weir_string, &weir_string, NULL);
    weir_join_table(orders, customers, &weir_string, take_left, NULL, NULL);
    weir_topology *topology = weir_build(b, NULL, &error);
    assert_non_null(topology);
    return topology;
}

static void a_placement_that_cannot_be_made_is_an_error(void **state)
{
    (void)state;
    weir_topology *topology = with_join();
    int failures = 0;
    for (bool failed = true; failed;) {
        weir__placement *placement = NULL;
        fail_allocation(failures);
        weir_err err = weir__placement_new(topology, "app", &placement);
        failed = allocation_failed();
        assert_int_equal(err, failed ? WEIR_ENOMEM : WEIR_OK);
        assert_int_equal(placement == NULL, failed);
        weir__placement_free(placement);
        failures += failed;
    }
    assert_in_range(failures, 5, 100); /* the object, two arrays, the names of two topics */
    weir_topology_free(topology);
}

typedef struct warnings {
    int count;
    char last[WEIR__LOG_TEXT_MAX];
} warnings;

static void on_log(int level, const char *text, void *user)
{
    warnings *all = user;
    assert_int_equal(level, WEIR__LOG_WARNING);
    all->count++;
    snprintf(all->last, sizeof all->last, "%s", text);
}

/* Keys in the partition that is `shift` behind that of murmur2. */
static void add_keys(weir__placement *placement, const weir__log *log, const char *topic, int from,
                     int count, int32_t shift)
{
    for (int i = from; i < from + count; i++) {
        char text[16];
        snprintf(text, sizeof text, "k%d", i);
        weir_slice key = weir_slice_of(text);
        int32_t partition = (weir__murmur2_partition(key, PARTITIONS) + shift) % PARTITIONS;
        weir__placed_key placed = {.topic = weir__placement_find(placement, topic),
                                   .key = key,
                                   .partition = partition,
                                   .partitions = PARTITIONS,
                                   .offset = i};
        weir__placement_add(placement, &placed, log, "thread-1");
    }
}

/* The allocation fails while the keys 0 to 9 are added; the keys from 10 on are added after it. */
static void a_misplaced_key_is_logged_by_a_later_one_if_memory_lacked(void **state)
{
    (void)state;
    weir_topology *topology = with_join();
    int failures = 0;
    for (bool failed = true; failed;) {
        warnings all = {0};
        weir__log log = {.level = WEIR__LOG_WARNING, .fn = on_log, .user = &all};
        weir__placement *placement = NULL;
        assert_int_equal(weir__placement_new(topology, "app", &placement), WEIR_OK);
        add_keys(placement, &log, "customers", 0, 10, 0);
        fail_allocation(failures);
        add_keys(placement, &log, "orders", 0, 10, 1);
        failed = allocation_failed();
        add_keys(placement, &log, "orders", 10, 10, 1);
        weir_buf text = {0};
        weir__placement_explain(placement, &text);
        assert_int_equal(all.count, 1);
        assert_non_null(strstr(all.last, "other partitions than 'customers' would have them: key "
                                         "'k"));
        assert_non_null(strstr(weir__buf_text(&text), "by murmur2 in "));
        weir__buf_fini(&text);
        weir__placement_free(placement);
        failures += failed;
    }
    assert_in_range(failures, 3, 100); /* the example, the text, its copy */
    weir_topology_free(topology);
}

/* ---- Punctuations ------------------------------------------------------------------------- */

#define TIMERS 40

typedef struct timers {
    weir_punctuator handles[TIMERS];
    int failures; /* allocations before the one that fails */
    bool failed;
    int scheduled;
    int fired;
} timers;

static weir_err fire(weir_ctx *ctx, int64_t now_ms, void *state)
{
    (void)ctx;
    (void)now_ms;
    ((timers *)state)->fired++;
    return WEIR_OK;
}

static weir_err open_timers(weir_ctx *ctx, void *user, void **state)
{
    (void)ctx;
    *state = user;
    return WEIR_OK;
}

static weir_err schedule_many(weir_ctx *ctx, const weir_record *in, void *state)
{
    timers *all = state;
    (void)in;
    fail_allocation(all->failures);
    for (int i = 0; i < TIMERS; i++) {
        weir_err err = weir_schedule(ctx, WEIR_WALL_CLOCK_TIME, 100, fire, &all->handles[i]);
        assert_true(err == WEIR_OK || err == WEIR_ENOMEM);
        assert_int_equal(all->handles[i].number != 0, err == WEIR_OK);
        all->scheduled += err == WEIR_OK;
    }
    all->failed = allocation_failed();
    return WEIR_OK;
}

static const weir_processor_ops timers_ops = {
    .name = "timers", .open = open_timers, .process = schedule_many};

static void a_punctuation_that_cannot_be_made_leaves_the_others(void **state)
{
    (void)state;
    const char *const in[] = {"in", NULL};
    int failures = 0;
    for (bool failed = true; failed;) {
        timers all = {.failures = failures};
        driven task = {0};
        weir_error error = {0};
        weir_builder *b = weir_builder_new();
        weir_add_source(b, "in", in, &weir_string, &weir_string, NULL);
        weir_add_processor(b, "p", in, &timers_ops, &all);
        weir_topology *topology = weir_build(b, NULL, &error);
        assert_int_equal(driven_open(&task, topology, 0), WEIR_OK);
        assert_int_equal(driven_pipe(&task, "in", "k", "v", 1), WEIR_OK);
        assert_int_equal(driven_advance(&task, 100), WEIR_OK);
        assert_int_equal(all.scheduled, all.failed ? TIMERS - 1 : TIMERS);
        assert_int_equal(all.fired, all.scheduled);
        driven_close(&task);
        weir_topology_free(topology);
        failed = all.failed;
        failures += failed;
    }
    assert_in_range(failures, TIMERS, 2 * TIMERS); /* a place each, and the array */
}

/* ---- Operators ---------------------------------------------------------------------------- */

static weir_err either(weir_ctx *ctx, const void *key, const void *left, const void *right,
                       void *out, void *user)
{
    (void)ctx;
    (void)key;
    (void)user;
    *(weir_slice *)out = *(const weir_slice *)(left != NULL ? left : right);
    return WEIR_OK;
}

/* Windows, sessions, suppress, and a join of streams: the operators that keep most. */
static weir_topology *with_windows(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_stream in = weir_source(b, "in", &weir_string, &weir_string, NULL);
    weir_stream other = weir_source(b, "other", &weir_string, &weir_string, NULL);
    weir_grouped by_key = weir_group_by_key(in, NULL);
    weir_table counts =
        weir_windowed_count(weir_windowed_by(by_key, weir_tumbling(10, 0), NULL), "counts", NULL);
    weir_suppress(counts, weir_until_window_closes(weir_unbounded()), NULL);
    weir_session_windowed_count(weir_session_windowed_by(by_key, weir_session_gap(10, 0), NULL),
                                "sessions", NULL);
    weir_left_join(in, other, weir_join_within(10, 10, 0), &weir_string, either, NULL, NULL);
    return weir_build(b, config, error);
}

static void a_row_of_a_buffer_without_memory_is_not_damaged(void **state)
{
    (void)state;
    const weir_header header = {"h", weir_slice_of("1")};
    const weir__buffered_value value = {.topic = weir_slice_of("t"),
                                        .headers = &header,
                                        .header_count = 1,
                                        .new_value = weir_slice_of("v")};
    weir_buf bytes = {0};
    weir__buffered_value_put(&bytes, &value);
    int failures = 0;
    for (bool failed = true; failed;) {
        weir__arena arena = {0};
        weir__buffered_value read;
        fail_allocation(failures);
        weir_err err = weir__buffered_value_read(weir__buf_slice(&bytes), &arena, &read);
        failed = allocation_failed();
        assert_int_equal(err, failed ? WEIR_ENOMEM : WEIR_OK);
        weir__arena_fini(&arena);
        failures += failed;
    }
    assert_true(failures > 0);
    weir__buf_fini(&bytes);
}

static void ignore_log(int level, const char *text, void *user)
{
    (void)level;
    (void)text;
    (void)user;
}

static weir_err send_all(weir__sync *sync, weir_headers *headers, weir_error *error)
{
    static const struct {
        const char *key;
        int64_t time_ms;
    } records[] = {{"a", 1}, {"b", 5}, {"a", 12}, {"c", 50}, {"a", 51}, {"b", 90}};
    weir_err err = WEIR_OK;
    for (size_t i = 0; i < sizeof records / sizeof *records && err == WEIR_OK; i++) {
        const weir__outgoing record = {.topic = "in",
                                       .partition = -1,
                                       .timestamp_ms = records[i].time_ms,
                                       .key = weir_slice_of(records[i].key),
                                       .value = weir_slice_of("v"),
                                       .headers = headers};
        err = weir__sync_pipe(sync, &record, error);
    }
    return err;
}

/* A task that cannot be opened is tried again, so the failure of an open may pass. */
static void tasks_without_memory_report_it_and_can_be_closed(void **state)
{
    (void)state;
    weir_error error = {0};
    weir__arena arena = {0};
    weir_config *config = weir_config_new();
    assert_int_equal(weir_config_set(config, "application.id", "app", &error), WEIR_OK);
    assert_int_equal(weir_config_set(config, "default.dsl.store", "in_memory", &error), WEIR_OK);
    weir_topology *topology = with_windows(config, &error);
    assert_string_equal(error.message, "");
    weir_headers *headers = weir__headers_new(&arena, NULL, 0);
    int failures = 0;
    int reported = 0;
    for (bool failed = true; failed;) {
        weir__sync sync = {0};
        const weir__sync_opts opts = {
            .topology = topology, .config = config, .partitions = 1, .app = {.on_log = ignore_log}};
        fail_allocation(failures);
        weir_err err = weir__sync_open(&sync, &opts, &error);
        err = err == WEIR_OK ? send_all(&sync, headers, &error) : err;
        failed = allocation_failed();
        assert_true(err == WEIR_OK || (failed && err == WEIR_ENOMEM));
        weir__sync_close(&sync);
        failures += failed;
        reported += err == WEIR_ENOMEM;
    }
    weir__arena_fini(&arena);
    weir_topology_free(topology);
    weir_config_free(config);
    assert_in_range(failures, 100, 10000);
    assert_in_range(reported, 50, failures);
}

typedef struct opening {
    int failures;  /* allocations before the one that fails */
    bool complete; /* all operators are open, and no allocation has failed */
} opening;

/* The operators that open after it lack memory. */
static weir_err open_first(weir_ctx *ctx, void *user, void **state)
{
    (void)ctx;
    *state = user;
    fail_allocation(((const opening *)user)->failures);
    return WEIR_OK;
}

static weir_err open_last(weir_ctx *ctx, void *user, void **state)
{
    (void)ctx;
    *state = user;
    ((opening *)user)->complete = !allocation_failed();
    return WEIR_OK;
}

static weir_err pass_on(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    return weir_forward(ctx, in);
}

static const weir_processor_ops first_ops = {"first", open_first, pass_on, NULL};
static const weir_processor_ops last_ops = {"last", open_last, pass_on, NULL};

/* One that opens all the same would keep its stream time without a name. */
static void windows_without_memory_for_their_times_are_not_opened(void **state)
{
    (void)state;
    int failures = 0;
    for (bool failed = true; failed;) {
        opening of = {.failures = failures};
        driven task = {0};
        weir_error error = {0};
        weir_builder *b = weir_builder_new();
        weir_stream in = weir_source(b, "in", &weir_string, &weir_string, NULL);
        in = weir_process_values(in, &weir_string, &first_ops, &of, NULL);
        weir_windowed_stream windows =
            weir_windowed_by(weir_group_by_key(in, NULL), weir_tumbling(10, 0), NULL);
        in = weir_to_stream(weir_windowed_count(windows, "counts", NULL), NULL);
        weir_process_values(in, &weir_i64, &last_ops, &of, NULL);
        weir_topology *topology = weir_build(b, NULL, &error);
        weir_err err = driven_open(&task, topology, 0);
        (void)allocation_failed();
        failed = !of.complete;
        assert_int_equal(err, failed ? WEIR_ENOMEM : WEIR_OK);
        driven_close(&task);
        weir_topology_free(topology);
        failures += failed;
    }
    assert_int_equal(failures, 3); /* the state, its name, the time */
}

/* ---- Fetched records ---------------------------------------------------------------------- */

#define RECORDS 20

/* Polls until all records came or a poll failed; returns how many came, without a gap. */
static int receive_in_order(fixture *f, weir_err *err)
{
    int received = 0;
    *err = WEIR_OK;
    for (int i = 0; i < POLLS_MAX && received < RECORDS && *err == WEIR_OK; i++) {
        weir__message *out[RECORDS];
        weir_error error = {0};
        size_t got = 0;
        *err = weir__consumer_poll(f->consumer, POLL_MS, out, RECORDS, &got, &error);
        for (size_t k = 0; k < got; k++) {
            assert_int_equal(weir__message_look(out[k]).offset, received++);
        }
        free_all(out, got);
    }
    return received;
}

static void no_record_is_delivered_behind_one_that_was_lost(void **state)
{
    fixture *f = *state;
    send_numbers(f, "one", 0, RECORDS);
    int failures = 0;
    for (bool failed = true; failed;) {
        weir_error error = {0};
        weir_err err = WEIR_OK;
        weir__consumer_close(f->consumer);
        must(weir__consumer_new(&f->opts, WEIR__RESTORE_CONSUMER, NULL, &f->consumer, &error),
             &error);
        assign(f, &(weir__offset){{"one", 0}, WEIR__OFFSET_BEGINNING, NULL}, 1);
        fail_allocation(failures);
        int received = receive_in_order(f, &err);
        failed = allocation_failed();
        assert_int_equal(err, failed ? WEIR_ENOMEM : WEIR_OK);
        assert_true(failed || received == RECORDS);
        if (failed) {
            (void)receive_in_order(f, &err);
            assert_int_equal(err, WEIR_ENOMEM);
        }
        failures += failed;
    }
    assert_in_range(failures, RECORDS, 10 * RECORDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_placement_that_cannot_be_made_is_an_error),
        cmocka_unit_test(a_misplaced_key_is_logged_by_a_later_one_if_memory_lacked),
        cmocka_unit_test(tasks_without_memory_report_it_and_can_be_closed),
        cmocka_unit_test(a_row_of_a_buffer_without_memory_is_not_damaged),
        cmocka_unit_test(a_punctuation_that_cannot_be_made_leaves_the_others),
        cmocka_unit_test(windows_without_memory_for_their_times_are_not_opened),
        test(no_record_is_delivered_behind_one_that_was_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
