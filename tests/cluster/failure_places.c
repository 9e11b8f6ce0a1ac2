/* SPDX-License-Identifier: Apache-2.0
 *
 * What fails in a call of the driver fails at the file and line of the call. */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/driver_cmocka.h>

#include "fixtures/word_count.h"

#define TEXT_MAX 4096
#define STRINGS &weir_string, &weir_string

/* The last failure that on_failure received. */
static struct {
    char file[256];
    int line;
    char message[TEXT_MAX];
    int count;
    jmp_buf *out; /* NULL: on_failure returns */
} last_failure;

static void take_failure(const char *file, int line, const char *message, void *user)
{
    (void)user;
    snprintf(last_failure.file, sizeof last_failure.file, "%s", file != NULL ? file : "(none)");
    snprintf(last_failure.message, sizeof last_failure.message, "%s", message);
    last_failure.line = line;
    last_failure.count++;
    if (last_failure.out != NULL) {
        longjmp(*last_failure.out, 1);
    }
}

static int set_up(void **state)
{
    weir_error error = {0};
    memset(&last_failure, 0, sizeof last_failure);
    *state = weir_cluster_new(
        &(weir_cluster_opts){.on_failure = take_failure, .livelock_ms = WEIR_MINUTES(10)}, &error);
    return *state != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    weir_cluster_free(*state);
    return 0;
}

static void assert_failed_at(const char *file, int line, const char *words)
{
    char place[512];
    snprintf(place, sizeof place, "%s:%d: ", file, line);
    if (last_failure.count != 1 || strcmp(last_failure.file, file) != 0 ||
        last_failure.line != line || strstr(last_failure.message, words) == NULL ||
        strstr(last_failure.message, place) == NULL) {
        fail_msg("'%s%s' expected, %d failures, the last one at %s:%d: %s", place, words,
                 last_failure.count, last_failure.file, last_failure.line, last_failure.message);
    }
    last_failure.count = 0;
}

static void assert_failed_without_a_place(const char *words)
{
    assert_string_equal(last_failure.file, "(none)");
    assert_int_equal(last_failure.line, 0);
    assert_non_null(strstr(last_failure.message, words));
    last_failure.count = 0;
}

/* The call fails once, at this line. */
#define FAILS(call, words)                                                                         \
    (call);                                                                                        \
    assert_failed_at(__FILE__, __LINE__, (words))

static weir_topology *no_topology(const weir_config *config, weir_error *error)
{
    (void)config;
    (void)error;
    return NULL;
}

static weir_instance *word_count(weir_cluster *cluster)
{
    weir_cluster_input(cluster, "word-counts", 1, &weir_string, &weir_i64);
    weir_cluster_input(cluster, "lines", 1, STRINGS);
    weir_instance *a = weir_cluster_start(cluster, "a", fixture_word_count, NULL);
    weir_run_until(cluster, weir_all_running, WEIR_MINUTES(2));
    return a;
}

static void mistakes_with_input_are_reported_with_their_place(void **state)
{
    weir_input in = weir_cluster_input(*state, "texts", 1, STRINGS);
    weir_slice key = weir_slice_of("key");
    FAILS(weir_input_pipe(in, "acc1", "hello"), "cannot send to texts: key: serde string");
    FAILS(weir_input_pipe((weir_input){0}, &key, &key), "weir_input_pipe: input is NULL");
    FAILS(weir_input_send_to(in, -2, &(weir_input_record){.key = &key}),
          "there is no partition -2");
    FAILS(weir_input_file(in, "/dev/null/x"), "cannot read /dev/null/x");
    FAILS(weir_cluster_topic_create(*state, "texts", 2),
          "cannot create topic texts: it has 1 partitions, not 2");
    FAILS(weir_cluster_topic_grow(*state, "texts", 1), "cannot add partitions");
}

static void a_missing_topic_is_reported_with_the_place_that_reads_it(void **state)
{
    weir_output out = weir_cluster_output(*state, "nothing", STRINGS);
    FAILS(weir_output_next(out), "cannot read topic nothing: it does not exist");
    FAILS(weir_output_size(out), "cannot read topic nothing: it does not exist");
}

static void an_instance_that_does_not_start_is_reported_with_its_place(void **state)
{
    FAILS(weir_cluster_start(*state, "a", no_topology, NULL), "cannot start: ");
    FAILS(weir_cluster_start(*state, "", fixture_word_count, NULL), "cannot start: instance ''");
    FAILS(weir_cluster_start(*state, "a", NULL, NULL), "topology is NULL");
}

static void a_wrong_state_of_an_instance_is_reported_with_the_place(void **state)
{
    weir_instance *a = word_count(*state);
    FAILS(weir_instance_restart(a), "restart: instance 'a' still runs");
    FAILS(weir_instance_wipe(a), "wipe: instance 'a' still runs");
    FAILS((void)weir_instance_close(NULL, -1), "weir_instance_close: instance is NULL");
    FAILS(weir_host_latency(weir_instance_host(a), -1), "a latency of -1 ms is negative");
}

static void an_unknown_store_is_reported_with_the_place_of_the_view(void **state)
{
    word_count(*state);
    weir_store_view view = weir_cluster_store(*state, "no-store", STRINGS);
    weir_slice key = weir_slice_of("key");
    FAILS(weir_store_view_get(view, &key), "store 'no-store'");
    FAILS(weir_store_view_all(view), "store 'no-store'");
}

/* ---- Waiting -------------------------------------------------------------------------------- */

static bool never(weir_cluster *cluster, void *unused)
{
    (void)cluster;
    (void)unused;
    return false;
}

/* Reads a topic that does not exist, at a line of its own. */
static bool fails_inside(weir_cluster *cluster, void *line)
{
    if (*(int *)line == 0) {
        *(int *)line = __LINE__ + 1;
        weir_cluster_topic_grow(cluster, "nothing", 9);
    }
    return true;
}

static void the_end_of_a_wait_is_reported_with_the_place_that_waits(void **state)
{
    jmp_buf out;
    static int line; /* written between setjmp and longjmp */
    last_failure.out = &out;
    if (setjmp(out) == 0) {
        line = __LINE__ + 1;
        weir_cluster_run_for(*state, WEIR_MINUTES(60));
    }
    assert_failed_at(__FILE__, line, "livelock: ");
}

static void the_end_of_a_wait_for_a_predicate_is_reported_with_its_place(void **state)
{
    jmp_buf out;
    static int line;
    last_failure.out = &out;
    if (setjmp(out) == 0) {
        line = __LINE__ + 1;
        weir_run_until(*state, never, WEIR_MINUTES(60));
    }
    assert_failed_at(__FILE__, line, "livelock: ");
}

/* The call inside has its own place, and the one around it has its own again afterwards. */
static void a_call_inside_of_a_predicate_has_its_own_place(void **state)
{
    int line = 0;
    weir_run_until_with(*state, fails_inside, &line, WEIR_MINUTES(1));
    assert_failed_at(__FILE__, line, "cannot add partitions");
    weir_output out = weir_cluster_output(*state, "nothing", STRINGS);
    FAILS(weir_rows_at(weir_output_all(out), 0), "cannot read topic nothing");
}

/* ---- Whose place it is ---------------------------------------------------------------------- */

static void a_helper_passes_the_place_of_its_caller_on(void **state)
{
    weir_output out = weir_cluster_output(*state, "nothing", STRINGS);
    assert_int_equal(weir_output_size_placed(out, "caller.c", 12), 0);
    assert_failed_at("caller.c", 12, "cannot read topic nothing");
    weir_cluster_trace_placed(*state, NULL, "caller.c", 13, "%s", "text");
    assert_failed_at("caller.c", 13, "weir_cluster_trace: kind is NULL");
    FAILS(weir_cluster_trace(*state, NULL, "%s", "text"), "weir_cluster_trace: kind is NULL");
}

static void a_call_through_a_pointer_has_no_place(void **state)
{
    size_t (*size)(weir_output) = weir_output_size;
    weir_output out = weir_cluster_output(*state, "nothing", STRINGS);
    assert_int_equal(size(out), 0);
    assert_failed_without_a_place("cannot read topic nothing");
}

static void without_a_cluster_the_place_is_reported_too(void **state)
{
    jmp_buf out;
    (void)state;
    memset(&last_failure, 0, sizeof last_failure);
    assert_null(
        weir_cluster_new(&(weir_cluster_opts){.brokers = -1, .on_failure = take_failure}, NULL));
    FAILS(weir_cluster_input(NULL, "in", 1, STRINGS), "weir_cluster_input: cluster is NULL");
    FAILS(weir_cluster_now_ms(NULL), "weir_cluster_now_ms: cluster is NULL");
    last_failure.out = &out;
    if (setjmp(out) == 0) {
        weir_cluster_now_ms(NULL);
    }
    last_failure.out = NULL;
    assert_string_equal(last_failure.file, __FILE__);
    assert_int_equal((weir_cluster_now_ms)(NULL), 0);
    assert_failed_without_a_place("weir_cluster_now_ms: cluster is NULL");
}

/* ---- All of them ---------------------------------------------------------------------------- */

#define HEADER_MAX ((size_t)1 << 17)

static char *read_header(const char *name)
{
    char path[1024];
    char *text = calloc(1, HEADER_MAX);
    snprintf(path, sizeof path, "%s/driver/include/weir/%s", WEIR_SOURCE_DIR, name);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    assert_non_null(text);
    assert_in_range(fread(text, 1, HEADER_MAX - 1, file), 1, HEADER_MAX - 2);
    fclose(file);
    return text;
}

/* Those of a name in _at have one by their arguments; weir_cluster_new has a weir_error. */
static bool needs_no_macro(const char *name)
{
    return strcmp(name, "weir_cluster_new") == 0 || strcmp(name, "weir_sync_new") == 0 ||
           strcmp(name, "weir_cluster_run_until_at") == 0 ||
           strcmp(name, "weir_cluster_fail_at") == 0 || strcmp(name, "weir_sync_fail_at") == 0 ||
           strncmp(name, "weir_assert_", 12) == 0;
}

/* Returns the number of functions. */
static int assert_macros(const char *header, const char *places)
{
    char *functions = read_header(header);
    int count = 0;
    for (char *at = functions; (at = strstr(at, "\nWEIR_API ")) != NULL; count++) {
        char macro[128];
        char *end = strchr(at, '(');
        assert_non_null(end);
        *end = '\0';
        const char *name = strstr(at + strlen("\nWEIR_API "), "weir_");
        for (const char *next = name; (next = strpbrk(next, " *")) != NULL; name = ++next) {
        }
        at = end + 1;
        snprintf(macro, sizeof macro, "#define %s(", name);
        if (!needs_no_macro(name) && strstr(places, macro) == NULL) {
            fail_msg("driver_places.h has no macro %s", name);
        }
    }
    free(functions);
    return count;
}

static void every_function_of_the_drivers_has_a_macro_with_the_place(void **state)
{
    (void)state;
    char *places = read_header("driver_places.h");
    int count = assert_macros("driver.h", places) + assert_macros("driver_io.h", places) +
                assert_macros("driver_sync.h", places);
    assert_in_range(count, 95, 200);
    free(places);
}

int main(void)
{
#define PLACE_TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        PLACE_TEST(mistakes_with_input_are_reported_with_their_place),
        PLACE_TEST(a_missing_topic_is_reported_with_the_place_that_reads_it),
        PLACE_TEST(an_instance_that_does_not_start_is_reported_with_its_place),
        PLACE_TEST(a_wrong_state_of_an_instance_is_reported_with_the_place),
        PLACE_TEST(an_unknown_store_is_reported_with_the_place_of_the_view),
        PLACE_TEST(the_end_of_a_wait_is_reported_with_the_place_that_waits),
        PLACE_TEST(the_end_of_a_wait_for_a_predicate_is_reported_with_its_place),
        PLACE_TEST(a_call_inside_of_a_predicate_has_its_own_place),
        PLACE_TEST(a_helper_passes_the_place_of_its_caller_on),
        PLACE_TEST(a_call_through_a_pointer_has_no_place),
        cmocka_unit_test(every_function_of_the_drivers_has_a_macro_with_the_place),
        cmocka_unit_test(without_a_cluster_the_place_is_reported_too),
    };
    return cmocka_run_group_tests_name("failure_places", tests, NULL, NULL);
}
