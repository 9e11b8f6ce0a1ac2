/* SPDX-License-Identifier: Apache-2.0
 *
 * What admin clients ask of groups. */
#include "groups.h"

#include <stdlib.h>

#define TEXTS_MAX 16
#define TEXT_MAX 200

static int compare_texts(const void *a, const void *b)
{
    return strcmp(a, b);
}

static const char *name_of_slice(run *r, weir_slice id)
{
    return id.data == NULL || id.len == 0 ? "none" : name_of(r, 'M', id.data, id.len);
}

static bool ask_group(run *r, const char *group, weir__reader *in, bool quiet)
{
    weir_buf *out = request(r, API_DESCRIBE_GROUPS, 4);
    weir__buf_put_i32(out, 1);
    weir__put_cstring(out, full(r, group).text);
    weir__put_bool(out, false);
    if (quiet ? !answer_quietly(r, in) : !answer(r, in)) {
        return false;
    }
    weir__read_i32(in); /* throttle time */
    weir__read_count(in);
    return true;
}

static void see_described_members(run *r, weir__reader *in)
{
    static char texts[TEXTS_MAX][TEXT_MAX];
    int32_t count = weir__read_count(in);
    int32_t kept = 0;
    for (; kept < count && kept < TEXTS_MAX && !in->failed; kept++) {
        const char *name = name_of_slice(r, weir__read_string(in));
        weir_slice instance = weir__read_string(in);
        weir_slice client = weir__read_string(in);
        weir__read_string(in); /* host */
        weir_slice metadata = weir__read_blob(in);
        weir_slice assigned = weir__read_blob(in);
        snprintf(texts[kept], TEXT_MAX,
                 "%s instance %.*s client %.*s %s metadata assigned \"%.*s\"", name,
                 instance.data != NULL ? (int)instance.len : 4,
                 instance.data != NULL ? (const char *)instance.data : "none", (int)client.len,
                 (const char *)client.data, metadata.len > 0 ? "with" : "without",
                 (int)assigned.len, assigned.data != NULL ? (const char *)assigned.data : "");
    }
    qsort(texts, (size_t)kept, TEXT_MAX, compare_texts);
    for (int32_t i = 0; i < kept; i++) {
        see(r, "  %s\n", texts[i]);
    }
}

void describe_group(run *r, const char *group)
{
    see(r, "group %s: ", group);
    weir__reader in;
    if (!ask_group(r, group, &in, false)) {
        return;
    }
    see(r, "%s ", error_name(weir__read_i16(&in)));
    weir__read_string(&in);
    see_slice(r, weir__read_string(&in));
    see(r, " type ");
    see_slice(r, weir__read_string(&in));
    see(r, " protocol ");
    see_slice(r, weir__read_string(&in));
    see(r, "\n");
    see_described_members(r, &in);
}

void await_state(run *r, const char *group, const char *state)
{
    for (int looks = 0; looks < LOOKS_MAX; looks++) {
        weir__reader in;
        if (!ask_group(r, group, &in, true)) {
            return;
        }
        weir__read_i16(&in);
        weir__read_string(&in);
        if (weir_slice_equal(weir__read_string(&in), weir_slice_of(state))) {
            return;
        }
        pause_briefly();
    }
    see(r, "group %s does not become %s\n", group, state);
}

void list_groups(run *r, const char *state)
{
    static char texts[TEXTS_MAX][TEXT_MAX];
    connection *c = &r->main;
    see(r, "groups%s%s: ", state != NULL ? " in " : "", state != NULL ? state : "");
    request(r, API_LIST_GROUPS, 4);
    put_count(c, state != NULL ? 1 : 0);
    if (state != NULL) {
        put_text(c, state);
    }
    put_end(c);
    weir__reader in;
    if (!answer(r, &in)) {
        return;
    }
    weir__read_i32(&in); /* throttle time */
    see(r, "%s", error_name(weir__read_i16(&in)));
    int32_t count = get_count(c, &in);
    int32_t kept = 0;
    for (int32_t i = 0; i < count && kept < TEXTS_MAX && !in.failed; i++) {
        weir_slice name = get_text(c, &in);
        weir_slice type = get_text(c, &in);
        weir_slice now = get_text(c, &in);
        get_end(c, &in);
        weir_slice own = short_name(r, name);
        if (own.len < name.len) {
            snprintf(texts[kept++], TEXT_MAX, "%.*s type %.*s %.*s", (int)own.len,
                     (const char *)own.data, (int)type.len, (const char *)type.data, (int)now.len,
                     (const char *)now.data);
        }
    }
    qsort(texts, (size_t)kept, TEXT_MAX, compare_texts);
    for (int32_t i = 0; i < kept; i++) {
        see(r, ", %s", texts[i]);
    }
    see(r, "\n");
}

void delete_group(run *r, const char *group)
{
    see(r, "delete group %s: ", group);
    weir_buf *out = request(r, API_DELETE_GROUPS, 1);
    weir__buf_put_i32(out, 1);
    weir__put_cstring(out, full(r, group).text);
    weir__reader in;
    if (answer(r, &in)) {
        weir__read_i32(&in); /* throttle time */
        weir__read_count(&in);
        weir__read_string(&in);
        see(r, "%s\n", error_name(weir__read_i16(&in)));
    }
}

void delete_offset(run *r, const char *group, const char *topic, int32_t partition)
{
    see(r, "delete offset of %s, %s/%d: ", group, topic, partition);
    weir_buf *out = request(r, API_OFFSET_DELETE, 0);
    weir__put_cstring(out, full(r, group).text);
    weir__buf_put_i32(out, 1);
    weir__put_cstring(out, full(r, topic).text);
    weir__buf_put_i32(out, 1);
    weir__buf_put_i32(out, partition);
    weir__reader in;
    if (!answer(r, &in)) {
        return;
    }
    see(r, "%s", error_name(weir__read_i16(&in)));
    weir__read_i32(&in); /* throttle time */
    int32_t topics = weir__read_count(&in);
    for (int32_t i = 0; i < topics && !in.failed; i++) {
        weir__read_string(&in);
        weir__read_count(&in);
        weir__read_i32(&in);
        see(r, ", %s/%d %s", topic, partition, error_name(weir__read_i16(&in)));
    }
    see(r, "\n");
}
