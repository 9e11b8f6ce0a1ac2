/* SPDX-License-Identifier: Apache-2.0
 *
 * Moves leaders and coordinators. The names are collected first: callbacks may not call the mock.
 */
#include "scenarios/swarm/brokers.h"

#include <string.h>

#define NAMES_MAX 64
#define NAME_MAX ((size_t)256)

struct names {
    char texts[NAMES_MAX][NAME_MAX];
    size_t count;
    bool lost; /* more than fit */
};

static void add(struct names *names, const char *name)
{
    if (names->count == NAMES_MAX || strlen(name) >= NAME_MAX) {
        names->lost = true;
        return;
    }
    snprintf(names->texts[names->count++], NAME_MAX, "%s", name);
}

struct topics {
    struct names names;
    int32_t partition;
};

static void add_topic(const char *topic, int32_t partitions, void *user)
{
    struct topics *topics = user;
    if (topics->partition < partitions) {
        add(&topics->names, topic);
    }
}

static void add_transaction(const weir_mock_transaction *transaction, void *user)
{
    add(user, transaction->transactional_id);
}

static void check(weir_cluster *cluster, bool moved)
{
    if (!moved) {
        weir_cluster_fail(cluster, "leaders or coordinators cannot be moved");
    }
}

void swarm_move_leaders(weir_cluster *cluster, int32_t partition, int32_t broker)
{
    weir_mock *mock = weir_cluster_mock(cluster);
    struct topics topics = {.partition = partition};
    weir_mock_topics(mock, add_topic, &topics);
    bool moved = !topics.names.lost;
    for (size_t i = 0; i < topics.names.count; i++) {
        moved = weir_mock_partition_set_leader(mock, topics.names.texts[i], partition, broker) ==
                    WEIR_OK &&
                moved;
    }
    check(cluster, moved);
}

void swarm_move_transactions(weir_cluster *cluster, int32_t broker)
{
    weir_mock *mock = weir_cluster_mock(cluster);
    struct names ids = {.count = 0};
    bool moved = weir_mock_transactions(mock, add_transaction, &ids) == WEIR_OK && !ids.lost;
    for (size_t i = 0; i < ids.count; i++) {
        moved =
            weir_mock_transaction_coordinator_set(mock, ids.texts[i], broker) == WEIR_OK && moved;
    }
    check(cluster, moved);
}
