/* SPDX-License-Identifier: Apache-2.0
 *
 * What differs from run to run outside comes from the seed inside: random devices, process ids. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/uio.h>

#include "unit/support/sim.h"

#define BYTES 24

typedef struct bytes {
    uint8_t at[BYTES];
} bytes;

static bytes by_read(const char *path)
{
    bytes got = {{0}};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    struct pollfd ready = {fd, POLLIN, 0};
    assert_int_equal(poll(&ready, 1, 0), 1);
    assert_int_equal(read(fd, got.at, BYTES), BYTES);
    assert_int_equal(close(fd), 0);
    return got;
}

static bytes by_openat_and_readv(const char *path)
{
    bytes got = {{0}};
    int fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    struct iovec parts[2] = {{got.at, 5}, {got.at + 5, BYTES - 5}};
    assert_int_equal(readv(fd, parts, 2), BYTES);
    assert_int_equal(close(fd), 0);
    return got;
}

static bytes by_stream(FILE *stream)
{
    bytes got = {{0}};
    assert_non_null(stream);
    assert_true(fileno(stream) >= 0);
    assert_int_equal(fread(got.at, 1, BYTES, stream), BYTES);
    assert_int_equal(fclose(stream), 0);
    return got;
}

static bytes by_fopen(const char *path)
{
    return by_stream(fopen(path, "re"));
}

static bytes by_fdopen(const char *path)
{
    return by_stream(fdopen(open(path, O_RDONLY | O_CLOEXEC), "r"));
}

static bytes drawn(uint64_t seed, bytes (*draw)(const char *path), const char *path)
{
    weir_error error;
    weir_sim_opts opts = {.seed = seed};
    assert_int_equal(weir_sim_start(&opts, &error), WEIR_OK);
    bytes got = draw(path);
    weir_sim_stop();
    return got;
}

static void random_devices_give_what_the_seed_gives(void **state)
{
    (void)state;
    bytes (*const ways[])(const char *) = {by_read, by_openat_and_readv, by_fopen, by_fdopen};
    const char *const paths[] = {"/dev/urandom", "/dev/random"};
    for (size_t i = 0; i < 8; i++) {
        const char *path = paths[i % 2];
        bytes first = drawn(7, ways[i / 2], path);
        bytes again = drawn(7, ways[i / 2], path);
        bytes other = drawn(8, ways[i / 2], path);
        assert_memory_equal(first.at, again.at, BYTES);
        assert_memory_not_equal(first.at, other.at, BYTES);
    }
}

static void other_files_are_the_real_ones(void **state)
{
    (void)state;
    char name[5] = "";
    FILE *stream = fopen("/proc/self/stat", "re");
    assert_non_null(stream);
    assert_int_equal(fread(name, 1, 4, stream), 4);
    assert_int_equal(fclose(stream), 0);
    assert_int_equal(strtol(name, NULL, 10) > 0, 1);
    assert_int_equal(open("/no such file", O_RDONLY | O_CLOEXEC), -1);
}

typedef struct ids {
    pid_t pid;
    pid_t tid;
    int killed;
} ids;

static void ask(void *arg)
{
    ids *own = arg;
    *own = (ids){getpid(), gettid(), kill(getpid(), 0)};
}

static void a_host_has_a_process_id_of_its_own(void **state)
{
    (void)state;
    ids of[2][2];
    pid_t outside = getpid();
    for (int run = 0; run < 2; run++) {
        weir_error error;
        weir_sim_opts opts = {.seed = 7};
        assert_int_equal(weir_sim_start(&opts, &error), WEIR_OK);
        assert_int_equal(getpid(), outside); /* the test's own */
        for (int i = 0; i < 2; i++) {
            weir_host *host = weir_sim_host_new(i == 0 ? "a" : "b");
            assert_int_equal(weir_sim_host_run(host, "asks", ask, &of[run][i]), WEIR_OK);
        }
        weir_sim_sleep_us(MS);
        weir_sim_stop();
        assert_int_not_equal(of[run][0].pid, of[run][1].pid);
        assert_int_not_equal(of[run][0].pid, outside);
        assert_int_equal(of[run][0].killed, 0);
    }
    assert_int_equal(of[0][0].pid, of[1][0].pid);
    assert_int_equal(of[0][1].pid, of[1][1].pid);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_devices_give_what_the_seed_gives),
        simulated(other_files_are_the_real_ones),
        cmocka_unit_test(a_host_has_a_process_id_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
