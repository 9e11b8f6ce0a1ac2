/* SPDX-License-Identifier: Apache-2.0
 *
 * The topology that copies topic "texts" to "copies", and topics to which no client can write. */
#ifndef WEIR_TESTS_SUPPORT_COPIES_H
#define WEIR_TESTS_SUPPORT_COPIES_H

#include <stdio.h>

#include <weir/dsl.h>

#include "support/cluster.h"

static inline weir_topology *copies(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_to(weir_source(b, "texts", &weir_string, &weir_string, NULL), "copies", NULL);
    return weir_build(b, config, error);
}

/* -1: no client can write to it. */
static inline void set_leader(weir_cluster *cluster, const char *topic, int32_t partition,
                              int32_t broker)
{
    weir_mock *mock = weir_cluster_mock(cluster);
    assert_int_equal(weir_mock_partition_set_leader(mock, topic, partition, broker), WEIR_OK);
}

/* Sends lines of one key, numbered on, and adds them to the expected rows. */
static inline void send_lines(weir_input texts, int count, weir_rows *expected)
{
    for (int i = 0; i < count; i++) {
        char line[16];
        snprintf(line, sizeof line, "line %d", (int)weir_rows_size(expected));
        weir_slice key = weir_slice_of("k");
        weir_slice value = weir_slice_of(line);
        weir_rows_add(expected, &key, &value);
        weir_input_text(texts, "k", line);
    }
}

#endif
