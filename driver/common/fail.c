/* SPDX-License-Identifier: Apache-2.0
 *
 * Failures of a test: the message (seed, command that repeats the run, reason), the place, and the
 * call of on_failure. */
#include <stdarg.h>
#include <stdlib.h>

#include "common/common.h"

#define OTHER_THREAD_TEXT_MAX ((size_t)4096)

/* The calls of a cluster that any thread may make: "Any thread" in weir/driver.h. */
static const char *const any_thread[] = {
    "weir_cluster_seed",
    "weir_cluster_application",
    "weir_cluster_mock",
    "weir_cluster_random",
    "weir_cluster_repeat_command",
    "weir_cluster_instance",
    "weir_cluster_now_ms",
    "weir_cluster_wall_clock_ms",
    "weir_instance_name",
    "weir_instance_host",
    "weir_instance_state",
    "weir_host_crash",
    "weir_host_pause",
    "weir_host_resume",
    "weir_host_partition",
    "weir_host_heal",
    "weir_host_partition_from",
    "weir_host_heal_from",
    "weir_host_latency",
    "weir_host_skew",
    "weir_host_reset_connections",
    "weir_cluster_fault_add",
    "weir_cluster_fault_fired",
    "weir_cluster_fault_remove",
    "weir_cluster_branch",
};

void *weir__must(void *memory)
{
    if (memory == NULL) {
        fputs("weir driver: out of memory\n", stderr);
        abort();
    }
    return memory;
}

/* ---- Places ---- */

/* Each thread has its own place: one that crashes inside of a call does not change that of others.
 */
static _Thread_local weir__place place;

weir__place weir__place_enter(const char *file, int line)
{
    weir__place outer = place;
    if (file != NULL) {
        place = (weir__place){file, line};
    }
    return outer;
}

void weir__place_leave(const weir__place *outer)
{
    place = *outer;
}

/* on_failure may jump out of all calls of the driver, so the calls that it makes itself have no
 * enclosing call. */
static void call_on_failure(weir_failure_fn on_failure, const char *file, int line,
                            const char *message, void *user)
{
    weir__place outer = place;
    place = (weir__place){0};
    on_failure(file, line, message, user);
    place = outer;
}

/* ---- Failures without a driver ---- */

static weir__driver *current;

void weir__driver_set_current(weir__driver *driver)
{
    current = driver;
}

/* The on_failure of the last driver that could not be made: calls with its NULL call it. */
static _Thread_local struct {
    bool set;
    weir_failure_fn on_failure;
    void *user;
    char why[WEIR_ERROR_MESSAGE_MAX / 2]; /* "": not known */
} not_made;

void weir__driver_not_made(bool set, weir_failure_fn on_failure, void *user)
{
    not_made.set = set;
    not_made.on_failure = on_failure;
    not_made.user = user;
    not_made.why[0] = '\0';
}

void weir__driver_not_made_because(const char *why)
{
    snprintf(not_made.why, sizeof not_made.why, "%s", why);
}

__attribute__((format(printf, 3, 0))) static void
fail_without_driver(const char *file, int line, const char *format, va_list args)
{
    /* On the stack: on_failure may jump away. */
    char message[WEIR_ERROR_MESSAGE_MAX];
    size_t used = 0;
    if (file != NULL) {
        int n = snprintf(message, sizeof message / 2, "%s:%d: ", file, line);
        used = n > 0 ? strlen(message) : 0;
    }
    vsnprintf(message + used, sizeof message - used, format, args);
    if (not_made.why[0] != '\0') {
        used = strlen(message);
        snprintf(message + used, sizeof message - used, "; the driver could not be made: %s",
                 not_made.why);
    }
    if (not_made.on_failure != NULL) {
        call_on_failure(not_made.on_failure, file, line, message, not_made.user);
        return;
    }
    fprintf(stderr, "%s\n", message);
    if (not_made.set) {
        abort();
    }
}

bool weir__not_given(const char *function, const char *argument)
{
    weir__driver_fail(NULL, "%s: %s is NULL", function, argument);
    return false;
}

bool weir__serde_is_whole(const weir_serde *serde)
{
    return serde->name != NULL && serde->decode != NULL && serde->encode != NULL &&
           serde->size > 0 && serde->size <= WEIR_SERDE_SIZE_MAX;
}

bool weir__serde_given(const weir_serde *serde, const char *function, const char *argument)
{
    if (!weir__given(serde != NULL, function, argument)) {
        return false;
    }
    bool whole = weir__serde_is_whole(serde);
    if (!whole) {
        weir__driver_fail(NULL,
                          "%s: %s: the serde '%s' must have a name, decode, encode and a size of "
                          "1 to %d",
                          function, argument, serde->name != NULL ? serde->name : "",
                          WEIR_SERDE_SIZE_MAX);
    }
    return whole;
}

/* Fails the test on a thread that may not call on_failure. The text is on the stack, since the
 * thread does not continue. */
__attribute__((format(printf, 4, 0))) static void fail_on_other_thread(const weir__driver *driver,
                                                                       const char *file, int line,
                                                                       const char *format,
                                                                       va_list args)
{
    char text[OTHER_THREAD_TEXT_MAX];
    int used = file != NULL ? snprintf(text, sizeof text / 2, "%s:%d: ", file, line) : 0;
    size_t at = used > 0 ? strnlen(text, sizeof text / 2) : 0;
    vsnprintf(text + at, sizeof text - at, format, args);
    driver->ops->fail_thread(text);
    abort();
}

static bool on_own_thread(const weir__driver *driver)
{
    return driver->ops->on_own_thread == NULL || driver->ops->on_own_thread(driver);
}

bool weir__serdes_given(const weir_serde *key, const weir_serde *value, const char *function)
{
    return weir__serde_given(key, function, "key") && weir__serde_given(value, function, "value");
}

void weir__driver_vfail(weir__driver *driver, const char *file, int line, const char *format,
                        va_list args)
{
    char *text = NULL;
    /* The cluster of a test that failed and did not free it is why the next one has none. */
    bool left = current != NULL && current->failing && not_made.why[0] != '\0';
    driver = driver != NULL || left ? driver : current;
    if (driver == NULL) {
        fail_without_driver(file, line, format, args);
        return;
    }
    if (!driver->failing && !on_own_thread(driver)) {
        fail_on_other_thread(driver, file, line, format, args);
    }
    if (driver->failing || vasprintf(&text, format, args) < 0) {
        return; /* only the first failure is reported */
    }
    driver->failing = true;
    weir__buf_reset(&driver->message);
    weir__buf_put_text(&driver->message,
                       driver->ops->fail_head(driver)); /* what cuts, cuts the end */
    if (file != NULL) {
        weir__buf_printf(&driver->message, "%s:%d: ", file, line);
    }
    weir__buf_put_text(&driver->message, text);
    free(text);
    driver->ops->fail_end(driver, &driver->message);
    const char *message = weir__buf_text(&driver->message);
    if (driver->on_failure != NULL) {
        call_on_failure(driver->on_failure, file, line, message, driver->user);
        driver->failing = false;
        return;
    }
    fprintf(stderr, "%s\n", message);
    abort();
}

void weir__driver_fail(weir__driver *driver, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    weir__driver_vfail(driver, place.file, place.line, format, args);
    va_end(args);
}

bool weir__may_call(weir__driver *driver, const char *function)
{
    if (driver == NULL || on_own_thread(driver)) {
        return true;
    }
    for (size_t i = 0; i < sizeof any_thread / sizeof any_thread[0]; i++) {
        if (strcmp(any_thread[i], function) == 0) {
            return true;
        }
    }
    weir__driver_fail(driver,
                      "%s: only the thread that made the cluster may call it, not a callback of an "
                      "instance",
                      function);
    return false;
}
