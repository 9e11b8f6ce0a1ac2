/* SPDX-License-Identifier: Apache-2.0
 *
 * The loaded libraries: their addresses, and the check that the simulation covers what they call.
 */
#ifndef WEIR_DRIVER_SIM_LIBRARIES_H
#define WEIR_DRIVER_SIM_LIBRARIES_H

#include <weir/weir.h>

typedef enum weir__caller {
    WEIR__CALLER_LIBRARY, /* any shared library without a name of its own here */
    WEIR__CALLER_PROGRAM, /* the executable: runtime, test, driver */
    WEIR__CALLER_RDKAFKA,
    WEIR__CALLER_ROCKSDB,
    WEIR__CALLER_STDCXX,
    WEIR__CALLER_CRYPTO, /* OpenSSL */
    WEIR__CALLER_TOOL,   /* sanitizers, profilers: they need the real clock */
} weir__caller;

/* Checks the loaded libraries, and reads the address ranges of all loaded objects.
 * WEIR_EUNSUPPORTED names the functions that are not covered. */
weir_err weir__libraries_check_loaded(weir_error *error);

/* True if the program runs under valgrind, whose library is loaded then. */
bool weir__under_valgrind(void);

/* The kind of object to which `address` belongs. */
weir__caller weir__caller_of(const void *address);

/* A library whose random generators live as long as the process: how often it seeds one depends on
 * the runs before. When the process id changes, it takes that for a fork and seeds them anew. */
bool weir__outlives_run(const void *address);

#endif
