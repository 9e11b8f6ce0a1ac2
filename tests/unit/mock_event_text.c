/* SPDX-License-Identifier: Apache-2.0
 *
 * The names of the brokers' events, and the line of each kind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <weir/mock_event.h>

#define LINE_SIZE ((size_t)256)

/* Every field is set: a line has those of its kind. `text` is not terminated by NUL. */
static weir_mock_event full(weir_mock_event_kind kind)
{
    static const char text[] = {'t', 'o', 'p', 'g', 'r', 'm', 'e', 'm', 't', 'x', 'c', 'l'};
    return (weir_mock_event){.kind = kind,
                             .topic = {text, 3},
                             .partition = 2,
                             .offset = 17,
                             .count = 3,
                             .bytes = 90,
                             .checksum = 0xab,
                             .client_id = {text + 10, 2},
                             .group = {text + 3, 2},
                             .generation = 4,
                             .member = {text + 5, 3},
                             .transactional_id = {text + 8, 2},
                             .producer_id = 1000,
                             .epoch = 5,
                             .sequence = 6,
                             .transactional = true,
                             .commit = true,
                             .broker = 1,
                             .reason = "why"};
}

static void each_kind_has_its_line(void **state)
{
    (void)state;
    static const char group[] = "gr generation=4 members=3 mem";
    static const char offset[] = "gr top-2 offset=17 producer=1000 epoch=5";
    static const struct {
        weir_mock_event_kind kind;
        const char *line;
    } expected[] = {
        {WEIR_MOCK_CREATE_TOPIC, "top partitions=3"},
        {WEIR_MOCK_CREATE_PARTITIONS, "top partitions=3"},
        {WEIR_MOCK_DELETE_TOPIC, "top"},
        {WEIR_MOCK_PRODUCE, "top-2 offset=17 records=3 crc=000000ab client=cl producer=1000 "
                            "epoch=5 sequence=6 transactional"},
        {WEIR_MOCK_MARKER, "top-2 offset=17 commit producer=1000 epoch=5"},
        {WEIR_MOCK_FETCH, "top-2 offset=17 bytes=90 client=cl"},
        {WEIR_MOCK_DELETE_RECORDS, "top-2 start=17"},
        {WEIR_MOCK_COMPACT, "top-2 upto=17"},
        {WEIR_MOCK_JOIN, group},
        {WEIR_MOCK_REBALANCE, group},
        {WEIR_MOCK_MEMBER_DROPPED, group},
        {WEIR_MOCK_REBALANCE_DONE, group},
        {WEIR_MOCK_SYNC, group},
        {WEIR_MOCK_STABLE, group},
        {WEIR_MOCK_MEMBER_EXPIRED, group},
        {WEIR_MOCK_LEAVE, group},
        {WEIR_MOCK_MEMBER_FENCED, group},
        {WEIR_MOCK_COORDINATOR, "gr broker=1"},
        {WEIR_MOCK_OFFSET_COMMIT, offset},
        {WEIR_MOCK_INIT_PRODUCER, "tx producer=1000 epoch=5 reason=why"},
        {WEIR_MOCK_TXN_BEGIN, "tx producer=1000 epoch=5 reason=why"},
        {WEIR_MOCK_TXN_ADD_PARTITION, "tx producer=1000 epoch=5 top-2 reason=why"},
        {WEIR_MOCK_TXN_ADD_OFFSETS, "tx producer=1000 epoch=5 group=gr reason=why"},
        {WEIR_MOCK_OFFSET_PENDING, offset},
        {WEIR_MOCK_OFFSET_DROPPED, offset},
        {WEIR_MOCK_TXN_END, "tx producer=1000 epoch=5 commit reason=why"},
        {WEIR_MOCK_TXN_COMPLETE, "tx producer=1000 epoch=5 commit reason=why"},
        {WEIR_MOCK_PRODUCER_FENCED, "tx producer=1000 epoch=5 top-2 client=cl reason=why"},
        {WEIR_MOCK_FAULT, "rule=3 why broker=1 client=cl"},
    };
    assert_int_equal(sizeof expected / sizeof *expected, WEIR_MOCK_EVENT_KINDS);
    for (size_t i = 0; i < WEIR_MOCK_EVENT_KINDS; i++) {
        char line[LINE_SIZE];
        weir_mock_event event = full(expected[i].kind);
        weir_mock_event_text(&event, line, sizeof line);
        assert_int_equal(expected[i].kind, i);
        assert_string_equal(line, expected[i].line);
    }
}

static void a_line_leaves_out_what_is_not_there(void **state)
{
    (void)state;
    char line[LINE_SIZE];
    weir_mock_event event = full(WEIR_MOCK_PRODUCE);
    event.producer_id = -1;
    weir_mock_event_text(&event, line, sizeof line);
    assert_string_equal(line, "top-2 offset=17 records=3 crc=000000ab client=cl");
    event.kind = WEIR_MOCK_OFFSET_COMMIT;
    weir_mock_event_text(&event, line, sizeof line);
    assert_string_equal(line, "gr top-2 offset=17");
    event.kind = WEIR_MOCK_LEAVE;
    event.member = (weir_slice){NULL, 0};
    weir_mock_event_text(&event, line, sizeof line);
    assert_string_equal(line, "gr generation=4 members=3");
    event.kind = WEIR_MOCK_COORDINATOR;
    event.group = (weir_slice){NULL, 0};
    weir_mock_event_text(&event, line, sizeof line);
    assert_string_equal(line, "tx broker=1");
}

static void a_line_is_cut_to_its_room(void **state)
{
    (void)state;
    weir_mock_event event = full(WEIR_MOCK_PRODUCE);
    char whole[LINE_SIZE];
    weir_mock_event_text(&event, whole, sizeof whole);
    for (size_t size = 1; size <= strlen(whole) + 1; size++) {
        char *line = malloc(size);
        assert_non_null(line);
        weir_mock_event_text(&event, line, size);
        assert_int_equal(strlen(line), size - 1);
        assert_memory_equal(line, whole, size - 1);
        free(line);
    }
}

static void a_kind_that_does_not_exist_has_neither_name_nor_line(void **state)
{
    (void)state;
    char line[LINE_SIZE] = "before";
    weir_mock_event event = full(WEIR_MOCK_EVENT_KINDS);
    weir_mock_event_text(&event, line, sizeof line);
    assert_string_equal(line, "");
    assert_null(weir_mock_event_name(WEIR_MOCK_EVENT_KINDS));
    assert_string_equal(weir_mock_event_name(WEIR_MOCK_PRODUCER_FENCED), "producer-fenced");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_has_its_line),
        cmocka_unit_test(a_line_leaves_out_what_is_not_there),
        cmocka_unit_test(a_line_is_cut_to_its_room),
        cmocka_unit_test(a_kind_that_does_not_exist_has_neither_name_nor_line),
    };
    return cmocka_run_group_tests_name("mock_event_text", tests, NULL, NULL);
}
