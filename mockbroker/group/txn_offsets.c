/* SPDX-License-Identifier: Apache-2.0
 *
 * Offsets of open transactions, and TxnOffsetCommit's check of the member (KIP-447). */
#include "txn_offsets.h"

#include <stdlib.h>

#include <librdkafka/rdkafka.h>

#include "rebalance.h"

static void free_one(weir__txn_offsets *one)
{
    weir__offsets_fini(&one->offsets);
    free(one);
}

void weir__txn_offsets_fini(weir__txn_offsets **list)
{
    while (*list != NULL) {
        weir__txn_offsets *next = (*list)->next;
        free_one(*list);
        *list = next;
    }
}

/* Where the producer's list is, or the end. */
static weir__txn_offsets **find(weir__txn_offsets **list, int64_t producer_id)
{
    while (*list != NULL && (*list)->producer_id != producer_id) {
        list = &(*list)->next;
    }
    return list;
}

weir_err weir__txn_offsets_put(weir__txn_offsets **list, int64_t producer_id,
                               const weir__offset *offset)
{
    weir__txn_offsets **at = find(list, producer_id);
    if (*at == NULL) {
        weir__txn_offsets *added = calloc(1, sizeof *added);
        if (added == NULL) {
            return WEIR_ENOMEM;
        }
        added->producer_id = producer_id;
        *at = added;
    }
    return weir__offsets_put(&(*at)->offsets, offset);
}

bool weir__txn_offsets_has(const weir__txn_offsets *list, weir_slice topic, int32_t partition)
{
    while (list != NULL && weir__offsets_find(&list->offsets, topic, partition) == NULL) {
        list = list->next;
    }
    return list != NULL;
}

void weir__txn_offsets_remove(weir__txn_offsets *list, weir_slice topic, int32_t partition)
{
    for (; list != NULL; list = list->next) {
        weir__offsets_remove(&list->offsets, topic, partition);
    }
}

/* *is_committed: false if an offset was committed after it. */
static weir_err commit_one(const weir__offset *offset, weir__map *committed, bool *is_committed)
{
    const weir__offset *old = weir__offsets_find(committed, offset->topic, offset->partition);
    *is_committed = old == NULL || old->written < offset->written;
    return *is_committed ? weir__offsets_put(committed, offset) : WEIR_OK;
}

weir_err weir__txn_offsets_end(weir__txn_offsets **list, int64_t producer_id, bool commit,
                               weir__map *committed,
                               void (*fn)(const weir__offset *offset, bool committed, void *user),
                               void *user)
{
    weir__txn_offsets **at = find(list, producer_id);
    weir__txn_offsets *ended = *at;
    weir_err err = WEIR_OK;
    if (ended == NULL) {
        return WEIR_OK;
    }
    *at = ended->next;
    const weir__map_entry *entry = ended->offsets.first;
    for (; entry != NULL && err == WEIR_OK; entry = entry->next) {
        bool is_committed = false;
        err = commit ? commit_one(entry->value, committed, &is_committed) : WEIR_OK;
        if (err == WEIR_OK && fn != NULL) {
            fn(entry->value, is_committed, user);
        }
    }
    free_one(ended);
    return err;
}

/* ---- The member ---- */

int16_t weir__groups_txn_commit(weir__groups *groups, const weir__membership *who, int64_t now_us,
                                weir__group **out)
{
    weir__group *group = weir__groups_find(groups, who->group);
    if (group == NULL) { /* checks and creates as for a commit without a transaction */
        return weir__groups_commit(groups, who, now_us, out);
    }
    weir__member *member;
    bool named = who->generation >= 0 || who->member.len > 0 || who->instance_id.data != NULL;
    bool alone = who->generation < 0 && group->state == WEIR__GROUP_EMPTY;
    /* As Kafka: one that names no member is accepted for a group with members, too. */
    int16_t error = named && !alone ? weir__member_check(group, who, &member) : 0;
    if (error == 0 && named && !alone && who->generation != group->generation) {
        error = RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION;
    }
    if (error == 0) {
        *out = group;
    }
    return error;
}
