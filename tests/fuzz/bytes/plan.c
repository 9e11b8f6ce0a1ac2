/* SPDX-License-Identifier: Apache-2.0
 *
 * A plan, as text. What can be built is described, and gets a record on each topic. */
#include <stdlib.h>
#include <string.h>

#include <weir/driver_sync.h>
#include <weir/plans.h>

#include "bytes/target.h"

static void send(weir_plan_topic use, const char *topic, void *user)
{
    static const weir_slice text = {"a:b", 3};
    const weir_input_record records[] = {
        {.key = &text, .value = &text, .at = WEIR_AT(5)},
        {.key = &text, .at = WEIR_AT(0)},
        {.value = &text, .at = WEIR_AT(100)},
    };
    weir_error error;
    for (size_t i = 0; use == WEIR_PLAN_SOURCE && i < sizeof records / sizeof records[0]; i++) {
        weir_input_try_send(weir_sync_input(user, topic, &weir_bytes, &weir_bytes), &records[i],
                            &error);
    }
}

/* A plan may write to what it reads. A call that goes on to these ends long before the limits of
 * time and memory of libFuzzer. */
#define RECORDS_MAX 10000
#define BYTES_MAX ((size_t)1 << 24)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const config[] = {"deserialization.exception.handler",
                                         "continue",
                                         "processing.exception.handler",
                                         "continue",
                                         "dsl.store",
                                         "memory",
                                         NULL};
    weir_error error;
    weir_plan *plan = weir_plan_read((const char *)data, size, &error);
    if (plan == NULL) {
        return 0;
    }
    weir_topology *topology = weir_plan_build(NULL, &error, plan);
    if (topology != NULL) {
        free(weir_topology_describe(topology));
    } else if (error.message[0] == '\0') {
        abort(); /* an error without a text */
    }
    weir_topology_free(topology);
    if (topology != NULL) {
        weir_sync_opts opts = {.config = config,
                               .app = {.on_log = ignore_log},
                               .build = weir_plan_build,
                               .build_user = plan,
                               .records_max = RECORDS_MAX,
                               .bytes_max = BYTES_MAX};
        weir_sync *sync = weir_sync_new(NULL, &opts, &error);
        if (sync != NULL) {
            weir_plan_each_topic(plan, send, sync);
        }
        weir_sync_free(sync);
    }
    weir_plan_free(plan);
    return 0;
}
