/* SPDX-License-Identifier: Apache-2.0
 *
 * Bytes of a record through each built-in serde: what can be decoded is encoded, and the encoded
 * bytes give the same bytes again. */
#include <stdlib.h>
#include <string.h>

#include <weir/driver_sync.h>
#include <weir/dsl.h>

#include "bytes/target.h"

WEIR_TIME_WINDOWED_SERDE(windows, weir_string, 10)
WEIR_SESSION_WINDOWED_SERDE(sessions, weir_i64)

static const weir_serde *const serdes[] = {&weir_string, &weir_bytes, &weir_i32, &weir_i64,
                                           &weir_f64,    &weir_json,  &windows,  &sessions};
static const char *const inputs[] = {"string", "bytes", "i32",     "i64",
                                     "f64",    "json",  "windows", "sessions"};
static const char *const outputs[] = {"string-out", "bytes-out", "i32-out",     "i64-out",
                                      "f64-out",    "json-out",  "windows-out", "sessions-out"};

#define SERDES (sizeof serdes / sizeof serdes[0])

static weir_topology *build(const weir_config *config, weir_error *error)
{
    weir_builder *builder = weir_builder_new();
    for (size_t i = 0; i < SERDES; i++) {
        weir_to(weir_source(builder, inputs[i], serdes[i], serdes[i], NULL), outputs[i], NULL);
    }
    return weir_build(builder, config, error);
}

static const weir_row *pass(weir_sync *sync, size_t which, weir_slice value)
{
    const weir_input_record record = {.value = &value, .at = WEIR_AT(1)};
    weir_error error;
    weir_input to = weir_sync_input(sync, inputs[which], &weir_bytes, &weir_bytes);
    weir_output out = weir_sync_output(sync, outputs[which], &weir_bytes, &weir_bytes);
    if (weir_input_try_send(to, &record, &error) != WEIR_OK) {
        abort(); /* the handler continues */
    }
    const weir_rows *rows = weir_output_rest(out);
    return weir_rows_size(rows) > 0 ? weir_rows_at(rows, 0) : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const config[] = {"deserialization.exception.handler", "continue", NULL};
    const weir_sync_opts opts = {.config = config, .app = {.on_log = ignore_log}};
    target_bytes from = {data, size};
    weir_error error;
    size_t which = take_byte(&from) % SERDES;
    weir_sync *sync = weir_sync_new(build, &opts, &error);
    if (sync == NULL) {
        abort();
    }
    const weir_row *once = pass(sync, which, (weir_slice){from.at, from.left});
    if (once != NULL) {
        const weir_slice first = *(const weir_slice *)once->value;
        const weir_row *twice = pass(sync, which, first);
        if (twice == NULL) {
            abort();
        }
        const weir_slice second = *(const weir_slice *)twice->value;
        if (first.len != second.len || memcmp(first.data, second.data, first.len) != 0) {
            abort();
        }
    }
    weir_sync_free(sync);
    return 0;
}
