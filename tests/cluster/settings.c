/* SPDX-License-Identifier: Apache-2.0
 *
 * Settings that make a difference only in a running application. */
#include <weir/dsl.h>

#include "support/heard.h"

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

static weir_topology *count_moved(const weir_config *config, weir_error *error)
{
    static const char *const own[] = {"segment.bytes", "7000", NULL};
    weir_builder *b = weir_builder_new();
    weir_stream in = weir_source(b, "in", &weir_string, &weir_string, NULL);
    weir_stream moved = weir_repartition(in, "moved", NULL);
    weir_count(weir_group_by_key(moved, NULL), "plain", NULL);
    weir_count(weir_group_by_key(moved, NULL), "special",
               &(weir_store_opts){.changelog_config = own});
    return weir_build(b, config, error);
}

static void topic_settings_are_those_of_internal_topics(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    const weir_mock *mock = weir_cluster_mock(cluster);
    weir_cluster_input(cluster, "in", 1, &weir_string, &weir_string);
    weir_cluster_start(cluster, "a", count_moved,
                       &(weir_instance_opts){.config = LIST("topic.segment.bytes", "6000",
                                                            "topic.retention.ms", "5000")});
    weir_run_until(cluster, weir_all_running, WEIR_MINUTES(1));
    assert_string_equal(weir_mock_topic_config(mock, "app-plain-changelog", "segment.bytes"),
                        "6000");
    assert_string_equal(weir_mock_topic_config(mock, "app-plain-changelog", "cleanup.policy"),
                        "compact");
    assert_string_equal(weir_mock_topic_config(mock, "app-special-changelog", "segment.bytes"),
                        "7000");
    assert_string_equal(weir_mock_topic_config(mock, "app-moved-repartition", "segment.bytes"),
                        "6000");
    assert_string_equal(weir_mock_topic_config(mock, "app-moved-repartition", "retention.ms"),
                        "5000");
}

static void an_old_name_is_told_in_the_log(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    heard *told = heard_new(state);
    weir_cluster_input(cluster, "in", 1, &weir_string, &weir_string);
    heard_start(cluster, told, "a", count_moved, LIST("cache.max.bytes.buffering", "0"));
    assert_in(weir__buf_text(&told->log), "4 settings: cache.max.bytes.buffering is an old name: "
                                          "write statestore.cache.max.bytes\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cluster_test(topic_settings_are_those_of_internal_topics),
        cluster_test(an_old_name_is_told_in_the_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
