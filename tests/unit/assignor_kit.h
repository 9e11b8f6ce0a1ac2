/* SPDX-License-Identifier: Apache-2.0
 *
 * Groups for tests of the assignor: made by hand or from a seed, run, checked. */
#ifndef WEIR_TESTS_UNIT_ASSIGNOR_KIT_H
#define WEIR_TESTS_UNIT_ASSIGNOR_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cluster/assignor.h"

#define SUBS_MAX 5
#define TASKS_MAX 12 /* of a sub-topology */
#define MEMBERS_MAX 9
#define PROGRESS_MAX (SUBS_MAX * TASKS_MAX)
#define NAME_BYTES 16

/* A group with room for everything; members point into it. */
typedef struct group {
    int32_t tasks[SUBS_MAX];
    bool stateful[SUBS_MAX];
    weir__join_record members[MEMBERS_MAX];
    char member_ids[MEMBERS_MAX][NAME_BYTES];
    char process_ids[MEMBERS_MAX][NAME_BYTES];
    weir__task_progress progress[MEMBERS_MAX][PROGRESS_MAX];
    weir__assignor_input input;
    uint64_t random;
    uint64_t seed;
} group;

static inline uint64_t draw(group *g, uint64_t below)
{
    g->random ^= g->random << 13;
    g->random ^= g->random >> 7;
    g->random ^= g->random << 17;
    return g->random % below;
}

#define check(g, condition) check_that((g), (condition), #condition, __LINE__)

static inline void check_that(const group *g, bool holds, const char *text, int line)
{
    if (!holds) {
        fail_msg("line %d, seed %llu: %s", line, (unsigned long long)g->seed, text);
    }
}

static inline void add_member(group *g, const char *id, const char *process)
{
    size_t at = g->input.member_count++;
    snprintf(g->member_ids[at], NAME_BYTES, "%s", id);
    snprintf(g->process_ids[at], NAME_BYTES, "%s", process);
    g->members[at] = (weir__join_record){
        .member_id = g->member_ids[at], .process_id = g->process_ids[at], .tasks = g->progress[at]};
}

static inline void says(group *g, size_t member, int32_t sub, int32_t partition, int64_t progress)
{
    weir__join_record *join = &g->members[member];
    g->progress[member][join->task_count++] = (weir__task_progress){{sub, partition}, progress};
}

static inline void init(group *g, uint64_t seed)
{
    *g = (group){.random = seed * 0x9e3779b97f4a7c15u + 1, .seed = seed};
    g->input.tasks = g->tasks;
    g->input.stateful = g->stateful;
    g->input.members = g->members;
}

static inline void add_sub(group *g, int32_t tasks, bool stateful)
{
    g->tasks[g->input.subtopology_count] = tasks;
    g->stateful[g->input.subtopology_count++] = stateful;
}

/* A group without any state yet. */
static inline void make_up(group *g, uint64_t seed)
{
    init(g, seed);
    size_t subs = 1 + draw(g, SUBS_MAX);
    size_t members = 1 + draw(g, MEMBERS_MAX - 1);
    size_t processes = 1 + draw(g, members);
    for (size_t i = 0; i < subs; i++) {
        add_sub(g, (int32_t)draw(g, TASKS_MAX + 1), draw(g, 2) == 0);
    }
    for (size_t i = 0; i < members; i++) {
        char id[NAME_BYTES];
        char process[NAME_BYTES];
        snprintf(id, sizeof id, "m%c%c", (int)('a' + draw(g, 26)), (int)('a' + i));
        snprintf(process, sizeof process, "p%d", (int)draw(g, processes));
        add_member(g, id, process);
    }
}

/* The owner of each task; out[i] has the i-th smallest member id. */
typedef struct outcome {
    char owner[SUBS_MAX][TASKS_MAX][NAME_BYTES];
} outcome;

static inline void run(group *g, outcome *out)
{
    weir__arena arena = {0};
    weir__member_tasks *result = NULL;
    weir_error error = {0};
    memset(out, 0, sizeof *out);
    check(g, weir__assign(&g->input, &arena, &result, &error) == WEIR_OK);
    for (size_t i = 0; i < g->input.member_count; i++) {
        check(g, i == 0 || strcmp(result[i - 1].member_id, result[i].member_id) < 0);
        for (size_t j = 0; j < result[i].active_count; j++) {
            weir__task_id id = result[i].active[j];
            check(g, j == 0 || weir__task_id_compare(result[i].active[j - 1], id) < 0);
            check(g, id.subtopology >= 0 && (size_t)id.subtopology < g->input.subtopology_count);
            check(g, id.partition >= 0 && id.partition < g->tasks[id.subtopology]);
            char *owner = out->owner[id.subtopology][id.partition];
            check(g, owner[0] == '\0');
            snprintf(owner, NAME_BYTES, "%s", result[i].member_id);
        }
    }
    weir__arena_fini(&arena);
}

static inline int tasks_of(const group *g, const outcome *out, const char *member, int sub)
{
    int count = 0;
    for (int s = 0; s < (int)g->input.subtopology_count; s++) {
        for (int i = 0; (sub < 0 || s == sub) && i < g->tasks[s]; i++) {
            count += strcmp(out->owner[s][i], member) == 0 ? 1 : 0;
        }
    }
    return count;
}

static inline void check_complete(const group *g, const outcome *out)
{
    for (size_t s = 0; s < g->input.subtopology_count; s++) {
        for (int i = 0; i < g->tasks[s]; i++) {
            check(g, out->owner[s][i][0] != '\0');
        }
    }
}

static inline void check_even(const group *g, const outcome *out, int sub)
{
    int most = 0;
    int least = INT32_MAX;
    for (size_t i = 0; i < g->input.member_count; i++) {
        int count = tasks_of(g, out, g->members[i].member_id, sub);
        most = count > most ? count : most;
        least = count < least ? count : least;
    }
    check(g, most - least <= 1);
}

/* Each process has its share, rounded up or down. */
static inline void check_processes(const group *g, const outcome *out)
{
    int all = 0;
    for (size_t s = 0; s < g->input.subtopology_count; s++) {
        all += g->tasks[s];
    }
    for (size_t i = 0; i < g->input.member_count; i++) {
        int members = 0;
        int count = 0;
        for (size_t j = 0; j < g->input.member_count; j++) {
            if (strcmp(g->process_ids[i], g->process_ids[j]) == 0) {
                members++;
                count += tasks_of(g, out, g->members[j].member_id, -1);
            }
        }
        int total = (int)g->input.member_count;
        check(g, abs(count * total - all * members) < total);
    }
}

static inline void check_good(const group *g, const outcome *out)
{
    check_complete(g, out);
    check_even(g, out, -1);
    for (int s = 0; s < (int)g->input.subtopology_count; s++) {
        check_even(g, out, s);
    }
    check_processes(g, out);
}

/* The reports of the members of the next generation: each ran the tasks that `out` gave it. */
static inline void ran(group *g, const outcome *out)
{
    for (size_t m = 0; m < g->input.member_count; m++) {
        g->members[m].task_count = 0;
        for (int32_t s = 0; s < (int32_t)g->input.subtopology_count; s++) {
            for (int32_t i = 0; i < g->tasks[s]; i++) {
                if (strcmp(out->owner[s][i], g->member_ids[m]) == 0) {
                    says(g, m, s, i, WEIR__PROGRESS_RUNNING);
                }
            }
        }
    }
}

static inline int moved(const group *g, const outcome *a, const outcome *b)
{
    int count = 0;
    for (size_t s = 0; s < g->input.subtopology_count; s++) {
        for (int i = 0; i < g->tasks[s]; i++) {
            count += strcmp(a->owner[s][i], b->owner[s][i]) != 0 ? 1 : 0;
        }
    }
    return count;
}

static inline void remove_member(group *g, size_t at)
{
    size_t last = --g->input.member_count;
    memmove(g->member_ids[at], g->member_ids[last], NAME_BYTES);
    memmove(g->process_ids[at], g->process_ids[last], NAME_BYTES);
    memmove(g->progress[at], g->progress[last], sizeof g->progress[at]);
    g->members[at].task_count = g->members[last].task_count;
}

#endif
