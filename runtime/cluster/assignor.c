/* SPDX-License-Identifier: Apache-2.0
 *
 * The assignor. First it gives each task to the member that ran it; else to the process that has
 * most of its state, if there is room; else to the member with the least load. Then it moves tasks,
 * one at a time and as few as needed, until
 *
 *   1. members differ by at most 1 task in all,
 *   2. the members that have 1 more are spread over the processes in proportion,
 *   3. members differ by at most 1 task of each sub-topology.
 *
 * Why this ends, and why 3 is possible without violating 1 and 2: let a have at least 2 tasks of
 * sub-topology s more than b, and in all at most 1 more. Then b has more than a of some other
 * sub-topology t. A swap (s to b, t to a) does not change the totals, improves s and makes t no
 * worse. Every move lowers the sum of the distances from the bounds.
 *
 * Members are numbered in order of their ids, tasks by sub-topology and partition; ties go to the
 * smaller number. */
#include "cluster/assignor.h"

#include <stdlib.h>
#include <string.h>

#include "core/error.h"

#define TASKS_MAX ((size_t)100000)
#define MEMBERS_MAX ((size_t)10000)

#define NOBODY SIZE_MAX

/* The score of a member for a task: the member ran it; its process ran it; else the progress of the
 * task's state in the process. */
#define SCORE_RAN INT64_MAX
#define SCORE_RAN_BESIDE (INT64_MAX - 1)
#define SCORE_NONE ((int64_t)-1)

typedef struct plan {
    const weir__assignor_input *input;
    const weir__join_record **members; /* by id */
    size_t *process_of;                /* of a member */
    size_t *process_size;              /* members of a process */
    size_t *first_task;                /* of a sub-topology; one more than there are */
    size_t *ran_on;                    /* of a task: a member, or NOBODY */
    size_t *owner;                     /* of a task: a member, or NOBODY */
    int64_t *state;                    /* [task * processes + process] */
    size_t *total;                     /* tasks of a member */
    size_t *count;                     /* [member * sub-topologies + sub-topology] */
    size_t *load;                      /* tasks of a process */
    size_t member_count;
    size_t process_count;
    size_t sub_count;
    size_t task_count;
} plan;

static size_t *count_of(plan *p, size_t member, size_t sub)
{
    return &p->count[member * p->sub_count + sub];
}

static int64_t score(const plan *p, size_t task, size_t member)
{
    return p->ran_on[task] == member ? SCORE_RAN
                                     : p->state[task * p->process_count + p->process_of[member]];
}

static void give(plan *p, size_t task, size_t sub, size_t member)
{
    size_t old = p->owner[task];
    if (old != NOBODY) {
        p->total[old]--;
        p->load[p->process_of[old]]--;
        (*count_of(p, old, sub))--;
    }
    p->owner[task] = member;
    p->total[member]++;
    p->load[p->process_of[member]]++;
    (*count_of(p, member, sub))++;
}

/* ---- The members' join records ------------------------------------------------------------ */

static int compare_members(const void *a, const void *b)
{
    const weir__join_record *const *x = a;
    const weir__join_record *const *y = b;
    return strcmp((*x)->member_id, (*y)->member_id);
}

static weir_err sort_members(plan *p, weir_error *error)
{
    const weir__assignor_input *input = p->input;
    for (size_t i = 0; i < p->member_count; i++) {
        p->members[i] = &input->members[i];
    }
    qsort(p->members, p->member_count, sizeof(weir__join_record *), compare_members);
    for (size_t i = 0; i < p->member_count; i++) {
        if (i > 0 && compare_members(&p->members[i - 1], &p->members[i]) == 0) {
            return weir__error_set(error, WEIR_EINVAL, "assignor: member %s comes twice",
                                   p->members[i]->member_id);
        }
        size_t same = 0; /* processes are numbered by their first member */
        while (strcmp(p->members[same]->process_id, p->members[i]->process_id) != 0) {
            same++;
        }
        p->process_of[i] = same < i ? p->process_of[same] : p->process_count++;
        p->process_size[p->process_of[i]]++;
    }
    return WEIR_OK;
}

static size_t sub_of(const plan *p, size_t task)
{
    size_t sub = 0;
    while (task >= p->first_task[sub + 1]) {
        sub++;
    }
    return sub;
}

/* Tasks that the topology does not have (any more) are ignored. */
static void add_join(plan *p, size_t member)
{
    const weir__join_record *join = p->members[member];
    for (size_t i = 0; i < join->task_count; i++) {
        weir__task_id id = join->tasks[i].id;
        if (id.subtopology < 0 || (size_t)id.subtopology >= p->sub_count || id.partition < 0 ||
            id.partition >= p->input->tasks[id.subtopology]) {
            continue;
        }
        size_t task = p->first_task[id.subtopology] + (size_t)id.partition;
        bool ran = join->tasks[i].progress == WEIR__PROGRESS_RUNNING;
        int64_t has = ran ? SCORE_RAN_BESIDE : join->tasks[i].progress;
        int64_t *best = &p->state[task * p->process_count + p->process_of[member]];
        if (ran && p->ran_on[task] == NOBODY) {
            p->ran_on[task] = member;
        }
        if (p->input->stateful[id.subtopology] && has > *best) {
            *best = has;
        }
    }
}

/* ---- First places ------------------------------------------------------------------------- */

static size_t ceil_share(size_t amount, size_t among)
{
    return (amount + among - 1) / among;
}

/* -1: a has less to do than b; processes are compared by load per member. */
static int compare_load(const plan *p, size_t a, size_t b)
{
    if (p->total[a] != p->total[b]) {
        return p->total[a] < p->total[b] ? -1 : 1;
    }
    size_t of_a = p->load[p->process_of[a]] * p->process_size[p->process_of[b]];
    size_t of_b = p->load[p->process_of[b]] * p->process_size[p->process_of[a]];
    return (of_a > of_b) - (of_a < of_b);
}

static bool has_room(plan *p, size_t member, size_t sub)
{
    size_t of_sub = p->first_task[sub + 1] - p->first_task[sub];
    return p->total[member] < ceil_share(p->task_count, p->member_count) &&
           *count_of(p, member, sub) < ceil_share(of_sub, p->member_count);
}

/* The best member for a task that ran nowhere. */
static size_t place_for(plan *p, size_t task, size_t sub)
{
    size_t best = 0;
    for (size_t m = 1; m < p->member_count; m++) {
        bool room = has_room(p, m, sub);
        if (room != has_room(p, best, sub)) {
            best = room ? m : best;
            continue;
        }
        int64_t gain = score(p, task, m);
        int64_t best_gain = score(p, task, best);
        if (gain != best_gain) {
            best = gain > best_gain ? m : best;
        } else if (compare_load(p, m, best) < 0) {
            best = m;
        }
    }
    return best;
}

static void place_all(plan *p)
{
    for (size_t sub = 0; sub < p->sub_count; sub++) {
        for (size_t task = p->first_task[sub]; task < p->first_task[sub + 1]; task++) {
            if (p->ran_on[task] != NOBODY) {
                give(p, task, sub, p->ran_on[task]);
            }
        }
    }
    /* First the tasks whose state some process has, while that process has room. */
    for (int with_state = 1; with_state >= 0; with_state--) {
        for (size_t task = 0; task < p->task_count; task++) {
            size_t sub = sub_of(p, task);
            if (p->owner[task] != NOBODY) {
                continue;
            }
            size_t member = place_for(p, task, sub);
            if (with_state == 0 || score(p, task, member) > SCORE_NONE) {
                give(p, task, sub, member);
            }
        }
    }
}

/* ---- Moves -------------------------------------------------------------------------------- */

/* The task of `sub` whose move costs least: a low score of `from`, a high score of `to`. */
static size_t cheapest(const plan *p, size_t sub, size_t from, size_t to)
{
    size_t best = NOBODY;
    for (size_t task = p->first_task[sub]; task < p->first_task[sub + 1]; task++) {
        if (p->owner[task] != from) {
            continue;
        }
        if (best == NOBODY || score(p, task, from) < score(p, best, from) ||
            (score(p, task, from) == score(p, best, from) &&
             score(p, task, to) > score(p, best, to))) {
            best = task;
        }
    }
    return best;
}

/* Moves a task of the sub-topology with the largest difference between `from` and `to`; of equals,
 * the one with the cheapest task. */
static void move_one(plan *p, size_t from, size_t to)
{
    size_t best_sub = 0;
    size_t best_task = NOBODY;
    size_t best_lead = 0;
    for (size_t sub = 0; sub < p->sub_count; sub++) {
        size_t more = *count_of(p, from, sub);
        size_t less = *count_of(p, to, sub);
        size_t lead = more > less ? more - less : 0;
        if (lead == 0 || lead < best_lead) {
            continue;
        }
        size_t task = cheapest(p, sub, from, to);
        if (lead > best_lead || score(p, task, from) < score(p, best_task, from) ||
            (score(p, task, from) == score(p, best_task, from) &&
             score(p, task, to) > score(p, best_task, to))) {
            best_sub = sub;
            best_task = task;
            best_lead = lead;
        }
    }
    weir_assert(best_task != NOBODY);
    give(p, best_task, best_sub, to);
}

static void balance_members(plan *p)
{
    for (size_t moves = 0; p->member_count > 0; moves++) {
        size_t most = 0;
        size_t least = 0;
        for (size_t m = 1; m < p->member_count; m++) {
            most = compare_load(p, m, most) > 0 ? m : most;
            least = compare_load(p, m, least) < 0 ? m : least;
        }
        if (p->total[most] - p->total[least] < 2) {
            return;
        }
        weir_assert(moves < 2 * p->task_count);
        move_one(p, most, least);
    }
}

/* By how much a process has more than its share, times the number of members. */
static int64_t surplus(const plan *p, size_t process, size_t load)
{
    return (int64_t)(load * p->member_count) - (int64_t)(p->task_count * p->process_size[process]);
}

/* A member of the process with the most or the fewest tasks. */
static size_t member_of(const plan *p, size_t process, bool most)
{
    size_t best = NOBODY;
    for (size_t m = 0; m < p->member_count; m++) {
        if (p->process_of[m] == process &&
            (best == NOBODY ||
             (most ? p->total[m] > p->total[best] : p->total[m] < p->total[best]))) {
            best = m;
        }
    }
    return best;
}

static void balance_processes(plan *p)
{
    int64_t whole = (int64_t)p->member_count; /* one task */
    for (size_t moves = 0; p->process_count > 1; moves++) {
        size_t most = 0;
        size_t least = 0;
        for (size_t i = 1; i < p->process_count; i++) {
            int64_t over = surplus(p, i, p->load[i]);
            most = over > surplus(p, most, p->load[most]) ? i : most;
            least = over < surplus(p, least, p->load[least]) ? i : least;
        }
        if (surplus(p, most, p->load[most]) < whole && surplus(p, least, p->load[least]) > -whole) {
            return;
        }
        weir_assert(moves < 2 * p->task_count);
        move_one(p, member_of(p, most, true), member_of(p, least, false));
    }
}

/* True if a member with 1 task more than another may give it away without violating 2. */
static bool may_shift(const plan *p, size_t from, size_t to)
{
    size_t a = p->process_of[from];
    size_t b = p->process_of[to];
    int64_t whole = (int64_t)p->member_count;
    return p->total[from] > p->total[to] && (a == b || (surplus(p, a, p->load[a] - 1) > -whole &&
                                                        surplus(p, b, p->load[b] + 1) < whole));
}

static void balance_subtopology(plan *p, size_t sub)
{
    for (size_t moves = 0;; moves++) {
        size_t most = 0;
        size_t least = 0;
        for (size_t m = 1; m < p->member_count; m++) {
            size_t here = *count_of(p, m, sub);
            size_t at_most = *count_of(p, most, sub);
            size_t at_least = *count_of(p, least, sub);
            if (here > at_most || (here == at_most && p->total[m] > p->total[most])) {
                most = m;
            }
            if (here < at_least || (here == at_least && p->total[m] < p->total[least])) {
                least = m;
            }
        }
        if (*count_of(p, most, sub) - *count_of(p, least, sub) < 2) {
            return;
        }
        weir_assert(moves < 2 * p->task_count);
        bool shift = may_shift(p, most, least);
        give(p, cheapest(p, sub, most, least), sub, least);
        if (!shift) {
            move_one(p, least, most);
        }
    }
}

/* ---- Assigning ---------------------------------------------------------------------------- */

static void *array(weir__arena *arena, size_t count, size_t size, bool *failed)
{
    void *memory = weir__arena_alloc(arena, (count + 1) * size);
    *failed = *failed || memory == NULL;
    return memory;
}

static weir_err prepare(plan *p, weir__arena *arena, weir_error *error)
{
    const weir__assignor_input *input = p->input;
    bool failed = false;
    for (size_t i = 0; i < p->sub_count; i++) {
        weir_assert(input->tasks[i] >= 0);
        p->task_count += (size_t)input->tasks[i];
    }
    if (p->task_count > TASKS_MAX || p->member_count > MEMBERS_MAX) {
        return weir__error_set(error, WEIR_ELIMIT, "assignor: %zu tasks for %zu members",
                               p->task_count, p->member_count);
    }
    p->members = array(arena, p->member_count, sizeof *p->members, &failed);
    p->process_of = array(arena, p->member_count, sizeof(size_t), &failed);
    p->process_size = array(arena, p->member_count, sizeof(size_t), &failed);
    p->first_task = array(arena, p->sub_count, sizeof(size_t), &failed);
    p->ran_on = array(arena, p->task_count, sizeof(size_t), &failed);
    p->owner = array(arena, p->task_count, sizeof(size_t), &failed);
    p->total = array(arena, p->member_count, sizeof(size_t), &failed);
    p->load = array(arena, p->member_count, sizeof(size_t), &failed);
    p->count = array(arena, p->member_count * p->sub_count, sizeof(size_t), &failed);
    weir_err err = failed ? WEIR_ENOMEM : sort_members(p, error);
    if (err == WEIR_OK) {
        p->state = array(arena, p->task_count * p->process_count, sizeof(int64_t), &failed);
        err = failed ? WEIR_ENOMEM : WEIR_OK;
    }
    if (err != WEIR_OK) {
        return failed ? weir__error_set(error, err, "assignor: out of memory") : err;
    }
    for (size_t i = 0; i < p->sub_count; i++) {
        p->first_task[i + 1] = p->first_task[i] + (size_t)input->tasks[i];
    }
    for (size_t i = 0; i < p->task_count; i++) {
        p->ran_on[i] = NOBODY;
        p->owner[i] = NOBODY;
    }
    for (size_t i = 0; i < p->task_count * p->process_count; i++) {
        p->state[i] = SCORE_NONE;
    }
    return WEIR_OK;
}

static weir_err write_out(const plan *p, weir__arena *arena, weir__member_tasks **out,
                          weir_error *error)
{
    bool failed = false;
    weir__member_tasks *result = array(arena, p->member_count, sizeof *result, &failed);
    for (size_t m = 0; !failed && m < p->member_count; m++) {
        weir__task_id *active = array(arena, p->total[m], sizeof *active, &failed);
        size_t count = 0;
        for (size_t task = 0; !failed && task < p->task_count; task++) {
            if (p->owner[task] == m) {
                size_t sub = sub_of(p, task);
                active[count++] =
                    (weir__task_id){(int32_t)sub, (int32_t)(task - p->first_task[sub])};
            }
        }
        result[m] = (weir__member_tasks){p->members[m]->member_id, active, count};
    }
    if (failed) {
        return weir__error_set(error, WEIR_ENOMEM, "assignor: out of memory");
    }
    *out = result;
    return WEIR_OK;
}

weir_err weir__assign(const weir__assignor_input *input, weir__arena *arena,
                      weir__member_tasks **out, weir_error *error)
{
    weir_assert(input->member_count > 0);
    plan p = {
        .input = input, .member_count = input->member_count, .sub_count = input->subtopology_count};
    weir_err err = prepare(&p, arena, error);
    if (err != WEIR_OK) {
        return err;
    }
    for (size_t m = 0; m < p.member_count; m++) {
        add_join(&p, m);
    }
    place_all(&p);
    balance_members(&p);
    balance_processes(&p);
    for (size_t sub = 0; sub < p.sub_count; sub++) {
        balance_subtopology(&p, sub);
    }
    return write_out(&p, arena, out, error);
}
