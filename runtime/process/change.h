/* SPDX-License-Identifier: Apache-2.0
 *
 * An update of a table: the value of a record between table operators points to a weir__change.
 * to_stream forwards its new value. */
#ifndef WEIR_PROCESS_CHANGE_H
#define WEIR_PROCESS_CHANGE_H

#include <stdbool.h>

typedef struct weir__change {
    const void *new_value; /* decoded; NULL: the row is deleted */
    const void *old_value; /* NULL: no row before, or the node does not forward old values */
    bool out_of_order;     /* of a versioned table: a later version of the key is known */
} weir__change;

#endif
