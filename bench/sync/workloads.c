/* SPDX-License-Identifier: Apache-2.0
 *
 * Topologies and inputs. */
#include "bench/sync/workloads.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yyjson.h>

#include "bench/words.h"

#define STRINGS &weir_string, &weir_string
#define READ_EVERY 100
#define PHONES 10000
#define KEYED_PHONES 1000
#define TEXT_MAX 128

void bench_must(bool good, const char *what)
{
    if (!good) {
        fprintf(stderr, "bench-sync: %s\n", what);
        exit(1);
    }
}

/* ---- Topologies --------------------------------------------------------------------------- */

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

static weir_err phone_of_window(weir_ctx *ctx, const weir_record *in, void *key_out, void *user)
{
    (void)ctx;
    (void)user;
    const weir_windowed *window = in->key;
    *(weir_slice *)key_out = *(const weir_slice *)window->key;
    return WEIR_OK;
}

/* To topic "out", with the phone alone as its key. */
static weir_topology *finish(weir_builder *b, weir_table counts, const weir_config *config,
                             weir_error *error)
{
    weir_to(
        weir_select_key(weir_to_stream(counts, NULL), &weir_string, phone_of_window, NULL, NULL),
        "out", NULL);
    return weir_build(b, config, error);
}

static weir_grouped by_phone(weir_builder *b)
{
    return weir_group_by_key(weir_source(b, "in", STRINGS, NULL), NULL);
}

static weir_topology *minutes(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_windowed_stream windows =
        weir_windowed_by(by_phone(b), weir_tumbling(60000, WEIR_NO_GRACE), NULL);
    weir_store_opts opts = {.retention_ms = 300000};
    return finish(b, weir_windowed_count(windows, "windows", &opts), config, error);
}

static weir_topology *sessions(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_session_stream of =
        weir_session_windowed_by(by_phone(b), weir_session_gap(5000, WEIR_NO_GRACE), NULL);
    return finish(b, weir_session_windowed_count(of, "sessions", NULL), config, error);
}

static weir_err shorter_line(weir_ctx *ctx, const void *key, const void *left, const void *right,
                             void *out, void *user)
{
    (void)ctx;
    (void)key;
    (void)user;
    const weir_slice *a = left;
    const weir_slice *b = right;
    *(weir_slice *)out = a->len <= b->len ? *a : *b;
    return WEIR_OK;
}

/* The lines of a phone with its lines of the last 5 s. The filter keeps all of them: it makes two
 * streams of one. */
static weir_topology *streams(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_stream in = weir_source(b, "in", STRINGS, NULL);
    weir_stream other = weir_filter(in, not_a, NULL, NULL);
    weir_stream_join_opts opts = {.name = "lines"};
    weir_to(weir_join(in, other, weir_join_within(5000, 0, WEIR_NO_GRACE), &weir_string,
                      shorter_line, NULL, &opts),
            "out", NULL);
    return weir_build(b, config, error);
}

static yyjson_val *member(const weir_json_value *of, const char *name)
{
    return of != NULL ? yyjson_obj_get(of->root, name) : NULL;
}

static weir_err add_customer(weir_ctx *ctx, const void *key, const void *left, const void *right,
                             void *out, void *user)
{
    (void)key;
    (void)user;
    yyjson_mut_doc *doc = weir_json_new(ctx);
    yyjson_mut_val *root = yyjson_mut_obj(doc);
    yyjson_val *customer = member(right, "customer");
    yyjson_mut_doc_set_root(doc, root);
    yyjson_mut_obj_add_val(doc, root, "event", yyjson_val_mut_copy(doc, member(left, "event")));
    yyjson_mut_obj_add_val(doc, root, "seconds", yyjson_val_mut_copy(doc, member(left, "seconds")));
    yyjson_mut_obj_add_val(doc, root, "customer",
                           customer != NULL ? yyjson_val_mut_copy(doc, customer)
                                            : yyjson_mut_null(doc));
    return weir_json_set(ctx, doc, out);
}

static weir_topology *id_mapping(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_table ids = weir_table_source(b, "ids", "ids-store", &weir_string, &weir_json, NULL);
    weir_stream calls = weir_source(b, "in", &weir_string, &weir_json, NULL);
    weir_to(weir_left_join_table(calls, ids, &weir_json, add_customer, NULL, NULL), "out", NULL);
    return weir_build(b, config, error);
}

const bench_workload bench_workloads[] = {
    {"stateless", stateless, "memory", BENCH_LINES, &weir_string},
    {"wc-mem", word_count, "memory", BENCH_LINES, &weir_i64},
    {"wc-rocks", word_count, "rocksDB", BENCH_LINES, &weir_i64},
    {"win-mem", minutes, "memory", BENCH_KEYED_LINES, &weir_i64},
    {"win-rocks", minutes, "rocksDB", BENCH_KEYED_LINES, &weir_i64},
    {"session-mem", sessions, "memory", BENCH_KEYED_LINES, &weir_i64},
    {"session-rocks", sessions, "rocksDB", BENCH_KEYED_LINES, &weir_i64},
    {"streams-mem", streams, "memory", BENCH_KEYED_LINES, &weir_string},
    {"streams-rocks", streams, "rocksDB", BENCH_KEYED_LINES, &weir_string},
    {"join-mem", id_mapping, "memory", BENCH_CALLS, &weir_json},
    {"join-rocks", id_mapping, "rocksDB", BENCH_CALLS, &weir_json},
};
const size_t bench_workload_count = sizeof bench_workloads / sizeof bench_workloads[0];

const bench_workload *bench_workload_find(const char *name)
{
    for (size_t i = 0; i < bench_workload_count; i++) {
        if (strcmp(bench_workloads[i].name, name) == 0) {
            return &bench_workloads[i];
        }
    }
    return NULL;
}

/* ---- Input -------------------------------------------------------------------------------- */

/* java.util.Random: its algorithm is documented, so that the same seed gives the same numbers. */
#define JAVA_FACTOR UINT64_C(0x5DEECE66D)
#define JAVA_MASK ((UINT64_C(1) << 48) - 1)

static uint64_t java_random(uint64_t seed)
{
    return (seed ^ JAVA_FACTOR) & JAVA_MASK;
}

/* nextInt(bound), of a bound that is no power of two. */
static int32_t java_next(uint64_t *random, int32_t bound)
{
    for (;;) {
        *random = (*random * JAVA_FACTOR + 0xB) & JAVA_MASK;
        int32_t bits = (int32_t)(*random >> 17);
        int32_t value = bits % bound;
        if (bits <= INT32_MAX - (bound - 1) + value) {
            return value;
        }
    }
}

/* With at least `digits` digits. The inputs are made by hand: printf would take as long as the
 * driver. */
static char *put_number(char *to, size_t number, int digits)
{
    char reversed[TEXT_MAX];
    int count = 0;
    for (; number > 0 || count < digits; number /= 10) {
        reversed[count++] = (char)('0' + number % 10);
    }
    while (count > 0) {
        *to++ = reversed[--count];
    }
    *to = '\0';
    return to;
}

static weir_slice phone(int32_t index, char out[TEXT_MAX])
{
    const char *end = put_number(stpcpy(out, "+1415555"), (size_t)index, 4);
    return (weir_slice){out, (size_t)(end - out)};
}

void bench_prepare(const bench_workload *one, weir_sync *sync)
{
    if (one->input != BENCH_CALLS) {
        return;
    }
    weir_input ids = weir_sync_input(sync, "ids", STRINGS);
    char key[TEXT_MAX];
    char text[TEXT_MAX];
    weir_input_set_time(ids, 0, 0);
    for (int32_t i = 0; i < PHONES / 2; i++) {
        weir_slice of = phone(i, key);
        int length =
            snprintf(text, sizeof text,
                     "{\"customer\":\"c-%" PRId32 "\",\"plan\":\"gold\",\"since\":2019}", i);
        weir_input_pipe(ids, &of, &(weir_slice){text, (size_t)length});
    }
}

typedef struct feeding {
    weir_input in;
    bench_input kind;
    const fixture_text *text;
    uint64_t random;
} feeding;

static void pipe_one(feeding *f, size_t i)
{
    weir_slice line = f->text->lines[i % f->text->count];
    char key[TEXT_MAX];
    char text[TEXT_MAX];
    if (f->kind == BENCH_LINES) {
        weir_input_pipe(f->in, NULL, &line);
        return;
    }
    int32_t phones = f->kind == BENCH_CALLS ? PHONES : KEYED_PHONES;
    weir_slice of = phone(java_next(&f->random, phones), key);
    if (f->kind == BENCH_CALLS) {
        char *end = put_number(stpcpy(text, "{\"event\":\"call\",\"seconds\":"), i, 1);
        end = stpcpy(stpcpy(stpcpy(end, ",\"from\":\""), key), "\"}");
        line = (weir_slice){text, (size_t)(end - text)};
    }
    weir_input_pipe(f->in, &of, &line);
}

weir_sync *bench_open(const bench_workload *one)
{
    weir_error error = {0};
    weir_sync_opts opts = {.config = (const char *const[]){"dsl.store", one->store, NULL}};
    weir_sync *sync = weir_sync_new(one->topology, &opts, &error);
    bench_must(sync != NULL, error.message);
    return sync;
}

size_t bench_feed(const bench_workload *one, weir_sync *sync, const fixture_text *text,
                  size_t records)
{
    feeding f = {.in = weir_sync_input(sync, "in", STRINGS),
                 .kind = one->input,
                 .text = text,
                 .random = java_random(7)};
    weir_output out = weir_sync_output(sync, "out", &weir_string, one->value);
    size_t read = 0;
    if (one->input == BENCH_LINES) {
        weir_input_set_time(f.in, 0, 1);
    } else {
        weir_input_set_time(f.in, 1000, 10);
    }
    for (size_t i = 0; i < records; i++) {
        pipe_one(&f, i);
        if (i % READ_EVERY == READ_EVERY - 1) {
            read += weir_rows_size(weir_output_rest(out));
        }
    }
    return read + weir_rows_size(weir_output_rest(out));
}
