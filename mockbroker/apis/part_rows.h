/* SPDX-License-Identifier: Apache-2.0
 *
 * The partitions of a request, [topic, [partition, ...]], as a list of rows, and the answer of the
 * same form with an error code for each. */
#ifndef WEIR_MOCKBROKER_PART_ROWS_H
#define WEIR_MOCKBROKER_PART_ROWS_H

#include "flexible.h"
#include "group/offsets.h"

/* A request with more is reported to on_failure, and its connection breaks. */
#define WEIR__PART_ROWS_MAX 100000

typedef struct weir__part_row {
    weir__offset part; /* topic and partition; the rest is the API's. Borrows the request */
    int16_t error;     /* for the answer */
} weir__part_row;

/* Zero-initialised is empty. */
typedef struct weir__part_rows {
    weir__part_row *rows;
    size_t count;
    size_t capacity;
    bool is_null; /* no list, which is not the empty list */
} weir__part_rows;

void weir__part_rows_fini(weir__part_rows *rows);
/* Reads the list. `more` (NULL: nothing) reads what follows each partition's number; then the
 * partitions are structs, which have tags in flexible versions. Sets in->failed if it is malformed
 * or too long, or out of memory. */
void weir__read_part_rows(weir__request *request, weir__reader *in, weir__part_rows *rows,
                          void (*more)(const weir__request *request, weir__reader *in,
                                       weir__offset *part));
/* Adds a row. False: too many, which is reported, or out of memory. */
bool weir__part_rows_add(weir__request *request, weir__part_rows *rows, weir_slice topic,
                         int32_t partition);
/* Writes partition, what `more` writes (NULL: nothing), and the error code. */
void weir__put_part_rows(weir__request *request, const weir__part_rows *rows,
                         void (*more)(weir__request *request, const weir__offset *part));
void weir__part_rows_set_errors(weir__part_rows *rows, int16_t error);

#endif
