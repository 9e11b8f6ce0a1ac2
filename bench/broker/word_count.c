/* SPDX-License-Identifier: Apache-2.0
 *
 * Word count for scripts/bench-broker: counts until WORDS words have passed the repartition topic,
 * prints how long that took, and closes. Settings that are not given keep their defaults. */
#include <weir/dsl.h>
#include <weir/serde.h>

#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "words.h"

#define PARTITIONS 4
#define CLOSE_TIMEOUT_MS 60000

/* Only the main thread has one; threads of the application write to it. */
typedef struct progress {
    long long wanted;
    sem_t ended; /* posted when so many words were read back, or the application has failed */
    atomic_llong words;
    atomic_llong first_ns;   /* when the first word was read back; 0: not yet */
    atomic_llong running_ns; /* when the application first was RUNNING */
    atomic_bool failed;
} progress;

static long long now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void set_once(atomic_llong *at)
{
    long long unset = 0;
    if (atomic_load_explicit(at, memory_order_relaxed) == 0) {
        atomic_compare_exchange_strong(at, &unset, now_ns());
    }
}

static weir_err note(weir_ctx *ctx, const weir_record *in, void *user)
{
    (void)ctx;
    (void)in;
    progress *p = user;
    set_once(&p->first_ns);
    if (atomic_fetch_add(&p->words, 1) + 1 == p->wanted) {
        sem_post(&p->ended);
    }
    return WEIR_OK;
}

static weir_topology *build(const weir_config *config, progress *p, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_stream lines = weir_source(b, "lines", &weir_bytes, &weir_string, NULL);
    weir_stream words = weir_flat_map_values(lines, &weir_string, bench_split, NULL, NULL);
    weir_stream keyed = weir_select_key(words, &weir_string, bench_word_as_key, NULL, NULL);
    weir_stream by_word =
        weir_repartition(keyed, "by-word", &(weir_repartition_opts){.partitions = PARTITIONS});
    weir_stream noted = weir_peek(by_word, note, p, NULL);
    weir_table counts = weir_count(weir_group_by_key(noted, NULL), "counts", NULL);
    weir_to(weir_to_stream(counts, NULL), "counts-out", NULL);
    return weir_build(b, config, error);
}

static void on_state(weir_state from, weir_state to, void *user)
{
    (void)from;
    progress *p = user;
    if (to == WEIR_STATE_RUNNING) {
        set_once(&p->running_ns);
    }
    if (to == WEIR_STATE_ERROR) {
        atomic_store(&p->failed, true);
        sem_post(&p->ended);
    }
}

static weir_err count(weir_app *app, progress *p, weir_error *error)
{
    long long start = now_ns();
    weir_err err = weir_app_start(app, error);
    if (err != WEIR_OK) {
        return err;
    }
    while (sem_wait(&p->ended) != 0) {
        continue; /* a signal */
    }
    long long end = now_ns();
    err = weir_app_close(app, CLOSE_TIMEOUT_MS);
    if (err != WEIR_OK || atomic_load(&p->failed)) {
        snprintf(error->message, sizeof error->message, "the application has failed");
        return err != WEIR_OK ? err : WEIR_ESTATE;
    }
    printf("DONE words=%lld from_start_s=%.3f from_running_s=%.3f from_first_s=%.3f\n",
           (long long)atomic_load(&p->words), (double)(end - start) / 1e9,
           (double)(end - atomic_load(&p->running_ns)) / 1e9,
           (double)(end - atomic_load(&p->first_ns)) / 1e9);
    return WEIR_OK;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: %s WORDS [NAME=VALUE...]\n", argv[0]);
        return 2;
    }
    progress p = {.wanted = strtoll(argv[1], NULL, 10)};
    sem_init(&p.ended, 0, 0);
    weir_error error = {0};
    weir_topology *topology = NULL;
    weir_app *app = NULL;
    weir_config *config = weir_config_new();
    weir_err err = WEIR_OK;
    for (int i = 2; i < argc && err == WEIR_OK; i++) {
        err = weir_config_set_argument(config, argv[i], &error);
    }
    if (err == WEIR_OK) {
        topology = build(config, &p, &error);
        err = topology != NULL ? WEIR_OK : error.code;
    }
    if (err == WEIR_OK) {
        app = weir_app_new(topology, config, &(weir_app_opts){.on_state = on_state, .user = &p},
                           &error);
        err = app != NULL ? count(app, &p, &error) : error.code;
    }
    weir_app_free(app);
    weir_topology_free(topology);
    weir_config_free(config);
    sem_destroy(&p.ended);
    if (err != WEIR_OK) {
        fprintf(stderr, "%s: %s: %s\n", argv[0], weir_err_str(err), error.message);
    }
    return err == WEIR_OK ? 0 : 1;
}
