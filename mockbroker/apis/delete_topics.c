/* SPDX-License-Identifier: Apache-2.0
 *
 * DeleteTopics. */
#include "apis.h"
#include "brokers/topics.h"
#include "names.h"
#include "server/faults.h"

static void put_duplicate_deletion(weir_slice name, void *user)
{
    weir__request *request = user;
    weir__put_string(&request->answer, name);
    weir__buf_put_i16(&request->answer, RD_KAFKA_RESP_ERR_INVALID_REQUEST);
}

void weir__handle_delete_topics(weir__request *request, weir__reader *in)
{
    weir_buf *out = &request->answer;
    weir__names names = {0};
    int32_t count;
    weir__reader topics = weir__read_strings(in, &count);
    weir__reader again = topics;
    weir_err err = WEIR_OK;
    weir__read_i32(in); /* timeout */
    for (int32_t i = 0; i < count && !in->failed && err == WEIR_OK; i++) {
        err = weir__names_add(&names, weir__read_string(&again));
    }
    if (in->failed || err != WEIR_OK) {
        weir__names_fini(&names);
        weir__request_malformed(request);
        return;
    }
    weir__put_throttle(request, 1);
    weir__buf_put_i32(out, (int32_t)weir__names_count(&names));
    for (int32_t i = 0; i < count; i++) {
        weir_slice name = weir__read_string(&topics);
        if (weir__names_is_duplicate(&names, name)) {
            continue;
        }
        int16_t error = weir__fault_error(request, name, -1);
        weir__put_string(out, name);
        weir__buf_put_i16(out, error != 0 ? error : weir__topic_delete(request->mock, name));
    }
    weir__names_each_duplicate(&names, put_duplicate_deletion, request);
    weir__names_fini(&names);
    weir__request_answer(request);
}
