/* SPDX-License-Identifier: Apache-2.0 */
#include "groups.h"

#include <stdlib.h>

#define REBALANCE_MS 60000
#define TEXTS_MAX 16
#define TEXT_MAX 200

static const char *name_of_member(run *r, const char *id)
{
    return id[0] == '\0' ? "none" : name_of(r, 'M', id, strlen(id));
}

static const char *name_of_slice(run *r, weir_slice id)
{
    return id.data == NULL || id.len == 0 ? "none" : name_of(r, 'M', id.data, id.len);
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(a, b);
}

void member_open(run *r, member *m)
{
    connection_open(r, &m->on);
    m->generation = -1;
}

void member_close(member *m)
{
    connection_close(&m->on);
}

/* ---- JoinGroup ---- */

/* The consumer protocol's subscription: version, topics, user data. */
static void put_subscription(run *r, const member *m, weir_buf *out)
{
    weir_buf bytes = {0};
    weir__buf_put_i16(&bytes, 0);
    weir__buf_put_i32(&bytes, m->topic != NULL ? 1 : 0);
    if (m->topic != NULL) {
        weir__put_cstring(&bytes, full(r, m->topic).text);
    }
    weir__put_blob(&bytes, weir_slice_of("data"));
    weir__put_blob(out, weir__buf_slice(&bytes));
    weir__buf_fini(&bytes);
}

void join_send(member *m)
{
    run *r = m->on.run;
    int16_t version = m->version != 0 ? m->version : 5;
    weir_buf *out = request_on(&m->on, API_JOIN_GROUP, version);
    bool named = m->group[0] != '\0';
    weir__put_cstring(out, named ? full(r, m->group).text : "");
    weir__buf_put_i32(out, m->session_ms != 0 ? m->session_ms : MEMBER_SESSION_MS);
    weir__buf_put_i32(out, REBALANCE_MS);
    weir__put_cstring(out, m->id);
    if (version >= 5) {
        put_text(&m->on, m->instance);
    }
    weir__put_cstring(out, m->type != NULL ? m->type : "consumer");
    int32_t count = 0;
    while (count < MEMBER_PROTOCOLS_MAX && m->protocols[count] != NULL) {
        count++;
    }
    weir__buf_put_i32(out, count > 0 ? count : 1);
    for (int32_t i = 0; i == 0 || i < count; i++) {
        weir__put_cstring(out, count > 0 ? m->protocols[i] : "range");
        put_subscription(r, m, out);
    }
    send_on(&m->on);
}

static void see_members(run *r, weir__reader *in, bool with_instance)
{
    static char texts[TEXTS_MAX][TEXT_MAX];
    int32_t count = weir__read_count(in);
    int32_t kept = 0;
    for (; kept < count && kept < TEXTS_MAX && !in->failed; kept++) {
        const char *name = name_of_slice(r, weir__read_string(in));
        weir_slice instance = with_instance ? weir__read_string(in) : (weir_slice){0};
        weir_slice metadata = weir__read_blob(in);
        snprintf(texts[kept], TEXT_MAX, "%s%s%.*s with %s metadata", name,
                 instance.data != NULL ? " instance " : "", (int)instance.len,
                 instance.data != NULL ? (const char *)instance.data : "",
                 metadata.len > 0 ? "its" : "no");
    }
    qsort(texts, (size_t)kept, TEXT_MAX, compare_texts);
    for (int32_t i = 0; i < kept; i++) {
        see(r, "%s%s", i > 0 ? ", " : "; members ", texts[i]);
    }
}

static int16_t read_join(member *m, weir__reader *in)
{
    weir__read_i32(in); /* throttle time */
    int16_t error = weir__read_i16(in);
    int32_t generation = weir__read_i32(in);
    if (error == 0) {
        m->generation = generation;
    }
    return error;
}

static void keep_id(member *m, int16_t error, weir_slice id)
{
    if ((error == 0 || error == 79) && id.data != NULL && id.len < sizeof m->id) {
        memcpy(m->id, id.data, id.len);
        m->id[id.len] = '\0';
    }
}

static void see_joined(member *m, weir__reader *in)
{
    run *r = m->on.run;
    int16_t error = read_join(m, in);
    weir_slice protocol = weir__read_string(in);
    weir_slice leader = weir__read_string(in);
    weir_slice id = weir__read_string(in);
    keep_id(m, error, id);
    see(r, "%s", error_name(error));
    if (error == 79) {
        see(r, " %s", name_of_slice(r, id));
    } else if (error == 0) {
        const char *name = name_of_slice(r, id);
        see(r, " %s generation %d protocol ", name, m->generation);
        see_slice(r, protocol);
        see(r, " leader %s", name_of_slice(r, leader));
        see_members(r, in, m->on.version >= 5);
    }
    see(r, "\n");
}

void join_receive(member *m)
{
    run *r = m->on.run;
    int looks = 0;
    weir__reader in;
    see(r, "join %s as %s%s%s: ", m->group, name_of_member(r, m->id),
        m->instance != NULL ? " instance " : "", m->instance != NULL ? m->instance : "");
    for (;;) {
        if (!answer_on(&m->on, &in)) {
            return;
        }
        weir__reader again = in;
        weir__read_i32(&again);
        if (!not_ready(weir__read_i16(&again), &looks)) {
            break;
        }
        join_send(m);
    }
    see_joined(m, &in);
}

void join(member *m)
{
    join_send(m);
    join_receive(m);
}

/* Without an observation. */
static int16_t join_quietly(member *m)
{
    run *r = m->on.run;
    size_t seen = r->seen->len;
    int16_t error = -1;
    int looks = 0;
    do {
        weir__reader in;
        join_send(m);
        if (!answer_on(&m->on, &in)) {
            return -1; /* observed */
        }
        error = read_join(m, &in);
        weir__read_string(&in);
        weir__read_string(&in);
        keep_id(m, error, weir__read_string(&in));
    } while (not_ready(error, &looks));
    r->seen->len = seen;
    return error;
}

void introduce(member *m)
{
    int16_t error = join_quietly(m);
    if (error != 79) {
        see(m->on.run, "introduce: %s\n", error_name(error));
    }
}

/* ---- SyncGroup ---- */

void sync_send(member *m, const assignment *assignments)
{
    run *r = m->on.run;
    weir_buf *out = request_on(&m->on, API_SYNC_GROUP, 3);
    weir__put_cstring(out, full(r, m->group).text);
    weir__buf_put_i32(out, m->generation);
    weir__put_cstring(out, m->id);
    put_text(&m->on, m->instance);
    int32_t count = 0;
    while (assignments[count].to != NULL) {
        count++;
    }
    weir__buf_put_i32(out, count);
    for (int32_t i = 0; i < count; i++) {
        weir__put_cstring(out, assignments[i].to->id);
        weir__put_blob(out, weir_slice_of(assignments[i].text));
    }
    send_on(&m->on);
}

void sync_receive(member *m)
{
    run *r = m->on.run;
    see(r, "sync %s generation %d: ", name_of_member(r, m->id), m->generation);
    weir__reader in;
    if (!answer_on(&m->on, &in)) {
        return;
    }
    weir__read_i32(&in); /* throttle time */
    int16_t error = weir__read_i16(&in);
    weir_slice assigned = weir__read_blob(&in);
    see(r, "%s", error_name(error));
    if (error == 0) {
        see(r, " assigned \"");
        see_slice(r, assigned);
        see(r, "\"");
    }
    see(r, "\n");
}

void sync_group(member *m, const assignment *assignments)
{
    sync_send(m, assignments);
    sync_receive(m);
}

void form_group(member *m)
{
    run *r = m->on.run;
    int16_t error = join_quietly(m);
    error = error == 79 ? join_quietly(m) : error;
    size_t seen = r->seen->len;
    sync_group(m, (const assignment[]){{m, "all"}, {NULL, NULL}});
    r->seen->len = seen;
    if (error != 0) {
        see(r, "form %s: %s\n", m->group, error_name(error));
    }
}

void begin_rebalance(run *r, member *first, member *second)
{
    member_open(r, first);
    member_open(r, second);
    form_group(first);
    introduce(second);
    join_send(second);
    await_state(r, first->group, "PreparingRebalance");
}

/* ---- Heartbeat, LeaveGroup ---- */

/* Observes the error of an answer that begins with it, after the throttle time. */
static void see_error(connection *c)
{
    weir__reader in;
    if (answer_on(c, &in)) {
        weir__read_i32(&in);
        see(c->run, "%s\n", error_name(weir__read_i16(&in)));
    }
}

void heartbeat(member *m)
{
    run *r = m->on.run;
    see(r, "heartbeat %s generation %d: ", name_of_member(r, m->id), m->generation);
    weir_buf *out = request_on(&m->on, API_HEARTBEAT, 3);
    weir__put_cstring(out, m->group[0] != '\0' ? full(r, m->group).text : "");
    weir__buf_put_i32(out, m->generation);
    weir__put_cstring(out, m->id);
    put_text(&m->on, m->instance);
    send_on(&m->on);
    see_error(&m->on);
}

void leave(member *m)
{
    run *r = m->on.run;
    see(r, "leave %s: ", name_of_member(r, m->id));
    weir_buf *out = request_on(&m->on, API_LEAVE_GROUP, 2);
    weir__put_cstring(out, full(r, m->group).text);
    weir__put_cstring(out, m->id);
    send_on(&m->on);
    see_error(&m->on);
}

void remove_instances(run *r, const char *group, const char *const *instances)
{
    weir_buf *out = request(r, API_LEAVE_GROUP, 3);
    weir__put_cstring(out, full(r, group).text);
    int32_t count = 0;
    while (instances[count] != NULL) {
        count++;
    }
    weir__buf_put_i32(out, count);
    for (int32_t i = 0; i < count; i++) {
        weir__put_cstring(out, "");
        weir__put_cstring(out, instances[i]);
    }
    see(r, "remove instances: ");
    weir__reader in;
    if (!answer(r, &in)) {
        return;
    }
    weir__read_i32(&in); /* throttle time */
    see(r, "%s", error_name(weir__read_i16(&in)));
    count = weir__read_count(&in);
    for (int32_t i = 0; i < count && !in.failed; i++) {
        const char *name = name_of_slice(r, weir__read_string(&in));
        see(r, ", %s instance ", name);
        see_slice(r, weir__read_string(&in));
        see(r, " %s", error_name(weir__read_i16(&in)));
    }
    see(r, "\n");
}

/* ---- OffsetCommit ---- */

static void ask_commit(connection *c, const char *group, const membership *as, const char *topic,
                       int32_t partition, int64_t offset, const char *metadata)
{
    run *r = c->run;
    int16_t error = 0;
    int looks = 0;
    do {
        weir_buf *out = request_on(c, API_OFFSET_COMMIT, 7);
        weir__put_cstring(out, group[0] != '\0' ? full(r, group).text : "");
        weir__buf_put_i32(out, as->generation);
        weir__put_cstring(out, as->member != NULL ? as->member : "");
        put_text(c, as->instance);
        weir__buf_put_i32(out, 1);
        weir__put_cstring(out, full(r, topic).text);
        weir__buf_put_i32(out, 1);
        weir__buf_put_i32(out, partition);
        weir__buf_put_i64(out, offset);
        weir__buf_put_i32(out, -1); /* leader epoch */
        put_text(c, metadata);
        weir__reader in;
        send_on(c);
        if (!answer_on(c, &in)) {
            return;
        }
        to_only_partition(&in);
        weir__read_i32(&in);
        error = weir__read_i16(&in);
    } while (not_ready(error, &looks));
    see(r, "%s\n", error_name(error));
}

membership membership_of(const member *m)
{
    return (membership){m->generation, m->id, m->instance};
}

void commit_as(member *m, const char *topic, int32_t partition, int64_t offset)
{
    run *r = m->on.run;
    see(r, "commit %s/%d at %lld as %s generation %d: ", topic, partition, (long long)offset,
        name_of_member(r, m->id), m->generation);
    membership as = membership_of(m);
    ask_commit(&m->on, m->group, &as, topic, partition, offset, "");
}

void commit_alone(run *r, const char *group, const char *topic, int32_t partition, int64_t offset,
                  const char *metadata)
{
    see(r, "commit %s/%d at %lld of %s: ", topic, partition, (long long)offset, group);
    ask_commit(&r->main, group, &(membership){.generation = -1}, topic, partition, offset,
               metadata);
}
