/* SPDX-License-Identifier: Apache-2.0
 *
 * The topics and partitions in requests of every API and version that names some, written here as
 * the protocol's schemas say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "apis/apis.h"
#include "server/request_topics.h"

/* A body being written. */
typedef struct body {
    weir_buf out;
    int16_t version;
    bool flexible;
} body;

static void put_text(body *to, const char *text)
{
    if (to->flexible) {
        weir__put_compact_string(&to->out, weir_slice_of(text));
    } else {
        weir__put_cstring(&to->out, text);
    }
}

static void put_count(body *to, int32_t count)
{
    if (to->flexible) {
        weir__put_uvarint(&to->out, (uint64_t)count + 1);
    } else {
        weir__buf_put_i32(&to->out, count);
    }
}

static void put_end(body *to)
{
    if (to->flexible) { /* one tag of two bytes, which must be skipped */
        weir__put_uvarint(&to->out, 1);
        weir__put_uvarint(&to->out, 9);
        weir__put_uvarint(&to->out, 2);
        weir_put(&to->out, "xx", 2);
    }
}

static void put_zeros(body *to, size_t count)
{
    static const char zeros[64];
    weir_put(&to->out, zeros, count);
}

/* ---- What each request has before its topics ---- */

static void put_head(body *to, int16_t key)
{
    int16_t v = to->version;
    switch (key) {
    case 0: /* Produce: transactional id, acks, timeout */
        if (v >= 3) {
            put_text(to, "txn");
        }
        put_zeros(to, 2 + 4);
        break;
    case 1: /* Fetch: replica, max wait, min and max bytes, isolation, session id and epoch */
        put_zeros(to, (size_t)(4 + 4 + 4 + 4 + 1 + (v >= 7 ? 8 : 0)));
        break;
    case 2: /* ListOffsets: replica, isolation */
        put_zeros(to, v >= 2 ? 5 : 4);
        break;
    case 8: /* OffsetCommit: group, generation, member, instance, retention */
        put_text(to, "group");
        put_zeros(to, 4);
        put_text(to, "member");
        if (v >= 7) {
            put_text(to, "instance");
        }
        put_zeros(to, v <= 4 ? 8 : 0);
        break;
    case 9: /* OffsetFetch, OffsetDelete: group */
    case 47:
        put_text(to, "group");
        break;
    case 23: /* OffsetForLeaderEpoch: replica */
        put_zeros(to, v >= 3 ? 4 : 0);
        break;
    case 24: /* AddPartitionsToTxn: transactional id, producer id and epoch */
        put_text(to, "txn");
        put_zeros(to, 8 + 2);
        break;
    case 28: /* TxnOffsetCommit: and group, generation, member, instance */
        put_text(to, "txn");
        put_text(to, "group");
        put_zeros(to, 8 + 2);
        if (v >= 3) {
            put_zeros(to, 4);
            put_text(to, "member");
            put_text(to, "instance");
        }
        break;
    default: /* the topics are first */
        break;
    }
}

/* What follows a partition's number. */
static void put_partition_rest(body *to, int16_t key)
{
    int16_t v = to->version;
    switch (key) {
    case 0: /* records */
        if (to->flexible) {
            weir__put_compact_string(&to->out, weir_slice_of("batch"));
        } else {
            weir__put_blob(&to->out, weir_slice_of("batch"));
        }
        break;
    case 1: /* leader epoch, offset, last fetched epoch, log start offset, max bytes */
        put_zeros(to, (size_t)((v >= 9 ? 4 : 0) + 8 + (v >= 12 ? 4 : 0) + (v >= 5 ? 8 : 0) + 4));
        break;
    case 2: /* leader epoch, timestamp */
        put_zeros(to, v >= 4 ? 12 : 8);
        break;
    case 8: /* offset, leader epoch, metadata */
        put_zeros(to, v >= 6 ? 12 : 8);
        put_text(to, "metadata");
        break;
    case 28:
        put_zeros(to, v >= 2 ? 12 : 8);
        put_text(to, "metadata");
        break;
    case 21: /* offset */
        put_zeros(to, 8);
        break;
    case 23: /* current leader epoch, leader epoch */
        put_zeros(to, v >= 2 ? 8 : 4);
        break;
    default:
        break;
    }
}

/* Topics without partitions: what follows the name. */
static void put_topic_rest(body *to, int16_t key)
{
    if (key == 19) { /* CreateTopics: partitions, replication factor, assignments, configs */
        put_zeros(to, 4 + 2);
        put_count(to, 1);
        put_zeros(to, 4);
        put_count(to, 2);
        put_zeros(to, 8);
        put_end(to);
        put_count(to, 1);
        put_text(to, "cleanup.policy");
        put_text(to, "compact");
        put_end(to);
    } else if (key == 37) { /* CreatePartitions: count, assignments */
        put_zeros(to, 4);
        put_count(to, 1);
        put_count(to, 2);
        put_zeros(to, 8);
        put_end(to);
    }
}

static const char *const topics[] = {"first", "second"};

static void put_body(body *to, int16_t key, bool partitions)
{
    put_head(to, key);
    put_count(to, 2);
    for (int i = 0; i < 2; i++) {
        put_text(to, topics[i]);
        if (partitions) {
            put_count(to, 2);
            for (int32_t j = 0; j < 2; j++) {
                weir__buf_put_i32(&to->out, 10 * i + j);
                put_partition_rest(to, key);
                if (key != 9 && key != 24 && key != 61) { /* plain numbers */
                    put_end(to);
                }
            }
        } else {
            put_topic_rest(to, key);
        }
        if (key != 20) { /* DeleteTopics: plain names before version 6 */
            put_end(to);
        }
    }
}

/* ---- Tests ---- */

typedef struct found {
    char text[256];
} found;

static bool note(weir_slice topic, int32_t partition, void *user)
{
    found *all = user;
    size_t used = strlen(all->text);
    snprintf(all->text + used, sizeof all->text - used, "%.*s %d,", (int)topic.len,
             (const char *)topic.data, (int)partition);
    return false;
}

static bool is_last(weir_slice topic, int32_t partition, void *user)
{
    (void)user;
    return weir_slice_equal(topic, weir_slice_of("second")) && (partition == 11 || partition == -1);
}

static void check(int16_t key, int16_t version, bool flexible)
{
    bool partitions = weir__request_names(key) == WEIR__NAMES_PARTITIONS;
    body to = {.version = version, .flexible = flexible};
    found all = {""};
    put_body(&to, key, partitions);
    weir__reader in = weir__reader_of(weir__buf_slice(&to.out));
    assert_false(weir__request_each_partition(key, version, flexible, in, note, &all));
    assert_string_equal(all.text, partitions ? "first 0,first 1,second 10,second 11,"
                                             : "first -1,second -1,");
    assert_true(weir__request_each_partition(key, version, flexible, in, is_last, NULL));
    for (size_t len = 0; len < to.out.len; len++) { /* bodies that are cut */
        in = weir__reader_of((weir_slice){to.out.data, len});
        all.text[0] = '\0';
        assert_false(weir__request_each_partition(key, version, flexible, in, note, &all));
    }
    weir__buf_fini(&to.out);
}

static void topics_are_found_in_every_version(void **state)
{
    (void)state;
    size_t count;
    int checked = 0;
    const weir__api *apis = weir__apis(&count);
    for (size_t i = 0; i < count; i++) {
        for (int16_t version = apis[i].version_min; version <= apis[i].version_max; version++) {
            if (weir__request_names(apis[i].key) != WEIR__NAMES_NO_TOPIC) {
                check(apis[i].key, version, version >= apis[i].flexible_from);
                checked++;
            }
        }
    }
    assert_true(checked > 50);
}

/* Versions that newer clients use. */
static void topics_are_found_in_flexible_versions(void **state)
{
    static const int16_t versions[][2] = {{0, 9},  {1, 12}, {2, 6},  {3, 9},  {8, 8},
                                          {9, 6},  {19, 5}, {20, 4}, {21, 2}, {23, 4},
                                          {24, 3}, {28, 3}, {37, 2}};
    (void)state;
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        check(versions[i][0], versions[i][1], true);
    }
}

static void requests_without_topics_have_none(void **state)
{
    (void)state;
    found all = {""};
    assert_int_equal(weir__request_names(11), WEIR__NAMES_NO_TOPIC);
    assert_int_equal(weir__request_names(3), WEIR__NAMES_TOPICS);
    assert_false(weir__request_each_partition(11, 5, false, weir__reader_of(weir_slice_of("abcd")),
                                              note, &all));
    assert_string_equal(all.text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(topics_are_found_in_every_version),
        cmocka_unit_test(topics_are_found_in_flexible_versions),
        cmocka_unit_test(requests_without_topics_have_none),
    };
    return cmocka_run_group_tests_name("mock_request_topics", tests, NULL, NULL);
}
