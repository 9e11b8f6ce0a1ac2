/* SPDX-License-Identifier: Apache-2.0
 *
 * The messages between the two sides of a foreign-key join, as values of its internal topics and of
 * its store. */
#ifndef WEIR_OPERATORS_FOREIGN_SERDES_H
#define WEIR_OPERATORS_FOREIGN_SERDES_H

#include "state/values.h"

/* Instructions of a subscription (SubscriptionWrapper.Instruction). */
enum {
    WEIR__UNSUBSCRIBE,          /* no answer */
    WEIR__UNSUBSCRIBE_AND_TELL, /* the answer has no value */
    WEIR__ANSWER_ALWAYS,        /* without a value if there is no row */
    WEIR__ANSWER_IF_ROW,
};

/* Decodes to a weir__subscription that borrows from the bytes. */
extern const weir_serde weir__subscription_serde;

/* To weir__builder_wrap: around the serde of the right table's values. */
typedef struct weir__foreign_answer {
    const uint8_t *hash; /* of the left value that subscribed; NULL: deleted */
    const void *value;   /* of the right row; NULL: none */
    int32_t partition;   /* to which the answer is sent; not in the bytes */
} weir__foreign_answer;
extern const weir_serde weir__foreign_answer_serde;

#endif
