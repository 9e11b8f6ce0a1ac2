/* SPDX-License-Identifier: Apache-2.0
 *
 * Faults of the network between a host and a listening port. */
#include "core/saturate.h"
#include "sim/files.h"

static struct {
    weir__link *list;
    size_t count;
    size_t capacity;
} links;

weir__link weir__link_of(const weir__file *file)
{
    weir__link sum = {.host = file->client, .port = file->service_port};
    for (size_t i = 0; i < links.count; i++) {
        const weir__link *link = &links.list[i];
        if (!file->client || link->host != file->client ||
            (link->port && link->port != file->service_port)) {
            continue;
        }
        sum.cut |= link->cut;
        sum.latency_us = weir__add_sat(sum.latency_us, link->latency_us);
        sum.loss_per_million += link->loss_per_million;
    }
    return sum;
}

void weir__links_stop(void)
{
    weir__sim_free(links.list);
    links.list = NULL;
    links.count = 0;
    links.capacity = 0;
}

static weir__link *find(weir_host *host, int port)
{
    for (size_t i = 0; i < links.count; i++) {
        if (links.list[i].host == host && links.list[i].port == port) {
            return &links.list[i];
        }
    }
    if (links.count == links.capacity) {
        links.capacity = links.capacity ? links.capacity * 2 : 8;
        links.list = weir__sim_realloc(links.list, links.capacity * sizeof *links.list);
    }
    links.list[links.count] = (weir__link){.host = host, .port = port};
    return &links.list[links.count++];
}

static bool is_on(const weir__file *file, const weir_host *host, int port)
{
    return file->client == host && (!port || file->service_port == port);
}

static void heal(const weir_host *host, int port)
{
    for (weir__file *file = weir__files_first(); file; file = file->next) {
        if (!is_on(file, host, port) || weir__link_of(file).cut) {
            continue;
        }
        if (file->kind == WEIR__FILE_CONNECTING && !file->connect_timer.slot) {
            int64_t round_trip_us = weir__mul_sat(2, weir__link_of(file).latency_us);
            weir__timer_arm(&file->connect_timer, weir__after_us(round_trip_us));
        } else if (file->reset_at_heal) {
            weir__file_reset(file);
        } else {
            weir__stream_deliver(&file->in);
        }
    }
}

void weir_sim_link_cut(weir_host *host, int port, bool cut)
{
    weir__link *link = find(host, port);
    if (link->cut == cut) {
        return;
    }
    weir_sim_trace(cut ? "link-cut" : "link-heal", "%s %d", host->name, port);
    link->cut = cut;
    if (!cut) {
        heal(host, port);
    }
}

void weir_sim_link_latency(weir_host *host, int port, int64_t us)
{
    weir_sim_trace("link-latency", "%s %d %lld us", host->name, port, (long long)us);
    find(host, port)->latency_us = us;
}

void weir_sim_link_loss(weir_host *host, int port, uint32_t per_million)
{
    weir_sim_trace("link-loss", "%s %d %u in a million", host->name, port, per_million);
    find(host, port)->loss_per_million = per_million;
}

void weir_sim_link_reset(weir_host *host, int port)
{
    weir_sim_trace("link-reset", "%s %d", host->name, port);
    for (weir__file *file = weir__files_first(); file; file = file->next) {
        if (file->kind == WEIR__FILE_CONNECTION && is_on(file, host, port)) {
            weir__file_reset(file);
        }
    }
}
