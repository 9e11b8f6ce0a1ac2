/* SPDX-License-Identifier: Apache-2.0
 *
 * Topologies as data: what a plan that is wrong is told, and one that is right does. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/driver_cmocka.h>
#include <weir/driver_sync.h>
#include <weir/plans.h>

#define STRINGS &weir_string, &weir_string
#define STREAM_2 "{'id':'s2','op':'stream','topics':['in2'],'key':'string','value':'string'}"
#define STREAM "{'id':'s','op':'stream','topics':['in'],'key':'string','value':'string'}"

/* JSON with single quotes. */
static weir_plan *read_plan(const char *text, weir_error *error)
{
    char *json = strdup(text);
    assert_non_null(json);
    for (char *at = json; *at != '\0'; at++) {
        *at = *at == '\'' ? '"' : *at;
    }
    weir_plan *plan = weir_plan_read(json, strlen(json), error);
    free(json);
    return plan;
}

/* The plan cannot be built; the message has this text. */
static void assert_refused(const char *text, weir_err code, const char *message)
{
    weir_error error = {0};
    weir_plan *plan = read_plan(text, &error);
    weir_topology *topology = plan != NULL ? weir_plan_build(NULL, &error, plan) : NULL;
    assert_null(topology);
    if (error.code != code || strstr(error.message, message) == NULL) {
        fail_msg("%s: %s: %s instead of %s", text, weir_err_name(error.code), error.message,
                 message);
    }
    weir_plan_free(plan);
}

static void a_plan_that_is_no_list_of_operators_is_refused(void **state)
{
    (void)state;
    assert_refused("", WEIR_EINVAL, "no JSON");
    assert_refused("[", WEIR_EINVAL, "byte 1");
    assert_refused("7", WEIR_EINVAL, "list of operators");
    assert_refused("{'plan':{}}", WEIR_EINVAL, "list of operators");
    assert_refused("[7]", WEIR_EINVAL, "'op'");
    assert_refused("[{'op':1}]", WEIR_EINVAL, "'op'");
    assert_refused("[null]", WEIR_EINVAL, "'op'");
    assert_refused("[{'op':'stream','topics':['in\\u0000x']}]", WEIR_EINVAL,
                   "the character U+0000, behind 'in'");
    assert_refused("[{'op\\u0000':'stream'}]", WEIR_EINVAL, "the character U+0000, behind 'op'");
}

static void texts_beside_the_plan_may_have_any_character(void **state)
{
    (void)state;
    weir_error error = {0};
    weir_plan *plan = read_plan("{'plan':[" STREAM "],'error':'a\\u0000b'}", &error);
    assert_string_equal(error.message, "");
    assert_non_null(plan);
    weir_plan_free(plan);
}

static void a_member_that_an_operator_would_ignore_is_refused(void **state)
{
    (void)state;
    static const char global[] =
        "{'id':'g','op':'global_table','topic':'g','key':'string','value':'string',"
        "'store':{'name':'g'}}";
    static const char table[] =
        "{'id':'t','op':'table','topic':'t','key':'string','value':'string','store':{'name':'t'}}";
    static const char other[] =
        "{'id':'u','op':'table','topic':'u','key':'string','value':'string','store':{'name':'u'}}";
    static const struct {
        const char *sources[2];
        const char *join;
        const char *message;
    } rows[] = {
        {{STREAM, global},
         "'op':'join','of':'s','with':'g','joiner':'concat','grace_ms':5",
         "'grace_ms' is not for a join with a global table"},
        {{STREAM, table},
         "'op':'join','of':'s','with':'t','joiner':'concat','windows':{}",
         "'windows' is not for a join with a table"},
        {{STREAM, table},
         "'op':'left_join','of':'s','with':'t','joiner':'concat','key_fn':'value_prefix'",
         "'key_fn' is not for a join by the key of the records"},
        {{table, other},
         "'op':'join','of':'t','with':'u','joiner':'concat','grace_ms':0",
         "'grace_ms' is not for a join of two tables"},
        {{table, other},
         "'op':'fk_join','of':'t','with':'u','joiner':'concat','foreign_fn':'value_itself',"
         "'grace_ms':0",
         "'grace_ms' is not for a join by foreign key"},
        {{STREAM, STREAM_2},
         "'op':'join','of':'s','with':'s2','joiner':'concat','grace_ms':0,"
         "'windows':{'before_ms':1,'after_ms':1,'grace_ms':0}",
         "'grace_ms' is not for a join of two streams: it is a member of 'windows'"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char plan[1024];
        snprintf(plan, sizeof plan, "[%s,%s,{'id':'j',%s}]", rows[i].sources[0], rows[i].sources[1],
                 rows[i].join);
        assert_refused(plan, WEIR_EINVAL, rows[i].message);
    }
}

static void an_error_names_the_operator(void **state)
{
    (void)state;
    assert_refused("[{'id':'s','op':'stream','key':'string'}]", WEIR_EINVAL,
                   "operator 's': 'value' is missing");
    assert_refused("[{'id':'s','op':'stream','topics':'in','key':'string','value':'string'}]",
                   WEIR_EINVAL, "operator 's': 'topics' must be a list");
    assert_refused("[{'id':'s','op':'stream','topics':[1],'key':'string','value':'string'}]",
                   WEIR_EINVAL, "operator 's': 'topics' must be a list of texts");
    assert_refused("[{'id':'s','op':'stream','topics':['in'],'key':'text','value':'string'}]",
                   WEIR_EINVAL, "operator 's': 'key': no type is named 'text'");
    assert_refused("[{'id':'f','op':'filter','of':'s','predicate':'always'}]", WEIR_EINVAL,
                   "operator 'f': 'of' names no operator before this one: 's'");
    assert_refused("[" STREAM ",{'id':'t','op':'to','of':'s'}]", WEIR_EINVAL,
                   "operator 't': 'topic' is missing");
    assert_refused("[" STREAM "," STREAM "]", WEIR_EEXISTS, "operator 's': ");
    assert_refused("[" STREAM ",{'id':'r','op':'repartition','of':'s','partitions':1e3}]",
                   WEIR_EINVAL, "operator 'r': 'partitions' must be an integer");
    assert_refused("[" STREAM ",{'id':'r','op':'repartition','of':'s','partitions':4294967296}]",
                   WEIR_EINVAL, "operator 'r': 'partitions' is beyond");
}

static void a_function_on_values_of_another_type_is_refused(void **state)
{
    (void)state;
    assert_refused("[" STREAM ",{'id':'m','op':'map_values','of':'s','fn':'negate'}]", WEIR_ETYPE,
                   "operator 'm': negate reads i64 values, not string");
    assert_refused("[" STREAM ",{'id':'m','op':'map_values','of':'s','fn':'upper','value':'i64'}]",
                   WEIR_ETYPE, "operator 'm': 'value' states i64, but the operator gives string");
    assert_refused("[" STREAM ",{'id':'g','op':'group_by_key','of':'s'},{'id':'a','op':'aggregate',"
                   "'of':'g','initializer':'zero','aggregator':'concat_comma'}]",
                   WEIR_ETYPE, "operator 'a': concat_comma reads i64 aggregates, not string");
}

static void a_store_of_another_type_than_its_processor_needs_is_refused(void **state)
{
    (void)state;
    static const char process[] = "{'id':'p','op':'process','of':'s','processor':'seen_count',"
                                  "'stores':['st']}";
    char text[1024];
    snprintf(text, sizeof text,
             "[{'op':'add_store','key':'string','value':'string','store':{'name':'st'}}," STREAM
             ",%s]",
             process);
    assert_refused(text, WEIR_ETYPE,
                   "operator 'p': seen_count needs a store of string keys and i64 values; 'st' has "
                   "string and string");
    assert_refused("[" STREAM ",{'id':'p','op':'process','of':'s','processor':'dedupe'}]",
                   WEIR_EINVAL, "operator 'p': 'stores' must name the store of dedupe");
    assert_refused("[" STREAM ",{'id':'p','op':'process','of':'s','processor':'route_by_value'}]",
                   WEIR_EINVAL, "operator 'p': 'first' is missing");
}

static void what_weir_lacks_is_said(void **state)
{
    (void)state;
    assert_refused("[{'id':'x','op':'teleport'}]", WEIR_EUNSUPPORTED,
                   "operator 'x': Weir does not have the operator teleport");
    assert_refused("[" STREAM ",{'id':'x','op':'count','of':'s'}]", WEIR_EUNSUPPORTED,
                   "operator 'x': Weir does not have count of a stream");
    assert_refused("[" STREAM ",{'id':'m','op':'map_values','of':'s','fn':'shuffle'}]",
                   WEIR_EUNSUPPORTED,
                   "operator 'm': Weir does not have the value function shuffle");
}

static void count_topics(weir_plan_topic use, const char *topic, void *user)
{
    int *counts = user;
    assert_string_equal(topic, use == WEIR_PLAN_SOURCE ? "in" : "out");
    counts[use]++;
}

static void a_plan_can_be_built_again_and_runs(void **state)
{
    (void)state;
    weir_error error = {0};
    int counts[2] = {0, 0};
    weir_plan *plan = read_plan("{'plan':[" STREAM ",{'id':'u','op':'map_values','of':'s',"
                                "'fn':'upper'},{'id':'t','op':'to','of':'u','topic':'out'}]}",
                                &error);
    assert_non_null(plan);
    weir_plan_each_topic(plan, count_topics, counts);
    assert_int_equal(counts[WEIR_PLAN_SOURCE], 1);
    assert_int_equal(counts[WEIR_PLAN_SINK], 1);
    for (int i = 0; i < 2; i++) {
        weir_sync_opts opts = {
            .build = weir_plan_build, .build_user = plan, .on_failure = weir_cmocka_failure};
        weir_sync *sync = weir_sync_new(NULL, &opts, &error);
        assert_non_null(sync);
        weir_input_text(weir_sync_input(sync, "in", STRINGS), "k", "hello");
        const weir_row *row = weir_output_next(weir_sync_output(sync, "out", STRINGS));
        assert_true(weir_slice_equal(*(const weir_slice *)row->value, weir_slice_of("HELLO")));
        weir_sync_free(sync);
    }
    weir_plan_free(plan);
}

static void without_a_cache_the_deletion_of_an_unknown_key_is_forwarded(void **state)
{
    (void)state;
    weir_error error = {0};
    weir_plan *plan = read_plan("[{'id':'t','op':'table','topic':'in','key':'string',"
                                "'value':'string','store':{'name':'t'}},"
                                "{'id':'o','op':'to','of':'t','topic':'out'}]",
                                &error);
    static const char *const config[] = {"statestore.cache.max.bytes", "0", NULL};
    weir_sync_opts opts = {.build = weir_plan_build,
                           .build_user = plan,
                           .config = config,
                           .commit_interval = true,
                           .on_failure = weir_cmocka_failure};
    weir_sync *sync = weir_sync_new(NULL, &opts, &error);
    assert_non_null(sync);
    weir_input_text(weir_sync_input(sync, "in", STRINGS), "k", NULL);
    weir_sync_commit(sync);
    assert_int_equal(weir_output_size(weir_sync_output(sync, "out", STRINGS)), 1);
    weir_sync_free(sync);
    weir_plan_free(plan);
}

static void nulls_are_refused(void **state)
{
    (void)state;
    weir_error error = {0};
    assert_null(weir_plan_read(NULL, 0, &error));
    assert_int_equal(error.code, WEIR_EINVAL);
    assert_null(weir_plan_build(NULL, &error, NULL));
    assert_int_equal(error.code, WEIR_EINVAL);
    assert_null(weir_plan_read("", 0, NULL));
    weir_plan_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plan_that_is_no_list_of_operators_is_refused),
        cmocka_unit_test(texts_beside_the_plan_may_have_any_character),
        cmocka_unit_test(an_error_names_the_operator),
        cmocka_unit_test(a_member_that_an_operator_would_ignore_is_refused),
        cmocka_unit_test(a_function_on_values_of_another_type_is_refused),
        cmocka_unit_test(a_store_of_another_type_than_its_processor_needs_is_refused),
        cmocka_unit_test(what_weir_lacks_is_said),
        cmocka_unit_test(a_plan_can_be_built_again_and_runs),
        cmocka_unit_test(without_a_cache_the_deletion_of_an_unknown_key_is_forwarded),
        cmocka_unit_test(nulls_are_refused),
    };
    return cmocka_run_group_tests_name("plans", tests, NULL, NULL);
}
