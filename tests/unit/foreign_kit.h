/* SPDX-License-Identifier: Apache-2.0
 *
 * Orders joined with their customers, for tests of foreign-key joins. */
#ifndef WEIR_TESTS_FOREIGN_KIT_H
#define WEIR_TESTS_FOREIGN_KIT_H

#include <weir/driver_cmocka.h>
#include <weir/driver_sync.h>

#include "fixtures/orders.h"

#define STRINGS &weir_string, &weir_string

static const weir_store_opts named = {.value = &weir_string, .node = "j"};

static inline weir_topology *joined_with(const weir_config *config, const weir_foreign_joiner *fn,
                                         bool left, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_table orders = weir_table_source(b, "orders", "orders", STRINGS, NULL);
    weir_table customers = weir_table_source(b, "customers", "customers", STRINGS, NULL);
    weir_table j = left ? weir_table_foreign_left_join(orders, customers, fn, "j", &named)
                        : weir_table_foreign_join(orders, customers, fn, "j", &named);
    weir_to(weir_to_stream(j, NULL), "out", NULL);
    return weir_build(b, config, error);
}

static inline weir_topology *inner(const weir_config *config, weir_error *error)
{
    return joined_with(config, &fixture_by_customer, false, error);
}

static inline weir_sync *made(weir_topology_fn topology, const weir_sync_opts *opts)
{
    weir_error error = {0};
    weir_sync_opts own = opts != NULL ? *opts : (weir_sync_opts){0};
    own.on_failure = weir_cmocka_failure;
    weir_sync *sync = weir_sync_new(topology, &own, &error);
    if (sync == NULL) {
        fail_msg("%s", error.message);
    }
    return sync;
}

#endif
