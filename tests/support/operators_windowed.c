/* SPDX-License-Identifier: Apache-2.0 */
#include "support/operators_windowed.h"

#include <stdio.h>

/* ---- Callbacks ---- */

static weir_err same_key(weir_ctx *ctx, const weir_record *in, void *out, void *user)
{
    (void)ctx;
    (void)user;
    *(weir_slice *)out = *(const weir_slice *)in->key;
    return WEIR_OK;
}

/* ---- Operators ---- */

/* The key inside of a windowed key. */
static weir_err inner_key(weir_ctx *ctx, const weir_record *in, void *out, void *user)
{
    (void)ctx;
    (void)user;
    *(weir_slice *)out = *(const weir_slice *)((const weir_windowed *)in->key)->key;
    return WEIR_OK;
}

/* No record is late. */
static weir_windowed_stream windows_of(const operators_inputs *at)
{
    return weir_windowed_by(weir_group_by_key(at->in, NULL), weir_unlimited(0), NULL);
}

static weir_stream without_windows(weir_table table)
{
    weir_stream changes = weir_to_stream(table, NULL);
    weir_stream plain = weir_select_key(changes, &weir_string, inner_key, NULL, NULL);
    return weir_map_values(plain, &weir_string, same_key, NULL, NULL);
}

weir_stream operators_windowed_count(const operators_inputs *at)
{
    return without_windows(weir_windowed_count(windows_of(at), at->name, NULL));
}

weir_stream operators_windowed_reduce(const operators_inputs *at)
{
    return without_windows(
        weir_windowed_reduce(windows_of(at), operators_newer, NULL, at->name, NULL));
}

weir_stream operators_windowed_aggregate(const operators_inputs *at)
{
    const weir_store_opts opts = {.value = &weir_string};
    return without_windows(weir_windowed_aggregate(windows_of(at), operators_nothing,
                                                   operators_newer_record, NULL, at->name, &opts));
}

/* A key for each record, so that it is alone in its windows. */
static weir_err key_and_time(weir_ctx *ctx, const weir_record *in, void *out, void *user)
{
    (void)user;
    const weir_slice *key = in->key;
    size_t room = key->len + 24;
    char *text = weir_alloc(ctx, room);
    if (text == NULL) {
        return WEIR_ENOMEM;
    }
    int length = snprintf(text, room, "%.*s|%lld", (int)key->len, (const char *)key->data,
                          (long long)in->timestamp_ms);
    *(weir_slice *)out = (weir_slice){text, (size_t)length};
    return WEIR_OK;
}

static weir_err before_time(weir_ctx *ctx, const weir_record *in, void *out, void *user)
{
    (void)ctx;
    (void)user;
    const weir_slice *key = in->key;
    const char *text = key->data;
    size_t length = key->len;
    while (length > 0 && text[--length] != '|') {
    }
    *(weir_slice *)out = (weir_slice){text, length};
    return WEIR_OK;
}

weir_stream operators_sliding(const operators_inputs *at)
{
    weir_windowed_stream windows =
        weir_windowed_by(weir_group_by(at->in, at->name, &weir_string, key_and_time, NULL),
                         weir_sliding(10, INT64_MAX), NULL);
    weir_stream counts = without_windows(weir_windowed_count(windows, at->name, NULL));
    return weir_map_values(weir_select_key(counts, &weir_string, before_time, NULL, NULL),
                           &weir_string, same_key, NULL, NULL);
}

/* Sessions of records with the same time; none is late. In memory those that end at 0 would expire
 * at the greatest time. */
static const weir_store_opts on_disk = {.value = &weir_string, .backend = WEIR_BACKEND_ROCKSDB};
static const weir_store_opts counts_on_disk = {.backend = WEIR_BACKEND_ROCKSDB};

static weir_session_stream sessions_of(const operators_inputs *at)
{
    return weir_session_windowed_by(weir_group_by_key(at->in, NULL), weir_session_gap(0, INT64_MAX),
                                    NULL);
}

static weir_err newer_session(weir_ctx *ctx, const void *key, const void *left, const void *right,
                              void *out, void *user)
{
    (void)key;
    return operators_newer(ctx, left, right, out, user);
}

weir_stream operators_session_count(const operators_inputs *at)
{
    return without_windows(weir_session_windowed_count(sessions_of(at), at->name, &counts_on_disk));
}

weir_stream operators_session_reduce(const operators_inputs *at)
{
    return without_windows(
        weir_session_windowed_reduce(sessions_of(at), operators_newer, NULL, at->name, &on_disk));
}

weir_stream operators_session_aggregate(const operators_inputs *at)
{
    return without_windows(weir_session_windowed_aggregate(sessions_of(at), operators_nothing,
                                                           operators_newer_record, newer_session,
                                                           NULL, at->name, &on_disk));
}

weir_stream operators_windowed_cogroup(const operators_inputs *at)
{
    const weir_store_opts opts = {.value = &weir_string};
    weir_cogrouped all =
        weir_cogroup(weir_group_by_key(at->in, NULL), operators_newer_record, NULL);
    return without_windows(
        weir_windowed_cogroup_aggregate(weir_cogroup_windowed_by(all, weir_unlimited(0)),
                                        operators_nothing, NULL, at->name, &opts));
}

weir_stream operators_session_cogroup(const operators_inputs *at)
{
    weir_cogrouped all =
        weir_cogroup(weir_group_by_key(at->in, NULL), operators_newer_record, NULL);
    return without_windows(weir_session_cogroup_aggregate(
        weir_cogroup_session_windowed_by(all, weir_session_gap(0, INT64_MAX)), operators_nothing,
        newer_session, NULL, at->name, &on_disk));
}
