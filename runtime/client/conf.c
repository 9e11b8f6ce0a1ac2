/* SPDX-License-Identifier: Apache-2.0
 *
 * Makes librdkafka's configuration from Weir's. Later steps override earlier ones: defaults of the
 * table below, settings that every client needs, Java's names without a prefix, `security.` `ssl.`
 * `sasl.`, then the other prefixes from the general to the special, then the rules of conf_rules.c.
 */
#include "client/kafka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/client_settings.h"
#include "core/java_settings.h"
#include "core/settings.h"

#define MAIN (1u << WEIR__KAFKA_MAIN)
#define RESTORE (1u << WEIR__KAFKA_RESTORE)
#define GLOBAL (1u << WEIR__KAFKA_GLOBAL)
#define PRODUCER (1u << WEIR__KAFKA_PRODUCER)
#define ADMIN (1u << WEIR__KAFKA_ADMIN)
#define CONSUMERS (MAIN | RESTORE | GLOBAL)
#define ALL (CONSUMERS | PRODUCER | ADMIN)

#define NAME_MAX_BYTES 128
#define REASON_MAX_BYTES 512
#define NUMBER_BYTES_MAX 32

static const struct {
    unsigned roles;
    const char *name;
    const char *value;
    bool newer; /* not in every supported librdkafka; skipped where it is unknown */
} defaults[] = {
    {ALL, "socket.nagle.disable", "true", false},
    {ALL, "log.connection.close", "false", false},
    {ALL, "reconnect.backoff.max.ms", "1000", false},     /* as Java's clients */
    {PRODUCER, "transaction.timeout.ms", "10000", false}, /* as Kafka Streams */

    {CONSUMERS | ADMIN, "allow.auto.create.topics", "false", false},
    {CONSUMERS, "enable.auto.commit", "false", false},
    {CONSUMERS, "enable.auto.offset.store", "false", false},
    {ADMIN, "isolation.level", "read_uncommitted", false}, /* end offset: high watermark */
    {CONSUMERS, "isolation.level", "read_uncommitted", false},
    /* Reports the end of a partition, past transaction markers. */
    {CONSUMERS, "enable.partition.eof", "true", false},
    /* A queue of small records needs about 300 bytes of memory per record. librdkafka before 2.2
     * checks a full queue again only after up to 1 s, so the queue must have enough records for
     * that time. One Fetch may exceed the limits; 256 KiB per partition keep the excess small. */
    {MAIN, "queued.min.messages", "500000", false},
    {MAIN, "fetch.message.max.bytes", "262144", false},
    {RESTORE | GLOBAL, "queued.min.messages", "1000000", false},
    {CONSUMERS, "queued.max.messages.kbytes", "65536", false},
    {CONSUMERS, "fetch.queue.backoff.ms", "10", true},
    /* Otherwise librdkafka would reset the position without reporting it. */
    {CONSUMERS, "auto.offset.reset", "error", false},
    {MAIN, "partition.assignment.strategy", "range", false},
    {MAIN, "session.timeout.ms", "45000", false},
    {MAIN, "max.poll.interval.ms", "300000", false},

    {PRODUCER, "acks", "all", false},
    {PRODUCER, "enable.idempotence", "true", false},
    {PRODUCER, "linger.ms", "100", false},
    {PRODUCER, "partitioner", "murmur2_random", false}, /* Java's */
    {PRODUCER, "queue.buffering.max.messages", "1000000", false},
    {PRODUCER, "queue.buffering.max.kbytes", "65536", false},
};

static const struct {
    unsigned roles;
    const char *prefix;
    bool keep; /* the prefix is part of librdkafka's name */
} prefixes[] = {
    {ALL, "security.", true},
    {ALL, "ssl.", true},
    {ALL, "sasl.", true},
    {CONSUMERS, "consumer.", false},
    {MAIN, "main.consumer.", false},
    {RESTORE, "restore.consumer.", false},
    {GLOBAL, "global.consumer.", false},
    {PRODUCER, "producer.", false},
    {ADMIN, "admin.", false},
};

static weir_err set(rd_kafka_conf_t *conf, const char *name, const char *value, const char *prefix,
                    weir_error *error)
{
    char reason[REASON_MAX_BYTES];
    if (rd_kafka_conf_set(conf, name, value, reason, sizeof reason) != RD_KAFKA_CONF_OK) {
        return weir__error_set(error, WEIR_ECONFIG, "%s%s=%s: %s", prefix, name, value, reason);
    }
    return WEIR_OK;
}

static weir_err set_defaults(rd_kafka_conf_t *conf, unsigned role, weir_error *error)
{
    for (size_t i = 0; i < sizeof defaults / sizeof defaults[0]; i++) {
        if ((defaults[i].roles & role) == 0) {
            continue;
        }
        bool newer = defaults[i].newer;
        weir_err err = set(conf, defaults[i].name, defaults[i].value, "", newer ? NULL : error);
        if (err != WEIR_OK && !newer) {
            return err;
        }
    }
    return WEIR_OK;
}

typedef struct pass {
    rd_kafka_conf_t *conf;
    unsigned role;
    const char *prefix;
    bool keep;
    weir_buf *notes;
    weir_err err;
    weir_error *error;
} pass;

/* A setting that only newer versions of librdkafka have. */
static weir_err set_newer(pass *p, const weir__client_setting *setting, const char *name,
                          const char *value)
{
    rd_kafka_conf_res_t result = rd_kafka_conf_set(p->conf, setting->kafka, value, NULL, 0);
    if (result == RD_KAFKA_CONF_UNKNOWN && strcasecmp(value, setting->older) != 0) {
        if (setting->kind == WEIR__CLIENT_CHOICE) {
            return weir__error_set(
                p->error, WEIR_ECONFIG, "%s%s=%s: librdkafka %s does not have it: write %s%s=%s",
                p->prefix, name, value, rd_kafka_version_str(), p->prefix, name, setting->older);
        }
        weir__kafka_conf_note(p->notes, "%s%s: has no effect: librdkafka %s does not have it",
                              p->prefix, name, rd_kafka_version_str());
    }
    return WEIR_OK;
}

/* Sets all settings of librdkafka that a Java name stands for; *found: the name is Java's. */
static weir_err set_java(pass *p, const char *name, const char *value, bool *found)
{
    const weir__client_setting *at = NULL;
    weir_err err = WEIR_OK;
    *found = false;
    while (err == WEIR_OK && (at = weir__client_setting_next(name, p->role, at)) != NULL) {
        char number[WEIR__CLIENT_VALUE_MAX];
        const char *taken = NULL;
        *found = true;
        err = weir__client_setting_value(at, name, value, number, &taken, p->error);
        if (err != WEIR_OK || at->kafka == NULL) {
            continue;
        }
        if (at->older != NULL) {
            err = set_newer(p, at, name, taken);
            continue;
        }
        bool same = strcmp(at->java, at->kafka) == 0;
        err = set(p->conf, at->kafka, taken, same ? p->prefix : "", p->error);
        if (err != WEIR_OK && !same) {
            weir__error_prefix(p->error, err, "%s%s", p->prefix, name);
        }
    }
    return err;
}

static void pass_one(const char *name, const char *value, void *user)
{
    pass *p = user;
    char whole[NAME_MAX_BYTES];
    if (p->err != WEIR_OK) {
        return;
    }
    int len = snprintf(whole, sizeof whole, "%s%s", p->prefix, name);
    if (len < 0 || (size_t)len >= sizeof whole) {
        p->err = weir__error_set(p->error, WEIR_ECONFIG,
                                 "%s%s: no such setting: its name has more than %d bytes",
                                 p->prefix, name, NAME_MAX_BYTES - 1);
        return;
    }
    name = p->keep ? whole : name;
    bool found = false;
    if (strcmp(name, "ssl.endpoint.identification.algorithm") == 0 && value[0] == '\0') {
        value = "none";
    }
    if (weir__refused_setting_find("", name) != NULL) {
        return; /* its value is the one by which Weir and librdkafka act anyway */
    }
    if (!p->keep && weir__setting_find(whole) != NULL) {
        return; /* Weir's own */
    }
    p->err = set_java(p, name, value, &found);
    if (!found) {
        p->err = set(p->conf, name, value, p->keep ? "" : p->prefix, p->error);
    }
}

/* Passes a setting with a Java name and no prefix. */
static void pass_java(const char *name, const char *value, void *user)
{
    pass *p = user;
    bool found;
    if (p->err == WEIR_OK && weir__setting_find(name) == NULL) {
        p->err = set_java(p, name, value, &found);
    }
}

static weir_err set_passed(rd_kafka_conf_t *conf, const weir_config *config, unsigned role,
                           weir_buf *notes, weir_error *error)
{
    pass p = {.conf = conf, .role = role, .prefix = "", .notes = notes, .error = error};
    weir__config_each(config, "", pass_java, &p);
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        if ((prefixes[i].roles & role) != 0) {
            p.prefix = prefixes[i].prefix;
            p.keep = prefixes[i].keep;
            weir__config_each(config, p.prefix, pass_one, &p);
        }
    }
    return p.err;
}

int weir__kafka_id_len(const rd_kafka_t *rk)
{
    const char *name = rd_kafka_name(rk);
    const char *end = strrchr(name, '#');
    return (int)(end != NULL ? (size_t)(end - name) : strlen(name));
}

static void on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
    const weir__log *log = rd_kafka_opaque(rk);
    weir__log_level as = level <= WEIR__LOG_ERROR     ? WEIR__LOG_ERROR
                         : level <= WEIR__LOG_WARNING ? WEIR__LOG_WARNING
                         : level <= WEIR__LOG_INFO    ? WEIR__LOG_INFO
                                                      : WEIR__LOG_DEBUG;
    weir__log_write(log, as, "%.*s %s: %s", weir__kafka_id_len(rk), rd_kafka_name(rk), facility,
                    text);
}

void weir__kafka_on_error(rd_kafka_t *rk, int cause, const char *reason, void *opaque)
{
    rd_kafka_resp_err_t err = (rd_kafka_resp_err_t)cause;
    if (err != RD_KAFKA_RESP_ERR__TRANSPORT && err != RD_KAFKA_RESP_ERR__RESOLVE) {
        weir__log_write(opaque, WEIR__LOG_ERROR, "%.*s: %s", weir__kafka_id_len(rk),
                        rd_kafka_name(rk), reason);
    }
}

/* `notes`: weir__client_check. */
static weir_err make_conf(const weir_config *config, weir__kafka_role role, const char *client_id,
                          weir__log *log, weir_buf *notes, rd_kafka_conf_t **out, weir_error *error)
{
    const char *servers = weir__config_text(config, "bootstrap.servers");
    const char *group = weir__config_text(config, "application.id");
    char level[16];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    weir_err err = set_defaults(conf, 1u << role, error);
    if (err == WEIR_OK && servers != NULL) {
        err = set(conf, "bootstrap.servers", servers, "", error);
    }
    if (err == WEIR_OK) {
        err = set(conf, "client.id", client_id, "", error);
    }
    /* Restore and global consumers never join a group, but librdkafka requires a group.id for
     * assign(). */
    if (err == WEIR_OK && group != NULL && role != WEIR__KAFKA_PRODUCER &&
        role != WEIR__KAFKA_ADMIN) {
        err = set(conf, "group.id", group, "", error);
    }
    if (err == WEIR_OK) {
        err = set_passed(conf, config, 1u << role, notes, error);
    }
    if (err == WEIR_OK) {
        err = weir__kafka_conf_rules(conf, config, 1u << role, notes, error);
    }
    if (err == WEIR_OK) {
        snprintf(level, sizeof level, "%d", (int)weir__log_level_of(config));
        err = set(conf, "log_level", level, "", error);
    }
    if (err != WEIR_OK) {
        rd_kafka_conf_destroy(conf);
        return err;
    }
    rd_kafka_conf_set_opaque(conf, log);
    rd_kafka_conf_set_log_cb(conf, on_log);
    rd_kafka_conf_set_error_cb(conf, weir__kafka_on_error);
    *out = conf;
    return WEIR_OK;
}

weir_err weir__kafka_conf(const weir_config *config, weir__kafka_role role, const char *client_id,
                          weir__log *log, rd_kafka_conf_t **out, weir_error *error)
{
    return make_conf(config, role, client_id, log, NULL, out, error);
}

weir_err weir__kafka_new(rd_kafka_type_t type, rd_kafka_conf_t *conf, rd_kafka_t **out,
                         weir_error *error)
{
    char reason[REASON_MAX_BYTES];
    rd_kafka_t *rk = rd_kafka_new(type, conf, reason, sizeof reason);
    if (rk == NULL) {
        rd_kafka_conf_destroy(conf); /* rd_kafka_new consumes it only when it succeeds */
        return weir__error_set(error, WEIR_ECONFIG, "librdkafka refuses its settings: %s", reason);
    }
    *out = rk;
    return WEIR_OK;
}

static void count_one(const char *name, const char *value, void *user)
{
    (void)value;
    *(size_t *)user += weir__setting_find(name) == NULL;
}

static void count_java(const char *name, const char *value, void *user)
{
    (void)value;
    *(size_t *)user += weir__client_setting_next(name, WEIR__FOR_ALL, NULL) != NULL;
}

/* True if the user has set a setting of this client. */
static bool has_settings(const weir_config *config, unsigned role)
{
    size_t count = 0;
    weir__config_each(config, "", count_java, &count);
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        if ((prefixes[i].roles & role) != 0) {
            weir__config_each(config, prefixes[i].prefix, count_one, &count);
        }
    }
    return count > 0;
}

static void count_security(const char *name, const char *value, void *user)
{
    (void)value;
    *(size_t *)user += strncmp(name, "security.", 9) == 0 || strncmp(name, "ssl.", 4) == 0 ||
                       strncmp(name, "sasl.", 5) == 0;
}

/* True if this client has security settings of its own. */
static bool has_own_security(const weir_config *config, unsigned role)
{
    size_t count = 0;
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        if (!prefixes[i].keep && (prefixes[i].roles & role) != 0) {
            weir__config_each(config, prefixes[i].prefix, count_security, &count);
        }
    }
    return count > 0;
}

/* librdkafka finds settings that exclude each other, and files that cannot be read, only when a
 * client is made. Makes a client without brokers and destroys it at once. Consumes `conf`. */
static weir_err try_client(rd_kafka_conf_t *conf, weir__kafka_role role, weir_error *error)
{
    static const char *const names[] = {"consumer", "restore consumer", "global consumer",
                                        "producer", "admin client"};
    bool consumes = role != WEIR__KAFKA_PRODUCER && role != WEIR__KAFKA_ADMIN;
    rd_kafka_t *rk = NULL;
    rd_kafka_conf_set(conf, "bootstrap.servers", NULL, NULL, 0); /* back to none */
    weir_err err =
        weir__kafka_new(consumes ? RD_KAFKA_CONSUMER : RD_KAFKA_PRODUCER, conf, &rk, error);
    if (err != WEIR_OK) {
        return weir__error_prefix(error, err, "%s", names[role]);
    }
    rd_kafka_destroy_flags(rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    return WEIR_OK;
}

/* Making a client with TLS takes 30 ms, mostly to read the system's certificates; any other client
 * takes less than 1 ms. The common security settings are therefore tried with one client only. */
weir_err weir__client_check(const weir_config *config, weir_buf *notes, weir_error *error)
{
    bool secured = false; /* the common security settings have been tried */
    for (unsigned role = 0; role < WEIR__KAFKA_ROLE_COUNT; role++) {
        rd_kafka_conf_t *conf;
        weir_err err = make_conf(config, role, "check", NULL, notes, &conf, error);
        if (err == WEIR_OK && role == WEIR__KAFKA_PRODUCER &&
            weir__config_is_exactly_once(config)) {
            err = weir__kafka_conf_transactional_id(conf, "check", error);
        }
        if (err == WEIR_OK && has_settings(config, 1u << role)) {
            bool own = has_own_security(config, 1u << role);
            if (!own && secured) {
                rd_kafka_conf_set(conf, "security.protocol", "plaintext", NULL, 0);
            }
            secured = secured || !own;
            err = try_client(conf, role, error);
        } else if (err == WEIR_OK) {
            rd_kafka_conf_destroy(conf);
        }
        if (err != WEIR_OK) {
            return err;
        }
    }
    return WEIR_OK;
}

const char *weir__client_version(void)
{
    return rd_kafka_version_str();
}
