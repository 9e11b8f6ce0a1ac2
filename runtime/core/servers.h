/* SPDX-License-Identifier: Apache-2.0
 *
 * The check of the setting bootstrap.servers. */
#ifndef WEIR_CORE_SERVERS_H
#define WEIR_CORE_SERVERS_H

#include <weir/weir.h>

/* WEIR_ECONFIG names the first server that is not [protocol://]host[:port]. */
weir_err weir__servers_check(const char *servers, weir_error *error);

#endif
