/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/dsl.h>

#include "replay/run.h"

#define HEADERS_MAX 64

static void *must(void *memory)
{
    if (memory == NULL) {
        abort();
    }
    return memory;
}

/* ---- Cases -------------------------------------------------------------------------------- */

const char *case_text(yyjson_val *of, const char *member)
{
    return yyjson_get_str(yyjson_obj_get(of, member));
}

int64_t case_number(yyjson_val *of, const char *member)
{
    return yyjson_get_sint(yyjson_obj_get(of, member));
}

weir_slice datum_bytes(yyjson_val *datum)
{
    if (yyjson_is_str(datum)) {
        return (weir_slice){yyjson_get_str(datum), yyjson_get_len(datum)};
    }
    const char *hex = case_text(datum, "hex");
    if (hex == NULL) {
        return (weir_slice){NULL, 0};
    }
    size_t len = strlen(hex) / 2;
    unsigned char *bytes = must(malloc(len + 1));
    for (size_t i = 0; i < len; i++) {
        char pair[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
        bytes[i] = (unsigned char)strtoul(pair, NULL, 16);
    }
    return (weir_slice){bytes, len};
}

void datum_free(yyjson_val *datum, weir_slice bytes)
{
    if (!yyjson_is_str(datum)) {
        free((void *)(uintptr_t)bytes.data);
    }
}

/* ---- Topologies --------------------------------------------------------------------------- */

size_t run_settings(const recorded_case *of, const char **pairs)
{
    yyjson_val *config = yyjson_obj_get(of->root, "config");
    size_t count = 0;
    yyjson_val *name;
    yyjson_obj_iter iter = yyjson_obj_iter_with(config);
    while ((name = yyjson_obj_iter_next(&iter)) != NULL && count + 2 < RUN_PAIRS_MAX) {
        const char *key = yyjson_get_str(name);
        const char *value = yyjson_get_str(yyjson_obj_iter_get_val(name));
        if (strcmp(key, "application.id") != 0 && strcmp(value, "fail_on_invalid") != 0) {
            pairs[count++] = key;
            pairs[count++] = value;
        }
    }
    pairs[count] = NULL;
    return count;
}

/* The reason without the operator: cases are counted by it. */
static void skip(case_run *run, const char *message)
{
    const char *reason = strstr(message, "Weir does not have ");
    snprintf(run->skip, sizeof run->skip, "%s",
             reason != NULL ? reason + strlen("Weir does not have ") : message);
}

bool run_describe(case_run *run, const recorded_case *of)
{
    const char *pairs[RUN_PAIRS_MAX + 1];
    size_t count = run_settings(of, pairs);
    weir_error error = {0};
    weir_config *config = must(weir_config_new());
    weir_err err = weir_config_set(config, "application.id", RUN_APPLICATION, &error);
    for (size_t i = 0; i < count && err == WEIR_OK; i += 2) {
        err = weir_config_set(config, pairs[i], pairs[i + 1], &error);
    }
    weir_topology *topology = NULL;
    if (err == WEIR_OK && run->skip[0] == '\0') {
        topology = weir_plan_build(config, &error, of->plan);
    }
    if (topology != NULL) {
        run->describe = must(weir_topology_describe(topology));
    } else if (error.code == WEIR_EUNSUPPORTED) {
        skip(run, error.message);
    } else {
        run->end = RUN_NOT_BUILT;
        snprintf(run->error, sizeof run->error, "%s", error.message);
    }
    weir_topology_free(topology);
    weir_config_free(config);
    return topology != NULL;
}

/* ---- Steps -------------------------------------------------------------------------------- */

weir_err run_pipe(weir_input input, yyjson_val *step, weir_error *error)
{
    yyjson_val *list = yyjson_obj_get(step, "headers");
    yyjson_val *key = yyjson_obj_get(step, "key");
    yyjson_val *value = yyjson_obj_get(step, "value");
    weir_header headers[HEADERS_MAX];
    size_t count = yyjson_arr_size(list) < HEADERS_MAX ? yyjson_arr_size(list) : HEADERS_MAX;
    for (size_t i = 0; i < count; i++) {
        yyjson_val *header = yyjson_arr_get(list, i);
        headers[i].name = yyjson_get_str(yyjson_arr_get(header, 0));
        headers[i].value = datum_bytes(yyjson_arr_get(header, 1));
    }
    weir_slice key_bytes = datum_bytes(key);
    weir_slice value_bytes = datum_bytes(value);
    weir_input_record record = {.key = key_bytes.data != NULL ? &key_bytes : NULL,
                                .value = value_bytes.data != NULL ? &value_bytes : NULL,
                                .at = WEIR_AT(case_number(step, "ts")),
                                .headers = headers,
                                .header_count = count};
    weir_err err = weir_input_try_send(input, &record, error);
    datum_free(key, key_bytes);
    datum_free(value, value_bytes);
    for (size_t i = 0; i < count; i++) {
        datum_free(yyjson_arr_get(yyjson_arr_get(list, i), 1), headers[i].value);
    }
    return err;
}

static weir_slice copy(weir_slice of)
{
    if (of.data == NULL) {
        return of;
    }
    char *bytes = must(malloc(of.len + 1));
    if (of.len > 0) {
        memcpy(bytes, of.data, of.len);
    }
    return (weir_slice){bytes, of.len};
}

void run_note(case_run *run, int step, const char *topic, const weir_row *record)
{
    run->records = must(realloc(run->records, (run->count + 1) * sizeof *run->records));
    sent *to = &run->records[run->count++];
    *to = (sent){.step = step,
                 .topic = must(strdup(topic)),
                 .timestamp_ms = record->timestamp_ms,
                 .headers = must(calloc(record->header_count + 1, sizeof *to->headers)),
                 .header_count = record->header_count};
    to->key = record->key != NULL ? copy(*(const weir_slice *)record->key) : (weir_slice){NULL, 0};
    to->value =
        record->value != NULL ? copy(*(const weir_slice *)record->value) : (weir_slice){NULL, 0};
    for (size_t i = 0; i < record->header_count; i++) {
        to->headers[i].name = must(strdup(record->headers[i].name));
        to->headers[i].value = copy(record->headers[i].value);
    }
}

void run_count_dropped(case_run *run, const weir_dropped_records *dropped, size_t count)
{
    static const char filter[] = "-repartition-filter";
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(dropped[i].node);
        size_t end = strlen(filter);
        if (length < end || strcmp(dropped[i].node + length - end, filter) != 0) {
            run->dropped += dropped[i].count;
        }
    }
}

static void free_slice(weir_slice bytes)
{
    free((void *)(uintptr_t)bytes.data);
}

void run_free(case_run *run)
{
    if (run->close != NULL) {
        run->close(run);
    }
    for (size_t i = 0; i < run->count; i++) {
        sent *one = &run->records[i];
        free(one->topic);
        free_slice(one->key);
        free_slice(one->value);
        for (size_t j = 0; j < one->header_count; j++) {
            free((char *)(uintptr_t)one->headers[j].name);
            free_slice(one->headers[j].value);
        }
        free(one->headers);
    }
    free(run->records);
    free(run->describe);
    *run = (case_run){0};
}
