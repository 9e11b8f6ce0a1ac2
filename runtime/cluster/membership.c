/* SPDX-License-Identifier: Apache-2.0
 *
 * The members' side of the assignment protocol.
 *
 * The protocol tolerates lost records. A member continues to read the topic at its last position
 * and ignores records of other generations. A member without an assignment sends its join record
 * again every REPEAT_MS; a leader that has already decided answers it with its decision. If the
 * leader or a member leaves the group, the group begins the next generation. */
#include "cluster/membership.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cluster/fingerprint.h"
#include "cluster/internal_topics.h"
#include "cluster/subscription.h"
#include "cluster/topic_watch.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/saturate.h"
#include "task/commit.h"
#include "topology/pattern.h"

#define REPEAT_MS 10000 /* a member without an assignment sends its join record again */

/* ---- Opening ---- */

weir_err weir__membership_open(weir__membership *membership, const weir__instance *instance,
                               weir__task_env *env, weir_error *error)
{
    membership->instance = instance;
    membership->env = env;
    membership->state = WEIR__MEMBER_OUT;
    free(membership->topic);
    membership->topic = weir__assignment_topic_name(instance->application);
    if (membership->topic == NULL) {
        return weir__error_set(error, WEIR_ENOMEM, "assignment topic");
    }
    weir_err err = weir__source_topics_check(instance, error);
    if (err == WEIR_OK) {
        err = weir__assignment_topic_prepare(instance, membership->topic, error);
    }
    if (err == WEIR_OK) {
        int64_t start = 0;
        err = weir__admin_query_offsets(instance->admin,
                                        (weir__topic_partition){membership->topic, 0}, &start,
                                        &membership->position, error);
    }
    return err == WEIR_OK ? weir__subscribe(membership, error) : err;
}

void weir__membership_fini(weir__membership *membership)
{
    weir__leader_end(&membership->leader);
    weir__arena_fini(&membership->memory);
    free(membership->member_id);
    free(membership->topic);
    memset(membership, 0, sizeof *membership);
}

/* ---- Generations ---- */

static weir_err take_given(weir__membership *membership, const weir__topic_partition *given,
                           size_t count)
{
    membership->given =
        weir__arena_alloc(&membership->memory, (count + 1) * sizeof(*membership->given));
    membership->given_count = 0;
    for (size_t i = 0; i < count && membership->given != NULL; i++) {
        char *topic = weir__arena_strdup(&membership->memory, given[i].topic);
        if (topic == NULL) {
            return WEIR_ENOMEM;
        }
        membership->given[membership->given_count++] =
            (weir__topic_partition){topic, given[i].partition};
    }
    return membership->given != NULL ? WEIR_OK : WEIR_ENOMEM;
}

void weir__membership_joined(weir__membership *membership, const weir__topic_partition *given,
                             size_t count)
{
    weir__membership_left(membership);
    int32_t generation = -1;
    const char *member_id = NULL;
    /* Without a member id, or without memory, the member takes no part in this generation. Its
     * tasks then run nowhere until the next one. The consumer has no member id only if the group
     * is already past this generation. */
    if (weir__consumer_membership(membership->env->consumer, &generation, &member_id) != WEIR_OK ||
        take_given(membership, given, count) != WEIR_OK) {
        weir__log_write(membership->env->log, WEIR__LOG_WARNING,
                        "%s: joined the group without a generation",
                        membership->env->observer.thread);
        return;
    }
    free(membership->member_id);
    membership->member_id = strdup(member_id);
    if (membership->member_id == NULL) {
        return;
    }
    membership->generation = generation;
    membership->state = WEIR__MEMBER_JOINED;
    membership->retry = (weir__retry){0};
    if (weir__subscription_leads(membership)) {
        weir__leader_begin(&membership->leader, generation, membership->member_id);
    }
}

void weir__membership_left(weir__membership *membership)
{
    weir__leader_end(&membership->leader);
    weir__arena_reset(&membership->memory);
    membership->assignment = NULL;
    membership->mine = NULL;
    membership->given = NULL;
    membership->given_count = 0;
    membership->state = WEIR__MEMBER_OUT;
}

/* ---- Writing records ---- */

static weir_err write_record(weir__membership *membership, const weir_buf *value, weir_error *error)
{
    if (value->err != WEIR_OK) {
        return weir__error_set(error, value->err, "assignment record");
    }
    weir__outgoing record = {.topic = membership->topic,
                             .partition = 0,
                             .timestamp_ms = weir__wall_ms(),
                             .key = weir_slice_of(membership->member_id),
                             .value = weir__buf_slice(value)};
    const weir__task_env *env = membership->env;
    weir__producer *producer = env->control != NULL ? env->control : env->producer;
    weir_err err = weir__producer_send(producer, &record, NULL, error);
    return err == WEIR_OK ? weir__flush_producer(env, producer, error) : err;
}

static weir_err write_join(weir__membership *membership, bool shutdown, weir_error *error)
{
    weir__task_progress *tasks = NULL;
    size_t task_count = 0;
    weir_err err = membership->progress(membership->user, &tasks, &task_count);
    if (err != WEIR_OK) {
        return weir__error_set(error, err, "join record");
    }
    weir__join_record join = {.generation = membership->generation,
                              .member_id = membership->member_id,
                              .process_id = membership->instance->process_id,
                              .shutdown = shutdown,
                              .given = membership->given,
                              .given_count = membership->given_count,
                              .tasks = tasks,
                              .task_count = task_count};
    weir_buf value = {0};
    (void)weir__join_encode(&join, &value);
    err = write_record(membership, &value, error);
    weir__buf_fini(&value);
    free(tasks);
    return err;
}

static void step_with_generation(const weir__membership *membership, weir_step_kind kind,
                                 const char *reason)
{
    weir_step step = weir__step_of(&membership->env->observer, kind, NULL);
    step.generation = membership->generation;
    step.reason = reason;
    weir__step_take(&membership->env->observer, &step);
}

static weir_err send_join(weir__membership *membership, weir_error *error)
{
    step_with_generation(membership, WEIR_STEP_SYNC, membership->leader.active ? "leader" : NULL);
    weir_err err = write_join(membership, false, error);
    if (err == WEIR_OK) {
        membership->state = WEIR__MEMBER_SYNCING;
        membership->repeat_ms = weir__wall_ms() + REPEAT_MS;
    }
    return err;
}

static weir_err lead(weir__membership *membership, weir_error *error)
{
    bool ready = false;
    weir_err err = weir__leader_gather(&membership->leader, membership->instance,
                                       membership->env->now_ms, &ready, error);
    if (err != WEIR_OK || !ready) {
        return err;
    }
    err = weir__leader_decide(&membership->leader, membership->instance, error);
    if (err != WEIR_OK) {
        return err;
    }
    step_with_generation(membership, WEIR_STEP_ASSIGNMENT_PUBLISHED, NULL);
    err = write_record(membership, &membership->leader.decision, error);
    if (err != WEIR_OK) {
        membership->leader.decided = false;
    }
    return err;
}

/* ---- Reading records ---- */

static const weir__member_tasks *find_mine(const weir__membership *membership,
                                           const weir__assignment *assignment)
{
    for (size_t i = 0; i < assignment->member_count; i++) {
        if (strcmp(assignment->members[i].member_id, membership->member_id) == 0) {
            return &assignment->members[i];
        }
    }
    return NULL;
}

static void read_join(weir__membership *membership, const weir__join_record *join)
{
    if (join->shutdown) {
        membership->stop_asked = true;
    }
    if (membership->state == WEIR__MEMBER_OUT || join->generation != membership->generation) {
        return;
    }
    weir__join_status status = weir__leader_add_join(&membership->leader, join);
    weir_error error = {0};
    weir_err err = WEIR_OK;
    if (status == WEIR__JOIN_REPEATED) {
        err = write_record(membership, &membership->leader.decision, &error);
    } else if (status == WEIR__JOIN_LATE) {
        weir__log_write(membership->env->log, WEIR__LOG_WARNING,
                        "%s: the join record of member %s is late: a new generation",
                        membership->env->observer.thread, join->member_id);
        err = weir__subscribe_again(membership, &error);
        membership->leader.active = err != WEIR_OK; /* once is enough */
    }
    /* After a failure here the member sends its join record again. */
    if (err != WEIR_OK) {
        weir__log_write(membership->env->log, WEIR__LOG_WARNING,
                        "%s: a member that waits for its tasks was not answered: %s",
                        membership->env->observer.thread, error.message);
    }
}

/* True if the record is kept. */
static bool read_assignment(weir__membership *membership, const weir__assignment *decoded)
{
    if (membership->state != WEIR__MEMBER_SYNCING || membership->assignment != NULL ||
        decoded->generation != membership->generation) {
        return false;
    }
    const weir__member_tasks *mine = find_mine(membership, decoded);
    weir__assignment *kept = weir__arena_alloc(&membership->memory, sizeof *kept);
    /* A generation number is used again if the group was deleted in between; a member id is not. */
    bool concerns_me = mine != NULL || decoded->err != WEIR_OK;
    if (!concerns_me || kept == NULL) {
        return false;
    }
    *kept = *decoded;
    membership->assignment = kept;
    membership->mine = mine;
    return true;
}

void weir__membership_read(weir__membership *membership, const weir__message_view *record)
{
    if (record->offset < membership->position) {
        return;
    }
    membership->position = weir__add_sat(record->offset, 1);
    weir__arena_mark mark = weir__arena_mark_take(&membership->memory);
    weir__assignment_record decoded;
    weir_error error = {0};
    weir_err err =
        weir__assignment_record_decode(record->value, &membership->memory, &decoded, &error);
    bool kept = false;
    if (err != WEIR_OK) {
        weir__log_write(membership->env->log, WEIR__LOG_WARNING, "%s: %s@%" PRId64 ": %s",
                        membership->env->observer.thread, membership->topic, record->offset,
                        error.message);
    } else if (decoded.kind == WEIR__JOIN_RECORD) {
        read_join(membership, &decoded.join);
    } else {
        kept = read_assignment(membership, &decoded.assignment);
    }
    if (!kept) {
        weir__arena_mark_reset(&membership->memory, mark);
    }
}

/* ---- The work of an iteration ---- */

static weir_err do_what_is_due(weir__membership *membership, int64_t now_ms, weir_error *error)
{
    weir_err err = WEIR_OK;
    if (membership->state == WEIR__MEMBER_JOINED) {
        err = send_join(membership, error);
    } else if (membership->state == WEIR__MEMBER_SYNCING && membership->assignment == NULL &&
               now_ms >= membership->repeat_ms) {
        weir__log_write(membership->env->log, WEIR__LOG_WARNING,
                        "%s: no assignment for generation %d yet, sending the join record again",
                        membership->env->observer.thread, membership->generation);
        err = send_join(membership, error);
    }
    if (err == WEIR_OK && membership->leader.active && !membership->leader.decided) {
        err = lead(membership, error);
    }
    return err;
}

void weir__membership_topic_missing(weir__membership *membership)
{
    if (weir__topology_has_patterns(membership->instance->topology)) {
        membership->watch_ms = 0;
    }
}

weir_err weir__membership_tick(weir__membership *membership, const weir__assignment **taken,
                               weir_error *error)
{
    *taken = NULL;
    int64_t now_ms = membership->env->now_ms;
    if (membership->state == WEIR__MEMBER_ASSIGNED) {
        weir__subscription_watch(membership);
    }
    if (membership->state == WEIR__MEMBER_OUT || membership->state == WEIR__MEMBER_ASSIGNED) {
        return WEIR_OK;
    }
    if (now_ms >= membership->retry.next_ms) {
        weir_err err = do_what_is_due(membership, now_ms, error);
        if (err != WEIR_OK) {
            weir__log_write(membership->env->log, WEIR__LOG_WARNING, "%s: generation %d: %s",
                            membership->env->observer.thread, membership->generation,
                            error->message);
        }
        if (err == WEIR_EFENCED) {
            err = WEIR_ERETRY; /* the consumer is about to report the end of this generation */
        }
        err = weir__retry_note(&membership->retry, err, error, now_ms,
                               membership->instance->task_timeout_ms);
        if (err != WEIR_OK) {
            return err;
        }
    }
    if (membership->assignment == NULL) {
        return WEIR_OK;
    }
    if (membership->assignment->err != WEIR_OK) {
        return weir__error_set(error, membership->assignment->err, "%s",
                               membership->assignment->message);
    }
    weir_err same = weir__fingerprint_check(membership->instance->topology, membership->assignment,
                                            &membership->memory, error);
    if (same != WEIR_OK) {
        return same;
    }
    membership->state = WEIR__MEMBER_ASSIGNED;
    membership->watch_ms =
        weir__add_sat(now_ms, weir__topic_watch_interval_ms(membership->instance));
    *taken = membership->assignment;
    return WEIR_OK;
}

int64_t weir__membership_due_ms(const weir__membership *membership)
{
    int64_t leader_ms = weir__leader_due_ms(&membership->leader);
    int64_t next_ms = leader_ms < membership->repeat_ms ? leader_ms : membership->repeat_ms;
    if (membership->retry.next_ms > membership->env->now_ms) {
        next_ms = membership->retry.next_ms;
    }
    switch (membership->state) {
    case WEIR__MEMBER_OUT:
        return INT64_MAX;
    case WEIR__MEMBER_ASSIGNED:
        return membership->leader.active ? membership->watch_ms : INT64_MAX;
    case WEIR__MEMBER_JOINED:
        return membership->retry.next_ms;
    case WEIR__MEMBER_SYNCING:
        return next_ms;
    }
    return INT64_MAX;
}

weir_err weir__membership_ask_stop(weir__membership *membership, weir_error *error)
{
    if (membership->member_id == NULL) {
        return weir__error_set(error, WEIR_ESTATE, "not a member of the group");
    }
    return write_join(membership, true, error);
}

typedef struct search {
    const char *member_id;
    bool found;
} search;

static void look_for_me(const char *member_id, const char *client_id, void *user)
{
    search *mine = user;
    (void)client_id;
    mine->found = mine->found || strcmp(member_id, mine->member_id) == 0;
}

weir_err weir__membership_verify(const weir__membership *membership, weir_error *error)
{
    if (membership->state == WEIR__MEMBER_OUT) {
        return WEIR_OK;
    }
    size_t count = 0;
    search mine = {.member_id = membership->member_id};
    weir_err err =
        weir__admin_describe_group(membership->instance->admin, membership->instance->application,
                                   look_for_me, &mine, &count, error);
    return err != WEIR_OK || mine.found
               ? err
               : weir__error_set(error, WEIR_EFENCED, "the group went on without this member");
}

const char *weir__membership_waits_for(const weir__membership *membership)
{
    switch (membership->state) {
    case WEIR__MEMBER_OUT:
        return "waits for the group";
    case WEIR__MEMBER_JOINED:
        return "has joined the group and not sent its join record yet";
    case WEIR__MEMBER_SYNCING:
        return membership->leader.active ? "leads the group and waits for the other members"
                                         : "waits for the leader's assignment";
    case WEIR__MEMBER_ASSIGNED:
        return "has its assignment";
    }
    return "";
}
