/* SPDX-License-Identifier: Apache-2.0
 *
 * A plan, and one build of it: what the files of operators share. */
#ifndef WEIR_PLANS_PLAN_H
#define WEIR_PLANS_PLAN_H

#include <weir/plans.h>
#include <yyjson.h>

#include "callbacks.h"
#include "processors.h"

typedef struct weir__plan_block {
    struct weir__plan_block *next;
    max_align_t data[];
} weir__plan_block;

struct weir_plan {
    yyjson_doc *doc;
    yyjson_val *operators;    /* an array */
    weir__plan_block *blocks; /* what `user` pointers of its topologies point to */
};

typedef enum weir__handle_kind {
    HANDLE_STREAM,
    HANDLE_TABLE,
    HANDLE_GLOBAL_TABLE,
    HANDLE_GROUPED_STREAM,
    HANDLE_GROUPED_TABLE,
    HANDLE_COGROUPED,
    HANDLE_WINDOWED_STREAM, /* grouped, with windows by time */
    HANDLE_SESSION_STREAM,
    HANDLE_WINDOWED_COGROUP,
    HANDLE_SESSION_COGROUP,
    HANDLE_NODE, /* added by hand */
} weir__handle_kind;

/* What an operator's id stands for. */
typedef struct weir__handle {
    const char *id;
    weir__handle_kind kind;
    int node; /* of a handle of the DSL */
    const weir_serde *key;
    const weir_serde *value;
    const weir_serde *windowed; /* of the keys of the tables that a windowed stream gives */
} weir__handle;

typedef enum weir__plan_store_kind {
    STORE_KEY_VALUE, /* kv, timestamped_kv, versioned (the options have its history) */
    STORE_WINDOW,
    STORE_SESSION,
} weir__plan_store_kind;

typedef struct weir__plan_store {
    const char *name;
    const weir_serde *key;
    const weir_serde *value;
} weir__plan_store;

/* A processor that uses a store, which another operator may declare later. */
typedef struct weir__store_use {
    const char *operator_name;
    const char *processor;
    const char *store;
    const weir_serde *key;
    const weir_serde *value;
} weir__store_use;

typedef struct weir__plan_build {
    weir_plan *plan;
    weir_builder *builder;
    const weir_config *config; /* NULL: none */
    const char *name;          /* of the present operator: its id, else its kind */
    weir__handle *handles;
    size_t handle_count;
    size_t handle_capacity;
    weir__plan_store *stores;
    size_t store_count;
    weir__store_use *store_uses;
    size_t store_use_count;
    weir_error error; /* the first */
} weir__plan_build;

/* ---- Failures and memory ---- */
static inline bool weir__build_ok(const weir__plan_build *b)
{
    return b->error.code == WEIR_OK;
}
/* Keeps the first failure; "operator 'x': " comes in front. */
void weir__build_fail(weir__plan_build *b, weir_err code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Weir lacks something that the plan asks for: "suppress of a table". */
void weir__build_unsupported(weir__plan_build *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Zeroed memory that lives as long as the plan; NULL after a failure. */
void *weir__build_alloc(weir__plan_build *b, size_t size);
/* "<first><second>" */
const char *weir__build_text(weir__plan_build *b, const char *first, const char *second);
weir__fn_use *weir__build_use(weir__plan_build *b, const weir__handle *of);

/* ---- Members of an operator: absent ones are NULL, 0; ones of another form are failures ---- */
const char *weir__member_text(weir__plan_build *b, yyjson_val *of, const char *name);
int64_t weir__member_number(weir__plan_build *b, yyjson_val *of, const char *name);
bool weir__member_bool(weir__plan_build *b, yyjson_val *of, const char *name, bool absent);
/* A failure if it is there: `what` does not use it. */
void weir__member_refused(weir__plan_build *b, yyjson_val *of, const char *name, const char *what);
yyjson_val *weir__member_object(weir__plan_build *b, yyjson_val *of, const char *name);
yyjson_val *weir__member_list(weir__plan_build *b, yyjson_val *of, const char *name);
/* NULL-terminated; NULL after a failure. */
const char *const *weir__member_texts(weir__plan_build *b, yyjson_val *of, const char *name);
/* The same, but it must be there. */
const char *weir__needed_text(weir__plan_build *b, yyjson_val *of, const char *name);
/* "string", "i64" or "bytes"; NULL: absent. */
const weir_serde *weir__member_type(weir__plan_build *b, yyjson_val *of, const char *name);
const weir_serde *weir__needed_type(weir__plan_build *b, yyjson_val *of, const char *name);

/* Options of a node that reads topics. */
weir_source_opts weir__source_opts(weir__plan_build *b, yyjson_val *op, const weir_serde *value);

/* Options of a sink of such values; *topic: its topic, NULL if they choose it. */
weir_sink_opts weir__sink_opts(weir__plan_build *b, yyjson_val *op, const weir_serde *value,
                               const char **topic);

/* ---- Types ---- */
/* NULL: no type has that name, or it is NULL. */
const weir_serde *weir__type_named(const char *name);
/* The type that a function gives; `of` may be NULL for types that do not depend on the input. */
const weir_serde *weir__type_of(weir__plan_type type, const weir_serde *key,
                                const weir_serde *value);
/* Also for serdes of windowed keys, which are the same if what is inside is. */
bool weir__same_type(const weir_serde *a, const weir_serde *b);
/* Fails if `have` is not `wanted` (TYPE_ANY: any): "upper reads string values, not i64". */
void weir__check_takes(weir__plan_build *b, const char *what, const char *role,
                       weir__plan_type wanted, const weir_serde *have);
void weir__check_same(weir__plan_build *b, const char *what, const weir_serde *wanted,
                      const weir_serde *have);
/* The type that a member states must be `gives`; returns `gives`. */
const weir_serde *weir__stated_type(weir__plan_build *b, yyjson_val *op, const char *member,
                                    const weir_serde *gives);

/* ---- Handles and stores ---- */
/* NULL: none of that id. */
const weir__handle *weir__handle_find(const weir__plan_build *b, const char *id);
/* Of a member that names one; NULL after a failure. */
const weir__handle *weir__handle_named(weir__plan_build *b, yyjson_val *op, const char *member);
void weir__handle_add(weir__plan_build *b, const char *id, weir__handle_kind kind, int node,
                      const weir_serde *key, const weir_serde *value);
const char *weir__handle_kind_text(weir__handle_kind kind);
/* Options of the member "store", which may be absent: a key-value store; *name: of the store, NULL:
 * none. */
weir_store_opts weir__store_opts(weir__plan_build *b, yyjson_val *op, const char *node,
                                 const char **name);
/* The same for a store of any kind. */
weir_store_opts weir__any_store_opts(weir__plan_build *b, yyjson_val *op, const char *node,
                                     const char **name, weir__plan_store_kind *kind);
void weir__store_add(weir__plan_build *b, const char *name, const weir_serde *key,
                     const weir_serde *value);
/* At the end: stores have the types that their processors use. */
void weir__check_store_uses(weir__plan_build *b);

/* ---- Processors ---- */
/* One use of the processor that an operator names. `of` has the types of the input; *gives: what it
 * forwards. NULL after a failure. */
weir__processor_use *weir__build_processor(weir__plan_build *b, yyjson_val *op,
                                           const weir__handle *of, weir__handle *gives);

/* ---- Functions that an operator names; NULL after a failure ---- */
const weir__value_fn *weir__build_key_fn(weir__plan_build *b, yyjson_val *op, const char *member,
                                         const weir__handle *of);
const weir__predicate *weir__build_predicate(weir__plan_build *b, yyjson_val *op,
                                             const weir__handle *of);
/* A use with the reducer, or the aggregator and the initializer, of an aggregation. */
weir__fn_use *weir__reducer_use(weir__plan_build *b, yyjson_val *op, const weir__handle *of);
weir__fn_use *weir__aggregator_use(weir__plan_build *b, yyjson_val *op, const weir__handle *of);
/* The member "merger", for aggregates of the use's type; false after a failure. */
bool weir__use_merger(weir__plan_build *b, yyjson_val *op, weir__fn_use *use);
/* The windows that an operator states; false: after a failure. */
typedef struct weir__plan_windows {
    bool sessions; /* which of the two it has */
    weir_windows time;
    weir_session_windows session;
    const weir_serde *key; /* of the tables below */
} weir__plan_windows;
bool weir__read_windows(weir__plan_build *b, yyjson_val *op, const weir__handle *of,
                        weir__plan_windows *out);
/* Adds the handle of a stream or cogroup with these windows. */
void weir__windowed_handle(weir__plan_build *b, const weir__handle *of, weir__handle_kind kind,
                           int node, const weir_serde *key);
/* Options of the store of a windowed aggregation. */
weir_store_opts weir__windowed_store_opts(weir__plan_build *b, yyjson_val *op, const char **store);
/* The operator gives a table whose keys are the windowed ones of `of`. */
void weir__windowed_table(weir__plan_build *b, const weir__handle *of, weir_table out,
                          const weir_store_opts *opts, const weir_serde *value);
/* Fails: "no <what> is named 'x'". */
void weir__unknown(weir__plan_build *b, const char *what, const char *name);

/* The functions of a join: joiner and, with a global table, the key. NULL after a failure. */
weir__fn_use *weir__build_join_use(weir__plan_build *b, yyjson_val *op, const weir__handle *of,
                                   const weir__handle *with);
/* join or left_join of a stream with a stream. */
void weir__build_stream_join(weir__plan_build *b, yyjson_val *op, const weir__handle *of,
                             const weir__handle *with, bool left);

/* ---- Operators: each is a line in the table of plan.c ---- */
typedef struct weir__op {
    const char *name;
    /* `of`: the input; NULL for operators without one. */
    void (*build)(weir__plan_build *b, yyjson_val *op, const weir__handle *of);
    bool without_input;
    weir__handle_kind of; /* the kind of the input */
} weir__op;

#define WEIR__OPS(X)                                                                               \
    X(sources)                                                                                     \
    X(stateless)                                                                                   \
    X(process)                                                                                     \
    X(global_store)                                                                                \
    X(by_hand)                                                                                     \
    X(suppress)                                                                                    \
    X(tables)                                                                                      \
    X(aggregate)                                                                                   \
    X(cogroup)                                                                                     \
    X(join)                                                                                        \
    X(stream_join)                                                                                 \
    X(windows)                                                                                     \
    X(foreign)

/* Each file of operators has a table of them, which ends with a NULL name. */
#define X(file) extern const weir__op weir__ops_##file[];
WEIR__OPS(X)
#undef X

#endif
