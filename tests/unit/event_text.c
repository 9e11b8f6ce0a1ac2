/* SPDX-License-Identifier: Apache-2.0
 *
 * The lines of the runtime's steps and of the driver's events, as a trace has them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <weir/event.h>

#define LINE_SIZE ((size_t)128)

static void assert_step(const weir_step *step, const char *expected)
{
    char line[LINE_SIZE];
    weir_step_text(step, line, sizeof line);
    assert_string_equal(line, expected);
}

static void a_step_has_one_line(void **state)
{
    (void)state;
    static const char *const tasks[] = {"0_0", "1_0"};
    assert_step(&(weir_step){.kind = WEIR_STEP_POLL}, "");
    assert_step(&(weir_step){.kind = WEIR_STEP_JOIN, .reason = "lost"}, "lost");
    assert_step(&(weir_step){.kind = WEIR_STEP_SYNC, .generation = 3}, "generation 3");
    assert_step(&(weir_step){.kind = WEIR_STEP_SYNC, .generation = 3, .reason = "leader"},
                "generation 3, leader");
    assert_step(&(weir_step){.kind = WEIR_STEP_ASSIGNMENT_PUBLISHED, .generation = 3},
                "generation 3");
    assert_step(
        &(weir_step){
            .kind = WEIR_STEP_ASSIGNMENT_TAKEN, .generation = 3, .tasks = tasks, .task_count = 2},
        "generation 3: 0_0 1_0");
    assert_step(&(weir_step){.kind = WEIR_STEP_RESTORE,
                             .task = "0_1",
                             .store = "counts",
                             .topic = "app-counts-changelog",
                             .offset = 9},
                "0_1 counts");
    assert_step(&(weir_step){.kind = WEIR_STEP_PROCESS,
                             .task = "0_1",
                             .topic = "lines",
                             .partition = 1,
                             .offset = 17},
                "0_1 lines@17");
    assert_step(
        &(weir_step){
            .kind = WEIR_STEP_STORE_CHANGE, .task = "0_1", .store = "counts", .checksum = 0xab},
        "0_1 00000000000000ab counts");
    assert_step(&(weir_step){.kind = WEIR_STEP_CLOSE, .task = "0_1", .reason = "dirty"},
                "0_1 dirty");
    assert_step(&(weir_step){.kind = WEIR_STEP_FLUSH_CACHES, .task = "0_1"}, "0_1");
}

static void every_kind_of_step_has_a_name(void **state)
{
    (void)state;
    for (int i = 0; i < WEIR_STEP_KINDS; i++) {
        assert_non_null(weir_step_name((weir_step_kind)i));
    }
    assert_null(weir_step_name(WEIR_STEP_KINDS));
}

static void assert_event(const weir_event *event, const char *expected)
{
    char line[LINE_SIZE];
    weir_event_text(event, line, sizeof line);
    assert_string_equal(line, expected);
}

static void an_event_has_one_line(void **state)
{
    (void)state;
    static const weir_step step = {.kind = WEIR_STEP_SUSPEND, .task = "0_1"};
    static const weir_mock_event broker = {.kind = WEIR_MOCK_DELETE_TOPIC, .topic = {"lines", 5}};
    assert_event(&(weir_event){.kind = WEIR_EVENT_STEP, .step = &step}, "0_1");
    assert_event(&(weir_event){.kind = WEIR_EVENT_BROKER, .broker = &broker}, "lines");
    assert_event(&(weir_event){.kind = WEIR_EVENT_STATE,
                               .instance = "a",
                               .from = WEIR_STATE_CREATED,
                               .to = WEIR_STATE_REBALANCING},
                 "CREATED -> REBALANCING");
    assert_event(&(weir_event){.kind = WEIR_EVENT_UNCAUGHT,
                               .stream_thread = "a-StreamThread-1",
                               .reason = "WEIR_EUSER"},
                 "a-StreamThread-1 WEIR_EUSER");
    assert_event(&(weir_event){.kind = WEIR_EVENT_START, .instance = "a"}, "a");
    assert_event(&(weir_event){.kind = WEIR_EVENT_CRASH, .instance = "a", .reason = "wiped"},
                 "a, disk wiped");
    assert_event(&(weir_event){.kind = WEIR_EVENT_PARTITION, .instance = "a"},
                 "a from all brokers");
    assert_event(&(weir_event){.kind = WEIR_EVENT_HEAL, .instance = "a", .broker_id = 2},
                 "a to broker 2");
    assert_event(&(weir_event){.kind = WEIR_EVENT_LATENCY, .instance = "a", .ms = 20}, "a 20 ms");
    assert_event(&(weir_event){.kind = WEIR_EVENT_CUSTOM, .name = "n", .reason = "text"}, "text");
}

static void the_restore_of_a_store_has_one_line(void **state)
{
    (void)state;
    weir_restore_progress at = {.event = WEIR_RESTORE_START,
                                .store = "counts",
                                .partition = 2,
                                .offset = 5,
                                .end_offset = 9,
                                .restored = 4};
    const weir_event event = {.kind = WEIR_EVENT_RESTORE, .restore = &at};
    assert_event(&event, "counts-2 from 5 to 9");
    at.event = WEIR_RESTORE_BATCH;
    assert_event(&event, "counts-2 at 5 of 9");
    at.event = WEIR_RESTORE_SUSPENDED;
    assert_event(&event, "counts-2 at 5 of 9");
    at.event = WEIR_RESTORE_END;
    assert_event(&event, "counts-2, 4 records");
}

static void a_line_is_cut_to_its_room(void **state)
{
    (void)state;
    weir_restore_progress at = {.event = WEIR_RESTORE_START, .store = "counts", .end_offset = 9};
    static const weir_step step = {.kind = WEIR_STEP_PROCESS, .task = "0_1", .topic = "lines"};
    const weir_event events[] = {{.kind = WEIR_EVENT_RESTORE, .restore = &at},
                                 {.kind = WEIR_EVENT_STEP, .step = &step},
                                 {.kind = WEIR_EVENT_CUSTOM, .reason = "text"}};
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        char whole[LINE_SIZE];
        weir_event_text(&events[i], whole, sizeof whole);
        for (size_t size = 1; size <= strlen(whole) + 1; size++) {
            char *line = malloc(size);
            assert_non_null(line);
            weir_event_text(&events[i], line, size);
            assert_int_equal(strlen(line), size - 1);
            assert_memory_equal(line, whole, size - 1);
            free(line);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_has_one_line),
        cmocka_unit_test(every_kind_of_step_has_a_name),
        cmocka_unit_test(an_event_has_one_line),
        cmocka_unit_test(the_restore_of_a_store_has_one_line),
        cmocka_unit_test(a_line_is_cut_to_its_room),
    };
    return cmocka_run_group_tests_name("event_text", tests, NULL, NULL);
}
