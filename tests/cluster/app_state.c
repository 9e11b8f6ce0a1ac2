/* SPDX-License-Identifier: Apache-2.0
 *
 * State that must equal the changelog: after restarts, wiped or damaged directories and truncated
 * changelogs; and global tables, which every instance holds whole. */
#include <dirent.h>
#include <sys/stat.h>

#include "support/word_counts.h"

/* A store with its rows: word -> count, read through inspect. */
typedef struct store_sum {
    const char *store;
    int64_t total; /* of all counts */
    int rows;
} store_sum;

static void sum_store(const weir__snapshot_store *store, store_sum *all)
{
    weir_error error;
    weir__rows_wanted all_rows = {0};
    weir__kv_iter *iter = NULL;
    weir_slice key, value;
    assert_int_equal(weir__snapshot_store_range(store, &all_rows, &iter, &error), WEIR_OK);
    while (iter->ops->next(iter, &key, &value)) {
        all->rows++;
        all->total += (int64_t)weir__load_u64((const uint8_t *)value.data + WEIR__TIMESTAMP_SIZE);
    }
    assert_int_equal(iter->ops->close(iter), WEIR_OK);
}

static void sum_thread(const weir__snapshot_thread *thread, void *user)
{
    store_sum *all = user;
    for (size_t t = 0; t < thread->task_count; t++) {
        for (size_t s = 0; s < thread->tasks[t].store_count; s++) {
            if (strcmp(thread->tasks[t].stores[s].name, all->store) == 0) {
                sum_store(&thread->tasks[t].stores[s], all);
            }
        }
    }
}

static int64_t words_in_store(const app *one)
{
    store_sum all = {.store = "counts"};
    weir_error error;
    assert_int_equal(weir__app_inspect(one->app, 1000, sum_thread, &all, &error), WEIR_OK);
    return all.total;
}

static void count_rounds(apps *all, app *one, int *sent)
{
    for (int i = 0; i < ROUNDS; i++) {
        send_round(all, i);
    }
    *sent += ROUNDS;
    app_run_until(all, count_of(all, "word-counts", "every", NULL) == *sent, 60);
    app_run_until(all, words_in_store(one) == 2 * *sent, 10);
}

static app *start_in(apps *all, const char *name, const char *directory, const char *store)
{
    const char *const settings[] = {"state.dir", directory, "dsl.store", store, NULL};
    app *one = app_start(all, name, fixture_word_count, settings);
    app_run_until(all, app_is(one, WEIR_STATE_RUNNING), 60);
    return one;
}

static void a_store_in_memory_is_restored_at_each_start(void **state)
{
    apps *all = *state;
    int sent = 0;
    word_count_topics(all);
    app *a = start_in(all, "a", "/nowhere", "memory");
    count_rounds(all, a, &sent);
    app_close(a);
    app *b = start_in(all, "b", "/nowhere", "memory");
    assert_int_equal(words_in_store(b), 2 * sent);
    count_rounds(all, b, &sent);
    app_close(b);
}

static void damage(const char *directory)
{
    char path[1024];
    DIR *open = opendir(directory);
    assert_non_null(open);
    for (struct dirent *entry; (entry = readdir(open)) != NULL;) {
        if (strncmp(entry->d_name, "MANIFEST", 8) == 0) {
            snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
            FILE *file = fopen(path, "w");
            assert_non_null(file);
            fputs("nonsense", file);
            fclose(file);
        }
    }
    closedir(open);
}

static void a_damaged_store_is_restored_from_its_changelog(void **state)
{
    apps *all = *state;
    int sent = 0;
    char directory[512];
    word_count_topics(all);
    snprintf(directory, sizeof directory, "%s/kept", all->directory);
    app *a = start_in(all, "a", directory, "rocksdb");
    count_rounds(all, a, &sent);
    app_close(a);
    char store[600];
    snprintf(store, sizeof store, "%s/app/1_3/rocksdb/counts", directory);
    damage(store);
    app *again = start_in(all, "again", directory, "rocksdb");
    assert_true(again->restored > 0);
    assert_int_equal(words_in_store(again), 2 * sent);
    app_close(again);
}

/* The store needs an offset that was deleted from the changelog. Its rows may be outdated, so it is
 * wiped and gets only the rows that the changelog still has. */
static void a_truncated_changelog_makes_the_store_new(void **state)
{
    apps *all = *state;
    int sent = 0;
    char directory[512];
    word_count_topics(all);
    mock_create(all->mock, "app-counts-changelog", 4); /* not compacted: records can be deleted */
    snprintf(directory, sizeof directory, "%s/kept", all->directory);
    app *a = start_in(all, "a", directory, "rocksdb");
    count_rounds(all, a, &sent);
    app_close(a);
    app *other = start_in(all, "other", all->directory, "rocksdb");
    count_rounds(all, other, &sent);
    app_close(other);
    rd_kafka_t *admin = client_new(RD_KAFKA_PRODUCER, all->mock, "admin", NULL);
    for (int32_t p = 0; p < 4; p++) {
        admin_delete_records(admin, "app-counts-changelog", p, -1);
    }
    rd_kafka_destroy(admin);
    app *again = start_in(all, "again", directory, "rocksdb");
    assert_int_equal(again->restored, 0);
    assert_int_equal(words_in_store(again), 0);
    app_close(again);
}

/* ---- Restarts while it restores ---- */

static void an_interrupted_restore_continues_at_its_offset(void **state)
{
    apps *all = *state;
    int sent = 0;
    char directory[512];
    word_count_topics(all);
    const char *const no_cache[] = {"statestore.cache.max.bytes", "0", NULL};
    app *a = app_start(all, "a", fixture_word_count, no_cache);
    app_run_until(all, app_is(a, WEIR_STATE_RUNNING), 60);
    count_rounds(all, a, &sent);
    app_close(a);
    snprintf(directory, sizeof directory, "%s/kept", all->directory);
    const char *const kept[] = {"state.dir", directory,
                                "restore.consumer.max.partition.fetch.bytes", "300", NULL};
    app *b = app_start(all, "b", fixture_word_count, kept);
    app_run_until(all, b->restored > 0, 60);
    app_close(b);
    int before = b->restored;
    app *again = start_in(all, "again", directory, "rocksdb");
    assert_int_equal(before + again->restored, 2 * sent);
    assert_int_equal(words_in_store(again), 2 * sent);
    app_close(again);
}

/* ---- Deletions ---- */

static weir_topology *numbers_table(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_table_source(b, "numbers", "numbers", &weir_string, &weir_i64, NULL);
    return weir_build(b, config, error);
}

/* `value`: 8 bytes; NULL deletes. */
static void send_number(apps *all, const char *key, const char *value)
{
    weir_slice bytes = value != NULL ? weir_slice_of(value) : (weir_slice){0};
    assert_code(client_produce(all->producer, "numbers", 0, weir_slice_of(key), bytes), 0);
}

static int numbers_in_store(const app *one)
{
    store_sum all = {.store = "numbers"};
    weir_error error;
    assert_int_equal(weir__app_inspect(one->app, 1000, sum_thread, &all, &error), WEIR_OK);
    return all.rows;
}

static void deleted_rows_do_not_reappear_with_a_restore(void **state)
{
    apps *all = *state;
    mock_create(all->mock, "numbers", 1);
    const char *const no_cache[] = {"statestore.cache.max.bytes", "0", NULL};
    app *a = app_start(all, "a", numbers_table, no_cache);
    send_number(all, "kept", "8 bytes!");
    send_number(all, "deleted", "8 bytes!");
    send_number(all, "back", "8 bytes!");
    send_number(all, "deleted", NULL);
    send_number(all, "back", NULL);
    send_number(all, "back", "8 bytes!");
    app_run_until(all, committed(all, "numbers", 0) == 6, 60);
    assert_int_equal(numbers_in_store(a), 2);
    app_close(a);
    app *b = app_start(all, "b", numbers_table, NULL);
    app_run_until(all, app_is(b, WEIR_STATE_RUNNING), 60);
    assert_int_equal(numbers_in_store(b), 2);
    assert_int_equal(b->restored, 6);
    app_close(b);
}

/* ---- Global tables ---- */

static weir_err join_names(weir_ctx *ctx, const void *key, const void *left, const void *right,
                           void *out, void *user)
{
    (void)key;
    (void)user;
    const weir_slice *a = left;
    const weir_slice *b = right;
    char *text = weir_alloc(ctx, a->len + b->len + 1);
    memcpy(text, a->data, a->len);
    text[a->len] = '+';
    memcpy(text + a->len + 1, b->data, b->len);
    *(weir_slice *)out = (weir_slice){text, a->len + b->len + 1};
    return WEIR_OK;
}

static weir_topology *with_global(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_global_table names =
        weir_global_table_source(b, "names", "names", &weir_string, &weir_string, NULL);
    weir_stream in = weir_source(b, "words", &weir_string, &weir_string, NULL);
    weir_to(weir_join_global(in, names, &weir_string, join_names, NULL, NULL), "copies", NULL);
    return weir_build(b, config, error);
}

static weir_err keep_last(const weir_mock_record *record, void *user)
{
    snprintf(user, 64, "%.*s", (int)record->value.len, (const char *)record->value.data);
    return WEIR_OK;
}

static bool last_copy_is(apps *all, const char *text)
{
    char last[64] = "";
    weir_error error;
    assert_int_equal(weir_mock_topic_read(all->mock, "copies", keep_last, last, &error), WEIR_OK);
    return strcmp(last, text) == 0;
}

static void a_global_table_is_whole_before_the_first_record(void **state)
{
    apps *all = *state;
    mock_create(all->mock, "names", 3);
    mock_create(all->mock, "words", 2);
    mock_create(all->mock, "copies", 1);
    send_line(all, "names", 2, "one");
    send_line(all, "words", 0, "early");
    app *a = app_start(all, "a", with_global, NULL);
    app_run_until(all, last_copy_is(all, "early+one"), 30);
    send_line(all, "names", 2, "two");
    weir_sim_sleep_us(2000000);
    send_line(all, "words", 1, "late");
    app_run_until(all, last_copy_is(all, "late+two"), 30);
    app_close(a);
}

static void a_missing_global_topic_fails_the_start(void **state)
{
    apps *all = *state;
    mock_create(all->mock, "words", 2);
    app *a = app_new(all, "a", with_global, NULL);
    weir_error error;
    assert_int_equal(app_try_start(a, &error), WEIR_EMISSING_TOPIC);
    assert_string_equal(error.message,
                        "There are no partitions available for topic names when initializing "
                        "global store names");
    assert_true(app_is(a, WEIR_STATE_CREATED));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        apps_test(a_store_in_memory_is_restored_at_each_start),
        apps_test(a_damaged_store_is_restored_from_its_changelog),
        apps_test(a_truncated_changelog_makes_the_store_new),
        apps_test(an_interrupted_restore_continues_at_its_offset),
        apps_test(deleted_rows_do_not_reappear_with_a_restore),
        apps_test(a_global_table_is_whole_before_the_first_record),
        apps_test(a_missing_global_topic_fails_the_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
