/* SPDX-License-Identifier: Apache-2.0
 *
 * The DSL's callbacks, which call the functions of a plan: `user` is a weir__fn_use. */
#ifndef WEIR_PLANS_CALLBACKS_H
#define WEIR_PLANS_CALLBACKS_H

#include "functions.h"

/* One use of functions in a plan; types that are not needed are NULL. */
typedef struct weir__fn_use {
    const weir_serde *key; /* of the input */
    const weir_serde *value;
    const weir_serde *right; /* of a joined table's values */
    const weir_serde *gives_key;
    const weir_serde *gives; /* of an aggregate, too */
    const weir__value_fn *fn;
    const weir__value_fn *key_fn; /* beside a joiner */
    const weir__predicate *predicate;
    const weir__pair_fn *pair;
    const weir__emit_fn *emit;
    const weir__joiner *joiner;
    const weir__initializer *initializer;
    const weir__aggregator *aggregator;
    const weir__aggregator *subtractor;
    const weir__reducer *reducer;
    const weir__reducer *undo; /* the reducer that takes a value away */
    const weir__merger *merger;
} weir__fn_use;

weir_err weir__call_predicate(weir_ctx *ctx, const weir_record *in, bool *keep_it, void *user);
weir_err weir__call_value(weir_ctx *ctx, const weir_record *in, void *out, void *user);
weir_err weir__call_select_key(weir_ctx *ctx, const weir_record *in, void *key_out, void *user);
/* key_fn */
weir_err weir__call_join_key(weir_ctx *ctx, const weir_record *in, void *key_out, void *user);
weir_err weir__call_pair(weir_ctx *ctx, const weir_record *in, void *key_out, void *value_out,
                         void *user);
weir_err weir__call_emit(weir_ctx *ctx, const weir_record *in, void *user);
weir_err weir__call_nothing(weir_ctx *ctx, const weir_record *in, void *user);
weir_err weir__call_joiner(weir_ctx *ctx, const void *key, const void *left, const void *right,
                           void *out, void *user);
/* Joiners of tables get no key. */
weir_err weir__call_table_joiner(weir_ctx *ctx, const void *key, const void *left,
                                 const void *right, void *out, void *user);
weir_err weir__call_initializer(weir_ctx *ctx, void *out, void *user);
weir_err weir__call_aggregator(weir_ctx *ctx, const weir_record *in, const void *aggregate,
                               void *out, void *user);
weir_err weir__call_subtractor(weir_ctx *ctx, const weir_record *in, const void *aggregate,
                               void *out, void *user);
/* key_fn and fn */
weir_err weir__call_group(weir_ctx *ctx, const weir_record *in, void *key_out, void *value_out,
                          void *user);
weir_err weir__call_undo(weir_ctx *ctx, const void *aggregate, const void *value, void *out,
                         void *user);
/* The topic function by_first_char. */
weir_err weir__call_topic(weir_ctx *ctx, const weir_record *in, weir_buf *topic, void *user);
weir_err weir__call_reducer(weir_ctx *ctx, const void *aggregate, const void *value, void *out,
                            void *user);
weir_err weir__call_merger(weir_ctx *ctx, const void *key, const void *left, const void *right,
                           void *out, void *user);

#endif
