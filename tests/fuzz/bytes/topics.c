/* SPDX-License-Identifier: Apache-2.0
 *
 * Records on the topics that a topology reads, its internal ones too: those that only Weir writes
 * may be damaged. */
#include <stdlib.h>
#include <string.h>

#include <weir/driver_sync.h>
#include <weir/plans.h>

#include "bytes/target.h"

#define STORE(name) "\"store\":{\"name\":\"" name "\",\"backend\":\"memory\"}"
#define STRINGS "\"key\":\"string\",\"value\":\"string\""

static const char text[] =
    "["
    "{\"id\":\"s\",\"op\":\"stream\",\"topics\":[\"s\"]," STRINGS "},"
    "{\"id\":\"t\",\"op\":\"table\",\"topic\":\"t\"," STRINGS
    "," STORE("t") "},"
                   "{\"id\":\"by-value\",\"op\":\"group_by\",\"of\":\"t\",\"fn\":\"value_as_key\","
                   "\"key\":\"string\",\"value_fn\":\"length_i64\",\"value\":\"i64\"},"
                   "{\"id\":\"sums\",\"op\":\"reduce\",\"of\":\"by-value\",\"adder\":\"sum\","
                   "\"subtractor\":\"minus\"," STORE(
                       "sums") "},"
                               "{\"id\":\"by-char\",\"op\":\"group_by\",\"of\":\"s\",\"fn\":"
                               "\"first_char_as_key\","
                               "\"key\":\"string\"},"
                               "{\"id\":\"counts\",\"op\":\"count\",\"of\":\"by-char\"," STORE(
                                   "counts") "},"
                                             "{\"id\":\"both\",\"op\":\"outer_join\",\"of\":"
                                             "\"counts\",\"with\":\"sums\","
                                             "\"joiner\":\"concat\",\"value\":\"string\"," STORE(
                                                 "both") "},"
                                                         "{\"id\":\"out\",\"op\":\"to\",\"of\":"
                                                         "\"both\",\"topic\":\"out\"}"
                                                         "]";

static const char *const topics[] = {"s", "t", "app-by-value-repartition",
                                     "app-by-char-repartition"};

static weir_plan *plan_of_all(void)
{
    static weir_plan *plan; /* as long as the process */
    weir_error error;
    if (plan == NULL) {
        plan = weir_plan_read(text, sizeof text - 1, &error);
    }
    return plan;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const config[] = {"deserialization.exception.handler", "continue",
                                         "dsl.store", "memory", NULL};
    target_bytes from = {data, size};
    weir_error error;
    weir_sync_opts opts = {.config = config,
                           .app = {.on_log = ignore_log},
                           .build = weir_plan_build,
                           .build_user = plan_of_all()};
    weir_sync *sync = weir_sync_new(NULL, &opts, &error);
    if (sync == NULL) {
        abort();
    }
    while (from.left > 0) {
        const char *topic = topics[take_byte(&from) % (sizeof topics / sizeof topics[0])];
        weir_slice key = take_slice(&from);
        weir_slice value = take_slice(&from);
        weir_input_record record = {.key = key.data != NULL ? &key : NULL,
                                    .value = value.data != NULL ? &value : NULL,
                                    .at = WEIR_AT(take_byte(&from))};
        weir_err err = weir_input_try_send(weir_sync_input(sync, topic, &weir_bytes, &weir_bytes),
                                           &record, &error);
        if (err != WEIR_OK && error.message[0] == '\0') {
            abort(); /* an error without a text */
        }
    }
    weir_sync_free(sync);
    return 0;
}
