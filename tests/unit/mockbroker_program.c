/* SPDX-License-Identifier: Apache-2.0
 *
 * The program weir-mockbroker: its options, its end, and librdkafka's clients on it. */
#include "support/clients.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGUMENTS_MAX 8
#define TEXT_MAX 4096

typedef struct program {
    pid_t pid;
    int out;
    int err;
} program;

static program start(const char *const *arguments)
{
    char *argv[ARGUMENTS_MAX + 2] = {(char *)(uintptr_t)WEIR_MOCKBROKER};
    for (size_t i = 0; arguments[i] != NULL; i++) {
        assert_true(i < ARGUMENTS_MAX);
        argv[i + 1] = (char *)(uintptr_t)arguments[i];
    }
    int out[2];
    int err[2];
    assert_int_equal(pipe(out), 0);
    assert_int_equal(pipe(err), 0);
    program it = {.pid = fork(), .out = out[0], .err = err[0]};
    assert_true(it.pid >= 0);
    if (it.pid == 0) {
        dup2(out[1], STDOUT_FILENO);
        dup2(err[1], STDERR_FILENO);
        execv(argv[0], argv);
        _exit(99);
    }
    close(out[1]);
    close(err[1]);
    return it;
}

static void read_all(int fd, char *text)
{
    size_t used = 0;
    ssize_t got = 0;
    while (used < TEXT_MAX - 1 && (got = read(fd, text + used, TEXT_MAX - 1 - used)) > 0) {
        used += (size_t)got;
    }
    text[used] = '\0';
    close(fd);
}

/* Waits for its end; its exit status. */
static int end_of(const program *it, char *out, char *err)
{
    int status = 0;
    read_all(it->out, out);
    read_all(it->err, err);
    assert_int_equal(waitpid(it->pid, &status, 0), it->pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* The addresses from its first line. */
static void read_bootstrap(const program *it, char *bootstrap)
{
    static const char prefix[] = "bootstrap.servers=";
    char line[TEXT_MAX];
    size_t used = 0;
    while (used < TEXT_MAX - 1 && read(it->out, line + used, 1) == 1 && line[used] != '\n') {
        used++;
    }
    line[used] = '\0';
    assert_int_equal(strncmp(line, prefix, strlen(prefix)), 0);
    memcpy(bootstrap, line + strlen(prefix), used + 1 - strlen(prefix));
}

/* ---- Options ---- */

static void assert_refused(const char *const *arguments, int status, const char *message)
{
    char out[TEXT_MAX];
    char err[TEXT_MAX];
    program it = start(arguments);
    assert_int_equal(end_of(&it, out, err), status);
    assert_string_equal(out, "");
    if (strstr(err, message) == NULL) {
        fail_msg("'%s' is not in '%s'", message, err);
    }
}

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})
#define USAGE 64

static void a_wrong_option_is_named_with_its_value(void **state)
{
    (void)state;
    assert_refused(LIST("--port", "x"), USAGE, "--port=x: not a number from 0 to 65535");
    assert_refused(LIST("--port=65536"), USAGE, "--port=65536: not a number from 0 to 65535");
    assert_refused(LIST("--port=65535", "--brokers=2"), USAGE,
                   "--port=65535: with --brokers=2 the last port would be 65536");
    assert_refused(LIST("--brokers=65"), USAGE, "--brokers=65: not a number from 1 to 64");
    assert_refused(LIST("--partitions=0"), USAGE, "--partitions=0: not a number from 1 to 1024");
    assert_refused(LIST("--log-bytes=0"), USAGE, "--log-bytes=0: not a number from 1 to ");
    assert_refused(LIST("--topic=t"), USAGE, "--topic=t: not NAME:PARTITIONS");
    assert_refused(LIST("--topic=t:x"), USAGE,
                   "--topic=t:x: 'x' is not a number of partitions from 1 to 1024");
    assert_refused(LIST("--topic=t:1:a"), USAGE, "--topic=t:1:a: 'a' is not NAME=VALUE");
    assert_refused(LIST("--topic=t:1:a=1b=2"), USAGE,
                   "--topic=t:1:a=1b=2: a comma is missing before the second '=' of");
    assert_refused(LIST("topic"), USAGE, "'topic' is not an option");
    assert_refused(LIST("--nothing"), USAGE, "unrecognized option '--nothing'");
}

static void a_topic_that_cannot_be_is_named(void **state)
{
    (void)state;
    assert_refused(LIST("--port=0", "--topic=t:1:retention.ms=x"), EXIT_FAILURE,
                   "weir-mockbroker: topic 't': Invalid value x for configuration retention.ms");
    assert_refused(LIST("--port=0", "--topic=t:1", "--topic=t:2"), EXIT_FAILURE,
                   "weir-mockbroker: topic 't': ");
}

static void help_and_version_are_printed(void **state)
{
    char out[TEXT_MAX];
    char err[TEXT_MAX];
    (void)state;
    program it = start(LIST("--version"));
    assert_int_equal(end_of(&it, out, err), 0);
    assert_string_equal(out, "weir-mockbroker " WEIR_VERSION "\n");
    it = start(LIST("--help"));
    assert_int_equal(end_of(&it, out, err), 0);
    static const char *const options[] = {"--port=N",      "--brokers=N",   "--partitions=N",
                                          "--topic=TOPIC", "--log-bytes=N", "--auto-create",
                                          "--verbose"};
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        assert_non_null(strstr(out, options[i]));
    }
    assert_string_equal(err, "");
}

static void a_port_that_is_taken_is_named(void **state)
{
    weir_error error;
    char words[128];
    (void)state;
    weir_mock *mock = weir_mock_new(&(weir_mock_opts){.brokers = 1}, &error);
    assert_non_null(mock);
    char port[16];
    snprintf(port, sizeof port, "%d", weir_mock_broker_port(mock, 1));
    snprintf(words, sizeof words, "cannot listen on 127.0.0.1:%s: Address already in use", port);
    assert_refused(LIST("--port", port), EXIT_FAILURE, words);
    weir_mock_free(mock);
}

/* ---- Clients ---- */

static void produce_and_consume(const char *bootstrap)
{
    rd_kafka_t *producer = client_producer_at(bootstrap, "p", NULL);
    client_must_produce(producer, "lines", 1, "k", "a");
    client_must_produce(producer, "new", 2, "k", "b"); /* created, with three partitions */
    rd_kafka_t *consumer =
        client_new_at(RD_KAFKA_CONSUMER, bootstrap, "c",
                      (const char *[]){"group.id", "g", "auto.offset.reset", "earliest", NULL});
    client_subscribe(consumer, "lines");
    client_must_consume(consumer, "lines", 1, 0, "a");
    rd_kafka_destroy(consumer);
    rd_kafka_destroy(producer);
}

static void clients_produce_and_consume_until_a_signal_ends_it(void **state)
{
    static const int signals[] = {SIGINT, SIGTERM};
    char out[TEXT_MAX];
    char err[TEXT_MAX];
    char bootstrap[TEXT_MAX];
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        program it = start(LIST("--port=0", "--brokers=2", "--partitions=3", "--auto-create",
                                "--topic=lines:2:cleanup.policy=compact,delete,segment.ms=1000"));
        read_bootstrap(&it, bootstrap);
        assert_non_null(strchr(bootstrap, ','));
        produce_and_consume(bootstrap);
        assert_int_equal(kill(it.pid, signals[i]), 0);
        assert_int_equal(end_of(&it, out, err), 0);
        assert_string_equal(out, "");
        assert_string_equal(err, "");
    }
}

/* Below the ports that the system gives to those who ask for any. */
#define PORTS_FROM 20000
#define PORTS 5000

static bool is_free(int port)
{
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons((uint16_t)port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    bool free_now = bind(fd, (const struct sockaddr *)&address, sizeof address) == 0;
    close(fd);
    return free_now;
}

static void the_ports_follow_one_another(void **state)
{
    char text[32];
    char expected[64];
    char out[TEXT_MAX];
    char err[TEXT_MAX];
    char bootstrap[TEXT_MAX];
    (void)state;
    int port = PORTS_FROM + getpid() % PORTS;
    while (!is_free(port) || !is_free(port + 1)) {
        port++;
        assert_true(port < PORTS_FROM + 2 * PORTS);
    }
    snprintf(text, sizeof text, "--port=%d", port);
    program it = start(LIST(text, "--brokers=2", "--verbose", "--topic=t:1"));
    snprintf(expected, sizeof expected, "127.0.0.1:%d,127.0.0.1:%d", port, port + 1);
    read_bootstrap(&it, bootstrap);
    assert_string_equal(bootstrap, expected);
    kill(it.pid, SIGTERM);
    assert_int_equal(end_of(&it, out, err), 0);
    assert_string_equal(err, "create-topic t partitions=1\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wrong_option_is_named_with_its_value),
        cmocka_unit_test(a_topic_that_cannot_be_is_named),
        cmocka_unit_test(help_and_version_are_printed),
        cmocka_unit_test(a_port_that_is_taken_is_named),
        cmocka_unit_test(clients_produce_and_consume_until_a_signal_ends_it),
        cmocka_unit_test(the_ports_follow_one_another),
    };
    return cmocka_run_group_tests_name("mockbroker_program", tests, NULL, NULL);
}
