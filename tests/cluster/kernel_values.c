/* SPDX-License-Identifier: Apache-2.0
 *
 * A processor whose output holds what the kernel gives (random bytes, a UUID, ids of processes and
 * threads) has the same output for the same seed: in another process, and after another cluster. */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <weir/dsl.h>

#include "support/cluster.h"

#define ANSWER_MAX 256

static weir_err ask_kernel(weir_ctx *ctx, const weir_record *in, void *out, void *user)
{
    static char text[ANSWER_MAX];
    uint64_t number = 0;
    char uuid[37] = "";
    (void)ctx;
    (void)in;
    (void)user;
    FILE *random = fopen("/dev/urandom", "re");
    FILE *uuids = fopen("/proc/sys/kernel/random/uuid", "re");
    bool done = random != NULL && uuids != NULL && fread(&number, sizeof number, 1, random) == 1 &&
                fgets(uuid, sizeof uuid, uuids) != NULL;
    if (random != NULL) {
        fclose(random);
    }
    if (uuids != NULL) {
        fclose(uuids);
    }
    snprintf(text, sizeof text, "%llx %s %d %d", (unsigned long long)number, uuid, (int)getpid(),
             (int)gettid());
    *(weir_slice *)out = weir_slice_of(text);
    return done ? WEIR_OK : WEIR_EIO;
}

static weir_topology *asking(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_stream in = weir_source(b, "questions", &weir_string, &weir_string, NULL);
    weir_to(weir_map_values(in, &weir_string, ask_kernel, NULL, NULL), "answers", NULL);
    return weir_build(b, config, error);
}

static void run_one(uint64_t seed, char out[ANSWER_MAX])
{
    weir_error error = {0};
    weir_cluster *cluster = weir_cluster_new(&(weir_cluster_opts){.seed = seed}, &error);
    if (cluster == NULL) {
        fprintf(stderr, "%s\n", error.message);
        _exit(1);
    }
    weir_cluster_input(cluster, "answers", 1, &weir_string, &weir_string);
    weir_input questions = weir_cluster_input(cluster, "questions", 1, &weir_string, &weir_string);
    weir_cluster_start(cluster, "a", asking, NULL);
    weir_input_text(questions, "key", "who?");
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
    weir_output answers = weir_cluster_output(cluster, "answers", &weir_string, &weir_string);
    const weir_row *row = weir_rows_find_text(weir_output_all(answers), "key");
    const weir_slice *value = row != NULL ? row->value : NULL;
    if (value == NULL || value->len >= ANSWER_MAX) {
        _exit(1);
    }
    snprintf(out, ANSWER_MAX, "%.*s", (int)value->len, (const char *)value->data);
    weir_cluster_free(cluster);
}

/* The output of the last of the clusters with these seeds, in a process of its own. */
static void answer_of(const uint64_t *seeds, size_t count, char out[ANSWER_MAX])
{
    int ends[2];
    int status = -1;
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        char answer[ANSWER_MAX] = "";
        for (size_t i = 0; i < count; i++) {
            run_one(seeds[i], answer);
        }
        _exit(write(ends[1], answer, sizeof answer) == sizeof answer ? 0 : 1);
    }
    close(ends[1]);
    ssize_t got = read(ends[0], out, ANSWER_MAX);
    close(ends[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(got, ANSWER_MAX);
}

static void output_with_values_of_the_kernel_comes_from_the_seed(void **state)
{
    (void)state;
    char first[ANSWER_MAX];
    char again[ANSWER_MAX];
    char after[ANSWER_MAX];
    char other[ANSWER_MAX];
    answer_of((const uint64_t[]){7}, 1, first);
    answer_of((const uint64_t[]){7}, 1, again);
    answer_of((const uint64_t[]){8, 7}, 2, after);
    answer_of((const uint64_t[]){8}, 1, other);
    assert_string_equal(again, first);
    assert_string_equal(after, first);
    assert_string_not_equal(other, first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(output_with_values_of_the_kernel_comes_from_the_seed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
