/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of settings. Names, units and defaults are Kafka Streams' where it has them. */
#include "core/settings.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/choice_list.h"
#include "core/error.h"
#include "core/java_settings.h"
#include "core/nearest.h"
#include "core/reset.h"

#define THREADS_MAX 256
#define LIST_FROM 2 /* the first choice that may be part of a list */

static const weir__setting settings[] = {
    {.name = "__emit.interval.ms.kstreams.outer.join.spurious.results.fix__",
     .kind = WEIR__SETTING_I64,
     .fallback = "1000",
     .min = 0,
     .max = INT64_MAX,
     .doc = "The shortest time, ms of the wall clock, between two looks of a left or outer join of "
            "streams for records without a partner. An internal setting of Kafka Streams."},
    {.name = "__emit.interval.ms.kstreams.windowed.aggregation__",
     .kind = WEIR__SETTING_I64,
     .fallback = "1000",
     .min = 0,
     .max = INT64_MAX,
     .doc = "Aggregations of windows that emit on close look for closed windows at most once in "
            "this time. An internal setting of Kafka Streams, which has it in a list of its own."},
    {.name = "application.id",
     .kind = WEIR__SETTING_TEXT,
     .doc = "The name of the application. It is the group.id of its consumers, the prefix of "
            "its internal topics and client ids, and the name of the folder of its state. It "
            "is the same for all instances. Required."},
    {.name = "auto.offset.reset",
     .kind = WEIR__SETTING_CHOICE,
     .fallback = "earliest",
     .choices = {{"earliest", "smallest", NULL},
                 {"latest", "largest", NULL},
                 {"none", "error", NULL}},
     .resets = true,
     .doc = "The offset at which a source topic is read when the group has no committed "
            "offset, or the committed offset is out of range: the beginning, the end, none "
            "(the thread stops with an error). auto_offset_reset of a source wins. Internal "
            "topics and global tables are always read from the beginning."},
    {.name = "bootstrap.servers",
     .kind = WEIR__SETTING_TEXT,
     .doc = "`host:port` of some brokers, separated by commas. Required."},
    {.name = "buffered.records.per.partition",
     .kind = WEIR__SETTING_I64,
     .fallback = "1000",
     .min = 1,
     .max = 1000000,
     .capped = "1000000",
     .doc = "The greatest number of records that a task buffers for a partition. The "
            "partition is paused when there are more."},
    {.name = "client.id",
     .kind = WEIR__SETTING_TEXT,
     .doc = "The prefix of the names of threads and of client ids. The default is "
            "`<application.id>-<process id>`."},
    {.name = "commit.interval.ms",
     .kind = WEIR__SETTING_I64,
     .fallback = "30000",
     .exactly_once = "100",
     .min = 0,
     .max = INT64_MAX,
     .doc = "The time between commits. After a crash, records that were processed since the "
            "last commit are processed again."},
    {.name = "default.key.serde",
     .kind = WEIR__SETTING_SERDE,
     .doc = "The serde of keys where the topology names none: a built-in serde or one that "
            "the program has registered."},
    {.name = "default.timestamp.extractor",
     .kind = WEIR__SETTING_CHOICE,
     .fallback = "fail_on_invalid",
     .choices = {{"fail_on_invalid", "FailOnInvalidTimestamp", NULL},
                 {"log_and_skip", "LogAndSkipOnInvalidTimestamp", NULL},
                 {"use_partition_time", "UsePartitionTimeOnInvalidTimestamp", NULL},
                 {"wall_clock", "WallclockTimestampExtractor", NULL}},
     .doc = "What happens to a record with a negative timestamp if its source has no "
            "timestamp function: the thread stops, the record is dropped and logged, or the "
            "record gets the greatest timestamp of its partition so far (the thread stops if "
            "there is none). `wall_clock`: each record of such a source gets the time at "
            "which it is read."},
    {.name = "default.value.serde",
     .kind = WEIR__SETTING_SERDE,
     .doc = "The serde of values where the topology names none."},
    {.name = "deserialization.exception.handler",
     .kind = WEIR__SETTING_CHOICE,
     .fallback = "fail",
     .choices = {{"fail", "LogAndFailExceptionHandler", NULL},
                 {"continue", "LogAndContinueExceptionHandler", NULL}},
     .doc = "What happens when a record cannot be deserialized: the thread stops, or the "
            "record is dropped and logged."},
    {.name = "dsl.store",
     .kind = WEIR__SETTING_CHOICE,
     .fallback = "rocksdb",
     .choices = {{"rocksdb", "rocksDB", NULL}, {"memory", "in_memory", NULL}},
     .doc = "The kind of a store that does not name one."},
    {.name = "ensure.explicit.internal.resource.naming",
     .kind = WEIR__SETTING_CHOICE,
     .fallback = "false",
     .choices = {{"false", NULL, NULL}, {"true", NULL, NULL}},
     .doc = "Whether stores and repartition topics must have names (KIP-1111), not numbers."},
    {.name = "errors.dead.letter.queue.topic.name",
     .kind = WEIR__SETTING_TEXT,
     .doc = "The topic, which must exist, for the records that an exception handler decides about "
            "(KIP-1034), with Kafka's headers; that of the stack trace has node and task."},
    {.name = "log.level",
     .kind = WEIR__SETTING_CHOICE,
     .fallback = "info",
     .choices =
         {{"error", NULL, NULL}, {"warn", NULL, NULL}, {"info", NULL, NULL}, {"debug", NULL, NULL}},
     .doc = "The least severe level that is logged."},
    {.name = "max.poll.records",
     .kind = WEIR__SETTING_I64,
     .fallback = "1000",
     .min = 1,
     .max = 100000,
     .capped = "100000",
     .doc = "The greatest number of records that one poll of a stream thread returns."},
    {.name = "max.task.idle.ms",
     .kind = WEIR__SETTING_I64,
     .fallback = "0",
     .min = -1,
     .max = INT64_MAX,
     .doc = "How long a task waits for records of an empty partition before it processes "
            "records of its other partitions. 0: it waits only while the broker has records "
            "that are not fetched yet; -1: it does not wait."},
    {.name = "num.stream.threads",
     .kind = WEIR__SETTING_I64,
     .fallback = "1",
     .min = 1,
     .max = THREADS_MAX,
     .doc = "The number of stream threads of this instance."},
    {.name = "poll.ms",
     .kind = WEIR__SETTING_I64,
     .fallback = "100",
     .min = 0,
     .max = INT64_MAX,
     .doc = "How long a poll waits for records when the thread has nothing else to do."},
    {.name = "processing.exception.handler",
     .kind = WEIR__SETTING_CHOICE,
     .fallback = "fail",
     .choices = {{"fail", "LogAndFailProcessingExceptionHandler", NULL},
                 {"continue", "LogAndContinueProcessingExceptionHandler", NULL}},
     .doc = "What happens when a processor or a punctuator fails: the thread stops, or the "
            "record is dropped and logged."},
    {.name = "processing.exception.handler.global.enabled",
     .kind = WEIR__SETTING_CHOICE,
     .fallback = "false",
     .choices = {{"false", NULL, NULL}, {"true", NULL, NULL}},
     .doc = "Whether `processing.exception.handler` decides in global stores, too (KIP-1270)."},
    {.name = "processing.guarantee",
     .kind = WEIR__SETTING_CHOICE,
     .fallback = "at_least_once",
     .choices = {{"at_least_once", NULL, NULL},
                 {"exactly_once_v2", NULL, NULL},
                 {"exactly_once", NULL, "exactly_once_v2"},
                 {"exactly_once_beta", NULL, "exactly_once_v2"}},
     .doc =
         "How often a record takes effect when an instance fails. `exactly_once_v2`: the records "
         "that a thread writes and the offsets that it commits are transactions (KIP-447), and "
         "consumers read committed records only: other values of `isolation.level` and "
         "`enable.idempotence` have no effect. `producer.transaction.timeout.ms` (10000 by "
         "default) "
         "may not be less than `commit.interval.ms`."},
    {.name = "producer.max.block.ms",
     .kind = WEIR__SETTING_I64,
     .fallback = "60000",
     .min = 0,
     .max = INT64_MAX,
     .doc = "How long a send waits for room while the queue of the producer is full."},
    {.name = "production.exception.handler",
     .kind = WEIR__SETTING_CHOICE,
     .fallback = "fail",
     .choices = {{"fail", "DefaultProductionExceptionHandler", NULL}, {"continue", NULL, NULL}},
     .doc =
         "What happens when a record cannot be sent. `fail`: the thread stops; if the record was "
         "only not delivered in time (producer.delivery.timeout.ms), its task restores its "
         "state and processes the records since its last commit again. `continue`: the record "
         "is dropped and logged in both cases. With exactly_once_v2 a record that was not "
         "delivered "
         "is never dropped: its transaction is aborted, and `continue` drops only records that the "
         "producer does not take."},
    {.name = "repartition.purge.interval.ms",
     .kind = WEIR__SETTING_I64,
     .fallback = "30000",
     .min = 0,
     .max = INT64_MAX,
     .doc = "The time between two deletions of committed records from repartition topics."},
    {.name = "replication.factor",
     .kind = WEIR__SETTING_I64,
     .fallback = "-1",
     .min = -1,
     .max = INT16_MAX,
     .doc = "The number of replicas of internal topics. -1: the default of the broker."},
    {.name = "state.cleanup.delay.ms",
     .kind = WEIR__SETTING_I64,
     .fallback = "600000",
     .min = 0,
     .max = INT64_MAX,
     .doc = "The folder of a task is removed from `state.dir` this time, ms, after the task "
            "was revoked. Folders are checked from time to time while the application is "
            "RUNNING."},
    {.name = "state.cleanup.dir.max.age.ms",
     .kind = WEIR__SETTING_I64,
     .fallback = "43200000",
     .min = -1,
     .max = INT64_MAX,
     .doc = "The greatest age, ms, of state on disk that is used. At the start, older folders "
            "of tasks are removed. A store that is behind its changelog and older than that "
            "is restored from the beginning; if its changelog settings have "
            "`delete.retention.ms`, the limit is at most half of it. Older state may miss "
            "tombstones that have been compacted. -1, Java's default: no limit."},
    {.name = "state.dir",
     .kind = WEIR__SETTING_TEXT,
     .fallback = "/tmp/weir",
     .doc = "The folder of the state stores. Each application has a folder in it."},
    {.name = "statestore.cache.max.bytes",
     .kind = WEIR__SETTING_I64,
     .fallback = "10485760",
     .min = 0,
     .max = INT64_MAX,
     .doc = "The memory of the record caches of this instance, which its threads share. 0: no "
            "cache; each update is forwarded."},
    {.name = "statestore.uncommitted.max.bytes",
     .kind = WEIR__SETTING_I64,
     .fallback = "67108864",
     .min = -1,
     .max = INT64_MAX,
     .doc = "The memory for changes of state stores that are not committed yet, of this instance, "
            "under exactly_once_v2; its threads have equal parts. A thread that needs more commits "
            "before `commit.interval.ms` is over. -1: no limit (KIP-892)."},
    {.name = "task.timeout.ms",
     .kind = WEIR__SETTING_I64,
     .fallback = "300000",
     .min = 0,
     .max = INT64_MAX,
     .doc = "How long a temporary failure is retried before it becomes an error."},
    {.name = "topology.optimization",
     .kind = WEIR__SETTING_CHOICE,
     .fallback = "none",
     .choices = {{"none", NULL, NULL},
                 {"all", NULL, NULL},
                 {"reuse.ktable.source.topics", NULL, NULL},
                 {"merge.repartition.topics", NULL, NULL},
                 {"single.store.self.join", NULL, NULL}},
     .list = true,
     .doc = "How fewer internal topics are needed: the topic of a table is its changelog (it must "
            "be compacted, not deleted from); repartition topics below one change of keys become "
            "one; a stream joined with itself has one store. The same for all instances; another "
            "value needs a reset of the application."},
    {.name = "windowstore.changelog.additional.retention.ms",
     .kind = WEIR__SETTING_I64,
     .fallback = "86400000",
     .min = 0,
     .max = INT64_MAX,
     .doc = "How long, ms, the changelog of a window or session store keeps rows that have expired "
            "in the store. retention.ms in the store's changelog_config wins."},
};

#define SETTING_COUNT (sizeof settings / sizeof settings[0])

const weir__setting_prefix weir__setting_prefixes[] = {
    {"consumer.", "all consumers"},
    {"main.consumer.", "the consumers of stream threads; it wins over `consumer.`"},
    {"restore.consumer.", "the consumers that restore state; it wins over `consumer.`"},
    {"global.consumer.", "the consumers of global tables; it wins over `consumer.`"},
    {"producer.", "producers"},
    {"admin.", "the admin client"},
    {"topic.",
     "repartition topics and changelogs, when they are created (`topic.segment.bytes`); the "
     "settings of a store win"},
    {"security.", "all clients, under the same name (`security.protocol`)"},
    {"ssl.", "all clients, under the same name (`ssl.ca.location`)"},
    {"sasl.", "all clients, under the same name (`sasl.mechanisms`)"},
    {"app.", "the program itself: Weir stores these settings and does not use them"},
    {NULL, NULL},
};

/* Settings on which the runtime relies, by the name after the prefix. */
const weir__reserved_setting weir__reserved_settings[] = {
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
    {NULL, NULL, NULL},
};

const weir__setting *weir__setting_find(const char *name)
{
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        if (settings[i].name[0] == name[0] && strcmp(settings[i].name, name) == 0) {
            return &settings[i];
        }
    }
    const weir__other_name *other = weir__other_name_find(name);
    return other != NULL ? weir__setting_find(other->name) : NULL;
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
    weir__reset reset;
    if ((setting->resets && weir__reset_parse(value, &reset)) ||
        (setting->list && weir__is_choice_list(setting, LIST_FROM, value))) {
        return WEIR_OK;
    }
    for (size_t i = 0; i < WEIR__CHOICES_MAX && setting->choices[i].value != NULL; i++) {
        const weir__choice *choice = &setting->choices[i];
        if (strcmp(value, choice->value) == 0 ||
            (choice->java != NULL && strcmp(java, choice->java) == 0)) {
            if (choice->instead != NULL) {
                return weir__error_set(error, WEIR_ECONFIG,
                                       "%s: Kafka Streams has '%s' no longer; write %s",
                                       setting->name, value, choice->instead);
            }
            *canonical = choice->value;
            return WEIR_OK;
        }
        if (choice->instead == NULL) {
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
                           setting->resets ? WEIR__RESET_ALLOWED : allowed);
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
    for (const weir__setting_prefix *of = weir__setting_prefixes; of->prefix != NULL; of++) {
        size_t len = strlen(of->prefix);
        if (strncmp(name, of->prefix, len) == 0 && name[len] != '\0') {
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
    for (const weir__reserved_setting *of = weir__reserved_settings; of->name != NULL; of++) {
        if (strcmp(rest, of->name) == 0) {
            return of;
        }
    }
    return NULL;
}
