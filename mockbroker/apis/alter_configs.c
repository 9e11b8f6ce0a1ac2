/* SPDX-License-Identifier: Apache-2.0
 *
 * AlterConfigs and IncrementalAlterConfigs, of topics. Either all changes to a topic are made or
 * none (KIP-339). */
#include <stdlib.h>
#include <string.h>

#include "apis.h"
#include "brokers/topics.h"
#include "core/error.h"

#define RESOURCE_TOPIC 2
#define SETTING_NAME_MAX 255

/* What IncrementalAlterConfigs does to a setting; AlterConfigs only sets. */
enum { OP_SET = 0, OP_DELETE = 1, OP_APPEND = 2, OP_SUBTRACT = 3 };

typedef struct change {
    weir_slice name;
    uint8_t op;
    weir_slice value;
    bool null_is_default; /* what a value of null means; else it is refused */
} change;

/* A resource of the request. `changes` is behind the count. */
typedef struct resource {
    uint8_t type;
    weir_slice name;
    int32_t count;
    weir__reader changes;
} resource;

static change read_change(weir__reader *in, bool incremental)
{
    change it = {.name = weir__read_string(in)};
    it.op = incremental ? weir__read_u8(in) : OP_SET;
    it.value = weir__read_string(in);
    it.null_is_default = !incremental;
    return it;
}

static resource read_resource(weir__reader *in, bool incremental)
{
    resource it = {.type = weir__read_u8(in)};
    it.name = weir__read_string(in);
    it.count = weir__read_count(in);
    it.changes = *in;
    for (int32_t i = 0; i < it.count && !in->failed; i++) {
        read_change(in, incremental);
    }
    return it;
}

/* ---- Values ---- */

/* Whether the list "a,b" holds the item. */
static bool holds(weir_slice list, weir_slice item)
{
    const char *at = list.data;
    for (size_t begin = 0; begin <= list.len; begin++) {
        const char *comma = memchr(at + begin, ',', list.len - begin);
        size_t end = comma != NULL ? (size_t)(comma - at) : list.len;
        if (weir_slice_equal((weir_slice){at + begin, end - begin}, item)) {
            return true;
        }
        begin = end;
    }
    return false;
}

/* Appends the items of `from` that are, or are not, in `other`. */
static void put_items(weir_buf *out, weir_slice from, weir_slice other, bool in_other)
{
    const char *at = from.data;
    for (size_t begin = 0; from.len > 0 && begin <= from.len; begin++) {
        const char *comma = memchr(at + begin, ',', from.len - begin);
        size_t end = comma != NULL ? (size_t)(comma - at) : from.len;
        weir_slice item = {at + begin, end - begin};
        if (item.len > 0 && holds(other, item) == in_other) {
            weir__buf_put_text(out, out->len > 0 ? "," : "");
            weir_put(out, item.data, item.len);
        }
        begin = end;
    }
}

/* The setting's new value in `out`; *unset: it gets the default. A Kafka error code, with the
 * message. */
static int16_t new_value(const weir__topic *topic, const change *it, weir_buf *out, bool *unset,
                         weir_error *message)
{
    weir_slice none = weir_slice_of("");
    weir_slice given = it->value.data != NULL ? it->value : none;
    char name[SETTING_NAME_MAX + 1] = "";
    const char *now = NULL;
    if (it->name.len <= SETTING_NAME_MAX && it->name.data != NULL) {
        memcpy(name, it->name.data, it->name.len);
        now = weir__topic_config_get(topic, name);
    }
    if (it->op != OP_DELETE && it->value.data == NULL && !it->null_is_default) {
        weir__error_set(message, WEIR_EINVAL, "Setting '%s' needs a value.", name);
        return RD_KAFKA_RESP_ERR_INVALID_REQUEST;
    }
    *unset = it->op == OP_DELETE || (it->op == OP_SET && it->value.data == NULL);
    if (it->op == OP_SET) {
        weir_put(out, given.data, given.len);
    } else if (it->op == OP_APPEND || it->op == OP_SUBTRACT) {
        if (!weir__topic_config_is_list(it->name)) {
            weir__error_set(message, WEIR_ECONFIG, "Setting '%s' is not a list.", name);
            return RD_KAFKA_RESP_ERR_INVALID_CONFIG;
        }
        weir_slice old = now != NULL ? weir_slice_of(now) : none;
        put_items(out, old, it->op == OP_SUBTRACT ? given : none, false);
        put_items(out, it->op == OP_APPEND ? given : none, old, false);
    } else if (it->op != OP_DELETE) {
        weir__error_set(message, WEIR_EINVAL, "Unknown operation %u.", it->op);
        return RD_KAFKA_RESP_ERR_INVALID_REQUEST;
    }
    const char *standard = weir__topic_config_default(it->name); /* of an unknown one: NULL */
    weir_slice value =
        *unset ? weir_slice_of(standard != NULL ? standard : "") : weir__buf_slice(out);
    return weir__topic_config_check(it->name, value, message);
}

/* ---- Topics ---- */

static void free_text(void *text)
{
    free(text);
}

/* The explicit settings after the changes, in `settings`; on an error they are to be freed, too. */
static int16_t apply(const weir__topic *topic, resource *it, bool incremental, weir__map *settings,
                     weir_error *message)
{
    weir_err err = WEIR_OK;
    const weir__map_entry *entry = incremental ? topic->config.first : NULL;
    for (; entry != NULL && err == WEIR_OK; entry = entry->next) {
        char *copy = strdup(entry->value);
        err = copy != NULL ? weir__map_put(settings, entry->key, copy) : WEIR_ENOMEM;
    }
    for (int32_t i = 0; i < it->count && err == WEIR_OK; i++) {
        change one = read_change(&it->changes, incremental);
        weir_buf value = {0};
        bool unset;
        int16_t error = new_value(topic, &one, &value, &unset, message);
        char *copy = error == 0 && !unset ? strdup(weir__buf_text(&value)) : NULL;
        weir__buf_fini(&value);
        if (error != 0) {
            return error;
        }
        free(weir__map_remove(settings, one.name));
        if (!unset) {
            err = copy != NULL ? weir__map_put(settings, one.name, copy) : WEIR_ENOMEM;
        }
    }
    return err == WEIR_OK ? 0 : RD_KAFKA_RESP_ERR_UNKNOWN;
}

static int16_t alter(weir__request *request, resource *it, bool validate_only, weir_error *message)
{
    bool incremental = request->api->handle == weir__handle_incremental_alter_configs;
    weir__map settings = {0};
    message->message[0] = '\0';
    if (request->injected != 0) {
        return request->injected;
    }
    if (it->type != RESOURCE_TOPIC) {
        weir__error_set(message, WEIR_EUNSUPPORTED, "The mock cluster changes settings of topics.");
        return RD_KAFKA_RESP_ERR_INVALID_REQUEST;
    }
    weir__topic *topic = weir__topic_find(request->mock, it->name);
    if (topic == NULL) {
        return RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    }
    int16_t error = apply(topic, it, incremental, &settings, message);
    if (error == 0 && !validate_only) {
        weir__map old = topic->config;
        topic->config = settings;
        settings = old;
        weir__topic_configure(topic);
    }
    weir__map_fini(&settings, free_text);
    return error;
}

static void handle(weir__request *request, weir__reader *in, bool incremental)
{
    weir_buf *out = &request->answer;
    weir__reader resources = *in;
    int32_t count = weir__read_count(in);
    for (int32_t i = 0; i < count && !in->failed; i++) {
        read_resource(in, incremental);
    }
    bool validate_only = weir__read_bool(in);
    if (in->failed || count < 0) {
        weir__request_malformed(request);
        return;
    }
    weir__put_throttle(request, 0);
    weir__buf_put_i32(out, weir__read_count(&resources));
    for (int32_t i = 0; i < count; i++) {
        weir_error message;
        resource it = read_resource(&resources, incremental);
        int16_t error = alter(request, &it, validate_only, &message);
        bool has_text = error != 0 && message.message[0] != '\0';
        weir__buf_put_i16(out, error);
        weir__put_string(out, has_text ? weir_slice_of(message.message) : (weir_slice){0});
        weir__buf_put_u8(out, it.type);
        weir__put_string(out, it.name);
    }
    weir__request_answer(request);
}

void weir__handle_alter_configs(weir__request *request, weir__reader *in)
{
    handle(request, in, false);
}

void weir__handle_incremental_alter_configs(weir__request *request, weir__reader *in)
{
    handle(request, in, true);
}
