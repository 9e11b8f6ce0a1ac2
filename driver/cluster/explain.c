/* SPDX-License-Identifier: Apache-2.0
 *
 * The text that explains why a wait has not ended: the activity of every instance, the lag of each
 * partition, the state of the group, the next timer. */
#include <stdlib.h>

#include "cluster/cluster.h"

#define TIMERS_SHOWN 5
#define LAGS_SHOWN 32
#define LOOK_MS WEIR_SECONDS(10) /* of virtual time, for a thread to reach its lock */

int64_t weir__partition_lag(weir_cluster *cluster, const char *topic, int32_t partition,
                            int64_t *committed, int64_t *end)
{
    int64_t start = 0;
    int64_t last = 0;
    int64_t done =
        weir_mock_committed(cluster->mock, cluster->opts.application, topic, partition, NULL, 0);
    weir_mock_partition_offsets(cluster->mock, topic, partition, &start, &last);
    if (committed != NULL) {
        *committed = done;
    }
    if (end != NULL) {
        *end = last;
    }
    return last - (done > start ? done : start);
}

static void explain_app(weir_instance *instance, void *arg)
{
    (void)arg;
    weir__buf_reset(&instance->words);
    weir__app_explain(instance->app, LOOK_MS, &instance->words);
}

/* Appends each line of `text` with `indent` before it. */
static void put_lines(weir_buf *out, const char *indent, const char *text)
{
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");
        weir__buf_printf(out, "%s%.*s\n", indent, (int)len, text);
        text += len + (text[len] == '\n' ? 1 : 0);
    }
}

static void explain_links(weir_buf *out, const weir_instance *instance)
{
    if ((instance->cut_from & 1) != 0) {
        weir__buf_put_text(out, ", its host is cut off from all brokers");
    }
    for (int32_t broker = 1; broker < 64; broker++) {
        if ((instance->cut_from >> broker & 1) != 0) {
            weir__buf_printf(out, ", its host is cut off from broker %d", (int)broker);
        }
    }
}

struct waiting {
    weir_buf *out;
    const weir_instance *instance;
};

static void explain_wait(pthread_t thread, const char *what, void *user)
{
    struct waiting *waiting = user;
    weir__snapshot_place place;
    char text[WEIR__PLACE_MAX];
    if (weir__app_place(waiting->instance->app, thread, &place) && place.node != NULL) {
        weir__place_text(&place, text, sizeof text);
        weir__buf_printf(waiting->out, "    %s in %s: %s\n", place.thread, text, what);
    }
}

/* Appends the places at which threads wait inside of a callback; they should not do so for long. */
static void explain_callbacks(weir_buf *out, const weir_instance *instance)
{
    struct waiting waiting = {out, instance};
    if (instance->app != NULL) {
        weir_sim_each_wait(instance->host, explain_wait, &waiting);
    }
}

/* Appends the activity of the instance's threads and tasks. */
static void explain_threads(weir_buf *out, weir_instance *instance)
{
    if (weir__instance_do(instance, explain_app, NULL, 2 * LOOK_MS)) {
        put_lines(out, "    ", weir__buf_text(&instance->words));
    } else {
        weir__buf_put_text(out, "    its threads do not answer\n");
    }
}

static void explain_instance(weir_buf *out, weir_instance *instance)
{
    static const char *const lives[] = {
        [WEIR__ALIVE] = "", [WEIR__CLOSED] = "closed", [WEIR__CRASHED] = "crashed"};
    weir__buf_printf(out, "  %s: ", instance->name);
    if (instance->life != WEIR__ALIVE) {
        weir__buf_printf(out, "%s at %lld ms\n", lives[instance->life],
                         (long long)instance->died_ms);
    } else {
        weir__buf_printf(out, "%s%s", weir_state_name(instance->state),
                         instance->paused ? ", its host stands still (weir_host_pause)" : "");
        explain_links(out, instance);
        weir__buf_put_text(out, "\n");
        explain_callbacks(out, instance);
        if (!instance->paused) {
            explain_threads(out, instance);
        }
    }
    weir__instance_put_warnings(out, instance, "    said: ");
}

/* Returns how many partitions lag; shows the first ones. */
static int explain_topic(weir_buf *out, weir_cluster *cluster, const char *topic)
{
    int lagging = 0;
    int32_t partitions = weir_mock_topic_partitions(cluster->mock, topic);
    if (partitions < 0) {
        weir__buf_printf(out, "  %s: there is no such topic\n", topic);
        return 1;
    }
    for (int32_t partition = 0; partition < partitions; partition++) {
        int64_t committed;
        int64_t end;
        int64_t lag = weir__partition_lag(cluster, topic, partition, &committed, &end);
        if (lag <= 0 || ++lagging > LAGS_SHOWN) {
            continue;
        }
        weir__buf_printf(out, "  %s-%d: %lld records behind (", topic, (int)partition,
                         (long long)lag);
        if (committed < 0) {
            weir__buf_put_text(out, "nothing committed");
        } else {
            weir__buf_printf(out, "committed %lld", (long long)committed);
        }
        weir__buf_printf(out, ", end %lld)\n", (long long)end);
    }
    return lagging;
}

/* Returns 1 if a global table lags. */
static int explain_globals(weir_buf *out, const weir_instance *instance)
{
    bool runs = instance->life == WEIR__ALIVE && instance->state == WEIR_STATE_RUNNING;
    const char *topic = runs ? weir__global_topic_behind(instance) : NULL;
    if (topic != NULL) {
        weir__buf_printf(out, "  %s: the global table of '%s' has not read all of it\n", topic,
                         instance->name);
    }
    return topic != NULL ? 1 : 0;
}

struct explaining {
    weir_buf *out;
    weir_cluster *cluster;
    int lagging;
};

static void explain_one(const char *topic, void *user)
{
    struct explaining *all = user;
    all->lagging += explain_topic(all->out, all->cluster, topic);
}

static void explain_lag(weir_buf *out, weir_cluster *cluster)
{
    const weir_instance *instance = NULL;
    struct explaining all = {.out = out, .cluster = cluster};
    for (size_t i = 0; i < cluster->instance_count; i++) {
        const weir_instance *one = cluster->instances[i];
        instance = one->topic_count > 0 || one->topology != NULL ? one : instance;
    }
    weir__buf_put_text(out, "not yet processed and committed:\n");
    if (instance != NULL) {
        weir__instance_each_topic(instance, explain_one, &all);
    }
    int lagging = all.lagging;
    for (size_t i = 0; i < cluster->instance_count; i++) {
        lagging += explain_globals(out, cluster->instances[i]);
    }
    if (lagging == 0) {
        weir__buf_put_text(out, "  nothing\n");
    }
}

/* ---- Brokers ---- */

/* Each name with its NUL. */
static void collect_topic(const char *topic, int32_t partitions, void *user)
{
    (void)partitions;
    weir_put(user, topic, strlen(topic) + 1);
}

/* Returns the number of the topic's partitions that no client can read or write; shows the first
 * ones. */
static int explain_leaders(weir_buf *out, weir_cluster *cluster, const char *topic, int shown)
{
    int32_t hidden = weir_mock_topic_hidden(cluster->mock, topic);
    if (hidden != 0) {
        weir__buf_printf(out, "  %s: broker %d does not know this topic\n", topic, (int)hidden);
        shown++;
    }
    int32_t partitions = weir_mock_topic_partitions(cluster->mock, topic);
    for (int32_t partition = 0; partition < partitions && shown < LAGS_SHOWN; partition++) {
        int32_t leader = weir_mock_partition_leader(cluster->mock, topic, partition);
        if (leader < 0) {
            weir__buf_printf(out, "  %s-%d: it has no leader\n", topic, (int)partition);
            shown++;
        } else if (!weir_mock_broker_is_up(cluster->mock, leader)) {
            weir__buf_printf(out, "  %s-%d: its leader, broker %d, is down\n", topic,
                             (int)partition, (int)leader);
            shown++;
        }
    }
    return shown;
}

/* Appends what the brokers cannot do now: brokers that are down, partitions without a leader, and
 * so on. */
static void explain_brokers(weir_buf *out, weir_cluster *cluster)
{
    weir_buf faults = {0};
    weir_buf topics = {0};
    int shown = 0;
    weir_mock_topics(cluster->mock, collect_topic, &topics);
    for (size_t at = 0; at < topics.len && shown < LAGS_SHOWN;) {
        const char *topic = (const char *)topics.data + at;
        shown = explain_leaders(&faults, cluster, topic, shown);
        at += strlen(topic) + 1;
    }
    if (shown > 0) {
        weir__buf_printf(out, "cannot be read or written:\n%s", weir__buf_text(&faults));
    }
    weir__buf_fini(&topics);
    weir__buf_fini(&faults);
}

static void explain_group(weir_buf *out, weir_cluster *cluster)
{
    weir_mock_group_info group;
    weir__buf_printf(out, "group %s: ", cluster->opts.application);
    if (weir_mock_group(cluster->mock, cluster->opts.application, &group) != WEIR_OK) {
        weir__buf_put_text(out, "nobody has joined it yet");
    } else {
        weir__buf_printf(out, "%s, generation %d, %d members", group.state, (int)group.generation,
                         (int)group.members);
    }
    int32_t coordinator = weir_mock_coordinator(cluster->mock, cluster->opts.application);
    if (!weir_mock_broker_is_up(cluster->mock, coordinator)) {
        weir__buf_printf(out, "; its coordinator, broker %d, is down", (int)coordinator);
    }
    weir__buf_put_text(out, "\n");
}

static void explain_timers(weir_buf *out)
{
    char *timers = weir_sim_timers(TIMERS_SHOWN);
    weir__buf_put_text(out, "due next:\n");
    put_lines(out, "  ", timers != NULL ? timers : "(out of memory)");
    free(timers);
}

void weir__explain_callbacks(weir_cluster *cluster, weir_buf *out)
{
    for (size_t i = 0; i < cluster->instance_count; i++) {
        if (cluster->instances[i]->life == WEIR__ALIVE) {
            explain_callbacks(out, cluster->instances[i]);
        }
    }
}

const char *weir_cluster_explain(weir_cluster *cluster)
{
    if (!weir__given(cluster != NULL, __func__, "cluster")) {
        return NULL;
    }
    weir_buf *out = &cluster->explanation;
    weir__buf_reset(out);
    const char *failure = weir_mock_failure(cluster->mock);
    if (failure != NULL) {
        weir__buf_printf(out, "the brokers failed: %s\n", failure);
    }
    weir__buf_printf(out, "instances at %lld ms:\n", (long long)weir_cluster_now_ms(cluster));
    for (size_t i = 0; i < cluster->instance_count; i++) {
        explain_instance(out, cluster->instances[i]);
    }
    if (cluster->instance_count == 0) {
        weir__buf_put_text(out, "  none was started\n");
    }
    explain_lag(out, cluster);
    explain_brokers(out, cluster);
    explain_group(out, cluster);
    if (!weir__no_instance_works(cluster)) { /* else only threads of libraries have timers */
        explain_timers(out);
    }
    return weir__buf_text(out);
}
