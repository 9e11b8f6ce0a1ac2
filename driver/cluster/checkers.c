/* SPDX-License-Identifier: Apache-2.0
 *
 * Checkers of a cluster: they get its events, know its changelogs, and fail the test. */
#include <stdlib.h>

#include "check/check.h"
#include "cluster/cluster.h"

/* ---- Life --------------------------------------------------------------------------------- */

weir_checker *weir_cluster_checker_at(weir_cluster *cluster, const weir_checker_opts *opts,
                                      const char *file, int line)
{
    WEIR__AT_PLACE(file, line);
    if (!weir__given(cluster != NULL, "weir_cluster_checker", "cluster") ||
        !weir__may_call(&cluster->driver, "weir_cluster_checker")) {
        return NULL;
    }
    if (cluster->checker_count == WEIR__CHECKERS_MAX) {
        weir__cluster_fail(cluster, "weir_cluster_checker: more than %zu checkers",
                           WEIR__CHECKERS_MAX);
        return NULL;
    }
    weir_checker_opts mine = opts != NULL ? *opts : (weir_checker_opts){0};
    mine.application =
        mine.application != NULL ? mine.application : weir_cluster_application(cluster);
    weir_checker *checker = weir__must(weir_checker_new(&mine));
    checker->cluster = cluster;
    cluster->checkers[cluster->checker_count++] = checker;
    for (size_t i = 0; i < cluster->instance_count; i++) {
        weir__checkers_topology(cluster->instances[i]);
    }
    weir__events_observe(cluster);
    return checker;
}

void weir__checkers_topology(const weir_instance *instance)
{
    const weir_cluster *cluster = instance->cluster;
    const weir_topology *topology = instance->topology;
    for (size_t i = 0; topology != NULL && i < topology->store_count; i++) {
        const weir__store_spec *store = &topology->stores[i];
        if (!store->logging || store->subtopology < 0 || store->source_topic != NULL) {
            continue;
        }
        char *topic = weir__must(weir__changelog_name(instance->application, store->name));
        for (size_t j = 0; j < cluster->checker_count; j++) {
            weir__check_written(cluster->checkers[j], topic,
                                topology->subtopologies[store->subtopology].id);
        }
        free(topic);
    }
}

void weir__checkers_event(const weir_cluster *cluster, const weir_event *event)
{
    for (size_t i = 0; i < cluster->checker_count; i++) {
        weir_checker_event(cluster->checkers[i], event);
    }
}

const char *weir__checkers_news(const weir_cluster *cluster)
{
    for (size_t i = 0; i < cluster->checker_count; i++) {
        weir_checker *checker = cluster->checkers[i];
        const char *violation = weir_checker_violation(checker);
        if (violation != NULL && !checker->reported) {
            checker->reported = true;
            return violation;
        }
    }
    return NULL;
}

bool weir__checkers_failed(weir_cluster *cluster)
{
    const char *violation = weir__checkers_news(cluster);
    if (violation != NULL) {
        weir__cluster_fail(cluster, "%s", violation);
    }
    return violation != NULL;
}

void weir__checkers_end(weir_cluster *cluster)
{
    for (size_t i = 0; i < cluster->checker_count; i++) {
        weir__checker_end(cluster->checkers[i]);
    }
    cluster->checker_count = 0;
}

/* ---- Inputs and outputs ------------------------------------------------------------------- */

/* The ids of one record. */
struct weir_id_list {
    weir_checker *checker;
    const weir_check_results *results;
    const weir_mock_record *record;
    bool output;
};

void weir_id_add(weir_id_list *list, weir_slice id)
{
    if (list != NULL) {
        (list->output ? weir_checker_output : weir_checker_input)(list->checker, list->record, id);
    }
}

static void default_ids(const weir_mock_record *record, weir_id_list *list, const char *header)
{
    if (header == NULL) {
        weir_id_add(list, record->key);
        return;
    }
    for (size_t i = 0; i < record->header_count; i++) {
        if (strcmp(record->headers[i].name, header) == 0) {
            weir_id_add(list, record->headers[i].value);
        }
    }
}

static weir_err see(const weir_mock_record *record, void *user)
{
    weir_id_list *list = user;
    list->record = record;
    if (list->results->ids != NULL) {
        list->results->ids(record, list, list->results->user);
    } else {
        default_ids(record, list, list->results->id_header);
    }
    return WEIR_OK;
}

static bool read_topics(weir_id_list *list, const char *const *topics)
{
    weir_cluster *cluster = list->checker->cluster;
    for (; *topics != NULL; topics++) {
        weir_error error = {0};
        if (weir_mock_topic_read(cluster->mock, *topics, see, list, &error) != WEIR_OK) {
            weir__cluster_fail(cluster, "weir_checker_results: %s: %s", *topics, error.message);
            return false;
        }
    }
    return true;
}

/* The cluster of a checker that may be asked now; NULL: the test has failed. */
static weir_cluster *cluster_of(const weir_checker *checker, const char *function)
{
    if (!weir__given(checker != NULL, function, "checker")) {
        return NULL;
    }
    if (checker->cluster == NULL) {
        weir__cluster_fail(weir__cluster_current(), "%s: the checker belongs to no cluster",
                           function);
        return NULL;
    }
    return weir__may_call(&checker->cluster->driver, function) ? checker->cluster : NULL;
}

void weir_checker_results_at(weir_checker *checker, const weir_check_results *results,
                             const char *file, int line)
{
    static const char function[] = "weir_checker_results";
    WEIR__AT_PLACE(file, line);
    weir_cluster *cluster = cluster_of(checker, function);
    if (cluster == NULL || !weir__given(results != NULL, function, "results") ||
        !weir__given(results->inputs != NULL, function, "results->inputs") ||
        !weir__given(results->outputs != NULL, function, "results->outputs")) {
        return;
    }
    weir__inputs_flush(cluster);
    weir__results_fini(checker);
    weir_id_list list = {.checker = checker, .results = results};
    if (read_topics(&list, results->inputs)) {
        list.output = true;
        if (read_topics(&list, results->outputs)) {
            weir_checker_compare(checker, results);
        }
    }
    weir__checkers_failed(cluster);
}

/* ---- Stores ------------------------------------------------------------------------------- */

typedef struct store_check {
    weir_checker *checker;
    weir_cluster *cluster;
    const char *topic;
    const weir_serde *key;
    const weir_serde *value;
    const weir_rows *records; /* of the topic */
    const weir_rows *rows;    /* of the store */
    weir_rows *stale;         /* keys that a former owner wrote */
} store_check;

static void note_stale(const store_check *check, const char *topic)
{
    const weir_rows *records =
        weir_output_all(weir_cluster_output(check->cluster, topic, check->key, check->value));
    for (size_t i = 0; i < weir_rows_size(records); i++) {
        const weir_row *row = weir_rows_at(records, i);
        if (weir_checker_is_stale(check->checker, topic, row->partition, row->offset)) {
            weir_rows_put(check->stale, row->key, &(int64_t){1});
        }
    }
}

/* A partition's keys with the index of their last visible record. */
static weir_rows *fold(const store_check *check, int32_t partition)
{
    weir_rows *last = weir_rows_new(check->cluster, check->key, &weir_i64);
    for (size_t i = 0; i < weir_rows_size(check->records); i++) {
        const weir_row *row = weir_rows_at(check->records, i);
        int64_t index = (int64_t)i;
        if (row->partition == partition &&
            weir_checker_is_visible(check->checker, check->topic, partition, row->offset)) {
            weir_rows_put(last, row->key, &index);
        }
    }
    return last;
}

static void report(const store_check *check, int32_t partition, int64_t offset, const char *task,
                   const char *text)
{
    weir__check_violation(check->checker, WEIR_STORE_DIFFERS,
                          &(weir__where){.topic = check->topic,
                                         .partition = partition,
                                         .offset = offset,
                                         .task = task,
                                         .generation = -1},
                          "%s", text);
}

static int32_t partition_of(const char *task)
{
    const char *number = strchr(task, '_');
    return number != NULL ? (int32_t)strtol(number + 1, NULL, 10) : -1;
}

/* Compares times; values are compared as tables. */
static void check_times(const store_check *check, const weir_rows *last, int32_t partition)
{
    for (size_t i = 0; i < weir_rows_size(check->rows); i++) {
        const weir_row *row = weir_rows_at(check->rows, i);
        const weir_row *index =
            partition_of(row->task) == partition ? weir_rows_find(last, row->key) : NULL;
        if (index == NULL || row->timestamp_ms == 0 ||
            weir_rows_find(check->stale, row->key) != NULL) {
            continue;
        }
        const weir_row *record =
            weir_rows_at(check->records, (size_t) * (const int64_t *)index->value);
        if (record->timestamp_ms != row->timestamp_ms) {
            char text[WEIR__WARNING_SIZE];
            snprintf(text, sizeof text, "%.128s has the time %lld in the store, %lld in the topic",
                     weir_row_text(check->rows, row), (long long)row->timestamp_ms,
                     (long long)record->timestamp_ms);
            report(check, partition, record->offset, row->task, text);
        }
    }
}

static void check_partition(const store_check *check, int32_t partition)
{
    const weir_rows *last = fold(check, partition);
    weir_rows *expected = weir_rows_new(check->cluster, check->key, check->value);
    weir_rows *actual = weir_rows_new(check->cluster, check->key, check->value);
    const char *task = NULL;
    for (size_t i = 0; i < weir_rows_size(last); i++) {
        const weir_row *at = weir_rows_at(last, i);
        const weir_row *record =
            weir_rows_at(check->records, (size_t) * (const int64_t *)at->value);
        if (record->value != NULL && weir_rows_find(check->stale, at->key) == NULL) {
            weir_rows_add(expected, at->key, record->value);
        }
    }
    for (size_t i = 0; i < weir_rows_size(check->rows); i++) {
        const weir_row *row = weir_rows_at(check->rows, i);
        if (partition_of(row->task) == partition) {
            task = row->task;
            if (weir_rows_find(check->stale, row->key) == NULL) {
                weir_rows_add(actual, row->key, row->value);
            }
        }
    }
    const char *difference = weir_rows_table_difference(actual, expected);
    if (difference != NULL) {
        report(check, partition, -1, task, difference);
    } else {
        check_times(check, last, partition);
    }
}

void weir_checker_store_at(weir_checker *checker, const char *store, const char *changelog,
                           const weir_serde *key, const weir_serde *value, const char *file,
                           int line)
{
    static const char function[] = "weir_checker_store";
    WEIR__AT_PLACE(file, line);
    weir_cluster *cluster = cluster_of(checker, function);
    if (cluster == NULL || !weir__given(store != NULL, function, "store") ||
        !weir__given(key != NULL, function, "key") ||
        !weir__given(value != NULL, function, "value")) {
        return;
    }
    char *name = weir__must(weir__changelog_name(checker->application, store));
    const char *own = weir__must(weir__arena_strdup(&cluster->driver.arena, name));
    free(name); /* a failure may jump away */
    const char *topic = changelog != NULL ? changelog : own;
    int32_t partitions = weir_mock_topic_partitions(cluster->mock, topic);
    if (partitions < 0) {
        weir__cluster_fail(cluster, "%s: there is no topic %s", function, topic);
        return;
    }
    store_check check = {
        .checker = checker,
        .cluster = cluster,
        .topic = topic,
        .key = key,
        .value = value,
        .records = weir_output_all(weir_cluster_output(cluster, topic, key, value)),
        .rows = weir_store_view_all(weir_cluster_store(cluster, store, key, value)),
        .stale = weir_rows_new(cluster, key, &weir_i64)};
    if (!checker->opts.no_stale_writes) {
        note_stale(&check, check.topic);
        if (changelog != NULL && weir_mock_topic_partitions(cluster->mock, own) > 0) {
            note_stale(&check, own); /* a store that was restored from it is behind, too */
        }
    }
    for (int32_t partition = 0; partition < partitions; partition++) {
        check_partition(&check, partition);
    }
    weir__checkers_failed(cluster);
}
