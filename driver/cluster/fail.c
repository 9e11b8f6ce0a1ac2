/* SPDX-License-Identifier: Apache-2.0
 *
 * The command that repeats a run, and failures that the test itself reports. */
#include <stdlib.h>

#include "cluster/cluster.h"

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

void weir__cluster_not_made(const weir_cluster_opts *opts)
{
    weir__driver_not_made(opts != NULL, opts != NULL ? opts->on_failure : NULL,
                          opts != NULL ? opts->user : NULL);
}

void weir_cluster_fail_at(weir_cluster *cluster, const char *file, int line, const char *format,
                          ...)
{
    va_list args;
    if (format == NULL) {
        WEIR__AT_PLACE(file, line);
        weir__cluster_fail(cluster, "%s: format is NULL", __func__);
        return;
    }
    va_start(args, format);
    weir__driver_vfail((weir__driver *)cluster, file, line, format, args);
    va_end(args);
}
