/* SPDX-License-Identifier: Apache-2.0
 *
 * What is loaded where, and whether the simulation covers what it calls. */
#ifndef WEIR_DRIVER_SIM_LIBRARIES_H
#define WEIR_DRIVER_SIM_LIBRARIES_H

#include <weir/weir.h>

typedef enum weir__caller {
    WEIR__CALLER_LIBRARY, /* any shared library without a name of its own here */
    WEIR__CALLER_PROGRAM, /* the executable: runtime, test, driver */
    WEIR__CALLER_RDKAFKA,
    WEIR__CALLER_ROCKSDB,
    WEIR__CALLER_STDCXX,
    WEIR__CALLER_TOOL, /* sanitizers, profilers: they need the real clock */
} weir__caller;

/* Also learns the address ranges of everything loaded. WEIR_EUNSUPPORTED names what is missing. */
weir_err weir__libraries_check_loaded(weir_error *error);

/* Its tool's library is loaded into the program. */
bool weir__under_valgrind(void);

/* Whose code or data `address` is. */
weir__caller weir__caller_of(const void *address);

#endif
