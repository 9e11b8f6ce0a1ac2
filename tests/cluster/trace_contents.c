/* SPDX-License-Identifier: Apache-2.0
 *
 * What the trace and its hash cover: the bytes that are produced, and each cluster of a program. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixtures/word_count.h"
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
    if (strcmp(event->kind, "produce") == 0 && strstr(event->detail, " crc=") == NULL) {
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
        cluster_test(the_file_has_each_cluster_of_a_program),
    };
    return cmocka_run_group_tests_name("trace_contents", tests, NULL, NULL);
}
