/* SPDX-License-Identifier: Apache-2.0
 *
 * A checker that is fed by hand: a run of the application "app" with the source "in", of which the
 * task 0_0 reads partition 0. */
#ifndef WEIR_TESTS_UNIT_CHECKERS_KIT_H
#define WEIR_TESTS_UNIT_CHECKERS_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <weir/checkers.h>

#define KIT_FN __attribute__((unused)) static

/* Without generated ids: texts are compared with these. */
#define A "a-StreamThread-1"
#define B "b-StreamThread-1"
#define PRODUCER ((int64_t)1000)

KIT_FN void feed_step(weir_checker *checker, const char *thread, weir_step step)
{
    char instance[2] = {thread[0], '\0'};
    step.thread = thread;
    weir_checker_event(checker, &(weir_event){.kind = WEIR_EVENT_STEP,
                                              .name = weir_step_name(step.kind),
                                              .us = 1000000,
                                              .instance = instance,
                                              .application = "app",
                                              .task = step.task,
                                              .topic = step.topic,
                                              .partition = step.partition,
                                              .offset = step.offset,
                                              .generation = step.generation,
                                              .stream_thread = thread,
                                              .reason = step.reason,
                                              .step = &step});
}

KIT_FN void feed_broker(weir_checker *checker, weir_mock_event broker)
{
    char topic[64];
    snprintf(topic, sizeof topic, "%.*s", (int)broker.topic.len,
             broker.topic.data != NULL ? (const char *)broker.topic.data : "");
    weir_checker_event(checker, &(weir_event){.kind = WEIR_EVENT_BROKER,
                                              .name = weir_mock_event_name(broker.kind),
                                              .us = 2000000,
                                              .topic = topic[0] != '\0' ? topic : NULL,
                                              .partition = broker.partition,
                                              .offset = broker.offset,
                                              .broker = &broker});
}

KIT_FN void takes(weir_checker *checker, const char *thread, int32_t generation, const char *task)
{
    const char *const tasks[] = {task};
    feed_step(checker, thread,
              (weir_step){.kind = WEIR_STEP_ASSIGNMENT_TAKEN,
                          .generation = generation,
                          .tasks = tasks,
                          .task_count = task != NULL ? 1 : 0});
}

KIT_FN void polls(weir_checker *checker, const char *thread)
{
    feed_step(checker, thread, (weir_step){.kind = WEIR_STEP_POLL});
}

/* A record of in-0, to its end. */
KIT_FN void processes(weir_checker *checker, const char *thread, int64_t offset)
{
    feed_step(
        checker, thread,
        (weir_step){.kind = WEIR_STEP_PROCESS, .task = "0_0", .topic = "in", .offset = offset});
    polls(checker, thread);
}

KIT_FN void commits(weir_checker *checker, int64_t offset)
{
    feed_broker(checker, (weir_mock_event){.kind = WEIR_MOCK_OFFSET_COMMIT,
                                           .group = weir_slice_of("app"),
                                           .topic = weir_slice_of("in"),
                                           .offset = offset,
                                           .producer_id = -1});
}

/* One record of a transaction of PRODUCER. */
KIT_FN void appends(weir_checker *checker, const char *topic, int64_t offset, int16_t epoch)
{
    feed_broker(checker, (weir_mock_event){.kind = WEIR_MOCK_PRODUCE,
                                           .topic = weir_slice_of(topic),
                                           .offset = offset,
                                           .count = 1,
                                           .producer_id = PRODUCER,
                                           .epoch = epoch,
                                           .client_id = weir_slice_of(A "-producer"),
                                           .transactional = true});
}

KIT_FN void feed_txn(weir_checker *checker, weir_mock_event_kind kind, const char *topic,
                     int64_t offset, bool commit)
{
    feed_broker(checker, (weir_mock_event){.kind = kind,
                                           .topic = weir_slice_of(topic),
                                           .offset = offset,
                                           .group = weir_slice_of("app"),
                                           .transactional_id = weir_slice_of("app-1"),
                                           .producer_id = PRODUCER,
                                           .commit = commit});
}

KIT_FN weir_checker *new_checker(weir_checker_opts opts)
{
    opts.application = "app";
    weir_checker *checker = weir_checker_new(&opts);
    assert_non_null(checker);
    return checker;
}

KIT_FN void assert_clean(weir_checker *checker)
{
    if (weir_checker_violation(checker) != NULL) {
        print_error("%s\n", weir_checker_violation(checker));
    }
    assert_null(weir_checker_violation(checker));
}

/* Found once, with these words in its message; frees the checker. */
KIT_FN void assert_found(weir_checker *checker, weir_anomaly anomaly, const char *words)
{
    const char *violation = weir_checker_violation(checker);
    assert_non_null(violation);
    if (strncmp(violation, weir_anomaly_name(anomaly), strlen(weir_anomaly_name(anomaly))) != 0 ||
        strstr(violation, words) == NULL) {
        fail_msg("%s, %s: not in: %s", weir_anomaly_name(anomaly), words, violation);
    }
    assert_int_equal(weir_checker_found(checker, anomaly), 1);
    weir_checker_free(checker);
}

#endif
