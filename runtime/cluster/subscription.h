/* SPDX-License-Identifier: Apache-2.0
 *
 * What the members of the group subscribe to, and when the group must begin again because the
 * topics have changed. Nothing is read because of a subscription: tasks assign partitions. */
#ifndef WEIR_CLUSTER_SUBSCRIPTION_H
#define WEIR_CLUSTER_SUBSCRIPTION_H

#include "cluster/membership.h"

weir_err weir__subscribe(weir__membership *membership, weir_error *error);
/* Begins a new generation of the group. */
weir_err weir__subscribe_again(weir__membership *membership, weir_error *error);

/* All members agree on the leader: all subscribe to the same topics, and the assignor `range` gives
 * partition 0 of each topic to the same member. */
bool weir__subscription_leads(const weir__membership *membership);

/* The leader of a generation looks for topics that patterns match, when it is time. */
void weir__subscription_watch(weir__membership *membership);

#endif
