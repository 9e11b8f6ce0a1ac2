/* SPDX-License-Identifier: Apache-2.0
 *
 * ListGroups. */
#include "apis.h"

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
