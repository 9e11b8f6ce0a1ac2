/* SPDX-License-Identifier: Apache-2.0
 *
 * The topics and partitions that a request names, found without the API's own handler, so that a
 * fault can hit a request before it is carried out. */
#ifndef WEIR_MOCKBROKER_REQUEST_TOPICS_H
#define WEIR_MOCKBROKER_REQUEST_TOPICS_H

#include "core/buf.h"

typedef enum weir__names_in_request {
    WEIR__NAMES_NO_TOPIC,
    WEIR__NAMES_TOPICS,
    WEIR__NAMES_PARTITIONS,
} weir__names_in_request;

weir__names_in_request weir__request_names(int16_t api_key);

/* Calls fn for each partition that the body names; for an API that only names topics, partition is
 * -1. Ends when fn returns true, and returns that. A malformed body ends it, too. */
bool weir__request_each_partition(int16_t api_key, int16_t version, bool flexible,
                                  weir__reader body,
                                  bool (*fn)(weir_slice topic, int32_t partition, void *user),
                                  void *user);

#endif
