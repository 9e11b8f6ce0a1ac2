/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of settings. Names, units and defaults are Kafka Streams' where it has them. */
#include "core/settings.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/java_settings.h"
#include "core/nearest.h"

#define THREADS_MAX 256

static const weir__setting settings[] = {
    {.name = "application.id",
     .kind = WEIR__SETTING_TEXT,
     .doc = "Names the application: consumer group, prefix of internal topics and of client ids, "
            "folder of its state. The same for all instances. Required."},
    {.name = "auto.offset.reset",
     .kind = WEIR__SETTING_CHOICE,
     .fallback = "earliest",
     .choices = {{"earliest", "smallest", false},
                 {"latest", "largest", false},
                 {"none", "error", false}},
     .doc =
         "Where a source topic is read from when the group has no offset for it, or one that "
         "does not exist any more: its start, its end, or not at all (the thread stops). A source "
         "may say it itself. Internal topics and global tables are always read from the start."},
    {.name = "bootstrap.servers",
     .kind = WEIR__SETTING_TEXT,
     .doc = "`host:port` of some brokers, separated by commas. Required."},
    {.name = "buffered.records.per.partition",
     .kind = WEIR__SETTING_I64,
     .fallback = "1000",
     .min = 1,
     .max = 1000000,
     .capped = "1000000",
     .doc = "Records that a task holds for one partition before its fetching is paused."},
    {.name = "client.id",
     .kind = WEIR__SETTING_TEXT,
     .doc = "Prefix of the names of threads and clients; without it "
            "`<application.id>-<process id>`."},
    {.name = "commit.interval.ms",
     .kind = WEIR__SETTING_I64,
     .fallback = "30000",
     .min = 0,
     .max = INT64_MAX,
     .doc = "Time between commits. A record may be processed again after a crash if it was not "
            "committed yet."},
    {.name = "default.key.serde",
     .kind = WEIR__SETTING_SERDE,
     .doc = "Serde of keys where the topology names none: a built-in one or one registered by the "
            "program."},
    {.name = "default.timestamp.extractor",
     .kind = WEIR__SETTING_CHOICE,
     .fallback = "fail_on_invalid",
     .choices = {{"fail_on_invalid", "FailOnInvalidTimestamp", false},
                 {"log_and_skip", "LogAndSkipOnInvalidTimestamp", false},
                 {"use_partition_time", "UsePartitionTimeOnInvalidTimestamp", false},
                 {"wall_clock", "WallclockTimestampExtractor", false}},
     .doc = "What happens to a record with a negative timestamp whose source has no timestamp "
            "function: stop the thread, log and drop the record, or give it the greatest timestamp "
            "of its partition so far (stop the thread when there is none). `wall_clock`: every "
            "record of such a source gets the time at which it is read."},
    {.name = "default.value.serde",
     .kind = WEIR__SETTING_SERDE,
     .doc = "Serde of values where the topology names none."},
    {.name = "deserialization.exception.handler",
     .kind = WEIR__SETTING_CHOICE,
     .fallback = "fail",
     .choices = {{"fail", "LogAndFailExceptionHandler", false},
                 {"continue", "LogAndContinueExceptionHandler", false}},
     .doc = "What happens to a record that cannot be decoded: stop the thread, or log and drop "
            "the record."},
    {.name = "dsl.store",
     .kind = WEIR__SETTING_CHOICE,
     .fallback = "rocksdb",
     .choices = {{"rocksdb", "rocksDB", false}, {"memory", "in_memory", false}},
     .doc = "Where stores live that do not say it themselves."},
    {.name = "log.level",
     .kind = WEIR__SETTING_CHOICE,
     .fallback = "info",
     .choices = {{"error", NULL, false},
                 {"warn", NULL, false},
                 {"info", NULL, false},
                 {"debug", NULL, false}},
     .doc = "The least important lines that are still logged."},
    {.name = "max.poll.records",
     .kind = WEIR__SETTING_I64,
     .fallback = "1000",
     .min = 1,
     .max = 100000,
     .capped = "100000",
     .doc = "Most records that a stream thread takes from its consumer at once."},
    {.name = "max.task.idle.ms",
     .kind = WEIR__SETTING_I64,
     .fallback = "0",
     .min = -1,
     .max = INT64_MAX,
     .doc = "How long a task with an empty partition waits for its data before it goes on with "
            "the others. 0: only for data that the broker is known to have; -1: not at all."},
    {.name = "num.stream.threads",
     .kind = WEIR__SETTING_I64,
     .fallback = "1",
     .min = 1,
     .max = THREADS_MAX,
     .doc = "Stream threads of this instance."},
    {.name = "poll.ms",
     .kind = WEIR__SETTING_I64,
     .fallback = "100",
     .min = 0,
     .max = INT64_MAX,
     .doc = "How long a stream thread without work waits for records."},
    {.name = "processing.exception.handler",
     .kind = WEIR__SETTING_CHOICE,
     .fallback = "fail",
     .choices = {{"fail", "LogAndFailProcessingExceptionHandler", false},
                 {"continue", "LogAndContinueProcessingExceptionHandler", false}},
     .doc = "What happens when an operator fails on a record, or a punctuator fails: stop the "
            "thread, or log and go on without the record."},
    {.name = "processing.guarantee",
     .kind = WEIR__SETTING_CHOICE,
     .fallback = "at_least_once",
     .choices = {{"at_least_once", NULL, false},
                 {"exactly_once_v2", "exactly_once", true},
                 {"exactly_once_beta", NULL, true}},
     .doc = "What a crash may do to a record."},
    {.name = "producer.max.block.ms",
     .kind = WEIR__SETTING_I64,
     .fallback = "60000",
     .min = 0,
     .max = INT64_MAX,
     .doc = "How long a thread waits for room when its producer's queue is full."},
    {.name = "production.exception.handler",
     .kind = WEIR__SETTING_CHOICE,
     .fallback = "fail",
     .choices = {{"fail", "DefaultProductionExceptionHandler", false}, {"continue", NULL, false}},
     .doc = "What happens when a record cannot be written for good (too large, refused): stop "
            "the thread, or log and drop the record."},
    {.name = "repartition.purge.interval.ms",
     .kind = WEIR__SETTING_I64,
     .fallback = "30000",
     .min = 0,
     .max = INT64_MAX,
     .doc = "Time between deletions of committed records from repartition topics."},
    {.name = "replication.factor",
     .kind = WEIR__SETTING_I64,
     .fallback = "-1",
     .min = -1,
     .max = INT16_MAX,
     .doc = "Replicas of internal topics. -1: the broker's default."},
    {.name = "state.cleanup.delay.ms",
     .kind = WEIR__SETTING_I64,
     .fallback = "600000",
     .min = 0,
     .max = INT64_MAX,
     .doc = "How long after an instance gave up a task the task's folder in its `state.dir` is "
            "removed, ms; while the application is RUNNING, looked at from time to time."},
    {.name = "state.cleanup.dir.max.age.ms",
     .kind = WEIR__SETTING_I64,
     .fallback = "43200000",
     .min = -1,
     .max = INT64_MAX,
     .doc = "State on disk of this age, ms, is not used any more: at the start folders of tasks "
            "last used so long ago are removed, and a store that is behind its changelog and was "
            "last up to date so long ago is restored from the beginning (also after half of "
            "`delete.retention.ms`, if the store's changelog settings give that). Older state may "
            "miss deletions. -1, Java's default: any age is good."},
    {.name = "state.dir",
     .kind = WEIR__SETTING_TEXT,
     .fallback = "/tmp/weir",
     .doc = "Folder of the state stores; each application has a folder in it."},
    {.name = "statestore.cache.max.bytes",
     .kind = WEIR__SETTING_I64,
     .fallback = "10485760",
     .min = 0,
     .max = INT64_MAX,
     .doc = "Memory of the record caches of this instance, shared by its threads. 0: no cache, "
            "every update is forwarded."},
    {.name = "task.timeout.ms",
     .kind = WEIR__SETTING_I64,
     .fallback = "300000",
     .min = 0,
     .max = INT64_MAX,
     .doc = "How long temporary failures of the broker are retried before they become errors."},
    {.name = "topology.optimization",
     .kind = WEIR__SETTING_CHOICE,
     .fallback = "none",
     .choices = {{"none", NULL, false},
                 {"all", NULL, true},
                 {"reuse.ktable.source.topics", NULL, true},
                 {"merge.repartition.topics", NULL, true},
                 {"single.store.self.join", NULL, true}},
     .doc = "Whether the topology is rewritten to need fewer topics."},
};

#define SETTING_COUNT (sizeof settings / sizeof settings[0])

static const struct {
    const char *prefix;
    const char *doc;
} passes[] = {
    {"consumer.", "all consumers"},
    {"main.consumer.", "the consumers of stream threads; wins over `consumer.`"},
    {"restore.consumer.", "the consumers that restore state; wins over `consumer.`"},
    {"global.consumer.", "the consumers of global tables; wins over `consumer.`"},
    {"producer.", "producers"},
    {"admin.", "the admin client"},
    {"topic.", "repartition topics and changelogs when they are made (`topic.segment.bytes`); what "
               "a store says itself wins"},
    {"security.", "all clients, under the same name (`security.protocol`)"},
    {"ssl.", "all clients, under the same name (`ssl.ca.location`)"},
    {"sasl.", "all clients, under the same name (`sasl.mechanisms`)"},
    {"app.", "settings of the program itself: Weir stores them and does not look at them"},
};

#define PASS_COUNT (sizeof passes / sizeof passes[0])

/* Settings on which the runtime relies, by the name after the prefix. */
static const weir__reserved_setting reserved[] = {
    {"group.id", "the group is named by application.id", NULL},
    {"partition.assignment.strategy", "Weir assigns tasks itself; leave it out", NULL},
    {"enable.auto.commit", "Weir commits what it has processed; leave it out", "false"},
    {"enable.auto.offset.store", "Weir commits what it has processed; leave it out", "false"},
    {"auto.commit.interval.ms", "set commit.interval.ms", NULL},
    {"auto.offset.reset", "only the consumers of stream threads have it; set auto.offset.reset",
     NULL},
    {"enable.partition.eof", "Weir must know the end of a partition; leave it out", "true"},
    {"group.instance.id", "static membership is not supported yet; leave it out", NULL},
    {"max.poll.records", "only the consumers of stream threads have it; set max.poll.records",
     NULL},
    {"client.id", "set client.id without a prefix", NULL},
    {"transactional.id", "Weir names its transactions itself; leave it out", NULL},
};

#define RESERVED_COUNT (sizeof reserved / sizeof reserved[0])

const weir__setting *weir__setting_find(const char *name)
{
    const weir__other_name *other = weir__other_name_find(name);
    name = other != NULL ? other->name : name;
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        if (strcmp(settings[i].name, name) == 0) {
            return &settings[i];
        }
    }
    return NULL;
}

const weir__setting *weir__setting_nearest(const char *name)
{
    const weir__setting *best = NULL;
    size_t best_distance = strlen(name) / 4 + 1;
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        size_t distance = weir__edit_distance(name, settings[i].name);
        if (distance < best_distance) {
            best = &settings[i];
            best_distance = distance;
        }
    }
    return best;
}

const weir__setting *weir__setting_at(size_t index)
{
    return index < SETTING_COUNT ? &settings[index] : NULL;
}

static weir_err check_i64(const weir__setting *setting, const char *value, const char **canonical,
                          weir_error *error)
{
    char *end = NULL;
    errno = 0;
    long long number = strtoll(value, &end, 10);
    if (setting->capped != NULL && *end == '\0' && number > setting->max && number <= INT32_MAX) {
        *canonical = setting->capped;
        return WEIR_OK;
    }
    if (end == value || *end != '\0' || errno != 0 || number < setting->min ||
        number > setting->max) {
        return weir__error_set(error, WEIR_ECONFIG,
                               "%s: '%s' is not a number from %" PRId64 " to %" PRId64,
                               setting->name, value, setting->min, setting->max);
    }
    return WEIR_OK;
}

/* A Java class name may have its package. */
static const char *without_package(const char *value)
{
    const char *dot = strrchr(value, '.');
    return dot != NULL && strncmp(value, "org.apache.kafka.", 17) == 0 ? dot + 1 : value;
}

static weir_err check_choice(const weir__setting *setting, const char *value,
                             const char **canonical, weir_error *error)
{
    const char *java = without_package(value);
    char allowed[256] = "";
    for (size_t i = 0; i < WEIR__CHOICES_MAX && setting->choices[i].value != NULL; i++) {
        const weir__choice *choice = &setting->choices[i];
        if (strcmp(value, choice->value) == 0 ||
            (choice->java != NULL && strcmp(java, choice->java) == 0)) {
            if (choice->unsupported) {
                return weir__error_set(error, WEIR_ECONFIG,
                                       "%s: '%s' is not supported yet; write %s", setting->name,
                                       value, setting->fallback);
            }
            *canonical = choice->value;
            return WEIR_OK;
        }
        if (!choice->unsupported) {
            weir__error_list(allowed, sizeof allowed, choice->value);
        }
    }
    if (weir__is_java_class(value)) {
        bool extractor = strcmp(setting->name, "default.timestamp.extractor") == 0;
        return weir__error_set(error, WEIR_ECONFIG,
                               "%s: '%s' is a Java class, which Weir cannot run; write one of %s%s",
                               setting->name, value, allowed,
                               extractor ? ", or give the sources a timestamp function" : "");
    }
    return weir__error_set(error, WEIR_ECONFIG, "%s: '%s' is not one of %s", setting->name, value,
                           allowed);
}

weir_err weir__setting_check(const weir__setting *setting, const char *value,
                             const char **canonical, weir_error *error)
{
    *canonical = value;
    switch (setting->kind) {
    case WEIR__SETTING_I64:
        return check_i64(setting, value, canonical, error);
    case WEIR__SETTING_CHOICE:
        return check_choice(setting, value, canonical, error);
    case WEIR__SETTING_TEXT:
    case WEIR__SETTING_SERDE:
        break;
    }
    if (value[0] == '\0') {
        return weir__error_set(error, WEIR_ECONFIG, "%s: may not be empty", setting->name);
    }
    return WEIR_OK;
}

/* The part of the name after its prefix; NULL when it has none. */
static const char *behind_prefix(const char *name)
{
    for (size_t i = 0; i < PASS_COUNT; i++) {
        size_t len = strlen(passes[i].prefix);
        if (strncmp(name, passes[i].prefix, len) == 0 && name[len] != '\0') {
            return name + len;
        }
    }
    return NULL;
}

const char *weir__setting_of_client(const char *name)
{
    static const char *const others[] = {"app.", "topic.", "security.", "ssl.", "sasl."};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (strncmp(name, others[i], strlen(others[i])) == 0) {
            return NULL;
        }
    }
    return behind_prefix(name);
}

bool weir__setting_passes(const char *name)
{
    return behind_prefix(name) != NULL;
}

const weir__reserved_setting *weir__setting_reserved(const char *name)
{
    const char *rest = weir__setting_of_client(name);
    rest = rest != NULL ? rest : name;
    for (size_t i = 0; i < RESERVED_COUNT; i++) {
        if (strcmp(rest, reserved[i].name) == 0) {
            return &reserved[i];
        }
    }
    return NULL;
}

static void put_allowed(weir_buf *out, const weir__setting *setting)
{
    switch (setting->kind) {
    case WEIR__SETTING_TEXT:
        weir__buf_put_text(out, "text");
        break;
    case WEIR__SETTING_SERDE:
        weir__buf_put_text(out, "name of a serde");
        break;
    case WEIR__SETTING_I64:
        if (setting->max == INT64_MAX) {
            weir__buf_printf(out, "number, at least %" PRId64, setting->min);
        } else {
            weir__buf_printf(out, "%" PRId64 " to %" PRId64 "%s", setting->min, setting->max,
                             setting->capped != NULL ? "; a greater number becomes that" : "");
        }
        break;
    case WEIR__SETTING_CHOICE:
        for (size_t i = 0; i < WEIR__CHOICES_MAX && setting->choices[i].value != NULL; i++) {
            const weir__choice *choice = &setting->choices[i];
            if (!choice->unsupported) {
                weir__buf_printf(out, "%s`%s`", i > 0 ? ", " : "", choice->value);
            }
            if (choice->java != NULL) {
                weir__buf_printf(out, " (`%s`)", choice->java);
            }
        }
        break;
    }
}

weir_err weir__settings_markdown(weir_buf *out)
{
    weir__buf_put_text(out, "# Settings\n\n"
                            "`weir_config_set`, or a Java properties file for `weir_config_load`. "
                            "Names, units and defaults are\nKafka Streams' where it has them; "
                            "names of its classes (in brackets) are understood too.\n"
                            "This file is checked against the table in "
                            "`runtime/core/settings.c` by a test.\n\n"
                            "| name | default | allowed | what it does |\n|---|---|---|---|\n");
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        const weir__setting *setting = &settings[i];
        const char *quote = setting->fallback != NULL ? "`" : "";
        weir__buf_printf(out, "| `%s` | %s%s%s | ", setting->name, quote,
                         setting->fallback != NULL ? setting->fallback : "", quote);
        put_allowed(out, setting);
        weir__buf_printf(out, " | %s |\n", setting->doc);
    }
    weir__buf_put_text(out,
                       "\nWhat a handler's `continue` drops, and what operators drop by themselves "
                       "(a record without a key at a\ntable, say), is logged once for each node "
                       "and reason, with topic, partition and offset, and then\ncounted: "
                       "`weir_app_dropped_records` gives the counts.\n");
    weir__buf_put_text(out, "\n## Settings of librdkafka and of the program\n\n"
                            "Behind a prefix stand the settings of librdkafka (its "
                            "`CONFIGURATION.md` lists them) for\n\n"
                            "| prefix | goes to |\n|---|---|\n");
    for (size_t i = 0; i < PASS_COUNT; i++) {
        weir__buf_printf(out, "| `%s` | %s |\n", passes[i].prefix, passes[i].doc);
    }
    weir__buf_put_text(out,
                       "\nWeir's own defaults for them (`runtime/client/conf.c`) give way to "
                       "yours. For each main consumer,\n`queued.min.messages` (records fetched "
                       "ahead, about 300 bytes each beside their own bytes) is\n500,000 and "
                       "`fetch.message.max.bytes` (of a partition in one Fetch; raise it for "
                       "brokers far away)\n262,144.\n");
    weir__buf_put_text(out, "\nThese Weir sets itself and refuses, with a prefix or without:\n\n");
    for (size_t i = 0; i < RESERVED_COUNT; i++) {
        const char *accepts = reserved[i].accepts;
        weir__buf_printf(out, "- `%s`: %s%s%s%s\n", reserved[i].name, reserved[i].why,
                         accepts != NULL ? " (taken: `" : "", accepts != NULL ? accepts : "",
                         accepts != NULL ? "`)" : "");
    }
    return weir__java_settings_markdown(out);
}
