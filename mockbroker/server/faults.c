/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules for requests. A rule that is for the whole request is chosen first. When that one lets the
 * request be carried out, rules for single topics or partitions of it apply as well. */
#include "faults.h"

#include <stdlib.h>
#include <string.h>

#include "request_topics.h"

/* ---- The rules ---- */

static char *copy(const char *text, bool *failed)
{
    char *to = text != NULL ? strdup(text) : NULL;
    *failed = *failed || (text != NULL && to == NULL);
    return to;
}

static void fault_free(weir__fault *fault)
{
    free((char *)(uintptr_t)fault->rule.client_id);
    free((char *)(uintptr_t)fault->rule.api);
    free((char *)(uintptr_t)fault->rule.topic);
    free(fault);
}

weir_err weir__fault_add(weir_mock *mock, const weir_mock_fault *rule, const weir__api *api,
                         int *id)
{
    weir__fault **end = &mock->faults;
    int count = 0;
    for (; *end != NULL; count++) {
        end = &(*end)->next;
    }
    if (count == WEIR__FAULTS_MAX) {
        return WEIR_ELIMIT;
    }
    weir__fault *fault = calloc(1, sizeof *fault);
    if (fault == NULL) {
        return WEIR_ENOMEM;
    }
    bool failed = false;
    *fault = (weir__fault){.id = count + 1, .rule = *rule, .api = api};
    fault->rule.client_id = copy(rule->client_id, &failed);
    fault->rule.api = copy(rule->api, &failed);
    fault->rule.topic = copy(rule->topic, &failed);
    if (failed) {
        fault_free(fault);
        return WEIR_ENOMEM;
    }
    fault->rule.from = rule->from != 0 ? rule->from : 1;
    fault->rule.times = rule->times != 0 ? rule->times : 1;
    *end = fault;
    *id = fault->id;
    return WEIR_OK;
}

weir__fault *weir__fault_find(const weir_mock *mock, int id)
{
    weir__fault *fault = mock->faults;
    while (fault != NULL && fault->id != id) {
        fault = fault->next;
    }
    return fault;
}

static bool should_have_fired(const weir__fault *fault)
{
    return fault->fired == 0 && !fault->rule.optional;
}

const weir__fault *weir__fault_unfired(const weir_mock *mock)
{
    const weir__fault *fault = mock->faults;
    while (fault != NULL && !should_have_fired(fault)) {
        fault = fault->next;
    }
    return fault;
}

void weir__faults_fini(weir_mock *mock)
{
    while (mock->faults != NULL) {
        weir__fault *fault = mock->faults;
        if (should_have_fired(fault)) {
            weir_buf text = {0};
            weir__fault_put(&text, fault);
            weir__mock_fail(mock, "%s never fired", weir__buf_text(&text));
            weir__buf_fini(&text);
        }
        mock->faults = fault->next;
        fault_free(fault);
    }
}

static void put_action(weir_buf *out, const weir_mock_fault *rule)
{
    static const char *const texts[] = {
        [WEIR_MOCK_ERROR] = "",
        [WEIR_MOCK_DELAY] = "delay of",
        [WEIR_MOCK_DROP_REQUEST] = "loss of",
        [WEIR_MOCK_DROP_ANSWER] = "loss of the answer to",
        [WEIR_MOCK_DISCONNECT] = "disconnection before",
        [WEIR_MOCK_DISCONNECT_AFTER] = "disconnection after",
    };
    if (rule->action == WEIR_MOCK_ERROR) {
        weir__buf_printf(out, "%s to", rd_kafka_err2name(rule->error_code));
    } else {
        weir__buf_put_text(out, texts[rule->action]);
    }
    weir__buf_printf(out, " %s", rule->api != NULL ? rule->api : "any request");
}

void weir__fault_put(weir_buf *out, const weir__fault *fault)
{
    const weir_mock_fault *rule = &fault->rule;
    weir__buf_printf(out, "fault %d (", fault->id);
    put_action(out, rule);
    if (rule->client_id != NULL) {
        weir__buf_printf(out, " of client '%s'", rule->client_id);
    }
    if (rule->topic != NULL) {
        weir__buf_printf(out, " with topic '%s'", rule->topic);
    }
    if (rule->partition.given) {
        weir__buf_printf(out, " partition %d", (int)rule->partition.number);
    }
    if (rule->broker != 0) {
        weir__buf_printf(out, " to broker %d", (int)rule->broker);
    }
    if (rule->delay_ms > 0) {
        weir__buf_printf(out, ", by %lld ms", (long long)rule->delay_ms);
    }
    if (rule->from > 1) {
        weir__buf_printf(out, ", from request %d on", rule->from);
    }
    if (rule->times == WEIR_MOCK_ALWAYS) {
        weir__buf_put_text(out, ", always)");
    } else if (rule->times == 1) {
        weir__buf_put_text(out, ", once)");
    } else {
        weir__buf_printf(out, ", %d times)", rule->times);
    }
}

/* ---- Requests ---- */

static bool is_client(const char *pattern, weir_slice client_id)
{
    size_t len = strlen(pattern);
    bool prefix = len > 0 && pattern[len - 1] == '*';
    weir_slice fixed = {pattern, prefix ? len - 1 : len};
    if (prefix && client_id.len > fixed.len) {
        client_id.len = fixed.len;
    }
    return client_id.data != NULL && weir_slice_equal(fixed, client_id);
}

static bool is_place(const weir_mock_fault *rule, weir_slice topic, int32_t partition)
{
    return weir_slice_equal(weir_slice_of(rule->topic), topic) &&
           (!rule->partition.given || rule->partition.number == partition);
}

static bool is_for_part(const weir__fault *fault)
{
    return fault->rule.action == WEIR_MOCK_ERROR && fault->rule.topic != NULL;
}

/* The chosen rule for this part of the request; NULL: none. */
static const weir__fault *chosen_for(const weir__request *request, weir_slice topic,
                                     int32_t partition)
{
    const weir_buf *chosen = &request->part_faults;
    for (size_t at = 0; at < chosen->len; at += sizeof(weir__fault *)) {
        const weir__fault *fault;
        memcpy(&fault, chosen->data + at, sizeof(weir__fault *));
        if (is_place(&fault->rule, topic, partition)) {
            return fault;
        }
    }
    return NULL;
}

typedef struct candidate {
    const weir__request *request;
    const weir__fault *fault;
} candidate;

static bool hits(weir_slice topic, int32_t partition, void *user)
{
    const candidate *it = user;
    return is_place(&it->fault->rule, topic, partition) &&
           (!is_for_part(it->fault) || chosen_for(it->request, topic, partition) == NULL);
}

static bool matches(const weir__fault *fault, const weir__request *request, weir__reader body)
{
    const weir_mock_fault *rule = &fault->rule;
    const weir__api *api = request->api;
    bool flexible = request->version >= api->flexible_from;
    candidate it = {request, fault};
    return !fault->ended && (fault->api == NULL || fault->api == api) &&
           (rule->broker == 0 || rule->broker == request->conn->broker->id) &&
           (rule->client_id == NULL || is_client(rule->client_id, request->client_id)) &&
           (rule->topic == NULL ||
            weir__request_each_partition(api->key, request->version, flexible, body, hits, &it));
}

static bool is_used_up(const weir__fault *fault)
{
    const weir_mock_fault *rule = &fault->rule;
    return rule->times != WEIR_MOCK_ALWAYS && fault->fired == rule->times;
}

/* Counts the request. True: the rule is for it. */
static bool fire(weir__fault *fault, const weir__request *request)
{
    fault->matched++;
    if (fault->matched < fault->rule.from) {
        return false;
    }
    fault->fired++;
    weir__mock_event(request->mock, &(weir_mock_event){.kind = WEIR_MOCK_FAULT,
                                                       .count = fault->id,
                                                       .reason = request->api->name,
                                                       .broker = request->conn->broker->id,
                                                       .client_id = request->client_id});
    return true;
}

bool weir__fault_is(const weir__request *request, weir_mock_action action)
{
    return request->fault != NULL && request->fault->rule.action == action;
}

/* A request that nothing of is carried out or answered in parts. */
static bool is_refused(const weir__request *request)
{
    return weir__fault_is(request, WEIR_MOCK_ERROR) ||
           weir__fault_is(request, WEIR_MOCK_DROP_REQUEST) ||
           weir__fault_is(request, WEIR_MOCK_DISCONNECT);
}

static void delay(weir__request *request, int64_t ms)
{
    int64_t start_us = ms > 0 ? request->mock->now_us + ms * 1000 : 0;
    request->start_us = start_us > request->start_us ? start_us : request->start_us;
}

/* True: chosen. */
static bool try_rule(weir__fault *fault, weir__request *request, weir__reader body)
{
    if (is_used_up(fault) || !matches(fault, request, body) || !fire(fault, request)) {
        return false;
    }
    delay(request, fault->rule.delay_ms);
    return true;
}

void weir__faults_choose(weir__request *request, weir__reader body)
{
    weir__fault *fault = request->mock->faults;
    for (; fault != NULL && request->fault == NULL; fault = fault->next) {
        if (!is_for_part(fault) && try_rule(fault, request, body)) {
            request->fault = fault;
            request->injected = fault->rule.error_code;
        }
    }
    fault = is_refused(request) ? NULL : request->mock->faults;
    for (; fault != NULL; fault = fault->next) {
        if (is_for_part(fault) && try_rule(fault, request, body)) {
            weir_put(&request->part_faults, &fault, sizeof(weir__fault *));
        }
    }
}

int16_t weir__fault_error(const weir__request *request, weir_slice topic, int32_t partition)
{
    const weir__fault *fault = chosen_for(request, topic, partition);
    return fault != NULL ? fault->rule.error_code : request->injected;
}
