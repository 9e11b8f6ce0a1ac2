/* SPDX-License-Identifier: Apache-2.0
 *
 * Random plans and records, as cases of the replay. A profile leaves out what Kafka Streams itself
 * does not promise to be equal between the two runs that are compared. */
#ifndef WEIR_TESTS_FUZZ_GENERATE_H
#define WEIR_TESTS_FUZZ_GENERATE_H

#include <stdbool.h>
#include <stdint.h>
#include <yyjson.h>

typedef enum fuzz_profile {
    FUZZ_DRIVERS,    /* synchronous driver and cluster: all is equal */
    FUZZ_PARTITIONS, /* 1 and 4 partitions: final tables, outputs per key */
    FUZZ_CACHES,     /* with and without record caches: final tables */
    FUZZ_BACKENDS,   /* memory and RocksDB: all is equal */
    FUZZ_PROFILES,
} fuzz_profile;

extern const char *const fuzz_profile_names[FUZZ_PROFILES];

/* A case without results. `backend`: of all its stores. The same arguments give the same case, and
 * cases of two backends differ in nothing else. Free it with yyjson_mut_doc_free. */
yyjson_mut_doc *fuzz_generate(uint64_t seed, fuzz_profile profile, const char *backend);

#endif
