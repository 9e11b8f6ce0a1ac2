/* SPDX-License-Identifier: Apache-2.0
 *
 * OffsetFetch. */
#include "group/txn_offsets.h"
#include "part_rows.h"
#include "server/faults.h"

typedef struct offset_fetch {
    weir_slice group;
    weir__part_rows rows; /* null: all that are committed */
    bool require_stable;  /* offsets of open transactions are an error (KIP-447) */
} offset_fetch;

static void put_offset(weir__request *request, const weir__offset *part)
{
    weir__buf_put_i64(&request->answer, part->offset);
    if (request->version >= 5) {
        weir__buf_put_i32(&request->answer, part->leader_epoch);
    }
    weir__give_string(request, part->metadata);
}

static bool read_all(weir__request *request, weir__reader *in, offset_fetch *it)
{
    it->group = weir__take_text(request, in);
    weir__read_part_rows(request, in, &it->rows, NULL);
    in->failed = in->failed || (it->rows.is_null && request->version < 2);
    it->require_stable = request->version >= 7 && weir__read_bool(in);
    weir__take_tags(request, in);
    return !in->failed;
}

/* The rows that a request for all offsets did not name. */
static bool name_all(weir__request *request, weir__part_rows *rows, const weir__map *offsets)
{
    for (const weir__map_entry *entry = offsets->first; entry != NULL; entry = entry->next) {
        const weir__offset *offset = entry->value;
        if (!weir__part_rows_add(request, rows, offset->topic, offset->partition)) {
            return false;
        }
    }
    return true;
}

static void look_up(const offset_fetch *it, const weir__group *group, weir__part_row *row,
                    int16_t error)
{
    weir__offset *part = &row->part;
    const weir__offset *found = NULL;
    row->error = error;
    if (error == 0 && group != NULL) {
        bool unstable = it->require_stable &&
                        weir__txn_offsets_has(group->txn_offsets, part->topic, part->partition);
        row->error = unstable ? RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT : 0;
        found = unstable ? NULL : weir__offsets_find(&group->offsets, part->topic, part->partition);
    }
    part->offset = found != NULL ? found->offset : -1;
    part->leader_epoch = found != NULL ? found->leader_epoch : -1;
    part->metadata = found != NULL ? found->metadata : weir_slice_of("");
}

void weir__handle_offset_fetch(weir__request *request, weir__reader *in)
{
    offset_fetch it = {0};
    int16_t error = 0;
    const weir__group *group = NULL;
    bool whole = read_all(request, in, &it);
    if (whole) {
        error = weir__check_coordinator(request, it.group);
        group = weir__groups_find(&request->mock->groups, it.group);
    }
    if (whole && it.rows.is_null && error == 0 && group != NULL) {
        whole = name_all(request, &it.rows, &group->offsets);
    }
    if (!whole) {
        weir__part_rows_fini(&it.rows);
        weir__request_malformed(request);
        return;
    }
    for (size_t i = 0; i < it.rows.count; i++) {
        weir__part_row *row = &it.rows.rows[i];
        int16_t fault = weir__fault_error(request, row->part.topic, row->part.partition);
        look_up(&it, group, row, fault != 0 ? fault : error);
    }
    weir__put_throttle(request, 3);
    weir__put_part_rows(request, &it.rows, put_offset);
    if (request->version >= 2) {
        weir__buf_put_i16(&request->answer, error);
    }
    weir__give_tags(request);
    weir__part_rows_fini(&it.rows);
    weir__request_answer(request);
}
