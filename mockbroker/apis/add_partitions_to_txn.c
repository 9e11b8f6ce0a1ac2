/* SPDX-License-Identifier: Apache-2.0
 *
 * AddPartitionsToTxn: all partitions are added, or none. */
#include <stdlib.h>

#include "brokers/topics.h"
#include "part_rows.h"
#include "server/faults.h"
#include "txn_requests.h"

#define FENCED_FROM 2 /* first version with PRODUCER_FENCED */

/* True: there is no fault for a partition, and all exist. Else the rows have their errors. */
static bool all_exist(const weir__request *request, weir__part_rows *rows)
{
    bool exist = true;
    for (size_t i = 0; i < rows->count; i++) {
        weir__part_row *row = &rows->rows[i];
        const weir__partition *partition =
            weir__partition_find(request->mock, row->part.topic, row->part.partition);
        bool known = weir__partition_is_known(partition, request->conn->broker->id);
        int16_t fault = weir__fault_error(request, row->part.topic, row->part.partition);
        row->error = known ? RD_KAFKA_RESP_ERR_OPERATION_NOT_ATTEMPTED
                           : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
        row->error = fault != 0 ? fault : row->error;
        exist = exist && known && fault == 0;
    }
    return exist;
}

static int16_t add(weir__request *request, const weir__producer *producer,
                   const weir__part_rows *rows)
{
    weir_mock *mock = request->mock;
    int16_t error = weir__check_txn_coordinator(request, producer->id);
    if (error != 0) {
        return error;
    }
    weir__txn_part *parts = malloc((rows->count + 1) * sizeof *parts);
    if (parts == NULL) {
        return RD_KAFKA_RESP_ERR_UNKNOWN;
    }
    for (size_t i = 0; i < rows->count; i++) {
        parts[i] = (weir__txn_part){rows->rows[i].part.topic, rows->rows[i].part.partition};
    }
    error = weir__txns_add(&mock->txns, producer, parts, rows->count, mock->now_us);
    free(parts);
    return error;
}

void weir__handle_add_partitions_to_txn(weir__request *request, weir__reader *in)
{
    weir__part_rows rows = {0};
    const weir__producer producer = weir__take_producer(request, in);
    weir__read_part_rows(request, in, &rows, NULL);
    weir__take_tags(request, in);
    if (in->failed) {
        weir__part_rows_fini(&rows);
        weir__request_malformed(request);
        return;
    }
    if (all_exist(request, &rows)) {
        int16_t error = add(request, &producer, &rows);
        weir__part_rows_set_errors(&rows, weir__txn_error(request, FENCED_FROM, &producer, error));
    }
    weir__put_throttle(request, 0);
    weir__put_part_rows(request, &rows, NULL);
    weir__give_tags(request);
    weir__part_rows_fini(&rows);
    weir__request_answer(request);
}
