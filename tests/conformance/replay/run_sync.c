/* SPDX-License-Identifier: Apache-2.0
 *
 * A case on the synchronous driver. */
#include <stdio.h>

#include <weir/driver_sync.h>

#include "replay/run.h"

#define DROPS_MAX 256
#define RECORDS_MAX 10000 /* of a step: a plan may write to what it reads */

struct noting {
    case_run *run;
    int step;
};

static void note(const char *topic, const weir_row *record, void *user)
{
    const struct noting *noting = user;
    run_note(noting->run, noting->step, topic, record);
}

static void on_log(int level, const char *text, void *user)
{
    (void)level, (void)text, (void)user;
}

static weir_rows *store_rows(case_run *run, const char *store, const weir_serde *key,
                             const int64_t *as_of_ms)
{
    weir_store_view view = weir_sync_store(run->state, store, key, &weir_bytes);
    return weir_store_view_all(as_of_ms != NULL ? weir_store_view_as_of(view, *as_of_ms) : view);
}

static void close_sync(case_run *run)
{
    weir_sync_free(run->state);
}

static void run_steps(case_run *run, yyjson_val *steps)
{
    weir_sync *sync = run->state;
    weir_error error = {0};
    size_t seen = weir_sync_each_sent(sync, 0, NULL, NULL);
    size_t count = yyjson_arr_size(steps);
    for (size_t i = 0; i < count && run->end == RUN_FINISHED; i++) {
        yyjson_val *step = yyjson_arr_get(steps, i);
        const char *topic = case_text(step, "pipe");
        weir_err err =
            topic != NULL
                ? run_pipe(weir_sync_input(sync, topic, &weir_bytes, &weir_bytes), step, &error)
                : weir_sync_try_advance(sync, case_number(step, "advance_ms"), &error);
        seen = weir_sync_each_sent(sync, seen, note, &(struct noting){run, (int)i});
        run->step = (int)i + 1;
        if (err != WEIR_OK) {
            run->end = RUN_FAILED;
            run->step = (int)i;
            snprintf(run->error, sizeof run->error, "%s", error.message);
        }
    }
}

/* A commit writes the caches downstream, where other sub-topologies may cache the rows again. */
static void commit_all(weir_sync *sync)
{
    size_t all = 0;
    size_t before;
    do {
        before = all;
        weir_sync_commit(sync);
        all = weir_sync_each_sent(sync, 0, NULL, NULL);
    } while (all != before);
}

void run_on_sync(case_run *run, const recorded_case *of)
{
    const char *pairs[RUN_PAIRS_MAX + 5];
    weir_error error = {0};
    run->driver = RUN_SYNC;
    if (!run_describe(run, of)) {
        return;
    }
    size_t count = run_settings(of, pairs);
    pairs[count++] = "dsl.store";
    pairs[count++] = "memory";
    if (of->cache_bytes != NULL) {
        pairs[count++] = "statestore.cache.max.bytes";
        pairs[count++] = of->cache_bytes;
    }
    pairs[count] = NULL;
    weir_sync_opts opts = {.application = RUN_APPLICATION,
                           .config = pairs,
                           .partitions = of->partitions,
                           .records_max = RECORDS_MAX,
                           .commit_interval = of->cache_bytes != NULL,
                           .start = WEIR_AT(case_number(of->root, "start_ms")),
                           .app = {.on_log = on_log},
                           .build = weir_plan_build,
                           .build_user = of->plan,
                           .on_failure = report_failure};
    weir_sync *sync = weir_sync_new(NULL, &opts, &error);
    if (sync == NULL) {
        run->end = RUN_NOT_STARTED;
        snprintf(run->error, sizeof run->error, "%s", error.message);
        return;
    }
    run->state = sync;
    run->store_rows = store_rows;
    run->close = close_sync;
    run_steps(run, yyjson_obj_get(of->root, "steps"));
    if (of->cache_bytes != NULL && run->end == RUN_FINISHED) {
        commit_all(sync);
    }
    weir_dropped_records dropped[DROPS_MAX];
    size_t kinds = weir_sync_dropped_records(sync, dropped, DROPS_MAX);
    run_count_dropped(run, dropped, kinds < DROPS_MAX ? kinds : DROPS_MAX);
}
