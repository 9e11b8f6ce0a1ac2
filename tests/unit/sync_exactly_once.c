/* SPDX-License-Identifier: Apache-2.0
 *
 * processing.guarantee in the synchronous driver. */
#include <string.h>

#include <weir/driver_cmocka.h>
#include <weir/driver_sync.h>
#include <weir/dsl.h>

#define STRINGS &weir_string, &weir_string
#define TEXT_MAX 4096

typedef struct fixture {
    weir_sync *sync;
    char sent[TEXT_MAX];    /* "topic@offset" of each record that was sent */
    const char *fails_with; /* the value that the processor fails with */
} fixture;

static void ignore_log(int level, const char *text, void *user)
{
    (void)level, (void)text, (void)user;
}

static void open(fixture *f, weir_topology_fn topology, const char *guarantee, int32_t partitions)
{
    const char *const config[] = {"processing.guarantee", guarantee, NULL};
    weir_error error = {0};
    *f = (fixture){0};
    f->sync = weir_sync_new(topology,
                            &(weir_sync_opts){.config = config,
                                              .partitions = partitions,
                                              .app = {.on_log = ignore_log},
                                              .on_failure = weir_cmocka_failure},
                            &error);
    assert_string_equal(error.message, "");
}

static void send(fixture *f, const char *key, const char *value)
{
    weir_input_send(weir_sync_input(f->sync, "in", STRINGS),
                    &(weir_input_record){.key = weir_text(key), .value = weir_text(value)});
}

/* ---- The same outputs ---- */

static weir_topology *counting(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_stream in = weir_source(b, "in", STRINGS, NULL);
    weir_stream again = weir_repartition(in, "again", NULL);
    weir_table counts = weir_count(weir_group_by_key(again, NULL), "counts", NULL);
    weir_to(weir_to_stream(counts, NULL), "out", NULL);
    return weir_build(b, config, error);
}

static void note_sent(const char *topic, const weir_row *record, void *user)
{
    fixture *f = user;
    size_t used = strlen(f->sent);
    snprintf(f->sent + used, sizeof f->sent - used, "%s-%d@%lld ", topic, (int)record->partition,
             (long long)record->offset);
}

static void run(fixture *f, const char *guarantee, int32_t partitions)
{
    open(f, counting, guarantee, partitions);
    for (int i = 0; i < 20; i++) {
        char key[2] = {(char)('a' + i % 3), '\0'};
        send(f, key, "v");
    }
    weir_sync_each_sent(f->sync, 0, note_sent, f);
}

static void exactly_once_has_the_outputs_of_at_least_once(void **state)
{
    (void)state;
    for (int32_t partitions = 1; partitions <= 3; partitions++) {
        fixture once;
        fixture least;
        run(&once, "exactly_once_v2", partitions);
        run(&least, "at_least_once", partitions);
        assert_true(strlen(once.sent) > 100);
        assert_string_equal(once.sent, least.sent);
        weir_sync_free(once.sync);
        weir_sync_free(least.sync);
    }
}

/* ---- A record that fails ---- */

static weir_err twice(weir_ctx *ctx, const weir_record *in, void *user)
{
    (void)user;
    weir_err err = weir_emit_value(ctx, in->value);
    if (err == WEIR_OK && weir_slice_equal(*(const weir_slice *)in->value, weir_slice_of("bad"))) {
        return weir_fail(ctx, WEIR_EUSER, "it is bad");
    }
    return err == WEIR_OK ? weir_emit_value(ctx, in->value) : err;
}

static weir_topology *doubling(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_stream in = weir_source(b, "in", STRINGS, NULL);
    weir_to(weir_flat_map_values(in, &weir_string, twice, NULL, NULL), "out", NULL);
    return weir_build(b, config, error);
}

static size_t outputs_of_a_failure(const char *guarantee)
{
    fixture f;
    weir_error error = {0};
    open(&f, doubling, guarantee, 1);
    send(&f, "k", "good");
    send(&f, "k", "good");
    weir_err err = weir_input_try_send(
        weir_sync_input(f.sync, "in", STRINGS),
        &(weir_input_record){.key = weir_text("k"), .value = weir_text("bad")}, &error);
    assert_int_equal(err, WEIR_EUSER);
    size_t size = weir_output_size(weir_sync_output(f.sync, "out", STRINGS));
    weir_sync_free(f.sync);
    return size;
}

static void the_outputs_of_a_record_that_fails_are_seen_at_least_once_only(void **state)
{
    (void)state;
    assert_int_equal(outputs_of_a_failure("at_least_once"), 5);
    assert_int_equal(outputs_of_a_failure("exactly_once_v2"), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exactly_once_has_the_outputs_of_at_least_once),
        cmocka_unit_test(the_outputs_of_a_record_that_fails_are_seen_at_least_once_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
