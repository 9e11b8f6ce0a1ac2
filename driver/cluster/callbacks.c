/* SPDX-License-Identifier: Apache-2.0
 *
 * The callbacks that the driver gives to an instance. They write the trace, wake the waiting test
 * and call the callbacks of the user. They run on the instance's threads, of which only one runs at
 * a time, so their shared data needs no lock. ThreadSanitizer cannot know that, and a lock taken at
 * each step would order the runtime's threads and hide their races: these callbacks are excluded
 * from its checks. */
#include "cluster/cluster.h"
#include "core/error.h"
#include "sim/tsan.h"

void weir__instance_note_warning(weir_instance *instance, const char *text)
{
    pthread_mutex_lock(&instance->warnings_lock);
    weir__warnings_note(&instance->warnings, text);
    pthread_mutex_unlock(&instance->warnings_lock);
}

void weir__instance_put_warnings(weir_buf *out, weir_instance *instance, const char *before)
{
    pthread_mutex_lock(&instance->warnings_lock);
    weir__warnings_put(&instance->warnings, before, "\n", out);
    pthread_mutex_unlock(&instance->warnings_lock);
}

static void on_state(weir_state from, weir_state to, void *user)
{
    weir_instance *instance = user;
    instance->state = to;
    weir__event_emit(&(weir_event){.kind = WEIR_EVENT_STATE,
                                   .instance = instance->name,
                                   .application = instance->application,
                                   .from = from,
                                   .to = to});
    weir_sim_progress();
    if (instance->opts.app.on_state != NULL) {
        weir__tsan_ignore_begin();
        instance->opts.app.on_state(from, to, instance->opts.app.user);
        weir__tsan_ignore_end();
    }
    weir_sim_notify();
}

static void on_restore(const weir_restore_progress *progress, void *user)
{
    weir_instance *instance = user;
    weir__event_emit(&(weir_event){.kind = WEIR_EVENT_RESTORE,
                                   .instance = instance->name,
                                   .application = instance->application,
                                   .restore = progress});
    weir_sim_progress();
    if (instance->opts.app.on_restore != NULL) {
        weir__tsan_ignore_begin();
        instance->opts.app.on_restore(progress, instance->opts.app.user);
        weir__tsan_ignore_end();
    }
    weir_sim_notify();
}

static weir_uncaught on_uncaught(const char *thread, const weir_error *error, void *user)
{
    weir_instance *instance = user;
    char text[WEIR__WARNING_SIZE];
    snprintf(text, sizeof text, "%s failed: %s: %.400s", thread, weir_err_name(error->code),
             error->message);
    weir__instance_note_warning(instance, text);
    weir__event_emit(&(weir_event){.kind = WEIR_EVENT_UNCAUGHT,
                                   .instance = instance->name,
                                   .application = instance->application,
                                   .stream_thread = thread,
                                   .reason = weir_err_name(error->code)});
    if (instance->opts.app.on_uncaught == NULL) {
        return WEIR_SHUTDOWN_CLIENT;
    }
    weir__tsan_ignore_begin();
    weir_uncaught reply = instance->opts.app.on_uncaught(thread, error, instance->opts.app.user);
    weir__tsan_ignore_end();
    return reply;
}

static void on_step(const weir_step *step, void *user)
{
    weir_instance *instance = user;
    weir__event_emit(&(weir_event){.kind = WEIR_EVENT_STEP,
                                   .instance = instance->name,
                                   .application = instance->application,
                                   .step = step});
    if (instance->opts.app.on_step != NULL) {
        weir__tsan_ignore_begin();
        instance->opts.app.on_step(step, instance->opts.app.user);
        weir__tsan_ignore_end();
    }
}

/* Log lines are not part of the trace: texts of libraries contain addresses and paths. */
static void on_log(int level, const char *text, void *user)
{
    weir_instance *instance = user;
    if (level <= WEIR__LOG_LEVEL_WARNING) {
        weir__instance_note_warning(instance, text);
    }
    if (instance->opts.app.on_log != NULL) {
        weir__tsan_ignore_begin();
        instance->opts.app.on_log(level, text, instance->opts.app.user);
        weir__tsan_ignore_end();
    }
}

weir_app_opts weir__instance_callbacks(weir_instance *instance)
{
    return (weir_app_opts){
        .on_state = on_state,
        .on_restore = on_restore,
        .on_uncaught = on_uncaught,
        .on_step = on_step,
        .on_log = on_log,
        .user = instance,
    };
}
