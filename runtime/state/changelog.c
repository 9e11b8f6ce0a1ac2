/* SPDX-License-Identifier: Apache-2.0
 *
 * Logs a change after it was written to the store below. */
#include "state/changelog.h"

#include <stdlib.h>

#include "core/error.h"

typedef struct changelog {
    weir__kv base;
    const weir__store_kind *kind;
    weir__changelog_sink sink;
} changelog;

static weir_err changelog_put(weir__kv *kv, weir_slice key, weir_slice value, weir_error *error)
{
    changelog *log = (changelog *)kv;
    const weir__changelog_sink *sink = &log->sink;
    weir__log_record record;
    weir_err err = log->kind->to_log(key, value, sink->now_ms(sink->user), &record, error);
    if (err == WEIR_OK) {
        err = weir__kv_put(kv->inner, key, value, error);
    }
    return err == WEIR_OK
               ? sink->log(sink->user, record.key, record.value, record.timestamp_ms, error)
               : err;
}

static void changelog_close(weir__kv *kv)
{
    free(kv);
}

static const weir__kv_ops changelog_ops = {
    .name = "changelog",
    .put = changelog_put,
    .close = changelog_close,
};

weir_err weir__changelog_wrap(weir__kv *inner, const weir__store_kind *kind,
                              const weir__changelog_sink *sink, weir__kv **out, weir_error *error)
{
    changelog *log = malloc(sizeof *log);
    if (log == NULL) {
        weir__kv_close(inner);
        return weir__error_set(error, WEIR_ENOMEM, "no memory for a changelog");
    }
    *log = (changelog){{.ops = &changelog_ops, .inner = inner}, kind, *sink};
    *out = &log->base;
    return WEIR_OK;
}
