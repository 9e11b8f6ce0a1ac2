/* SPDX-License-Identifier: Apache-2.0
 *
 * The functions that plans name, as tables of names. Each says what type of value it reads and what
 * it gives, so that a plan whose types do not agree is refused before a record is read. */
#ifndef WEIR_PLANS_FUNCTIONS_H
#define WEIR_PLANS_FUNCTIONS_H

#include "datum.h"

typedef enum weir__plan_type {
    TYPE_ANY,
    TYPE_STRING,
    TYPE_I64,
    TYPE_BYTES,
    TYPE_KEY,   /* that of the input's key */
    TYPE_INNER, /* that inside of the input's windowed key */
    TYPE_VALUE, /* that of the input's value; of a joiner: the left one */
} weir__plan_type;

struct weir__fn_use;

/* value(key, value) and key(key, value) */
typedef struct weir__value_fn {
    const char *name;
    datum (*fn)(weir_ctx *ctx, datum key, datum value);
    weir__plan_type takes;
    weir__plan_type gives;
} weir__value_fn;

typedef struct weir__pair_fn {
    const char *name;
    void (*fn)(weir_ctx *ctx, datum *key, datum *value); /* replaces them */
    weir__plan_type takes;
    weir__plan_type gives_key;
    weir__plan_type gives;
} weir__pair_fn;

/* values(key, value) and pairs(key, value): emits what it gives. */
typedef struct weir__emit_fn {
    const char *name;
    weir_err (*fn)(weir_ctx *ctx, datum key, datum value);
    weir__plan_type takes_key;
    weir__plan_type takes;
    weir__plan_type gives_key;
    weir__plan_type gives;
} weir__emit_fn;

typedef struct weir__predicate {
    const char *name;
    bool (*fn)(datum key, datum value);
    weir__plan_type takes;
} weir__predicate;

typedef struct weir__joiner {
    const char *name;
    datum (*fn)(weir_ctx *ctx, datum key, datum left, datum right);
    weir__plan_type takes; /* on both sides */
    weir__plan_type gives;
} weir__joiner;

typedef struct weir__initializer {
    const char *name;
    datum (*fn)(void);
    weir__plan_type gives;
} weir__initializer;

typedef struct weir__aggregator {
    const char *name;
    datum (*fn)(weir_ctx *ctx, datum value, datum aggregate);
    weir__plan_type takes;
    weir__plan_type gives; /* the aggregate's */
} weir__aggregator;

typedef struct weir__reducer {
    const char *name;
    datum (*fn)(weir_ctx *ctx, datum aggregate, datum value);
    weir__plan_type takes;
} weir__reducer;

typedef struct weir__merger {
    const char *name;
    datum (*fn)(weir_ctx *ctx, datum left, datum right);
    weir__plan_type takes;
} weir__merger;

typedef struct weir__extractor {
    const char *name;
    int64_t (*fn)(weir_ctx *ctx, const weir_record *record, int64_t partition_time_ms, void *user);
} weir__extractor;

/* The function of that name; NULL: there is none, or `name` is NULL. */
const weir__value_fn *weir__value_fn_named(const char *name);
const weir__value_fn *weir__key_fn_named(const char *name);
/* Those that read windowed keys only. */
const weir__value_fn *weir__window_key_fn_named(const char *name);
const weir__pair_fn *weir__pair_fn_named(const char *name);
const weir__emit_fn *weir__values_fn_named(const char *name);
const weir__emit_fn *weir__pairs_fn_named(const char *name);
const weir__predicate *weir__predicate_named(const char *name);
const weir__joiner *weir__joiner_named(const char *name);
const weir__initializer *weir__initializer_named(const char *name);
const weir__aggregator *weir__aggregator_named(const char *name);
const weir__aggregator *weir__subtractor_named(const char *name);
const weir__reducer *weir__reducer_named(const char *name);
const weir__merger *weir__merger_named(const char *name);
/* Its `user` is a weir__fn_use. */
const weir__extractor *weir__extractor_named(const char *name);

/* Of value functions that others use. */
datum weir__first_char(weir_ctx *ctx, datum value);
datum weir__length(weir_ctx *ctx, datum value);
datum weir__parse(weir_ctx *ctx, datum value);
datum weir__upper(weir_ctx *ctx, datum value);

/* The entry of a table of names, or NULL. */
#define WEIR__NAMED(table, wanted)                                                                 \
    weir__find_name((table), sizeof(table) / sizeof(table)[0], sizeof(table)[0], (wanted))
/* Each entry begins with its name. */
const void *weir__find_name(const void *table, size_t count, size_t size, const char *wanted);

#endif
