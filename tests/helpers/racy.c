/* SPDX-License-Identifier: Apache-2.0
 *
 * racy threads|instances|test [mutex|cycle]: callbacks count in one variable: those of two stream
 * threads, those of two instances, or those of one thread and the test. They take no lock, or one,
 * or two in an order that varies. tests/cluster/races.c checks what ThreadSanitizer reports. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <weir/driver.h>
#include <weir/dsl.h>

#define PARTITIONS 4
#define RECORDS 40
#define ROUNDS 5 /* in each of them both threads process records */

static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t second = PTHREAD_MUTEX_INITIALIZER;
static int locks; /* how many are taken */
static int count;
static int step = 1; /* what a record counts; the test changes it between two waits */

static weir_err count_up(weir_ctx *ctx, const weir_record *in, void *out, void *user)
{
    const weir_slice *value = in->value;
    const weir_slice *key = in->key;
    bool odd = ((const char *)key->data)[key->len - 1] % 2 != 0;
    pthread_mutex_t *order[] = {odd && locks == 2 ? &second : &first, odd ? &first : &second};
    (void)ctx;
    (void)user;
    for (int i = 0; i < locks; i++) {
        pthread_mutex_lock(order[i]);
    }
    count += step;
    for (int i = locks; i-- > 0;) {
        pthread_mutex_unlock(order[i]);
    }
    *(weir_slice *)out = *value;
    return WEIR_OK;
}

static weir_topology *counting(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_stream in = weir_source(b, "in", &weir_string, &weir_string, NULL);
    weir_to(weir_map_values(in, &weir_string, count_up, NULL, NULL), "out", NULL);
    return weir_build(b, config, error);
}

static void send_round(weir_input in)
{
    for (int i = 0; i < RECORDS; i++) {
        char key[16];
        snprintf(key, sizeof key, "k%d", i);
        weir_input_text(in, key, "v");
    }
}

/* Reads what the callbacks write, during the wait. */
static bool has_counted(weir_cluster *cluster, void *arg)
{
    const int *least = arg;
    (void)cluster;
    return count >= *least;
}

static void run_rounds(weir_cluster *cluster, weir_input in)
{
    for (int round = 0; round < ROUNDS; round++) {
        send_round(in);
        weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
    }
}

/* The test writes and reads what the callbacks read and write. */
static void run_with_test(weir_cluster *cluster, weir_input in)
{
    for (int round = 0; round < ROUNDS; round++) {
        int least = count + RECORDS;
        step = 1;
        send_round(in);
        weir_run_until_with(cluster, has_counted, &least, WEIR_MINUTES(2));
        step = 0;
        send_round(in);
        weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
        count = least;
    }
}

int main(int argc, char **argv)
{
    weir_error error = {0};
    const char *how = argc > 1 ? argv[1] : "threads";
    const char *with = argc > 2 ? argv[2] : "";
    locks = strcmp(with, "mutex") == 0 ? 1 : strcmp(with, "cycle") == 0 ? 2 : 0;
    bool with_test = strcmp(how, "test") == 0;
    weir_cluster *cluster = weir_cluster_new(NULL, &error); /* its seed is WEIR_SEED */
    if (cluster == NULL) {
        fprintf(stderr, "%s\n", error.message);
        return 2;
    }
    weir_input in = weir_cluster_input(cluster, "in", PARTITIONS, &weir_string, &weir_string);
    weir_cluster_input(cluster, "out", PARTITIONS, &weir_string, &weir_string);
    int threads = strcmp(how, "threads") == 0 ? 2 : 1;
    weir_cluster_start(cluster, "a", counting, &(weir_instance_opts){.threads = threads});
    if (strcmp(how, "instances") == 0) {
        weir_cluster_start(cluster, "b", counting, &(weir_instance_opts){.threads = threads});
    }
    if (with_test) {
        run_with_test(cluster, in);
    } else {
        run_rounds(cluster, in);
    }
    printf("counted %d\n", count);
    weir_cluster_free(cluster);
    return 0;
}
