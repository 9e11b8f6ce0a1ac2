/* SPDX-License-Identifier: Apache-2.0
 *
 * RocksDB's messages as codes. */
#include "state/damage.h"

#include <string.h>

weir_err weir__rocksdb_code(const char *text)
{
    if (strncmp(text, "Corruption", strlen("Corruption")) == 0 ||
        strstr(text, "No such file or directory") != NULL) { /* a file of the database */
        return WEIR_ECORRUPT;
    }
    if (strstr(text, "While lock file: ") != NULL || strstr(text, "lock hold by current") != NULL) {
        return WEIR_ELOCKED;
    }
    return WEIR_EIO;
}

bool weir__has_name(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}
