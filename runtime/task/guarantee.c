/* SPDX-License-Identifier: Apache-2.0
 *
 * Both guarantees. */
#include "task/guarantee.h"

#include "core/error.h"
#include "task/env.h"

/* A call that waits for the coordinator. The thread must poll again within max.poll.interval.ms. */
#define INIT_SLICE_MS 1000
#define OFFSETS_MS 10000
#define ATTEMPTS_MAX 6 /* of commit and abort; each waits up to transaction.timeout.ms */

/* ---- At least once ---- */

static weir_err commit_offsets(weir__task_env *env, const weir__offset *offsets, size_t count,
                               weir_error *error)
{
    if (count == 0) {
        return WEIR_OK;
    }
    weir__step(&env->observer, WEIR_STEP_COMMIT_OFFSETS, NULL, NULL);
    return weir__consumer_commit(env->consumer, offsets, count, error);
}

const weir__guarantee weir__at_least_once = {.commit = commit_offsets};

/* ---- Exactly once ---- */

bool weir__ends_transaction(weir_err err)
{
    return err == WEIR_EABORTABLE || err == WEIR_EFENCED || err == WEIR_EFATAL;
}

void weir__transaction_failed(weir__task_env *env, weir_err err, const char *message)
{
    weir__transaction *now = &env->transaction;
    if (now->open && now->failed.code == WEIR_OK && weir__ends_transaction(err)) {
        weir__error_set(&now->failed, err, "%s", message);
    }
}

/* Notes what ends the transaction; returns `err`. */
static weir_err note(weir__task_env *env, weir_err err, const weir_error *error)
{
    if (err != WEIR_OK) {
        weir__transaction_failed(env, err, error->message);
    }
    return err;
}

static weir_err prepare(weir__task_env *env, weir_error *error)
{
    if (env->transaction.ready) {
        return WEIR_OK;
    }
    weir_err err = weir__producer_init(env->producer, INIT_SLICE_MS, error);
    env->transaction.ready = err == WEIR_OK;
    if (err == WEIR_EFENCED) { /* by a producer of the same name that began at this moment */
        env->transaction.failed = *error;
        return WEIR_ERETRY;
    }
    return err;
}

static weir_err begin(weir__task_env *env, weir_error *error)
{
    weir_assert(!env->transaction.open);
    weir_err err = prepare(env, error);
    if (err != WEIR_OK) {
        return err;
    }
    weir__step(&env->observer, WEIR_STEP_BEGIN_TRANSACTION, NULL, NULL);
    err = weir__producer_begin(env->producer, error);
    env->transaction.open = true; /* also after a failure, which must be noted */
    return note(env, err, error);
}

/* The outcome of a commit that the coordinator does not tell is decided for good when the next
 * producer of this name gets its id. */
static weir_err end_commit(weir__task_env *env, weir_error *error)
{
    weir_err err = WEIR_ERETRY;
    weir__step(&env->observer, WEIR_STEP_COMMIT_TRANSACTION, NULL, NULL);
    for (int i = 0; i < ATTEMPTS_MAX && weir_err_is_retriable(err); i++) {
        err = weir__producer_commit(env->producer, error);
    }
    if (err != WEIR_OK && !weir__ends_transaction(err)) {
        err = weir__error_prefix(error, WEIR_EFATAL, "its outcome is not known");
    }
    return err;
}

static weir_err commit_transaction(weir__task_env *env, const weir__offset *offsets, size_t count,
                                   weir_error *error)
{
    weir__transaction *now = &env->transaction;
    weir_err err = WEIR_OK;
    if (now->failed.code != WEIR_OK) {
        *error = now->failed;
        return now->failed.code;
    }
    if (!now->open && count > 0) {
        err = begin(env, error);
    }
    if (err == WEIR_OK && count > 0) {
        weir__step(&env->observer, WEIR_STEP_SEND_OFFSETS, NULL, NULL);
        err = weir__producer_send_offsets(env->producer, env->consumer, offsets, count, OFFSETS_MS,
                                          error);
    }
    if (err == WEIR_OK && now->open) {
        err = end_commit(env, error);
        now->open = err != WEIR_OK;
    }
    return note(env, err, error);
}

static weir_err abort_transaction(weir__task_env *env, weir_error *error)
{
    weir__transaction *now = &env->transaction;
    if (!now->open) {
        return WEIR_OK;
    }
    weir_err err = WEIR_ERETRY;
    weir__step(&env->observer, WEIR_STEP_ABORT_TRANSACTION, NULL, NULL);
    now->aborting = true;
    for (int i = 0; i < ATTEMPTS_MAX && weir_err_is_retriable(err); i++) {
        err = weir__producer_abort(env->producer, -1, error);
    }
    now->aborting = false;
    if (err == WEIR_OK) {
        now->open = false;
        now->failed.code = WEIR_OK;
        env->first_send_failure.code = WEIR_OK;
    }
    return err;
}

const weir__guarantee weir__exactly_once = {.transactional = true,
                                            .prepare = prepare,
                                            .before_send = begin,
                                            .commit = commit_transaction,
                                            .abort_transaction = abort_transaction};

/* ---- Records ---- */

weir_err weir__task_send(weir__task_env *env, const weir__outgoing *record,
                         const weir__delivery *delivery, weir_error *error)
{
    if (!env->guarantee->transactional) {
        return weir__producer_send(env->producer, record, delivery, error);
    }
    weir_error local; /* not cleared: a kilobyte a record */
    weir_err err = env->transaction.open ? WEIR_OK : env->guarantee->before_send(env, &local);
    if (err == WEIR_OK) {
        err = weir__producer_send(env->producer, record, delivery, &local);
    }
    return err == WEIR_OK ? WEIR_OK
                          : weir__error_set(error, note(env, err, &local), "%s", local.message);
}
