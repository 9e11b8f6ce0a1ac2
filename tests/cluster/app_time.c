/* SPDX-License-Identifier: Apache-2.0
 *
 * Order and time: which record comes first, stream time over a restart, punctuation, commits on
 * request, purged repartition topics. */
#include "sim/tsan.h"
#include "support/word_counts.h"

/* ---- A processor that writes down what it sees. The test reads it meanwhile: one thread runs at a
 * time, which ThreadSanitizer does not know. ---- */

typedef struct notebook {
    weir_buf text;
    int wall_clock;
    bool ask_commit;
} notebook;

static weir_err tick(weir_ctx *ctx, int64_t now_ms, void *state)
{
    notebook *diary = state;
    (void)ctx;
    weir__tsan_ignore_begin();
    weir__buf_printf(&diary->text, "tick %lld;", (long long)(now_ms % 100000));
    weir__tsan_ignore_end();
    return WEIR_OK;
}

static weir_err tick_wall(weir_ctx *ctx, int64_t now_ms, void *state)
{
    (void)ctx;
    (void)now_ms;
    ((notebook *)state)->wall_clock++;
    return WEIR_OK;
}

static weir_err open_diary(weir_ctx *ctx, void *user, void **state)
{
    *state = user;
    weir_err err = weir_schedule(ctx, WEIR_STREAM_TIME, 1000, tick, NULL);
    return err == WEIR_OK ? weir_schedule(ctx, WEIR_WALL_CLOCK_TIME, 5000, tick_wall, NULL) : err;
}

static weir_err note(weir_ctx *ctx, const weir_record *in, void *state)
{
    notebook *diary = state;
    const weir_slice *value = in->value;
    weir__tsan_ignore_begin();
    weir__buf_printf(&diary->text, "%.*s@%lld;", (int)value->len, (const char *)value->data,
                     (long long)weir_ctx_stream_time_ms(ctx) % 100000);
    weir__tsan_ignore_end();
    if (diary->ask_commit) {
        weir_ctx_commit(ctx);
    }
    return WEIR_OK;
}

static const weir_processor_ops note_ops = {.name = "note", .open = open_diary, .process = note};
static notebook notes; /* of the one task of these tests */

static weir_topology *two_inputs(const weir_config *config, weir_error *error)
{
    const char *const topics[] = {"left", "right", NULL};
    const char *const sources[] = {"in", NULL};
    weir_builder *b = weir_builder_new();
    weir_add_source(b, "in", topics, &weir_string, &weir_string, NULL);
    weir_add_processor(b, "note", sources, &note_ops, &notes);
    return weir_build(b, config, error);
}

static void send_at(apps *all, const char *topic, const char *value, int64_t timestamp_ms)
{
    rd_kafka_resp_err_t result = RD_KAFKA_RESP_ERR__IN_PROGRESS;
    assert_code(rd_kafka_producev(all->producer, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(0),
                                  RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                                  RD_KAFKA_V_VALUE((void *)(uintptr_t)value, strlen(value)),
                                  RD_KAFKA_V_TIMESTAMP(timestamp_ms), RD_KAFKA_V_OPAQUE(&result),
                                  RD_KAFKA_V_END),
                0);
    while (result == RD_KAFKA_RESP_ERR__IN_PROGRESS) {
        rd_kafka_poll(all->producer, CLIENT_POLL_MS);
    }
    assert_code(result, 0);
}

static int diary_set_up(void **state)
{
    notes = (notebook){0};
    apps_set_up(state);
    mock_create(((apps *)*state)->mock, "left", 1);
    mock_create(((apps *)*state)->mock, "right", 1);
    return 0;
}

static int diary_tear_down(void **state)
{
    apps_tear_down(state);
    weir__buf_fini(&notes.text);
    return 0;
}

#define diary_test(name) cmocka_unit_test_setup_teardown(name, diary_set_up, diary_tear_down)

static bool noted(const char *last)
{
    return strstr(weir__buf_text(&notes.text), last) != NULL;
}

static void two_partitions_are_read_in_order_of_time(void **state)
{
    apps *all = *state;
    send_at(all, "left", "a", 100010);
    send_at(all, "left", "c", 100030);
    send_at(all, "left", "e", 100050);
    send_at(all, "right", "b", 100020);
    send_at(all, "right", "d", 100040);
    app *a = app_start(all, "a", two_inputs, NULL);
    app_run_until(all, noted("e@"), 30);
    assert_string_equal(weir__buf_text(&notes.text), "a@10;tick 10;b@20;c@30;d@40;e@50;");
    app_close(a);
}

static void idling_gives_the_other_partition_time(void **state)
{
    apps *all = *state;
    const char *const idle[] = {"max.task.idle.ms", "20000", NULL};
    app *a = app_start(all, "a", two_inputs, idle);
    app_run_until(all, app_is(a, WEIR_STATE_RUNNING), 30);
    send_at(all, "left", "b", 100020);
    weir_sim_sleep_us(10000000);
    assert_false(noted("b@"));
    weir_buf why = {0};
    weir__app_explain(a->app, 1000, &why);
    if (strstr(weir__buf_text(&why), "max.task.idle.ms holds it") == NULL) {
        fail_msg("%s", weir__buf_text(&why));
    }
    weir__buf_fini(&why);
    send_at(all, "right", "a", 100010);
    app_run_until(all, noted("a@"), 5); /* both have records: no need to wait */
    app_run_until(all, noted("b@"), 30);
    assert_string_equal(weir__buf_text(&notes.text), "a@10;tick 10;b@20;");
    app_close(a);
}

static void stream_time_continues_after_a_restart(void **state)
{
    apps *all = *state;
    char metadata[64];
    app *a = app_start(all, "a", two_inputs, NULL);
    app_run_until(all, app_is(a, WEIR_STATE_RUNNING), 30);
    send_at(all, "left", "a", 0x18bcfe56fd0);
    app_run_until(all, noted("a@"), 10);
    app_close(a);
    assert_int_equal(weir_mock_committed(all->mock, "app", "left", 0, metadata, sizeof metadata),
                     1);
    assert_string_equal(metadata, "AgAAAYvP5W/Q");
    app *again = app_start(all, "again", two_inputs, NULL);
    app_run_until(all, app_is(again, WEIR_STATE_RUNNING), 30);
    send_at(all, "right", "b", 100000);
    app_run_until(all, noted("b@"), 10);
    if (strstr(weir__buf_text(&notes.text), "b@2000;") == NULL) { /* ...6fd0 = ...02000 */
        fail_msg("%s", weir__buf_text(&notes.text));
    }
    app_close(again);
}

static void punctuators_are_called_by_stream_time_and_wall_clock(void **state)
{
    apps *all = *state;
    app *a = app_start(all, "a", two_inputs, NULL);
    app_run_until(all, app_is(a, WEIR_STATE_RUNNING), 30);
    weir_sim_sleep_us(12000000);
    assert_int_equal(notes.wall_clock, 2);
    send_at(all, "left", "a", 100000);
    send_at(all, "left", "b", 100999);
    send_at(all, "left", "c", 101000);
    send_at(all, "left", "d", 104500);
    app_run_until(all, noted("d@"), 10);
    assert_string_equal(weir__buf_text(&notes.text),
                        "a@0;tick 0;b@999;c@1000;tick 1000;d@4500;tick 4500;");
    app_close(a);
}

static weir_err keep_time(weir_ctx *ctx, int64_t now_ms, void *state)
{
    (void)state;
    weir_slice key = weir_slice_of("time");
    return weir_kv_put(weir_store(ctx, "clock"), &key, &now_ms, now_ms);
}

static weir_err open_clock(weir_ctx *ctx, void *user, void **state)
{
    *state = user;
    return weir_schedule(ctx, WEIR_WALL_CLOCK_TIME, 5000, keep_time, NULL);
}

static weir_err pass_over(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)ctx;
    (void)in;
    (void)state;
    return WEIR_OK;
}

static const weir_processor_ops clock_ops = {
    .name = "clock", .open = open_clock, .process = pass_over};

static weir_topology *clock_only(const weir_config *config, weir_error *error)
{
    const char *const topics[] = {"left", NULL};
    const char *const sources[] = {"in", NULL};
    const char *const users[] = {"keep", NULL};
    weir_builder *b = weir_builder_new();
    weir_add_source(b, "in", topics, &weir_string, &weir_string, NULL);
    weir_add_processor(b, "keep", sources, &clock_ops, NULL);
    weir_add_store(b, "clock",
                   &(weir_store_opts){.key = &weir_string, .value = &weir_i64, .caching = WEIR_ON},
                   users);
    return weir_build(b, config, error);
}

/* No record arrives, so nothing else requests a commit. */
static void writes_of_a_punctuation_are_flushed_with_the_next_commit(void **state)
{
    apps *all = *state;
    app *a = app_start(all, "a", clock_only, NULL);
    app_run_until(all, app_is(a, WEIR_STATE_RUNNING), 30);
    app_run_until(all, count_of(all, "app-clock-changelog", "time", NULL) > 0, 10);
    app_close(a);
}

static void a_processor_can_ask_for_a_commit(void **state)
{
    apps *all = *state;
    notes.ask_commit = true;
    const char *const rarely[] = {"commit.interval.ms", "1000000", NULL};
    app *a = app_start(all, "a", two_inputs, rarely);
    app_run_until(all, app_is(a, WEIR_STATE_RUNNING), 30);
    send_at(all, "left", "a", 100000);
    app_run_until(all, committed(all, "left", 0) == 1, 5);
    app_close(a);
}

/* ---- Repartition topics ---- */

static int64_t start_of(apps *all, const char *topic, int32_t partition)
{
    int64_t start = 0;
    int64_t end = 0;
    assert_int_equal(weir_mock_partition_offsets(all->mock, topic, partition, &start, &end),
                     WEIR_OK);
    return start;
}

static int64_t purged(apps *all, bool *too_far)
{
    int64_t sum = 0;
    for (int32_t p = 0; p < 4; p++) {
        int64_t start = start_of(all, "app-by-word-repartition", p);
        sum += start;
        *too_far = *too_far || (start > 0 && start > committed(all, "app-by-word-repartition", p));
    }
    return sum;
}

static void committed_records_of_repartition_topics_are_deleted(void **state)
{
    apps *all = *state;
    word_count_topics(all);
    const char *const often[] = {"repartition.purge.interval.ms", "5000", NULL};
    app *a = app_start(all, "a", fixture_word_count, often);
    app_run_until(all, app_is(a, WEIR_STATE_RUNNING), 30);
    bool too_far = false;
    for (int i = 0; i < ROUNDS; i++) {
        send_round(all, i);
    }
    while (purged(all, &too_far) < 2 * ROUNDS) { /* two words a line */
        assert_false(too_far);
        weir_sim_sleep_us(100000);
        assert_true(weir_sim_now_us() < 60000000);
    }
    assert_int_equal(count_of(all, "word-counts", "every", NULL), ROUNDS);
    app_close(a);
}

static void the_cache_makes_fewer_updates_and_the_same_counts(void **state)
{
    apps *all = *state;
    word_count_topics(all);
    for (int i = 0; i < ROUNDS; i++) {
        send_round(all, i);
    }
    int with = 0;
    app *a = app_start(all, "a", fixture_word_count, NULL);
    app_run_until(all, count_of(all, "word-counts", "every", &with) == ROUNDS, 60);
    app_close(a);
    assert_true(with < ROUNDS);
}

static void without_cache_every_update_is_sent(void **state)
{
    apps *all = *state;
    word_count_topics(all);
    for (int i = 0; i < ROUNDS; i++) {
        send_round(all, i);
    }
    int records = 0;
    const char *const no_cache[] = {"statestore.cache.max.bytes", "0", NULL};
    app *a = app_start(all, "a", fixture_word_count, no_cache);
    app_run_until(
        all, count_of(all, "word-counts", "every", &records) == ROUNDS && records == 2 * ROUNDS,
        60);
    app_close(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        diary_test(two_partitions_are_read_in_order_of_time),
        diary_test(idling_gives_the_other_partition_time),
        diary_test(stream_time_continues_after_a_restart),
        diary_test(punctuators_are_called_by_stream_time_and_wall_clock),
        diary_test(writes_of_a_punctuation_are_flushed_with_the_next_commit),
        diary_test(a_processor_can_ask_for_a_commit),
        apps_test(committed_records_of_repartition_topics_are_deleted),
        apps_test(the_cache_makes_fewer_updates_and_the_same_counts),
        apps_test(without_cache_every_update_is_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
