/* SPDX-License-Identifier: Apache-2.0
 *
 * The place, file and line, that is reported when a call of weir/driver.h fails. Each function
 * weir_x of that header which can fail the test has a form weir_x_placed with two more arguments,
 * file and line, and a macro of its own name that passes the place of the call:
 * weir_input_pipe(in, key, value) is weir_input_pipe_placed(in, key, value, __FILE__, __LINE__).
 * A helper of a test calls the form to pass the place of its own caller. `file` is borrowed for the
 * call; NULL: the place of the enclosing call of the driver, if there is one. weir_x without
 * parentheses, and (weir_x)(...), is the function itself, which does not know its caller.
 *
 * This header comes with weir/driver.h. */
#ifndef WEIR_DRIVER_PLACES_H
#define WEIR_DRIVER_PLACES_H

#include <weir/driver.h>
#include <weir/driver_isolated.h>
#include <weir/driver_sync.h>

#ifdef __cplusplus
extern "C" {
#endif

/* VALUE(result, function, arguments, parameters...); VOID: the same for those without a result. */
#define WEIR__PLACED_FUNCTIONS(VALUE, VOID)                                                        \
    VOID(weir_cluster_free, (cluster), weir_cluster *cluster)                                      \
    VALUE(uint64_t, weir_cluster_seed, (cluster), const weir_cluster *cluster)                     \
    VALUE(const char *, weir_cluster_application, (cluster), const weir_cluster *cluster)          \
    VALUE(weir_mock *, weir_cluster_mock, (cluster), weir_cluster *cluster)                        \
    VALUE(int64_t, weir_cluster_now_ms, (cluster), const weir_cluster *cluster)                    \
    VALUE(int64_t, weir_cluster_wall_clock_ms, (cluster), const weir_cluster *cluster)             \
    VALUE(uint64_t, weir_cluster_random, (cluster), weir_cluster *cluster)                         \
    VALUE(const char *, weir_cluster_repeat_command, (cluster), const weir_cluster *cluster)       \
    VALUE(weir_input, weir_cluster_input, (cluster, topic, partitions, key, value),                \
          weir_cluster *cluster, const char *topic, int32_t partitions, const weir_serde *key,     \
          const weir_serde *value)                                                                 \
    VOID(weir_cluster_topic_create, (cluster, topic, partitions), weir_cluster *cluster,           \
         const char *topic, int32_t partitions)                                                    \
    VOID(weir_cluster_topic_grow, (cluster, topic, partitions), weir_cluster *cluster,             \
         const char *topic, int32_t partitions)                                                    \
    VOID(weir_cluster_topic_delete, (cluster, topic), weir_cluster *cluster, const char *topic)    \
    VOID(weir_cluster_topic_trim, (cluster, topic, partition, left), weir_cluster *cluster,        \
         const char *topic, int32_t partition, int64_t left)                                       \
    VOID(weir_cluster_topic_compact, (cluster, topic), weir_cluster *cluster, const char *topic)   \
    VOID(weir_input_send, (input, record), weir_input input, const weir_input_record *record)      \
    VALUE(weir_err, weir_input_try_send, (input, record, error), weir_input input,                 \
          const weir_input_record *record, weir_error *error)                                      \
    VOID(weir_input_send_to, (input, partition, record), weir_input input, int32_t partition,      \
         const weir_input_record *record)                                                          \
    VOID(weir_input_pipe, (input, key, value), weir_input input, const void *key,                  \
         const void *value)                                                                        \
    VOID(weir_input_list, (input, keys, values, count), weir_input input, const void *keys,        \
         const void *values, size_t count)                                                         \
    VOID(weir_input_text, (input, key, value), weir_input input, const char *key,                  \
         const char *value)                                                                        \
    VALUE(size_t, weir_input_lines, (input, text), weir_input input, const char *text)             \
    VALUE(size_t, weir_input_file, (input, path), weir_input input, const char *path)              \
    VOID(weir_input_set_time, (input, next_ms, advance_ms), weir_input input, int64_t next_ms,     \
         int64_t advance_ms)                                                                       \
    VOID(weir_input_follow_clock, (input), weir_input input)                                       \
    VALUE(size_t, weir_rows_size, (rows), const weir_rows *rows)                                   \
    VALUE(const weir_row *, weir_rows_at, (rows, index), const weir_rows *rows, size_t index)      \
    VALUE(const weir_row *, weir_rows_find, (rows, key), const weir_rows *rows, const void *key)   \
    VALUE(const weir_row *, weir_rows_find_text, (rows, key), const weir_rows *rows,               \
          const char *key)                                                                         \
    VALUE(weir_rows *, weir_rows_new, (cluster, key, value), weir_cluster *cluster,                \
          const weir_serde *key, const weir_serde *value)                                          \
    VOID(weir_rows_add, (rows, key, value), weir_rows *rows, const void *key, const void *value)   \
    VOID(weir_rows_add_record, (rows, record), weir_rows *rows, const weir_input_record *record)   \
    VALUE(bool, weir_row_header, (row, name, value), const weir_row *row, const char *name,        \
          weir_slice *value)                                                                       \
    VALUE(const char *, weir_rows_record_difference, (actual, expected), const weir_rows *actual,  \
          const weir_rows *expected)                                                               \
    VALUE(weir_rows *, weir_store_view_prefix, (view, prefix), weir_store_view view,               \
          weir_slice prefix)                                                                       \
    VALUE(size_t, weir_store_view_size, (view), weir_store_view view)                              \
    VOID(weir_sync_store_put, (view, key, value, timestamp_ms), weir_store_view view,              \
         const void *key, const void *value, int64_t timestamp_ms)                                 \
    VOID(weir_rows_put, (rows, key, value), weir_rows *rows, const void *key, const void *value)   \
    VOID(weir_rows_count, (rows, key, by), weir_rows *rows, const void *key, int64_t by)           \
    VALUE(const char *, weir_row_text, (rows, row), const weir_rows *rows, const weir_row *row)    \
    VALUE(const char *, weir_rows_table_difference, (actual, expected), const weir_rows *actual,   \
          const weir_rows *expected)                                                               \
    VALUE(const char *, weir_rows_list_difference, (actual, expected), const weir_rows *actual,    \
          const weir_rows *expected)                                                               \
    VALUE(weir_output, weir_cluster_output, (cluster, topic, key, value), weir_cluster *cluster,   \
          const char *topic, const weir_serde *key, const weir_serde *value)                       \
    VALUE(const weir_row *, weir_output_next, (output), weir_output output)                        \
    VALUE(weir_rows *, weir_output_rest, (output), weir_output output)                             \
    VALUE(weir_rows *, weir_output_all, (output), weir_output output)                              \
    VALUE(weir_rows *, weir_output_table, (output), weir_output output)                            \
    VALUE(size_t, weir_output_size, (output), weir_output output)                                  \
    VALUE(weir_instance *, weir_cluster_start, (cluster, name, topology, opts),                    \
          weir_cluster *cluster, const char *name, weir_topology_fn topology,                      \
          const weir_instance_opts *opts)                                                          \
    VALUE(weir_instance *, weir_cluster_try_start, (cluster, name, topology, opts, error),         \
          weir_cluster *cluster, const char *name, weir_topology_fn topology,                      \
          const weir_instance_opts *opts, weir_error *error)                                       \
    VALUE(weir_instance *, weir_cluster_instance, (cluster, name), const weir_cluster *cluster,    \
          const char *name)                                                                        \
    VALUE(const char *, weir_instance_name, (instance), const weir_instance *instance)             \
    VALUE(weir_host *, weir_instance_host, (instance), const weir_instance *instance)              \
    VALUE(weir_state, weir_instance_state, (instance), const weir_instance *instance)              \
    VALUE(size_t, weir_instance_dropped_records, (instance, out, max),                             \
          const weir_instance *instance, weir_dropped_records *out, size_t max)                    \
    VALUE(const char *, weir_instance_directory, (instance), const weir_instance *instance)        \
    VALUE(weir_err, weir_instance_close, (instance, timeout_ms), weir_instance *instance,          \
          int64_t timeout_ms)                                                                      \
    VOID(weir_instance_restart, (instance), weir_instance *instance)                               \
    VOID(weir_instance_restart_with, (instance, opts), weir_instance *instance,                    \
         const weir_instance_opts *opts)                                                           \
    VOID(weir_instance_wipe, (instance), weir_instance *instance)                                  \
    VOID(weir_host_crash, (host, disk), weir_host *host, weir_disk disk)                           \
    VOID(weir_host_pause, (host), weir_host *host)                                                 \
    VOID(weir_host_resume, (host), weir_host *host)                                                \
    VOID(weir_host_partition, (host), weir_host *host)                                             \
    VOID(weir_host_heal, (host), weir_host *host)                                                  \
    VOID(weir_host_partition_from, (host, broker), weir_host *host, int32_t broker)                \
    VOID(weir_host_heal_from, (host, broker), weir_host *host, int32_t broker)                     \
    VOID(weir_host_latency, (host, ms), weir_host *host, int64_t ms)                               \
    VOID(weir_host_reset_connections, (host), weir_host *host)                                     \
    VOID(weir_host_skew, (host, ms), weir_host *host, int64_t ms)                                  \
    VALUE(int, weir_cluster_fault_add, (cluster, instance, fault), weir_cluster *cluster,          \
          const weir_instance *instance, const weir_mock_fault *fault)                             \
    VALUE(int64_t, weir_cluster_fault_fired, (cluster, fault), const weir_cluster *cluster,        \
          int fault)                                                                               \
    VOID(weir_cluster_fault_remove, (cluster, fault), weir_cluster *cluster, int fault)            \
    VALUE(int, weir_cluster_branch, (cluster, reseed, error), weir_cluster *cluster,               \
          uint64_t reseed, weir_error *error)                                                      \
    VALUE(bool, weir_cluster_run_until, (cluster, predicate, arg, bound_ms),                       \
          weir_cluster *cluster, weir_predicate predicate, void *arg, int64_t bound_ms)            \
    VOID(weir_cluster_run_for, (cluster, ms), weir_cluster *cluster, int64_t ms)                   \
    VALUE(bool, weir_all_running, (cluster, unused), weir_cluster *cluster, void *unused)          \
    VALUE(bool, weir_caught_up, (cluster, unused), weir_cluster *cluster, void *unused)            \
    VALUE(const char *, weir_cluster_explain, (cluster), weir_cluster *cluster)                    \
    VALUE(weir_store_view, weir_cluster_store, (cluster, store, key, value),                       \
          weir_cluster *cluster, const char *store, const weir_serde *key,                         \
          const weir_serde *value)                                                                 \
    VALUE(weir_store_view, weir_store_view_task, (view, task), weir_store_view view,               \
          const char *task)                                                                        \
    VALUE(weir_store_view, weir_store_view_as_of, (view, time_ms), weir_store_view view,           \
          int64_t time_ms)                                                                         \
    VALUE(const weir_row *, weir_store_view_get, (view, key), weir_store_view view,                \
          const void *key)                                                                         \
    VALUE(weir_rows *, weir_store_view_range, (view, from, to), weir_store_view view,              \
          const void *from, const void *to)                                                        \
    VALUE(weir_rows *, weir_store_view_all, (view), weir_store_view view)                          \
    VOID(weir_cluster_on_event, (cluster, fn, user), weir_cluster *cluster,                        \
         void (*fn)(const weir_event *event, void *user), void *user)                              \
    VALUE(uint64_t, weir_cluster_trace_hash, (cluster), const weir_cluster *cluster)               \
    VOID(weir_cluster_trace_to, (cluster, out, form), weir_cluster *cluster, FILE *out,            \
         weir_trace_form form)                                                                     \
    VOID(weir_isolated_set_metadata, (isolated, metadata), weir_isolated *isolated,                \
         weir_record_metadata metadata)                                                            \
    VOID(weir_isolated_process, (isolated, record), weir_isolated *isolated,                       \
         const weir_input_record *record)                                                          \
    VALUE(weir_err, weir_isolated_try_process, (isolated, record, error), weir_isolated *isolated, \
          const weir_input_record *record, weir_error *error)                                      \
    VALUE(weir_rows *, weir_isolated_forwards, (isolated, child), weir_isolated *isolated,         \
          const char *child)                                                                       \
    VALUE(bool, weir_isolated_commit_requested, (isolated), const weir_isolated *isolated)         \
    VOID(weir_isolated_forget, (isolated), weir_isolated *isolated)                                \
    VALUE(int64_t, weir_isolated_time_ms, (isolated, kind), const weir_isolated *isolated,         \
          weir_time_kind kind)                                                                     \
    VOID(weir_isolated_set_time, (isolated, kind, time_ms), weir_isolated *isolated,               \
         weir_time_kind kind, int64_t time_ms)                                                     \
    VOID(weir_isolated_advance_to, (isolated, kind, time_ms), weir_isolated *isolated,             \
         weir_time_kind kind, int64_t time_ms)                                                     \
    VALUE(weir_err, weir_isolated_try_advance_to, (isolated, kind, time_ms, error),                \
          weir_isolated *isolated, weir_time_kind kind, int64_t time_ms, weir_error *error)        \
    VALUE(size_t, weir_isolated_punctuations, (isolated, out, max), const weir_isolated *isolated, \
          weir_isolated_punctuation *out, size_t max)                                              \
    VOID(weir_isolated_punctuate, (isolated, index), weir_isolated *isolated, size_t index)        \
    VALUE(weir_err, weir_isolated_try_punctuate, (isolated, index, error),                         \
          weir_isolated *isolated, size_t index, weir_error *error)                                \
    VALUE(weir_store_view, weir_isolated_store, (isolated, store, key, value),                     \
          weir_isolated *isolated, const char *store, const weir_serde *key,                       \
          const weir_serde *value)                                                                 \
    VALUE(weir_rows *, weir_isolated_rows, (isolated, key, value), weir_isolated *isolated,        \
          const weir_serde *key, const weir_serde *value)                                          \
    VALUE(size_t, weir_isolated_dropped_records, (isolated, out, max),                             \
          const weir_isolated *isolated, weir_dropped_records *out, size_t max)                    \
    VOID(weir_sync_free, (sync), weir_sync *sync)                                                  \
    VALUE(weir_input, weir_sync_input, (sync, topic, key, value), weir_sync *sync,                 \
          const char *topic, const weir_serde *key, const weir_serde *value)                       \
    VALUE(weir_output, weir_sync_output, (sync, topic, key, value), weir_sync *sync,               \
          const char *topic, const weir_serde *key, const weir_serde *value)                       \
    VALUE(weir_store_view, weir_sync_store, (sync, store, key, value), weir_sync *sync,            \
          const char *store, const weir_serde *key, const weir_serde *value)                       \
    VALUE(weir_rows *, weir_sync_rows, (sync, key, value), weir_sync *sync, const weir_serde *key, \
          const weir_serde *value)                                                                 \
    VALUE(int64_t, weir_sync_now_ms, (sync), const weir_sync *sync)                                \
    VOID(weir_sync_advance, (sync, ms), weir_sync *sync, int64_t ms)                               \
    VALUE(weir_err, weir_sync_try_advance, (sync, ms, error), weir_sync *sync, int64_t ms,         \
          weir_error *error)                                                                       \
    VOID(weir_sync_commit, (sync), weir_sync *sync)                                                \
    VOID(weir_sync_each_output, (sync, fn, user), weir_sync *sync,                                 \
         void (*fn)(const char *topic, void *user), void *user)                                    \
    VALUE(size_t, weir_sync_each_sent, (sync, from, fn, user), weir_sync *sync, size_t from,       \
          void (*fn)(const char *topic, const weir_row *record, void *user), void *user)           \
    VALUE(size_t, weir_sync_dropped_records, (sync, out, max), const weir_sync *sync,              \
          weir_dropped_records *out, size_t max)

#define WEIR__DECLARE_VALUE(result, function, arguments, ...)                                      \
    WEIR_API result function##_placed(__VA_ARGS__, const char *file, int line);
#define WEIR__DECLARE_VOID(function, arguments, ...)                                               \
    WEIR_API void function##_placed(__VA_ARGS__, const char *file, int line);
WEIR__PLACED_FUNCTIONS(WEIR__DECLARE_VALUE, WEIR__DECLARE_VOID)
#undef WEIR__DECLARE_VALUE
#undef WEIR__DECLARE_VOID

/* weir_cluster_branch_end does not return, and is declared by hand. */
WEIR_API void weir_cluster_branch_end_placed(weir_cluster *cluster, int status, const char *file,
                                             int line) __attribute__((noreturn));
/* file and line are the arguments before the variable ones. */
WEIR_API void weir_cluster_trace_placed(weir_cluster *cluster, const char *kind, const char *file,
                                        int line, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* The driver itself knows its functions only. */
#ifndef WEIR__WITHOUT_PLACES

#define WEIR__HERE __FILE__, __LINE__

#define weir_cluster_free(...) weir_cluster_free_placed(__VA_ARGS__, WEIR__HERE)
#define weir_cluster_seed(...) weir_cluster_seed_placed(__VA_ARGS__, WEIR__HERE)
#define weir_cluster_application(...) weir_cluster_application_placed(__VA_ARGS__, WEIR__HERE)
#define weir_cluster_mock(...) weir_cluster_mock_placed(__VA_ARGS__, WEIR__HERE)
#define weir_cluster_wall_clock_ms(...) weir_cluster_wall_clock_ms_placed(__VA_ARGS__, WEIR__HERE)
#define weir_cluster_now_ms(...) weir_cluster_now_ms_placed(__VA_ARGS__, WEIR__HERE)
#define weir_cluster_random(...) weir_cluster_random_placed(__VA_ARGS__, WEIR__HERE)
#define weir_cluster_repeat_command(...) weir_cluster_repeat_command_placed(__VA_ARGS__, WEIR__HERE)
#define weir_cluster_input(...) weir_cluster_input_placed(__VA_ARGS__, WEIR__HERE)
#define weir_cluster_topic_create(...) weir_cluster_topic_create_placed(__VA_ARGS__, WEIR__HERE)
#define weir_cluster_topic_grow(...) weir_cluster_topic_grow_placed(__VA_ARGS__, WEIR__HERE)
#define weir_cluster_topic_delete(...) weir_cluster_topic_delete_placed(__VA_ARGS__, WEIR__HERE)
#define weir_cluster_topic_trim(...) weir_cluster_topic_trim_placed(__VA_ARGS__, WEIR__HERE)
#define weir_cluster_topic_compact(...) weir_cluster_topic_compact_placed(__VA_ARGS__, WEIR__HERE)
#define weir_input_send(...) weir_input_send_placed(__VA_ARGS__, WEIR__HERE)
#define weir_input_try_send(...) weir_input_try_send_placed(__VA_ARGS__, WEIR__HERE)
#define weir_input_send_to(...) weir_input_send_to_placed(__VA_ARGS__, WEIR__HERE)
#define weir_input_pipe(...) weir_input_pipe_placed(__VA_ARGS__, WEIR__HERE)
#define weir_input_list(...) weir_input_list_placed(__VA_ARGS__, WEIR__HERE)
#define weir_input_text(...) weir_input_text_placed(__VA_ARGS__, WEIR__HERE)
#define weir_input_lines(...) weir_input_lines_placed(__VA_ARGS__, WEIR__HERE)
#define weir_input_file(...) weir_input_file_placed(__VA_ARGS__, WEIR__HERE)
#define weir_input_set_time(...) weir_input_set_time_placed(__VA_ARGS__, WEIR__HERE)
#define weir_input_follow_clock(...) weir_input_follow_clock_placed(__VA_ARGS__, WEIR__HERE)
#define weir_rows_size(...) weir_rows_size_placed(__VA_ARGS__, WEIR__HERE)
#define weir_rows_at(...) weir_rows_at_placed(__VA_ARGS__, WEIR__HERE)
#define weir_rows_find(...) weir_rows_find_placed(__VA_ARGS__, WEIR__HERE)
#define weir_rows_find_text(...) weir_rows_find_text_placed(__VA_ARGS__, WEIR__HERE)
#define weir_rows_new(...) weir_rows_new_placed(__VA_ARGS__, WEIR__HERE)
#define weir_rows_add(...) weir_rows_add_placed(__VA_ARGS__, WEIR__HERE)
#define weir_rows_add_record(...) weir_rows_add_record_placed(__VA_ARGS__, WEIR__HERE)
#define weir_row_header(...) weir_row_header_placed(__VA_ARGS__, WEIR__HERE)
#define weir_rows_record_difference(...) weir_rows_record_difference_placed(__VA_ARGS__, WEIR__HERE)
#define weir_store_view_prefix(...) weir_store_view_prefix_placed(__VA_ARGS__, WEIR__HERE)
#define weir_store_view_size(...) weir_store_view_size_placed(__VA_ARGS__, WEIR__HERE)
#define weir_sync_store_put(...) weir_sync_store_put_placed(__VA_ARGS__, WEIR__HERE)
#define weir_rows_put(...) weir_rows_put_placed(__VA_ARGS__, WEIR__HERE)
#define weir_rows_count(...) weir_rows_count_placed(__VA_ARGS__, WEIR__HERE)
#define weir_row_text(...) weir_row_text_placed(__VA_ARGS__, WEIR__HERE)
#define weir_rows_table_difference(...) weir_rows_table_difference_placed(__VA_ARGS__, WEIR__HERE)
#define weir_rows_list_difference(...) weir_rows_list_difference_placed(__VA_ARGS__, WEIR__HERE)
#define weir_cluster_output(...) weir_cluster_output_placed(__VA_ARGS__, WEIR__HERE)
#define weir_output_next(...) weir_output_next_placed(__VA_ARGS__, WEIR__HERE)
#define weir_output_rest(...) weir_output_rest_placed(__VA_ARGS__, WEIR__HERE)
#define weir_output_all(...) weir_output_all_placed(__VA_ARGS__, WEIR__HERE)
#define weir_output_table(...) weir_output_table_placed(__VA_ARGS__, WEIR__HERE)
#define weir_output_size(...) weir_output_size_placed(__VA_ARGS__, WEIR__HERE)
#define weir_cluster_start(...) weir_cluster_start_placed(__VA_ARGS__, WEIR__HERE)
#define weir_cluster_try_start(...) weir_cluster_try_start_placed(__VA_ARGS__, WEIR__HERE)
#define weir_cluster_instance(...) weir_cluster_instance_placed(__VA_ARGS__, WEIR__HERE)
#define weir_instance_name(...) weir_instance_name_placed(__VA_ARGS__, WEIR__HERE)
#define weir_instance_host(...) weir_instance_host_placed(__VA_ARGS__, WEIR__HERE)
#define weir_instance_state(...) weir_instance_state_placed(__VA_ARGS__, WEIR__HERE)
#define weir_instance_dropped_records(...)                                                         \
    weir_instance_dropped_records_placed(__VA_ARGS__, WEIR__HERE)
#define weir_instance_directory(...) weir_instance_directory_placed(__VA_ARGS__, WEIR__HERE)
#define weir_instance_close(...) weir_instance_close_placed(__VA_ARGS__, WEIR__HERE)
#define weir_instance_restart(...) weir_instance_restart_placed(__VA_ARGS__, WEIR__HERE)
#define weir_instance_restart_with(...) weir_instance_restart_with_placed(__VA_ARGS__, WEIR__HERE)
#define weir_instance_wipe(...) weir_instance_wipe_placed(__VA_ARGS__, WEIR__HERE)
#define weir_host_crash(...) weir_host_crash_placed(__VA_ARGS__, WEIR__HERE)
#define weir_host_pause(...) weir_host_pause_placed(__VA_ARGS__, WEIR__HERE)
#define weir_host_resume(...) weir_host_resume_placed(__VA_ARGS__, WEIR__HERE)
#define weir_host_partition(...) weir_host_partition_placed(__VA_ARGS__, WEIR__HERE)
#define weir_host_heal(...) weir_host_heal_placed(__VA_ARGS__, WEIR__HERE)
#define weir_host_partition_from(...) weir_host_partition_from_placed(__VA_ARGS__, WEIR__HERE)
#define weir_host_heal_from(...) weir_host_heal_from_placed(__VA_ARGS__, WEIR__HERE)
#define weir_host_latency(...) weir_host_latency_placed(__VA_ARGS__, WEIR__HERE)
#define weir_host_reset_connections(...) weir_host_reset_connections_placed(__VA_ARGS__, WEIR__HERE)
#define weir_host_skew(...) weir_host_skew_placed(__VA_ARGS__, WEIR__HERE)
#define weir_cluster_fault_add(...) weir_cluster_fault_add_placed(__VA_ARGS__, WEIR__HERE)
#define weir_cluster_fault_fired(...) weir_cluster_fault_fired_placed(__VA_ARGS__, WEIR__HERE)
#define weir_cluster_fault_remove(...) weir_cluster_fault_remove_placed(__VA_ARGS__, WEIR__HERE)
#define weir_cluster_branch(...) weir_cluster_branch_placed(__VA_ARGS__, WEIR__HERE)
#define weir_cluster_run_until(...) weir_cluster_run_until_placed(__VA_ARGS__, WEIR__HERE)
#define weir_cluster_run_for(...) weir_cluster_run_for_placed(__VA_ARGS__, WEIR__HERE)
#define weir_all_running(...) weir_all_running_placed(__VA_ARGS__, WEIR__HERE)
#define weir_caught_up(...) weir_caught_up_placed(__VA_ARGS__, WEIR__HERE)
#define weir_cluster_explain(...) weir_cluster_explain_placed(__VA_ARGS__, WEIR__HERE)
#define weir_cluster_store(...) weir_cluster_store_placed(__VA_ARGS__, WEIR__HERE)
#define weir_store_view_task(...) weir_store_view_task_placed(__VA_ARGS__, WEIR__HERE)
#define weir_store_view_as_of(...) weir_store_view_as_of_placed(__VA_ARGS__, WEIR__HERE)
#define weir_store_view_get(...) weir_store_view_get_placed(__VA_ARGS__, WEIR__HERE)
#define weir_store_view_range(...) weir_store_view_range_placed(__VA_ARGS__, WEIR__HERE)
#define weir_store_view_all(...) weir_store_view_all_placed(__VA_ARGS__, WEIR__HERE)
#define weir_cluster_on_event(...) weir_cluster_on_event_placed(__VA_ARGS__, WEIR__HERE)
#define weir_cluster_trace_hash(...) weir_cluster_trace_hash_placed(__VA_ARGS__, WEIR__HERE)
#define weir_cluster_trace_to(...) weir_cluster_trace_to_placed(__VA_ARGS__, WEIR__HERE)
#define weir_isolated_set_metadata(...) weir_isolated_set_metadata_placed(__VA_ARGS__, WEIR__HERE)
#define weir_isolated_process(...) weir_isolated_process_placed(__VA_ARGS__, WEIR__HERE)
#define weir_isolated_try_process(...) weir_isolated_try_process_placed(__VA_ARGS__, WEIR__HERE)
#define weir_isolated_forwards(...) weir_isolated_forwards_placed(__VA_ARGS__, WEIR__HERE)
#define weir_isolated_commit_requested(...)                                                        \
    weir_isolated_commit_requested_placed(__VA_ARGS__, WEIR__HERE)
#define weir_isolated_forget(...) weir_isolated_forget_placed(__VA_ARGS__, WEIR__HERE)
#define weir_isolated_time_ms(...) weir_isolated_time_ms_placed(__VA_ARGS__, WEIR__HERE)
#define weir_isolated_set_time(...) weir_isolated_set_time_placed(__VA_ARGS__, WEIR__HERE)
#define weir_isolated_advance_to(...) weir_isolated_advance_to_placed(__VA_ARGS__, WEIR__HERE)
#define weir_isolated_try_advance_to(...)                                                          \
    weir_isolated_try_advance_to_placed(__VA_ARGS__, WEIR__HERE)
#define weir_isolated_punctuations(...) weir_isolated_punctuations_placed(__VA_ARGS__, WEIR__HERE)
#define weir_isolated_punctuate(...) weir_isolated_punctuate_placed(__VA_ARGS__, WEIR__HERE)
#define weir_isolated_try_punctuate(...) weir_isolated_try_punctuate_placed(__VA_ARGS__, WEIR__HERE)
#define weir_isolated_store(...) weir_isolated_store_placed(__VA_ARGS__, WEIR__HERE)
#define weir_isolated_rows(...) weir_isolated_rows_placed(__VA_ARGS__, WEIR__HERE)
#define weir_isolated_dropped_records(...)                                                         \
    weir_isolated_dropped_records_placed(__VA_ARGS__, WEIR__HERE)
#define weir_sync_free(...) weir_sync_free_placed(__VA_ARGS__, WEIR__HERE)
#define weir_sync_input(...) weir_sync_input_placed(__VA_ARGS__, WEIR__HERE)
#define weir_sync_output(...) weir_sync_output_placed(__VA_ARGS__, WEIR__HERE)
#define weir_sync_store(...) weir_sync_store_placed(__VA_ARGS__, WEIR__HERE)
#define weir_sync_rows(...) weir_sync_rows_placed(__VA_ARGS__, WEIR__HERE)
#define weir_sync_now_ms(...) weir_sync_now_ms_placed(__VA_ARGS__, WEIR__HERE)
#define weir_sync_advance(...) weir_sync_advance_placed(__VA_ARGS__, WEIR__HERE)
#define weir_sync_try_advance(...) weir_sync_try_advance_placed(__VA_ARGS__, WEIR__HERE)
#define weir_sync_commit(...) weir_sync_commit_placed(__VA_ARGS__, WEIR__HERE)
#define weir_sync_each_output(...) weir_sync_each_output_placed(__VA_ARGS__, WEIR__HERE)
#define weir_sync_each_sent(...) weir_sync_each_sent_placed(__VA_ARGS__, WEIR__HERE)
#define weir_sync_dropped_records(...) weir_sync_dropped_records_placed(__VA_ARGS__, WEIR__HERE)
#define weir_cluster_branch_end(...) weir_cluster_branch_end_placed(__VA_ARGS__, WEIR__HERE)
#define weir_cluster_trace(cluster, kind, ...)                                                     \
    weir_cluster_trace_placed((cluster), (kind), WEIR__HERE, __VA_ARGS__)

#endif

#ifdef __cplusplus
}
#endif
#endif
