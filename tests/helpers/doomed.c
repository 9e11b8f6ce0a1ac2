/* SPDX-License-Identifier: Apache-2.0
 *
 * doomed HOW [plain]: a program with two tests. The first one ends in the way that HOW names. With
 * "plain" the program does not use cmocka. tests/cluster/crashes.c checks what it prints. */
#undef NDEBUG
#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <weir/driver_cmocka.h>
#include <weir/dsl.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *how;
static weir_cluster *the_cluster;
static volatile int zero;
static int *volatile nowhere;

static bool is(const char *what)
{
    return strcmp(how, what) == 0;
}

/* Not inlined, nor made a loop. */
static int __attribute__((noinline)) fall(int depth)
{
    volatile char room[4096];
    room[0] = (char)depth;
    return depth < 1 << 30 ? fall(depth + 1) + room[0] : 0;
}

static sigjmp_buf back;

static void recover(int number)
{
    siglongjmp(back, number);
}

static weir_topology *doomed(const weir_config *config, weir_error *error);

/* Calls of the driver that a callback may not make. */
static bool misuse(void)
{
    weir_output out = {0};
    if (is("run_for")) {
        weir_cluster_run_for(the_cluster, 1000);
    } else if (is("run_until")) {
        weir_run_until(the_cluster, weir_caught_up, 1000);
    } else if (is("start")) {
        weir_cluster_start(the_cluster, "b", doomed, NULL);
    } else if (is("close")) {
        weir_instance_close(weir_cluster_instance(the_cluster, "a"), 1000);
    } else if (is("output")) {
        out = weir_cluster_output(the_cluster, "out", &weir_string, &weir_string);
        (void)out;
    } else if (is("rows_at")) {
        weir_rows_at(NULL, 0);
    } else if (is("cluster_fail")) {
        weir_cluster_fail(the_cluster, "no die wanted");
    } else {
        return false;
    }
    return true;
}

/* Undefined behaviour, which the compiler must not see. */
__attribute__((no_sanitize("undefined"), noinline)) static void die(weir_ctx *ctx)
{
    if (misuse()) {
        return;
    }
    if (is("segv")) {
        *nowhere = 1;
    } else if (is("handler")) {
        if (sigsetjmp(back, 1) == 0) {
            *nowhere = 1;
        }
    } else if (is("fpe")) {
        zero = 4711 / zero;
    } else if (is("abort")) {
        abort();
    } else if (is("assert")) {
        assert(zero == 1);
    } else if (is("exit")) {
        exit(3);
    } else if (is("exit-0")) {
        exit(0);
    } else if (is("_exit")) {
        _exit(3);
    } else if (is("cmocka")) {
        assert_int_equal(zero + 17, 4711);
    } else if (is("overflow")) {
        zero = fall(0);
    } else if (is("raise")) {
        raise(SIGILL);
    } else if (is("loop")) {
        while (zero == 0) {
        }
    } else if (is("wall-clock")) {
        while (weir_ctx_wall_clock_ms(ctx) < INT64_MAX) {
        }
    } else if (is("kill")) {
        raise(SIGKILL);
    } else if (is("sleep")) {
        sleep(100000);
    } else if (is("deadlock")) {
        pthread_mutex_lock(&lock);
        pthread_mutex_lock(&lock);
    } else if (is("kernel")) {
        char byte;
        int ends[2];
        if (syscall(SYS_pipe2, ends, 0) == 0) { /* a real pipe, which has no writer */
            zero = (int)syscall(SYS_read, ends[0], &byte, 1);
        }
    } else if (is("free")) {
        char *volatile block = malloc(100);
        free(block);
        free(block);
    } else if (is("use-after-free")) {
        char *volatile block = malloc(100);
        free(block);
        block[1] = 'x';
    }
}

static weir_err doomed_value(weir_ctx *ctx, const weir_record *in, void *out, void *user)
{
    const weir_slice *value = in->value;
    (void)user;
    *(weir_slice *)out = *value;
    if (value->len == 3 && memcmp(value->data, "die", 3) == 0) {
        die(ctx);
    }
    return WEIR_OK;
}

static weir_topology *doomed(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_stream in = weir_source(b, "in", &weir_string, &weir_string, NULL);
    weir_named named = {.name = "the-doomed-node"};
    weir_to(weir_map_values(in, &weir_string, doomed_value, NULL, &named), "out", NULL);
    return weir_build(b, config, error);
}

static void run(weir_cluster *cluster, const char *text)
{
    weir_input in = weir_cluster_input(cluster, "in", 1, &weir_string, &weir_string);
    weir_cluster_input(cluster, "out", 1, &weir_string, &weir_string);
    weir_cluster_start(cluster, "a", doomed, NULL);
    weir_input_text(in, "k", "first");
    weir_input_text(in, "k", text);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
}

static int begin(void **state)
{
    weir_error error = {0};
    weir_cluster_opts opts = {.seed = 7, .on_failure = weir_cmocka_failure};
    *state = the_cluster = weir_cluster_new(&opts, &error);
    return *state != NULL ? 0 : -1;
}

static int end(void **state)
{
    weir_cluster_free(*state);
    return 0;
}

__attribute__((no_sanitize("undefined"))) static void the_first_test(void **state)
{
    if (is("test-assertion")) {
        assert_int_equal(zero + 17, 4711);
    }
    if (is("test-segv")) {
        *nowhere = 1;
    }
    if (is("long-text")) {
        char text[8000];
        memset(text, 'x', sizeof text - 1);
        text[sizeof text - 1] = '\0';
        weir_cluster_fail(*state, "%s THE END", text);
    }
    if (is("handler")) {
        signal(SIGSEGV, recover);
    }
    run(*state, "die");
}

static void the_second_test(void **state)
{
    run(*state, "live");
}

static int run_plainly(void)
{
    weir_error error = {0};
    weir_cluster *cluster = weir_cluster_new(&(weir_cluster_opts){.seed = 7}, &error);
    if (cluster == NULL) {
        fprintf(stderr, "%s\n", error.message);
        return 2;
    }
    if (is("test-exit")) {
        exit(3);
    }
    if (is("unfreed")) {
        static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
            weir_cluster_start(cluster, names[i], doomed, NULL); /* many threads */
        }
        return 0;
    }
    run(cluster, "die");
    weir_cluster_free(cluster);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_first_test, begin, end),
        cmocka_unit_test_setup_teardown(the_second_test, begin, end),
    };
    if (argc < 2) {
        return 2;
    }
    how = argv[1];
    return argc > 2 ? run_plainly() : cmocka_run_group_tests(tests, NULL, NULL);
}
