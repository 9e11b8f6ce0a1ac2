/* SPDX-License-Identifier: Apache-2.0
 *
 * The names of topics in one request. If a name is there twice, Kafka's controller does nothing for
 * that topic and answers it once, with INVALID_REQUEST (ControllerApis.scala). */
#ifndef WEIR_MOCKBROKER_NAMES_H
#define WEIR_MOCKBROKER_NAMES_H

#include "core/buf.h"
#include "core/map.h"

#define WEIR__DUPLICATE_TOPIC "Duplicate topic name."

/* Zero-initialised is empty. */
typedef struct weir__names {
    weir__map counts; /* name -> not NULL if the name is a duplicate */
} weir__names;

weir_err weir__names_add(weir__names *names, weir_slice name);
bool weir__names_is_duplicate(const weir__names *names, weir_slice name);
size_t weir__names_count(const weir__names *names); /* duplicates count once */
/* Calls fn once for each duplicate name, in the order of their first occurrence. */
void weir__names_each_duplicate(const weir__names *names, void (*fn)(weir_slice name, void *user),
                                void *user);
void weir__names_fini(weir__names *names);

#endif
