/* SPDX-License-Identifier: Apache-2.0
 *
 * The bytes of a change in the repartition topic of a grouped table. */
#ifndef WEIR_OPERATORS_CHANGE_SERDE_H
#define WEIR_OPERATORS_CHANGE_SERDE_H

#include <weir/serde.h>

/* Of weir__change; its `user` is a weir__wrapped around the serde of the values. */
extern const weir_serde weir__change_serde;

#endif
