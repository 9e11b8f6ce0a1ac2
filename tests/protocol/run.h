/* SPDX-License-Identifier: Apache-2.0
 *
 * One run of a protocol scenario against a broker: the connection, what the scenario observes, and
 * the names that replace accidental values (producer ids, member ids) in what it observes. */
#ifndef WEIR_TESTS_PROTOCOL_RUN_H
#define WEIR_TESTS_PROTOCOL_RUN_H

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include "core/buf.h"
#include "wire/wire.h"

/* What a scenario has observed, as lines of text; in memory that parent and child share. */
#define OBSERVATION_BYTES_MAX 65536
typedef struct observation {
    size_t len;
    char text[OBSERVATION_BYTES_MAX];
} observation;

#define NAMES_MAX 64
#define NAME_BYTES_MAX 128

enum {
    API_PRODUCE = 0,
    API_FETCH = 1,
    API_LIST_OFFSETS = 2,
    API_METADATA = 3,
    API_OFFSET_COMMIT = 8,
    API_OFFSET_FETCH = 9,
    API_FIND_COORDINATOR = 10,
    API_JOIN_GROUP = 11,
    API_HEARTBEAT = 12,
    API_LEAVE_GROUP = 13,
    API_SYNC_GROUP = 14,
    API_DESCRIBE_GROUPS = 15,
    API_LIST_GROUPS = 16,
    API_API_VERSIONS = 18,
    API_CREATE_TOPICS = 19,
    API_DELETE_TOPICS = 20,
    API_DELETE_RECORDS = 21,
    API_INIT_PRODUCER_ID = 22,
    API_OFFSET_FOR_LEADER_EPOCH = 23,
    API_ADD_PARTITIONS_TO_TXN = 24,
    API_ADD_OFFSETS_TO_TXN = 25,
    API_END_TXN = 26,
    API_TXN_OFFSET_COMMIT = 28,
    API_DESCRIBE_CONFIGS = 32,
    API_ALTER_CONFIGS = 33,
    API_CREATE_PARTITIONS = 37,
    API_DELETE_GROUPS = 42,
    API_INCREMENTAL_ALTER_CONFIGS = 44,
    API_OFFSET_DELETE = 47,
    API_DESCRIBE_CLUSTER = 60,
    API_DESCRIBE_PRODUCERS = 61,
    API_DESCRIBE_TRANSACTIONS = 65,
    API_LIST_TRANSACTIONS = 66,
    API_KEYS = 128,
};

/* A connection to the broker. One request at a time is in flight. */
typedef struct connection {
    struct run *run;
    int fd; /* -1: not connected */
    weir_buf out;
    weir_buf in;
    int32_t correlation;
    int16_t key;
    int16_t version;
    bool flexible;
    bool offered;
} connection;

struct rd_kafka_mock_cluster_s;

typedef struct run {
    const char *scenario;
    const char *bootstrap;
    struct rd_kafka_mock_cluster_s *bare; /* NULL: not librdkafka's mock cluster alone */
    observation *seen;
    connection main;
    int16_t versions[API_KEYS][2]; /* offered by the broker, from to; -1 -1: not at all */
    bool newer;                    /* requests of transactions in their newer versions */
    int64_t origin_ms;             /* scenarios' times count from it: an hour before the run */
    char names[NAMES_MAX][NAME_BYTES_MAX];
    char kinds[NAMES_MAX];
    int name_count;
} run;

/* ---- Observing ---- */
/* Appends text. A line ends with a newline, so it may be put together by several calls. */
void see(run *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A stable name for an accidental value: the kind and a number in order of appearance ("P1", "M2").
 * Valid until the run ends. */
const char *name_of(run *r, char kind, const char *value, size_t len);
const char *name_of_number(run *r, char kind, int64_t value);
/* A timestamp as scenarios count it; "now" if it may be from the broker's clock. The text is valid
 * until the next call. */
#define ORIGIN_AGO_MS 3600000
const char *relative_time(const run *r, int64_t time_ms);
/* Kafka's name of an error code. The text is static. */
const char *error_name(int16_t code);
/* Prints bytes as text; null as "null". */
void see_slice(run *r, weir_slice text);

/* ---- Names on the broker ---- */
/* The name that the broker knows: the scenario's name, a number of the run, and `name`. Names of
 * topics, groups and transactional ids do not meet those of another scenario or of another run. */
#define FULL_NAME_MAX 240
typedef struct full_name {
    char text[FULL_NAME_MAX];
} full_name;
full_name full(const run *r, const char *name);
/* The other way: `text` as the scenario calls it. */
weir_slice short_name(const run *r, weir_slice text);
void see_short(run *r, weir_slice text);

/* ---- Connections ---- */
/* Connects to the broker; fd -1 on failure. */
void connection_open(run *r, connection *c);
void connection_close(connection *c);
/* The version of an API that the broker offers at `version` or below, but at least `least`; -1:
 * none. */
int16_t offered(const run *r, int16_t key, int16_t least, int16_t version);
/* Begins a request; the body is written to what is returned. */
weir_buf *request_on(connection *c, int16_t key, int16_t version);
/* Sends it. False: not offered, or not sent. */
bool send_on(connection *c);
/* Waits for the answer of what was sent; false: there is none, which is observed (a line ends). The
 * body is valid until the next answer on this connection. */
bool answer_on(connection *c, weir__reader *in);
/* The same on the run's own connection; answer() sends, too. */
weir_buf *request(run *r, int16_t key, int16_t version);
bool answer(run *r, weir__reader *in);
/* Without an observation. */
bool answer_quietly(run *r, weir__reader *in);

/* Passes over the throttle time and the topic of an answer about one partition. */
void to_only_partition(weir__reader *in);

/* ---- Fields of requests and answers: compact in flexible versions ---- */
void put_text(connection *c, const char *text); /* NULL: null */
void put_count(connection *c, int32_t count);
void put_end(connection *c); /* of a structure */
weir_slice get_text(const connection *c, weir__reader *in);
weir_slice get_blob(const connection *c, weir__reader *in);
int32_t get_count(const connection *c, weir__reader *in); /* null: -1 */
void get_end(const connection *c, weir__reader *in);

/* ---- Waiting ---- */
/* A moment between two looks at something that changes by itself. */
void pause_briefly(void);
#define LOOKS_MAX 400
/* True: the answer says that the broker is not ready yet, as a client would see while it retries
 * (coordinators being loaded, transactions being completed); it has paused. */
bool not_ready(int16_t error, int *looks);

#endif
