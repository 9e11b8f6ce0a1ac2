/* SPDX-License-Identifier: Apache-2.0
 *
 * The set of names in a request, and which of them are duplicates. */
#include "names.h"

weir_err weir__names_add(weir__names *names, weir_slice name)
{
    bool again = weir__map_find(&names->counts, name) != NULL;
    return weir__map_put(&names->counts, name, again ? names : NULL);
}

bool weir__names_is_duplicate(const weir__names *names, weir_slice name)
{
    return weir__map_get(&names->counts, name) != NULL;
}

size_t weir__names_count(const weir__names *names)
{
    return names->counts.count;
}

void weir__names_each_duplicate(const weir__names *names, void (*fn)(weir_slice name, void *user),
                                void *user)
{
    for (const weir__map_entry *entry = names->counts.first; entry != NULL; entry = entry->next) {
        if (entry->value != NULL) {
            fn(entry->key, user);
        }
    }
}

void weir__names_fini(weir__names *names)
{
    weir__map_fini(&names->counts, NULL);
}
