/* SPDX-License-Identifier: Apache-2.0
 *
 * Callbacks that return with an iterator open: Weir closes it, warns once, and the instance closes
 * cleanly. */
#include <weir/dsl.h>

#include "support/log_capture.h"

#define WARNING "node 'leaky', task 0_0: a callback returned with an iterator of store 's' open"

static weir_err leave_one(weir_ctx *ctx)
{
    weir_kv_iter *left = NULL;
    weir_kv *kv = weir_store(ctx, "s");
    return kv != NULL ? weir_kv_range(kv, NULL, NULL, false, &left) : weir_ctx_error(ctx);
}

static weir_err store_row(weir_ctx *ctx, const weir_record *in)
{
    return weir_kv_put(weir_store(ctx, "s"), in->key, in->value, in->timestamp_ms);
}

/* In process: "bad" fails between the two calls. */
static weir_err process_leaves(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    weir_err err = store_row(ctx, in);
    if (err == WEIR_OK) {
        err = leave_one(ctx);
    }
    bool bad = weir_slice_equal(*(const weir_slice *)in->value, weir_slice_of("bad"));
    return err == WEIR_OK && bad ? weir_fail(ctx, WEIR_EUSER, "this one is bad") : err;
}

static const weir_processor_ops in_process = {"leaky", NULL, process_leaves, NULL};

static weir_err process_stores(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    return store_row(ctx, in);
}

static weir_err punctuate_leaves(weir_ctx *ctx, int64_t now_ms, void *state)
{
    (void)now_ms;
    (void)state;
    weir_err err = leave_one(ctx);
    return err == WEIR_OK ? weir_fail(ctx, WEIR_EUSER, "punctuation") : err;
}

static weir_err schedule(weir_ctx *ctx, void *user, void **state)
{
    *state = user;
    return weir_schedule(ctx, WEIR_WALL_CLOCK_TIME, 500, punctuate_leaves, NULL);
}

static const weir_processor_ops in_punctuator = {"leaky", schedule, process_stores, NULL};

static weir_err open_leaves(weir_ctx *ctx, void *user, void **state)
{
    *state = user;
    return leave_one(ctx);
}

static const weir_processor_ops in_open = {"leaky", open_leaves, process_stores, NULL};

static weir_err keep_store(weir_ctx *ctx, void *user, void **state)
{
    (void)user;
    *state = weir_store(ctx, "s");
    return *state != NULL ? WEIR_OK : weir_ctx_error(ctx);
}

static void close_leaves(void *state)
{
    weir_kv_iter *left = NULL;
    weir_kv_range(state, NULL, NULL, false, &left);
}

static const weir_processor_ops in_close = {"leaky", keep_store, process_stores, close_leaves};

static weir_topology *leaky(const weir_config *config, const weir_processor_ops *ops,
                            weir_error *error)
{
    const char *const in[] = {"in", NULL};
    const char *const leaky[] = {"leaky", NULL};
    weir_builder *b = weir_builder_new();
    weir_add_source(b, "in", (const char *const[]){"words", NULL}, &weir_string, &weir_string,
                    NULL);
    weir_add_processor(b, "leaky", in, ops, NULL);
    weir_add_store(
        b, "s", &(weir_store_opts){.key = &weir_string, .value = &weir_string, .caching = WEIR_ON},
        leaky);
    return weir_build(b, config, error);
}

#define TOPOLOGY(name)                                                                             \
    static weir_topology *leaky_##name(const weir_config *config, weir_error *error)               \
    {                                                                                              \
        return leaky(config, &name, error);                                                        \
    }
TOPOLOGY(in_process)
TOPOLOGY(in_punctuator)
TOPOLOGY(in_open)
TOPOLOGY(in_close)

static int times(const char *text, const char *words)
{
    int count = 0;
    while ((text = strstr(text, words)) != NULL) {
        count++;
        text += strlen(words);
    }
    return count;
}

static const char *const on_disk[] = {"dsl.store", "rocksdb", "processing.exception.handler",
                                      "continue", NULL};
static const char *const in_memory[] = {"dsl.store", "memory", "processing.exception.handler",
                                        "continue", NULL};
static const char *const uncached[] = {"statestore.cache.max.bytes", "0",
                                       "processing.exception.handler", "continue", NULL};

/* Three records, one of them bad, and 2 s for punctuations; then it closes. */
static void assert_warned_once_and_closed(void **state, weir_topology_fn topology,
                                          const char *const *settings)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_input words = weir_cluster_input(cluster, "words", 1, &weir_string, &weir_string);
    log_capture *all = log_capture_new(state);
    weir_instance *a = log_capture_start(cluster, all, "a", topology, settings);
    weir_input_text(words, "k1", "good");
    weir_input_text(words, "k2", "bad");
    weir_input_text(words, "k3", "good");
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
    weir_cluster_run_for(cluster, WEIR_SECONDS(2));
    assert_int_equal(weir_instance_close(a, WEIR_SECONDS(30)), WEIR_OK);
    assert_int_equal(all->failures, 0);
    assert_in(weir__buf_text(&all->log), WARNING);
    assert_int_equal(times(weir__buf_text(&all->log), WARNING), 1);
}

#define TESTS(place)                                                                               \
    static void place##_on_disk(void **state)                                                      \
    {                                                                                              \
        assert_warned_once_and_closed(state, leaky_##place, on_disk);                              \
    }                                                                                              \
    static void place##_in_memory(void **state)                                                    \
    {                                                                                              \
        assert_warned_once_and_closed(state, leaky_##place, in_memory);                            \
    }                                                                                              \
    static void place##_without_cache(void **state)                                                \
    {                                                                                              \
        assert_warned_once_and_closed(state, leaky_##place, uncached);                             \
    }
TESTS(in_process)
TESTS(in_punctuator)
TESTS(in_open)
TESTS(in_close)

static weir_uncaught replace(const char *thread, const weir_error *error, void *user)
{
    (void)thread;
    (void)error;
    ((log_capture *)user)->failures++;
    return WEIR_REPLACE_THREAD;
}

static bool was_replaced_twice(weir_cluster *cluster, void *user)
{
    (void)cluster;
    return ((const log_capture *)user)->failures >= 2;
}

static void a_thread_that_is_replaced_leaves_no_iterator(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_input words = weir_cluster_input(cluster, "words", 1, &weir_string, &weir_string);
    log_capture *all = log_capture_new(state);
    weir_instance_opts opts = log_capture_opts(all, NULL);
    opts.app.on_uncaught = replace;
    weir_instance *a = weir_cluster_start(cluster, "a", leaky_in_process, &opts);
    weir_input_text(words, "k", "bad");
    weir_run_until_with(cluster, was_replaced_twice, all, WEIR_MINUTES(2));
    assert_int_equal(weir_instance_close(a, WEIR_SECONDS(30)), WEIR_OK);
    assert_int_equal(times(weir__buf_text(&all->log), WARNING), 1);
}

#define iterator_tests(place)                                                                      \
    cluster_test(place##_on_disk), cluster_test(place##_in_memory),                                \
        cluster_test(place##_without_cache)

int main(void)
{
    const struct CMUnitTest tests[] = {
        iterator_tests(in_process),
        iterator_tests(in_punctuator),
        iterator_tests(in_open),
        iterator_tests(in_close),
        cluster_test(a_thread_that_is_replaced_leaves_no_iterator),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
