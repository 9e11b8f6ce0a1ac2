/* SPDX-License-Identifier: Apache-2.0
 *
 * The two guarantees, over clients that note the calls. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "client/port.h"
#include "core/error.h"
#include "task/env.h"

/* One thread's environment. `calls` has a word for each call and each step, in their order. */
typedef struct fixture {
    weir__consumer consumer; /* first: the calls find the fixture by it */
    weir__producer producer;
    weir__task_env env;
    weir_app_opts opts;
    char calls[512];
    const char *failing; /* the call that fails */
    weir_err failure;
    int failures; /* how often it does */
} fixture;

static weir_err call(fixture *f, const char *name, weir_error *error)
{
    size_t used = strlen(f->calls);
    snprintf(f->calls + used, sizeof f->calls - used, "%s%s", used > 0 ? " " : "", name);
    if (f->failing == NULL || strcmp(f->failing, name) != 0 || f->failures == 0) {
        return WEIR_OK;
    }
    f->failures--;
    return weir__error_set(error, f->failure, "%s failed", name);
}

static fixture *by_consumer(weir__consumer *port)
{
    return (fixture *)port;
}

static fixture *by_producer(weir__producer *port)
{
    return (fixture *)(void *)((char *)port - offsetof(fixture, producer));
}

static weir_err consumer_commit(weir__consumer *port, const weir__offset *offsets, size_t count,
                                weir_error *error)
{
    assert_int_equal(count, 1);
    assert_int_equal(offsets->offset, 7);
    return call(by_consumer(port), "consumer", error);
}

static weir_err send(weir__producer *port, const weir__outgoing *record,
                     const weir__delivery *delivery, weir_error *error)
{
    (void)record;
    (void)delivery;
    return call(by_producer(port), "send", error);
}

static weir_err init(weir__producer *port, int64_t timeout_ms, weir_error *error)
{
    assert_true(timeout_ms > 0);
    return call(by_producer(port), "init", error);
}

static weir_err begin(weir__producer *port, weir_error *error)
{
    return call(by_producer(port), "begin", error);
}

static weir_err send_offsets(weir__producer *port, weir__consumer *consumer,
                             const weir__offset *offsets, size_t count, int64_t timeout_ms,
                             weir_error *error)
{
    assert_ptr_equal(by_consumer(consumer), by_producer(port));
    assert_int_equal(count, 1);
    assert_int_equal(offsets->offset, 7);
    assert_true(timeout_ms > 0);
    return call(by_producer(port), "offsets", error);
}

static weir_err commit(weir__producer *port, weir_error *error)
{
    return call(by_producer(port), "commit", error);
}

static weir_err abort_transaction(weir__producer *port, int64_t timeout_ms, weir_error *error)
{
    assert_true(timeout_ms < 0);
    assert_true(by_producer(port)->env.transaction.aborting);
    return call(by_producer(port), "abort", error);
}

static const weir__consumer_ops consumer_ops = {.commit = consumer_commit};
static const weir__producer_ops producer_ops = {.send = send};
static const weir__transaction_ops transaction_ops = {.init = init,
                                                      .begin = begin,
                                                      .send_offsets = send_offsets,
                                                      .commit = commit,
                                                      .abort_transaction = abort_transaction};

static void on_step(const weir_step *step, void *user)
{
    char name[64];
    snprintf(name, sizeof name, "<%s>", weir_step_name(step->kind));
    call(user, name, NULL);
}

static void open(fixture *f, const weir__guarantee *guarantee)
{
    *f = (fixture){.consumer = {.ops = &consumer_ops},
                   .producer = {.ops = &producer_ops, .transactions = &transaction_ops}};
    f->opts = (weir_app_opts){.on_step = on_step, .user = f};
    f->env.guarantee = guarantee;
    f->env.consumer = &f->consumer;
    f->env.producer = &f->producer;
    f->env.observer.opts = &f->opts;
}

static weir_err send_one(fixture *f)
{
    weir_error error;
    return weir__task_send(&f->env, &(weir__outgoing){.topic = "out"}, NULL, &error);
}

static weir_err commit_offsets(fixture *f, size_t count)
{
    weir_error error;
    weir__offset offset = {.at = {"in", 0}, .offset = 7};
    return f->env.guarantee->commit(&f->env, &offset, count, &error);
}

static weir_err drop(fixture *f)
{
    weir_error error;
    return f->env.guarantee->abort_transaction(&f->env, &error);
}

static void assert_calls(fixture *f, const char *calls)
{
    assert_string_equal(f->calls, calls);
    f->calls[0] = '\0';
}

static void at_least_once_commits_offsets_with_the_consumer(void **state)
{
    (void)state;
    fixture f;
    open(&f, &weir__at_least_once);
    assert_int_equal(send_one(&f), WEIR_OK);
    assert_int_equal(commit_offsets(&f, 1), WEIR_OK);
    assert_calls(&f, "send <commit-offsets> consumer");
    assert_int_equal(commit_offsets(&f, 0), WEIR_OK);
    assert_calls(&f, "");
    assert_null(f.env.guarantee->abort_transaction);
}

static void a_transaction_begins_with_the_first_record(void **state)
{
    (void)state;
    fixture f;
    open(&f, &weir__exactly_once);
    assert_int_equal(send_one(&f), WEIR_OK);
    assert_int_equal(send_one(&f), WEIR_OK);
    assert_calls(&f, "init <begin-transaction> begin send send");
    assert_int_equal(commit_offsets(&f, 1), WEIR_OK);
    assert_calls(&f, "<send-offsets> offsets <commit-transaction> commit");
    assert_int_equal(send_one(&f), WEIR_OK);
    assert_calls(&f, "<begin-transaction> begin send");
}

static void a_transaction_may_have_offsets_only_or_records_only(void **state)
{
    (void)state;
    fixture f;
    open(&f, &weir__exactly_once);
    assert_int_equal(commit_offsets(&f, 0), WEIR_OK);
    assert_calls(&f, "");
    assert_int_equal(commit_offsets(&f, 1), WEIR_OK);
    assert_calls(&f, "init <begin-transaction> begin <send-offsets> offsets <commit-transaction> "
                     "commit");
    assert_int_equal(send_one(&f), WEIR_OK);
    assert_int_equal(commit_offsets(&f, 0), WEIR_OK);
    assert_calls(&f, "<begin-transaction> begin send <commit-transaction> commit");
}

static void offsets_that_were_not_added_may_be_added_later(void **state)
{
    (void)state;
    fixture f;
    open(&f, &weir__exactly_once);
    f.failing = "offsets";
    f.failure = WEIR_ERETRY;
    f.failures = 1;
    assert_int_equal(commit_offsets(&f, 1), WEIR_ERETRY);
    assert_true(f.env.transaction.open);
    assert_int_equal(f.env.transaction.failed.code, WEIR_OK);
    assert_int_equal(commit_offsets(&f, 1), WEIR_OK);
    assert_false(f.env.transaction.open);
}

static void a_failed_transaction_is_not_committed(void **state)
{
    (void)state;
    static const char *const calls[] = {"begin", "send", "offsets", "commit"};
    static const weir_err failures[] = {WEIR_EABORTABLE, WEIR_EFENCED, WEIR_EFATAL};
    for (size_t c = 0; c < 4; c++) {
        for (size_t i = 0; i < 3; i++) {
            fixture f;
            open(&f, &weir__exactly_once);
            f.failing = calls[c];
            f.failure = failures[i];
            f.failures = 1;
            weir_err sent = send_one(&f);
            assert_int_equal(sent != WEIR_OK ? sent : commit_offsets(&f, 1), failures[i]);
            assert_true(f.env.transaction.open);
            assert_int_equal(f.env.transaction.failed.code, failures[i]);
            f.calls[0] = '\0';
            assert_int_equal(commit_offsets(&f, 1), failures[i]);
            assert_calls(&f, "");
        }
    }
}

static void an_abort_makes_room_for_the_next_transaction(void **state)
{
    (void)state;
    fixture f;
    open(&f, &weir__exactly_once);
    assert_int_equal(drop(&f), WEIR_OK);
    assert_calls(&f, "");
    f.failing = "send";
    f.failure = WEIR_EABORTABLE;
    f.failures = 1;
    assert_int_equal(send_one(&f), WEIR_EABORTABLE);
    f.env.first_send_failure.code = WEIR_EBROKER;
    f.calls[0] = '\0';
    assert_int_equal(drop(&f), WEIR_OK);
    assert_calls(&f, "<abort-transaction> abort");
    assert_int_equal(f.env.first_send_failure.code, WEIR_OK);
    assert_int_equal(send_one(&f), WEIR_OK);
    assert_int_equal(commit_offsets(&f, 1), WEIR_OK);
    assert_calls(&f, "<begin-transaction> begin send <send-offsets> offsets <commit-transaction> "
                     "commit");
}

static void a_commit_is_repeated_until_its_outcome_is_known(void **state)
{
    (void)state;
    fixture f;
    open(&f, &weir__exactly_once);
    f.failing = "commit";
    f.failure = WEIR_ERETRY;
    f.failures = 2;
    assert_int_equal(send_one(&f), WEIR_OK);
    assert_int_equal(commit_offsets(&f, 0), WEIR_OK);
    assert_calls(&f,
                 "init <begin-transaction> begin send <commit-transaction> commit commit commit");
    f.failures = 100;
    assert_int_equal(send_one(&f), WEIR_OK);
    assert_int_equal(commit_offsets(&f, 0), WEIR_EFATAL);
    assert_int_equal(f.env.transaction.failed.code, WEIR_EFATAL);
    assert_non_null(strstr(f.env.transaction.failed.message, "outcome is not known"));
}

static void an_abort_that_does_not_end_leaves_the_transaction_open(void **state)
{
    (void)state;
    fixture f;
    open(&f, &weir__exactly_once);
    f.failing = "abort";
    f.failure = WEIR_ERETRY;
    f.failures = 100;
    assert_int_equal(send_one(&f), WEIR_OK);
    assert_int_equal(drop(&f), WEIR_ERETRY);
    assert_true(f.env.transaction.open);
    assert_false(f.env.transaction.aborting);
}

static void a_producer_fenced_while_it_begins_is_noted(void **state)
{
    (void)state;
    fixture f;
    weir_error error;
    open(&f, &weir__exactly_once);
    f.failing = "init";
    f.failure = WEIR_ETIMEOUT;
    f.failures = 1;
    assert_int_equal(f.env.guarantee->prepare(&f.env, &error), WEIR_ETIMEOUT);
    assert_int_equal(f.env.transaction.failed.code, WEIR_OK);
    f.failure = WEIR_EFENCED;
    f.failures = 1;
    assert_int_equal(f.env.guarantee->prepare(&f.env, &error), WEIR_ERETRY);
    assert_int_equal(f.env.transaction.failed.code, WEIR_EFENCED);
    f.env.transaction.failed.code = WEIR_OK;
    assert_int_equal(f.env.guarantee->prepare(&f.env, &error), WEIR_OK);
    assert_int_equal(f.env.guarantee->prepare(&f.env, &error), WEIR_OK);
    assert_calls(&f, "init init init");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_least_once_commits_offsets_with_the_consumer),
        cmocka_unit_test(a_transaction_begins_with_the_first_record),
        cmocka_unit_test(a_transaction_may_have_offsets_only_or_records_only),
        cmocka_unit_test(offsets_that_were_not_added_may_be_added_later),
        cmocka_unit_test(a_failed_transaction_is_not_committed),
        cmocka_unit_test(an_abort_makes_room_for_the_next_transaction),
        cmocka_unit_test(a_commit_is_repeated_until_its_outcome_is_known),
        cmocka_unit_test(an_abort_that_does_not_end_leaves_the_transaction_open),
        cmocka_unit_test(a_producer_fenced_while_it_begins_is_noted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
