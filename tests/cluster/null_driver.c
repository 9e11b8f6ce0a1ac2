/* SPDX-License-Identifier: Apache-2.0
 *
 * The driver's functions with a NULL for each of their arguments, with handles of calls that
 * failed, and with enum values that do not exist: the test fails with a text that names the
 * argument. */
#include "support/cluster.h"
#include "support/null_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixtures/word_count.h"

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})
#define STRINGS &weir_string, &weir_string
#define FAULT ((weir_mock_fault){.error_code = 3, .optional = true})
#define NO_INPUT ((weir_input){0})
#define NO_OUTPUT ((weir_output){0})
#define NO_VIEW ((weir_store_view){0})

/* X(function, argument, expected, call). `expected` is a part of the failure's text; NULL: the call
 * is good. The text names the function, too, unless it stands for another ("weir_run_until"). */
#define CLUSTER_ROWS(X)                                                                            \
    X(weir_cluster_free, cluster, NULL, weir_cluster_free(NULL))                                   \
    X(weir_cluster_seed, cluster, "cluster is NULL", weir_cluster_seed(NULL))                      \
    X(weir_cluster_application, cluster, "cluster is NULL", weir_cluster_application(NULL))        \
    X(weir_cluster_mock, cluster, "cluster is NULL", weir_cluster_mock(NULL))                      \
    X(weir_cluster_wall_clock_ms, cluster, "cluster is NULL", weir_cluster_wall_clock_ms(NULL))    \
    X(weir_cluster_now_ms, cluster, "cluster is NULL", weir_cluster_now_ms(NULL))                  \
    X(weir_cluster_random, cluster, "cluster is NULL", weir_cluster_random(NULL))                  \
    X(weir_cluster_repeat_command, cluster, "cluster is N", weir_cluster_repeat_command(NULL))     \
    X(weir_cluster_run_until, cluster, "cluster is N", weir_cluster_run_until(0, never, 0, 1))     \
    X(weir_cluster_run_until, predicate, "predicate is", weir_cluster_run_until(cluster, 0, 0, 1)) \
    X(weir_cluster_run_for, cluster, "cluster is NULL", weir_cluster_run_for(NULL, 1))             \
    X(weir_cluster_run_until_at, cluster, "file:1: weir_run_until: cluster is NULL",               \
      weir_cluster_run_until_at(NULL, never, NULL, 1, "never", "file", 1))                         \
    X(weir_cluster_run_until_at, predicate, "file:1: weir_run_until: predicate is NULL",           \
      weir_cluster_run_until_at(cluster, NULL, NULL, 1, "never", "file", 1))                       \
    X(weir_cluster_run_until_at, text, "file:1: the predicate does not hold",                      \
      weir_cluster_run_until_at(cluster, never, NULL, 1, NULL, "file", 1))                         \
    X(weir_cluster_run_until_at, file, "never does not hold",                                      \
      weir_cluster_run_until_at(cluster, never, NULL, 1, "never", NULL, 1))                        \
    X(weir_all_running, cluster, "cluster is NULL", weir_all_running(NULL, NULL))                  \
    X(weir_caught_up, cluster, "cluster is NULL", weir_caught_up(NULL, NULL))                      \
    X(weir_cluster_explain, cluster, "cluster is NULL", weir_cluster_explain(NULL))                \
    X(weir_cluster_fail_at, cluster, "why", weir_cluster_fail_at(NULL, "file", 1, "why"))          \
    X(weir_cluster_fail_at, file, "why", weir_cluster_fail_at(cluster, NULL, 1, "why"))            \
    X(weir_cluster_fail_at, format, "format is NULL", fail_at(cluster, "file", 1, NULL))           \
    X(weir_cluster_on_event, cluster, "cluster is NULL", weir_cluster_on_event(NULL, NULL, NULL))  \
    X(weir_cluster_on_event, fn, NULL, weir_cluster_on_event(cluster, NULL, NULL))                 \
    X(weir_cluster_trace, cluster, "cluster is NULL", weir_cluster_trace(NULL, "kind", "x"))       \
    X(weir_cluster_trace, kind, "kind is NULL", weir_cluster_trace(cluster, NULL, "x"))            \
    X(weir_cluster_trace, format, "format is NULL", trace(cluster, "kind", NULL))                  \
    X(weir_cluster_trace_hash, cluster, "cluster is NULL", weir_cluster_trace_hash(NULL))          \
    X(weir_cluster_trace_to, cluster, "cluster is NULL", weir_cluster_trace_to(NULL, NULL, 0))     \
    X(weir_cluster_trace_to, out, NULL, weir_cluster_trace_to(cluster, NULL, WEIR_TRACE_TEXT))     \
    X(weir_cluster_trace_to, form, "no form 9",                                                    \
      weir_cluster_trace_to(cluster, NULL, (weir_trace_form)9))

/* Of weir/event.h. */
#define EVENT_ROWS(X)                                                                              \
    X(weir_event_text, event, NULL, char line[9]; weir_event_text(NULL, line, sizeof line);        \
      assert_string_equal(line, ""))                                                               \
    X(weir_event_text, out, NULL, weir_event_text(&(weir_event){.kind = WEIR_EVENT_PAUSE}, 0, 9))

#define INPUT_ROWS(X)                                                                              \
    X(weir_cluster_input, cluster, "cluster is", weir_cluster_input(NULL, "x", 1, STRINGS))        \
    X(weir_cluster_input, topic, "topic is", weir_cluster_input(cluster, NULL, 1, STRINGS))        \
    X(weir_cluster_input, key, "key is", weir_cluster_input(cluster, "x", 1, NULL, &weir_i64))     \
    X(weir_cluster_input, value, "value is", weir_cluster_input(cluster, "x", 1, &weir_i64, 0))    \
    X(weir_cluster_topic_create, cluster, "cluster is", weir_cluster_topic_create(NULL, "x", 1))   \
    X(weir_cluster_topic_create, topic, "topic is", weir_cluster_topic_create(cluster, NULL, 1))   \
    X(weir_cluster_topic_grow, cluster, "cluster is", weir_cluster_topic_grow(NULL, "in", 9))      \
    X(weir_cluster_topic_grow, topic, "topic is", weir_cluster_topic_grow(cluster, NULL, 9))       \
    X(weir_cluster_topic_delete, cluster, "cluster is", weir_cluster_topic_delete(NULL, "in"))     \
    X(weir_cluster_topic_delete, topic, "topic is", weir_cluster_topic_delete(cluster, NULL))      \
    X(weir_cluster_topic_trim, cluster, "cluster is", weir_cluster_topic_trim(NULL, "in", 0, 0))   \
    X(weir_cluster_topic_trim, topic, "topic is", weir_cluster_topic_trim(cluster, NULL, 0, 0))    \
    X(weir_cluster_topic_compact, cluster, "cluster is", weir_cluster_topic_compact(NULL, "in"))   \
    X(weir_cluster_topic_compact, topic, "topic is", weir_cluster_topic_compact(cluster, NULL))    \
    X(weir_input_send, input, "input is NULL", weir_input_send(NO_INPUT, &record))                 \
    X(weir_input_try_send, input, "input is", weir_input_try_send(NO_INPUT, &record, NULL))        \
    X(weir_input_try_send, record, "record is", weir_input_try_send(in, NULL, NULL))               \
    X(weir_input_try_send, error, NULL, weir_input_try_send(in, &record, NULL))                    \
    X(weir_input_send, record, "record is NULL", weir_input_send(in, NULL))                        \
    X(weir_input_send_to, input, "input is NULL", weir_input_send_to(NO_INPUT, 0, &record))        \
    X(weir_input_send_to, record, "record is NULL", weir_input_send_to(in, 0, NULL))               \
    X(weir_input_pipe, input, "input is NULL", weir_input_pipe(NO_INPUT, NULL, NULL))              \
    X(weir_input_pipe, key, NULL, weir_input_pipe(in, NULL, &text))                                \
    X(weir_input_pipe, value, NULL, weir_input_pipe(in, &text, NULL))                              \
    X(weir_input_list, input, "input is NULL", weir_input_list(NO_INPUT, &text, &text, 1))         \
    X(weir_input_list, keys, NULL, weir_input_list(in, NULL, &text, 1))                            \
    X(weir_input_list, values, "values is NULL", weir_input_list(in, &text, NULL, 1))              \
    X(weir_input_text, input, "input is NULL", weir_input_text(NO_INPUT, "k", "v"))                \
    X(weir_input_text, key, NULL, weir_input_text(in, NULL, "v"))                                  \
    X(weir_input_text, value, NULL, weir_input_text(in, "k", NULL))                                \
    X(weir_input_lines, input, "input is NULL", weir_input_lines(NO_INPUT, "a"))                   \
    X(weir_input_lines, text, "text is NULL", weir_input_lines(in, NULL))                          \
    X(weir_input_file, input, "input is NULL", weir_input_file(NO_INPUT, "/nowhere"))              \
    X(weir_input_file, path, "path is NULL", weir_input_file(in, NULL))                            \
    X(weir_input_set_time, input, "input is NULL", weir_input_set_time(NO_INPUT, 1, 1))            \
    X(weir_input_follow_clock, input, "input is NULL", weir_input_follow_clock(NO_INPUT))

#define ROWS_ROWS(X)                                                                               \
    X(weir_rows_size, rows, "rows is NULL", weir_rows_size(NULL))                                  \
    X(weir_rows_at, rows, "rows is NULL", weir_rows_at(NULL, 0))                                   \
    X(weir_rows_find, rows, "rows is NULL", weir_rows_find(NULL, &text))                           \
    X(weir_rows_find, key, NULL, weir_rows_find(rows, NULL))                                       \
    X(weir_rows_find_text, rows, "rows is NULL", weir_rows_find_text(NULL, "k"))                   \
    X(weir_rows_find_text, key, NULL, weir_rows_find_text(rows, NULL))                             \
    X(weir_rows_new, cluster, "cluster is NULL", weir_rows_new(NULL, STRINGS))                     \
    X(weir_rows_new, key, "key is NULL", weir_rows_new(cluster, NULL, &weir_i64))                  \
    X(weir_rows_new, value, "value is NULL", weir_rows_new(cluster, &weir_i64, NULL))              \
    X(weir_rows_add, rows, "rows is NULL", weir_rows_add(NULL, &text, &text))                      \
    X(weir_rows_add, key, NULL, weir_rows_add(rows, NULL, &text))                                  \
    X(weir_rows_add, value, NULL, weir_rows_add(rows, &text, NULL))                                \
    X(weir_rows_put, rows, "rows is NULL", weir_rows_put(NULL, &text, &text))                      \
    X(weir_rows_put, key, NULL, weir_rows_put(rows, NULL, &text))                                  \
    X(weir_rows_put, value, NULL, weir_rows_put(rows, &text, NULL))                                \
    X(weir_rows_count, rows, "rows is NULL", weir_rows_count(NULL, &text, 1))                      \
    X(weir_rows_count, key, NULL, weir_rows_count(counts, NULL, 1))                                \
    X(weir_row_text, rows, "rows is NULL", weir_row_text(NULL, &(weir_row){0}))                    \
    X(weir_row_text, row, NULL, assert_string_equal(weir_row_text(rows, NULL), "(no row)"))        \
    X(weir_rows_table_difference, actual, "actual is NULL",                                        \
      assert_non_null(weir_rows_table_difference(NULL, rows)))                                     \
    X(weir_rows_table_difference, expected, "expected is NULL",                                    \
      assert_non_null(weir_rows_table_difference(rows, NULL)))                                     \
    X(weir_rows_list_difference, actual, "actual is NULL",                                         \
      assert_non_null(weir_rows_list_difference(NULL, rows)))                                      \
    X(weir_rows_list_difference, expected, "expected is NULL",                                     \
      assert_non_null(weir_rows_list_difference(rows, NULL)))                                      \
    X(weir_assert_same_rows_at, actual, "file:1: what is NULL",                                    \
      weir_assert_same_rows_at(NULL, rows, "what", "file", 1))                                     \
    X(weir_assert_same_rows_at, expected, "file:1: what is expected is NULL",                      \
      weir_assert_same_rows_at(rows, NULL, "what", "file", 1))                                     \
    X(weir_assert_same_rows_at, what, NULL, weir_assert_same_rows_at(none, none, NULL, "file", 1)) \
    X(weir_assert_same_rows_at, file, NULL, weir_assert_same_rows_at(none, none, "what", NULL, 1)) \
    X(weir_rows_add_record, rows, "rows is NULL", weir_rows_add_record(NULL, &record))             \
    X(weir_rows_add_record, record, "record is NULL", weir_rows_add_record(rows, NULL))            \
    X(weir_row_header, row, "row is NULL", weir_row_header(NULL, "h", &bytes))                     \
    X(weir_row_header, name, "name is NULL", weir_row_header(&(weir_row){0}, NULL, &bytes))        \
    X(weir_row_header, value, "value is NULL", weir_row_header(&(weir_row){0}, "h", NULL))         \
    X(weir_rows_record_difference, actual, "actual is NULL",                                       \
      assert_non_null(weir_rows_record_difference(NULL, rows)))                                    \
    X(weir_rows_record_difference, expected, "expected is NULL",                                   \
      assert_non_null(weir_rows_record_difference(rows, NULL)))                                    \
    X(weir_assert_same_records_at, actual, "file:1: what is NULL",                                 \
      weir_assert_same_records_at(NULL, rows, "what", "file", 1))                                  \
    X(weir_assert_same_records_at, expected, "file:1: what is expected is NULL",                   \
      weir_assert_same_records_at(rows, NULL, "what", "file", 1))                                  \
    X(weir_assert_same_records_at, what, NULL,                                                     \
      weir_assert_same_records_at(rows, rows, NULL, "file", 1))                                    \
    X(weir_assert_same_records_at, file, NULL,                                                     \
      weir_assert_same_records_at(rows, rows, "what", NULL, 1))                                    \
    X(weir_assert_same_list_at, actual, "file:1: what is NULL",                                    \
      weir_assert_same_list_at(NULL, rows, "what", "file", 1))                                     \
    X(weir_assert_same_list_at, expected, "file:1: what is expected is NULL",                      \
      weir_assert_same_list_at(rows, NULL, "what", "file", 1))                                     \
    X(weir_assert_same_list_at, what, NULL, weir_assert_same_list_at(rows, rows, NULL, "file", 1)) \
    X(weir_assert_same_list_at, file, NULL, weir_assert_same_list_at(rows, rows, "what", NULL, 1)) \
    X(weir_assert_size_at, actual, "what is NULL", weir_assert_size_at(NULL, 0, "what", "f", 1))   \
    X(weir_assert_size_at, what, "actual has", weir_assert_size_at(rows, 99, NULL, "f", 1))        \
    X(weir_assert_size_at, file, "what has", weir_assert_size_at(rows, 99, "what", NULL, 1))

#define OUTPUT_ROWS(X)                                                                             \
    X(weir_cluster_output, cluster, "cluster is", weir_cluster_output(NULL, "x", STRINGS))         \
    X(weir_cluster_output, topic, "topic is", weir_cluster_output(cluster, NULL, STRINGS))         \
    X(weir_cluster_output, key, "key is", weir_cluster_output(cluster, "x", NULL, &weir_i64))      \
    X(weir_cluster_output, value, "value is", weir_cluster_output(cluster, "x", &weir_i64, 0))     \
    X(weir_output_next, output, "output is NULL", weir_output_next(NO_OUTPUT))                     \
    X(weir_output_rest, output, "output is NULL", weir_output_rest(NO_OUTPUT))                     \
    X(weir_output_all, output, "output is NULL", weir_output_all(NO_OUTPUT))                       \
    X(weir_output_table, output, "output is NULL", weir_output_table(NO_OUTPUT))                   \
    X(weir_output_size, output, "output is NULL", weir_output_size(NO_OUTPUT))                     \
    X(weir_cluster_store, cluster, "cluster is", weir_cluster_store(NULL, "counts", STRINGS))      \
    X(weir_cluster_store, store, "store is", weir_cluster_store(cluster, NULL, STRINGS))           \
    X(weir_cluster_store, key, "key is", weir_cluster_store(cluster, "counts", NULL, &weir_i64))   \
    X(weir_cluster_store, value, "value is", weir_cluster_store(cluster, "counts", &weir_i64, 0))  \
    X(weir_store_view_task, view, "view is", weir_store_view_task(NO_VIEW, "0_0"))                 \
    X(weir_store_view_task, task, "task is", weir_store_view_task(view, NULL))                     \
    X(weir_store_view_as_of, view, "view is", weir_store_view_as_of(NO_VIEW, 1))                   \
    X(weir_store_view_get, view, "view is", weir_store_view_get(NO_VIEW, &text))                   \
    X(weir_store_view_get, key, "key is", weir_store_view_get(view, NULL))                         \
    X(weir_store_view_range, view, "view is", weir_store_view_range(NO_VIEW, NULL, NULL))          \
    X(weir_store_view_range, from, NULL, weir_store_view_range(view, NULL, &text))                 \
    X(weir_store_view_range, to, NULL, weir_store_view_range(view, &text, NULL))                   \
    X(weir_store_view_all, view, "view is", weir_store_view_all(NO_VIEW))                          \
    X(weir_store_view_prefix, view, "view is", weir_store_view_prefix(NO_VIEW, text))              \
    X(weir_store_view_size, view, "view is", weir_store_view_size(NO_VIEW))

#define INSTANCE_ROWS(X)                                                                           \
    X(weir_cluster_start, cluster, "cluster is", weir_cluster_start(NULL, "x", build, NULL))       \
    X(weir_cluster_start, name, "name is", weir_cluster_start(cluster, NULL, build, NULL))         \
    X(weir_cluster_start, topology, "topology is", weir_cluster_start(cluster, "x", NULL, NULL))   \
    X(weir_cluster_start, opts, NULL, weir_cluster_start(cluster, "b", build, NULL))               \
    X(weir_cluster_instance, cluster, "cluster is", weir_cluster_instance(NULL, "a"))              \
    X(weir_cluster_instance, name, "name is", weir_cluster_instance(cluster, NULL))                \
    X(weir_instance_name, instance, "instance is", weir_instance_name(NULL))                       \
    X(weir_instance_host, instance, "instance is", weir_instance_host(NULL))                       \
    X(weir_instance_state, instance, "instance is", weir_instance_state(NULL))                     \
    X(weir_instance_dropped_records, instance, "instance is",                                      \
      weir_instance_dropped_records(NULL, NULL, 0))                                                \
    X(weir_instance_dropped_records, out, NULL, weir_instance_dropped_records(a, NULL, 3))         \
    X(weir_instance_directory, instance, "instance is", weir_instance_directory(NULL))             \
    X(weir_instance_close, instance, "instance is", (void)weir_instance_close(NULL, 1))            \
    X(weir_instance_restart, instance, "instance is", weir_instance_restart(NULL))                 \
    X(weir_instance_restart_with, instance, "instance is", weir_instance_restart_with(NULL, NULL)) \
    X(weir_instance_restart_with, opts, "still runs", weir_instance_restart_with(a, NULL))         \
    X(weir_instance_wipe, instance, "instance is", weir_instance_wipe(NULL))                       \
    X(weir_host_crash, host, "host is", weir_host_crash(NULL, WEIR_DISK_WIPED))                    \
    X(weir_host_crash, disk, "no disk 9", weir_host_crash(host, (weir_disk)9))                     \
    X(weir_host_pause, host, "host is", weir_host_pause(NULL))                                     \
    X(weir_host_resume, host, "host is", weir_host_resume(NULL))                                   \
    X(weir_host_partition, host, "host is", weir_host_partition(NULL))                             \
    X(weir_host_heal, host, "host is", weir_host_heal(NULL))                                       \
    X(weir_host_partition_from, host, "host is", weir_host_partition_from(NULL, 1))                \
    X(weir_host_heal_from, host, "host is", weir_host_heal_from(NULL, 1))                          \
    X(weir_host_latency, host, "host is", weir_host_latency(NULL, 1))                              \
    X(weir_host_reset_connections, host, "host is", weir_host_reset_connections(NULL))             \
    X(weir_host_skew, host, "host is", weir_host_skew(NULL, 1))                                    \
    X(weir_cluster_fault_add, cluster, "cluster is", weir_cluster_fault_add(NULL, 0, &FAULT))      \
    X(weir_cluster_fault_add, instance, NULL, weir_cluster_fault_add(cluster, NULL, &FAULT))       \
    X(weir_cluster_fault_add, fault, "fault is", weir_cluster_fault_add(cluster, NULL, NULL))      \
    X(weir_cluster_fault_fired, cluster, "cluster is", weir_cluster_fault_fired(NULL, 1))          \
    X(weir_cluster_fault_remove, cluster, "cluster is", weir_cluster_fault_remove(NULL, 1))

/* Those with an error of their own. X(function, argument, check). */
#define ERROR_ROWS(X)                                                                              \
    X(weir_cluster_new, opts, assert_null(weir_cluster_new(NULL, &error));                         \
      assert_int_equal(error.code, WEIR_ESTATE)) /* there is one already */                        \
    X(weir_cluster_new, error, assert_null(weir_cluster_new(NULL, NULL)))                          \
    X(weir_cluster_try_start, cluster,                                                             \
      refused(weir_cluster_try_start(NULL, "x", build, 0, &error)))                                \
    X(weir_cluster_try_start, name, refused(weir_cluster_try_start(cluster, 0, build, 0, &error))) \
    X(weir_cluster_try_start, topology,                                                            \
      refused(weir_cluster_try_start(cluster, "x", 0, 0, &error)))                                 \
    X(weir_cluster_try_start, opts,                                                                \
      assert_non_null(weir_cluster_try_start(cluster, "c", build, NULL, &error)))                  \
    X(weir_cluster_try_start, error, assert_null(weir_cluster_try_start(0, "x", build, 0, NULL)))  \
    X(weir_cluster_branch, cluster, refused(weir_cluster_branch(NULL, 0, &error) >= 0))            \
    X(weir_cluster_branch, error, assert_int_equal(weir_cluster_branch(NULL, 0, NULL), -1))

/* Ends the program: tried in a child process. */
#define BRANCH_ROWS(X)                                                                             \
    X(weir_cluster_branch_end, cluster, assert_ends_the_program(weir_cluster_branch_end))

#define refused(made)                                                                              \
    {                                                                                              \
        assert_false(made);                                                                        \
        assert_names(&row, error.code, &error);                                                    \
    }

#define RUN(function, argument, expected, ...)                                                     \
    last.count = 0;                                                                                \
    last.message[0] = '\0';                                                                        \
    __VA_ARGS__;                                                                                   \
    assert_reported(&last, #function, #argument, expected);

#define RUN_ERROR(function, argument, ...)                                                         \
    {                                                                                              \
        null_row row = {#function, #argument};                                                     \
        weir_error error = {0};                                                                    \
        (void)row;                                                                                 \
        (void)error;                                                                               \
        __VA_ARGS__;                                                                               \
    }

static void assert_reported(const null_failure *last, const char *function, const char *argument,
                            const char *expected)
{
    if (last->count != (expected != NULL ? 1 : 0) ||
        (expected != NULL && strstr(last->message, expected) == NULL)) {
        fail_msg("%s: '%s': %d failures, the last: %s", function, argument, last->count,
                 last->message);
    }
    if (expected != NULL && strstr(expected, " is NULL") != NULL && strchr(expected, ':') == NULL &&
        strncmp(function, "weir_assert", 11) != 0 && strstr(last->message, function) == NULL) {
        fail_msg("%s is not named: %s", function, last->message);
    }
}

static bool never(weir_cluster *cluster, void *arg)
{
    (void)cluster;
    (void)arg;
    return false;
}

/* Without their attributes: the compiler would find the NULL. */
static void (*const fail_at)(weir_cluster *, const char *, int, const char *,
                             ...) = weir_cluster_fail_at;
static void (*const trace)(weir_cluster *, const char *, const char *, ...) = weir_cluster_trace;

static void assert_ends_the_program(void (*end)(weir_cluster *, int))
{
    int status = 0;
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        end(NULL, EXIT_SUCCESS);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), EXIT_FAILURE);
}

static weir_cluster *recording_cluster(null_failure *last)
{
    weir_error error;
    weir_cluster *cluster =
        weir_cluster_new(&(weir_cluster_opts){.on_failure = note_failure, .user = last}, &error);
    if (cluster == NULL) {
        fail_msg("%s", error.message);
    }
    return cluster;
}

static weir_topology *build(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_stream in = weir_source(b, "in", STRINGS, NULL);
    weir_count(weir_group_by_key(in, NULL), "counts", NULL);
    return weir_build(b, config, error);
}

static void functions_of_the_driver_name_the_null_argument(void **state)
{
    (void)state;
    null_failure last = {0};
    weir_cluster *cluster = recording_cluster(&last);
    const weir_slice text = weir_slice_of("x");
    weir_slice bytes = {0};
    const weir_input_record record = {0};
    weir_input in = weir_cluster_input(cluster, "in", 1, STRINGS);
    weir_rows *rows = weir_rows_new(cluster, STRINGS);
    weir_rows *none = weir_rows_new(cluster, STRINGS);
    weir_rows *counts = weir_rows_new(cluster, &weir_string, &weir_i64);
    weir_instance *a = weir_cluster_start(cluster, "a", build, NULL);
    weir_host *host = weir_instance_host(a);
    assert_int_equal(last.count, 0);
    CLUSTER_ROWS(RUN)
    EVENT_ROWS(RUN)
    INPUT_ROWS(RUN)
    ROWS_ROWS(RUN)
    INSTANCE_ROWS(RUN)
    ERROR_ROWS(RUN_ERROR)
    last.count = 0;
    assert_true(weir_cluster_run_until(cluster, weir_all_running, NULL, WEIR_MINUTES(2)));
    weir_store_view view = weir_cluster_store(cluster, "counts", &weir_string, &weir_i64);
    OUTPUT_ROWS(RUN)
    weir_cluster_free(cluster);
}

static void the_end_of_a_branch_that_there_is_not_ends_the_program(void **state)
{
    (void)state;
    BRANCH_ROWS(RUN_ERROR)
}

static void a_record_whose_headers_are_not_given_is_refused(void **state)
{
    (void)state;
    null_failure last = {0};
    weir_cluster *cluster = recording_cluster(&last);
    weir_input in = weir_cluster_input(cluster, "in", 1, STRINGS);
    weir_input_send(in, &(weir_input_record){.header_count = 1});
    assert_non_null(strstr(last.message, "weir_input_send: record->headers is NULL"));
    weir_input_send(in, &(weir_input_record){.headers = &(weir_header){0}, .header_count = 1});
    assert_non_null(strstr(last.message, "weir_input_send: a header's name is NULL"));
    weir_input_send_to(in, -2, &(weir_input_record){0});
    assert_non_null(strstr(last.message, "weir_input_send_to: there is no partition -2"));
    assert_int_equal(last.count, 3);
    weir_cluster_free(cluster);
}

/* ---- Options ------------------------------------------------------------------------------ */

static void invalid_cluster_options_are_named(void **state)
{
    (void)state;
    const struct {
        weir_cluster_opts opts;
        const char *expected;
    } wrong[] = {
        {{.config = LIST("poll.ms", "5", "segment.ms")},
         "weir_cluster_opts.config: 'segment.ms' has no value"},
        {{.policy = (weir_policy)9}, "weir_cluster_opts.policy: no policy 9"},
        {{.threads = (weir_threads)9}, "weir_cluster_opts.threads: no kind 9"},
        {{.brokers = -1}, "brokers: 1 to"},
        {{.max_virtual_ms = -1}, "weir_cluster_opts.max_virtual_ms"},
        {{.livelock_ms = -1}, "weir_cluster_opts.livelock_ms"},
        {{.application = ""}, "weir_cluster_opts.application is empty"},
        {{.directory = ""}, "weir_cluster_opts.directory is empty"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        weir_error error = {0};
        assert_null(weir_cluster_new(&wrong[i].opts, &error));
        if (strstr(error.message, wrong[i].expected) == NULL) {
            fail_msg("%s", error.message);
        }
    }
}

static void invalid_instance_options_are_named(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    const struct {
        const char *name;
        weir_instance_opts opts;
        const char *expected;
    } wrong[] = {
        {"a", {.config = LIST("poll.ms")}, "weir_instance_opts.config: 'poll.ms' has no value"},
        {"a", {.threads = -1}, "weir_instance_opts.threads is negative: -1"},
        {"", {0}, "instance '': the name must have 1 to 63 bytes and no '/'"},
        {"a/b", {0}, "instance 'a/b': the name must have 1 to 63 bytes and no '/'"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        weir_error error = {0};
        assert_null(weir_cluster_try_start(cluster, wrong[i].name, build, &wrong[i].opts, &error));
        assert_int_equal(error.code, WEIR_EINVAL);
        if (strstr(error.message, wrong[i].expected) == NULL) {
            fail_msg("%s", error.message);
        }
    }
}

/* The cluster that could not be made is NULL, and its on_failure receives what is done with it. */
static void a_call_without_a_cluster_fails_the_test(void **state)
{
    (void)state;
    null_failure last = {0};
    weir_cluster *cluster = weir_cluster_new(
        &(weir_cluster_opts){.brokers = -1, .on_failure = note_failure, .user = &last}, NULL);
    assert_null(cluster);
    weir_input in = weir_cluster_input(cluster, "in", 1, STRINGS);
    assert_non_null(strstr(last.message, ": weir_cluster_input: cluster is NULL"));
    weir_input_text(in, "k", "v");
    assert_non_null(strstr(last.message, ": weir_input_text: input is NULL"));
    assert_false(weir_run_until(cluster, weir_caught_up, WEIR_SECONDS(1)));
    assert_non_null(strstr(last.message, ": weir_run_until: cluster is NULL"));
    weir_assert_same_rows(weir_output_table((weir_output){0}), NULL);
    assert_non_null(strstr(last.message, "is NULL, not rows"));
    assert_int_equal(last.count, 5);
}

static void every_argument_has_a_row(void **state)
{
    (void)state;
    static const null_row rows[] = {CLUSTER_ROWS(NULL_ROW) INPUT_ROWS(NULL_ROW) ROWS_ROWS(NULL_ROW)
                                        OUTPUT_ROWS(NULL_ROW) INSTANCE_ROWS(NULL_ROW)
                                            ERROR_ROWS(NULL_ROW) BRANCH_ROWS(NULL_ROW)};
    static const null_row event_rows[] = {EVENT_ROWS(NULL_ROW)};
    assert_rows_complete("driver/include/weir/driver.h", rows, sizeof rows / sizeof rows[0]);
    assert_rows_complete("driver/include/weir/driver_io.h", rows, sizeof rows / sizeof rows[0]);
    assert_rows_complete("driver/include/weir/event.h", event_rows,
                         sizeof event_rows / sizeof event_rows[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_end_of_a_branch_that_there_is_not_ends_the_program),
        cmocka_unit_test(functions_of_the_driver_name_the_null_argument),
        cmocka_unit_test(a_record_whose_headers_are_not_given_is_refused),
        cmocka_unit_test(invalid_cluster_options_are_named),
        cluster_test(invalid_instance_options_are_named),
        cmocka_unit_test(a_call_without_a_cluster_fails_the_test),
        cmocka_unit_test(every_argument_has_a_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
