/* SPDX-License-Identifier: Apache-2.0
 *
 * The topics that one request names. Kafka's controller carries out none that is named twice, and
 * answers it once, with INVALID_REQUEST (ControllerApis.scala). */
#ifndef WEIR_MOCKBROKER_NAMES_H
#define WEIR_MOCKBROKER_NAMES_H

#include "core/buf.h"
#include "core/map.h"

#define WEIR__DUPLICATE_TOPIC "Duplicate topic name."

/* Zero-initialised is empty. */
typedef struct weir__names {
    weir__map counts; /* name -> not NULL when it came again */
} weir__names;

weir_err weir__names_add(weir__names *names, weir_slice name);
bool weir__names_is_duplicate(const weir__names *names, weir_slice name);
size_t weir__names_count(const weir__names *names); /* different ones */
/* Calls fn for each name that came more than once, in the order of their first places. */
void weir__names_each_duplicate(const weir__names *names, void (*fn)(weir_slice name, void *user),
                                void *user);
void weir__names_fini(weir__names *names);

#endif
