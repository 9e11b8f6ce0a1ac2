/* SPDX-License-Identifier: Apache-2.0
 *
 * The public type of the synchronous driver. */
#ifndef WEIR_DRIVER_SYNC_DRIVER_H
#define WEIR_DRIVER_SYNC_DRIVER_H

#include "common/common.h"
#include "common/files.h"
#include "sync/sync.h"

struct weir_sync {
    weir__driver driver; /* first */
    weir__sync core;
    weir_config *config;
    weir_topology *topology;
    char directory[WEIR__PATH_MAX]; /* own; "": none */
};

static inline weir_sync *weir__sync_of(const weir__driver *driver)
{
    return (weir_sync *)(uintptr_t)driver;
}

extern const weir__driver_ops weir__sync_driver_ops;
void weir__sync_look(weir__driver *driver, weir__look *look);

#endif
