/* SPDX-License-Identifier: Apache-2.0
 *
 * The cost of decoding and encoding JSON: the ID mapping's registrations and events, and an order
 * of 220 bytes as a weir_json value. With jansson installed the same by jansson, alternating with
 * it; one JSON object per line.
 *
 *     bench-json [--records N] */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "fixtures/id_mapping.h"
#include "process/context.h"
#ifdef WEIR_BENCH_JANSSON
#include "bench/json/jansson.h"
#endif

#define RECORDS_DEFAULT 200000
#define RECORDS_MAX 100000000
#define ROUNDS 7
#define TEXTS 1000

static const char order[] =
    "{\"orderId\":\"2026-11-0004711\",\"customer\":{\"id\":90071992547,\"name\":\"A. Customer\","
    "\"country\":\"DE\"},\"total\":119.90,\"currency\":\"EUR\",\"paid\":true,"
    "\"items\":[{\"sku\":\"A-1\",\"n\":2,\"price\":19.95},{\"sku\":\"B-22\",\"n\":1,\"price\":80.0}"
    "]}";

typedef struct subject {
    const char *library;
    const char *what;
    const weir_serde *serde;
    bool identities; /* the ID mapping's texts instead of orders */
    int64_t decode_ns;
    int64_t encode_ns; /* of all records, in the fastest round */
} subject;

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static weir_slice text_of(const subject *s, size_t index, char out[WEIR_FIXTURE_JSON_MAX])
{
    if (!s->identities) {
        return weir_slice_of(order);
    }
    return weir_slice_of(index % 2 == 0 ? fixture_registration(index, out)
                                        : fixture_event(index, TEXTS, out));
}

static int64_t shorter(int64_t a, int64_t b)
{
    return a == 0 || b < a ? b : a;
}

static weir_err decode_all(weir_ctx *ctx, subject *s, const weir_slice *in, size_t records)
{
    int64_t begin_ns = now_ns();
    for (size_t i = 0; i < records; i++) {
        const void *value = NULL;
        weir_err err = weir__decode(ctx, s->serde, in[i % TEXTS], &value);
        if (err != WEIR_OK) {
            return err;
        }
        weir__arena_reset(ctx->arena);
    }
    s->decode_ns = shorter(s->decode_ns, now_ns() - begin_ns);
    return WEIR_OK;
}

static weir_err encode_all(weir_ctx *ctx, subject *s, const weir_slice *in, size_t records)
{
    weir__arena kept = {0};
    weir__arena *scratch = ctx->arena;
    weir_buf bytes = {0};
    const void *values[TEXTS] = {NULL};
    weir_err err = WEIR_OK;
    ctx->arena = &kept;
    for (size_t i = 0; i < TEXTS && err == WEIR_OK; i++) {
        err = weir__decode(ctx, s->serde, in[i], &values[i]);
    }
    ctx->arena = scratch;
    int64_t begin_ns = now_ns();
    for (size_t i = 0; i < records && err == WEIR_OK; i++) {
        weir__buf_reset(&bytes);
        err = weir__encode(ctx, s->serde, values[i % TEXTS], &bytes);
        weir__arena_reset(ctx->arena);
    }
    s->encode_ns = shorter(s->encode_ns, now_ns() - begin_ns);
    weir__buf_fini(&bytes);
    weir__arena_fini(&kept);
    return err;
}

static bool measure(subject *s, size_t records)
{
    static char texts[TEXTS][WEIR_FIXTURE_JSON_MAX];
    weir_slice in[TEXTS];
    for (size_t i = 0; i < TEXTS; i++) {
        in[i] = text_of(s, i, texts[i]);
    }
    weir__arena arena = {0};
    weir_ctx ctx = {.arena = &arena};
    weir_err err = decode_all(&ctx, s, in, records);
    if (err == WEIR_OK) {
        err = encode_all(&ctx, s, in, records);
    }
    weir__guards_fini(&ctx);
    weir__arena_fini(&arena);
    if (err != WEIR_OK) {
        fprintf(stderr, "%s of %s: %s\n", s->library, s->what, ctx.error.message);
    }
    return err == WEIR_OK;
}

int main(int argc, char **argv)
{
    subject subjects[] = {
#ifdef WEIR_BENCH_JANSSON
        {"jansson", "identity", &bench_jansson_identity, true, 0, 0},
#endif
        {"yyjson", "identity", &fixture_identity_serde, true, 0, 0},
#ifdef WEIR_BENCH_JANSSON
        {"jansson", "order", &bench_jansson_value, false, 0, 0},
#endif
        {"yyjson", "order", &weir_json, false, 0, 0},
    };
    size_t count = sizeof subjects / sizeof subjects[0];
    uint64_t records = RECORDS_DEFAULT;
    if (argc == 3 && strcmp(argv[1], "--records") == 0) {
        records = strtoull(argv[2], NULL, 10);
    }
    if ((argc != 1 && argc != 3) || records < 1 || records > RECORDS_MAX) {
        fprintf(stderr, "usage: bench-json [--records 1..%d]\n", RECORDS_MAX);
        return 2;
    }
    for (size_t round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < count; i++) {
            if (!measure(&subjects[i], records)) {
                return 1;
            }
        }
    }
    for (size_t i = 0; i < count; i++) {
        const subject *s = &subjects[i];
        printf("{\"bench\":\"json\",\"library\":\"%s\",\"what\":\"%s\",\"records\":%" PRIu64
               ",\"decode_ns\":%.0f,\"encode_ns\":%.0f}\n",
               s->library, s->what, records, (double)s->decode_ns / (double)records,
               (double)s->encode_ns / (double)records);
    }
    return 0;
}
