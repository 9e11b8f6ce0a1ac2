/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows for the functions that build a topology. Before each row there is a builder `b` with a
 * stream `s`, a table `t`, a global table `g` and a grouped stream `by`. X(function, argument,
 * expected, call): `expected` is a part of the error of weir_build; NULL: the topology is good. */
#ifndef WEIR_TESTS_NULL_BUILDER_ROWS_H
#define WEIR_TESTS_NULL_BUILDER_ROWS_H

#define STRINGS &weir_string, &weir_string
#define NO_STREAM ((weir_stream){0})
#define NO_LIMITS ((weir_buffer_limits){0})
#define AT_ONCE weir_until_time_limit(0, weir_emit_early_when_full(weir_unbounded()))

/* In a handle the builder is what may be NULL. A NULL serde is the default one, which is not set.
 */
#define SOURCE_ROWS(X)                                                                             \
    X(weir_source, builder, NULL, weir_source(NULL, "x", STRINGS, NULL))                           \
    X(weir_source, topic, "weir_source: topic", weir_source(b, NULL, STRINGS, NULL))               \
    X(weir_source, key, "default.key.serde", weir_source(b, "x", NULL, &weir_i64, NULL))           \
    X(weir_source, value, "default.value.serde", weir_source(b, "x", &weir_i64, NULL, NULL))       \
    X(weir_source, opts, NULL, weir_source(b, "x", STRINGS, NULL))                                 \
    X(weir_source_many, builder, NULL, weir_source_many(NULL, LIST("x"), STRINGS, NULL))           \
    X(weir_source_many, topics, "weir_source_many: topics",                                        \
      weir_source_many(b, NULL, STRINGS, NULL))                                                    \
    X(weir_source_many, key, "default.key", weir_source_many(b, LIST("x"), NULL, &weir_i64, NULL)) \
    X(weir_source_many, value, "default.val", weir_source_many(b, LIST("x"), &weir_i64, NULL, 0))  \
    X(weir_source_many, opts, NULL, weir_source_many(b, LIST("x"), STRINGS, NULL))                 \
    X(weir_source_pattern, builder, NULL, weir_source_pattern(NULL, "x", STRINGS, NULL))           \
    X(weir_source_pattern, pattern, "weir_source_pattern: pattern",                                \
      weir_source_pattern(b, NULL, STRINGS, NULL))                                                 \
    X(weir_source_pattern, key, "default.key", weir_source_pattern(b, "x", NULL, &weir_i64, NULL)) \
    X(weir_source_pattern, value, "default.v", weir_source_pattern(b, "x", &weir_i64, NULL, NULL)) \
    X(weir_source_pattern, opts, NULL, weir_source_pattern(b, "x", STRINGS, NULL))                 \
    X(weir_table_source, builder, NULL, weir_table_source(NULL, "x", "x", STRINGS, NULL))          \
    X(weir_table_source, topic, "weir_table_source: topic",                                        \
      weir_table_source(b, NULL, "x", STRINGS, NULL))                                              \
    X(weir_table_source, store, NULL, weir_table_source(b, "x", NULL, STRINGS, NULL))              \
    X(weir_table_source, key, "default.key", weir_table_source(b, "x", "x", NULL, &weir_i64, 0))   \
    X(weir_table_source, value, "default.v", weir_table_source(b, "x", "x", &weir_i64, NULL, 0))   \
    X(weir_table_source, opts, NULL, weir_table_source(b, "x", "x", STRINGS, NULL))                \
    X(weir_global_table_source, builder, NULL,                                                     \
      weir_global_table_source(NULL, "x", "x", STRINGS, NULL))                                     \
    X(weir_global_table_source, topic, "weir_global_table_source: topic",                          \
      weir_global_table_source(b, NULL, "x", STRINGS, NULL))                                       \
    X(weir_global_table_source, store, "weir_global_table_source: store",                          \
      weir_global_table_source(b, "x", NULL, STRINGS, NULL))                                       \
    X(weir_global_table_source, key, "default.key",                                                \
      weir_global_table_source(b, "x", "x", NULL, &weir_i64, NULL))                                \
    X(weir_global_table_source, value, "default.value",                                            \
      weir_global_table_source(b, "x", "x", &weir_i64, NULL, NULL))                                \
    X(weir_global_table_source, opts, NULL, weir_global_table_source(b, "x", "x", STRINGS, NULL))

#define STATELESS_ROWS(X)                                                                          \
    X(weir_filter, in, NULL, weir_filter(NO_STREAM, keep, NULL, NULL))                             \
    X(weir_filter, fn, "filter 'n' below 'in' needs a function",                                   \
      weir_filter(s, NULL, NULL, NAMED))                                                           \
    X(weir_filter, named, NULL, weir_filter(s, keep, NULL, NULL))                                  \
    X(weir_filter_not, in, NULL, weir_filter_not(NO_STREAM, keep, NULL, NULL))                     \
    X(weir_filter_not, fn, "filter below 'in' needs a function",                                   \
      weir_filter_not(s, NULL, NULL, NULL))                                                        \
    X(weir_filter_not, named, NULL, weir_filter_not(s, keep, NULL, NULL))                          \
    X(weir_map, in, NULL, weir_map(NO_STREAM, STRINGS, map, NULL, NULL))                           \
    X(weir_map, key, "default.key", weir_map(s, NULL, &weir_i64, map, NULL, NULL))                 \
    X(weir_map, value, "default.value", weir_map(s, &weir_i64, NULL, map, NULL, NULL))             \
    X(weir_map, fn, "map below 'in' needs a function", weir_map(s, STRINGS, NULL, NULL, NULL))     \
    X(weir_map, named, NULL, weir_map(s, STRINGS, map, NULL, NULL))                                \
    X(weir_map_values, in, NULL,                                                                   \
      weir_map_values(NO_STREAM, &weir_i64, kit_value_as_key, NULL, NULL))                         \
    X(weir_map_values, value, "default.value",                                                     \
      weir_map_values(s, NULL, kit_value_as_key, NULL, NULL))                                      \
    X(weir_map_values, fn, "needs a function", weir_map_values(s, &weir_i64, NULL, NULL, NULL))    \
    X(weir_map_values, named, NULL, weir_map_values(s, &weir_i64, kit_value_as_key, NULL, NULL))   \
    X(weir_flat_map, in, NULL, weir_flat_map(NO_STREAM, STRINGS, each, NULL, NULL))                \
    X(weir_flat_map, key, "default.key", weir_flat_map(s, NULL, &weir_i64, each, NULL, NULL))      \
    X(weir_flat_map, value, "default.value", weir_flat_map(s, &weir_i64, NULL, each, NULL, NULL))  \
    X(weir_flat_map, fn, "needs a function", weir_flat_map(s, STRINGS, NULL, NULL, NULL))          \
    X(weir_flat_map, named, NULL, weir_flat_map(s, STRINGS, each, NULL, NULL))                     \
    X(weir_flat_map_values, in, NULL, weir_flat_map_values(NO_STREAM, &weir_i64, each, 0, 0))      \
    X(weir_flat_map_values, value, "default.val", weir_flat_map_values(s, NULL, each, 0, 0))       \
    X(weir_flat_map_values, fn, "a function", weir_flat_map_values(s, &weir_i64, NULL, 0, 0))      \
    X(weir_flat_map_values, named, NULL, weir_flat_map_values(s, &weir_i64, each, NULL, NULL))     \
    X(weir_select_key, in, NULL,                                                                   \
      weir_select_key(NO_STREAM, &weir_i64, kit_value_as_key, NULL, NULL))                         \
    X(weir_select_key, key, "default.key", weir_select_key(s, NULL, kit_value_as_key, NULL, NULL)) \
    X(weir_select_key, fn, "needs a function", weir_select_key(s, &weir_i64, NULL, NULL, NULL))    \
    X(weir_select_key, named, NULL, weir_select_key(s, &weir_i64, kit_value_as_key, NULL, NULL))   \
    X(weir_peek, in, NULL, weir_peek(NO_STREAM, each, NULL, NULL))                                 \
    X(weir_peek, fn, "needs a function", weir_peek(s, NULL, NULL, NULL))                           \
    X(weir_peek, named, NULL, weir_peek(s, each, NULL, NULL))                                      \
    X(weir_for_each, in, NULL, weir_for_each(NO_STREAM, each, NULL, NULL))                         \
    X(weir_for_each, fn, "needs a function", weir_for_each(s, NULL, NULL, NULL))                   \
    X(weir_for_each, named, NULL, weir_for_each(s, each, NULL, NULL))                              \
    X(weir_merge, left, "a handle that no operator gave and stream 'in'",                          \
      weir_merge(NO_STREAM, s, NULL))                                                              \
    X(weir_merge, right, "merge of stream 'in' and a handle", weir_merge(s, NO_STREAM, NULL))      \
    X(weir_merge, named, NULL, weir_merge(s, s, NULL))                                             \
    X(weir_split, in, NULL, weir_split(NO_STREAM, &(weir_branch){0}, 1, &s, NULL))                 \
    X(weir_split, branches, "weir_split: branches", weir_split(s, NULL, 1, &s, NULL))              \
    X(weir_split, out, "weir_split: out", weir_split(s, &(weir_branch){0}, 1, NULL, NULL))         \
    X(weir_split, named, NULL, weir_split(s, &(weir_branch){0}, 1, &s, NULL))                      \
    X(weir_repartition, in, NULL, weir_repartition(NO_STREAM, "r", NULL))                          \
    X(weir_repartition, name, "needs a name, for its topic", weir_repartition(s, NULL, NULL))      \
    X(weir_repartition, opts, NULL, weir_repartition(s, "r", NULL))                                \
    X(weir_to, in, NULL, weir_to(NO_STREAM, "x", NULL))                                            \
    X(weir_to, topic, "weir_to: topic", weir_to(s, NULL, NULL))                                    \
    X(weir_to, opts, NULL, weir_to(s, "x", NULL))                                                  \
    X(weir_process, in, NULL, weir_process(NO_STREAM, STRINGS, &ops, NULL, NULL))                  \
    X(weir_process, key, "default.key", weir_process(s, NULL, &weir_i64, &ops, NULL, NULL))        \
    X(weir_process, value, "default.value", weir_process(s, &weir_i64, NULL, &ops, NULL, NULL))    \
    X(weir_process, ops, "needs a process function", weir_process(s, STRINGS, NULL, NULL, NULL))   \
    X(weir_process, opts, NULL, weir_process(s, STRINGS, &ops, NULL, NULL))                        \
    X(weir_process_values, in, NULL, weir_process_values(NO_STREAM, &weir_i64, &ops, NULL, NULL))  \
    X(weir_process_values, value, "default.value", weir_process_values(s, NULL, &ops, NULL, NULL)) \
    X(weir_process_values, ops, "needs a", weir_process_values(s, &weir_i64, NULL, NULL, NULL))    \
    X(weir_process_values, opts, NULL, weir_process_values(s, &weir_i64, &ops, NULL, NULL))

#define TABLE_BY weir_table_group_by(t, "grouped", STRINGS, map, NULL)
#define ADD_AND_SUBTRACT (&(weir_table_aggregator){add, add, NULL})

#define DERIVED_ROWS(X, of)                                                                        \
    X(of, in, NULL, of((weir_table){0}, &weir_i64, kit_value_as_key, NULL, "x", NULL))             \
    X(of, value, "default.value", of(t, NULL, kit_value_as_key, NULL, "x", NULL))                  \
    X(of, fn, "needs a function", of(t, &weir_i64, NULL, NULL, "x", NULL))                         \
    X(of, store, NULL, of(t, &weir_i64, kit_value_as_key, NULL, NULL, NULL))                       \
    X(of, opts, NULL, of(t, &weir_i64, kit_value_as_key, NULL, "x", NULL))

#define TABLE_JOIN_ROWS(X, of)                                                                     \
    X(of, left, "a handle that no operator gave",                                                  \
      of((weir_table){0}, t, kit_join, NULL, "x", COUNTS))                                         \
    X(of, right, "a handle that no operator gave",                                                 \
      of(t, (weir_table){0}, kit_join, NULL, "x", COUNTS))                                         \
    X(of, fn, "needs a function", of(t, t, NULL, NULL, "x", COUNTS))                               \
    X(of, store, NULL, of(t, t, kit_join, NULL, NULL, COUNTS))                                     \
    X(of, opts, "default.value", of(t, t, kit_join, NULL, "x", NULL))

#define WITHIN weir_join_within(5, 5, 5)

#define STREAM_JOIN_ROWS(X, of)                                                                    \
    X(of, left, "a handle that no operator gave",                                                  \
      of(NO_STREAM, s, WITHIN, &weir_i64, kit_join, NULL, NULL))                                   \
    X(of, right, "a handle that no operator gave",                                                 \
      of(s, NO_STREAM, WITHIN, &weir_i64, kit_join, NULL, NULL))                                   \
    X(of, windows, NULL, of(s, s, (weir_join_windows){0}, &weir_i64, kit_join, NULL, NULL))        \
    X(of, value, "default.value", of(s, s, WITHIN, NULL, kit_join, NULL, NULL))                    \
    X(of, fn, "needs a function", of(s, s, WITHIN, &weir_i64, NULL, NULL, NULL))                   \
    X(of, opts, NULL, of(s, s, WITHIN, &weir_i64, kit_join, NULL, NULL))

#define VERSIONED weir_to_table(s, "versioned", &(weir_store_opts){.history = &(weir_history){5}})
#define GRACE_JOIN_ROWS(X, join)                                                                   \
    X(join, left, "a handle that no operator gave",                                                \
      join(NO_STREAM, t, &weir_i64, kit_join, NULL, NULL))                                         \
    X(join, right, "a handle that no operator gave",                                               \
      join(s, (weir_table){0}, &weir_i64, kit_join, NULL, NULL))                                   \
    X(join, value, "default.value", join(s, VERSIONED, NULL, kit_join, NULL, NULL))                \
    X(join, fn, "needs a function", join(s, VERSIONED, &weir_i64, NULL, NULL, NULL))               \
    X(join, opts, NULL, join(s, VERSIONED, &weir_i64, kit_join, NULL, NULL))

#define NO_TYPES ((weir_processor_types){0})
#define FOREIGN (&(weir_foreign_joiner){.foreign_key = kit_value_as_key, .joiner = kit_join})
#define FOREIGN_JOIN_ROWS(X, of)                                                                   \
    X(of, left, "a handle that no operator gave", of((weir_table){0}, t, FOREIGN, "x", COUNTS))    \
    X(of, right, "a handle that no operator gave", of(t, (weir_table){0}, FOREIGN, "x", COUNTS))   \
    X(of, fn, "needs its functions", of(t, t, NULL, "x", COUNTS))                                  \
    X(of, store, NULL, of(t, t, FOREIGN, NULL, COUNTS))                                            \
    X(of, opts, "default.value", of(t, t, FOREIGN, "x", NULL))

#define TABLE_ROWS(X)                                                                              \
    X(weir_group_by_key, in, NULL, weir_group_by_key(NO_STREAM, "x"))                              \
    X(weir_group_by_key, name, NULL, weir_group_by_key(s, NULL))                                   \
    X(weir_group_by, in, NULL, weir_group_by(NO_STREAM, "x", &weir_i64, kit_value_as_key, NULL))   \
    X(weir_group_by, name, NULL, weir_group_by(s, NULL, &weir_i64, kit_value_as_key, NULL))        \
    X(weir_group_by, key, "default.key", weir_group_by(s, "x", NULL, kit_value_as_key, NULL))      \
    X(weir_group_by, fn, "needs a function", weir_group_by(s, "x", &weir_i64, NULL, NULL))         \
    X(weir_count, in, NULL, weir_count((weir_grouped){0}, "x", NULL))                              \
    X(weir_count, store, NULL, weir_count(by, NULL, NULL))                                         \
    X(weir_count, opts, NULL, weir_count(by, "x", NULL))                                           \
    X(weir_reduce, in, NULL, weir_reduce((weir_grouped){0}, reduce, NULL, "x", NULL))              \
    X(weir_reduce, fn, "reduce 'x' below 'in' lacks a function",                                   \
      weir_reduce(by, NULL, NULL, "x", NULL))                                                      \
    X(weir_reduce, store, NULL, weir_reduce(by, reduce, NULL, NULL, NULL))                         \
    X(weir_reduce, opts, NULL, weir_reduce(by, reduce, NULL, "x", NULL))                           \
    X(weir_aggregate, in, NULL, weir_aggregate((weir_grouped){0}, first, add, NULL, "x", NULL))    \
    X(weir_aggregate, init, "lacks a function", weir_aggregate(by, NULL, add, NULL, "x", NULL))    \
    X(weir_aggregate, fn, "lacks a function", weir_aggregate(by, first, NULL, NULL, "x", NULL))    \
    X(weir_aggregate, store, NULL, weir_aggregate(by, first, add, NULL, NULL, COUNTS))             \
    X(weir_aggregate, opts, "default.value", weir_aggregate(by, first, add, NULL, "x", NULL))      \
    X(weir_cogroup, in, NULL, weir_cogroup((weir_grouped){0}, add, NULL))                          \
    X(weir_cogroup, fn, "below 'in' needs an aggregator", weir_cogroup(by, NULL, NULL))            \
    X(weir_cogroup_add, in, "a handle that no operator gave",                                      \
      weir_cogroup_add((weir_cogrouped){0}, by, add, NULL))                                        \
    X(weir_cogroup_add, grouped, "a handle that no operator gave",                                 \
      weir_cogroup_add(COGROUP, (weir_grouped){0}, add, NULL))                                     \
    X(weir_cogroup_add, fn, "needs an aggregator", weir_cogroup_add(COGROUP, by, NULL, NULL))      \
    X(weir_cogroup_aggregate, in, NULL,                                                            \
      weir_cogroup_aggregate((weir_cogrouped){0}, first, NULL, "x", COUNTS))                       \
    X(weir_cogroup_aggregate, init, "cogroup 'x' below",                                           \
      weir_cogroup_aggregate(COGROUP, NULL, NULL, "x", COUNTS))                                    \
    X(weir_cogroup_aggregate, store, NULL,                                                         \
      weir_cogroup_aggregate(COGROUP, first, NULL, NULL, COUNTS))                                  \
    X(weir_cogroup_aggregate, opts, "default.value",                                               \
      weir_cogroup_aggregate(COGROUP, first, NULL, "x", NULL))                                     \
    X(weir_to_table, in, NULL, weir_to_table(NO_STREAM, "x", NULL))                                \
    X(weir_to_table, store, NULL, weir_to_table(s, NULL, NULL))                                    \
    X(weir_to_table, opts, NULL, weir_to_table(s, "x", NULL))                                      \
    X(weir_to_stream, in, NULL, weir_to_stream((weir_table){0}, NULL))                             \
    X(weir_to_stream, named, NULL, weir_to_stream(t, NULL))                                        \
    X(weir_table_filter, in, NULL, weir_table_filter((weir_table){0}, keep, NULL, "x", NULL))      \
    X(weir_table_filter, fn, "needs a function", weir_table_filter(t, NULL, NULL, "x", NULL))      \
    X(weir_table_filter, store, NULL, weir_table_filter(t, keep, NULL, NULL, NULL))                \
    X(weir_table_filter, opts, NULL, weir_table_filter(t, keep, NULL, "x", NULL))                  \
    X(weir_table_filter_not, in, NULL, weir_table_filter_not((weir_table){0}, keep, 0, "x", NULL)) \
    X(weir_table_filter_not, fn, "needs a func", weir_table_filter_not(t, NULL, NULL, "x", NULL))  \
    X(weir_table_filter_not, store, NULL, weir_table_filter_not(t, keep, NULL, NULL, NULL))        \
    X(weir_table_filter_not, opts, NULL, weir_table_filter_not(t, keep, NULL, "x", NULL))          \
    DERIVED_ROWS(X, weir_table_map_values)                                                         \
    DERIVED_ROWS(X, weir_table_transform_values)                                                   \
    X(weir_table_group_by, in, NULL,                                                               \
      weir_table_group_by((weir_table){0}, "x", STRINGS, map, NULL))                               \
    X(weir_table_group_by, name, NULL, weir_table_group_by(t, NULL, STRINGS, map, NULL))           \
    X(weir_table_group_by, key, "default.key", weir_table_group_by(t, "x", 0, &weir_i64, map, 0))  \
    X(weir_table_group_by, value, "default.v", weir_table_group_by(t, "x", &weir_i64, 0, map, 0))  \
    X(weir_table_group_by, fn, "needs a", weir_table_group_by(t, "x", STRINGS, NULL, NULL))        \
    X(weir_table_count, in, NULL, weir_table_count((weir_grouped_table){0}, "x", NULL))            \
    X(weir_table_count, store, NULL, weir_table_count(TABLE_BY, NULL, NULL))                       \
    X(weir_table_count, opts, NULL, weir_table_count(TABLE_BY, "x", NULL))                         \
    X(weir_table_reduce, in, NULL,                                                                 \
      weir_table_reduce((weir_grouped_table){0}, reduce, reduce, NULL, "x", NULL))                 \
    X(weir_table_reduce, adder, "lacks a", weir_table_reduce(TABLE_BY, NULL, reduce, 0, "x", 0))   \
    X(weir_table_reduce, subtractor, "lacks", weir_table_reduce(TABLE_BY, reduce, 0, 0, "x", 0))   \
    X(weir_table_reduce, store, NULL, weir_table_reduce(TABLE_BY, reduce, reduce, 0, NULL, NULL))  \
    X(weir_table_reduce, opts, NULL, weir_table_reduce(TABLE_BY, reduce, reduce, 0, "x", NULL))    \
    X(weir_table_aggregate, in, NULL,                                                              \
      weir_table_aggregate((weir_grouped_table){0}, first, ADD_AND_SUBTRACT, "x", NULL))           \
    X(weir_table_aggregate, init, "lacks a function",                                              \
      weir_table_aggregate(TABLE_BY, NULL, ADD_AND_SUBTRACT, "x", COUNTS))                         \
    X(weir_table_aggregate, fn, "lacks a function",                                                \
      weir_table_aggregate(TABLE_BY, first, NULL, "x", COUNTS))                                    \
    X(weir_table_aggregate, store, NULL,                                                           \
      weir_table_aggregate(TABLE_BY, first, ADD_AND_SUBTRACT, NULL, COUNTS))                       \
    X(weir_table_aggregate, opts, "default.value",                                                 \
      weir_table_aggregate(TABLE_BY, first, ADD_AND_SUBTRACT, "x", NULL))                          \
    X(weir_emit_early_when_full, limits, NULL,                                                     \
      weir_suppress(t, weir_until_time_limit(0, weir_emit_early_when_full(NO_LIMITS)), NULL))      \
    X(weir_shut_down_when_full, limits, NULL,                                                      \
      weir_suppress(t, weir_until_time_limit(0, weir_shut_down_when_full(NO_LIMITS)), NULL))       \
    X(weir_until_time_limit, buffer, NULL,                                                         \
      weir_suppress(t, weir_until_time_limit(0, (weir_buffer){0}), NULL))                          \
    X(weir_until_window_closes, limits, "'t' is not windowed",                                     \
      weir_suppress(t, weir_until_window_closes(NO_LIMITS), NULL))                                 \
    X(weir_suppress, until, NULL, weir_suppress(t, (weir_suppressed){0}, NULL))                    \
    X(weir_suppress, in, NULL, weir_suppress((weir_table){0}, AT_ONCE, NULL))                      \
    X(weir_suppress, opts, NULL, weir_suppress(t, AT_ONCE, NULL))                                  \
    TABLE_JOIN_ROWS(X, weir_table_join)                                                            \
    TABLE_JOIN_ROWS(X, weir_table_left_join)                                                       \
    TABLE_JOIN_ROWS(X, weir_table_outer_join)                                                      \
    STREAM_JOIN_ROWS(X, weir_join)                                                                 \
    STREAM_JOIN_ROWS(X, weir_left_join)                                                            \
    STREAM_JOIN_ROWS(X, weir_outer_join)                                                           \
    FOREIGN_JOIN_ROWS(X, weir_table_foreign_join)                                                  \
    FOREIGN_JOIN_ROWS(X, weir_table_foreign_left_join)                                             \
    X(weir_join_table, left, "a handle that no operator gave",                                     \
      weir_join_table(NO_STREAM, t, &weir_i64, kit_join, NULL, NULL))                              \
    X(weir_join_table, right, "a handle that no operator gave",                                    \
      weir_join_table(s, (weir_table){0}, &weir_i64, kit_join, NULL, NULL))                        \
    X(weir_join_table, value, "default.value", weir_join_table(s, t, NULL, kit_join, NULL, NULL))  \
    X(weir_join_table, fn, "needs", weir_join_table(s, t, &weir_i64, NULL, NULL, NAMED))           \
    X(weir_join_table, named, NULL, weir_join_table(s, t, &weir_i64, kit_join, NULL, NULL))        \
    GRACE_JOIN_ROWS(X, weir_join_table_with_grace)                                                 \
    GRACE_JOIN_ROWS(X, weir_left_join_table_with_grace)                                            \
    X(weir_left_join_table, left, "a handle that no operator gave",                                \
      weir_left_join_table(NO_STREAM, t, &weir_i64, kit_join, NULL, NULL))                         \
    X(weir_left_join_table, right, "a handle that no operator gave",                               \
      weir_left_join_table(s, (weir_table){0}, &weir_i64, kit_join, NULL, NULL))                   \
    X(weir_left_join_table, value, "default.v",                                                    \
      weir_left_join_table(s, t, NULL, kit_join, NULL, 0))                                         \
    X(weir_left_join_table, fn, "needs a", weir_left_join_table(s, t, &weir_i64, NULL, NULL, 0))   \
    X(weir_left_join_table, named, NULL,                                                           \
      weir_left_join_table(s, t, &weir_i64, kit_join, NULL, NULL))                                 \
    X(weir_join_global, left, "a handle that no operator gave",                                    \
      weir_join_global(NO_STREAM, g, &weir_i64, kit_join, NULL, NULL))                             \
    X(weir_join_global, right, "a handle that no operator gave",                                   \
      weir_join_global(s, (weir_global_table){0}, &weir_i64, kit_join, NULL, NULL))                \
    X(weir_join_global, value, "default.value",                                                    \
      weir_join_global(s, g, NULL, kit_join, NULL, NULL))                                          \
    X(weir_join_global, fn, "needs a", weir_join_global(s, g, &weir_i64, NULL, NULL, NULL))        \
    X(weir_join_global, opts, NULL, weir_join_global(s, g, &weir_i64, kit_join, NULL, NULL))       \
    X(weir_left_join_global, left, "a handle that no operator gave",                               \
      weir_left_join_global(NO_STREAM, g, &weir_i64, kit_join, NULL, NULL))                        \
    X(weir_left_join_global, right, "a handle that no operator gave",                              \
      weir_left_join_global(s, (weir_global_table){0}, &weir_i64, kit_join, NULL, NULL))           \
    X(weir_left_join_global, value, "default.",                                                    \
      weir_left_join_global(s, g, NULL, kit_join, NULL, 0))                                        \
    X(weir_left_join_global, fn, "needs a", weir_left_join_global(s, g, &weir_i64, NULL, 0, 0))    \
    X(weir_left_join_global, opts, NULL,                                                           \
      weir_left_join_global(s, g, &weir_i64, kit_join, NULL, NULL))

#define NODE_ROWS(X)                                                                               \
    X(weir_add_source, builder, NULL, weir_add_source(NULL, "x", LIST("x"), STRINGS, NULL))        \
    X(weir_add_source, name, "weir_add_source: name",                                              \
      weir_add_source(b, NULL, LIST("x"), STRINGS, NULL))                                          \
    X(weir_add_source, topics, "weir_add_source: topics",                                          \
      weir_add_source(b, "x", NULL, STRINGS, NULL))                                                \
    X(weir_add_source, key, "default.key", weir_add_source(b, "x", LIST("x"), NULL, &weir_i64, 0)) \
    X(weir_add_source, value, "default.v", weir_add_source(b, "x", LIST("x"), &weir_i64, NULL, 0)) \
    X(weir_add_source, opts, NULL, weir_add_source(b, "x", LIST("x"), STRINGS, NULL))              \
    X(weir_add_source_pattern, builder, NULL, weir_add_source_pattern(0, "x", "x", STRINGS, NULL)) \
    X(weir_add_source_pattern, name, "weir_add_source_pattern: name",                              \
      weir_add_source_pattern(b, NULL, "x", STRINGS, NULL))                                        \
    X(weir_add_source_pattern, pattern, "weir_add_source_pattern: pattern",                        \
      weir_add_source_pattern(b, "x", NULL, STRINGS, NULL))                                        \
    X(weir_add_source_pattern, key, "default.key",                                                 \
      weir_add_source_pattern(b, "x", "x", NULL, &weir_i64, NULL))                                 \
    X(weir_add_source_pattern, value, "default.value",                                             \
      weir_add_source_pattern(b, "x", "x", &weir_i64, NULL, NULL))                                 \
    X(weir_add_source_pattern, opts, NULL, weir_add_source_pattern(b, "x", "x", STRINGS, NULL))    \
    X(weir_add_processor, builder, NULL, weir_add_processor(NULL, "x", LIST("in"), &ops, NULL))    \
    X(weir_add_processor, name, "weir_add_processor: name",                                        \
      weir_add_processor(b, NULL, LIST("in"), &ops, NULL))                                         \
    X(weir_add_processor, parents, "'x' has no parents",                                           \
      weir_add_processor(b, "x", NULL, &ops, NULL))                                                \
    X(weir_add_processor, ops, "'x' needs a process",                                              \
      weir_add_processor(b, "x", LIST("in"), NULL, NULL))                                          \
    X(weir_add_store, builder, NULL, weir_add_store(NULL, "x", I64_STORE, NULL))                   \
    X(weir_add_store, name, "weir_add_store: name", weir_add_store(b, NULL, I64_STORE, NULL))      \
    X(weir_add_store, opts, "default.key", weir_add_store(b, "x", NULL, LIST("p")))                \
    X(weir_add_store, processors, "no processor uses", weir_add_store(b, "x", I64_STORE, NULL))    \
    X(weir_add_window_store, builder, NULL,                                                        \
      weir_add_window_store(NULL, "x", WINDOWS, I64_STORE, NULL))                                  \
    X(weir_add_window_store, name, "weir_add_window_store: name",                                  \
      weir_add_window_store(b, NULL, WINDOWS, I64_STORE, NULL))                                    \
    X(weir_add_window_store, windows, "weir_add_window_store: windows",                            \
      weir_add_window_store(b, "x", NULL, I64_STORE, NULL))                                        \
    X(weir_add_window_store, opts, "default.key",                                                  \
      weir_add_window_store(b, "x", WINDOWS, NULL, LIST("p")))                                     \
    X(weir_add_window_store, processors, "no processor uses",                                      \
      weir_add_window_store(b, "x", WINDOWS, I64_STORE, NULL))                                     \
    X(weir_add_versioned_store, builder, NULL,                                                     \
      weir_add_versioned_store(NULL, "x", 1, I64_STORE, NULL))                                     \
    X(weir_add_versioned_store, name, "weir_add_versioned_store: name",                            \
      weir_add_versioned_store(b, NULL, 1, I64_STORE, NULL))                                       \
    X(weir_add_versioned_store, opts, "default.key",                                               \
      weir_add_versioned_store(b, "x", 1, NULL, LIST("p")))                                        \
    X(weir_add_versioned_store, processors, "no processor uses",                                   \
      weir_add_versioned_store(b, "x", 1, I64_STORE, NULL))                                        \
    X(weir_add_session_store, builder, NULL,                                                       \
      weir_add_session_store(NULL, "x", 1, I64_STORE, NULL))                                       \
    X(weir_add_session_store, name, "weir_add_session_store: name",                                \
      weir_add_session_store(b, NULL, 1, I64_STORE, NULL))                                         \
    X(weir_add_session_store, opts, "default.key",                                                 \
      weir_add_session_store(b, "x", 1, NULL, LIST("p")))                                          \
    X(weir_add_session_store, processors, "no processor uses",                                     \
      weir_add_session_store(b, "x", 1, I64_STORE, NULL))                                          \
    X(weir_add_global_store, builder, NULL,                                                        \
      weir_add_global_store(NULL, "x", "x", STRINGS, &ops, NULL, NULL))                            \
    X(weir_add_global_store, topic, "weir_add_global_store: topic",                                \
      weir_add_global_store(b, NULL, "x", STRINGS, &ops, NULL, NULL))                              \
    X(weir_add_global_store, store, "weir_add_global_store: store",                                \
      weir_add_global_store(b, "x", NULL, STRINGS, &ops, NULL, NULL))                              \
    X(weir_add_global_store, key, "default.key",                                                   \
      (weir_add_store(b, "x", I64_STORE, NULL),                                                    \
       weir_add_global_store(b, "x", "x", NULL, &weir_i64, &ops, NULL, NULL)))                     \
    X(weir_add_global_store, value, "default.value",                                               \
      (weir_add_store(b, "x", I64_STORE, NULL),                                                    \
       weir_add_global_store(b, "x", "x", &weir_i64, NULL, &ops, NULL, NULL)))                     \
    X(weir_add_global_store, ops, "needs a process function",                                      \
      weir_add_global_store(b, "x", "x", STRINGS, NULL, NULL, NULL))                               \
    X(weir_add_global_store, opts, NULL,                                                           \
      (weir_add_store(b, "x", I64_STORE, NULL),                                                    \
       weir_add_global_store(b, "x", "x", STRINGS, &ops, NULL, NULL)))                             \
    X(weir_wrap_processors, builder, NULL, weir_wrap_processors(NULL, NULL, NULL))                 \
    X(weir_wrap_processors, wrapper, "weir_wrap_processors: wrapper",                              \
      weir_wrap_processors(b, NULL, NULL))                                                         \
    X(weir_declare_types, builder, NULL, weir_declare_types(NULL, "p", &NO_TYPES))                 \
    X(weir_declare_types, processor, "weir_declare_types: processor",                              \
      weir_declare_types(b, NULL, &NO_TYPES))                                                      \
    X(weir_declare_types, types, "weir_declare_types: types", weir_declare_types(b, "p", NULL))    \
    X(weir_connect, builder, NULL, weir_connect(NULL, "p", "x"))                                   \
    X(weir_connect, processor, "weir_connect: processor", weir_connect(b, NULL, "x"))              \
    X(weir_connect, store, "weir_connect: store", weir_connect(b, "p", NULL))                      \
    X(weir_add_sink, builder, NULL, weir_add_sink(NULL, "x", LIST("in"), "x", STRINGS, NULL))      \
    X(weir_add_sink, name, "weir_add_sink: name",                                                  \
      weir_add_sink(b, NULL, LIST("in"), "x", STRINGS, NULL))                                      \
    X(weir_add_sink, parents, "'x' has no parents", weir_add_sink(b, "x", 0, "x", STRINGS, NULL))  \
    X(weir_add_sink, topic, "weir_add_sink: topic",                                                \
      weir_add_sink(b, "x", LIST("in"), NULL, STRINGS, NULL))                                      \
    X(weir_add_sink, key, "default", weir_add_sink(b, "x", LIST("in"), "x", NULL, &weir_i64, 0))   \
    X(weir_add_sink, value, "default", weir_add_sink(b, "x", LIST("in"), "x", &weir_i64, NULL, 0)) \
    X(weir_add_sink, opts, NULL, weir_add_sink(b, "x", LIST("in"), "x", STRINGS, NULL))

#endif
