/* SPDX-License-Identifier: Apache-2.0
 *
 * JoinGroup: answered when the members of the generation are known. */
#include "apis.h"
#include "core/error.h"

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

void weir__answer_join(void *waiter, const weir__join_answer *answer)
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
        weir__answer_join(request, &(weir__join_answer){.error = error,
                                                        .generation = -1,
                                                        .protocol = empty,
                                                        .leader = empty,
                                                        .member = join.member});
        return;
    }
    weir__groups_join(&request->mock->groups, &join, request, request->mock->now_us);
}
