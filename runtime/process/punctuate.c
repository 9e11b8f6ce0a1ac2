/* SPDX-License-Identifier: Apache-2.0
 *
 * Punctuations. The heap is the textbook's, step for step that of java.util.PriorityQueue,
 * since its handling of equal times decides which of two punctuations due at once comes first. */
#include "process/punctuate.h"

#include <stdlib.h>

#include "core/error.h"
#include "core/saturate.h"
#include "process/graph_internal.h"

#define PUNCTUATIONS_MAX ((size_t)1 << 16)

struct weir_punctuator {
    int64_t due_ms;
    int64_t interval_ms;
    weir_punctuate_fn fn;
    weir__running *node;
    bool cancelled;
    bool ended; /* its next time is greater than INT64_MAX: it is never due again */
};

void weir__punctuations_fini(weir__punctuations *all)
{
    for (size_t i = 0; i < all->count; i++) {
        free(all->heap[i]);
    }
    free(all->heap);
    *all = (weir__punctuations){0};
}

static bool is_due_after(const weir_punctuator *a, const weir_punctuator *b)
{
    return a->due_ms > b->due_ms || (a->due_ms == b->due_ms && a->ended && !b->ended);
}

/* The array has room. */
static void insert(weir__punctuations *all, weir_punctuator *added)
{
    size_t at = all->count++;
    while (at > 0 && is_due_after(all->heap[(at - 1) / 2], added)) {
        all->heap[at] = all->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    all->heap[at] = added;
}

/* Removes cancelled punctuations, whose time may be in the far future. The order of others that are
 * due at the same time may change. */
static void drop_cancelled(weir__punctuations *all)
{
    size_t count = all->count;
    all->count = 0;
    for (size_t i = 0; i < count; i++) {
        weir_punctuator *one = all->heap[i];
        if (one->cancelled) {
            free(one);
        } else {
            insert(all, one);
        }
    }
}

static weir_err reserve(weir__punctuations *all)
{
    if (all->count < all->capacity) {
        return WEIR_OK;
    }
    drop_cancelled(all);
    if (all->count < all->capacity / 2) {
        return WEIR_OK;
    }
    if (all->capacity == PUNCTUATIONS_MAX) {
        return all->count < all->capacity ? WEIR_OK : WEIR_ELIMIT;
    }
    size_t capacity = all->capacity != 0 ? all->capacity * 2 : 8;
    weir_punctuator **heap = realloc(all->heap, capacity * sizeof(weir_punctuator *));
    if (heap == NULL) {
        return WEIR_ENOMEM;
    }
    all->heap = heap;
    all->capacity = capacity;
    return WEIR_OK;
}

static weir_punctuator *take(weir__punctuations *all)
{
    weir_punctuator *first = all->heap[0];
    weir_punctuator *last = all->heap[--all->count];
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= all->count) {
            break;
        }
        if (child + 1 < all->count && is_due_after(all->heap[child], all->heap[child + 1])) {
            child++;
        }
        if (!is_due_after(last, all->heap[child])) {
            break;
        }
        all->heap[at] = all->heap[child];
        at = child;
    }
    if (all->count > 0) {
        all->heap[at] = last;
    }
    return first;
}

static void due_in(weir_punctuator *punctuator, int64_t now_ms, int64_t delay_ms)
{
    punctuator->due_ms = weir__add_sat(now_ms, delay_ms);
    punctuator->ended = weir__sub_sat(INT64_MAX, delay_ms) < now_ms;
}

/* Advances from a time that is due to the next one after now_ms: skips missed times and keeps the
 * interval. The difference of the two times may exceed INT64_MAX. */
static void advance(weir_punctuator *punctuator, int64_t now_ms)
{
    weir_assert(punctuator->due_ms <= now_ms);
    uint64_t passed = (uint64_t)now_ms - (uint64_t)punctuator->due_ms;
    int64_t since_last = (int64_t)(passed % (uint64_t)punctuator->interval_ms);
    due_in(punctuator, now_ms, punctuator->interval_ms - since_last);
}

static weir_err add(weir_ctx *ctx, weir_time_kind kind, const weir_punctuator *wanted,
                    weir_punctuator **out)
{
    if (ctx == NULL) {
        return WEIR_EINVAL;
    }
    if (kind != WEIR_STREAM_TIME && kind != WEIR_WALL_CLOCK_TIME) {
        return weir_fail(ctx, WEIR_EINVAL, "a punctuation of time kind %d", (int)kind);
    }
    if (ctx->node == NULL || wanted->fn == NULL || wanted->interval_ms < 1) {
        return weir_fail(ctx, WEIR_EINVAL,
                         "a punctuation needs a processor, a function and an interval of 1 ms "
                         "or more, not %lld",
                         (long long)wanted->interval_ms);
    }
    weir__punctuations *all = &ctx->graph->punctuations[kind];
    weir_err err = reserve(all);
    weir_punctuator *added = err == WEIR_OK ? malloc(sizeof *added) : NULL;
    if (added == NULL) {
        err = err != WEIR_OK ? err : WEIR_ENOMEM;
        return weir_fail(ctx, err, "%zu punctuations: %s", all->count, weir_err_str(err));
    }
    *added = *wanted;
    added->node = ctx->node;
    insert(all, added);
    if (out != NULL) {
        *out = added;
    }
    return WEIR_OK;
}

weir_err weir_schedule(weir_ctx *ctx, weir_time_kind kind, int64_t interval_ms,
                       weir_punctuate_fn fn, weir_punctuator **out)
{
    weir_punctuator wanted = {.interval_ms = interval_ms, .fn = fn};
    if (kind == WEIR_WALL_CLOCK_TIME) {
        due_in(&wanted, weir_ctx_wall_clock_ms(ctx), interval_ms);
    }
    return add(ctx, kind, &wanted, out);
}

weir_err weir_schedule_from(weir_ctx *ctx, weir_time_kind kind, int64_t start_ms,
                            int64_t interval_ms, weir_punctuate_fn fn, weir_punctuator **out)
{
    weir_punctuator wanted = {.due_ms = start_ms, .interval_ms = interval_ms, .fn = fn};
    int64_t now =
        kind == WEIR_STREAM_TIME ? weir_ctx_stream_time_ms(ctx) : weir_ctx_wall_clock_ms(ctx);
    if (interval_ms > 0 && start_ms < now) {
        advance(&wanted, now);
    }
    return add(ctx, kind, &wanted, out);
}

/* The punctuator is freed when it is due, or when the array needs room. */
void weir_punctuator_cancel(weir_punctuator *punctuator)
{
    if (punctuator != NULL) {
        punctuator->cancelled = true;
    }
}

static bool first_is_due(const weir__punctuations *all, int64_t now_ms)
{
    return all->count > 0 && all->heap[0]->due_ms <= now_ms && !all->heap[0]->ended;
}

static weir_err fire(weir__graph *graph, weir_punctuator *due, int64_t now_ms)
{
    weir_ctx *ctx = &graph->ctx;
    ctx->arena = &graph->scratch;
    ctx->node = due->node;
    ctx->record = NULL;
    ctx->at = (weir_record_metadata){NULL, -1, -1};
    ctx->time_ms = now_ms;
    uint64_t mark = ctx->iters_opened;
    weir_err err = due->fn(ctx, now_ms, due->node->state);
    weir__iters_close_since(ctx, mark, due->node->spec);
    err = weir__guards_check(ctx, "the punctuation", err);
    err = err == WEIR_OK && ctx->overrun ? WEIR_EOVERRUN : err;
    if (err != WEIR_OK) {
        err = weir__graph_node_failed(ctx, due->node, err);
    } else {
        ctx->failed_node = NULL; /* the punctuator ignored a failed forward */
        ctx->error.code = WEIR_OK;
    }
    ctx->node = NULL;
    weir__arena_reset(&graph->scratch);
    return err;
}

weir_err weir__graph_punctuate(weir__graph *graph, weir_time_kind kind, int64_t now_ms,
                               size_t *fired, weir_error *error)
{
    weir__punctuations *all = &graph->punctuations[kind];
    size_t count = 0;
    weir_err err = WEIR_OK;
    while (err == WEIR_OK && first_is_due(all, now_ms)) {
        weir_punctuator *due = take(all);
        if (!due->cancelled) {
            count++;
            err = fire(graph, due, now_ms);
        }
        /* The callback may have scheduled punctuations that used up the free room. */
        if (due->cancelled || reserve(all) != WEIR_OK) {
            free(due);
        } else {
            advance(due, now_ms);
            insert(all, due);
        }
    }
    if (fired != NULL) {
        *fired = count;
    }
    return weir__graph_report(graph, err, error);
}

static bool will_fire(const weir_punctuator *punctuator)
{
    return !punctuator->cancelled && !punctuator->ended;
}

bool weir__graph_punctuation_is_due(const weir__graph *graph, weir_time_kind kind, int64_t now_ms)
{
    const weir__punctuations *all = &graph->punctuations[kind];
    if (!first_is_due(all, now_ms)) {
        return false; /* nearly always: asked after each record */
    }
    for (size_t i = 0; i < all->count; i++) {
        if (will_fire(all->heap[i]) && all->heap[i]->due_ms <= now_ms) {
            return true;
        }
    }
    return false;
}

int64_t weir__graph_next_punctuation(const weir__graph *graph, weir_time_kind kind)
{
    const weir__punctuations *all = &graph->punctuations[kind];
    int64_t next = INT64_MAX;
    for (size_t i = 0; i < all->count; i++) {
        if (will_fire(all->heap[i]) && all->heap[i]->due_ms < next) {
            next = all->heap[i]->due_ms;
        }
    }
    return next;
}
