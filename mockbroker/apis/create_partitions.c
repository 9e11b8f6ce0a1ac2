/* SPDX-License-Identifier: Apache-2.0
 *
 * CreatePartitions. */
#include "apis.h"
#include "brokers/topics.h"
#include "core/error.h"
#include "names.h"
#include "server/faults.h"

typedef struct growth_request {
    weir__topic_growth growth;
    bool assigned; /* by replica assignments: not offered */
} growth_request;

static growth_request read_growth(weir__reader *in)
{
    growth_request asked = {0};
    asked.growth.name = weir__read_string(in);
    asked.growth.partitions = weir__read_i32(in);
    int32_t assignments = weir__read_count(in); /* null: the cluster's own choice */
    asked.assigned = assignments > 0;
    for (int32_t i = 0; i < assignments && !in->failed; i++) {
        int32_t replicas = weir__read_count(in);
        weir__read_bytes(in, replicas > 0 ? (size_t)replicas * sizeof(int32_t) : 0);
    }
    return asked;
}

static int16_t grow(weir__request *request, const growth_request *asked, weir_error *message)
{
    message->message[0] = '\0';
    int16_t fault = weir__fault_error(request, asked->growth.name, -1);
    if (fault != 0) {
        return fault;
    }
    if (asked->assigned) {
        weir__error_set(message, WEIR_EUNSUPPORTED, "The mock cluster assigns replicas itself.");
        return RD_KAFKA_RESP_ERR_INVALID_REPLICA_ASSIGNMENT;
    }
    return weir__topic_grow(request->mock, &asked->growth, message);
}

static void put_duplicate_growth(weir_slice name, void *user)
{
    weir__put_topic_result(user, 0, name, RD_KAFKA_RESP_ERR_INVALID_REQUEST, WEIR__DUPLICATE_TOPIC);
}

void weir__handle_create_partitions(weir__request *request, weir__reader *in)
{
    weir__names names = {0};
    weir__reader topics = *in;
    weir_err err = WEIR_OK;
    int32_t count = weir__read_count(in);
    for (int32_t i = 0; i < count && !in->failed && err == WEIR_OK; i++) {
        growth_request asked = read_growth(in);
        err = in->failed ? WEIR_OK : weir__names_add(&names, asked.growth.name);
    }
    weir__read_i32(in); /* timeout */
    bool validate_only = weir__read_bool(in);
    if (in->failed || err != WEIR_OK) {
        weir__names_fini(&names);
        weir__request_malformed(request);
        return;
    }
    weir__put_throttle(request, 0);
    weir__buf_put_i32(&request->answer, (int32_t)weir__names_count(&names));
    weir__read_count(&topics);
    for (int32_t i = 0; i < count; i++) {
        weir_error message;
        growth_request asked = read_growth(&topics);
        if (weir__names_is_duplicate(&names, asked.growth.name)) {
            continue;
        }
        asked.growth.validate_only = validate_only;
        int16_t error = grow(request, &asked, &message);
        weir__put_topic_result(request, 0, asked.growth.name, error, message.message);
    }
    weir__names_each_duplicate(&names, put_duplicate_growth, request);
    weir__names_fini(&names);
    weir__request_answer(request);
}
