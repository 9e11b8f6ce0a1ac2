/* SPDX-License-Identifier: Apache-2.0
 *
 * Input topics: records from decoded keys and values. */
#include <errno.h>
#include <stdlib.h>

#include "common/common.h"
#include "core/error.h"
#include "core/saturate.h"
#include "process/headers.h"

#define BY_KEY (-1)

weir_input weir__input_make(weir__driver *driver, const char *topic, const weir_serde *key,
                            const weir_serde *value)
{
    weir__input_topic *input = weir__must(weir__arena_alloc(&driver->arena, sizeof *input));
    *input = (weir__input_topic){
        .driver = driver,
        .name = weir__must(weir__arena_strdup(&driver->arena, topic)),
        .key = key,
        .value = value,
    };
    return (weir_input){driver, input};
}

void weir_input_set_time(weir_input input, int64_t next_ms, int64_t advance_ms)
{
    if (!weir__given(input.topic != NULL, __func__, "input")) {
        return;
    }
    input.topic->timed = true;
    input.topic->next_ms = next_ms;
    input.topic->advance_ms = advance_ms;
}

void weir_input_follow_clock(weir_input input)
{
    if (!weir__given(input.topic != NULL, __func__, "input")) {
        return;
    }
    input.topic->timed = false;
}

static int64_t next_time(weir__input_topic *topic)
{
    if (!topic->timed) {
        return topic->driver->ops->now_ms(topic->driver);
    }
    int64_t now = topic->next_ms;
    topic->next_ms = weir__add_sat(now, topic->advance_ms);
    return now;
}

static weir_err time_of(weir__input_topic *topic, weir_input_time time, int64_t *sent_ms,
                        weir_error *error)
{
    if (!time.given && time.ms != 0) {
        return weir__error_set(error, WEIR_EINVAL, "a time is given with WEIR_AT(%lld)",
                               (long long)time.ms);
    }
    *sent_ms = time.given ? time.ms : next_time(topic);
    return WEIR_OK;
}

static weir_err encode_side(weir__driver *driver, const weir_serde *serde, const void *decoded,
                            bool key, weir_slice *out, weir_error *error)
{
    const char *side = key ? "key" : "value";
    weir_buf *buf = key ? &driver->encoded_key : &driver->encoded;
    weir_err err = weir__codec_check_slice(serde, decoded, error);
    if (err == WEIR_OK) {
        err = weir__codec_bytes(driver, serde, decoded, buf, out, error);
    }
    return err != WEIR_OK ? weir__error_prefix(error, err, "%s", side) : WEIR_OK;
}

/* The partition of the next record without a key. */
static int32_t next_turn(weir__input_topic *topic)
{
    const weir__driver_ops *ops = topic->driver->ops;
    int32_t turn = topic->turn;
    int32_t there = topic->partitions;
    if (there == 0) {
        there = ops->partitions(topic->driver, topic->name);
        topic->partitions = ops->fixed_partitions && there > 0 ? there : 0;
    }
    topic->turn = turn + 1 < there ? turn + 1 : 0;
    return turn;
}

static weir_err send_record(weir__input_topic *topic, int32_t partition,
                            const weir_input_record *record, weir_error *error)
{
    weir__arena *scratch = &topic->driver->scratch;
    weir__outgoing out = {.topic = topic->name, .partition = partition};
    weir_err err = encode_side(topic->driver, topic->key, record->key, true, &out.key, error);
    err = err != WEIR_OK
              ? err
              : encode_side(topic->driver, topic->value, record->value, false, &out.value, error);
    if (err != WEIR_OK) {
        return err;
    }
    if (partition < 0 && record->key == NULL) {
        out.partition = next_turn(topic);
    }
    err = time_of(topic, record->at, &out.timestamp_ms, error);
    if (err != WEIR_OK) {
        return err;
    }
    if (record->header_count > 0) {
        out.headers = weir__must(weir__headers_new(scratch, record->headers, record->header_count));
    }
    return topic->driver->ops->send(topic->driver, &out, error);
}

bool weir__headers_given(const weir_input_record *record, const char *function)
{
    if (!weir__given(record->headers != NULL || record->header_count == 0, function,
                     "record->headers")) {
        return false;
    }
    for (size_t i = 0; i < record->header_count; i++) {
        if (!weir__given(record->headers[i].name != NULL, function, "a header's name")) {
            return false;
        }
    }
    return true;
}

/* Partition BY_KEY: that of the key. */
static weir_err try_send(weir_input input, int32_t partition, const weir_input_record *record,
                         weir_error *error)
{
    weir_err err = send_record(input.topic, partition, record, error);
    weir__arena_reset(&input.driver->scratch);
    return err;
}

static void send_to(weir_input input, int32_t partition, const weir_input_record *record,
                    const char *function)
{
    weir_error error;
    if (!weir__given(input.topic != NULL, function, "input") ||
        !weir__given(record != NULL, function, "record") ||
        !weir__headers_given(record, function)) {
        return;
    }
    if (try_send(input, partition, record, &error) != WEIR_OK) {
        weir__driver_fail(input.driver, "cannot send to %s: %s", input.topic->name, error.message);
    }
}

weir_err weir_input_try_send(weir_input input, const weir_input_record *record, weir_error *error)
{
    if (!weir__given(input.topic != NULL, __func__, "input") ||
        !weir__given(record != NULL, __func__, "record") ||
        !weir__headers_given(record, __func__)) {
        return weir__error_set(error, WEIR_EINVAL, "%s: an argument is NULL", __func__);
    }
    return try_send(input, BY_KEY, record, error);
}

void weir_input_send_to(weir_input input, int32_t partition, const weir_input_record *record)
{
    if (partition < 0) {
        weir__driver_fail(NULL, "%s: there is no partition %d", __func__, (int)partition);
        return;
    }
    send_to(input, partition, record, __func__);
}

void weir_input_send(weir_input input, const weir_input_record *record)
{
    send_to(input, BY_KEY, record, __func__);
}

void weir_input_pipe(weir_input input, const void *key, const void *value)
{
    send_to(input, BY_KEY, &(weir_input_record){.key = key, .value = value}, __func__);
}

void weir_input_list(weir_input input, const void *keys, const void *values, size_t count)
{
    if (!weir__given(input.topic != NULL, __func__, "input") ||
        !weir__given(values != NULL || count == 0, __func__, "values")) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const char *key = keys != NULL ? (const char *)keys + i * input.topic->key->size : NULL;
        weir_input_pipe(input, key, (const char *)values + i * input.topic->value->size);
    }
}

/* False, and the test fails: the serde does not decode to a text. */
static bool takes_text(weir_input input, const char *helper, const char *side,
                       const weir_serde *serde)
{
    if (weir__codec_takes_text(serde)) {
        return true;
    }
    weir__driver_fail(input.driver,
                      "%s: the %ss of topic %s are %s, not texts; use weir_input_pipe, or give "
                      "weir_string to the function that made the input to send the bytes of texts",
                      helper, side, input.topic->name, serde->name);
    return false;
}

void weir_input_text(weir_input input, const char *key, const char *value)
{
    if (!weir__given(input.topic != NULL, __func__, "input")) {
        return;
    }
    if ((key != NULL && !takes_text(input, "weir_input_text", "key", input.topic->key)) ||
        (value != NULL && !takes_text(input, "weir_input_text", "value", input.topic->value))) {
        return;
    }
    weir_slice key_text = weir_slice_of(key);
    weir_slice value_text = weir_slice_of(value);
    weir_input_record record = {.key = key != NULL ? &key_text : NULL,
                                .value = value != NULL ? &value_text : NULL};
    send_to(input, BY_KEY, &record, __func__);
}

static void send_line(weir_input input, const char *line, size_t len)
{
    while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r')) {
        len--;
    }
    weir_input_pipe(input, NULL, &(weir_slice){line, len});
}

size_t weir_input_lines(weir_input input, const char *text)
{
    size_t count = 0;
    if (!weir__given(input.topic != NULL, __func__, "input") ||
        !weir__given(text != NULL, __func__, "text")) {
        return 0;
    }
    if (!takes_text(input, "weir_input_lines", "value", input.topic->value)) {
        return 0;
    }
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");
        len += text[len] == '\n' ? 1 : 0;
        send_line(input, text, len);
        text += len;
        count++;
    }
    return count;
}

size_t weir_input_file(weir_input input, const char *path)
{
    if (!weir__given(input.topic != NULL, __func__, "input") ||
        !weir__given(path != NULL, __func__, "path")) {
        return 0;
    }
    if (!takes_text(input, "weir_input_file", "value", input.topic->value)) {
        return 0;
    }
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        weir__driver_fail(input.driver, "cannot read %s: %s", path, strerror(errno));
        return 0;
    }
    char *line = NULL;
    size_t size = 0;
    size_t count = 0;
    ssize_t len;
    while ((len = getline(&line, &size, file)) > 0) {
        send_line(input, line, (size_t)len);
        count++;
    }
    int cause = ferror(file) ? errno : 0;
    free(line);
    fclose(file);
    if (cause != 0) {
        weir__driver_fail(input.driver, "cannot read %s after line %zu: %s", path, count,
                          strerror(cause));
    }
    return count;
}
