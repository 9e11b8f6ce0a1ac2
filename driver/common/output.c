/* SPDX-License-Identifier: Apache-2.0
 *
 * Output topics: the records that the brokers have, each decoded once and kept. */
#include <stdlib.h>
#include <string.h>

#include "common/common.h"
#include "core/error.h"
#include "core/nearest.h"
#include "core/saturate.h"

weir_output weir__output_make(weir__driver *driver, const char *topic, const weir_serde *key,
                              const weir_serde *value)
{
    weir__output_topic *output = driver->outputs;
    while (output != NULL && (strcmp(output->name, topic) != 0 || output->rows->key != key ||
                              output->rows->value != value)) {
        output = output->next;
    }
    if (output == NULL) {
        output = weir__must(weir__arena_alloc(&driver->arena, sizeof *output));
        output->driver = driver;
        output->name = weir__must(weir__arena_strdup(&driver->arena, topic));
        output->rows = weir__rows_make(driver, key, value);
        output->next = driver->outputs;
        driver->outputs = output;
    }
    return (weir_output){driver, output};
}

struct reading {
    weir__output_topic *output;
    weir_error undecodable; /* the serde's error, reported instead of the read's own */
};

static weir_err keep_record(const weir__message_view *record, void *user)
{
    struct reading *reading = user;
    weir__output_topic *output = reading->output;
    weir__arena *arena = &output->driver->arena;
    bool kept = output->driver->ops->keeps_records;
    weir_slice key = kept ? record->key : weir__kept(arena, record->key);
    weir_slice value = kept ? record->value : weir__kept(arena, record->value);
    weir_row row = {
        .timestamp_ms = record->timestamp_ms,
        .partition = record->partition,
        .offset = record->offset,
        .headers = kept ? record->headers
                        : weir__kept_headers(arena, record->headers, record->header_count),
        .header_count = record->header_count,
    };
    weir_err err = weir__rows_append(output->rows, key, value, &row, &reading->undecodable);
    if (err != WEIR_OK) {
        weir__error_prefix(&reading->undecodable, err, "partition %d, offset %lld",
                           (int)record->partition, (long long)record->offset);
        return err;
    }
    output->positions[record->partition] = weir__add_sat(record->offset, 1);
    return WEIR_OK;
}

static weir_err read_partition(weir__output_topic *output, int32_t partition, weir_error *error)
{
    weir__driver *driver = output->driver;
    int64_t start;
    int64_t end;
    weir_err err = driver->ops->offsets(driver, output->name, partition, &start, &end);
    if (err != WEIR_OK) {
        return weir__error_set(error, err, "partition %d: %s", (int)partition, weir_err_str(err));
    }
    if (end <= output->positions[partition]) {
        return WEIR_OK;
    }
    struct reading reading = {.output = output};
    err = driver->ops->read(driver, output->name, partition, output->positions[partition],
                            keep_record, &reading, error);
    if (reading.undecodable.code != WEIR_OK) {
        *error = reading.undecodable;
    }
    return err;
}

struct nearest {
    const char *wanted;
    char name[WEIR__NEAREST_BYTES_MAX + 1];
    size_t distance;
};

static void look_at(const char *topic, int32_t partitions, void *user)
{
    struct nearest *nearest = user;
    size_t distance = weir__edit_distance(nearest->wanted, topic);
    (void)partitions;
    if (distance < nearest->distance) {
        nearest->distance = distance;
        snprintf(nearest->name, sizeof nearest->name, "%s", topic);
    }
}

/* True if the topic exists, or existed at an earlier read: then the rows that were read are kept.
 * Otherwise the test fails. */
static bool must_exist(const weir__output_topic *output)
{
    weir__driver *driver = output->driver;
    if (output->partitions > 0 || driver->ops->partitions(driver, output->name) >= 0) {
        return true;
    }
    /* A name is suggested only if more than half of it is the same. */
    struct nearest nearest = {.wanted = output->name, .distance = strlen(output->name) / 2 + 1};
    driver->ops->each_topic(driver, look_at, &nearest);
    bool found = nearest.name[0] != '\0';
    weir__driver_fail(output->driver, "cannot read topic %s: it does not exist%s%s%s", output->name,
                      found ? " (did you mean '" : "", nearest.name, found ? "'?)" : "");
    return false;
}

/* Reads the records appended since the last read. */
static void refresh(weir__output_topic *output)
{
    weir__driver *driver = output->driver;
    weir_error error = {0};
    weir_err err = WEIR_OK;
    int32_t there = driver->ops->partitions(driver, output->name);
    if (!must_exist(output)) {
        return;
    }
    if (there > output->partitions) {
        output->positions =
            weir__must(realloc(output->positions, (size_t)there * sizeof *output->positions));
        memset(output->positions + output->partitions, 0,
               (size_t)(there - output->partitions) * sizeof *output->positions);
        output->partitions = there;
    }
    driver->ops->flush(driver);
    for (int32_t partition = 0; err == WEIR_OK && partition < there; partition++) {
        err = read_partition(output, partition, &error);
    }
    if (err != WEIR_OK) {
        weir__driver_fail(driver, "topic %s: %s", output->name, error.message);
    }
}

const weir_row *weir_output_next(weir_output output)
{
    weir__output_topic *topic = output.topic;
    if (!weir__given(topic != NULL, __func__, "output")) {
        return NULL;
    }
    if (topic->seen == topic->rows->count) {
        refresh(topic);
    }
    return topic->seen < topic->rows->count ? weir_rows_at(topic->rows, topic->seen++) : NULL;
}

static weir_rows *from(weir__output_topic *topic, size_t first)
{
    weir_rows *rows = weir__rows_make(topic->driver, topic->rows->key, topic->rows->value);
    for (size_t i = first; i < topic->rows->count; i++) {
        weir__rows_push(rows, topic->rows->entries[i]);
    }
    return rows;
}

weir_rows *weir_output_rest(weir_output output)
{
    if (!weir__given(output.topic != NULL, __func__, "output")) {
        return NULL;
    }
    refresh(output.topic);
    weir_rows *rows = from(output.topic, output.topic->seen);
    output.topic->seen = output.topic->rows->count;
    return rows;
}

weir_rows *weir_output_all(weir_output output)
{
    if (!weir__given(output.topic != NULL, __func__, "output")) {
        return NULL;
    }
    refresh(output.topic);
    return from(output.topic, 0);
}

weir_rows *weir_output_table(weir_output output)
{
    if (!weir__given(output.topic != NULL, __func__, "output")) {
        return NULL;
    }
    weir__output_topic *topic = output.topic;
    refresh(topic);
    for (size_t i = 0; i < topic->rows->count; i++) {
        const weir__entry *entry = topic->rows->entries[i];
        if (entry->key_bytes.data == NULL) {
            weir__driver_fail(topic->driver,
                              "weir_output_table: topic %s has a record without a key (partition "
                              "%d, offset %lld), which no table has; use weir_output_all",
                              topic->name, (int)entry->row.partition, (long long)entry->row.offset);
            return weir__rows_make(topic->driver, topic->rows->key, topic->rows->value);
        }
    }
    return weir__rows_as_table(topic->rows);
}

size_t weir_output_size(weir_output output)
{
    if (!weir__given(output.topic != NULL, __func__, "output")) {
        return 0;
    }
    weir__driver *driver = output.topic->driver;
    int32_t partitions = driver->ops->partitions(driver, output.topic->name);
    int64_t size = 0;
    must_exist(output.topic);
    for (int32_t partition = 0; partition < partitions; partition++) {
        int64_t start;
        int64_t end;
        if (driver->ops->offsets(driver, output.topic->name, partition, &start, &end) == WEIR_OK) {
            size += end - start;
        }
    }
    return (size_t)size;
}
