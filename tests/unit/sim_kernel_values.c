/* SPDX-License-Identifier: Apache-2.0
 *
 * What differs from run to run outside comes from the seed inside: random files, process ids. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "sim/engine.h"
#include "unit/support/sim.h"

#define BYTES 24
#define UUID_FILE "/proc/sys/kernel/random/uuid"

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

static bytes by_pread(const char *path)
{
    bytes got = {{0}};
    int fd = open64(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pread(fd, got.at, 8, 0), 8);
    assert_int_equal(pread64(fd, got.at + 8, 8, 0), 8);
    struct iovec part = {got.at + 16, BYTES - 16};
    assert_int_equal(preadv(fd, &part, 1, 0), BYTES - 16);
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

static bytes by_copies(const char *path)
{
    bytes got = {{0}};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int copies[3] = {dup(fd), fcntl(fd, F_DUPFD_CLOEXEC, 3), open("/dev/null", O_RDONLY)};
    assert_int_equal(close(fd), 0);
    assert_int_equal(dup2(copies[0], copies[2]), copies[2]);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(read(copies[i], got.at + 8 * i, 8), 8);
        assert_int_equal(close(copies[i]), 0);
    }
    return got;
}

static bytes by_fopen(const char *path)
{
    return by_stream(fopen(path, "re"));
}

static bytes by_fopen64(const char *path)
{
    return by_stream(fopen64(path, "re"));
}

static bytes by_fdopen(const char *path)
{
    return by_stream(fdopen(open(path, O_RDONLY | O_CLOEXEC), "r"));
}

static bytes drawn(uint64_t seed, bytes (*draw)(const char *path), const char *path)
{
    start((weir_sim_opts){.seed = seed});
    bytes got = draw(path);
    weir_sim_stop();
    return got;
}

static void random_files_give_what_the_seed_gives(void **state)
{
    (void)state;
    bytes (*const ways[])(const char *) = {by_read,  by_openat_and_readv, by_pread, by_copies,
                                           by_fopen, by_fopen64,          by_fdopen};
    const char *const paths[] = {"/dev/urandom", "/dev/random", UUID_FILE};
    for (size_t i = 0; i < 3 * sizeof ways / sizeof *ways; i++) {
        const char *path = paths[i % 3];
        bytes (*draw)(const char *) = ways[i / 3];
        if (path == paths[2] && draw == by_copies) {
            continue; /* it can be read once, from its beginning */
        }
        bytes first = drawn(7, draw, path);
        bytes again = drawn(7, draw, path);
        bytes other = drawn(8, draw, path);
        assert_memory_equal(first.at, again.at, BYTES);
        assert_memory_not_equal(first.at, other.at, BYTES);
    }
}

static void the_uuid_of_the_kernel_is_a_line_with_a_new_uuid(void **state)
{
    (void)state;
    char lines[2][64] = {"", ""};
    for (int i = 0; i < 2; i++) {
        FILE *stream = fopen(UUID_FILE, "re");
        assert_non_null(stream);
        assert_non_null(fgets(lines[i], sizeof lines[i], stream));
        assert_int_equal(fgetc(stream), EOF);
        assert_int_equal(fclose(stream), 0);
        assert_int_equal(strlen(lines[i]), 37);
        assert_int_equal(strspn(lines[i], "0123456789abcdef-"), 36);
        assert_int_equal(lines[i][14], '4'); /* RFC 9562: version, variant */
        assert_non_null(strchr("89ab", lines[i][19]));
    }
    assert_string_not_equal(lines[0], lines[1]);
}

static void read_text(const char *path, char out[64])
{
    FILE *stream = fopen(path, "re");
    assert_non_null(stream);
    assert_non_null(fgets(out, 64, stream));
    assert_int_equal(fclose(stream), 0);
}

static void other_files_are_the_real_ones(void **state)
{
    (void)state;
    char inside[64];
    char outside[64];
    read_text("/proc/sys/kernel/random/boot_id", inside);
    weir_sim_stop();
    read_text("/proc/sys/kernel/random/boot_id", outside);
    assert_string_equal(inside, outside);
    start_fifo(state);
    assert_int_equal(open("/no such file", O_RDONLY | O_CLOEXEC), -1);
    char byte = 1;
    int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    assert_int_equal(read(fd, &byte, 1), 1);
    assert_int_equal(byte, 0);
    assert_int_equal(close(fd), 0);
    fd = open("/dev/urandom", O_WRONLY | O_CLOEXEC);
    assert_int_equal(read(fd, &byte, 1), -1);
    assert_int_equal(close(fd), 0);
}

/* As a library does that opens the device once for the whole process. */
static void a_descriptor_that_is_kept_gives_what_each_seed_gives(void **state)
{
    (void)state;
    bytes got[3];
    int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
    for (size_t i = 0; i < 3; i++) {
        start((weir_sim_opts){.seed = i < 2 ? 7 : 8});
        assert_int_equal(read(fd, got[i].at, BYTES), BYTES);
        weir_sim_stop();
    }
    assert_memory_equal(got[0].at, got[1].at, BYTES);
    assert_memory_not_equal(got[0].at, got[2].at, BYTES);
    assert_int_equal(close(fd), 0);
}

/* ---- Libraries ---- */

static void libuuid_gives_what_the_seed_gives(void **state)
{
    (void)state;
    void *library = dlopen("libuuid.so.1", RTLD_NOW);
    assert_non_null(library);
    void (*generate)(uint8_t out[16]);
    *(void **)&generate = dlsym(library, "uuid_generate");
    assert_non_null(generate);
    uint8_t got[3][16];
    for (size_t i = 0; i < 3; i++) {
        start((weir_sim_opts){.seed = i < 2 ? 7 : 8});
        generate(got[i]);
        weir_sim_stop();
    }
    assert_memory_equal(got[0], got[1], 16);
    assert_memory_not_equal(got[0], got[2], 16);
    dlclose(library);
}

static int (*crypto_random)(uint8_t *out, int len);

/* An optimised build of this program may not need librdkafka, and so load no OpenSSL. */
static void find_crypto(void)
{
    void *library = dlopen("libcrypto.so.3", RTLD_NOW | RTLD_GLOBAL);
    assert_non_null(library); /* stays open: other libraries use it */
    *(void **)&crypto_random = dlsym(library, "RAND_bytes");
    assert_non_null(crypto_random);
}

static void use_crypto(void *arg)
{
    uint8_t unused[8];
    *(pid_t *)arg = getpid();
    assert_int_equal(crypto_random(unused, sizeof unused), 1);
}

/* OpenSSL seeds its generators when a thread first uses them, after so many uses, and when the
 * process id is another one: how often depends on the runs before. */
static void generators_that_outlive_a_run_take_nothing_from_the_program(void **state)
{
    (void)state;
    uint64_t got[2];
    find_crypto();
    for (size_t run = 0; run < 2; run++) {
        pid_t pids[2] = {0, 0};
        start((weir_sim_opts){.seed = 7});
        for (size_t i = 0; i < 2 && run == 1; i++) {
            weir_host *host = weir_sim_host_new(i == 0 ? "a" : "b");
            assert_int_equal(weir_sim_host_run(host, "draws", use_crypto, &pids[i]), WEIR_OK);
        }
        weir_sim_sleep_us(SECOND);
        assert_true(run == 0 || (pids[0] != 0 && pids[1] != 0));
        assert_int_equal(getentropy(&got[run], sizeof got[run]), 0);
        weir_sim_stop();
    }
    assert_int_equal(got[0], got[1]);
}

static void a_branch_is_no_fork_to_a_generator(void **state)
{
    (void)state;
    uint8_t unused[8];
    int status = -1;
    if (UNDER_TSAN) {
        skip();
    }
    find_crypto();
    assert_int_equal(crypto_random(unused, sizeof unused), 1);
    const uint64_t *stream = &weir__the_sim.random[WEIR_SIM_RESEEDING];
    uint64_t before = *stream;
    int child = weir_sim_branch(0);
    assert_true(child >= 0);
    if (child == 0) {
        bool drawn = crypto_random(unused, sizeof unused) == 1;
        weir_sim_branch_exit(drawn && *stream == before ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

/* ---- Process ids ---- */

typedef struct ids {
    pid_t pid;
    pid_t tid;
    pid_t parent;
    int killed;
    int parent_error; /* of a signal to the parent */
    pid_t of_system_call;
} ids;

static void ask(void *arg)
{
    ids *own = arg;
    *own = (ids){getpid(), gettid(), getppid(), kill(getpid(), 0), 0, (pid_t)syscall(SYS_getpid)};
    own->parent_error = kill(own->parent, 0) == 0 ? 0 : errno;
}

static void ask_on_two_hosts(uint64_t seed, ids out[2])
{
    pid_t outside = getpid();
    start((weir_sim_opts){.seed = seed});
    assert_int_equal(getpid(), outside); /* the test's own */
    for (int i = 0; i < 2; i++) {
        weir_host *host = weir_sim_host_new(i == 0 ? "a" : "b");
        assert_int_equal(weir_sim_host_run(host, "asks", ask, &out[i]), WEIR_OK);
    }
    weir_sim_sleep_us(MS);
    weir_sim_stop();
}

static void a_host_has_process_ids_of_its_own(void **state)
{
    (void)state;
    ids of[2];
    ids again[2];
    ids other[2];
    ask_on_two_hosts(7, of);
    ask_on_two_hosts(7, again);
    ask_on_two_hosts(8, other);
    assert_int_not_equal(of[0].pid, of[1].pid);
    assert_int_not_equal(of[0].tid, of[1].tid);
    assert_int_not_equal(of[0].pid, other[0].pid);
    for (int i = 0; i < 2; i++) {
        assert_memory_equal(&of[i], &again[i], sizeof of[i]);
        assert_int_not_equal(of[i].pid, getpid());
        assert_int_equal(of[i].killed, 0);           /* the signal reaches the test */
        assert_int_equal(of[i].parent_error, EPERM); /* not the init process, also for root */
        assert_int_equal(of[i].of_system_call, getpid());
    }
}

static void a_call_of_getentropy_gives_256_bytes_at_most(void **state)
{
    uint8_t drawn[257];
    (void)state;
    assert_int_equal(getentropy(drawn, 256), 0);
    errno = 0;
    assert_int_equal(getentropy(drawn, sizeof drawn), -1);
    assert_int_equal(errno, EIO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_files_give_what_the_seed_gives),
        simulated(the_uuid_of_the_kernel_is_a_line_with_a_new_uuid),
        cmocka_unit_test(a_descriptor_that_is_kept_gives_what_each_seed_gives),
        simulated(other_files_are_the_real_ones),
        cmocka_unit_test(libuuid_gives_what_the_seed_gives),
        cmocka_unit_test(generators_that_outlive_a_run_take_nothing_from_the_program),
        simulated(a_branch_is_no_fork_to_a_generator),
        cmocka_unit_test(a_host_has_process_ids_of_its_own),
        simulated(a_call_of_getentropy_gives_256_bytes_at_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
