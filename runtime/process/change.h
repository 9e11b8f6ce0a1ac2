/* SPDX-License-Identifier: Apache-2.0
 *
 * How an update of a table travels: the value of a record between table operators points to one of
 * these. to_stream takes the new value out of it. */
#ifndef WEIR_PROCESS_CHANGE_H
#define WEIR_PROCESS_CHANGE_H

typedef struct weir__change {
    const void *new_value; /* decoded; NULL: the row is gone */
    const void *old_value; /* NULL: no row before, or the node does not send old values */
} weir__change;

#endif
