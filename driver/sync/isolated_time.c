/* SPDX-License-Identifier: Apache-2.0
 *
 * A processor alone: its clocks, its punctuations, and its requests for commits. */
#include <stdlib.h>

#include "core/error.h"
#include "sync/isolated.h"

void weir__isolated_must(weir_isolated *isolated, weir_err err, const char *function,
                         const weir_error *error)
{
    if (err != WEIR_OK) {
        weir__driver_fail(&isolated->sync->driver, "%s: %s", function, error->message);
    }
}

static weir__known_punctuation *find_punctuation(weir_isolated *isolated, uint64_t number)
{
    for (size_t i = 0; i < isolated->punctuation_count; i++) {
        if (isolated->punctuations[i].number == number) {
            return &isolated->punctuations[i];
        }
    }
    return NULL;
}

static void note_punctuation(const weir__scheduled *scheduled, void *user)
{
    weir_isolated *isolated = user;
    weir__known_punctuation *known = find_punctuation(isolated, scheduled->number);
    if (known == NULL) {
        if (isolated->punctuation_count == isolated->punctuation_capacity) {
            size_t more = 2 * isolated->punctuation_capacity + 8;
            isolated->punctuations =
                weir__must(realloc(isolated->punctuations, more * sizeof *known));
            isolated->punctuation_capacity = more;
        }
        known = &isolated->punctuations[isolated->punctuation_count++];
    }
    *known = (weir__known_punctuation){.shown = {.kind = scheduled->kind,
                                                 .interval_ms = scheduled->interval_ms,
                                                 .due_ms = scheduled->due_ms,
                                                 .fn = scheduled->fn,
                                                 .cancelled = scheduled->cancelled},
                                       .number = scheduled->number,
                                       .seen = true};
}

static int by_number(const void *left, const void *right)
{
    uint64_t a = ((const weir__known_punctuation *)left)->number;
    uint64_t b = ((const weir__known_punctuation *)right)->number;
    return (a > b) - (a < b);
}

void weir__isolated_note(weir_isolated *isolated)
{
    weir__task *task = weir__isolated_task(isolated);
    isolated->commit_requested = isolated->commit_requested || task->commit_requested;
    task->commit_requested = false;
    for (size_t i = 0; i < isolated->punctuation_count; i++) {
        isolated->punctuations[i].seen = false;
    }
    weir__graph_each_punctuation(task->graph, note_punctuation, isolated);
    for (size_t i = 0; i < isolated->punctuation_count; i++) {
        weir__known_punctuation *known = &isolated->punctuations[i];
        known->shown.cancelled = known->shown.cancelled || !known->seen;
    }
    if (isolated->punctuation_count > 1) {
        qsort(isolated->punctuations, isolated->punctuation_count, sizeof *isolated->punctuations,
              by_number);
    }
}

weir_err weir__isolated_begin(weir_isolated *isolated, weir_error *error)
{
    weir_err err = weir__sync_check(&isolated->sync->core, error);
    isolated->sync->core.running = isolated->sync->core.running || err == WEIR_OK;
    return err;
}

weir_err weir__isolated_end(weir_isolated *isolated, weir_err err)
{
    isolated->sync->core.running = false;
    weir__isolated_note(isolated);
    return err;
}

/* ---- Time --------------------------------------------------------------------------------- */

static int64_t *clock_of(const weir_isolated *isolated, weir_time_kind kind)
{
    return kind == WEIR_STREAM_TIME ? &weir__isolated_task(isolated)->stream_time_ms
                                    : &isolated->sync->core.worker.env.now_ms;
}

static weir_err check_kind(weir_time_kind kind, const char *function, weir_error *error)
{
    return kind == WEIR_STREAM_TIME || kind == WEIR_WALL_CLOCK_TIME
               ? WEIR_OK
               : weir__error_set(error, WEIR_EINVAL, "%s: no kind of time is %d", function,
                                 (int)kind);
}

int64_t weir_isolated_time_ms(const weir_isolated *isolated, weir_time_kind kind)
{
    weir_error error;
    if (!weir__given(isolated != NULL, __func__, "isolated")) {
        return 0;
    }
    if (check_kind(kind, __func__, &error) != WEIR_OK) {
        weir__driver_fail(&isolated->sync->driver, "%s", error.message);
        return 0;
    }
    return *clock_of(isolated, kind);
}

void weir_isolated_set_time(weir_isolated *isolated, weir_time_kind kind, int64_t time_ms)
{
    weir_error error;
    if (!weir__given(isolated != NULL, __func__, "isolated")) {
        return;
    }
    weir_err err = check_kind(kind, __func__, &error);
    if (err == WEIR_OK && time_ms < (kind == WEIR_STREAM_TIME ? -1 : 0)) {
        err = weir__error_set(&error, WEIR_EINVAL, "%s: no clock shows %lld", __func__,
                              (long long)time_ms);
    }
    if (err != WEIR_OK) {
        weir__driver_fail(&isolated->sync->driver, "%s", error.message);
        return;
    }
    *clock_of(isolated, kind) = time_ms;
}

weir_err weir_isolated_try_advance_to(weir_isolated *isolated, weir_time_kind kind, int64_t time_ms,
                                      weir_error *error)
{
    weir_error local;
    error = error != NULL ? error : &local;
    if (isolated == NULL) {
        return weir__error_null(error, __func__, "isolated");
    }
    weir_err err = check_kind(kind, __func__, error);
    if (err == WEIR_OK && time_ms < *clock_of(isolated, kind)) {
        err = weir__error_set(error, WEIR_EINVAL,
                              "%s: %lld: the clock shows a later time, %lld; "
                              "weir_isolated_set_time sets it back",
                              __func__, (long long)time_ms, (long long)*clock_of(isolated, kind));
    }
    err = err == WEIR_OK ? weir__isolated_begin(isolated, error) : err;
    if (err != WEIR_OK) {
        return err;
    }
    *clock_of(isolated, kind) = time_ms;
    err = weir__graph_punctuate(weir__isolated_task(isolated)->graph, kind, time_ms, NULL, error);
    return weir__isolated_end(isolated, err);
}

size_t weir_isolated_punctuations(const weir_isolated *isolated, weir_isolated_punctuation *out,
                                  size_t max)
{
    if (!weir__given(isolated != NULL, __func__, "isolated")) {
        return 0;
    }
    for (size_t i = 0; out != NULL && i < isolated->punctuation_count && i < max; i++) {
        out[i] = isolated->punctuations[i].shown;
    }
    return isolated->punctuation_count;
}

weir_err weir_isolated_try_punctuate(weir_isolated *isolated, size_t index, weir_error *error)
{
    weir_error local;
    error = error != NULL ? error : &local;
    if (isolated == NULL) {
        return weir__error_null(error, __func__, "isolated");
    }
    weir_err err = weir__sync_check(&isolated->sync->core, error);
    if (err == WEIR_OK && index >= isolated->punctuation_count) {
        err = weir__error_set(error, WEIR_ENOTFOUND,
                              "%s: the processor has scheduled %zu punctuations, there is no [%zu]",
                              __func__, isolated->punctuation_count, index);
    }
    if (err == WEIR_OK && isolated->punctuations[index].shown.cancelled) {
        err = weir__error_set(error, WEIR_ESTATE, "%s: punctuation [%zu] was cancelled", __func__,
                              index);
    }
    err = err == WEIR_OK ? weir__isolated_begin(isolated, error) : err;
    if (err != WEIR_OK) {
        return err;
    }
    weir_time_kind kind = isolated->punctuations[index].shown.kind;
    err = weir__graph_fire(weir__isolated_task(isolated)->graph, kind,
                           isolated->punctuations[index].number, *clock_of(isolated, kind), error);
    return weir__isolated_end(isolated, err);
}

void weir_isolated_advance_to(weir_isolated *isolated, weir_time_kind kind, int64_t time_ms)
{
    weir_error error;
    if (weir__given(isolated != NULL, __func__, "isolated")) {
        weir__isolated_must(isolated, weir_isolated_try_advance_to(isolated, kind, time_ms, &error),
                            __func__, &error);
    }
}

void weir_isolated_punctuate(weir_isolated *isolated, size_t index)
{
    weir_error error;
    if (weir__given(isolated != NULL, __func__, "isolated")) {
        weir__isolated_must(isolated, weir_isolated_try_punctuate(isolated, index, &error),
                            __func__, &error);
    }
}
