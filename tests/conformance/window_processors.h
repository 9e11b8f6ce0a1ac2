/* SPDX-License-Identifier: Apache-2.0
 *
 * The processors that use window and session stores, as the suite's FUNCTIONS.md defines them. */
#ifndef WEIR_TESTS_CONFORMANCE_WINDOW_PROCESSORS_H
#define WEIR_TESTS_CONFORMANCE_WINDOW_PROCESSORS_H

#include "conformance/processors.h"

/* A text of an iterator, which is valid until its next row. */
CASE_FN datum kept_text(weir_ctx *ctx, const void *text)
{
    return join_texts(ctx, *(const weir_slice *)text, "", weir_slice_of(""));
}

CASE_FN weir_err open_window_scan(weir_window *w, const weir_record *in, const processor_use *use,
                                  weir_window_iter **iter)
{
    int64_t before_ms = in->timestamp_ms - use->range_ms;
    int64_t from_ms = before_ms > 0 ? before_ms : 0;
    int64_t to_ms = in->timestamp_ms + use->range_ms;
    if (strcmp(use->mode, "fetch_all") == 0) {
        return weir_window_fetch_all(w, from_ms, to_ms, false, iter);
    }
    bool reverse = strcmp(use->mode, "backward_fetch") == 0;
    return weir_window_fetch(w, in->key, from_ms, to_ms, reverse, iter);
}

CASE_FN weir_err p_window_store_scan(weir_ctx *ctx, const weir_record *in, processor_state *state)
{
    weir_window *w = weir_window_store(ctx, state->use->store);
    weir_window_iter *iter = NULL;
    weir_window_row row;
    datum values = datum_text("");
    if (in->key == NULL) {
        return WEIR_OK;
    }
    weir_err err = weir_window_put(w, in->key, in->value, in->timestamp_ms, in->timestamp_ms);
    if (err == WEIR_OK) {
        err = open_window_scan(w, in, state->use, &iter);
    }
    while (err == WEIR_OK && weir_window_next(iter, &row)) {
        values = comma(ctx, values, kept_text(ctx, row.value));
    }
    weir_err closed = weir_window_iter_close(iter);
    err = err != WEIR_OK ? err : closed;
    return err == WEIR_OK ? forward_value(ctx, in, values) : err;
}

#define SESSIONS_MAX 64

CASE_FN weir_err p_session_store_merge(weir_ctx *ctx, const weir_record *in, processor_state *state)
{
    weir_session *s = weir_session_store(ctx, state->use->store);
    weir_session_iter *iter = NULL;
    weir_session_row found[SESSIONS_MAX];
    size_t count = 0;
    int64_t start_ms = in->timestamp_ms;
    int64_t end_ms = in->timestamp_ms;
    datum all = datum_text("");
    if (in->key == NULL || in->value == NULL) {
        return WEIR_OK;
    }
    int64_t gap_ms = state->use->gap_ms;
    weir_err err = weir_session_find(s, in->key, start_ms - gap_ms, end_ms + gap_ms, false, &iter);
    while (err == WEIR_OK && weir_session_next(iter, &found[count])) {
        all = comma(ctx, all, kept_text(ctx, found[count].value));
        start_ms = found[count].start_ms < start_ms ? found[count].start_ms : start_ms;
        end_ms = found[count].end_ms > end_ms ? found[count].end_ms : end_ms;
        count++;
        weir_assert(count < SESSIONS_MAX);
    }
    weir_err closed = weir_session_iter_close(iter);
    err = err != WEIR_OK ? err : closed;
    for (size_t i = 0; i < count && err == WEIR_OK; i++) {
        err = weir_session_remove(s, in->key, found[i].start_ms, found[i].end_ms);
    }
    all = comma(ctx, all, value_of(state, in));
    if (err == WEIR_OK) {
        err = weir_session_put(s, in->key, &all.bytes, start_ms, end_ms);
    }
    datum span =
        join_texts(ctx, text_of(ctx, datum_i64(start_ms)), "-", text_of(ctx, datum_i64(end_ms)));
    return err == WEIR_OK ? forward_value(ctx, in, join_texts(ctx, span.bytes, ":", all.bytes))
                          : err;
}

#endif
