/* SPDX-License-Identifier: Apache-2.0
 *
 * One instance of the word count: from start to close, and the topics that it makes. */
#include "support/apps.h"

static void make_topics(apps *all)
{
    mock_create(all->mock, "lines", 4);
    mock_create(all->mock, "word-counts", 4);
}

static void one_instance_counts_words(void **state)
{
    apps *all = *state;
    make_topics(all);
    send_line(all, "lines", 0, "hello world");
    send_line(all, "lines", 1, "hello weir");
    app *a = app_start(all, "a", fixture_word_count, NULL);
    app_run_until(all, app_is(a, WEIR_STATE_RUNNING), 30);
    send_line(all, "lines", 3, "hello again");
    app_run_until(all, count_of(all, "word-counts", "hello", NULL) == 3, 30);
    app_close(a);
    assert_int_equal(count_of(all, "word-counts", "again", NULL), 1);
    assert_int_equal(committed(all, "lines", 0), 1);
    assert_int_equal(committed(all, "lines", 2), -1);
    assert_int_equal(committed(all, "lines", 3), 1);
    assert_string_equal(weir__buf_text(&a->states),
                        "REBALANCING RUNNING PENDING_SHUTDOWN NOT_RUNNING ");
    assert_no_failure(all->mock);
}

static void assert_setting(const apps *all, const char *topic, const char *name, const char *value)
{
    const char *found = weir_mock_topic_config(all->mock, topic, name);
    assert_non_null(found);
    assert_string_equal(found, value);
}

/* A changelog keeps the last row of each key for ever; a repartition topic keeps all until it is
 * purged. */
static void internal_topics_keep_the_records_still_needed(void **state)
{
    apps *all = *state;
    make_topics(all);
    app *a = app_start(all, "a", fixture_word_count, NULL);
    app_run_until(all, app_is(a, WEIR_STATE_RUNNING), 30);
    app_close(a);
    assert_setting(all, "app-counts-changelog", "cleanup.policy", "compact");
    assert_setting(all, "app-counts-changelog", "message.timestamp.type", "CreateTime");
    assert_setting(all, "app-by-word-repartition", "cleanup.policy", "delete");
    assert_setting(all, "app-by-word-repartition", "retention.ms", "-1");
    assert_setting(all, "app-by-word-repartition", "message.timestamp.type", "CreateTime");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        apps_test(one_instance_counts_words),
        apps_test(internal_topics_keep_the_records_still_needed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
