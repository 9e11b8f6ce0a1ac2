/* SPDX-License-Identifier: Apache-2.0
 *
 * The offsets that open transactions have sent to one group: they are committed, or dropped, when
 * the transaction's marker is written. */
#ifndef WEIR_MOCKBROKER_TXN_OFFSETS_H
#define WEIR_MOCKBROKER_TXN_OFFSETS_H

#include "groups.h"
#include "offsets.h"

/* The offsets of one producer. NULL is the empty list. */
typedef struct weir__txn_offsets {
    struct weir__txn_offsets *next; /* in the order of their first offset */
    int64_t producer_id;
    weir__map offsets;
} weir__txn_offsets;

void weir__txn_offsets_fini(weir__txn_offsets **list);
weir_err weir__txn_offsets_put(weir__txn_offsets **list, int64_t producer_id,
                               const weir__offset *offset);
/* Whether a transaction is open that has sent an offset for this partition. */
bool weir__txn_offsets_has(const weir__txn_offsets *list, weir_slice topic, int32_t partition);
void weir__txn_offsets_remove(weir__txn_offsets *list, weir_slice topic, int32_t partition);
/* Ends the producer's transaction. A commit puts its offsets into `committed`, except where an
 * offset was committed after them without a transaction. Calls fn (NULL allowed) for each offset,
 * in the order in which they were sent: it is committed, or dropped. WEIR_ENOMEM: some are lost. */
weir_err weir__txn_offsets_end(weir__txn_offsets **list, int64_t producer_id, bool commit,
                               weir__map *committed,
                               void (*fn)(const weir__offset *offset, bool committed, void *user),
                               void *user);

/* Checks that this member may send offsets in a transaction (KIP-447): 0, INVALID_GROUP_ID,
 * ILLEGAL_GENERATION, UNKNOWN_MEMBER_ID or FENCED_INSTANCE_ID. A client of before KIP-447 names no
 * member and no generation, and is not checked. On success *out is the group, created if necessary.
 */
int16_t weir__groups_txn_commit(weir__groups *groups, const weir__membership *who, int64_t now_us,
                                weir__group **out);

#endif
