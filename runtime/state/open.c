/* SPDX-License-Identifier: Apache-2.0
 *
 * Stacks the layers of a store. */
#include "state/open.h"

#include "core/error.h"
#include "state/buffer.h"
#include "state/versioned.h"

static weir_err open_memory(const weir__store_plan *plan, weir__kv **out, weir_error *error)
{
    weir_err err = weir__memory_open(out, error);
    if (err == WEIR_OK && plan->kind->by_place) {
        err = weir__buffer_wrap(*out, out, error);
    }
    return err == WEIR_OK && plan->uncommitted != NULL
               ? weir__undo_wrap(*out, plan->uncommitted, out, error)
               : err;
}

static weir_err open_database(const weir__store_plan *plan, weir__kv **out, weir_error *error)
{
    weir__rocksdb_opts opts = {.offset_key = plan->offset_key,
                               .family = plan->kind->family,
                               .write_buffer_bytes = plan->write_buffer_bytes,
                               .block_cache_bytes = plan->block_cache_bytes,
                               .whole_commits = plan->uncommitted != NULL};
    weir__kv *kv = NULL;
    weir_err err = weir__rocksdb_open_lazily(plan->directory, &opts, &kv, error);
    if (err == WEIR_OK && plan->exact && weir__kv_was_left_open(kv)) {
        weir__kv_close(kv);
        return weir__error_set(error, WEIR_ECORRUPT,
                               "'%s' may have rows that are newer than their offset",
                               plan->directory);
    }
    /* A cache has the effect of the buffer, but for rows that are not committed. */
    bool cached = plan->cache != NULL && weir__cache_max(plan->cache) > 0;
    if (err == WEIR_OK && (plan->uncommitted != NULL || (plan->buffered && !cached))) {
        err = weir__buffered_wrap(kv, plan->uncommitted, &kv, error);
    }
    if (err == WEIR_OK) {
        *out = kv;
    }
    return err;
}

static weir__retention retention_of(const weir__store_plan *plan)
{
    if (plan->directory == NULL) {
        return plan->time_ordered ? weir__retention_exact_time_ordered(plan->retention_ms)
                                  : weir__retention_exact(plan->retention_ms);
    }
    return plan->time_ordered
               ? weir__retention_time_ordered(plan->retention_ms, plan->kind->ordered_first_ms)
               : weir__retention_segments(plan->retention_ms);
}

static weir_err add_segments(const weir__store_plan *plan, weir__store_layers *layers,
                             weir_error *error)
{
    layers->retention = retention_of(plan);
    /* A deletion under a number of its own deletes nothing: Kafka's store on RocksDB passes over
     * it, that in memory moves its time. */
    bool passed_over = plan->kind->numbered && plan->directory != NULL;
    weir__segments_opts opts = {.retention = layers->retention,
                                .suffix = plan->kind->suffix,
                                .free_deletions = plan->kind->free_deletions || passed_over,
                                .numbered = plan->kind->numbered,
                                .on_expired = plan->on_expired,
                                .user = plan->user};
    return weir__segments_wrap(layers->base, &opts, &layers->base, error);
}

static weir_err add_versions(const weir__store_plan *plan, weir__store_layers *layers,
                             weir_error *error)
{
    weir__versioned_opts opts = {plan->retention_ms, plan->on_expired, plan->user};
    return weir__versioned_wrap(layers->base, &opts, &layers->base, error);
}

weir_err weir__store_open(const weir__store_plan *plan, weir__store_layers *out, weir_error *error)
{
    weir__store_layers layers = {0};
    weir_err err = plan->directory == NULL ? open_memory(plan, &layers.base, error)
                                           : open_database(plan, &layers.base, error);
    if (err == WEIR_OK && plan->kind->suffix != 0) {
        err = add_segments(plan, &layers, error);
    }
    if (err == WEIR_OK && plan->kind->versions) {
        err = add_versions(plan, &layers, error);
    }
    layers.below = layers.base;
    if (err == WEIR_OK && plan->sink != NULL) {
        err = weir__changelog_wrap(layers.base, plan->kind, plan->sink, &layers.below, error);
    }
    layers.top = layers.below;
    if (err == WEIR_OK && plan->cache != NULL) {
        err = weir__cache_wrap(plan->cache, layers.below, plan->client, &layers.top, error);
    }
    if (err == WEIR_OK) {
        *out = layers;
    }
    return err;
}
