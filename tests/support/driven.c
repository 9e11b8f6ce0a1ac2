/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "process/headers.h"
#include "state/files.h"
#include "support/driven.h"

#define DROPS_MAX 64

static void on_log(int level, const char *text, void *user)
{
    driven *d = user;
    (void)level;
    snprintf(d->log, sizeof d->log, "%s", text);
}

static void set(driven *d, const char *name, const char *value)
{
    if (weir_config_set(d->config, name, value, &d->error) != WEIR_OK) {
        fail_msg("%s", d->error.message);
    }
}

static void configure(driven *d)
{
    char bytes[24];
    snprintf(bytes, sizeof bytes, "%zu", d->cache_bytes);
    d->config = weir_config_new();
    assert_non_null(d->config);
    snprintf(d->directory, sizeof d->directory, "/tmp/weir-driven-XXXXXX");
    assert_non_null(mkdtemp(d->directory));
    set(d, "application.id", DRIVEN_APPLICATION);
    set(d, "bootstrap.servers", "none:1");
    set(d, "state.dir", d->directory);
    set(d, "dsl.store", "memory");
    set(d, "statestore.cache.max.bytes", bytes);
    for (size_t i = 0; d->settings != NULL && d->settings[i] != NULL; i += 2) {
        set(d, d->settings[i], d->settings[i + 1]);
    }
}

/* Adds what was sent meanwhile. */
static weir_err noted(driven *d, weir_err err)
{
    size_t size = weir__loopback_size(d->sync.loopback);
    d->sent = realloc(d->sent, (size + 1) * sizeof(*d->sent));
    assert_non_null(d->sent);
    for (; d->seen < size; d->seen++) {
        const weir__loopback_record *record = weir__loopback_at(d->sync.loopback, d->seen);
        if (!record->piped) {
            driven_record *sent = malloc(sizeof *sent);
            assert_non_null(sent);
            *sent = (driven_record){weir__loopback_view(record), record->internal};
            d->sent[d->sent_count++] = sent;
        }
    }
    return err;
}

weir_err driven_open(driven *d, const weir_topology *topology, int64_t start_ms)
{
    configure(d);
    weir__sync_opts opts = {.topology = topology,
                            .config = d->config,
                            .app = {.on_log = on_log, .user = d},
                            .partitions = d->partitions,
                            .start_ms = start_ms,
                            .commit_interval = d->cache_bytes > 0};
    weir_err err = weir__sync_open(&d->sync, &opts, &d->error);
    return d->sync.loopback != NULL ? noted(d, err) : err;
}

void driven_close(driven *d)
{
    weir_error error;
    weir__sync_close(&d->sync);
    assert_int_equal(weir__remove_directory(d->directory, &error), WEIR_OK);
    weir_config_free(d->config);
    for (size_t i = 0; i < d->sent_count; i++) {
        free(d->sent[i]);
    }
    free(d->sent);
    *d = (driven){0};
}

weir_err driven_pipe_record(driven *d, const char *topic, weir_slice key, weir_slice value,
                            int64_t timestamp_ms, const weir_header *headers, size_t header_count)
{
    weir__arena arena = {0};
    weir__outgoing record = {.topic = topic,
                             .partition = -1,
                             .timestamp_ms = timestamp_ms,
                             .key = key,
                             .value = value,
                             .headers = weir__headers_new(&arena, headers, header_count)};
    weir_err err = weir__sync_pipe(&d->sync, &record, &d->error);
    weir__arena_fini(&arena);
    return noted(d, err);
}

weir_err driven_pipe(driven *d, const char *topic, const char *key, const char *value,
                     int64_t timestamp_ms)
{
    return driven_pipe_record(d, topic, weir_slice_of(key), weir_slice_of(value), timestamp_ms,
                              NULL, 0);
}

weir_err driven_advance(driven *d, int64_t ms)
{
    return noted(d, weir__sync_advance(&d->sync, ms, &d->error));
}

weir_err driven_commit(driven *d)
{
    return noted(d, weir__sync_commit(&d->sync, &d->error));
}

const weir__message_view *driven_sent(const driven *d, size_t index)
{
    assert_true(index < d->sent_count);
    return &d->sent[index]->view;
}

weir__task *driven_task(const driven *d)
{
    assert_true(d->sync.worker.tasks.count > 0);
    return d->sync.worker.tasks.tasks[0];
}

static bool is_repartition_filter(const weir_topology *topology, const char *name)
{
    for (size_t i = 0; i < topology->node_count; i++) {
        if (strcmp(topology->nodes[i].name, name) == 0) {
            return topology->nodes[i].ops != NULL &&
                   strcmp(topology->nodes[i].ops->name, "repartition_filter") == 0;
        }
    }
    return false;
}

size_t driven_dropped(const driven *d)
{
    weir_dropped_records dropped[DROPS_MAX];
    size_t kinds = weir__drop_counts_read(d->sync.instance.drops, dropped, DROPS_MAX);
    size_t count = 0;
    assert_true(kinds <= DROPS_MAX);
    for (size_t i = 0; i < kinds; i++) {
        if (!is_repartition_filter(d->sync.topology, dropped[i].node)) {
            count += dropped[i].count;
        }
    }
    return count;
}
