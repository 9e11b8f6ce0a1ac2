/* SPDX-License-Identifier: Apache-2.0
 *
 * A plan being drawn: shared by the files of the generator. */
#ifndef WEIR_TESTS_FUZZ_PLAN_DRAFT_H
#define WEIR_TESTS_FUZZ_PLAN_DRAFT_H

#include "random/generate.h"

#define DRAFT_HANDLES_MAX 64
#define DRAFT_TOPICS_MAX 4

typedef enum draft_kind {
    DRAFT_STREAM,
    DRAFT_TABLE,
    DRAFT_GLOBAL_TABLE,
    DRAFT_GROUPED,
    DRAFT_GROUPED_TABLE,
    DRAFT_WINDOWED, /* a grouping by windows of time */
    DRAFT_SESSIONS,
} draft_kind;

typedef enum draft_type { DRAFT_STRING, DRAFT_I64 } draft_type;

typedef enum draft_windows { DRAFT_NO_WINDOWS, DRAFT_TIME, DRAFT_SESSION } draft_windows;

typedef struct draft_handle {
    char id[16];
    draft_kind kind;
    draft_type key;
    draft_type value;
    draft_windows windows; /* its keys are windows of such keys */
    unsigned sources;      /* a bit for each topic above */
    bool key_changed;      /* since the topic above */
    bool repartitioned;    /* a repartition topic lies above */
    bool source;           /* a table that reads its topic itself */
    bool by_updates;       /* depends on how often a table forwards, which caches change */
    bool by_counts;        /* depends on whether a group without rows is a zero, or no row */
    bool counts;           /* it is such a group */
    bool versioned;        /* a table that may be versioned */
    bool used;             /* an operator below it reads it */
} draft_handle;

typedef struct plan_draft {
    uint64_t state; /* of the generator of numbers */
    fuzz_profile profile;
    const char *backend;
    yyjson_mut_doc *doc;
    yyjson_mut_val *plan;
    draft_handle handles[DRAFT_HANDLES_MAX];
    int count;
    draft_type topic_types[DRAFT_TOPICS_MAX]; /* of the values in topic t0, t1, ... */
    int topics;
    /* Of store s0, s1, ...: index of the operator's handle; -1: no store has this name, it begins
     * those of a join of streams. */
    int store_owners[DRAFT_HANDLES_MAX];
    bool store_versioned[DRAFT_HANDLES_MAX];
    int stores;
} plan_draft;

/* ---- Drawing ---- */
uint64_t draw(plan_draft *d, uint64_t below);
bool one_in(plan_draft *d, uint64_t n);
#define PICK(d, list) ((list)[draw((d), sizeof(list) / sizeof(list)[0])])

/* ---- Operators ---- */
/* A handle that passes `test`, each as likely; NULL: none. */
typedef bool (*draft_test)(const plan_draft *d, const draft_handle *h);
draft_handle *choose(plan_draft *d, draft_test test);
/* Adds the object of an operator with a new id; copies `from` (NULL: zeros) to *out. NULL: the plan
 * is full. */
yyjson_mut_val *add_op(plan_draft *d, const char *op, draft_handle *from, draft_handle **out);
void add_text(plan_draft *d, yyjson_mut_val *to, const char *member, const char *text);
void add_number(plan_draft *d, yyjson_mut_val *to, const char *member, int64_t number);
/* The member "store", with a name of its own, of the operator that was added last. That of a table
 * may be versioned. */
yyjson_mut_val *add_op_store(plan_draft *d, yyjson_mut_val *op);
void add_type(plan_draft *d, yyjson_mut_val *to, const char *member, draft_type type);
/* A grace that no record exceeds where lateness may not matter, else a short one. */
int64_t draw_grace(plan_draft *d);
/* Two inputs may meet in one operator. */
bool may_meet(const plan_draft *d, const draft_handle *a, const draft_handle *b);
/* What the result of two inputs has of the second one. */
void meet(draft_handle *result, const draft_handle *other);

/* Each adds an operator, or nothing if no handle is right. */
typedef void (*draft_op)(plan_draft *d);
extern const draft_op draft_stream_ops[];
extern const draft_op draft_table_ops[];
extern const draft_op draft_aggregations[];
extern const draft_op draft_joins[];

#endif
