/* SPDX-License-Identifier: Apache-2.0
 *
 * What an operator of the DSL is: one constant in its file in runtime/operators. The topology's
 * nodes refer to it, and its passes ask for its facts. */
#ifndef WEIR_TOPOLOGY_OPERATOR_H
#define WEIR_TOPOLOGY_OPERATOR_H

#include <weir/processor.h>

struct weir__node;

/* Facts of an operator. A node begins with those of its operator; the passes of weir_build and
 * the calls named here add those of one node. */
typedef enum weir__fact {
    WEIR__CHANGES_KEY = 1 << 0,      /* a record may leave with another key */
    WEIR__FIXED_KEY = 1 << 1,        /* its callback cannot change keys (FixedKeyProcessor) */
    WEIR__KEEPS_NULL_KEYS = 1 << 2,  /* repartition topics above must have null keys (KIP-962) */
    WEIR__GIVES_TABLE = 1 << 3,      /* it forwards weir__change, not values */
    WEIR__NEEDS_OLD_VALUES = 1 << 4, /* of the tables above: they must remember their rows */
    WEIR__USES_OLD_VALUES = 1 << 5,  /* of the table above, if it has a store anyway */
    WEIR__READS_PARENTS = 1 << 6,    /* without a store, rows and old values come from above */
    WEIR__JOINS_TABLES = 1 << 7,     /* old values come from the tables above, store or not */
    WEIR__HAS_TOPIC_ROWS = 1 << 8,   /* its table has the keys of the topic above, as they are */
    /* A repartition topic must not move above it: it may change values, or keys as it likes. */
    WEIR__STOPS_TOPICS = 1 << 11,
    /* Versioned tables (pass_versioned.c). */
    WEIR__PASSES_VERSIONS = 1 << 12, /* without a store its table is versioned as the one above */
    WEIR__PASSES_HISTORY = 1 << 13,  /* without a store its rows as of a time come from above */
    WEIR__IGNORES_OUT_OF_ORDER = 1 << 14, /* changes for which later ones are known */
    WEIR__DROPS_OUT_OF_ORDER = 1 << 15,   /* the same, and counts them */
    WEIR__READS_OWN_STORES = 1 << 20, /* readers of its table are connected with its stores, too */
    WEIR__REFUSES_VERSIONS = 1 << 19, /* the tables above must not be versioned */
    /* Of one node. */
    WEIR__KEY_CHANGED = 1 << 9,  /* since the topic above: a record may be in another partition than
                                    its key belongs to (weir__operator_add) */
    WEIR__GLOBAL = 1 << 10,      /* of a global table */
    WEIR__VERSIONED = 1 << 16,   /* its table is versioned: changes may be out of order */
    WEIR__HAS_HISTORY = 1 << 17, /* rows of its table can be read as of a time */
    WEIR__INPUT_VERSIONED = 1 << 18, /* the tables above are versioned */
} weir__fact;

/* A row of a table. */
typedef struct weir__timed {
    const void *value;    /* decoded, as long as the current record; NULL: no row */
    int64_t timestamp_ms; /* -1: no row */
} weir__timed;

typedef struct weir__operator {
    weir_processor_ops work;
    const char *prefix; /* of generated names: "KSTREAM-FILTER-" */
    int numbers;        /* of Kafka's counter that a use takes beyond its own; mostly 0 */
    unsigned facts;     /* of weir__fact */
    /* A table without a store: its row for a key, computed from the tables that it reads (see
     * weir__table_read). NULL: only a table with a store can be read. */
    weir_err (*read)(weir_ctx *ctx, const struct weir__node *table, const void *key,
                     weir__timed *out);
} weir__operator;

#endif
