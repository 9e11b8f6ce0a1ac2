/* SPDX-License-Identifier: Apache-2.0
 *
 * The client ids and the transactional id are those of Kafka Streams; there the state updater owns
 * the restore consumer. */
#include "cluster/worker_clients.h"

#include <stdlib.h>

#include "core/error.h"

#define CLOSE_ABORT_MS 1000

static weir_err client_opts(const weir__worker *worker, const char *owner, const char *kind,
                            weir_buf *client_id, weir__client_opts *out)
{
    weir__buf_reset(client_id);
    weir__buf_printf(client_id, "%s-%s-%d-%s", worker->instance->client_id, owner, worker->number,
                     kind);
    *out = (weir__client_opts){.client = worker->instance->client,
                               .config = worker->instance->config,
                               .client_id = weir__buf_text(client_id),
                               .log = worker->instance->log};
    return client_id->err;
}

/* ---- Producers ---- */

/* `transactional_id` NULL: without transactions. */
static weir_err new_producer(const weir__worker *worker, const char *kind,
                             const char *transactional_id, weir__producer **out, weir_error *error)
{
    weir_buf id = {0};
    weir__client_opts opts;
    weir_err err = client_opts(worker, "StreamThread", kind, &id, &opts);
    opts.transactional_id = transactional_id;
    err = err == WEIR_OK ? weir__producer_new(&opts, out, error)
                         : weir__error_set(error, err, "%s", worker->name);
    weir__buf_fini(&id);
    return err;
}

/* <application.id>-<process id>-<number of the thread>: the next process on this state directory
 * ends the transactions of the one before. */
static weir_err open_producer(weir__worker *worker, weir_error *error)
{
    const weir__instance *instance = worker->instance;
    weir__task_env *env = &worker->env;
    if (!env->guarantee->transactional) {
        return new_producer(worker, "producer", NULL, &env->producer, error);
    }
    weir_buf id = {0};
    weir_err err = weir__buf_printf(&id, "%s-%s-%d", instance->application, instance->process_id,
                                    worker->number);
    err = err == WEIR_OK
              ? new_producer(worker, "producer", weir__buf_text(&id), &env->producer, error)
              : weir__error_set(error, err, "%s", worker->name);
    weir__buf_fini(&id);
    return err;
}

static weir_err open_control(weir__worker *worker, weir_error *error)
{
    return worker->env.guarantee->transactional
               ? new_producer(worker, "assignment-producer", NULL, &worker->env.control, error)
               : WEIR_OK;
}

static void close_producer(weir__task_env *env)
{
    weir__producer_close(env->producer);
    env->producer = NULL;
    env->transaction = (weir__transaction){0};
    weir__map_fini(&env->changelogs, free); /* no delivery report can arrive any more */
    env->changelogs = (weir__map){0};
    weir__map_fini(&env->outputs, weir__task_output_free);
    env->outputs = (weir__map){0};
    env->first_send_failure.code = WEIR_OK;
}

weir_err weir__worker_renew_producer(weir__worker *worker, weir_error *error)
{
    close_producer(&worker->env);
    return open_producer(worker, error);
}

/* ---- Life ---- */

static weir_err open_tasks(weir__worker *worker, weir_error *error)
{
    weir_buf id = {0};
    weir__client_opts opts;
    weir_err err = client_opts(worker, "StateUpdater", "restore-consumer", &id, &opts);
    if (err == WEIR_OK) {
        err = weir__task_set_init(&worker->tasks, worker->instance, &worker->env, &opts);
        worker->open_tasks = true;
    }
    weir__buf_fini(&id);
    return err == WEIR_OK ? WEIR_OK : weir__error_set(error, err, "%s", worker->name);
}

weir_err weir__worker_open_clients(weir__worker *worker, const weir__consumer_events *events,
                                   weir_error *error)
{
    weir_buf id = {0};
    weir__client_opts opts;
    weir_err err = client_opts(worker, "StreamThread", "consumer", &id, &opts);
    if (err == WEIR_OK) {
        err = weir__consumer_new(&opts, WEIR__MAIN_CONSUMER, events, &worker->env.consumer, error);
    }
    weir__buf_fini(&id);
    if (err == WEIR_OK) {
        err = open_producer(worker, error);
    }
    if (err == WEIR_OK) {
        err = open_control(worker, error);
    }
    return err == WEIR_OK ? open_tasks(worker, error) : err;
}

/* Otherwise the records behind an open transaction stay hidden from readers until it times out. If
 * the coordinator does not answer soon, that is so. */
static void abort_open(weir__task_env *env)
{
    weir_error ignored;
    if (env->transaction.open) {
        weir__step(&env->observer, WEIR_STEP_ABORT_TRANSACTION, NULL, "close");
        env->transaction.aborting = true;
        (void)weir__producer_abort(env->producer, CLOSE_ABORT_MS, &ignored);
    }
}

void weir__worker_close_clients(weir__worker *worker)
{
    weir__task_env *env = &worker->env;
    abort_open(env);
    weir__consumer_close(env->consumer); /* leaves the group */
    env->consumer = NULL;
    if (worker->open_tasks) {
        weir__task_set_fini(&worker->tasks);
        worker->open_tasks = false;
    }
    close_producer(env);
    weir__producer_close(env->control);
    env->control = NULL;
}
