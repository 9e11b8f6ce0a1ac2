/* SPDX-License-Identifier: Apache-2.0
 *
 * The requests of consumer groups: decoded for the state machine in groups.c, its answers
 * encoded. */
#include "apis.h"
#include "core/error.h"

#define NO_AUTHORIZED_OPERATIONS INT32_MIN

static const weir_slice client_host = {"/127.0.0.1", sizeof "/127.0.0.1" - 1};

/* ---- Answers, at once or later ---- */

static void put_members(const weir__request *request, const weir__group *group, weir_buf *out)
{
    weir__buf_put_i32(out, group != NULL ? group->member_count : 0);
    const weir__member *member = group != NULL ? group->first : NULL;
    for (; member != NULL; member = member->next) {
        weir__put_string(out, member->id);
        if (request->version >= 5) {
            weir__put_string(out, member->instance_id);
        }
        weir__put_blob(out, weir__member_metadata(group, member));
    }
}

static void answer_join(void *waiter, const weir__join_answer *answer)
{
    weir__request *request = waiter;
    weir_buf *out = &request->answer;
    weir__put_throttle(request, 2);
    weir__buf_put_i16(out, answer->error);
    weir__buf_put_i32(out, answer->generation);
    weir__put_string(out, answer->protocol);
    weir__put_string(out, answer->leader);
    weir__put_string(out, answer->member);
    put_members(request, answer->members_of, out);
    weir__request_answer(request);
}

static void answer_sync(void *waiter, int16_t error, weir_slice assignment)
{
    weir__request *request = waiter;
    weir__put_throttle(request, 1);
    weir__buf_put_i16(&request->answer, error);
    weir__put_blob(&request->answer, assignment);
    weir__request_answer(request);
}

static void drop(void *waiter)
{
    weir__request_break(waiter);
}

static void trace_event(void *user, const char *kind, const weir__group *group, weir_slice member)
{
    weir__mock_event(user, kind, "%.*s generation=%d members=%d%s%.*s", (int)group->id.len,
                     (const char *)group->id.data, (int)group->generation, group->member_count,
                     member.len > 0 ? " " : "", (int)member.len, (const char *)member.data);
}

const weir__groups_ops weir__group_answers = {
    .joined = answer_join, .synced = answer_sync, .dropped = drop, .event = trace_event};

/* ---- Requests of members ---- */

void weir__handle_join_group(weir__request *request, weir__reader *in)
{
    weir__protocol protocols[WEIR__MEMBER_PROTOCOLS_MAX];
    weir__join join = {.protocols = protocols, .client_host = client_host};
    join.client_id = request->client_id.data != NULL ? request->client_id : weir_slice_of("");
    join.id_required = request->version >= 4;
    join.group = weir__read_string(in);
    join.session_ms = weir__read_i32(in);
    join.rebalance_ms = request->version >= 1 ? weir__read_i32(in) : join.session_ms;
    join.member = weir__read_string(in);
    if (request->version >= 5) {
        join.instance_id = weir__read_string(in);
    }
    join.protocol_type = weir__read_string(in);
    int32_t count = weir__read_count(in);
    in->failed = in->failed || count > WEIR__MEMBER_PROTOCOLS_MAX;
    for (int32_t i = 0; i < count && !in->failed; i++) {
        protocols[i].name = weir__read_string(in);
        protocols[i].metadata = weir__read_blob(in);
        join.protocol_count++;
    }
    if (in->failed || join.group.data == NULL || join.member.data == NULL ||
        join.protocol_type.data == NULL) {
        weir__request_malformed(request);
        return;
    }
    int16_t error = weir__check_coordinator(request, join.group);
    if (error != 0) {
        weir_slice empty = weir_slice_of("");
        answer_join(request, &(weir__join_answer){.error = error,
                                                  .generation = -1,
                                                  .protocol = empty,
                                                  .leader = empty,
                                                  .member = join.member});
        return;
    }
    weir__groups_join(&request->mock->groups, &join, request, request->mock->now_us);
}

void weir__handle_sync_group(weir__request *request, weir__reader *in)
{
    weir_mock *mock = request->mock;
    weir__sync sync = {0};
    sync.group = weir__read_string(in);
    sync.generation = weir__read_i32(in);
    sync.member = weir__read_string(in);
    if (request->version >= 3) {
        weir__read_string(in); /* group instance id */
    }
    int32_t count = weir__read_count(in);
    weir__protocol *assignments = NULL;
    if (count > 0) {
        assignments = weir__request_state(request, (size_t)count * sizeof *assignments, NULL);
        if (assignments == NULL) {
            return;
        }
    }
    for (int32_t i = 0; i < count; i++) {
        assignments[i].name = weir__read_string(in);
        assignments[i].metadata = weir__read_blob(in);
    }
    if (in->failed) {
        weir__request_malformed(request);
        return;
    }
    sync.assignments = assignments;
    sync.assignment_count = count > 0 ? (size_t)count : 0;
    int16_t error = weir__check_coordinator(request, sync.group);
    if (error != 0) {
        answer_sync(request, error, weir_slice_of(""));
        return;
    }
    weir__groups_sync(&mock->groups, &sync, request, mock->now_us);
}

void weir__handle_heartbeat(weir__request *request, weir__reader *in)
{
    weir_mock *mock = request->mock;
    weir_slice group = weir__read_string(in);
    int32_t generation = weir__read_i32(in);
    weir_slice member = weir__read_string(in);
    if (in->failed) {
        weir__request_malformed(request);
        return;
    }
    int16_t error = weir__check_coordinator(request, group);
    if (error == 0) {
        error = weir__groups_heartbeat(&mock->groups, group, member, generation, mock->now_us);
    }
    weir__put_throttle(request, 1);
    weir__buf_put_i16(&request->answer, error);
    weir__request_answer(request);
}

void weir__handle_leave_group(weir__request *request, weir__reader *in)
{
    weir_mock *mock = request->mock;
    weir_slice group = weir__read_string(in);
    weir_slice member = weir__read_string(in);
    if (in->failed) {
        weir__request_malformed(request);
        return;
    }
    int16_t error = weir__check_coordinator(request, group);
    if (error == 0) {
        error = weir__groups_leave(&mock->groups, group, member, mock->now_us);
    }
    weir__put_throttle(request, 1);
    weir__buf_put_i16(&request->answer, error);
    weir__request_answer(request);
}

/* ---- Requests of administrators ---- */

static void put_described_members(const weir__request *request, const weir__group *group,
                                  weir_buf *out)
{
    weir__buf_put_i32(out, group->member_count);
    for (const weir__member *member = group->first; member != NULL; member = member->next) {
        bool stable = group->state == WEIR__GROUP_STABLE;
        weir__put_string(out, member->id);
        if (request->version >= 4) {
            weir__put_string(out, member->instance_id);
        }
        weir__put_string(out, member->client_id);
        weir__put_string(out, member->client_host);
        weir__put_blob(out, stable ? weir__member_metadata(group, member) : weir_slice_of(""));
        weir__put_blob(out, stable ? member->assignment : weir_slice_of(""));
    }
}

/* A group that does not exist is "Dead", without an error, as in Kafka before 4.0. */
static void put_described(const weir__request *request, weir_slice id, weir_buf *out)
{
    const weir__group *group = weir__groups_find(&request->mock->groups, id);
    int16_t error = weir__check_coordinator(request, id);
    bool stable = group != NULL && group->state == WEIR__GROUP_STABLE;
    weir_slice empty = weir_slice_of("");
    const char *state = group != NULL ? weir__group_state_name(group->state) : "Dead";
    weir__buf_put_i16(out, error);
    weir__put_string(out, id);
    weir__put_cstring(out, error == 0 ? state : "");
    weir__put_string(out, error == 0 && group != NULL && group->protocol_type.data != NULL
                              ? group->protocol_type
                              : empty);
    weir__put_string(out, error == 0 && stable ? group->protocol : empty);
    if (error == 0 && group != NULL) {
        put_described_members(request, group, out);
    } else {
        weir__buf_put_i32(out, 0);
    }
    if (request->version >= 3) {
        weir__buf_put_i32(out, NO_AUTHORIZED_OPERATIONS);
    }
}

void weir__handle_describe_groups(weir__request *request, weir__reader *in)
{
    int32_t count;
    weir__reader ids = weir__read_strings(in, &count);
    if (in->failed) {
        weir__request_malformed(request);
        return;
    }
    weir__put_throttle(request, 1);
    weir__buf_put_i32(&request->answer, count);
    for (int32_t i = 0; i < count; i++) {
        put_described(request, weir__read_string(&ids), &request->answer);
    }
    weir__request_answer(request);
}

/* Without a filter every state matches. */
static bool passes(weir__reader states, int32_t count, const char *state)
{
    bool found = count <= 0;
    for (int32_t i = 0; i < count; i++) {
        found = weir_slice_equal(weir__read_compact_string(&states), weir_slice_of(state)) || found;
    }
    return found;
}

static void put_listed(const weir__request *request, const weir__group *group, weir_buf *out)
{
    bool flexible = request->version >= request->api->flexible_from;
    weir_slice type = group->protocol_type.data != NULL ? group->protocol_type : weir_slice_of("");
    if (!flexible) {
        weir__put_string(out, group->id);
        weir__put_string(out, type);
        return;
    }
    weir__put_compact_string(out, group->id);
    weir__put_compact_string(out, type);
    if (request->version >= 4) {
        weir__put_compact_string(out, weir_slice_of(weir__group_state_name(group->state)));
    }
    weir__put_tags(out);
}

/* Each broker lists the groups that it coordinates. */
void weir__handle_list_groups(weir__request *request, weir__reader *in)
{
    const weir_mock *mock = request->mock;
    bool flexible = request->version >= request->api->flexible_from;
    weir_buf listed = {0};
    int32_t count = request->version >= 4 ? weir__read_compact_count(in) : 0;
    weir__reader states = *in;
    uint32_t groups = 0;
    for (int32_t i = 0; i < count; i++) {
        weir__read_compact_string(in);
    }
    if (in->failed) {
        weir__request_malformed(request);
        return;
    }
    weir__map_entry *entry = request->injected == 0 ? mock->groups.groups.first : NULL;
    for (; entry != NULL; entry = entry->next) {
        const weir__group *group = entry->value;
        if (weir__coordinator_of(mock, group->id) == request->conn->broker &&
            passes(states, count, weir__group_state_name(group->state))) {
            put_listed(request, group, &listed);
            groups++;
        }
    }
    weir_buf *out = &request->answer;
    weir__put_throttle(request, 1);
    weir__buf_put_i16(out, request->injected);
    if (flexible) {
        weir__put_uvarint(out, (uint64_t)groups + 1);
    } else {
        weir__buf_put_i32(out, (int32_t)groups);
    }
    weir_put(out, listed.data, listed.len);
    if (flexible) {
        weir__put_tags(out);
    }
    out->err = out->err != WEIR_OK ? out->err : listed.err;
    weir__buf_fini(&listed);
    weir__request_answer(request);
}

void weir__handle_delete_groups(weir__request *request, weir__reader *in)
{
    weir_buf *out = &request->answer;
    int32_t count;
    weir__reader ids = weir__read_strings(in, &count);
    if (in->failed) {
        weir__request_malformed(request);
        return;
    }
    weir__put_throttle(request, 0);
    weir__buf_put_i32(out, count);
    for (int32_t i = 0; i < count; i++) {
        weir_slice id = weir__read_string(&ids);
        int16_t error = weir__check_coordinator(request, id);
        weir__put_string(out, id);
        weir__buf_put_i16(out,
                          error != 0 ? error : weir__groups_delete(&request->mock->groups, id));
    }
    weir__request_answer(request);
}
