/* SPDX-License-Identifier: Apache-2.0
 *
 * The demo: a word count over a real text, then the ID mapping, each on 3 brokers, 4 partitions, 2
 * instances of 2 threads. In the middle instance b is crashed; a takes over when b's session has
 * expired, restores its state from the changelogs and continues. Then a few lines are counted in
 * windows, some of them late.
 *
 *     scenario-demo [FILE]       FILE: the text; default: documents of the project */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fixtures/id_mapping.h"
#include "fixtures/word_count.h"
#include "scenarios/lib/counts.h"
#include "scenarios/lib/identities.h"
#include "scenarios/lib/timeline.h"
#include "scenarios/lib/windowed_words.h"

#define PARTITIONS 4
#define PHONES 200
#define EVENTS 2000
#define TOP_WORDS 10
#define SHOWN_IDENTITIES 6
#define PORTION_BYTES ((size_t)1 << 20)

static weir_cluster *open_cluster(const char *application)
{
    static const char *const config[] = {"commit.interval.ms", "1000", NULL};
    weir_error error = {0};
    weir_cluster *cluster = weir_cluster_new(
        &(weir_cluster_opts){.application = application, .config = config}, &error);
    if (cluster == NULL) {
        fprintf(stderr, "demo: %s\n", error.message);
        exit(1);
    }
    printf("seed %" PRIu64 "\n\n", weir_cluster_seed(cluster));
    weir_timeline_start(cluster);
    return cluster;
}

static int64_t real_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void start_both(weir_cluster *cluster, weir_topology_fn topology, weir_instance **b)
{
    const weir_instance_opts opts = {.threads = 2};
    weir_cluster_start(cluster, "a", topology, &opts);
    *b = weir_cluster_start(cluster, "b", topology, &opts);
    weir_run_until(cluster, weir_all_running, WEIR_MINUTES(1));
}

static void close_cluster(weir_cluster *cluster, int64_t begin)
{
    int64_t virtual_ms = weir_cluster_now_ms(cluster);
    weir_cluster_on_event(cluster, NULL, NULL);
    weir_cluster_free(cluster);
    printf("%.1f virtual seconds in %" PRId64 " real milliseconds\n\n", (double)virtual_ms / 1000,
           real_ms() - begin);
}

/* All records sent so far are committed. So no record counts twice after b's crash, and the result
 * must be exact. */
static void lose_b(weir_cluster *cluster, weir_instance *b)
{
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
    weir_timeline_say(cluster, "demo", "caught up with the first half; b loses its power");
    weir_host_crash(weir_instance_host(b), WEIR_DISK_AS_IT_WAS);
    weir_timeline_say(cluster, "demo", "the second half is sent");
}

static void wait_for_a(weir_cluster *cluster)
{
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(5));
    weir_timeline_say(cluster, "demo", "a has taken over and caught up");
}

/* ---- Word count --------------------------------------------------------------------------- */

static int by_count(const void *left, const void *right)
{
    const weir_row *a = *(const weir_row *const *)left;
    const weir_row *b = *(const weir_row *const *)right;
    int64_t more = *(const int64_t *)b->value - *(const int64_t *)a->value;
    return more != 0 ? (more > 0) - (more < 0) : 0;
}

static void print_top_words(const weir_rows *counts)
{
    size_t count = weir_rows_size(counts);
    const weir_row **rows = calloc(count + 1, sizeof *rows);
    for (size_t i = 0; rows != NULL && i < count; i++) {
        rows[i] = weir_rows_at(counts, i);
    }
    if (rows != NULL) {
        qsort(rows, count, sizeof *rows, by_count);
    }
    printf("\n%zu different words; the most frequent ones:\n", count);
    for (size_t i = 0; rows != NULL && i < count && i < TOP_WORDS; i++) {
        const weir_slice *word = rows[i]->key;
        printf("  %7" PRId64 "  %.*s\n", *(const int64_t *)rows[i]->value, (int)word->len,
               (const char *)word->data);
    }
    free(rows);
}

/* The logs of the mock cluster hold 256 MiB, and each word becomes a record: a long text is sent in
 * portions, with time in between for the repartition topic to be purged. */
static void send_lines(weir_cluster *cluster, weir_input lines, const fixture_text *text,
                       size_t from, size_t to)
{
    size_t portion = 0;
    for (size_t i = from; i < to; i++) {
        portion += text->lines[i].len;
        weir_input_pipe(lines, NULL, &text->lines[i]);
        if (portion > PORTION_BYTES) {
            portion = 0;
            weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(5));
            weir_cluster_run_for(cluster, WEIR_MINUTES(2));
        }
    }
}

static void count_words(const fixture_text *text)
{
    weir_instance *b;
    int64_t begin = real_ms();
    weir_cluster *cluster = open_cluster("word-count");
    weir_input lines = weir_cluster_input(cluster, "lines", PARTITIONS, &weir_string, &weir_string);
    weir_cluster_input(cluster, "word-counts", PARTITIONS, &weir_string, &weir_i64);
    start_both(cluster, fixture_word_count, &b);

    size_t half = text->count / 2;
    send_lines(cluster, lines, text, 0, half);
    lose_b(cluster, b);
    send_lines(cluster, lines, text, half, text->count);
    wait_for_a(cluster);

    weir_output output = weir_cluster_output(cluster, "word-counts", &weir_string, &weir_i64);
    weir_rows *counts = weir_output_table(output);
    print_top_words(counts);
    weir_assert_same_rows(counts, weir_scenario_counts(cluster, text->lines, text->count));
    printf("the result equals a direct count of the %zu lines\n", text->count);
    close_cluster(cluster, begin);
}

/* ---- ID mapping --------------------------------------------------------------------------- */

/* Shows identities from all parts of the output. An event has no idCard: those shown got theirs
 * from a registration. An event without phone and device has the identity {}. */
static void print_identities(weir_output identities)
{
    weir_rows *rows = weir_output_all(identities);
    size_t completed = 0;
    for (size_t at = weir_scenario_next_completed(rows, 0); at < weir_rows_size(rows);
         at = weir_scenario_next_completed(rows, at + 1)) {
        completed++;
    }
    printf("\n%zu identities, %zu completed by a registration; some of these:\n",
           weir_rows_size(rows), completed);
    for (size_t i = 0; i < SHOWN_IDENTITIES && completed > 0; i++) {
        size_t from = i * weir_rows_size(rows) / SHOWN_IDENTITIES;
        size_t at = weir_scenario_next_completed(rows, from);
        if (at < weir_rows_size(rows)) {
            const weir_slice *json = weir_rows_at(rows, at)->value;
            printf("  %.*s\n", (int)json->len, (const char *)json->data);
        }
    }
}

static void map_identities(void)
{
    weir_instance *b;
    int64_t begin = real_ms();
    weir_cluster *cluster = open_cluster("id-mapping");
    weir_scenario_ids ids = weir_scenario_ids_new(cluster, PARTITIONS);
    start_both(cluster, fixture_id_mapping, &b);

    weir_scenario_register(ids, 0, PHONES);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
    weir_timeline_say(cluster, "demo", "%d phones are registered; events begin", PHONES);
    weir_scenario_happen(ids, 0, EVENTS / 2, PHONES);
    lose_b(cluster, b);
    weir_scenario_happen(ids, EVENTS / 2, EVENTS, PHONES);
    wait_for_a(cluster);

    print_identities(ids.identities);
    weir_rows *found = weir_scenario_bag(cluster, weir_output_all(ids.identities));
    weir_assert_same_rows(found, weir_scenario_identities(cluster, EVENTS, PHONES));
    printf("the result equals a direct join of the %d events\n", EVENTS);
    close_cluster(cluster, begin);
}

/* ---- Windows ------------------------------------------------------------------------------ */

static void count_in_windows(void)
{
    int64_t begin = real_ms();
    weir_cluster *cluster = open_cluster("windowed-word-count");
    weir_scenario_windowed_words(cluster);
    printf("\nthe windows that have closed equal a direct count of the words in time\n");
    close_cluster(cluster, begin);
}

int main(int argc, char **argv)
{
    fixture_text text = {0};
    weir_error error = {0};
    weir_err err = argc > 1 ? fixture_text_read(&text, argv[1], &error)
                            : fixture_text_documents(&text, &error);
    if (err != WEIR_OK) {
        fprintf(stderr, "demo: %s\n", error.message);
        return 1;
    }
    printf("WORD COUNT of %s, %zu lines: 3 brokers, %d partitions, 2 instances of 2 threads\n",
           argc > 1 ? argv[1] : "the project's documents", text.count, PARTITIONS);
    count_words(&text);
    fixture_text_fini(&text);
    printf("ID MAPPING of %d events, %d phones: 3 brokers, %d partitions, 2 instances of 2 "
           "threads\n",
           EVENTS, PHONES, PARTITIONS);
    map_identities();
    printf(
        "WINDOWED WORD COUNT of a few lines, each with a time: 1 partition, 1 instance\n"
        "A window of %d s is written once, when it closes: when the greatest time so far (stream "
        "time)\nis %d s, the grace, after its end. Until then it takes late lines.\n",
        WEIR_FIXTURE_WINDOW_MS / 1000, WEIR_FIXTURE_GRACE_MS / 1000);
    count_in_windows();
    return 0;
}
