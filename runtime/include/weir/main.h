/* SPDX-License-Identifier: Apache-2.0
 *
 * The main() of a program that runs one topology:
 *
 *     int main(int argc, char **argv)
 *     {
 *         return weir_main(argc, argv, orders_topology, NULL);
 *     }
 *
 * A program that does other things, too, uses weir_app_new and weir_app_start (weir/weir.h). */
#ifndef WEIR_MAIN_H
#define WEIR_MAIN_H

#include <weir/admin.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Zeros: defaults. Borrowed for the call. */
typedef struct weir_main_opts {
    /* Created, if they do not exist, before the topology is built. The last one has no name. NULL:
     * none. */
    const weir_topic_spec *topics;
    /* Called with the settings, before the topology is built: to check them, or to create topics
     * that they name. Ends the program unless it returns WEIR_OK. NULL: not called. */
    weir_err (*prepare)(const weir_config *config, weir_error *error, void *user);
    weir_app_opts app;        /* its callbacks are called, and get its `user`, as does prepare */
    int64_t close_timeout_ms; /* 0: 30 s; < 0: no limit */
} weir_main_opts;

/* PROGRAM FILE.properties [NAME=VALUE...]: reads the file, then the settings that are arguments,
 * builds the topology and runs it until SIGINT or SIGTERM, or until the application has failed;
 * closes it. Failures, and lines of the file that are refused or doubtful, are printed on stderr.
 * Returns main's exit status: 0 after a signal, 1 after a failure, 2 if no file is given. The two
 * signals are blocked in this thread, and in threads that it makes, from here on. Call it once, in
 * the main thread. `opts` NULL: defaults. */
WEIR_API int weir_main(int argc, char **argv, weir_topology_fn topology,
                       const weir_main_opts *opts);

#ifdef __cplusplus
}
#endif
#endif
