/* SPDX-License-Identifier: Apache-2.0
 *
 * The synchronous driver: records a second (each piped by itself, outputs read after every
 * hundred), and the time to create and close a driver. One JSON object a case and figure.
 *
 *     bench-sync [--records N] [--rounds N] [--only CASE] */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <weir/driver_sync.h>
#include <weir/dsl.h>

#include "fixtures/text.h"
#include "words.h"

#define STRINGS &weir_string, &weir_string
#define ROUNDS_MAX 100
#define LINES ((size_t)1000)
#define READ_EVERY 100

/* CPU time of this thread: the driver has no other, and a busy machine does not count. */
static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void must(bool good, const char *what)
{
    if (!good) {
        fprintf(stderr, "bench-sync: %s\n", what);
        exit(1);
    }
}

/* ---- Topologies ---- */

static weir_err upper(weir_ctx *ctx, const weir_record *in, void *out, void *user)
{
    (void)user;
    weir_slice text = *(const weir_slice *)in->value;
    char *copy = weir_alloc(ctx, text.len + 1);
    if (copy == NULL) {
        return WEIR_ENOMEM;
    }
    for (size_t i = 0; i < text.len; i++) {
        char c = ((const char *)text.data)[i];
        copy[i] = (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    }
    *(weir_slice *)out = (weir_slice){copy, text.len};
    return WEIR_OK;
}

static weir_err not_a(weir_ctx *ctx, const weir_record *in, bool *keep, void *user)
{
    (void)ctx;
    (void)user;
    const weir_slice *text = in->value;
    *keep = text->len == 0 || *(const char *)text->data != 'A';
    return WEIR_OK;
}

static weir_topology *stateless(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_stream in = weir_source(b, "in", STRINGS, NULL);
    weir_stream up = weir_map_values(in, &weir_string, upper, NULL, NULL);
    weir_to(weir_filter(up, not_a, NULL, NULL), "out", NULL);
    return weir_build(b, config, error);
}

static weir_topology *word_count(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_stream in = weir_source(b, "in", STRINGS, NULL);
    weir_stream words = weir_flat_map_values(in, &weir_string, bench_split, NULL, NULL);
    weir_grouped grouped = weir_group_by(words, "by-word", &weir_string, bench_word_as_key, NULL);
    weir_to(weir_to_stream(weir_count(grouped, "counts", NULL), NULL), "out", NULL);
    return weir_build(b, config, error);
}

/* ---- One case ---- */

typedef struct bench_case {
    const char *name;
    weir_topology_fn topology;
    const char *store; /* dsl.store */
    const weir_serde *value;
} bench_case;

static const bench_case cases[] = {
    {"stateless", stateless, "memory", &weir_string},
    {"wc-mem", word_count, "memory", &weir_i64},
    {"wc-rocks", word_count, "rocksDB", &weir_i64},
};

static weir_sync *open_driver(const bench_case *one)
{
    weir_error error = {0};
    weir_sync_opts opts = {.config = (const char *const[]){"dsl.store", one->store, NULL}};
    weir_sync *sync = weir_sync_new(one->topology, &opts, &error);
    must(sync != NULL, error.message);
    return sync;
}

/* Records a second. */
static double feed(const bench_case *one, const fixture_text *text, size_t records)
{
    weir_sync *sync = open_driver(one);
    weir_input in = weir_sync_input(sync, "in", STRINGS);
    weir_output out = weir_sync_output(sync, "out", &weir_string, one->value);
    size_t read = 0;
    weir_input_set_time(in, 0, 1);
    int64_t begin_ns = now_ns();
    for (size_t i = 0; i < records; i++) {
        weir_input_pipe(in, NULL, &text->lines[i % text->count]);
        if (i % READ_EVERY == READ_EVERY - 1) {
            read += weir_rows_size(weir_output_rest(out));
        }
    }
    read += weir_rows_size(weir_output_rest(out));
    int64_t end_ns = now_ns();
    must(read > 0, "nothing came out");
    weir_sync_free(sync);
    return (double)records * 1e9 / (double)(end_ns - begin_ns);
}

static int by_size(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

static void report(const char *bench, const char *name, const char *unit, double *figures,
                   size_t count)
{
    qsort(figures, count, sizeof *figures, by_size);
    printf("{\"bench\":\"%s\",\"case\":\"%s\",\"min\":%.1f,\"median\":%.1f,\"max\":%.1f,"
           "\"unit\":\"%s\"}\n",
           bench, name, figures[0], figures[count / 2], figures[count - 1], unit);
    fflush(stdout);
}

static void run_case(const bench_case *one, const fixture_text *text, size_t records, size_t rounds)
{
    double figures[ROUNDS_MAX];
    (void)feed(one, text, records / 10 + 1);
    for (size_t i = 0; i < rounds; i++) {
        figures[i] = feed(one, text, records);
    }
    report("sync", one->name, "records/cpu_s", figures, rounds);
    for (size_t i = 0; i < rounds; i++) {
        int64_t begin_ns = now_ns();
        weir_sync_free(open_driver(one));
        figures[i] = (double)(now_ns() - begin_ns) / 1e3;
    }
    report("sync-open-close", one->name, "cpu_us", figures, rounds);
}

int main(int argc, char **argv)
{
    size_t records = 100000;
    size_t rounds = 5;
    const char *only = NULL;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--records") == 0) {
            records = strtoul(argv[i + 1], NULL, 10);
        } else if (strcmp(argv[i], "--rounds") == 0) {
            rounds = strtoul(argv[i + 1], NULL, 10);
        } else if (strcmp(argv[i], "--only") == 0) {
            only = argv[i + 1];
        } else {
            must(false, "usage: bench-sync [--records N] [--rounds N] [--only CASE]");
        }
    }
    must(records > 0 && rounds > 0 && rounds <= ROUNDS_MAX, "--records > 0, --rounds 1 to 100");
    fixture_text text = {0};
    must(fixture_text_make(&text, LINES, 1, NULL) == WEIR_OK, "out of memory");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (only == NULL || strcmp(only, cases[i].name) == 0) {
            run_case(&cases[i], &text, records, rounds);
        }
    }
    fixture_text_fini(&text);
    return 0;
}
