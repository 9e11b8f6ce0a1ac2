/* SPDX-License-Identifier: Apache-2.0
 *
 * The admin client on a mock cluster. */
#include "unit/client_kit.h"

static void open_admin(fixture *f, weir__admin **admin)
{
    weir_error error = {0};
    must(weir__admin_new(&f->opts, admin, &error), &error);
}

static void topics_are_created_with_their_settings(void **state)
{
    fixture *f = *state;
    weir_error error = {0};
    weir__admin *admin;
    int32_t partitions[3] = {0};
    static const char *const compact[] = {"cleanup.policy", "compact", "retention.ms", "-1", NULL};
    static const char *const names[] = {"new", "other", "nowhere"};
    open_admin(f, &admin);
    weir__new_topic topics[] = {{"new", 6, -1, compact}, {"other", 2, 1, NULL}, {"t", 4, 1, NULL}};
    must(weir__admin_create_topics(admin, topics, 3, &error), &error);
    assert_int_equal(weir_mock_topic_partitions(f->mock, "new"), 6);
    assert_string_equal(weir_mock_topic_config(f->mock, "new", "cleanup.policy"), "compact");
    assert_string_equal(weir_mock_topic_config(f->mock, "new", "retention.ms"), "-1");
    must(weir__admin_describe_topics(admin, names, 3, partitions, &error), &error);
    assert_int_equal(partitions[0], 6);
    assert_int_equal(partitions[1], 2);
    assert_int_equal(partitions[2], -1);
    assert_int_equal(weir_mock_topic_partitions(f->mock, "nowhere"), -1);
    weir__admin_close(admin);
}

static void find_names(const char *topic, int32_t partitions, void *user)
{
    int *found = user;
    assert_true(partitions >= 1);
    *found |= strcmp(topic, "one") == 0 ? 1 : 0;
    *found |= strcmp(topic, "new") == 0 ? 2 : 0;
    *found |= strcmp(topic, "nowhere") == 0 ? 4 : 0;
}

static void the_topics_of_the_brokers_are_listed(void **state)
{
    fixture *f = *state;
    weir_error error = {0};
    weir__admin *admin;
    int found = 0;
    open_admin(f, &admin);
    must(weir__admin_create_topics(admin, &(weir__new_topic){"new", 1, -1, NULL}, 1, &error),
         &error);
    must(weir__admin_list_topics(admin, find_names, &found, &error), &error);
    assert_int_equal(found, 1 | 2);
    weir__admin_close(admin);
}

static void a_topic_that_cannot_be_is_named(void **state)
{
    fixture *f = *state;
    weir_error error = {0};
    weir__admin *admin;
    open_admin(f, &admin);
    weir__new_topic odd = {"no good name", 1, 1, NULL};
    assert_int_not_equal(weir__admin_create_topics(admin, &odd, 1, &error), WEIR_OK);
    assert_non_null(strstr(error.message, "creating no good name: "));
    weir__new_topic none = {"none", 0, 1, NULL};
    assert_int_not_equal(weir__admin_create_topics(admin, &none, 1, &error), WEIR_OK);
    must(weir__admin_create_topics(admin, NULL, 0, &error), &error);
    weir__admin_close(admin);
}

static void the_broker_returns_start_and_end(void **state)
{
    fixture *f = *state;
    weir_error error = {0};
    weir__admin *admin;
    int64_t start = -1;
    int64_t end = -1;
    open_admin(f, &admin);
    send_numbers(f, "one", 0, 7);
    must(weir__admin_query_offsets(admin, (weir__topic_partition){"one", 0}, &start, &end, &error),
         &error);
    assert_int_equal(start, 0);
    assert_int_equal(end, 7);
    assert_int_equal(weir__admin_query_offsets(admin, (weir__topic_partition){"nowhere", 0}, &start,
                                               &end, &error),
                     WEIR_EMISSING_TOPIC);
    weir__admin_close(admin);
}

static void the_broker_returns_the_offset_of_a_time(void **state)
{
    fixture *f = *state;
    weir_error error = {0};
    weir__admin *admin;
    const weir__topic_partition one = {"one", 0};
    int64_t offset = -1;
    open_admin(f, &admin);
    send_numbers(f, "one", 0, 7);
    must(weir__admin_query_time(admin, one, 0, &offset, &error), &error);
    assert_int_equal(offset, 0);
    must(weir__admin_query_time(admin, one, INT64_MAX, &offset, &error), &error);
    assert_int_equal(offset, 7); /* no record is so young: the end */
    assert_int_not_equal(
        weir__admin_query_time(admin, (weir__topic_partition){"nowhere", 0}, 0, &offset, &error),
        WEIR_OK);
    assert_non_null(strstr(error.message, "asking for the offsets of nowhere[0]"));
    weir__admin_close(admin);
}

static void records_before_an_offset_are_deleted(void **state)
{
    fixture *f = *state;
    weir_error error = {0};
    weir__admin *admin;
    int64_t start = -1;
    int64_t end = -1;
    open_admin(f, &admin);
    send_numbers(f, "t", 0, 10);
    send_numbers(f, "t", 1, 10);
    weir__offset before[] = {{{"t", 0}, 4, NULL}, {{"t", 1}, 10, NULL}};
    must(weir__admin_delete_records(admin, before, 2, &error), &error);
    weir_mock_partition_offsets(f->mock, "t", 0, &start, &end);
    assert_int_equal(start, 4);
    weir_mock_partition_offsets(f->mock, "t", 1, &start, &end);
    assert_int_equal(start, 10);
    weir__offset past = {{"t", 0}, 11, NULL};
    assert_int_equal(weir__admin_delete_records(admin, &past, 1, &error), WEIR_ERANGE);
    assert_non_null(strstr(error.message, "t[0]"));
    weir__offset at = {{"t", 0}, 0, NULL};
    assign(f, &at, 1);
    weir_err err = WEIR_OK;
    for (int i = 0; i < POLLS_MAX && err == WEIR_OK; i++) {
        weir__message *message;
        size_t got;
        err = weir__consumer_poll(f->consumer, POLL_MS, &message, 1, &got, &error);
        assert_int_equal(got, 0);
    }
    assert_int_equal(err, WEIR_ERANGE);
    weir__admin_close(admin);
}

static void count_member(const char *member_id, const char *client_id, void *user)
{
    int *count = user;
    assert_true(member_id[0] != '\0');
    assert_string_equal(client_id, "test");
    (*count)++;
}

static void members_of_a_group_are_listed(void **state)
{
    fixture *f = *state;
    weir_error error = {0};
    weir__admin *admin;
    weir__consumer *member;
    size_t members = 7;
    int members_seen = 0;
    int32_t generation;
    const char *id;
    static const char *const topics[] = {"t", NULL};
    open_admin(f, &admin);
    must(weir__consumer_new(&f->opts, WEIR__MAIN_CONSUMER, NULL, &member, &error), &error);
    must(weir__consumer_subscribe(member, topics, &error), &error);
    for (int i = 0; i < POLLS_MAX && weir__consumer_membership(member, &generation, &id) != WEIR_OK;
         i++) {
        weir__message *message;
        size_t got;
        must(weir__consumer_poll(member, POLL_MS, &message, 1, &got, &error), &error);
    }
    must(weir__admin_describe_group(admin, "client-test", count_member, &members_seen, &members,
                                    &error),
         &error);
    assert_int_equal(members, 1);
    assert_int_equal(members_seen, 1);
    weir__consumer_close(member);
    must(weir__admin_describe_group(admin, "client-test", NULL, NULL, &members, &error), &error);
    assert_int_equal(members, 0);
    weir__admin_close(admin);
}

static char logged[4096];

static void keep_log(int level, const char *text, void *user)
{
    (void)level;
    (void)user;
    size_t len = strlen(logged);
    snprintf(logged + len, sizeof logged - len, "%s\n", text);
}

/* The name is the client.id. librdkafka's own name counts the admin client as a consumer. */
static void a_client_is_logged_by_its_id(void **state)
{
    fixture *f = *state;
    weir_error error = {0};
    weir__admin *admin = NULL;
    weir__client_opts opts = f->opts;
    opts.log.fn = keep_log;
    opts.client_id = "app-admin";
    logged[0] = '\0';
    must(weir_config_set(f->config, "bootstrap.servers", "127.0.0.1:1", &error), &error);
    must(weir__admin_new(&opts, &admin, &error), &error);
    weir_sim_sleep_us(2000000);
    weir__admin_close(admin);
    assert_int_equal(strncmp(logged, "app-admin FAIL: ", 16), 0);
    assert_null(strstr(logged, "#consumer"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(topics_are_created_with_their_settings),  test(the_topics_of_the_brokers_are_listed),
        test(a_topic_that_cannot_be_is_named),         test(the_broker_returns_start_and_end),
        test(the_broker_returns_the_offset_of_a_time), test(records_before_an_offset_are_deleted),
        test(members_of_a_group_are_listed),           test(a_client_is_logged_by_its_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
