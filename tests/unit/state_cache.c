/* SPDX-License-Identifier: Apache-2.0
 *
 * The record cache: which updates it keeps, when and in which order it flushes them, and callbacks
 * that put into the stores that are being flushed. */
#include "state_kit.h"

#include "state/cache.h"

#define ENTRY_BYTES ((size_t)45) /* beyond key, value, topic, headers: as Kafka counts */
#define BIG ((size_t)1 << 20)

/* A cached store over memory and the changes flushed from it. */
typedef struct listened {
    weir__kv *below;
    weir__kv *kv;
    char out[2048]; /* "key:old->new@offset " a change */
    int64_t offset; /* of the current record */
    int64_t origin; /* offset given to set_origin; -1: none */
    int64_t origins[64];
    int nested;
    const char *headers;
    weir__kv *puts_into; /* each change is also put there */
    bool puts_new_keys;
    bool puts_once;
    int depth;
    weir_err fails_with;
} listened;

static weir__origin origin(void *user)
{
    listened *l = user;
    return (weir__origin){
        .topic = "in", .offset = l->offset, .timestamp_ms = 7, .headers = s(l->headers)};
}

static void set_origin(void *user, const weir__origin *at)
{
    listened *l = user;
    l->origins[l->nested] = l->origin;
    l->nested += at != NULL ? 1 : -1;
    l->origin = at != NULL ? at->offset : l->origins[l->nested];
}

static const char *text_of(weir_slice bytes, char out[64])
{
    snprintf(out, 64, "%.*s", bytes.data != NULL ? (int)bytes.len : 4,
             bytes.data != NULL ? (const char *)bytes.data : "null");
    return out;
}

static weir_err on_flush(void *user, const weir__flushed *flushed, weir_error *error)
{
    listened *l = user;
    char key[64];
    char old[64];
    char new_row[64];
    if (l->fails_with != WEIR_OK) {
        return l->fails_with;
    }
    text_of(flushed->key, key);
    weir_slice now;
    assert_int_equal(l->origin, flushed->origin->offset);
    assert_ok(weir__kv_get(l->below, flushed->key, &now, error));
    assert_true(weir_slice_equal(now, flushed->new_row));
    assert_int_equal(flushed->origin->timestamp_ms, 7);
    if (l->headers != NULL) {
        assert_slice(flushed->origin->headers, l->headers);
    }
    if (l->puts_into != NULL && l->depth < 20) {
        char other[72];
        l->depth++;
        snprintf(other, sizeof other, "%s%s", key, l->puts_new_keys ? "+" : "");
        kit_put(l->puts_into, other, "put by a callback");
        l->depth--;
        if (l->puts_once) {
            l->puts_into = NULL;
        }
    }
    size_t used = strlen(l->out);
    snprintf(l->out + used, sizeof l->out - used, "%s%s:%s->%s@%lld", used != 0 ? " " : "", key,
             text_of(flushed->old_row, old), text_of(flushed->new_row, new_row),
             (long long)flushed->origin->offset);
    return WEIR_OK;
}

static void open_listened(weir__cache *cache, listened *l, bool old_rows)
{
    weir__cache_client client = {.origin = origin,
                                 .set_origin = set_origin,
                                 .on_flush = on_flush,
                                 .old_rows = old_rows,
                                 .user = l};
    l->origin = -1;
    l->below = kit_memory();
    assert_ok(weir__cache_wrap(cache, l->below, &client, &l->kv, NULL));
}

static void put_at(listened *l, const char *key, const char *value, int64_t offset)
{
    l->offset = offset;
    kit_put(l->kv, key, value);
}

#define assert_out(l, text) kit_assert_out((l), (text), __FILE__, __LINE__)
static void kit_assert_out(listened *l, const char *text, const char *file, int line)
{
    _assert_string_equal(l->out, text, file, line);
    l->out[0] = '\0';
}

static weir__cache *cache_of(size_t bytes)
{
    weir__cache *cache = NULL;
    assert_ok(weir__cache_new(bytes, &cache));
    return cache;
}

static void puts_of_a_key_become_one_change(void **state)
{
    (void)state;
    weir__cache *cache = cache_of(BIG);
    listened l = {0};
    open_listened(cache, &l, true);
    kit_put(l.below, "a", "0");
    put_at(&l, "a", "1", 10);
    put_at(&l, "a", "2", 11);
    assert_slice(kit_get(l.kv, "a"), "2");
    assert_slice(kit_get(l.below, "a"), "0");
    assert_out(&l, "");
    assert_ok(weir__kv_flush(l.kv, NULL));
    assert_out(&l, "a:0->2@11");
    assert_ok(weir__kv_flush(l.kv, NULL));
    assert_out(&l, "");
    weir__kv_close(l.kv);
    weir__cache_free(cache);
}

static void changes_are_flushed_in_the_order_of_their_last_put(void **state)
{
    (void)state;
    weir__cache *cache = cache_of(BIG);
    listened l = {0};
    open_listened(cache, &l, false);
    put_at(&l, "c", "1", 0);
    put_at(&l, "a", "2", 1);
    put_at(&l, "b", "3", 2);
    put_at(&l, "c", "4", 3);
    kit_get(l.kv, "a");
    assert_ok(weir__kv_flush(l.kv, NULL));
    assert_out(&l, "a:null->2@1 b:null->3@2 c:null->4@3");
    weir__kv_close(l.kv);
    weir__cache_free(cache);
}

static void old_rows_are_returned_only_on_request(void **state)
{
    (void)state;
    weir__cache *cache = cache_of(BIG);
    listened l = {0};
    open_listened(cache, &l, false);
    kit_put(l.below, "a", "0");
    put_at(&l, "a", NULL, 5);
    assert_ok(weir__kv_flush(l.kv, NULL));
    assert_out(&l, "a:null->null@5");
    weir__kv_close(l.kv);
    weir__cache_free(cache);
}

static void a_key_that_is_added_and_deleted_leaves_no_trace(void **state)
{
    (void)state;
    weir__cache *cache = cache_of(BIG);
    listened l = {0};
    open_listened(cache, &l, true);
    put_at(&l, "a", "1", 0);
    put_at(&l, "a", NULL, 1);
    assert_slice(kit_get(l.kv, "a"), NULL);
    assert_ok(weir__kv_flush(l.kv, NULL));
    assert_out(&l, "");
    assert_int_equal(weir__cache_used(cache), 0);
    weir__kv_close(l.kv);
    weir__cache_free(cache);
}

static void without_bytes_every_put_goes_through(void **state)
{
    (void)state;
    weir__cache *cache = cache_of(0);
    listened l = {.headers = "h"};
    open_listened(cache, &l, true);
    put_at(&l, "a", "1", 1);
    assert_out(&l, "a:null->1@1");
    put_at(&l, "a", "2", 2);
    put_at(&l, "a", NULL, 3);
    put_at(&l, "a", NULL, 4);
    assert_out(&l, "a:1->2@2 a:2->null@3");
    assert_int_equal(weir__cache_used(cache), 0);
    weir__kv_close(l.kv);
    weir__cache_free(cache);
}

static void entries_count_as_in_kafka(void **state)
{
    (void)state;
    weir__cache *cache = cache_of(BIG);
    listened l = {.headers = "head"};
    open_listened(cache, &l, false);
    put_at(&l, "key", "value", 0);
    assert_int_equal(weir__cache_used(cache), ENTRY_BYTES + 3 + 5 + 2 + 4);
    put_at(&l, "key", "v", 0);
    assert_int_equal(weir__cache_used(cache), ENTRY_BYTES + 3 + 1 + 2 + 4);
    kit_put(l.below, "read", "row");
    kit_get(l.kv, "read");
    assert_int_equal(weir__cache_used(cache), 2 * ENTRY_BYTES + 3 + 1 + 2 + 4 + 4 + 3);
    weir__kv_close(l.kv);
    assert_int_equal(weir__cache_used(cache), 0);
    weir__cache_free(cache);
}

static void a_full_cache_flushes_the_store_of_the_oldest_and_drops_it(void **state)
{
    (void)state;
    weir__cache *cache = cache_of(3 * (ENTRY_BYTES + 2 + 2));
    listened l = {0};
    open_listened(cache, &l, false);
    put_at(&l, "a", "1", 0);
    put_at(&l, "b", "2", 1);
    put_at(&l, "c", "3", 2);
    assert_out(&l, "");
    kit_get(l.kv, "a"); /* b is now the one not used for longest */
    put_at(&l, "d", "4", 3);
    assert_out(&l, "b:null->2@1 a:null->1@0 c:null->3@2 d:null->4@3");
    assert_int_equal(weir__cache_used(cache), 3 * (ENTRY_BYTES + 2 + 2));
    put_at(&l, "e", "5", 4); /* drops c, which is clean */
    assert_out(&l, "");
    weir__kv_close(l.kv);
    weir__cache_free(cache);
}

static void stores_share_the_bound_of_their_cache(void **state)
{
    (void)state;
    weir__cache *cache = cache_of(3 * (ENTRY_BYTES + 2 + 2));
    listened one = {0};
    listened two = {0};
    open_listened(cache, &one, false);
    open_listened(cache, &two, false);
    put_at(&one, "a", "1", 0);
    put_at(&one, "b", "2", 1);
    put_at(&two, "x", "3", 2);
    put_at(&two, "y", "4", 3);
    assert_out(&one, "a:null->1@0 b:null->2@1");
    assert_out(&two, "");
    weir__kv_close(one.kv);
    assert_int_equal(weir__cache_used(cache), 2 * (ENTRY_BYTES + 2 + 2));
    weir__kv_close(two.kv);
    weir__cache_free(cache);
}

static void a_get_never_calls_back(void **state)
{
    (void)state;
    weir__cache *cache = cache_of(2 * (ENTRY_BYTES + 2 + 2));
    listened l = {0};
    open_listened(cache, &l, false);
    kit_put(l.below, "r", "0");
    put_at(&l, "a", "1", 0);
    put_at(&l, "b", "2", 1);
    assert_slice(kit_get(l.kv, "r"), "0");
    assert_out(&l, "");
    assert_int_equal(weir__cache_used(cache), 2 * (ENTRY_BYTES + 2 + 2));
    weir__kv_close(l.kv);
    weir__cache_free(cache);
}

static void a_row_larger_than_the_cache_goes_through(void **state)
{
    (void)state;
    weir__cache *cache = cache_of(10);
    listened l = {0};
    open_listened(cache, &l, false);
    put_at(&l, "a", "1", 0);
    assert_out(&l, "a:null->1@0");
    assert_int_equal(weir__cache_used(cache), 0);
    weir__kv_close(l.kv);
    weir__cache_free(cache);
}

static void a_smaller_bound_holds_from_the_next_put(void **state)
{
    (void)state;
    weir__cache *cache = cache_of(BIG);
    listened l = {0};
    open_listened(cache, &l, false);
    put_at(&l, "a", "1", 0);
    put_at(&l, "b", "2", 1);
    weir__cache_resize(cache, 0);
    assert_out(&l, "");
    put_at(&l, "a", "3", 2);
    assert_out(&l, "b:null->2@1 a:null->3@2");
    assert_int_equal(weir__cache_used(cache), 0);
    assert_slice(kit_get(l.kv, "a"), "3");
    weir__kv_close(l.kv);
    weir__cache_free(cache);
}

static void the_origin_is_current_while_a_change_is_written(void **state)
{
    (void)state;
    weir__cache *cache = cache_of(BIG);
    listened l = {0};
    open_listened(cache, &l, false);
    put_at(&l, "a", "1", 41);
    l.offset = 99;
    assert_ok(weir__kv_flush(l.kv, NULL));
    assert_out(&l, "a:null->1@41");
    assert_int_equal(l.origin, -1);
    weir__kv_close(l.kv);
    weir__cache_free(cache);
}

static void a_callback_may_put_into_another_store_of_the_cache(void **state)
{
    (void)state;
    for (size_t bytes = 0; bytes < 400; bytes += 20) {
        weir__cache *cache = cache_of(bytes);
        listened up = {0};
        listened down = {0};
        open_listened(cache, &up, false);
        open_listened(cache, &down, true);
        up.puts_into = down.kv;
        for (int i = 0; i < 50; i++) {
            char key[16];
            snprintf(key, sizeof key, "%d", i * 7 % 10);
            put_at(&up, key, "value", i);
            up.out[0] = down.out[0] = '\0';
        }
        assert_ok(weir__kv_flush(up.kv, NULL));
        assert_ok(weir__kv_flush(down.kv, NULL));
        for (int i = 0; i < 10; i++) {
            char key[16];
            snprintf(key, sizeof key, "%d", i);
            assert_slice(kit_get(up.below, key), "value");
            assert_slice(kit_get(down.below, key), "put by a callback");
        }
        weir__kv_close(up.kv);
        weir__kv_close(down.kv);
        weir__cache_free(cache);
    }
}

static void a_callback_may_put_into_the_store_that_is_flushed(void **state)
{
    (void)state;
    for (size_t bytes = 0; bytes < 400; bytes += 20) {
        weir__cache *cache = cache_of(bytes);
        listened l = {.puts_new_keys = true};
        open_listened(cache, &l, true);
        l.puts_into = l.kv;
        for (int i = 0; i < 5; i++) {
            char key[16];
            snprintf(key, sizeof key, "%d", i);
            put_at(&l, key, "value", i);
            l.out[0] = '\0';
        }
        l.puts_into = NULL;
        assert_ok(weir__kv_flush(l.kv, NULL));
        assert_slice(kit_get(l.below, "0"), "value");
        assert_slice(kit_get(l.below, "4"), "value");
        weir__kv_close(l.kv);
        weir__cache_free(cache);
    }
}

/* The rows that a callback puts during an eviction exceed the cache's size by themselves. */
static void an_eviction_leaves_rows_that_it_made_dirty_again(void **state)
{
    (void)state;
    weir__cache *cache = cache_of(3 * (ENTRY_BYTES + 2 + 2));
    listened l = {.puts_new_keys = true};
    open_listened(cache, &l, false);
    put_at(&l, "a", "1", 0);
    put_at(&l, "b", "2", 1);
    put_at(&l, "c", "3", 2);
    l.puts_into = l.kv;
    put_at(&l, "d", "4", 3);
    l.puts_into = NULL;
    assert_out(&l, "a:null->1@0 b:null->2@1 c:null->3@2 d:null->4@3");
    assert_ok(weir__kv_flush(l.kv, NULL));
    assert_slice(kit_get(l.below, "a+"), "put by a callback");
    assert_slice(kit_get(l.below, "b+"), "put by a callback");
    assert_slice(kit_get(l.below, "c+"), "put by a callback");
    assert_slice(kit_get(l.below, "d+"), "put by a callback");
    weir__kv_close(l.kv);
    weir__cache_free(cache);
}

static void a_callback_may_put_the_key_that_is_flushed(void **state)
{
    (void)state;
    weir__cache *cache = cache_of(BIG);
    listened l = {0};
    open_listened(cache, &l, true);
    l.puts_into = l.kv;
    l.puts_once = true;
    put_at(&l, "a", "1", 3);
    assert_ok(weir__kv_flush(l.kv, NULL));
    assert_out(&l, "a:null->1@3 a:1->put by a callback@3");
    assert_slice(kit_get(l.below, "a"), "put by a callback");
    weir__kv_close(l.kv);
    weir__cache_free(cache);
}

static void a_store_that_stays_dirty_is_an_error(void **state)
{
    (void)state;
    weir__cache *cache = cache_of(BIG);
    listened l = {0};
    open_listened(cache, &l, false);
    l.puts_into = l.kv;
    put_at(&l, "a", "1", 0);
    assert_int_equal(weir__kv_flush(l.kv, NULL), WEIR_ELIMIT);
    weir__kv_close(l.kv);
    weir__cache_free(cache);
}

static void a_failing_callback_ends_the_flush(void **state)
{
    (void)state;
    weir__cache *cache = cache_of(BIG);
    listened l = {0};
    open_listened(cache, &l, false);
    put_at(&l, "a", "1", 0);
    put_at(&l, "b", "2", 1);
    l.fails_with = WEIR_EUSER;
    assert_int_equal(weir__kv_flush(l.kv, NULL), WEIR_EUSER);
    assert_int_equal(l.origin, -1);
    assert_slice(kit_get(l.below, "b"), NULL);
    l.fails_with = WEIR_OK;
    assert_ok(weir__kv_flush(l.kv, NULL));
    assert_out(&l, "b:null->2@1");
    weir__kv_close(l.kv);
    weir__cache_free(cache);
}

static void rows_are_not_restored_through_the_cache(void **state)
{
    (void)state;
    weir__cache *cache = cache_of(BIG);
    listened l = {0};
    open_listened(cache, &l, false);
    assert_int_equal(weir__kv_restore(l.kv, NULL, 0, 1, NULL), WEIR_ESTATE);
    weir__kv_close(l.kv);
    weir__cache_free(cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(puts_of_a_key_become_one_change),
        cmocka_unit_test(changes_are_flushed_in_the_order_of_their_last_put),
        cmocka_unit_test(old_rows_are_returned_only_on_request),
        cmocka_unit_test(a_key_that_is_added_and_deleted_leaves_no_trace),
        cmocka_unit_test(without_bytes_every_put_goes_through),
        cmocka_unit_test(entries_count_as_in_kafka),
        cmocka_unit_test(a_full_cache_flushes_the_store_of_the_oldest_and_drops_it),
        cmocka_unit_test(stores_share_the_bound_of_their_cache),
        cmocka_unit_test(a_get_never_calls_back),
        cmocka_unit_test(a_row_larger_than_the_cache_goes_through),
        cmocka_unit_test(a_smaller_bound_holds_from_the_next_put),
        cmocka_unit_test(the_origin_is_current_while_a_change_is_written),
        cmocka_unit_test(a_callback_may_put_into_another_store_of_the_cache),
        cmocka_unit_test(a_callback_may_put_into_the_store_that_is_flushed),
        cmocka_unit_test(an_eviction_leaves_rows_that_it_made_dirty_again),
        cmocka_unit_test(a_callback_may_put_the_key_that_is_flushed),
        cmocka_unit_test(a_store_that_stays_dirty_is_an_error),
        cmocka_unit_test(a_failing_callback_ends_the_flush),
        cmocka_unit_test(rows_are_not_restored_through_the_cache),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
