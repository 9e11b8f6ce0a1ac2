/* SPDX-License-Identifier: Apache-2.0
 *
 * Counts of dropped records: an array of atomic numbers, by node and reason. Warnings of open
 * iterators: an array of atomic flags, by node and store. */
#include "process/drops.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/error.h"

#define PLACE_MAX 512 /* "<topic>-<partition>@<offset>": a topic's name has at most 249 bytes */

#define X(name, text) +1
enum { REASONS = 0 WEIR_DROP_MAP(X) };
#undef X

struct weir__drop_counts {
    const weir_topology *topology;
    atomic_flag *left_open; /* node by node, each with all stores; a last row for no node */
    _Atomic uint64_t of[];  /* node by node, each with all reasons */
};

const char *weir_drop_reason_str(weir_drop_reason reason)
{
#define X(name, text) text,
    static const char *const texts[] = {WEIR_DROP_MAP(X)};
#undef X
    return (size_t)reason < REASONS ? texts[reason] : "unknown reason";
}

weir__drop_counts *weir__drop_counts_new(const weir_topology *topology)
{
    size_t size = topology->node_count * REASONS;
    weir__drop_counts *counts = calloc(1, sizeof *counts + size * sizeof counts->of[0]);
    size_t flags = (topology->node_count + 1) * topology->store_count;
    atomic_flag *left_open = malloc((flags + 1) * sizeof *left_open);
    if (counts == NULL || left_open == NULL) {
        free(left_open);
        free(counts);
        return NULL;
    }
    counts->topology = topology;
    counts->left_open = left_open;
    for (size_t i = 0; i < flags; i++) {
        atomic_flag_clear(&left_open[i]);
    }
    for (size_t i = 0; i < size; i++) {
        atomic_init(&counts->of[i], 0);
    }
    return counts;
}

void weir__drop_counts_free(weir__drop_counts *counts)
{
    if (counts != NULL) {
        free(counts->left_open);
    }
    free(counts);
}

static void print_place(char out[PLACE_MAX], const weir_record_metadata *at)
{
    if (at->topic == NULL) {
        snprintf(out, PLACE_MAX, "no input record");
    } else if (at->offset < 0) {
        snprintf(out, PLACE_MAX, "%s", at->topic);
    } else {
        snprintf(out, PLACE_MAX, "%s-%d@%" PRId64, at->topic, at->partition, at->offset);
    }
}

/* Answers of a foreign-key join and updates of its rows cross each other all the time. */
static bool is_expected(weir_drop_reason reason)
{
    return reason == WEIR_DROP_STALE_ANSWER;
}

void weir__drop_count(weir__drop_counts *counts, const weir__log *log, const char *thread,
                      const char *task, const weir__dropped *dropped)
{
    weir_assert(dropped->node >= 0 && (size_t)dropped->node < counts->topology->node_count);
    weir_assert((size_t)dropped->reason < REASONS);
    size_t at = (size_t)dropped->node * REASONS + (size_t)dropped->reason;
    bool first = atomic_fetch_add_explicit(&counts->of[at], 1, memory_order_relaxed) == 0 &&
                 !is_expected(dropped->reason);
    weir__log_level level = first ? WEIR__LOG_WARNING : WEIR__LOG_DEBUG;
    if (log->level < level) {
        return;
    }
    const char *reason = weir_drop_reason_str(dropped->reason);
    const char *later = first ? " (more of this node and reason are counted, not logged: "
                                "weir_app_dropped_records)"
                              : "";
    if (dropped->complete) {
        weir__log_write(log, level, "%s: dropped a record: %s: %s%s", thread, reason, dropped->why,
                        later);
        return;
    }
    char place[PLACE_MAX];
    print_place(place, &dropped->at);
    weir__log_write(log, level, "%s: dropped a record: node '%s'%s%s, %s: %s%s%s%s", thread,
                    counts->topology->nodes[dropped->node].name, task != NULL ? ", task " : "",
                    task != NULL ? task : "", place, reason, dropped->why != NULL ? ": " : "",
                    dropped->why != NULL ? dropped->why : "", later);
}

void weir__left_open_warn(weir__drop_counts *counts, const weir__log *log, const char *thread,
                          const char *task, const weir__node *node, const weir__store_spec *store)
{
    const weir_topology *topology = counts->topology;
    size_t row = node != NULL ? (size_t)node->index : topology->node_count;
    weir_assert(row <= topology->node_count);
    weir_assert((size_t)store->index < topology->store_count);
    size_t at = row * topology->store_count + (size_t)store->index;
    if (!atomic_flag_test_and_set(&counts->left_open[at])) {
        weir__log_write(log, WEIR__LOG_WARNING,
                        "%s: node '%s', task %s: a callback returned with an iterator of store "
                        "'%s' open; Weir closed it. Close iterators on every way out of "
                        "the callback (logged once per node and store)",
                        thread, node != NULL ? node->name : "?", task, store->name);
    }
}

size_t weir__drop_counts_read(const weir__drop_counts *counts, weir_dropped_records *out,
                              size_t max)
{
    size_t found = 0;
    for (size_t i = 0; i < counts->topology->node_count * REASONS; i++) {
        uint64_t count = atomic_load_explicit(&counts->of[i], memory_order_relaxed);
        if (count == 0) {
            continue;
        }
        if (found < max) {
            out[found] = (weir_dropped_records){.node = counts->topology->nodes[i / REASONS].name,
                                                .reason = (weir_drop_reason)(i % REASONS),
                                                .count = count};
        }
        found++;
    }
    return found;
}
