/* SPDX-License-Identifier: Apache-2.0
 *
 * Times of nodes that are committed with the offsets (the processor metadata of Kafka Streams,
 * KIP-825). */
#include <stdlib.h>
#include <string.h>

#include "process/graph_internal.h"

static weir__kept_time *find_or_add(weir__graph *graph, weir_slice name)
{
    weir__kept_time **at = &graph->kept_times;
    int order = -1;
    for (; *at != NULL; at = &(*at)->next) {
        order = strncmp((*at)->name, name.data, name.len);
        order = order == 0 && (*at)->name[name.len] != '\0' ? 1 : order;
        if (order >= 0) {
            break;
        }
    }
    if (*at != NULL && order == 0) {
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

weir_err weir__graph_restore_time(weir__graph *graph, weir_slice name, int64_t ms)
{
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
