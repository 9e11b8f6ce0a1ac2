/* SPDX-License-Identifier: Apache-2.0
 *
 * The fixture of cluster tests: a new cluster for each test, freed after it in any case. */
#ifndef WEIR_TESTS_SUPPORT_CLUSTER_H
#define WEIR_TESTS_SUPPORT_CLUSTER_H

#include <weir/driver_cmocka.h>

/* A test that uses fixture_cluster. */
#define cluster_test(fn)                                                                           \
    cmocka_unit_test_prestate_setup_teardown(fn, fixture_setup, fixture_teardown, (char[]){#fn})

int fixture_setup(void **state);
int fixture_teardown(void **state);

/* The test's cluster, made now; `opts` NULL: defaults. Its failures are the test's. */
weir_cluster *fixture_cluster(void **state, const weir_cluster_opts *opts);
/* free_fn frees `memory` after the cluster, whose instances may still use it. Returns it. */
void *fixture_keep(void **state, void *memory, void (*free_fn)(void *memory));

/* Sends that many records "k<number>" => "v", and expects them. */
#define FIXTURE_KEYS 40
void fixture_send_keys(weir_input input, weir_rows *expected, int from);

/* The project's file `name`, absolute. Valid until the next call. */
const char *fixture_path(const char *name);

#endif
