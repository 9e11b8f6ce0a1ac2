/* SPDX-License-Identifier: Apache-2.0
 *
 * The processors that plans name. */
#ifndef WEIR_PLANS_PROCESSORS_H
#define WEIR_PLANS_PROCESSORS_H

#include "functions.h"

#define WEIR__PROCESSOR_TEXTS_MAX 2

struct weir__processor_state;

typedef struct weir__processor {
    const char *name;
    weir_err (*open)(weir_ctx *ctx, struct weir__processor_state *state); /* NULL: nothing to do */
    weir_err (*process)(weir_ctx *ctx, const weir_record *in, struct weir__processor_state *state);
    weir__plan_type takes_key;
    weir__plan_type takes;
    weir__plan_type gives; /* its values; keys are as read */
    /* Of the store that it reads or writes; TYPE_ANY: it has none. */
    weir__plan_type store_key;
    weir__plan_type store_value;
    const char *texts[WEIR__PROCESSOR_TEXTS_MAX]; /* text parameters that it needs */
} weir__processor;

/* One use of a processor in a plan; `user` of its node. */
typedef struct weir__processor_use {
    const weir__processor *processor;
    const weir_serde *key; /* of the input */
    const weir_serde *value;
    const char *store; /* NULL: none */
    int64_t interval_ms;
    int64_t start_ms;
    int64_t add_ms;
    int64_t ttl_ms;
    int64_t range_ms;
    int64_t gap_ms;
    int64_t back_ms;
    weir_time_kind clock;
    const char *texts[WEIR__PROCESSOR_TEXTS_MAX]; /* in the order of processor->texts */
    bool put_if_absent;
} weir__processor_use;

/* Key and value of a record, copied. */
typedef struct weir__kept {
    datum key;
    datum value;
} weir__kept;

typedef struct weir__processor_state {
    const weir__processor_use *use;
    int64_t count;
    weir_punctuator active;
    weir__kept kept; /* its bytes are allocated */
} weir__processor_state;

/* `user`: a weir__processor_use. */
extern const weir_processor_ops weir__plan_processor_ops;

/* NULL: there is none of that name. */
const weir__processor *weir__processor_named(const char *name);
const weir__processor *weir__store_processor_named(const char *name);
const weir__processor *weir__window_processor_named(const char *name);
const weir__processor *weir__versioned_processor_named(const char *name);

static inline datum weir__state_key(const weir__processor_state *state, const weir_record *in)
{
    return weir__datum_of(state->use->key, in->key);
}

static inline datum weir__state_value(const weir__processor_state *state, const weir_record *in)
{
    return weir__datum_of(state->use->value, in->value);
}

/* Forwards the record with another value, and a copy of the headers. */
weir_err weir__forward_value(weir_ctx *ctx, const weir_record *in, datum value);

#endif
