/* SPDX-License-Identifier: Apache-2.0
 *
 * Inputs and their outputs, by ids. */
#include "check/check.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ID_SHOWN ((size_t)64) /* bytes */

static weir__result *result_of(weir_checker *checker, weir_slice id)
{
    weir__result *result = weir__map_get(&checker->results, id);
    if (result == NULL) {
        size_t none = 0;
        result = weir__check_room(NULL, 0, &none, sizeof *result);
        *result = (weir__result){.offset = -1};
        weir__check_put(&checker->results, id, result);
        result->id = weir__map_find(&checker->results, id)->key;
    }
    return result;
}

static weir__seen_partition *place_of(weir_checker *checker, const weir_mock_record *record)
{
    return weir__seen_partition_of(checker, weir_slice_of(record->topic), record->partition);
}

static bool is_visible(const weir_mock_record *record, const weir_checker *checker)
{
    return weir_checker_is_visible(checker, record->topic, record->partition, record->offset);
}

void weir_checker_input(weir_checker *checker, const weir_mock_record *record, weir_slice id)
{
    if (checker == NULL || record == NULL) {
        return;
    }
    weir__result *result = result_of(checker, id);
    result->known = true;
    result->at = place_of(checker, record);
    result->offset = record->offset;
    result->visible = result->visible || is_visible(record, checker);
}

static size_t output_index(weir_checker *checker, const char *topic)
{
    weir_slice name = weir_slice_of(topic);
    uintptr_t number = (uintptr_t)weir__map_get(&checker->output_topics, name);
    if (number == 0) {
        number = checker->output_topics.count + 1;
        weir__check_put(&checker->output_topics, name, (void *)number);
    }
    return number - 1;
}

void weir_checker_output(weir_checker *checker, const weir_mock_record *record, weir_slice id)
{
    if (checker == NULL || record == NULL || !is_visible(record, checker)) {
        return; /* nobody gets what is not visible */
    }
    weir__result *result = result_of(checker, id);
    size_t index = output_index(checker, record->topic);
    while (result->output_capacity <= index) {
        size_t before = result->output_capacity;
        result->visible_outputs =
            weir__check_room(result->visible_outputs, before, &result->output_capacity,
                             sizeof *result->visible_outputs);
        memset(result->visible_outputs + before, 0,
               (result->output_capacity - before) * sizeof *result->visible_outputs);
    }
    result->visible_outputs[index]++;
    result->last_at = place_of(checker, record);
    result->last_offset = record->offset;
}

/* ---- Comparison --------------------------------------------------------------------------- */

static int64_t outputs_in(const weir_checker *checker, const weir__result *result,
                          const char *topic)
{
    uintptr_t number = (uintptr_t)weir__map_get_text(&checker->output_topics, topic);
    return number > 0 && number <= result->output_capacity ? result->visible_outputs[number - 1]
                                                           : 0;
}

static weir__where where_of(const weir__seen_partition *at, int64_t offset)
{
    return (weir__where){.topic = at != NULL ? at->topic : NULL,
                         .partition = at != NULL ? at->id : -1,
                         .offset = offset,
                         .generation = -1};
}

static int id_length(const weir__result *result)
{
    return (int)(result->id.len < ID_SHOWN ? result->id.len : ID_SHOWN);
}

/* One that no input has, or that was aborted. */
static void check_source(weir_checker *checker, const weir__result *result)
{
    if (result->last_at != NULL && !(result->known && result->visible)) {
        weir__where where = where_of(result->last_at, result->last_offset);
        weir__check_violation(checker, WEIR_ABORTED_READ, &where, "an output of '%.*s', %s",
                              id_length(result), (const char *)result->id.data,
                              result->known ? "which is not visible" : "which no input has");
    }
}

static void check_result(weir_checker *checker, const weir__result *result,
                         const weir_check_results *results)
{
    int64_t most = results->outputs_max > 0 ? results->outputs_max : 1;
    const char *missing = NULL;
    const char *present = NULL;
    for (const char *const *topic = results->outputs; *topic != NULL; topic++) {
        int64_t count = outputs_in(checker, result, *topic);
        missing = count == 0 ? *topic : missing;
        present = count > 0 ? *topic : present;
        if (count > most && !results->may_duplicate) {
            weir__where where = where_of(result->last_at, result->last_offset);
            weir__check_violation(
                checker, WEIR_DUPLICATE, &where,
                "'%.*s' has %" PRId64 " outputs in %s, at most %" PRId64 " are right",
                id_length(result), (const char *)result->id.data, count, *topic, most);
        }
    }
    if (missing == NULL) {
        return;
    }
    weir__where where = where_of(result->at, result->offset);
    if (present != NULL) {
        weir__check_violation(checker, WEIR_TORN, &where, "'%.*s' has outputs in %s, none in %s",
                              id_length(result), (const char *)result->id.data, present, missing);
    } else {
        weir__check_violation(checker, WEIR_LOST_WRITE, &where, "'%.*s' has no output in %s",
                              id_length(result), (const char *)result->id.data, missing);
    }
}

void weir_checker_compare(weir_checker *checker, const weir_check_results *results)
{
    if (checker == NULL || results == NULL || results->outputs == NULL) {
        return;
    }
    for (const weir__map_entry *at = checker->results.first; at != NULL; at = at->next) {
        const weir__result *result = at->value;
        check_source(checker, result);
        if (result->known && result->visible) {
            check_result(checker, result, results);
        }
    }
    weir__results_fini(checker);
}

static void free_result(void *of)
{
    weir__result *result = of;
    free(result->visible_outputs);
    free(result);
}

void weir__results_fini(weir_checker *checker)
{
    weir__map_fini(&checker->results, free_result);
    weir__map_fini(&checker->output_topics, NULL);
    checker->results = (weir__map){0};
    checker->output_topics = (weir__map){0};
}
