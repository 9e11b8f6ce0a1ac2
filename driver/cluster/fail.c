/* SPDX-License-Identifier: Apache-2.0
 *
 * Failures of a test: the message (seed, command that repeats the run, reason), the place, and the
 * call of on_failure. */
#include <stdarg.h>
#include <stdlib.h>

#include "cluster/cluster.h"

void *weir__must(void *memory)
{
    if (memory == NULL) {
        fputs("weir driver: out of memory\n", stderr);
        abort();
    }
    return memory;
}

static bool needs_quotes(const char *argument)
{
    return argument[0] == '\0' || strpbrk(argument, " \t\n'\"\\$`*?[]()<>|&;#~") != NULL;
}

char *weir__repeat_command(uint64_t seed)
{
    static const char *const choices[] = {"WEIR_TEST", "WEIR_POLICY", "WEIR_THREADS"};
    weir_buf text = {0};
    weir__buf_printf(&text, "WEIR_SEED=%llu", (unsigned long long)seed);
    for (size_t i = 0; i < sizeof choices / sizeof choices[0]; i++) {
        const char *choice = getenv(choices[i]);
        if (choice != NULL && choice[0] != '\0') {
            weir__buf_printf(&text, " %s=%s", choices[i], choice);
        }
    }
    FILE *file = fopen("/proc/self/cmdline", "re");
    char *argument = NULL;
    size_t size = 0;
    while (file != NULL && getdelim(&argument, &size, '\0', file) > 0) {
        const char *quote = needs_quotes(argument) ? "'" : "";
        weir__buf_printf(&text, " %s%s%s", quote, argument, quote);
    }
    free(argument);
    if (file != NULL) {
        fclose(file);
    }
    char *command = weir__must(strdup(weir__buf_text(&text)));
    weir__buf_fini(&text);
    return command;
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

/* ---- Failures without a cluster ---- */

/* The on_failure of the last weir_cluster_new that failed: calls with its NULL call it. */
static struct {
    bool set;
    weir_failure_fn on_failure;
    void *user;
} not_made;

void weir__cluster_not_made(const weir_cluster_opts *opts)
{
    not_made.set = opts != NULL;
    not_made.on_failure = opts != NULL ? opts->on_failure : NULL;
    not_made.user = opts != NULL ? opts->user : NULL;
}

__attribute__((format(printf, 3, 0))) static void
fail_without_cluster(const char *file, int line, const char *format, va_list args)
{
    /* On the stack: on_failure may jump away. */
    char message[WEIR_ERROR_MESSAGE_MAX];
    size_t used = 0;
    if (file != NULL) {
        int n = snprintf(message, sizeof message / 2, "%s:%d: ", file, line);
        used = n > 0 ? strlen(message) : 0;
    }
    vsnprintf(message + used, sizeof message - used, format, args);
    if (not_made.on_failure != NULL) {
        call_on_failure(not_made.on_failure, file, line, message, not_made.user);
        return;
    }
    fprintf(stderr, "%s\n", message);
    if (not_made.set) {
        abort();
    }
}

bool weir__given(bool given, const char *function, const char *argument)
{
    if (!given) {
        weir__cluster_fail(weir__cluster_current(), "%s: %s is NULL", function, argument);
    }
    return given;
}

bool weir__serde_given(const weir_serde *serde, const char *function, const char *argument)
{
    if (!weir__given(serde != NULL, function, argument)) {
        return false;
    }
    bool whole = serde->name != NULL && serde->decode != NULL && serde->encode != NULL &&
                 serde->size > 0 && serde->size <= WEIR_SERDE_SIZE_MAX;
    if (!whole) {
        weir__cluster_fail(weir__cluster_current(),
                           "%s: %s: the serde '%s' must have a name, decode, encode and a size of "
                           "1 to %d",
                           function, argument, serde->name != NULL ? serde->name : "",
                           WEIR_SERDE_SIZE_MAX);
    }
    return whole;
}

__attribute__((format(printf, 4, 0))) static void vfail(weir_cluster *cluster, const char *file,
                                                        int line, const char *format, va_list args)
{
    char *text = NULL;
    if (cluster == NULL) {
        fail_without_cluster(file, line, format, args);
        return;
    }
    if (cluster->failing || vasprintf(&text, format, args) < 0) {
        return; /* only the first failure is reported */
    }
    cluster->failing = true;
    weir__buf_reset(&cluster->message);
    weir__buf_put_text(&cluster->message, weir__seed_line(cluster)); /* first: ends are truncated */
    if (file != NULL) {
        weir__buf_printf(&cluster->message, "%s:%d: ", file, line);
    }
    weir__buf_printf(&cluster->message, "%s\nat %lld ms of virtual time", text,
                     (long long)weir_cluster_now_ms(cluster));
    free(text);
    const char *message = weir__buf_text(&cluster->message);
    if (cluster->trace != NULL) {
        fflush(cluster->trace); /* on_failure may end the process */
    }
    if (cluster->opts.on_failure != NULL) {
        call_on_failure(cluster->opts.on_failure, file, line, message, cluster->opts.user);
        cluster->failing = false;
        return;
    }
    fprintf(stderr, "%s\n", message);
    abort();
}

void weir__cluster_fail(weir_cluster *cluster, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vfail(cluster, place.file, place.line, format, args);
    va_end(args);
}

void weir_cluster_fail_at(weir_cluster *cluster, const char *file, int line, const char *format,
                          ...)
{
    va_list args;
    cluster = cluster != NULL ? cluster : weir__cluster_current();
    if (format == NULL) {
        WEIR__AT_PLACE(file, line);
        weir__cluster_fail(cluster, "%s: format is NULL", __func__);
        return;
    }
    va_start(args, format);
    vfail(cluster, file, line, format, args);
    va_end(args);
}
