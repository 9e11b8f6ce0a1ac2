/* SPDX-License-Identifier: Apache-2.0
 *
 * Processors with a versioned store. */
#include "processors.h"

/* Saturates. */
static int64_t before(int64_t time_ms, int64_t ms)
{
    int64_t out;
    return __builtin_sub_overflow(time_ms, ms, &out) ? (ms > 0 ? INT64_MIN : INT64_MAX) : out;
}

static weir_err p_versioned_lookup(weir_ctx *ctx, const weir_record *in,
                                   weir__processor_state *state)
{
    weir_versioned *store = weir_versioned_store(ctx, state->use->store);
    weir_versioned_row found;
    if (in->key == NULL) {
        return WEIR_OK;
    }
    weir_err err = store != NULL
                       ? weir_versioned_put(store, in->key, in->value, in->timestamp_ms, NULL)
                       : weir_ctx_error(ctx);
    if (err == WEIR_OK) {
        int64_t time_ms = before(in->timestamp_ms, state->use->back_ms);
        err = weir_versioned_get_as_of(store, in->key, time_ms, &found);
    }
    if (err != WEIR_OK) {
        return err;
    }
    datum text = found.value != NULL
                     ? weir__datum_join(ctx, *(const weir_slice *)found.value, "@",
                                        weir__datum_show(ctx, datum_i64(found.valid_from_ms)))
                     : weir__datum_text("none");
    return weir__forward_value(ctx, in, text);
}

static const weir__processor processors[] = {
    {"versioned_lookup",
     NULL,
     p_versioned_lookup,
     TYPE_STRING,
     TYPE_STRING,
     TYPE_STRING,
     TYPE_STRING,
     TYPE_STRING,
     {NULL}},
};

const weir__processor *weir__versioned_processor_named(const char *name)
{
    return WEIR__NAMED(processors, name);
}
