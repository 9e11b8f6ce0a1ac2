/* SPDX-License-Identifier: Apache-2.0
 *
 * Punctuations. The heap is the textbook's, step for step that of java.util.PriorityQueue,
 * since its handling of equal times decides which of two punctuations due at once comes first. */
#include "process/punctuate.h"

#include <stdlib.h>

#include "core/error.h"
#include "core/saturate.h"
#include "process/graph_internal.h"

#define PUNCTUATIONS_MAX ((size_t)1 << 16) /* of a kind of time, in a task */
#define FIRED_MAX ((size_t)1 << 18)        /* at one time, in a task */

/* The place of a punctuation. When the punctuation ends, another one takes the place and gets
 * another number, so a handle of the ended one does not match any more. */
typedef struct weir__punctuation {
    int64_t due_ms;
    int64_t interval_ms;
    weir_punctuate_fn fn;
    weir__running *node;
    uint64_t number; /* 0: the place is free */
    bool cancelled;
    struct weir__punctuation *next_free;
} weir__punctuation;

/* ---- The heap ---- */

static bool is_due_after(const weir__punctuation *a, const weir__punctuation *b)
{
    return a->due_ms > b->due_ms;
}

/* The array has room. */
static void insert(weir__punctuations *all, weir__punctuation *added)
{
    size_t at = all->count++;
    while (at > 0 && is_due_after(all->heap[(at - 1) / 2], added)) {
        all->heap[at] = all->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    all->heap[at] = added;
}

static weir__punctuation *take(weir__punctuations *all)
{
    weir__punctuation *first = all->heap[0];
    weir__punctuation *last = all->heap[--all->count];
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

/* ---- Places ---- */

static void free_list(weir__punctuation *first)
{
    while (first != NULL) {
        weir__punctuation *next = first->next_free;
        free(first);
        first = next;
    }
}

void weir__punctuations_fini(weir__punctuations *all)
{
    free(all->firing);
    for (size_t i = 0; i < all->count; i++) {
        free(all->heap[i]);
    }
    free(all->heap);
    free_list(all->free);
    *all = (weir__punctuations){0};
}

/* Ends a punctuation that is not in the heap. Its place stays allocated: handles point to it. */
static void release(weir__punctuations *all, weir__punctuation *ended)
{
    ended->number = 0;
    ended->next_free = all->free;
    all->free = ended;
}

/* Removes cancelled punctuations, whose time may be in the far future. The order of others that are
 * due at the same time may change. */
static void drop_cancelled(weir__punctuations *all)
{
    size_t count = all->count;
    all->count = 0;
    for (size_t i = 0; i < count; i++) {
        weir__punctuation *one = all->heap[i];
        if (one->cancelled) {
            release(all, one);
        } else {
            insert(all, one);
        }
    }
}

/* The punctuation that fires is not in the heap, but returns to it. */
static size_t used(const weir__punctuations *all)
{
    return all->count + (all->firing != NULL && !all->firing->cancelled ? 1 : 0);
}

static weir_err reserve(weir__punctuations *all)
{
    if (used(all) < all->capacity) {
        return WEIR_OK;
    }
    drop_cancelled(all);
    if (used(all) < all->capacity / 2) {
        return WEIR_OK;
    }
    if (all->capacity == PUNCTUATIONS_MAX) {
        return used(all) < all->capacity ? WEIR_OK : WEIR_ELIMIT;
    }
    size_t capacity = all->capacity != 0 ? all->capacity * 2 : 8;
    weir__punctuation **heap = realloc(all->heap, capacity * sizeof(weir__punctuation *));
    if (heap == NULL) {
        return WEIR_ENOMEM;
    }
    all->heap = heap;
    all->capacity = capacity;
    return WEIR_OK;
}

/* A place for one more punctuation; the heap then has room for it. */
static weir_err acquire(weir__punctuations *all, weir__punctuation **out)
{
    weir_err err = reserve(all);
    if (err != WEIR_OK) {
        return err;
    }
    weir__punctuation *place = all->free;
    if (place != NULL) {
        all->free = place->next_free;
    } else if ((place = malloc(sizeof *place)) == NULL) {
        return WEIR_ENOMEM;
    }
    *out = place;
    return WEIR_OK;
}

/* ---- Times ---- */

/* Sets the next time; false: it would be greater than INT64_MAX. */
static bool due_in(weir__punctuation *punctuation, int64_t now_ms, int64_t delay_ms)
{
    punctuation->due_ms = weir__add_sat(now_ms, delay_ms);
    return weir__sub_sat(INT64_MAX, delay_ms) >= now_ms;
}

/* Advances from a time that is due to the next one after now_ms: skips missed times and keeps the
 * interval. The difference of the two times may exceed INT64_MAX. False: there is no next time. */
static bool advance(weir__punctuation *punctuation, int64_t now_ms)
{
    weir_assert(punctuation->due_ms <= now_ms);
    uint64_t passed = (uint64_t)now_ms - (uint64_t)punctuation->due_ms;
    int64_t since_last = (int64_t)(passed % (uint64_t)punctuation->interval_ms);
    return due_in(punctuation, now_ms, punctuation->interval_ms - since_last);
}

/* ---- Scheduling ---- */

static weir_err no_place(weir_ctx *ctx, weir_time_kind kind, weir_err err)
{
    if (err != WEIR_ELIMIT) {
        return weir__ctx_out_of_memory(ctx);
    }
    return weir_fail(ctx, err,
                     "the task already has %zu punctuations of %s, which is the limit: cancel "
                     "those that are not needed any more",
                     PUNCTUATIONS_MAX,
                     kind == WEIR_STREAM_TIME ? "stream time" : "wall-clock time");
}

/* `will_fire`: its first time is not greater than INT64_MAX. */
static weir_err add(weir_ctx *ctx, weir_time_kind kind, const weir__punctuation *wanted,
                    bool will_fire, weir_punctuator *out)
{
    if (ctx == NULL) {
        return WEIR_EINVAL;
    }
    if (kind != WEIR_STREAM_TIME && kind != WEIR_WALL_CLOCK_TIME) {
        return weir_fail(ctx, WEIR_EINVAL, "a punctuation of time kind %d", (int)kind);
    }
    if (ctx->graph->global) {
        return weir_fail(ctx, WEIR_ESTATE, "the processor of a global store has no punctuations");
    }
    if (ctx->node == NULL || wanted->fn == NULL || wanted->interval_ms < 1) {
        return weir_fail(ctx, WEIR_EINVAL,
                         "a punctuation needs a processor, a function and an interval of 1 ms "
                         "or more, not %lld",
                         (long long)wanted->interval_ms);
    }
    weir_punctuator handle = {0};
    if (will_fire) {
        weir__punctuations *all = &ctx->graph->punctuations[kind];
        weir__punctuation *added = NULL;
        weir_err err = acquire(all, &added);
        if (err != WEIR_OK) {
            return no_place(ctx, kind, err);
        }
        *added = *wanted;
        added->node = ctx->node;
        added->number = ++ctx->graph->punctuations_scheduled;
        insert(all, added);
        handle = (weir_punctuator){added, added->number};
    }
    if (out != NULL) {
        *out = handle;
    }
    return WEIR_OK;
}

weir_err weir_schedule(weir_ctx *ctx, weir_time_kind kind, int64_t interval_ms,
                       weir_punctuate_fn fn, weir_punctuator *out)
{
    weir__punctuation wanted = {.interval_ms = interval_ms, .fn = fn};
    bool will_fire =
        kind != WEIR_WALL_CLOCK_TIME || due_in(&wanted, weir_ctx_wall_clock_ms(ctx), interval_ms);
    return add(ctx, kind, &wanted, will_fire, out);
}

weir_err weir_schedule_from(weir_ctx *ctx, weir_time_kind kind, int64_t start_ms,
                            int64_t interval_ms, weir_punctuate_fn fn, weir_punctuator *out)
{
    weir__punctuation wanted = {.due_ms = start_ms, .interval_ms = interval_ms, .fn = fn};
    int64_t now =
        kind == WEIR_STREAM_TIME ? weir_ctx_stream_time_ms(ctx) : weir_ctx_wall_clock_ms(ctx);
    bool will_fire = true;
    if (interval_ms > 0 && start_ms < now) {
        will_fire = advance(&wanted, now);
    }
    return add(ctx, kind, &wanted, will_fire, out);
}

/* The place is released when the punctuation is due, or when the array needs room. */
void weir_punctuator_cancel(weir_punctuator punctuator)
{
    weir__punctuation *place = punctuator.place;
    if (place != NULL && place->number == punctuator.number) {
        place->cancelled = true;
    }
}

/* ---- Firing ---- */

static bool first_is_due(const weir__punctuations *all, int64_t now_ms)
{
    return all->count > 0 && all->heap[0]->due_ms <= now_ms;
}

/* Calls a function of the node. Its punctuation may be gone afterwards. */
static weir_err fire(weir__graph *graph, weir__running *node, weir_punctuate_fn fn, int64_t now_ms)
{
    weir_ctx *ctx = &graph->ctx;
    ctx->arena = &graph->scratch;
    ctx->node = node;
    ctx->record = NULL;
    ctx->at = (weir_record_metadata){NULL, -1, -1};
    ctx->time_ms = now_ms;
    uint64_t mark = ctx->iters_opened;
    weir_err err = node->wrapper != NULL ? weir__wrapper_punctuate(ctx, node, fn, now_ms)
                                         : fn(ctx, now_ms, node->state);
    weir__iters_close_since(ctx, mark, node->spec);
    err = weir__guards_check(ctx, "the punctuation", err);
    err = err == WEIR_OK && ctx->overrun ? WEIR_EOVERRUN : err;
    if (err != WEIR_OK) {
        err = weir__graph_node_failed(ctx, node, err);
    } else {
        ctx->failed_node = NULL; /* the punctuator ignored a failed forward */
        ctx->error.code = WEIR_OK;
        ctx->first_error.code = WEIR_OK;
    }
    ctx->node = NULL;
    weir__arena_reset(&graph->scratch);
    return err;
}

/* Each one fires once, so punctuators schedule others without end. No handler may skip that. */
static weir_err fired_too_often(weir_ctx *ctx, weir__running *node)
{
    weir_err err = weir_fail(ctx, WEIR_ELIMIT,
                             "%zu punctuations at one time: punctuators schedule others that are "
                             "due at once",
                             FIRED_MAX);
    return weir__graph_callback_failed(ctx, node, err);
}

weir_err weir__graph_punctuate(weir__graph *graph, weir_time_kind kind, int64_t now_ms,
                               size_t *fired, weir_error *error)
{
    weir__punctuations *all = &graph->punctuations[kind];
    size_t count = 0;
    weir_err err = WEIR_OK;
    while (err == WEIR_OK && first_is_due(all, now_ms)) {
        weir__punctuation *due = take(all);
        if (!due->cancelled) {
            count++;
            all->firing = due;
            err = fire(graph, due->node, due->fn, now_ms);
            all->firing = NULL;
            if (err == WEIR_OK && count == FIRED_MAX) {
                err = fired_too_often(&graph->ctx, due->node);
            }
        }
        if (due->cancelled || !advance(due, now_ms)) {
            release(all, due);
        } else {
            insert(all, due);
        }
    }
    if (fired != NULL) {
        *fired = count;
    }
    return weir__graph_report(graph, err, error);
}

bool weir__graph_punctuation_is_due(const weir__graph *graph, weir_time_kind kind, int64_t now_ms)
{
    const weir__punctuations *all = &graph->punctuations[kind];
    if (!first_is_due(all, now_ms)) {
        return false; /* nearly always: asked after each record */
    }
    for (size_t i = 0; i < all->count; i++) {
        if (!all->heap[i]->cancelled && all->heap[i]->due_ms <= now_ms) {
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
        if (!all->heap[i]->cancelled && all->heap[i]->due_ms < next) {
            next = all->heap[i]->due_ms;
        }
    }
    return next;
}

/* ---- Seen from outside ---- */

void weir__graph_each_punctuation(const weir__graph *graph,
                                  void (*fn)(const weir__scheduled *scheduled, void *user),
                                  void *user)
{
    static const weir_time_kind kinds[] = {WEIR_STREAM_TIME, WEIR_WALL_CLOCK_TIME};
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        const weir__punctuations *all = &graph->punctuations[kinds[k]];
        for (size_t i = 0; i < all->count; i++) {
            const weir__punctuation *one = all->heap[i];
            fn(&(weir__scheduled){.kind = kinds[k],
                                  .number = one->number,
                                  .interval_ms = one->interval_ms,
                                  .due_ms = one->due_ms,
                                  .fn = one->fn,
                                  .cancelled = one->cancelled},
               user);
        }
    }
}

weir_err weir__graph_fire(weir__graph *graph, weir_time_kind kind, uint64_t number, int64_t now_ms,
                          weir_error *error)
{
    const weir__punctuations *all = &graph->punctuations[kind];
    for (size_t i = 0; i < all->count; i++) {
        if (all->heap[i]->number == number && !all->heap[i]->cancelled) {
            weir_err err = fire(graph, all->heap[i]->node, all->heap[i]->fn, now_ms);
            return weir__graph_report(graph, err, error);
        }
    }
    return weir__error_set(error, WEIR_ENOTFOUND, "punctuation %llu has ended",
                           (unsigned long long)number);
}
