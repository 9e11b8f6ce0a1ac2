/* SPDX-License-Identifier: Apache-2.0
 *
 * Parts of a transaction: each is one block of memory, with its name behind the struct. */
#include "parts.h"

#include <stdlib.h>
#include <string.h>

/* Key: the partition, then the name. */
static weir_err put_key(weir_buf *key, const weir__txn_part *part)
{
    weir__buf_put_i32(key, part->partition);
    return weir_put(key, part->name.data, part->name.len);
}

bool weir__txn_parts_has(const weir__map *parts, const weir__txn_part *part)
{
    weir_buf key = {0};
    bool found =
        put_key(&key, part) == WEIR_OK && weir__map_find(parts, weir__buf_slice(&key)) != NULL;
    weir__buf_fini(&key);
    return found;
}

static weir_err add_one(weir__map *parts, const weir__txn_part *part)
{
    weir_buf key = {0};
    weir__txn_part *copy = malloc(sizeof *copy + part->name.len);
    weir_err err = copy != NULL ? put_key(&key, part) : WEIR_ENOMEM;
    if (err != WEIR_OK) {
        goto done;
    }
    memcpy(copy + 1, part->name.data, part->name.len);
    *copy = (weir__txn_part){{copy + 1, part->name.len}, part->partition};
    err = weir__map_put(parts, weir__buf_slice(&key), copy);
    copy = err == WEIR_OK ? NULL : copy;
done:
    free(copy);
    weir__buf_fini(&key);
    return err;
}

void weir__txn_parts_remove(weir__map *parts, const weir__map_entry *entry)
{
    free(weir__map_remove(parts, entry->key));
}

weir_err weir__txn_parts_add(weir__map *parts, const weir__txn_part *added, size_t count)
{
    size_t before = parts->count;
    for (size_t i = 0; i < count; i++) {
        weir_err err = weir__txn_parts_has(parts, &added[i]) ? WEIR_OK : add_one(parts, &added[i]);
        if (err != WEIR_OK) {
            while (parts->count > before) {
                weir__txn_parts_remove(parts, parts->last);
            }
            return err;
        }
    }
    return WEIR_OK;
}

void weir__txn_parts_fini(weir__map *parts)
{
    weir__map_fini(parts, free);
}
