/* SPDX-License-Identifier: Apache-2.0
 *
 * Joins of two streams: what the recorded cases do not show. Partitions, counts of dropped records,
 * damaged stores, failing joiners, times at the end of int64, errors of the topology, names. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/driver_cmocka.h>
#include <weir/driver_sync.h>
#include <weir/dsl.h>

#include "support/refused.h"

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})
#define STRINGS &weir_string, &weir_string
#define DROPS_MAX 8

/* ---- Topologies --------------------------------------------------------------------------- */

static size_t put_text(char *to, const weir_slice *value)
{
    memcpy(to, value != NULL ? value->data : "-", value != NULL ? value->len : 1);
    return value != NULL ? value->len : 1;
}

/* "left+right"; the left value "bad" fails. */
static weir_err pair(weir_ctx *ctx, const void *key, const void *left, const void *right, void *out,
                     void *user)
{
    (void)key;
    (void)user;
    const weir_slice *sides[] = {left, right};
    size_t room = 3 + (left != NULL ? sides[0]->len : 0) + (right != NULL ? sides[1]->len : 0);
    char *text = weir_alloc(ctx, room);
    if (text == NULL) {
        return WEIR_ENOMEM;
    }
    if (left != NULL && sides[0]->len == 3 && memcmp(sides[0]->data, "bad", 3) == 0) {
        return weir_fail(ctx, WEIR_EUSER, "the left value is bad");
    }
    size_t len = put_text(text, sides[0]);
    text[len++] = '+';
    len += put_text(text + len, sides[1]);
    *(weir_slice *)out = (weir_slice){text, len};
    return WEIR_OK;
}

static weir_err same_key(weir_ctx *ctx, const weir_record *in, void *out, void *user)
{
    (void)ctx;
    (void)user;
    *(weir_slice *)out = in->key != NULL ? *(const weir_slice *)in->key : (weir_slice){0};
    return WEIR_OK;
}

/* Records at most 10 ms apart, with a grace of 5 ms. */
static weir_topology *outer(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_stream l = weir_source(b, "l", STRINGS, NULL);
    weir_stream r = weir_source(b, "r", STRINGS, NULL);
    const weir_stream_join_opts opts = {.name = "j", .store = "j"};
    weir_to(weir_outer_join(l, r, weir_join_within(10, 10, 5), &weir_string, pair, NULL, &opts),
            "out", NULL);
    return weir_build(b, config, error);
}

static weir_topology *inner(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_stream l = weir_source(b, "l", STRINGS, NULL);
    weir_stream r = weir_source(b, "r", STRINGS, NULL);
    const weir_stream_join_opts opts = {
        .name = "j", .store = "j", .backend = WEIR_BACKEND_MEMORY, .logging = WEIR_OFF};
    weir_to(weir_join(l, r, weir_join_within(10, 10, 0), &weir_string, pair, NULL, &opts), "out",
            NULL);
    return weir_build(b, config, error);
}

/* Both sides are repartitioned, and the key is null there, too. */
static weir_topology *rekeyed(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_stream l =
        weir_select_key(weir_source(b, "l", STRINGS, NULL), &weir_string, same_key, NULL, NULL);
    weir_stream r =
        weir_select_key(weir_source(b, "r", STRINGS, NULL), &weir_string, same_key, NULL, NULL);
    const weir_stream_join_opts opts = {.name = "j", .store = "j"};
    weir_to(weir_left_join(l, r, weir_join_within(10, 10, 5), &weir_string, pair, NULL, &opts),
            "out", NULL);
    return weir_build(b, config, error);
}

/* Windows without an end. */
static weir_topology *endless(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_stream l = weir_source(b, "l", STRINGS, NULL);
    weir_stream r = weir_source(b, "r", STRINGS, NULL);
    const weir_stream_join_opts opts = {.name = "j", .store = "j"};
    weir_join_windows all = weir_join_within(INT64_MAX, INT64_MAX, INT64_MAX);
    weir_to(weir_outer_join(l, r, all, &weir_string, pair, NULL, &opts), "out", NULL);
    return weir_build(b, config, error);
}

/* ---- Driver ------------------------------------------------------------------------------- */

static weir_sync *start(weir_topology_fn topology, const weir_sync_opts *opts)
{
    weir_error error = {0};
    weir_sync_opts own = opts != NULL ? *opts : (weir_sync_opts){0};
    own.on_failure = weir_cmocka_failure;
    weir_sync *sync = weir_sync_new(topology, &own, &error);
    if (sync == NULL) {
        fail_msg("%s", error.message);
    }
    return sync;
}

static void send_text(weir_sync *sync, const char *topic, const char *key, const char *value,
                      int64_t time_ms)
{
    weir_input input = weir_sync_input(sync, topic, STRINGS);
    weir_input_set_time(input, time_ms, 0);
    weir_input_text(input, key, value);
}

/* The next result has that value and time. */
static void assert_next(weir_sync *sync, const char *value, int64_t time_ms)
{
    const weir_row *row = weir_output_next(weir_sync_output(sync, "out", STRINGS));
    assert_non_null(row);
    const weir_slice *text = row->value;
    assert_int_equal(text->len, strlen(value));
    assert_memory_equal(text->data, value, text->len);
    assert_int_equal(row->timestamp_ms, time_ms);
}

static void assert_no_more(weir_sync *sync)
{
    assert_null(weir_output_next(weir_sync_output(sync, "out", STRINGS)));
}

static uint64_t dropped(const weir_sync *sync, const char *node, weir_drop_reason reason)
{
    weir_dropped_records counts[DROPS_MAX];
    size_t count = weir_sync_dropped_records(sync, counts, DROPS_MAX);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(counts[i].node, node) == 0 && counts[i].reason == reason) {
            return counts[i].count;
        }
    }
    return 0;
}

/* ---- Records ------------------------------------------------------------------------------ */

static void records_that_cannot_be_joined_are_dropped_with_a_reason(void **state)
{
    (void)state;
    weir_sync *sync = start(inner, NULL);
    send_text(sync, "l", NULL, "a", 0);
    send_text(sync, "r", NULL, "b", 0);
    send_text(sync, "r", "k", NULL, 0);
    send_text(sync, "l", "k", "late", 100);
    send_text(sync, "l", "k", "late", 50);
    assert_int_equal(dropped(sync, "j-this-join", WEIR_DROP_NULL_KEY), 1);
    assert_int_equal(dropped(sync, "j-other-join", WEIR_DROP_NULL_KEY), 1);
    assert_int_equal(dropped(sync, "j-other-join", WEIR_DROP_NULL_VALUE), 1);
    assert_int_equal(dropped(sync, "j-this-windowed", WEIR_DROP_EXPIRED), 1);
    assert_no_more(sync);
    weir_sync_free(sync);
}

static void a_late_record_joins_what_is_still_stored(void **state)
{
    (void)state;
    weir_sync *sync = start(inner, NULL);
    send_text(sync, "r", "k", "r90", 90);
    send_text(sync, "l", "k", "l100", 100);
    assert_next(sync, "l100+r90", 100);
    send_text(sync, "l", "k", "l80", 80); /* expired itself, but r90 is not */
    assert_next(sync, "l80+r90", 90);
    send_text(sync, "r", "k", "r85", 85);
    assert_no_more(sync);
    weir_sync_free(sync);
}

static void records_of_one_key_and_time_wait_together(void **state)
{
    (void)state;
    weir_sync *sync = start(outer, NULL);
    send_text(sync, "l", "k", "a", 100);
    send_text(sync, "l", "k", "b", 100);
    send_text(sync, "r", "other", "c", 100);
    weir_store_view waiting =
        weir_sync_store(sync, "j-outer-shared-join-store", &weir_bytes, &weir_bytes);
    assert_int_equal(weir_store_view_size(waiting), 2);
    send_text(sync, "r", "none", "d", 115); /* the grace is over when stream time is behind it */
    assert_no_more(sync);
    send_text(sync, "r", "none", "d", 116);
    assert_next(sync, "-+c", 100);
    assert_next(sync, "a+-", 100);
    assert_next(sync, "b+-", 100);
    assert_no_more(sync);
    weir_sync_free(sync);
}

static void a_record_comes_out_with_its_partners_or_once_alone(void **state)
{
    (void)state;
    weir_sync *sync = start(outer, NULL);
    send_text(sync, "l", "a", "1", 10);
    send_text(sync, "r", "a", "2", 12);
    assert_next(sync, "1+2", 12);
    send_text(sync, "r", "b", "3", 13);
    send_text(sync, "l", "c", "4", 40);
    assert_next(sync, "-+3", 13);
    send_text(sync, "l", "c", "5", 80);
    assert_next(sync, "4+-", 40);
    assert_no_more(sync);
    weir_sync_free(sync);
}

static void an_outer_record_without_a_key_comes_through_its_repartition_topic(void **state)
{
    (void)state;
    weir_sync *sync = start(rekeyed, NULL);
    send_text(sync, "l", NULL, "a", 5);
    send_text(sync, "r", NULL, "b", 5);
    assert_next(sync, "a+-", 5);
    assert_no_more(sync);
    assert_int_equal(dropped(sync, "j-outer-other-join", WEIR_DROP_NULL_KEY), 1);
    assert_int_equal(weir_output_size(weir_sync_output(sync, "app-j-left-repartition", STRINGS)),
                     1);
    assert_int_equal(weir_output_size(weir_sync_output(sync, "app-j-right-repartition", STRINGS)),
                     1);
    weir_sync_free(sync);
}

static void each_partition_has_a_stream_time_of_its_own(void **state)
{
    (void)state;
    weir_sync *sync = start(outer, &(weir_sync_opts){.partitions = 2});
    weir_input l = weir_sync_input(sync, "l", STRINGS);
    const weir_slice k = weir_slice_of("k");
    const weir_slice value = weir_slice_of("a");
    for (int32_t partition = 0; partition < 2; partition++) {
        weir_input_send_to(l, partition, &(weir_input_record){&k, &value, .at = WEIR_AT(100)});
    }
    weir_input_send_to(l, 1, &(weir_input_record){&k, &value, .at = WEIR_AT(200)});
    assert_int_equal(weir_output_size(weir_sync_output(sync, "out", STRINGS)), 1);
    weir_input_send_to(l, 0, &(weir_input_record){&k, &value, .at = WEIR_AT(200)});
    assert_int_equal(weir_output_size(weir_sync_output(sync, "out", STRINGS)), 2);
    weir_sync_free(sync);
}

static void windows_without_an_end_join_all_times(void **state)
{
    (void)state;
    weir_sync *sync = start(endless, NULL);
    send_text(sync, "l", "k", "first", 0);
    send_text(sync, "r", "k", "last", INT64_MAX);
    assert_next(sync, "first+last", INT64_MAX);
    send_text(sync, "l", "alone", "never", INT64_MAX);
    assert_no_more(sync);
    weir_sync_free(sync);
}

/* ---- Failures ----------------------------------------------------------------------------- */

static void a_joiner_that_fails_may_be_skipped(void **state)
{
    (void)state;
    weir_sync *sync =
        start(outer, &(weir_sync_opts){.config = LIST("processing.exception.handler", "continue")});
    send_text(sync, "r", "k", "r", 100);
    send_text(sync, "l", "k", "bad", 100);
    assert_int_equal(dropped(sync, "j-outer-this-join", WEIR_DROP_PROCESSING_FAILED), 1);
    send_text(sync, "l", "k", "good", 100);
    assert_next(sync, "good+r", 100);
    weir_sync_free(sync);
}

static void assert_failure(weir_sync *sync, const char *expected)
{
    weir_error error = {0};
    weir_err err = weir_input_try_send(
        weir_sync_input(sync, "l", STRINGS),
        &(weir_input_record){weir_text("k"), weir_text("v"), .at = WEIR_AT(1000)}, &error);
    assert_int_equal(err, WEIR_ECORRUPT);
    if (strstr(error.message, expected) == NULL) {
        fail_msg("%s", error.message);
    }
}

/* A row of the shared store: key and value are texts. */
static weir_sync *damaged(const char *key, size_t key_len, const char *value, size_t value_len)
{
    weir_sync *sync = start(outer, NULL);
    weir_store_view waiting =
        weir_sync_store(sync, "j-outer-shared-join-store", &weir_bytes, &weir_bytes);
    weir_sync_store_put(waiting, &(weir_slice){key, key_len}, &(weir_slice){value, value_len}, 0);
    return sync;
}

static void a_damaged_row_of_the_shared_store_is_reported(void **state)
{
    (void)state;
    weir_sync *sync = damaged("short", 5, "v", 1);
    assert_failure(sync, "store 'j-outer-shared-join-store': a key of 5 bytes");
    weir_sync_free(sync);
    sync = damaged("\0\0\0\0\0\0\0\1\1k", 10, "v", 1);
    assert_failure(sync, "store 'j-outer-shared-join-store': a row of 1 bytes");
    weir_sync_free(sync);
    /* One item, which is longer than the row. */
    sync = damaged("\0\0\0\0\0\0\0\1\1k", 10, "\1\0\0\0\1\0\0\0\7\1", 10);
    assert_failure(sync, "store 'j-outer-shared-join-store': a row of 10 bytes");
    weir_sync_free(sync);
    /* That to which a record is added. */
    sync = damaged("\0\0\0\0\0\0\3\350\1k", 10, "v", 1);
    assert_failure(sync, "store 'j-outer-shared-join-store': a row of 1 bytes");
    weir_sync_free(sync);
}

/* ---- Building ----------------------------------------------------------------------------- */

static weir_stream strings(weir_builder *b, const char *topic)
{
    return weir_source(b, topic, STRINGS, NULL);
}

static void a_window_that_ends_before_it_begins(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_left_join(strings(b, "l"), strings(b, "r"), weir_join_within(-6, 5, 0), &weir_string, pair,
                   NULL, &(weir_stream_join_opts){.name = "j"});
    refused(b, WEIR_EINVAL,
            "left_join 'j' of streams 'l' and 'r': before_ms is -6 and after_ms 5: their sum is "
            "negative");
}

static void a_negative_grace(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_outer_join(strings(b, "l"), strings(b, "r"), weir_join_within(5, 5, -1), &weir_string,
                    pair, NULL, &(weir_stream_join_opts){.name = "j"});
    refused(b, WEIR_EINVAL,
            "outer_join 'j' of streams 'l' and 'r': the grace is -1 ms, less than 0");
}

static void sides_with_other_keys(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_stream numbered =
        weir_source(b, "r", &weir_i64, &weir_string, &(weir_source_opts){.name = "numbered"});
    weir_join(weir_source(b, "l", STRINGS, &(weir_source_opts){.name = "l"}), numbered,
              weir_join_within(5, 5, 0), &weir_string, pair, NULL,
              &(weir_stream_join_opts){.name = "j"});
    refused(b, WEIR_ETYPE,
            "join 'j' of streams 'l' and 'numbered': left key is string, right key is i64");
}

static void a_side_that_is_repartitioned_for_a_join_without_a_name(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_stream moved =
        weir_select_key(strings(b, "r"), &weir_string, same_key, NULL, &(weir_named){"moved"});
    weir_join(weir_source(b, "l", STRINGS, &(weir_source_opts){.name = "l"}), moved,
              weir_join_within(5, 5, 0), &weir_string, pair, NULL, NULL);
    refused(b, WEIR_ETOPOLOGY,
            "join of streams 'l' and 'moved': the right side must be repartitioned, so the join "
            "needs a name");
}

static void assert_described(weir_builder *b, const char *const *parts)
{
    weir_error error = {0};
    weir_topology *topology = weir_build(b, NULL, &error);
    assert_string_equal(error.message, "");
    char *text = weir_topology_describe(topology);
    for (size_t i = 0; parts[i] != NULL; i++) {
        if (strstr(text, parts[i]) == NULL) {
            fail_msg("there is no '%s' in\n%s", parts[i], text);
        }
    }
    free(text);
    weir_topology_free(topology);
}

/* As Kafka numbers them: two windows, two joins, merge. */
static void a_join_without_names_is_numbered_as_in_kafka(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_join(strings(b, "l"), strings(b, "r"), weir_join_within(5, 5, 0), &weir_string, pair, NULL,
              NULL);
    assert_described(b, LIST("KSTREAM-WINDOWED-0000000002 (stores: "
                             "[KSTREAM-JOINTHIS-0000000004-store])",
                             "KSTREAM-WINDOWED-0000000003 (stores: "
                             "[KSTREAM-JOINOTHER-0000000005-store])",
                             "KSTREAM-JOINTHIS-0000000004 (stores: "
                             "[KSTREAM-JOINOTHER-0000000005-store])",
                             "Processor: KSTREAM-MERGE-0000000006 (stores: [])"));
}

static void an_outer_join_without_names_is_numbered_as_in_kafka(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_outer_join(strings(b, "l"), strings(b, "r"), weir_join_within(5, 5, 0), &weir_string, pair,
                    NULL, NULL);
    assert_described(b, LIST("KSTREAM-OUTERTHIS-0000000004 (stores: "
                             "[KSTREAM-OUTEROTHER-0000000005-store, "
                             "KSTREAM-OUTERSHARED-0000000004-store])",
                             "KSTREAM-OUTEROTHER-0000000005 (stores: "
                             "[KSTREAM-OUTERTHIS-0000000004-store, "
                             "KSTREAM-OUTERSHARED-0000000004-store])"));
}

/* Kafka takes the numbers also of nodes that have a name: their stores are called by them. */
static void stores_of_a_named_left_join_are_numbered_as_in_kafka(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_left_join(strings(b, "l"), strings(b, "r"), weir_join_within(5, 5, 0), &weir_string, pair,
                   NULL, &(weir_stream_join_opts){.name = "j"});
    assert_described(b, LIST("Processor: j-this-join (stores: "
                             "[KSTREAM-OUTEROTHER-0000000005-store, "
                             "KSTREAM-OUTERSHARED-0000000004-store])",
                             "Processor: j-other-windowed (stores: "
                             "[KSTREAM-OUTEROTHER-0000000005-store])",
                             "Processor: j-outer-other-join (stores: "
                             "[KSTREAM-OUTERSHARED-0000000004-store, "
                             "KSTREAM-JOINTHIS-0000000004-store])"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_that_cannot_be_joined_are_dropped_with_a_reason),
        cmocka_unit_test(a_late_record_joins_what_is_still_stored),
        cmocka_unit_test(records_of_one_key_and_time_wait_together),
        cmocka_unit_test(a_record_comes_out_with_its_partners_or_once_alone),
        cmocka_unit_test(an_outer_record_without_a_key_comes_through_its_repartition_topic),
        cmocka_unit_test(each_partition_has_a_stream_time_of_its_own),
        cmocka_unit_test(windows_without_an_end_join_all_times),
        cmocka_unit_test(a_joiner_that_fails_may_be_skipped),
        cmocka_unit_test(a_damaged_row_of_the_shared_store_is_reported),
        cmocka_unit_test(a_window_that_ends_before_it_begins),
        cmocka_unit_test(a_negative_grace),
        cmocka_unit_test(sides_with_other_keys),
        cmocka_unit_test(a_side_that_is_repartitioned_for_a_join_without_a_name),
        cmocka_unit_test(a_join_without_names_is_numbered_as_in_kafka),
        cmocka_unit_test(an_outer_join_without_names_is_numbered_as_in_kafka),
        cmocka_unit_test(stores_of_a_named_left_join_are_numbered_as_in_kafka),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
