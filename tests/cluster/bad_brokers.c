/* SPDX-License-Identifier: Apache-2.0
 *
 * Bootstrap servers that do not answer, or are no Kafka brokers: the client logs them and waits for
 * them, and the application can be closed.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fixtures/word_count.h"
#include "sim/sim.h"
#include "support/log_capture.h"

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NOBODY_LISTENS "127.0.0.1:9"
#define GARBAGE_PORT 4713
#define GARBAGE_AT "127.0.0.1:4713"

static weir_topology *with_global(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_global_table_source(b, "world", "world", &weir_string, &weir_string, NULL);
    weir_to(weir_source(b, "texts", &weir_string, &weir_string, NULL), "copies", NULL);
    return weir_build(b, config, error);
}

static bool has_stopped(weir_cluster *cluster, void *instance)
{
    (void)cluster;
    return weir_instance_state(instance) == WEIR_STATE_ERROR;
}

static void assert_logged_and_closed(weir_cluster *cluster, weir_instance *a, log_capture *capture,
                                     const char *address)
{
    char words[128];
    weir_cluster_run_for(cluster, WEIR_SECONDS(40));
    assert_int_equal(weir_instance_state(a), WEIR_STATE_REBALANCING);
    snprintf(words, sizeof words, "bootstrap.servers %s: ", address);
    assert_in(weir__buf_text(&capture->log), words);
    const char *why = weir_cluster_explain(cluster);
    assert_in(why, "looking for its topics has failed for ");
    assert_in(why, words);
    assert_int_equal(weir_instance_close(a, WEIR_SECONDS(15)), WEIR_OK);
    assert_int_equal(capture->failures, 0);
}

static void a_missing_listener_is_logged_and_the_application_closes(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    log_capture *capture = log_capture_new(state);
    weir_instance *a = log_capture_start(cluster, capture, "a", fixture_word_count,
                                         LIST("bootstrap.servers", NOBODY_LISTENS));
    assert_logged_and_closed(cluster, a, capture, NOBODY_LISTENS);
}

static void a_missing_listener_fails_after_the_timeout(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    log_capture *capture = log_capture_new(state);
    weir_instance *a =
        log_capture_start(cluster, capture, "a", fixture_word_count,
                          LIST("bootstrap.servers", NOBODY_LISTENS, "task.timeout.ms", "60000"));
    weir_run_until_with(cluster, has_stopped, a, WEIR_MINUTES(2));
    assert_in(capture->failure.message, "bootstrap.servers " NOBODY_LISTENS);
    assert_true(weir_err_is_retriable(capture->failure.code));
    assert_int_equal(capture->failures, 1);
    assert_int_equal(weir_instance_close(a, WEIR_SECONDS(30)), WEIR_OK);
}

static void global_tables_without_brokers_fail_the_start(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_error error = {0};
    assert_null(weir_cluster_try_start(
        cluster, "a", with_global,
        &(weir_instance_opts){.config = LIST("bootstrap.servers", NOBODY_LISTENS)}, &error));
    assert_in(error.message, "global tables");
    assert_in(error.message, "world");
}

/* ---- A listener that speaks another protocol ---------------------------------------------- */

/* Answers each connection with the text of a web server, again and again. */
static void talk(void *arg)
{
    (void)arg;
    static const char answer[] = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(GARBAGE_PORT)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(listener, 10) != 0) {
        return;
    }
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        char request[4096];
        if (fd < 0) {
            return;
        }
        if (recv(fd, request, sizeof request, 0) > 0) {
            (void)send(fd, answer, sizeof answer - 1, MSG_NOSIGNAL);
            (void)recv(fd, request, sizeof request, 0);
        }
        close(fd);
    }
}

static void a_broker_that_answers_garbage_is_logged_and_the_application_closes(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    log_capture *capture = log_capture_new(state);
    weir_host *web = weir_sim_host_new("web");
    assert_int_equal(weir_sim_host_run(web, "server", talk, NULL), WEIR_OK);
    weir_cluster_run_for(cluster, 10);
    weir_instance *a = log_capture_start(cluster, capture, "a", fixture_word_count,
                                         LIST("bootstrap.servers", GARBAGE_AT));
    assert_logged_and_closed(cluster, a, capture, GARBAGE_AT);
    weir_host_crash(web, WEIR_DISK_WIPED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cluster_test(a_missing_listener_is_logged_and_the_application_closes),
        cluster_test(a_missing_listener_fails_after_the_timeout),
        cluster_test(global_tables_without_brokers_fail_the_start),
        cluster_test(a_broker_that_answers_garbage_is_logged_and_the_application_closes),
    };
    return cmocka_run_group_tests_name("bad brokers", tests, NULL, NULL);
}
