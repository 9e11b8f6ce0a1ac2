/* SPDX-License-Identifier: Apache-2.0
 *
 * A program creates its own topics. */
#include "support/mock.h"

#include <weir/admin.h>

#include "fixtures/id_mapping.h"
#include "fixtures/topics.h"

static weir_config *config_for(const weir_mock *mock)
{
    weir_config *config = weir_config_new();
    assert_non_null(config);
    assert_int_equal(weir_config_set(config, "bootstrap.servers", weir_mock_bootstrap(mock), NULL),
                     WEIR_OK);
    return config;
}

static void create(const weir_config *config, const weir_topic_spec *topics, size_t count)
{
    weir_error error;
    if (weir_create_topics(config, topics, count, &error) != WEIR_OK) {
        fail_msg("%s", error.message);
    }
}

static void topics_get_their_partitions_and_settings(void **state)
{
    weir_config *config = config_for(*state);
    const char *const compacted[] = {"cleanup.policy", "compact", NULL};
    const weir_topic_spec topics[] = {{.name = "events", .partitions = 6},
                                      {.name = "people", .partitions = 2, .config = compacted}};
    create(config, topics, 2);
    assert_int_equal(weir_mock_topic_partitions(*state, "events"), 6);
    assert_int_equal(weir_mock_topic_partitions(*state, "people"), 2);
    assert_string_equal(weir_mock_topic_config(*state, "people", "cleanup.policy"), "compact");
    weir_config_free(config);
}

static void a_topic_that_exists_is_left_as_it_is(void **state)
{
    weir_config *config = config_for(*state);
    mock_create(*state, "events", 3);
    create(config, &(weir_topic_spec){.name = "events", .partitions = 6}, 1);
    assert_int_equal(weir_mock_topic_partitions(*state, "events"), 3);
    weir_config_free(config);
}

static void no_topics_need_no_cluster(void **state)
{
    (void)state;
    weir_config *config = weir_config_new();
    assert_int_equal(weir_create_topics(config, NULL, 0, NULL), WEIR_OK);
    weir_config_free(config);
}

static void a_refused_topic_is_named(void **state)
{
    weir_config *config = config_for(*state);
    weir_error error;
    const weir_topic_spec topic = {.name = "no such name", .partitions = 1};
    assert_int_not_equal(weir_create_topics(config, &topic, 1, &error), WEIR_OK);
    assert_non_null(strstr(error.message, "no such name"));
    weir_config_free(config);
}

static void an_address_without_a_listener_is_named(void **state)
{
    weir_config *config = config_for(*state);
    weir_error error;
    const weir_topic_spec topic = {.name = "events", .partitions = 1};
    assert_int_equal(weir_config_set(config, "bootstrap.servers", "127.0.0.1:1", NULL), WEIR_OK);
    assert_true(weir_err_is_retriable(weir_create_topics(config, &topic, 1, &error)));
    assert_non_null(strstr(error.message, "bootstrap.servers 127.0.0.1:1: creating topics"));
    weir_config_free(config);
}

static void the_topics_of_a_program_come_from_its_settings(void **state)
{
    weir_config *config = config_for(*state);
    weir_error error;
    assert_int_equal(weir_config_set(config, "app.topic.events", "events-v2", NULL), WEIR_OK);
    assert_int_equal(weir_config_set(config, "app.topic.events.partitions", "7", NULL), WEIR_OK);
    if (fixture_topics_create(config, fixture_id_mapping_topics, &error) != WEIR_OK) {
        fail_msg("%s", error.message);
    }
    assert_int_equal(weir_mock_topic_partitions(*state, "events-v2"), 7);
    assert_int_equal(weir_mock_topic_partitions(*state, "events"), -1);
    assert_int_equal(weir_mock_topic_partitions(*state, "registrations"), 4);
    assert_int_equal(weir_mock_topic_partitions(*state, "registrations-by-phone"), 4);
    assert_int_equal(weir_mock_topic_partitions(*state, "identities"), 4);
    weir_config_free(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        mock_test(topics_get_their_partitions_and_settings),
        mock_test(a_topic_that_exists_is_left_as_it_is),
        cmocka_unit_test(no_topics_need_no_cluster),
        mock_test(a_refused_topic_is_named),
        mock_test(an_address_without_a_listener_is_named),
        mock_test(the_topics_of_a_program_come_from_its_settings),
    };
    return cmocka_run_group_tests_name("create_topics", tests, NULL, NULL);
}
