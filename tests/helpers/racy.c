/* SPDX-License-Identifier: Apache-2.0
 *
 * racy plain|mutex: an instance with two stream threads, whose callbacks count in one variable,
 * without a lock or with one. tests/cluster/races.c checks what ThreadSanitizer reports. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <weir/driver.h>
#include <weir/dsl.h>

#define PARTITIONS 4
#define RECORDS 40
#define ROUNDS 5 /* in each of them both threads process records */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool locks;
static int count;

static weir_err count_up(weir_ctx *ctx, const weir_record *in, void *out, void *user)
{
    const weir_slice *value = in->value;
    (void)ctx;
    (void)user;
    if (locks) {
        pthread_mutex_lock(&lock);
    }
    count++;
    if (locks) {
        pthread_mutex_unlock(&lock);
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

int main(int argc, char **argv)
{
    weir_error error = {0};
    locks = argc > 1 && strcmp(argv[1], "mutex") == 0;
    weir_cluster *cluster = weir_cluster_new(NULL, &error); /* its seed is WEIR_SEED */
    if (cluster == NULL) {
        fprintf(stderr, "%s\n", error.message);
        return 2;
    }
    weir_input in = weir_cluster_input(cluster, "in", PARTITIONS, &weir_string, &weir_string);
    weir_cluster_input(cluster, "out", PARTITIONS, &weir_string, &weir_string);
    weir_cluster_start(cluster, "a", counting, &(weir_instance_opts){.threads = 2});
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < RECORDS; i++) {
            char key[16];
            snprintf(key, sizeof key, "k%d", i);
            weir_input_text(in, key, "v");
        }
        weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
    }
    printf("counted %d\n", count);
    weir_cluster_free(cluster);
    return 0;
}
