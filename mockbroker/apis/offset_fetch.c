/* SPDX-License-Identifier: Apache-2.0
 *
 * OffsetFetch. */
#include "group/txn_offsets.h"
#include "items.h"
#include "server/faults.h"

typedef struct fetched {
    weir__item item;
    const weir__offset *offset; /* NULL: none */
} fetched;

typedef struct offset_fetch {
    weir_slice group;
    weir__items items;   /* null: all that are committed */
    bool require_stable; /* offsets of open transactions are an error (KIP-447) */
} offset_fetch;

static void put_offset(weir__request *request, const void *item)
{
    static const weir__offset none = {.offset = -1, .leader_epoch = -1, .metadata = {"", 0}};
    const fetched *part = item;
    const weir__offset *offset = part->offset != NULL ? part->offset : &none;
    weir__buf_put_i32(&request->answer, part->item.id);
    weir__buf_put_i64(&request->answer, offset->offset);
    if (request->version >= 5) {
        weir__buf_put_i32(&request->answer, offset->leader_epoch);
    }
    weir__give_string(request, offset->metadata);
    weir__buf_put_i16(&request->answer, part->item.error);
}

static bool read_all(const weir__request *request, weir__reader *in, offset_fetch *it)
{
    it->group = weir__take_text(request, in);
    weir__items_read(request, in, &it->items, NULL);
    in->failed = in->failed || (it->items.is_null && request->version < 2);
    it->require_stable = request->version >= 7 && weir__read_bool(in);
    weir__take_tags(request, in);
    return !in->failed;
}

/* The items that a request for all offsets did not name. */
static bool name_all(weir__items *items, const weir__map *offsets)
{
    for (const weir__map_entry *entry = offsets->first; entry != NULL; entry = entry->next) {
        const weir__offset *offset = entry->value;
        if (weir__items_add(items, offset->topic, offset->partition) == NULL) {
            return false;
        }
    }
    return true;
}

static void look_up(const offset_fetch *it, const weir__group *group, fetched *part, int16_t error)
{
    weir__item *item = &part->item;
    item->error = error;
    if (error != 0 || group == NULL) {
        return;
    }
    if (it->require_stable && weir__txn_offsets_has(group->txn_offsets, item->topic, item->id)) {
        item->error = RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT;
    } else {
        part->offset = weir__offsets_find(&group->offsets, item->topic, item->id);
    }
}

void weir__handle_offset_fetch(weir__request *request, weir__reader *in)
{
    offset_fetch it = {.items = {.size = sizeof(fetched)}};
    int16_t error = 0;
    const weir__group *group = NULL;
    bool whole = read_all(request, in, &it);
    if (whole) {
        error = weir__check_coordinator(request, it.group);
        group = weir__groups_find(&request->mock->groups, it.group);
    }
    if (whole && it.items.is_null && error == 0 && group != NULL) {
        whole = name_all(&it.items, &group->offsets);
    }
    if (!whole) {
        weir__items_malformed(request, &it.items);
        return;
    }
    for (int32_t i = 0; i < it.items.count; i++) {
        fetched *part = weir__items_at(&it.items, i);
        int16_t fault = weir__fault_error(request, part->item.topic, part->item.id);
        look_up(&it, group, part, fault != 0 ? fault : error);
    }
    weir__put_throttle(request, 3);
    weir__items_put(request, &it.items, put_offset);
    if (request->version >= 2) {
        weir__buf_put_i16(&request->answer, error);
    }
    weir__give_tags(request);
    weir__items_fini(&it.items);
    weir__request_answer(request);
}
