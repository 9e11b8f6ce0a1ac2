/* SPDX-License-Identifier: Apache-2.0
 *
 * Bytes of the records of the assignment topic. All integers big-endian; text is its length (i16,
 * -1: NULL) and its bytes; a list is its count (i32) and its elements.
 *
 *     record     = version u8 (1), kind u8 (0 join, 1 assignment), body
 *     join       = generation i32, member text, process text, flags u8 (1: shutdown),
 *                  given {topic text, partition i32}, tasks {subtopology i32, partition i32,
 *                  progress i64}
 *     assignment = generation i32, leader text, error i32, message text,
 *                  fingerprint {text}, topics {topic text, partitions i32},
 *                  members {member text, active {subtopology i32, partition i32}}
 */
#include "cluster/assignment_codec.h"

#include <string.h>

#include "core/error.h"

#define VERSION 1
#define FLAG_SHUTDOWN 1

/* Least bytes of one element of a list: no count can ask for more memory than the record has. */
#define GIVEN_BYTES_MIN 6
#define PROGRESS_BYTES 16
#define TEXT_BYTES_MIN 2
#define TOPIC_BYTES_MIN 6
#define MEMBER_BYTES_MIN 6
#define TASK_BYTES 8

/* ---- Encoding ----------------------------------------------------------------------------- */

static void put_text(weir_buf *out, const char *text)
{
    size_t len = text != NULL ? strlen(text) : 0;
    if (len > INT16_MAX) {
        out->err = out->err != WEIR_OK ? out->err : WEIR_ELIMIT;
        return;
    }
    weir__buf_put_i16(out, text != NULL ? (int16_t)len : -1);
    if (text != NULL) {
        weir__buf_put_text(out, text);
    }
}

static void put_count(weir_buf *out, size_t count)
{
    if (count > INT32_MAX) {
        out->err = out->err != WEIR_OK ? out->err : WEIR_ELIMIT;
        return;
    }
    weir__buf_put_i32(out, (int32_t)count);
}

static void put_task(weir_buf *out, weir__task_id id)
{
    weir__buf_put_i32(out, id.subtopology);
    weir__buf_put_i32(out, id.partition);
}

weir_err weir__join_encode(const weir__join_record *join, weir_buf *out)
{
    weir__buf_put_u8(out, VERSION);
    weir__buf_put_u8(out, WEIR__JOIN_RECORD);
    weir__buf_put_i32(out, join->generation);
    put_text(out, join->member_id);
    put_text(out, join->process_id);
    weir__buf_put_u8(out, join->shutdown ? FLAG_SHUTDOWN : 0);
    put_count(out, join->given_count);
    for (size_t i = 0; i < join->given_count; i++) {
        put_text(out, join->given[i].topic);
        weir__buf_put_i32(out, join->given[i].partition);
    }
    put_count(out, join->task_count);
    for (size_t i = 0; i < join->task_count; i++) {
        put_task(out, join->tasks[i].id);
        weir__buf_put_i64(out, join->tasks[i].progress);
    }
    return out->err;
}

weir_err weir__assignment_encode(const weir__assignment *assignment, weir_buf *out)
{
    weir__buf_put_u8(out, VERSION);
    weir__buf_put_u8(out, WEIR__ASSIGNMENT_RECORD);
    weir__buf_put_i32(out, assignment->generation);
    put_text(out, assignment->leader);
    weir__buf_put_i32(out, (int32_t)assignment->err);
    put_text(out, assignment->message);
    put_count(out, assignment->fingerprint_lines);
    for (size_t i = 0; i < assignment->fingerprint_lines; i++) {
        put_text(out, assignment->fingerprint[i]);
    }
    put_count(out, assignment->topic_count);
    for (size_t i = 0; i < assignment->topic_count; i++) {
        put_text(out, assignment->topics[i].topic);
        weir__buf_put_i32(out, assignment->topics[i].partitions);
    }
    put_count(out, assignment->member_count);
    for (size_t i = 0; i < assignment->member_count; i++) {
        const weir__member_tasks *member = &assignment->members[i];
        put_text(out, member->member_id);
        put_count(out, member->active_count);
        for (size_t j = 0; j < member->active_count; j++) {
            put_task(out, member->active[j]);
        }
    }
    return out->err;
}

/* ---- Decoding ----------------------------------------------------------------------------- */

typedef struct decoder {
    weir__reader in;
    weir__arena *arena;
    weir_err err; /* the first failure; later reads give zeros and do nothing */
} decoder;

static void fail(decoder *d, weir_err err)
{
    d->err = d->err != WEIR_OK ? d->err : err;
}

static int32_t read_i32(decoder *d)
{
    int32_t value = weir__read_i32(&d->in);
    if (d->in.failed) {
        fail(d, WEIR_EDECODE);
    }
    return d->err == WEIR_OK ? value : 0;
}

static int32_t read_number(decoder *d) /* not negative */
{
    int32_t value = read_i32(d);
    if (value < 0) {
        fail(d, WEIR_EDECODE);
    }
    return d->err == WEIR_OK ? value : 0;
}

static const char *read_optional_text(decoder *d)
{
    int16_t len = weir__read_i16(&d->in);
    if (d->err == WEIR_OK && !d->in.failed && len == -1) {
        return NULL;
    }
    weir_slice bytes = weir__read_bytes(&d->in, len >= 0 ? (size_t)len : 0);
    if (len < 0 || d->in.failed || (len > 0 && memchr(bytes.data, '\0', bytes.len) != NULL)) {
        fail(d, WEIR_EDECODE);
    }
    if (d->err != WEIR_OK) {
        return "";
    }
    char *text = weir__arena_alloc(d->arena, (size_t)len + 1);
    if (text == NULL) {
        fail(d, WEIR_ENOMEM);
        return "";
    }
    memcpy(text, bytes.data, (size_t)len);
    return text;
}

static const char *read_text(decoder *d)
{
    const char *text = read_optional_text(d);
    if (text == NULL) {
        fail(d, WEIR_EDECODE);
    }
    return text != NULL ? text : "";
}

/* Memory for a list of elements of at least `bytes_min` encoded bytes each; NULL when empty or
 * failed. */
static void *read_list(decoder *d, size_t bytes_min, size_t size, size_t *count)
{
    size_t wanted = (size_t)read_number(d);
    *count = 0;
    if (wanted > weir__reader_left(&d->in) / bytes_min) {
        fail(d, WEIR_EDECODE);
    }
    if (d->err != WEIR_OK || wanted == 0) {
        return NULL;
    }
    void *list = weir__arena_alloc(d->arena, wanted * size);
    if (list == NULL) {
        fail(d, WEIR_ENOMEM);
        return NULL;
    }
    *count = wanted;
    return list;
}

static weir__task_id read_task(decoder *d)
{
    int32_t subtopology = read_number(d);
    return (weir__task_id){subtopology, read_number(d)};
}

static void read_join(decoder *d, weir__join_record *out)
{
    out->generation = read_i32(d);
    out->member_id = read_text(d);
    out->process_id = read_text(d);
    uint8_t flags = weir__read_u8(&d->in);
    if (d->in.failed || (flags & ~FLAG_SHUTDOWN) != 0) {
        fail(d, WEIR_EDECODE);
    }
    out->shutdown = (flags & FLAG_SHUTDOWN) != 0;
    weir__topic_partition *given = read_list(d, GIVEN_BYTES_MIN, sizeof *given, &out->given_count);
    for (size_t i = 0; i < out->given_count; i++) {
        given[i].topic = read_text(d);
        given[i].partition = read_number(d);
    }
    out->given = given;
    weir__task_progress *tasks = read_list(d, PROGRESS_BYTES, sizeof *tasks, &out->task_count);
    for (size_t i = 0; i < out->task_count; i++) {
        tasks[i].id = read_task(d);
        tasks[i].progress = weir__read_i64(&d->in);
        if (tasks[i].progress < 0 && tasks[i].progress != WEIR__PROGRESS_RUNNING) {
            fail(d, WEIR_EDECODE);
        }
    }
    out->tasks = tasks;
}

static void read_assignment(decoder *d, weir__assignment *out)
{
    out->generation = read_i32(d);
    out->leader = read_text(d);
    out->err = (weir_err)read_number(d);
    out->message = read_optional_text(d);
    const char **lines = read_list(d, TEXT_BYTES_MIN, sizeof *lines, &out->fingerprint_lines);
    for (size_t i = 0; i < out->fingerprint_lines; i++) {
        lines[i] = read_text(d);
    }
    out->fingerprint = lines;
    weir__topic_count *topics = read_list(d, TOPIC_BYTES_MIN, sizeof *topics, &out->topic_count);
    for (size_t i = 0; i < out->topic_count; i++) {
        topics[i].topic = read_text(d);
        topics[i].partitions = read_number(d);
    }
    out->topics = topics;
    weir__member_tasks *members =
        read_list(d, MEMBER_BYTES_MIN, sizeof *members, &out->member_count);
    for (size_t i = 0; i < out->member_count; i++) {
        members[i].member_id = read_text(d);
        weir__task_id *active = read_list(d, TASK_BYTES, sizeof *active, &members[i].active_count);
        for (size_t j = 0; j < members[i].active_count; j++) {
            active[j] = read_task(d);
        }
        members[i].active = active;
    }
    out->members = members;
}

weir_err weir__assignment_record_decode(weir_slice value, weir__arena *arena,
                                        weir__assignment_record *out, weir_error *error)
{
    decoder d = {.in = weir__reader_of(value), .arena = arena};
    weir__assignment_record record = {0};
    uint8_t version = weir__read_u8(&d.in);
    uint8_t kind = weir__read_u8(&d.in);
    if (!d.in.failed && version > VERSION) {
        return weir__error_set(error, WEIR_EUNSUPPORTED,
                               "assignment record of version %d, known is %d", version, VERSION);
    }
    if (d.in.failed || version != VERSION || kind > WEIR__ASSIGNMENT_RECORD) {
        return weir__error_set(error, WEIR_EDECODE, "not an assignment record");
    }
    record.kind = kind;
    if (record.kind == WEIR__JOIN_RECORD) {
        read_join(&d, &record.join);
    } else {
        read_assignment(&d, &record.assignment);
    }
    if (d.in.failed || weir__reader_left(&d.in) != 0) {
        fail(&d, WEIR_EDECODE);
    }
    if (d.err != WEIR_OK) {
        return weir__error_set(error, d.err, "assignment record of %zu bytes: %s", value.len,
                               weir_err_str(d.err));
    }
    *out = record;
    return WEIR_OK;
}
