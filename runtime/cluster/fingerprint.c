/* SPDX-License-Identifier: Apache-2.0
 *
 * The fingerprint of a topology: the topics that its tasks read and the stores that they keep. */
#include "cluster/fingerprint.h"

#include <string.h>

#include "core/error.h"
#include "topology/pattern.h"

static void put_sources(const weir_topology *topology, const weir__subtopology *sub, weir_buf *out)
{
    const char *before = "reads ";
    for (size_t i = 0; i < sub->source_count; i++) {
        const weir__node *source = &topology->nodes[sub->sources[i]];
        for (size_t t = 0; t < source->topic_count; t++) {
            weir__buf_printf(out, "%s%s", before, source->topics[t].name);
            before = ", ";
        }
        if (source->pattern != NULL) {
            weir__buf_printf(out, "%sthe pattern %s", before, weir__pattern_text(source->pattern));
            before = ", ";
        }
    }
}

static void put_stores(const weir_topology *topology, const weir__subtopology *sub, weir_buf *out)
{
    const char *before = "; keeps ";
    for (size_t i = 0; i < sub->store_count; i++) {
        const weir__store_spec *store = &topology->stores[sub->stores[i]];
        weir__buf_printf(out, "%s%s%s%s", before, store->name,
                         store->source_topic != NULL ? " restored from " : "",
                         store->source_topic != NULL ? store->source_topic : "");
        before = ", ";
    }
}

weir_err weir__fingerprint_of(const weir_topology *topology, weir__arena *arena,
                              const char *const **lines, size_t *count)
{
    weir_buf line = {0};
    size_t size = topology->subtopology_count;
    const char **all = weir__arena_alloc(arena, (size + 1) * sizeof(*all));
    weir_err err = all != NULL ? WEIR_OK : WEIR_ENOMEM;
    for (size_t i = 0; i < size && err == WEIR_OK; i++) {
        weir__buf_reset(&line);
        put_sources(topology, &topology->subtopologies[i], &line);
        put_stores(topology, &topology->subtopologies[i], &line);
        all[i] = line.err == WEIR_OK ? weir__arena_strdup(arena, weir__buf_text(&line)) : NULL;
        err = all[i] != NULL ? WEIR_OK : WEIR_ENOMEM;
    }
    weir__buf_fini(&line);
    if (err == WEIR_OK) {
        *lines = all;
        *count = size;
    }
    return err;
}

weir_err weir__fingerprint_check(const weir_topology *topology, const weir__assignment *assignment,
                                 weir__arena *arena, weir_error *error)
{
    const char *const *mine = NULL;
    size_t count = 0;
    weir_err err = weir__fingerprint_of(topology, arena, &mine, &count);
    if (err != WEIR_OK) {
        return weir__error_set(error, err, "topology");
    }
    size_t most = count > assignment->fingerprint_lines ? count : assignment->fingerprint_lines;
    for (size_t i = 0; i < most; i++) {
        const char *there =
            i < assignment->fingerprint_lines ? assignment->fingerprint[i] : "does not exist";
        const char *here = i < count ? mine[i] : "does not exist";
        if (strcmp(there, here) != 0) {
            return weir__error_set(
                error, WEIR_ETOPOLOGY,
                "this member runs another topology than member %s, which leads the group: "
                "sub-topology %zu %s there, and %s here. All members of an application.id must "
                "run the same",
                assignment->leader, i, there, here);
        }
    }
    return WEIR_OK;
}
