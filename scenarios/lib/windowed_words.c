/* SPDX-License-Identifier: Apache-2.0
 *
 * Lines with times of their own. Whether a line is late, and which of its windows is open, is
 * computed here from the times alone; what is dropped and what comes out is what the instance
 * reports. */
#include "scenarios/lib/windowed_words.h"

#include <inttypes.h>
#include <string.h>

#include "fixtures/text.h"
#include "fixtures/word_count.h"
#include "scenarios/lib/timeline.h"

#define PAUSE_MS 2000 /* between two lines; closed windows are looked for once a second */
#define BOUND WEIR_MINUTES(1)
#define DROPS_MAX 8
#define COUNTS_MAX 512

WEIR_TIME_WINDOWED_SERDE(window_serde, weir_string, WEIR_FIXTURE_WINDOW_MS)

typedef struct timed_line {
    int64_t at_s;
    const char *text;
} timed_line;

static const timed_line lines[] = {
    {1, "The weir holds the water."},
    {6, "Water runs over the weir."},
    {12, "The river rises."},
    {8, "More water!"}, /* late: the window of 0 to 10 s is still open */
    {16, "The river falls."},
    {9, "Water, too late."}, /* dropped */
    {14, "The weir holds."}, /* late */
    {27, "Boats on the river."},
    {45, "The end."},
};
#define LINE_COUNT (sizeof lines / sizeof lines[0])

static int64_t start_of(int64_t at_ms)
{
    return at_ms - at_ms % WEIR_FIXTURE_WINDOW_MS;
}

static int64_t seconds(int64_t ms)
{
    return ms / 1000;
}

/* Stream time at which a window closes. */
static int64_t closing_ms(int64_t start_ms)
{
    return start_ms + WEIR_FIXTURE_WINDOW_MS + WEIR_FIXTURE_GRACE_MS;
}

/* ---- The timeline --------------------------------------------------------------------------- */

static void say_line(weir_cluster *cluster, const timed_line *line, int64_t stream_ms)
{
    int64_t start_ms = start_of(line->at_s * 1000);
    if (line->at_s * 1000 >= stream_ms) {
        weir_timeline_say(cluster, "input", "at %2" PRId64 " s: \"%s\"", line->at_s, line->text);
        return;
    }
    weir_timeline_say(cluster, "input",
                      "at %2" PRId64 " s: \"%s\" is LATE, %" PRId64
                      " s behind; the grace of window %" PRId64 "..%" PRId64 " s %s %" PRId64 " s",
                      line->at_s, line->text, seconds(stream_ms) - line->at_s, seconds(start_ms),
                      seconds(start_ms + WEIR_FIXTURE_WINDOW_MS),
                      closing_ms(start_ms) > stream_ms ? "lasts until" : "ended at",
                      seconds(closing_ms(start_ms)));
}

static uint64_t late_words(const weir_instance *instance)
{
    weir_dropped_records drops[DROPS_MAX];
    size_t count = weir_instance_dropped_records(instance, drops, DROPS_MAX);
    uint64_t late = 0;
    for (size_t i = 0; i < count && i < DROPS_MAX; i++) {
        late += drops[i].reason == WEIR_DROP_LATE ? drops[i].count : 0;
    }
    return late;
}

static const weir_windowed *window_of(const weir_row *row)
{
    return row->key;
}

/* A line for each window whose counts have come out. */
static void say_closed(weir_cluster *cluster, const weir_rows *closed)
{
    size_t count = weir_rows_size(closed);
    for (size_t i = 0; i < count;) {
        const weir_windowed *window = window_of(weir_rows_at(closed, i));
        char counts[COUNTS_MAX] = "";
        size_t used = 0;
        while (i < count && window_of(weir_rows_at(closed, i))->start_ms == window->start_ms) {
            const weir_row *row = weir_rows_at(closed, i++);
            const weir_slice *word = window_of(row)->key;
            int len =
                snprintf(counts + used, sizeof counts - used, " %.*s=%" PRId64, (int)word->len,
                         (const char *)word->data, *(const int64_t *)row->value);
            used = len > 0 && (size_t)len < sizeof counts - used ? used + (size_t)len : used;
        }
        weir_timeline_say(cluster, "a", "window %" PRId64 "..%" PRId64 " s CLOSES:%s",
                          seconds(window->start_ms), seconds(window->end_ms), counts);
    }
}

/* ---- The result ----------------------------------------------------------------------------- */

/* The words that were in time, in the windows that the last line has closed. */
static weir_rows *count_directly(weir_cluster *cluster)
{
    weir_rows *counts = weir_rows_new(cluster, &window_serde, &weir_i64);
    int64_t stream_ms = 0;
    for (size_t i = 0; i < LINE_COUNT; i++) {
        int64_t at_ms = lines[i].at_s * 1000;
        int64_t start_ms = start_of(at_ms);
        stream_ms = at_ms > stream_ms ? at_ms : stream_ms;
        weir_slice rest = weir_slice_of(lines[i].text);
        char word[WEIR_FIXTURE_WORD_MAX];
        size_t len;
        bool counted = closing_ms(start_ms) > stream_ms &&
                       closing_ms(start_ms) <= lines[LINE_COUNT - 1].at_s * 1000;
        while (counted && (len = fixture_word_next(&rest, word)) > 0) {
            weir_slice key = {word, len};
            weir_windowed window = {&key, start_ms, start_ms + WEIR_FIXTURE_WINDOW_MS};
            weir_rows_count(counts, &window, 1);
        }
    }
    return counts;
}

void weir_scenario_windowed_words(weir_cluster *cluster)
{
    weir_input input = weir_cluster_input(cluster, "lines", 1, &weir_string, &weir_string);
    weir_cluster_topic_create(cluster, "window-counts", 1);
    weir_output output = weir_cluster_output(cluster, "window-counts", &window_serde, &weir_i64);
    weir_instance *a =
        weir_cluster_start(cluster, "a", fixture_windowed_word_count, &(weir_instance_opts){0});
    weir_run_until(cluster, weir_all_running, BOUND);
    int64_t stream_ms = 0;
    for (size_t i = 0; i < LINE_COUNT; i++) {
        int64_t at_ms = lines[i].at_s * 1000;
        uint64_t dropped = late_words(a);
        say_line(cluster, &lines[i], stream_ms);
        weir_input_send(
            input, &(weir_input_record){.value = weir_text(lines[i].text), .at = WEIR_AT(at_ms)});
        weir_run_until(cluster, weir_caught_up, BOUND);
        if (late_words(a) > dropped) {
            weir_timeline_say(cluster, "a", "DROPS the %" PRIu64 " words: their window has closed",
                              late_words(a) - dropped);
        }
        say_closed(cluster, weir_output_rest(output));
        stream_ms = at_ms > stream_ms ? at_ms : stream_ms;
        weir_cluster_run_for(cluster, PAUSE_MS);
    }
    weir_assert_same_rows(weir_output_all(output), count_directly(cluster));
}
