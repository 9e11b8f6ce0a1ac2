/* SPDX-License-Identifier: Apache-2.0
 *
 * Processors with a window or session store. */
#include <string.h>

#include "processors.h"

#define SESSIONS_MAX 64 /* of one key that one record merges */

/* Both saturate. */
static int64_t before(int64_t time_ms, int64_t ms)
{
    int64_t out;
    return __builtin_sub_overflow(time_ms, ms, &out) ? (ms > 0 ? INT64_MIN : INT64_MAX) : out;
}

static int64_t after(int64_t time_ms, int64_t ms)
{
    int64_t out;
    return __builtin_add_overflow(time_ms, ms, &out) ? (ms > 0 ? INT64_MAX : INT64_MIN) : out;
}

/* A value of an iterator, which is valid until its next row. */
static datum kept(weir_ctx *ctx, const void *value)
{
    return weir__datum_join(ctx, *(const weir_slice *)value, "", weir_slice_of(""));
}

static weir_err fetch(weir_window *store, const weir_record *in, const weir__processor_use *use,
                      weir_window_iter **iter)
{
    const char *mode = use->texts[0];
    int64_t first_ms = before(in->timestamp_ms, use->range_ms);
    int64_t from_ms = first_ms > 0 ? first_ms : 0;
    int64_t to_ms = after(in->timestamp_ms, use->range_ms);
    if (strcmp(mode, "fetch_all") == 0) {
        return weir_window_fetch_all(store, from_ms, to_ms, false, iter);
    }
    return weir_window_fetch(store, in->key, from_ms, to_ms, strcmp(mode, "backward_fetch") == 0,
                             iter);
}

static weir_err p_window_store_scan(weir_ctx *ctx, const weir_record *in,
                                    weir__processor_state *state)
{
    weir_window *store = weir_window_store(ctx, state->use->store);
    weir_window_iter *iter = NULL;
    weir_window_row row;
    datum values = weir__datum_text("");
    size_t found = 0;
    if (in->key == NULL) {
        return WEIR_OK;
    }
    weir_err err = store != NULL ? weir_window_put(store, in->key, in->value, in->timestamp_ms,
                                                   in->timestamp_ms)
                                 : weir_ctx_error(ctx);
    if (err == WEIR_OK) {
        err = fetch(store, in, state->use, &iter);
    }
    while (err == WEIR_OK && weir_window_next(iter, &row)) {
        datum value = kept(ctx, row.value);
        values = found++ == 0 ? value : weir__datum_join(ctx, values.bytes, ",", value.bytes);
    }
    weir_err closed = weir_window_iter_close(iter);
    err = err != WEIR_OK ? err : closed;
    return err == WEIR_OK ? weir__forward_value(ctx, in, values) : err;
}

/* The sessions that a record merges, with their values in one. */
typedef struct merge {
    struct {
        int64_t start_ms;
        int64_t end_ms;
    } found[SESSIONS_MAX];
    size_t count;
    int64_t start_ms;
    int64_t end_ms;
    datum all;
} merge;

static weir_err find_sessions(weir_ctx *ctx, weir_session *store, const weir_record *in,
                              int64_t gap_ms, merge *m)
{
    weir_session_iter *iter = NULL;
    weir_session_row row;
    weir_err err = weir_session_find(store, in->key, before(m->start_ms, gap_ms),
                                     after(m->end_ms, gap_ms), false, &iter);
    while (err == WEIR_OK && weir_session_next(iter, &row)) {
        if (m->count == SESSIONS_MAX) {
            err = weir_fail(ctx, WEIR_ELIMIT, "more than %d sessions to merge", SESSIONS_MAX);
            break;
        }
        m->all = weir__datum_comma(ctx, m->all, kept(ctx, row.value));
        m->found[m->count].start_ms = row.start_ms;
        m->found[m->count++].end_ms = row.end_ms;
        m->start_ms = row.start_ms < m->start_ms ? row.start_ms : m->start_ms;
        m->end_ms = row.end_ms > m->end_ms ? row.end_ms : m->end_ms;
    }
    weir_err closed = weir_session_iter_close(iter);
    return err != WEIR_OK ? err : closed;
}

static weir_err p_session_store_merge(weir_ctx *ctx, const weir_record *in,
                                      weir__processor_state *state)
{
    weir_session *store = weir_session_store(ctx, state->use->store);
    merge m = {.start_ms = in->timestamp_ms, .end_ms = in->timestamp_ms};
    m.all = weir__datum_text("");
    if (in->key == NULL || in->value == NULL) {
        return WEIR_OK;
    }
    weir_err err =
        store != NULL ? find_sessions(ctx, store, in, state->use->gap_ms, &m) : weir_ctx_error(ctx);
    for (size_t i = 0; i < m.count && err == WEIR_OK; i++) {
        err = weir_session_remove(store, in->key, m.found[i].start_ms, m.found[i].end_ms);
    }
    datum all = weir__datum_comma(ctx, m.all, weir__state_value(state, in));
    if (err == WEIR_OK) {
        err = all.kind != DATUM_FAILED
                  ? weir_session_put(store, in->key, &all.bytes, m.start_ms, m.end_ms)
                  : WEIR_ENOMEM;
    }
    datum span = weir__datum_join(ctx, weir__datum_show(ctx, datum_i64(m.start_ms)), "-",
                                  weir__datum_show(ctx, datum_i64(m.end_ms)));
    return err == WEIR_OK
               ? weir__forward_value(ctx, in, weir__datum_join(ctx, span.bytes, ":", all.bytes))
               : err;
}

static const weir__processor processors[] = {
    {"window_store_scan",
     NULL,
     p_window_store_scan,
     TYPE_STRING,
     TYPE_STRING,
     TYPE_STRING,
     TYPE_STRING,
     TYPE_STRING,
     {"mode"}},
    {"session_store_merge",
     NULL,
     p_session_store_merge,
     TYPE_STRING,
     TYPE_STRING,
     TYPE_STRING,
     TYPE_STRING,
     TYPE_STRING,
     {NULL}},
};

const weir__processor *weir__window_processor_named(const char *name)
{
    return WEIR__NAMED(processors, name);
}
