/* SPDX-License-Identifier: Apache-2.0
 *
 * The versions of Weir and of the libraries that it has loaded. */
#include <weir/weir.h>

#include "client/client.h"
#include "state/store.h"

const char *weir_version(void)
{
    return WEIR_VERSION;
}

const char *weir_librdkafka_version(void)
{
    return weir__client_version();
}

const char *weir_rocksdb_version(void)
{
    return weir__rocksdb_version();
}
