/* SPDX-License-Identifier: Apache-2.0
 *
 * Between the files of the write buffer: changed rows and dropped ranges above a database. */
#ifndef WEIR_STATE_BUFFERED_PARTS_H
#define WEIR_STATE_BUFFERED_PARTS_H

#include "state/store.h"

/* Ranges of keys that do not overlap with each other's whole: none is within another. */
typedef struct weir__dropped_spans {
    weir__key_span *items; /* the bytes of both keys are one allocation, at from.data */
    size_t count;
    size_t capacity;
} weir__dropped_spans;

typedef struct weir__buffered {
    weir__kv base;
    weir__kv *rows; /* in memory; each begins with weir__buffered_mark */
    size_t count;
    size_t bytes;
    size_t open_iters;              /* over the rows */
    weir__dropped_spans dropped;    /* below; rows that were put there later are in `rows` */
    weir_buf row;                   /* scratch of a put */
    bool changed;                   /* since the last commit */
    bool half_committed;            /* a commit of the buffer above has failed half way */
    weir__uncommitted *uncommitted; /* NULL: changes are kept over commits */
    /* Of a commit that is not in the database yet: it covers changes of the buffer. */
    bool has_offset;
    int64_t offset;
    bool has_as_of;
    int64_t as_of_ms;
} weir__buffered;

/* The first byte of a row of the buffer; its value follows. */
typedef enum weir__buffered_mark {
    WEIR__BUFFERED_DELETED,
    WEIR__BUFFERED_HELD
} weir__buffered_mark;

static inline weir_slice weir__buffered_value_of(weir_slice row)
{
    const uint8_t *bytes = row.data;
    return bytes[0] == WEIR__BUFFERED_DELETED ? (weir_slice){0}
                                              : (weir_slice){bytes + 1, row.len - 1};
}

/* Makes the row of a value (null: deleted) in `out`, which is reset; see out->err. */
void weir__buffered_row(weir_buf *out, weir_slice value);
/* Estimated memory of a row of the buffer besides key and value. */
#define WEIR__BUFFERED_ROW_BYTES ((size_t)96)

/* The span that has the key; NULL: none. */
const weir__key_span *weir__spans_find(const weir__key_span *spans, size_t count, weir_slice key);
/* Copies a span, whose keys are in order; those within it are removed. *added: the bytes added less
 * those removed. A failure (no memory) leaves the spans as they were. */
weir_err weir__spans_add(weir__dropped_spans *spans, const weir__key_span *span, int64_t *added);
void weir__spans_clear(weir__dropped_spans *spans);

/* Iterates over the rows of the buffer and of the database. */
weir_err weir__buffered_range(weir__kv *kv, weir_slice from, weir_slice to, bool reverse,
                              weir__kv_iter **out, weir_error *error);

#endif
