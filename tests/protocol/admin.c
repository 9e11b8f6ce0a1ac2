/* SPDX-License-Identifier: Apache-2.0
 *
 * Topics and settings, as admin clients ask for them. */
#include "requests.h"
#include "scenarios.h"

#define TIMEOUT_MS 30000

typedef struct topic_request {
    const char *name;  /* the scenario's; "" is the empty name */
    const char *exact; /* instead: as it is */
    int32_t partitions;
    int16_t replicas;
    const char *config[4]; /* name, value, up to NULL */
    bool validate_only;
} topic_request;

static void create(run *r, const topic_request *wanted)
{
    const char *name = wanted->exact != NULL ? wanted->exact : wanted->name;
    see(r, "create %.20s with %d partitions, %d replicas", name, wanted->partitions,
        wanted->replicas);
    weir_buf *out = request(r, API_CREATE_TOPICS, 4);
    weir__buf_put_i32(out, 1);
    weir__put_cstring(out, wanted->exact != NULL ? name : full(r, name).text);
    weir__buf_put_i32(out, wanted->partitions);
    weir__buf_put_i16(out, wanted->replicas);
    weir__buf_put_i32(out, 0); /* assignments */
    int32_t settings = 0;
    for (; settings < 2 && wanted->config[2 * settings] != NULL; settings++) {
        see(r, " %s=%s", wanted->config[2 * settings], wanted->config[2 * settings + 1]);
    }
    weir__buf_put_i32(out, settings);
    for (int32_t i = 0; i < 2 * settings; i++) {
        weir__put_cstring(out, wanted->config[i]);
    }
    weir__buf_put_i32(out, TIMEOUT_MS);
    weir__put_bool(out, wanted->validate_only);
    see(r, "%s: ", wanted->validate_only ? ", only validated" : "");
    weir__reader in;
    if (answer(r, &in)) {
        weir__read_i32(&in); /* throttle time */
        weir__read_count(&in);
        weir__read_string(&in);
        int16_t error = weir__read_i16(&in);
        bool explained = weir__read_string(&in).len > 0;
        see(r, "%s%s\n", error_name(error), error != 0 && explained ? " explained" : "");
    }
}

static void delete_topic(run *r, const char *topic)
{
    see(r, "delete %s: ", topic);
    weir_buf *out = request(r, API_DELETE_TOPICS, 3);
    weir__buf_put_i32(out, 1);
    weir__put_cstring(out, full(r, topic).text);
    weir__buf_put_i32(out, TIMEOUT_MS);
    weir__reader in;
    if (answer(r, &in)) {
        weir__read_i32(&in); /* throttle time */
        weir__read_count(&in);
        weir__read_string(&in);
        see(r, "%s\n", error_name(weir__read_i16(&in)));
    }
}

static void grow(run *r, const char *topic, int32_t partitions)
{
    see(r, "grow %s to %d: ", topic, partitions);
    weir_buf *out = request(r, API_CREATE_PARTITIONS, 1);
    weir__buf_put_i32(out, 1);
    weir__put_cstring(out, full(r, topic).text);
    weir__buf_put_i32(out, partitions);
    weir__buf_put_i32(out, -1); /* assignments: null */
    weir__buf_put_i32(out, TIMEOUT_MS);
    weir__put_bool(out, false);
    weir__reader in;
    if (answer(r, &in)) {
        weir__read_i32(&in); /* throttle time */
        weir__read_count(&in);
        weir__read_string(&in);
        see(r, "%s\n", error_name(weir__read_i16(&in)));
    }
}

static bool ask_metadata(run *r, const char *topic, bool create_it, weir__reader *in, bool quiet)
{
    weir_buf *out = request(r, API_METADATA, 4);
    weir__buf_put_i32(out, 1);
    weir__put_cstring(out, full(r, topic).text);
    weir__put_bool(out, create_it);
    if (quiet ? !answer_quietly(r, in) : !answer(r, in)) {
        return false;
    }
    weir__read_i32(in); /* throttle time */
    int32_t brokers = weir__read_count(in);
    for (int32_t i = 0; i < brokers && !in->failed; i++) {
        weir__read_i32(in);
        weir__read_string(in);
        weir__read_i32(in);
        weir__read_string(in);
    }
    weir__read_string(in); /* cluster id */
    weir__read_i32(in);    /* controller */
    weir__read_count(in);
    return true;
}

static int32_t count_partitions(run *r, const char *topic)
{
    weir__reader in;
    if (!ask_metadata(r, topic, false, &in, true)) {
        return -1;
    }
    int16_t error = weir__read_i16(&in);
    weir__read_string(&in);
    weir__read_u8(&in); /* internal */
    int32_t count = weir__read_count(&in);
    return error != 0 ? -1 : count;
}

/* Waits until the broker knows of so many partitions; -1: not of the topic. */
static void await_partitions(run *r, const char *topic, int32_t count)
{
    for (int looks = 0; count_partitions(r, topic) != count; looks++) {
        if (looks == LOOKS_MAX) {
            see(r, "%s does not get %d partitions\n", topic, count);
            return;
        }
        pause_briefly();
    }
}

static void metadata(run *r, const char *topic, bool create_it)
{
    see(r, "metadata of %s%s: ", topic, create_it ? ", to be created" : "");
    weir__reader in;
    if (!ask_metadata(r, topic, create_it, &in, false)) {
        return;
    }
    see(r, "%s", error_name(weir__read_i16(&in)));
    weir__read_string(&in);
    see(r, "%s", weir__read_bool(&in) ? " internal" : "");
    int32_t count = weir__read_count(&in);
    for (int32_t i = 0; i < count && !in.failed; i++) {
        int16_t error = weir__read_i16(&in);
        int32_t id = weir__read_i32(&in);
        int32_t leader = weir__read_i32(&in);
        int32_t replicas = weir__read_count(&in);
        weir__read_bytes(&in, (size_t)(replicas > 0 ? replicas : 0) * 4);
        int32_t in_sync = weir__read_count(&in);
        weir__read_bytes(&in, (size_t)(in_sync > 0 ? in_sync : 0) * 4);
        see(r, ", %d %s leader %d, %d of %d replicas", id, error_name(error), leader, in_sync,
            replicas);
    }
    see(r, "\n");
}

typedef struct setting {
    int16_t error;
    weir_slice name; /* null: there is no such setting */
    weir_slice value;
    bool read_only;
    uint8_t source;
} setting;

/* DescribeConfigs of a topic. */
static bool ask_setting(run *r, const char *topic, const char *name, bool quiet, setting *found)
{
    weir_buf *out = request(r, API_DESCRIBE_CONFIGS, 1);
    weir__buf_put_i32(out, 1);
    weir__buf_put_u8(out, 2); /* a topic */
    weir__put_cstring(out, full(r, topic).text);
    weir__buf_put_i32(out, 1);
    weir__put_cstring(out, name);
    weir__put_bool(out, false);
    weir__reader in;
    *found = (setting){0};
    if (quiet ? !answer_quietly(r, &in) : !answer(r, &in)) {
        return false;
    }
    weir__read_i32(&in); /* throttle time */
    weir__read_count(&in);
    found->error = weir__read_i16(&in);
    weir__read_string(&in);
    weir__read_u8(&in);
    weir__read_string(&in);
    if (weir__read_count(&in) > 0) {
        found->name = weir__read_string(&in);
        found->value = weir__read_string(&in);
        found->read_only = weir__read_bool(&in);
        found->source = weir__read_u8(&in);
    }
    return true;
}

static void describe(run *r, const char *topic, const char *name)
{
    see(r, "setting %s of %s: ", name, topic);
    setting found;
    if (!ask_setting(r, topic, name, false, &found)) {
        return;
    }
    see(r, "%s", error_name(found.error));
    if (found.name.data != NULL) {
        see(r, " ");
        see_slice(r, found.name);
        see(r, "=");
        see_slice(r, found.value);
        see(r, "%s source %d", found.read_only ? " read-only" : "", found.source);
    }
    see(r, "\n");
}

/* Waits until a setting has a value: alterations are in effect a moment later. */
static void await_setting(run *r, const char *topic, const char *name, const char *value)
{
    for (int looks = 0; looks < LOOKS_MAX; looks++) {
        setting found;
        if (!ask_setting(r, topic, name, true, &found) ||
            weir_slice_equal(found.value, weir_slice_of(value))) {
            return;
        }
        pause_briefly();
    }
    see(r, "%s of %s does not become %s\n", name, topic, value);
}

#define OP_SET 0
#define OP_DELETE 1
#define OP_APPEND 2
#define OP_SUBTRACT 3

static void alter(run *r, const char *topic, const char *name, uint8_t op, const char *value)
{
    static const char *const names[] = {"set", "delete", "append", "subtract"};
    see(r, "%s %s of %s to %s: ", names[op], name, topic, value != NULL ? value : "null");
    weir_buf *out = request(r, API_INCREMENTAL_ALTER_CONFIGS, 0);
    weir__buf_put_i32(out, 1);
    weir__buf_put_u8(out, 2); /* a topic */
    weir__put_cstring(out, full(r, topic).text);
    weir__buf_put_i32(out, 1);
    weir__put_cstring(out, name);
    weir__buf_put_u8(out, op);
    put_text(&r->main, value);
    weir__put_bool(out, false);
    weir__reader in;
    if (answer(r, &in)) {
        weir__read_i32(&in); /* throttle time */
        weir__read_count(&in);
        see(r, "%s\n", error_name(weir__read_i16(&in)));
    }
}

static void wrong_topics_are_not_created(run *r)
{
    char name[251];
    memset(name, 'x', sizeof name);
    name[250] = '\0';
    create(r, &(topic_request){.name = "t", .partitions = 2, .replicas = 1});
    await_partitions(r, "t", 2);
    create(r, &(topic_request){.name = "t", .partitions = 2, .replicas = 1});
    create(r, &(topic_request){.exact = "", .partitions = 1, .replicas = 1});
    create(r, &(topic_request){.exact = "a b", .partitions = 1, .replicas = 1});
    create(r, &(topic_request){.exact = "..", .partitions = 1, .replicas = 1});
    create(r, &(topic_request){.exact = name, .partitions = 1, .replicas = 1});
    create(r, &(topic_request){.name = "u", .partitions = 0, .replicas = 1});
    create(r, &(topic_request){.name = "u", .partitions = -2, .replicas = 1});
    create(r, &(topic_request){.name = "u", .partitions = 1, .replicas = 0});
    create(r, &(topic_request){.name = "u", .partitions = 1, .replicas = 5});
    create(r, &(topic_request){
                  .name = "u", .partitions = 1, .replicas = 1, .config = {"no.such", "1"}});
    create(r, &(topic_request){
                  .name = "u", .partitions = 1, .replicas = 1, .config = {"retention.ms", "soon"}});
    create(r,
           &(topic_request){
               .name = "u", .partitions = 1, .replicas = 1, .config = {"cleanup.policy", "shred"}});
    metadata(r, "t", false);
    metadata(r, "u", false);
}

static void names_that_collide_are_not_created(run *r)
{
    create(r, &(topic_request){.name = "a.b", .partitions = 1, .replicas = 1});
    await_partitions(r, "a.b", 1);
    create(r, &(topic_request){.name = "a_b", .partitions = 1, .replicas = 1});
}

static void a_validated_topic_is_not_created(run *r)
{
    create(r, &(topic_request){.name = "t", .partitions = 1, .replicas = 1, .validate_only = true});
    create(r, &(topic_request){.name = "t", .partitions = 0, .replicas = 1, .validate_only = true});
    metadata(r, "t", false);
    create(r, &(topic_request){.name = "t", .partitions = -1, .replicas = -1});
    await_partitions(r, "t", 1);
    metadata(r, "t", false);
}

static void topics_are_deleted_and_created_again(run *r)
{
    create_topic(r, "t", 1, NULL);
    fill(r, "t", 0, (const char *const[]){"a", NULL});
    delete_topic(r, "t");
    await_partitions(r, "t", -1);
    metadata(r, "t", false);
    delete_topic(r, "t");
    fetch(r, "t", 0, 0);
    create_topic(r, "t", 2, NULL);
    list_offset(r, "t", 0, TIME_LATEST);
}

static void topics_grow_only(run *r)
{
    create_topic(r, "t", 2, NULL);
    grow(r, "t", 1);
    grow(r, "t", 2);
    grow(r, "t", 0);
    grow(r, "missing", 3);
    grow(r, "t", 4);
    await_partitions(r, "t", 4);
    metadata(r, "t", false);
}

static void metadata_creates_nothing(run *r)
{
    metadata(r, "t", false);
    metadata(r, "t", true);
    metadata(r, "t", false);
}

static void settings_are_described_with_their_source(run *r)
{
    create_topic(r, "t", 1, (const char *const[]){"retention.ms", "1234567", NULL});
    describe(r, "t", "retention.ms");
    describe(r, "t", "cleanup.policy");
    describe(r, "t", "max.message.bytes");
    describe(r, "t", "message.timestamp.type");
    describe(r, "t", "compression.type");
    describe(r, "t", "delete.retention.ms");
    describe(r, "t", "no.such");
    describe(r, "missing", "retention.ms");
}

static void settings_are_altered_one_by_one(run *r)
{
    create_topic(r, "t", 1, (const char *const[]){"retention.ms", "1234567", NULL});
    alter(r, "t", "retention.ms", OP_SET, "7654321");
    alter(r, "t", "max.message.bytes", OP_SET, "500");
    alter(r, "t", "cleanup.policy", OP_APPEND, "compact");
    await_setting(r, "t", "cleanup.policy", "delete,compact");
    describe(r, "t", "retention.ms");
    describe(r, "t", "max.message.bytes");
    describe(r, "t", "cleanup.policy");
    produce(r, "t", 0, &(batch){.values = {"a"}, .keys = {"k"}, .padding = 600});
    alter(r, "t", "cleanup.policy", OP_SUBTRACT, "delete");
    alter(r, "t", "retention.ms", OP_DELETE, NULL);
    await_setting(r, "t", "retention.ms", "604800000");
    describe(r, "t", "cleanup.policy");
    describe(r, "t", "retention.ms");
}

static void wrong_alterations_are_refused(run *r)
{
    create_topic(r, "t", 1, NULL);
    alter(r, "t", "retention.ms", OP_SET, "soon");
    alter(r, "t", "no.such", OP_SET, "1");
    alter(r, "t", "retention.ms", OP_APPEND, "1");
    alter(r, "t", "retention.ms", OP_SET, NULL);
    alter(r, "missing", "retention.ms", OP_SET, "1000000");
    describe(r, "t", "retention.ms");
}

static void find_coordinator(run *r, const char *name, uint8_t kind)
{
    see(r, "coordinator of \"%s\", kind %d: ", name, kind);
    int16_t error = 0;
    int32_t node = -1;
    int looks = 0;
    do {
        weir_buf *out = request(r, API_FIND_COORDINATOR, 2);
        weir__put_cstring(out, name);
        weir__buf_put_u8(out, kind);
        weir__reader in;
        if (!answer(r, &in)) {
            return;
        }
        weir__read_i32(&in); /* throttle time */
        error = weir__read_i16(&in);
        weir__read_string(&in); /* message */
        node = weir__read_i32(&in);
    } while (not_ready(error, &looks));
    see(r, "%s broker %d\n", error_name(error), node);
}

static void coordinators_are_found(run *r)
{
    find_coordinator(r, "any", 0);
    find_coordinator(r, "any", 1);
    find_coordinator(r, "", 0);
    find_coordinator(r, "", 1);
    find_coordinator(r, "any", 9);
}

static void a_version_that_is_not_offered_gets_the_versions(run *r)
{
    see(r, "versions, asked in version 99: ");
    request(r, API_API_VERSIONS, 99);
    put_text(&r->main, "client");
    put_text(&r->main, "1");
    put_end(&r->main);
    weir__reader in;
    if (answer(r, &in)) {
        int16_t error = weir__read_i16(&in);
        int32_t count = weir__read_count(&in);
        int16_t first = weir__read_i16(&in);
        see(r, "%s%s", error_name(error), count > 0 ? "" : " without a list");
        see(r, "%s\n", count == 1 && first == API_API_VERSIONS ? " of ApiVersions alone" : "");
    }
}

const scenario admin_scenarios[] = {
    SCENARIO(wrong_topics_are_not_created),
    SCENARIO(names_that_collide_are_not_created),
    SCENARIO(a_validated_topic_is_not_created),
    SCENARIO(topics_are_deleted_and_created_again),
    SCENARIO(topics_grow_only),
    SCENARIO(metadata_creates_nothing),
    SCENARIO(settings_are_described_with_their_source),
    SCENARIO(settings_are_altered_one_by_one),
    SCENARIO(wrong_alterations_are_refused),
    SCENARIO(coordinators_are_found),
    SCENARIO(a_version_that_is_not_offered_gets_the_versions),
    {NULL, NULL},
};
