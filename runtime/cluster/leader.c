/* SPDX-License-Identifier: Apache-2.0
 *
 * Leading a generation. All state here is valid for one generation only. If the leader fails before
 * it has decided, the group begins a new generation with another leader. */
#include "cluster/leader.h"

#include <stdlib.h>
#include <string.h>

#include "cluster/assignor.h"
#include "cluster/fingerprint.h"
#include "cluster/internal_topics.h"
#include "cluster/missing_topics.h"
#include "core/error.h"

#define JOIN_WAIT_MS                                                                               \
    10000 /* for missing join records; a live member sends its own after a poll                    \
           */

void weir__leader_begin(weir__leader *leader, int32_t generation, const char *member_id)
{
    weir__leader_end(leader);
    leader->active = true;
    leader->generation = generation;
    leader->member_id = member_id;
}

void weir__leader_end(weir__leader *leader)
{
    weir__map_fini(&leader->members, NULL);
    weir__buf_fini(&leader->decision);
    weir__arena_fini(&leader->memory);
    memset(leader, 0, sizeof *leader);
}

static weir__join_record *copy_join(weir__arena *arena, const weir__join_record *join)
{
    weir__join_record *copy = weir__arena_alloc(arena, sizeof *copy);
    if (copy == NULL) {
        return NULL;
    }
    *copy = *join;
    copy->member_id = weir__arena_strdup(arena, join->member_id);
    copy->process_id = weir__arena_strdup(arena, join->process_id);
    copy->given = NULL;
    copy->given_count = 0;
    size_t bytes = join->task_count * sizeof(*join->tasks);
    weir__task_progress *tasks = weir__arena_alloc(arena, bytes + 1);
    if (copy->member_id == NULL || copy->process_id == NULL || tasks == NULL) {
        return NULL;
    }
    if (bytes > 0) {
        memcpy(tasks, join->tasks, bytes);
    }
    copy->tasks = tasks;
    return copy;
}

weir__join_status weir__leader_add_join(weir__leader *leader, const weir__join_record *join)
{
    if (!leader->active) {
        return WEIR__JOIN_NOTED;
    }
    if (leader->decided) {
        return weir__map_get_text(&leader->members, join->member_id) != NULL ? WEIR__JOIN_REPEATED
                                                                             : WEIR__JOIN_LATE;
    }
    /* Without memory the join record counts as missing. The member sends it again. */
    weir__join_record *copy = copy_join(&leader->memory, join);
    if (copy != NULL) {
        (void)weir__map_put_text(&leader->members, join->member_id, copy);
    }
    return WEIR__JOIN_NOTED;
}

typedef struct member_listing {
    weir__map *members;
    weir_err err;
} member_listing;

static void list_member(const char *member_id, const char *client_id, void *user)
{
    member_listing *listing = user;
    (void)client_id;
    if (listing->err == WEIR_OK &&
        weir__map_find(listing->members, weir_slice_of(member_id)) == NULL) {
        listing->err = weir__map_put_text(listing->members, member_id, NULL);
    }
}

size_t weir__leader_missing(const weir__leader *leader)
{
    size_t missing = 0;
    for (const weir__map_entry *entry = leader->members.first; entry != NULL; entry = entry->next) {
        missing += entry->value == NULL;
    }
    return missing;
}

/* Until the leader has read its own join record, it may not be able to read the topic, so it must
 * not count missing join records. The wait for the other members begins at that moment: their
 * records may still be in flight. */
static bool has_own_join(const weir__leader *leader)
{
    return weir__map_get_text(&leader->members, leader->member_id) != NULL;
}

weir_err weir__leader_gather(weir__leader *leader, const weir__instance *instance, int64_t now_ms,
                             bool *ready, weir_error *error)
{
    *ready = false;
    if (!leader->active || leader->decided) {
        return WEIR_OK;
    }
    if (!leader->listed) {
        size_t count = 0;
        member_listing listing = {.members = &leader->members};
        weir_err err = weir__admin_describe_group(instance->admin, instance->application,
                                                  list_member, &listing, &count, error);
        if (err == WEIR_OK) {
            err = listing.err;
        }
        if (err != WEIR_OK) {
            return err;
        }
        if (weir__map_find(&leader->members, weir_slice_of(leader->member_id)) == NULL) {
            return weir__error_set(error, WEIR_ERETRY, "group %s does not list its leader",
                                   instance->application);
        }
        leader->listed = true;
    }
    if (leader->wait_from_ms == 0 && has_own_join(leader)) {
        leader->wait_from_ms = now_ms;
    }
    size_t missing = weir__leader_missing(leader);
    *ready = missing == 0 ||
             (leader->wait_from_ms != 0 && now_ms >= leader->wait_from_ms + JOIN_WAIT_MS);
    if (*ready && missing > 0) {
        weir__log_write(&instance->log, WEIR__LOG_WARNING,
                        "generation %d: %zu members sent no join record and get no tasks",
                        leader->generation, missing);
    }
    return WEIR_OK;
}

int64_t weir__leader_due_ms(const weir__leader *leader)
{
    bool waits = leader->active && leader->wait_from_ms != 0 && !leader->decided;
    return waits ? leader->wait_from_ms + JOIN_WAIT_MS : INT64_MAX;
}

static weir_err assign_tasks(weir__leader *leader, const weir__instance *instance,
                             const weir__topic_plan *plan, weir__assignment *out, weir_error *error)
{
    const weir_topology *topology = instance->topology;
    weir__arena *arena = &leader->memory;
    weir__join_record *joins = weir__arena_alloc(arena, leader->members.count * sizeof(*joins));
    bool *stateful = weir__arena_alloc(arena, topology->subtopology_count * sizeof(bool) + 1);
    if (joins == NULL || stateful == NULL) {
        return weir__error_set(error, WEIR_ENOMEM, "assignment");
    }
    size_t count = 0;
    for (const weir__map_entry *entry = leader->members.first; entry != NULL; entry = entry->next) {
        if (entry->value != NULL) {
            joins[count++] = *(const weir__join_record *)entry->value;
        }
    }
    for (size_t i = 0; i < topology->store_count; i++) {
        const weir__store_spec *store = &topology->stores[i];
        if (store->subtopology >= 0 && (store->logging || store->source_topic != NULL)) {
            stateful[store->subtopology] = true;
        }
    }
    weir__assignor_input input = {.tasks = plan->tasks,
                                  .stateful = stateful,
                                  .subtopology_count = topology->subtopology_count,
                                  .members = joins,
                                  .member_count = count};
    weir__member_tasks *members = NULL;
    weir_err err = weir__assign(&input, arena, &members, error);
    out->topics = plan->topics;
    out->topic_count = plan->topic_count;
    out->members = members;
    out->member_count = count;
    return err;
}

weir_err weir__leader_decide(weir__leader *leader, const weir__instance *instance,
                             weir_error *error)
{
    weir_assert(leader->listed && !leader->decided);
    weir__assignment assignment = {
        .generation = leader->generation, .leader = leader->member_id, .message = ""};
    weir__topic_plan plan = {0};
    weir_error found = {0};
    weir_err err = weir__fingerprint_of(instance->topology, &leader->memory,
                                        &assignment.fingerprint, &assignment.fingerprint_lines);
    if (err != WEIR_OK) {
        return weir__error_set(error, err, "assignment");
    }
    err = weir__internal_topics_prepare(instance, &leader->memory, &plan, &found);
    if (err == WEIR_OK) {
        err = assign_tasks(leader, instance, &plan, &assignment, &found);
    } else if (err == WEIR_EMISSING_TOPIC || err == WEIR_ETOPOLOGY) {
        assignment.err = err;
        assignment.message = found.message;
        err = WEIR_OK;
    }
    if (err != WEIR_OK) {
        return weir__error_set(error, err, "%s", found.message);
    }
    weir__buf_reset(&leader->decision);
    err = weir__assignment_encode(&assignment, &leader->decision);
    if (err != WEIR_OK) {
        return weir__error_set(error, err, "assignment record");
    }
    leader->decided = true;
    if (assignment.err == WEIR_OK) {
        weir__sink_topics_warn(instance);
    }
    return WEIR_OK;
}
