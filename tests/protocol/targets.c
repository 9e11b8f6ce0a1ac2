/* SPDX-License-Identifier: Apache-2.0 */
#include "targets.h"

#include <time.h>

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <weir/mockbroker.h>

#include "sim/sim.h"

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Which APIs the broker offers. */
static void ask_versions(run *r)
{
    for (int i = 0; i < API_KEYS; i++) {
        r->versions[i][0] = -1;
        r->versions[i][1] = -1;
    }
    request(r, API_API_VERSIONS, 0);
    weir__reader in;
    if (!answer(r, &in)) {
        return;
    }
    weir__read_i16(&in); /* error */
    int32_t count = weir__read_count(&in);
    for (int32_t i = 0; i < count && !in.failed; i++) {
        int16_t key = weir__read_i16(&in);
        int16_t from = weir__read_i16(&in);
        int16_t to = weir__read_i16(&in);
        if (key >= 0 && key < API_KEYS) {
            r->versions[key][0] = from;
            r->versions[key][1] = to;
        }
    }
}

/* Asks for a coordinator until there is one. Kafka creates the topic behind it at the first
 * question; 0: of a group, 1: of a transactional id. */
static void find_coordinator(run *r, uint8_t kind)
{
    int16_t error = 0;
    int looks = 0;
    do {
        weir_buf *out = request(r, API_FIND_COORDINATOR, 1);
        weir__put_cstring(out, full(r, "any").text);
        weir__buf_put_u8(out, kind);
        weir__reader in;
        if (!answer_quietly(r, &in)) {
            return;
        }
        weir__read_i32(&in); /* throttle time */
        error = weir__read_i16(&in);
    } while (not_ready(error, &looks));
}

static void play_at(run *r, const scenario *what)
{
    r->origin_ms = now_ms() - ORIGIN_AGO_MS;
    connection_open(r, &r->main);
    ask_versions(r);
    find_coordinator(r, 0);
    find_coordinator(r, 1);
    what->play(r);
    connection_close(&r->main);
}

static void report_failure(const char *message, void *user)
{
    (void)message; /* clients do not see it */
    (void)user;
}

static void play_on_mock(run *r, const scenario *what)
{
    weir_error error;
    const weir_sim_opts sim = {.seed = 1};
    const weir_mock_opts opts = {.brokers = 1, .on_failure = report_failure};
    weir_mock *mock = NULL;
    if (weir_sim_start(&sim, &error) != WEIR_OK || (mock = weir_mock_new(&opts, &error)) == NULL) {
        see(r, "the mock broker does not start: %s\n", error.message);
        return;
    }
    r->bootstrap = weir_mock_bootstrap(mock);
    play_at(r, what);
    weir_mock_free(mock);
    weir_sim_stop();
}

static void play_on_bare(run *r, const scenario *what)
{
    char text[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "log_level", "0", text, sizeof text);
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
    rd_kafka_mock_cluster_t *cluster = rk != NULL ? rd_kafka_mock_cluster_new(rk, 1) : NULL;
    if (cluster == NULL) {
        see(r, "the mock cluster does not start\n");
        return;
    }
    r->bare = cluster;
    r->bootstrap = rd_kafka_mock_cluster_bootstraps(cluster);
    play_at(r, what);
    rd_kafka_mock_cluster_destroy(cluster);
    rd_kafka_destroy(rk);
}

void play(const target *on, const scenario *what, observation *seen)
{
    run r = {.scenario = what->name, .seen = seen};
    switch (on->kind) {
    case TARGET_MOCK:
        play_on_mock(&r, what);
        break;
    case TARGET_BARE:
        play_on_bare(&r, what);
        break;
    case TARGET_ADDRESS:
        r.bootstrap = on->address;
        play_at(&r, what);
        break;
    }
}
