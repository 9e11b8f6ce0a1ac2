/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of partitions. A topic of the answer has the rows that follow each other and name it. */
#include "part_rows.h"

#include <stdlib.h>

#define ROWS_AT_FIRST 16

void weir__part_rows_fini(weir__part_rows *rows)
{
    free(rows->rows);
    *rows = (weir__part_rows){0};
}

bool weir__part_rows_add(weir__request *request, weir__part_rows *rows, weir_slice topic,
                         int32_t partition)
{
    if (rows->count == WEIR__PART_ROWS_MAX) {
        weir__mock_fail(request->mock, "%s names more than %d partitions", request->api->name,
                        WEIR__PART_ROWS_MAX);
        return false;
    }
    if (rows->count == rows->capacity) {
        size_t capacity = rows->capacity != 0 ? rows->capacity * 2 : ROWS_AT_FIRST;
        weir__part_row *grown = realloc(rows->rows, capacity * sizeof *grown);
        if (grown == NULL) {
            return false;
        }
        rows->rows = grown;
        rows->capacity = capacity;
    }
    rows->rows[rows->count++] = (weir__part_row){.part = {.topic = topic, .partition = partition}};
    return true;
}

void weir__read_part_rows(weir__request *request, weir__reader *in, weir__part_rows *rows,
                          void (*more)(const weir__request *request, weir__reader *in,
                                       weir__offset *part))
{
    int32_t topics = weir__take_count(request, in);
    rows->is_null = topics < 0;
    for (int32_t i = 0; i < topics && !in->failed; i++) {
        weir_slice topic = weir__take_text(request, in);
        int32_t partitions = weir__take_count(request, in);
        for (int32_t j = 0; j < partitions && !in->failed; j++) {
            if (!weir__part_rows_add(request, rows, topic, weir__read_i32(in))) {
                in->failed = true;
                return;
            }
            if (more != NULL) {
                more(request, in, &rows->rows[rows->count - 1].part);
                weir__take_tags(request, in);
            }
        }
        weir__take_tags(request, in);
    }
}

/* The end of the rows from `at` on that name the same topic. */
static size_t topic_end(const weir__part_rows *rows, size_t at)
{
    size_t end = at + 1;
    while (end < rows->count &&
           weir_slice_equal(rows->rows[end].part.topic, rows->rows[at].part.topic)) {
        end++;
    }
    return end;
}

void weir__put_part_rows(weir__request *request, const weir__part_rows *rows,
                         void (*more)(weir__request *request, const weir__offset *part))
{
    size_t topics = 0;
    for (size_t i = 0; i < rows->count; i = topic_end(rows, i)) {
        topics++;
    }
    weir__give_count(request, topics);
    for (size_t i = 0; i < rows->count;) {
        size_t end = topic_end(rows, i);
        weir__give_string(request, rows->rows[i].part.topic);
        weir__give_count(request, end - i);
        for (; i < end; i++) {
            weir__buf_put_i32(&request->answer, rows->rows[i].part.partition);
            if (more != NULL) {
                more(request, &rows->rows[i].part);
            }
            weir__buf_put_i16(&request->answer, rows->rows[i].error);
            weir__give_tags(request);
        }
        weir__give_tags(request);
    }
}

void weir__part_rows_set_errors(weir__part_rows *rows, int16_t error)
{
    for (size_t i = 0; i < rows->count; i++) {
        rows->rows[i].error = error;
    }
}
