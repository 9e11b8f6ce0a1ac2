/* SPDX-License-Identifier: Apache-2.0
 *
 * The trace and its hash cover the bytes that are produced, and each cluster of a program. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixtures/word_count.h"
#include "scenarios/lib/first_difference.h"
#include "support/cluster.h"

#define LINE_MAX 4096

typedef struct recorded {
    const char *value;
    const char *header;
    int64_t time_ms;
} recorded;

/* Of a run that sends one record. */
static uint64_t hash_of(void **state, const recorded *what)
{
    weir_cluster *cluster = fixture_cluster(state, &(weir_cluster_opts){.seed = 7});
    weir_input in = weir_cluster_input(cluster, "texts", 1, &weir_string, &weir_string);
    weir_slice key = weir_slice_of("key");
    weir_slice value = weir_slice_of(what->value);
    weir_header header = {"origin", weir_slice_of(what->header)};
    weir_input_send(in, &(weir_input_record){.key = &key,
                                             .value = &value,
                                             .at = WEIR_AT(what->time_ms),
                                             .headers = &header,
                                             .header_count = 1});
    weir_cluster_run_for(cluster, 100);
    return weir_cluster_trace_hash(cluster);
}

static void the_hash_covers_what_is_produced(void **state)
{
    uint64_t first = hash_of(state, &(recorded){"value", "here", 5});
    assert_int_equal(hash_of(state, &(recorded){"value", "here", 5}), first);
    assert_int_not_equal(hash_of(state, &(recorded){"other", "here", 5}), first);
    assert_int_not_equal(hash_of(state, &(recorded){"value", "away", 5}), first);
    assert_int_not_equal(hash_of(state, &(recorded){"value", "here", 6}), first);
}

static uint64_t count_words(void **state, const char *line)
{
    weir_cluster *cluster = fixture_cluster(state, &(weir_cluster_opts){.seed = 7});
    weir_cluster_input(cluster, "word-counts", 1, &weir_string, &weir_i64);
    weir_input lines = weir_cluster_input(cluster, "lines", 1, &weir_string, &weir_string);
    weir_cluster_start(cluster, "a", fixture_word_count, NULL);
    weir_input_lines(lines, line);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
    return weir_cluster_trace_hash(cluster);
}

static void count_batches_without_checksum(const weir_event *event, void *user)
{
    if (event->broker != NULL && event->broker->kind == WEIR_MOCK_PRODUCE &&
        event->broker->checksum == 0) {
        ++*(int *)user;
    }
}

static void the_hash_covers_sinks_and_changelogs(void **state)
{
    assert_int_equal(count_words(state, "one two\n"), count_words(state, "one two\n"));
    weir_cluster *cluster = fixture_cluster(state, &(weir_cluster_opts){.seed = 7});
    int without = 0;
    weir_cluster_on_event(cluster, count_batches_without_checksum, &without);
    weir_cluster_input(cluster, "word-counts", 1, &weir_string, &weir_i64);
    weir_input lines = weir_cluster_input(cluster, "lines", 1, &weir_string, &weir_string);
    weir_cluster_start(cluster, "a", fixture_word_count, NULL);
    weir_input_lines(lines, "one two\n");
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
    weir_cluster_on_event(cluster, NULL, NULL);
    assert_int_equal(without, 0);
}

/* ---- A processor whose output differs ---- */

#define VALUE_MAX 64

static char places[2];
static const char *place; /* point_at prints its address */

static weir_err point_at(weir_ctx *ctx, const weir_record *in, void *out, void *user)
{
    static char text[VALUE_MAX];
    (void)ctx;
    (void)in;
    (void)user;
    snprintf(text, sizeof text, "%p", (const void *)place);
    *(weir_slice *)out = weir_slice_of(text);
    return WEIR_OK;
}

static weir_topology *mapped(weir_map_values_fn fn, const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_stream in = weir_source(b, "lines", &weir_string, &weir_string, NULL);
    weir_to(weir_map_values(in, &weir_string, fn, NULL, NULL), "answers", NULL);
    return weir_build(b, config, error);
}

static weir_topology *pointing(const weir_config *config, weir_error *error)
{
    return mapped(point_at, config, error);
}

/* Puts the printed address into a store without a changelog. */
static weir_err keep_pointer(weir_ctx *ctx, const weir_record *in, void *state)
{
    char text[VALUE_MAX];
    (void)state;
    snprintf(text, sizeof text, "%p", (const void *)place);
    weir_slice key = weir_slice_of("place");
    weir_slice value = weir_slice_of(text);
    return weir_kv_put(weir_store(ctx, "pointers"), &key, &value, in->timestamp_ms);
}

static const weir_processor_ops keep_ops = {"keep", NULL, keep_pointer, NULL};

static weir_topology *keeping(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    const char *const topics[] = {"lines", NULL};
    const char *const in[] = {"in", NULL};
    const char *const keeper[] = {"keep", NULL};
    weir_store_opts opts = {.key = &weir_string, .value = &weir_string, .logging = WEIR_OFF};
    weir_add_source(b, "in", topics, &weir_string, &weir_string, NULL);
    weir_add_processor(b, "keep", in, &keep_ops, NULL);
    weir_add_store(b, "pointers", &opts, keeper);
    return weir_build(b, config, error);
}

/* The hash of a run of one record; its events go to `trace`. */
static uint64_t run_one(void **state, weir_topology *(*build)(const weir_config *, weir_error *),
                        uint64_t seed, FILE *trace)
{
    weir_cluster *cluster = fixture_cluster(state, &(weir_cluster_opts){.seed = seed});
    weir_cluster_trace_to(cluster, trace, WEIR_TRACE_TEXT);
    weir_cluster_input(cluster, "answers", 1, &weir_string, &weir_string);
    weir_input lines = weir_cluster_input(cluster, "lines", 1, &weir_string, &weir_string);
    weir_cluster_start(cluster, "a", build, NULL);
    weir_input_lines(lines, "one\n");
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
    weir_cluster_trace_to(cluster, NULL, WEIR_TRACE_TEXT);
    return weir_cluster_trace_hash(cluster);
}

/* Two runs of a topology that differ in an address only part at an event of this kind. */
static void assert_parted_at(void **state,
                             weir_topology *(*build)(const weir_config *, weir_error *),
                             const char *event)
{
    char text[FIRST_DIFFERENCE_MAX];
    uint64_t hashes[2];
    FILE *traces[2];
    for (int i = 0; i < 2; i++) {
        traces[i] = tmpfile();
        assert_non_null(traces[i]);
        place = &places[i];
        hashes[i] = run_one(state, build, 7, traces[i]);
    }
    assert_int_not_equal(hashes[0], hashes[1]);
    first_difference(traces[0], traces[1], text, sizeof text);
    const char *first = strstr(text, "first run: ");
    const char *other = strstr(text, "this run:  ");
    assert_non_null(strstr(text, "the first event that differs is number "));
    assert_non_null(first);
    assert_non_null(other);
    assert_non_null(strstr(first, event));
    assert_non_null(strstr(other, event));
    fclose(traces[0]);
    fclose(traces[1]);
}

static void an_address_in_the_output_is_reported_as_the_first_event_that_differs(void **state)
{
    assert_parted_at(state, pointing, " produce answers");
}

static void an_address_in_a_store_without_changelog_is_reported_too(void **state)
{
    assert_parted_at(state, keeping, " store-change ");
}

static void the_file_has_each_cluster_of_a_program(void **state)
{
    char path[] = "/tmp/weir-trace-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    setenv("WEIR_TRACE", path, 1);
    for (int i = 0; i < 2; i++) {
        weir_cluster *cluster = fixture_cluster(state, NULL);
        weir_cluster_trace(cluster, "mark", "cluster %d", i);
    }
    unsetenv("WEIR_TRACE");
    fixture_cluster(state, NULL);
    char text[LINE_MAX] = "";
    int seen = 0;
    FILE *file = fdopen(fd, "r");
    assert_non_null(file);
    while (fgets(text, sizeof text, file) != NULL) {
        char mark[32];
        snprintf(mark, sizeof mark, "mark cluster %d", seen);
        seen += strstr(text, mark) != NULL ? 1 : 0;
    }
    fclose(file);
    unlink(path);
    assert_int_equal(seen, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cluster_test(the_hash_covers_what_is_produced),
        cluster_test(the_hash_covers_sinks_and_changelogs),
        cluster_test(an_address_in_the_output_is_reported_as_the_first_event_that_differs),
        cluster_test(an_address_in_a_store_without_changelog_is_reported_too),
        cluster_test(the_file_has_each_cluster_of_a_program),
    };
    return cmocka_run_group_tests_name("trace_contents", tests, NULL, NULL);
}
