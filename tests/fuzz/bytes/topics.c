/* SPDX-License-Identifier: Apache-2.0
 *
 * Records on the topics that a topology reads, its internal ones too: those that only Weir writes
 * may be damaged. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/driver_sync.h>
#include <weir/plans.h>

#include "bytes/target.h"

/* JSON with single quotes. */
static const char *const operators[] = {
    "{'id':'s','op':'stream','topics':['s'],'key':'string','value':'string'}",
    "{'id':'t','op':'table','topic':'t','key':'string','value':'string',"
    "'store':{'name':'t','backend':'memory'}}",
    "{'id':'by-value','op':'group_by','of':'t','fn':'value_as_key','key':'string',"
    "'value_fn':'length_i64','value':'i64'}",
    "{'id':'sums','op':'reduce','of':'by-value','adder':'sum','subtractor':'minus',"
    "'store':{'name':'sums','backend':'memory'}}",
    "{'id':'by-char','op':'group_by','of':'s','fn':'first_char_as_key','key':'string'}",
    "{'id':'counts','op':'count','of':'by-char','store':{'name':'counts','backend':'memory'}}",
    "{'id':'both','op':'outer_join','of':'counts','with':'sums','joiner':'concat',"
    "'value':'string','store':{'name':'both','backend':'memory'}}",
    "{'id':'out','op':'to','of':'both','topic':'out'}",
    /* A join by foreign key: its subscriptions and answers are bytes of a layout of their own. */
    "{'id':'u','op':'table','topic':'u','key':'string','value':'string',"
    "'store':{'name':'u','backend':'memory'}}",
    "{'id':'fk','op':'fk_left_join','of':'t','with':'u','foreign_fn':'value_itself',"
    "'joiner':'concat','value':'string','store':{'name':'fk','backend':'memory'}}",
    "{'id':'fk-out','op':'to','of':'fk','topic':'fk-out'}",
    /* A join of streams, one of them behind a repartition topic, counted in windows. */
    "{'id':'chars','op':'select_key','of':'s','fn':'first_char_as_key','key':'string'}",
    "{'id':'v','op':'stream','topics':['v'],'key':'string','value':'string'}",
    "{'id':'j','op':'outer_join','of':'chars','with':'v','joiner':'concat','value':'string',"
    "'windows':{'before_ms':10,'after_ms':10,'grace_ms':5},"
    "'store':{'name':'j','backend':'memory'}}",
    "{'id':'by-j','op':'group_by','of':'j','fn':'value_as_key','key':'string'}",
    "{'id':'w','op':'windowed_by','of':'by-j',"
    "'windows':{'type':'tumbling','size_ms':10,'grace_ms':5}}",
    "{'id':'n','op':'count','of':'w','store':{'name':'n','backend':'memory'}}",
    "{'id':'closed','op':'suppress','of':'n','until':'window_closes'}",
    "{'id':'n-out','op':'to','of':'closed','topic':'n-out'}",
};

/* Kept inputs have their indexes: new ones are added at the end. */
static const char *const topics[] = {
    "s",
    "t",
    "app-by-value-repartition",
    "app-by-char-repartition",
    "u",
    "v",
    "app-fk-subscription-registration-topic",
    "app-fk-subscription-response-topic",
    "app-j-left-repartition",
    "app-by-j-repartition",
};

static weir_plan *plan_of_all(void)
{
    static weir_plan *plan; /* as long as the process */
    char text[4096] = "[";
    size_t used = 1;
    for (size_t i = 0; plan == NULL && i < sizeof operators / sizeof operators[0]; i++) {
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", i == 0 ? "" : ",",
                                 operators[i]);
    }
    if (plan == NULL) {
        weir_error error = {0};
        for (size_t i = 0; i < used; i++) {
            text[i] = text[i] == '\'' ? '"' : text[i];
        }
        text[used] = ']';
        plan = weir_plan_read(text, used + 1, &error);
        fputs(error.message, stderr);
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
        fputs(error.message, stderr);
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
