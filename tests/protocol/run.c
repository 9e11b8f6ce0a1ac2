/* SPDX-License-Identifier: Apache-2.0
 *
 * The run of a scenario: its observation, names, connections. */
#include "run.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_WAIT_MS 60000
#define ANSWER_BYTES_MAX (16 << 20)
#define PAUSE_MS 50
#define NOW_MS 1800000 /* so near to the run is "now" */

/* ---- Observing ---- */

void see(run *r, const char *format, ...)
{
    observation *seen = r->seen;
    size_t left = sizeof seen->text - seen->len;
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(seen->text + seen->len, left, format, arguments);
    va_end(arguments);
    if (len > 0) {
        seen->len += (size_t)len < left ? (size_t)len : left - 1;
    }
}

const char *name_of(run *r, char kind, const char *value, size_t len)
{
    static char text[NAMES_MAX][16];
    int number = 0;
    int i = 0;
    for (; i < r->name_count; i++) {
        number += r->kinds[i] == kind ? 1 : 0;
        if (r->kinds[i] == kind && strlen(r->names[i]) == len &&
            memcmp(r->names[i], value, len) == 0) {
            break;
        }
    }
    if (i == NAMES_MAX || len >= NAME_BYTES_MAX) {
        return "?";
    }
    if (i == r->name_count) {
        r->name_count++;
        number++;
        r->kinds[i] = kind;
        memcpy(r->names[i], value, len);
        r->names[i][len] = '\0';
    }
    snprintf(text[i], sizeof text[i], "%c%d", kind, number);
    return text[i];
}

const char *name_of_number(run *r, char kind, int64_t value)
{
    char text[32];
    int len = snprintf(text, sizeof text, "%lld", (long long)value);
    return value == -1 ? "none" : name_of(r, kind, text, (size_t)len);
}

const char *relative_time(const run *r, int64_t time_ms)
{
    static char text[32];
    int64_t relative = time_ms - r->origin_ms;
    if (relative >= ORIGIN_AGO_MS - NOW_MS && relative <= ORIGIN_AGO_MS + NOW_MS) {
        return "now";
    }
    snprintf(text, sizeof text, "%lld", (long long)relative);
    return text;
}

void see_slice(run *r, weir_slice text)
{
    if (text.data == NULL) {
        see(r, "null");
    } else {
        see(r, "%.*s", (int)text.len, (const char *)text.data);
    }
}

/* ---- Names on the broker ---- */

static full_name prefix_of(const run *r)
{
    full_name result;
    snprintf(result.text, sizeof result.text, "%s-%llx-", r->scenario, (long long)r->origin_ms);
    return result;
}

full_name full(const run *r, const char *name)
{
    full_name result;
    snprintf(result.text, sizeof result.text, "%s%s", prefix_of(r).text, name);
    return result;
}

weir_slice short_name(const run *r, weir_slice text)
{
    full_name prefix = prefix_of(r);
    size_t len = strlen(prefix.text);
    return text.data != NULL && text.len > len && memcmp(text.data, prefix.text, len) == 0
               ? (weir_slice){(const char *)text.data + len, text.len - len}
               : text;
}

void see_short(run *r, weir_slice text)
{
    see_slice(r, short_name(r, text));
}

/* ---- Connections ---- */

void connection_open(run *r, connection *c)
{
    const char *colon = strrchr(r->bootstrap, ':');
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)strtol(colon + 1, NULL, 10)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    *c = (connection){.run = r, .fd = socket(AF_INET, SOCK_STREAM, 0)};
    int on = 1;
    if (connect(c->fd, (struct sockaddr *)&address, sizeof address) != 0) {
        close(c->fd);
        c->fd = -1;
    } else {
        setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
}

void connection_close(connection *c)
{
    if (c->fd >= 0) {
        close(c->fd);
    }
    c->fd = -1;
    weir__buf_fini(&c->out);
    weir__buf_fini(&c->in);
}

int16_t offered(const run *r, int16_t key, int16_t least, int16_t version)
{
    if (version > r->versions[key][1]) {
        version = r->versions[key][1];
    }
    return version < least || version < r->versions[key][0] ? -1 : version;
}

/* The first version with compact strings and tags, of the APIs that the scenarios use. */
static int16_t flexible_from(int16_t key)
{
    static const int16_t from[][2] = {
        {API_PRODUCE, 9},
        {API_FETCH, 12},
        {API_LIST_OFFSETS, 6},
        {API_METADATA, 9},
        {API_OFFSET_COMMIT, 8},
        {API_OFFSET_FETCH, 6},
        {API_FIND_COORDINATOR, 3},
        {API_JOIN_GROUP, 6},
        {API_HEARTBEAT, 4},
        {API_LEAVE_GROUP, 4},
        {API_SYNC_GROUP, 4},
        {API_DESCRIBE_GROUPS, 5},
        {API_LIST_GROUPS, 3},
        {API_API_VERSIONS, 3},
        {API_CREATE_TOPICS, 5},
        {API_DELETE_TOPICS, 4},
        {API_DELETE_RECORDS, 2},
        {API_INIT_PRODUCER_ID, 2},
        {API_OFFSET_FOR_LEADER_EPOCH, 4},
        {API_ADD_PARTITIONS_TO_TXN, 3},
        {API_ADD_OFFSETS_TO_TXN, 3},
        {API_END_TXN, 3},
        {API_TXN_OFFSET_COMMIT, 3},
        {API_DESCRIBE_CONFIGS, 4},
        {API_ALTER_CONFIGS, 2},
        {API_CREATE_PARTITIONS, 2},
        {API_DELETE_GROUPS, 2},
        {API_INCREMENTAL_ALTER_CONFIGS, 1},
        {API_OFFSET_DELETE, INT16_MAX},
        {API_DESCRIBE_CLUSTER, 0},
        {API_DESCRIBE_PRODUCERS, 0},
        {API_DESCRIBE_TRANSACTIONS, 0},
        {API_LIST_TRANSACTIONS, 0},
    };
    for (size_t i = 0; i < sizeof from / sizeof *from; i++) {
        if (from[i][0] == key) {
            return from[i][1];
        }
    }
    return INT16_MAX;
}

weir_buf *request_on(connection *c, int16_t key, int16_t version)
{
    c->key = key;
    c->version = version;
    c->flexible = version >= flexible_from(key);
    c->offered = key == API_API_VERSIONS ||
                 (version >= 0 && offered(c->run, key, version, version) == version);
    weir_buf *out = &c->out;
    weir__buf_reset(out);
    weir__buf_put_i32(out, 0);
    weir__buf_put_i16(out, key);
    weir__buf_put_i16(out, version);
    weir__buf_put_i32(out, ++c->correlation);
    weir__put_cstring(out, "scenario");
    if (c->flexible) {
        weir__put_tags(out);
    }
    return out;
}

bool send_on(connection *c)
{
    if (!c->offered || c->fd < 0 || c->out.err != WEIR_OK) {
        return false;
    }
    weir__store_u32(c->out.data, (uint32_t)(c->out.len - 4));
    for (size_t done = 0; done < c->out.len;) {
        ssize_t len = send(c->fd, c->out.data + done, c->out.len - done, MSG_NOSIGNAL);
        if (len <= 0) {
            return false;
        }
        done += (size_t)len;
    }
    return true;
}

/* NULL: they are in c->in. */
static const char *receive(connection *c, size_t len)
{
    weir__buf_reset(&c->in);
    if (weir__buf_reserve(&c->in, len + 1) != WEIR_OK) {
        return "no memory";
    }
    while (c->in.len < len) {
        struct pollfd readable = {.fd = c->fd, .events = POLLIN};
        if (poll(&readable, 1, ANSWER_WAIT_MS) == 0) {
            return "no answer";
        }
        ssize_t got = read(c->fd, c->in.data + c->in.len, len - c->in.len);
        if (got <= 0) {
            return "connection closed";
        }
        c->in.len += (size_t)got;
    }
    return NULL;
}

/* NULL: *in is the body. */
static const char *receive_answer(connection *c, weir__reader *in)
{
    const char *failure = c->fd < 0 ? "no connection" : receive(c, 4);
    if (failure != NULL) {
        return failure;
    }
    uint32_t len = weir__load_u32(c->in.data);
    if (len > ANSWER_BYTES_MAX) {
        return "an answer that is too long";
    }
    failure = receive(c, len);
    if (failure != NULL) {
        return failure;
    }
    *in = weir__reader_of(weir__buf_slice(&c->in));
    if (weir__read_i32(in) != c->correlation) {
        return "an answer to another request";
    }
    if (c->flexible && c->key != API_API_VERSIONS) {
        weir__skip_tags(in);
    }
    return NULL;
}

static void reopen(connection *c)
{
    run *r = c->run;
    connection_close(c);
    connection_open(r, c);
}

bool answer_on(connection *c, weir__reader *in)
{
    *in = (weir__reader){.failed = true};
    if (!c->offered) {
        see(c->run, "not offered\n");
        return false;
    }
    const char *failure = receive_answer(c, in);
    if (failure != NULL) {
        see(c->run, "%s\n", failure);
        reopen(c);
    }
    return failure == NULL;
}

weir_buf *request(run *r, int16_t key, int16_t version)
{
    return request_on(&r->main, key, version);
}

bool answer(run *r, weir__reader *in)
{
    send_on(&r->main); /* a failure shows in the answer */
    return answer_on(&r->main, in);
}

bool answer_quietly(run *r, weir__reader *in)
{
    *in = (weir__reader){.failed = true};
    if (!send_on(&r->main)) {
        return false;
    }
    bool received = receive_answer(&r->main, in) == NULL;
    if (!received) {
        reopen(&r->main);
    }
    return received;
}

void to_only_partition(weir__reader *in)
{
    weir__read_i32(in); /* throttle time */
    weir__read_count(in);
    weir__read_string(in);
    weir__read_count(in);
}

/* ---- Fields ---- */

void put_text(connection *c, const char *text)
{
    weir_slice slice = text != NULL ? weir_slice_of(text) : (weir_slice){0};
    if (c->flexible) {
        weir__put_compact_string(&c->out, slice);
    } else {
        weir__put_string(&c->out, slice);
    }
}

void put_count(connection *c, int32_t count)
{
    if (c->flexible) {
        weir__put_uvarint(&c->out, (uint64_t)(count + 1));
    } else {
        weir__buf_put_i32(&c->out, count);
    }
}

void put_end(connection *c)
{
    if (c->flexible) {
        weir__put_tags(&c->out);
    }
}

weir_slice get_text(const connection *c, weir__reader *in)
{
    return c->flexible ? weir__read_compact_string(in) : weir__read_string(in);
}

weir_slice get_blob(const connection *c, weir__reader *in)
{
    return c->flexible ? weir__read_compact_string(in) : weir__read_blob(in);
}

int32_t get_count(const connection *c, weir__reader *in)
{
    return c->flexible ? weir__read_compact_count(in) : weir__read_count(in);
}

void get_end(const connection *c, weir__reader *in)
{
    if (c->flexible) {
        weir__skip_tags(in);
    }
}

/* ---- Waiting ---- */

void pause_briefly(void)
{
    poll(NULL, 0, PAUSE_MS);
}

bool not_ready(int16_t error, int *looks)
{
    bool again = error == 14 || error == 15 || error == 16 || error == 51;
    if (again && ++*looks < LOOKS_MAX) {
        pause_briefly();
        return true;
    }
    return false;
}
