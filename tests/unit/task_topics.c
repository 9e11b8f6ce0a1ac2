/* SPDX-License-Identifier: Apache-2.0
 *
 * Suspended tasks whose topics change with an assignment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <weir/dsl.h>

#include "cluster/task_topics.h"
#include "task/inputs.h"

typedef struct fixture {
    weir_topology *topology;
    weir__task_env env;
    weir__assignment assignment;
    weir__task task;
} fixture;

static const weir__topic_count topics[] = {{"in-1", 1}, {"in-2", 1}};

/* The task has run with the first topic, and is suspended. */
static void open(fixture *f)
{
    weir_error error = {0};
    weir_builder *b = weir_builder_new();
    weir_to(weir_source_pattern(b, "in-.*", &weir_string, &weir_string, NULL), "out", NULL);
    *f = (fixture){.topology = weir_build(b, NULL, &error)};
    assert_string_equal(error.message, "");
    f->env.topology = f->topology;
    f->env.application = "app";
    f->assignment.topics = topics;
    f->assignment.topic_count = 1;
    f->task.env = &f->env;
    weir__task_topics first = weir__assigned_topics(&f->assignment);
    assert_int_equal(weir__task_inputs_open(&f->task, &first), WEIR_OK);
    f->task.state = WEIR__TASK_SUSPENDED;
    f->task.graph_open = true;
    f->assignment.topic_count = 2;
}

static void end(fixture *f)
{
    weir__task_inputs_close(&f->task);
    weir_topology_free(f->topology);
}

static bool is_kept(fixture *f, bool consecutive)
{
    weir_error error = {0};
    bool keep = false;
    weir_err err = weir__task_follow_topics(&f->task, &f->assignment, consecutive, &keep, &error);
    assert_string_equal(error.message, "");
    assert_int_equal(err, WEIR_OK);
    return keep;
}

static void a_task_takes_a_new_topic_and_keeps_its_stores(void **state)
{
    (void)state;
    fixture f;
    open(&f);
    assert_true(is_kept(&f, true));
    assert_int_equal(f.task.queue_count, 2);
    assert_string_equal(f.task.queues[1].topic, "in-2");
    assert_true(f.task.new_topics);
    end(&f);
}

static void a_task_that_another_member_may_have_run_is_made_again(void **state)
{
    (void)state;
    fixture f;
    open(&f);
    assert_false(is_kept(&f, false));
    end(&f);
}

/* Its queues have no committed offsets yet by which to see whether another member has run it. */
static void so_is_one_that_has_not_started_with_its_new_topics(void **state)
{
    (void)state;
    fixture f;
    open(&f);
    assert_true(is_kept(&f, true));
    assert_true(is_kept(&f, true));
    assert_false(is_kept(&f, false));
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_task_takes_a_new_topic_and_keeps_its_stores),
        cmocka_unit_test(a_task_that_another_member_may_have_run_is_made_again),
        cmocka_unit_test(so_is_one_that_has_not_started_with_its_new_topics),
    };
    return cmocka_run_group_tests_name("task_topics", tests, NULL, NULL);
}
