/* SPDX-License-Identifier: Apache-2.0
 *
 * Times of nodes that are committed with the offsets (the processor metadata of Kafka Streams,
 * KIP-825). */
#include <stdlib.h>
#include <string.h>

#include "process/graph_internal.h"

static int compare(const char *have, weir_slice name)
{
    size_t length = strlen(have);
    size_t common = length < name.len ? length : name.len;
    int order = common > 0 ? memcmp(have, name.data, common) : 0;
    return order != 0 ? order : (length > name.len) - (length < name.len);
}

/* `name` has no zero byte. NULL: out of memory. */
static weir__kept_time *find_or_add(weir__graph *graph, weir_slice name)
{
    weir__kept_time **at = &graph->kept_times;
    while (*at != NULL && compare((*at)->name, name) < 0) {
        at = &(*at)->next;
    }
    if (*at != NULL && compare((*at)->name, name) == 0) {
        return *at;
    }
    weir__kept_time *added = calloc(1, sizeof *added + name.len + 1);
    if (added != NULL) {
        added->ms = -1;
        memcpy(added->name, name.data, name.len);
        added->next = *at;
        *at = added;
    }
    return added;
}

/* Any client of the group can have written the name. */
weir_err weir__graph_restore_time(weir__graph *graph, weir_slice name, int64_t ms)
{
    if (name.len == 0 || memchr(name.data, 0, name.len) != NULL) {
        return WEIR_OK; /* no node has such a name */
    }
    weir__kept_time *time = find_or_add(graph, name);
    if (time != NULL && ms > time->ms) {
        time->ms = ms;
    }
    return time != NULL ? WEIR_OK : WEIR_ENOMEM;
}

const weir__kept_time *weir__graph_kept_times(const weir__graph *graph)
{
    return graph->kept_times;
}

int64_t *weir__keep_time(weir_ctx *ctx, const char *name)
{
    weir__kept_time *time = find_or_add(ctx->graph, weir_slice_of(name));
    if (time == NULL) {
        weir__ctx_out_of_memory(ctx);
        return NULL;
    }
    time->used = true;
    return &time->ms;
}
