/* SPDX-License-Identifier: Apache-2.0
 *
 * The functions of mockbroker.h for rules: checks of what a test gives, under the lock. */
#include "apis/apis.h"
#include "core/error.h"
#include "server/faults.h"
#include "server/request_topics.h"

static weir_err check_action(const weir_mock_fault *fault, weir_error *error)
{
    if (fault->action < WEIR_MOCK_ERROR || fault->action > WEIR_MOCK_DISCONNECT_AFTER) {
        return weir__error_set(error, WEIR_EINVAL, "fault.action: there is no action %d",
                               (int)fault->action);
    }
    if ((fault->action == WEIR_MOCK_ERROR) != (fault->error_code != 0)) {
        return weir__error_set(error, WEIR_EINVAL, "fault.error_code: %s",
                               fault->error_code == 0 ? "WEIR_MOCK_ERROR needs one"
                                                      : "only WEIR_MOCK_ERROR has one");
    }
    if (fault->delay_ms < 0 || fault->delay_ms > INT32_MAX) {
        return weir__error_set(error, WEIR_EINVAL, "fault.delay_ms: %lld is not from 0 to %d",
                               (long long)fault->delay_ms, (int)INT32_MAX);
    }
    if (fault->action == WEIR_MOCK_DELAY && fault->delay_ms == 0) {
        return weir__error_set(error, WEIR_EINVAL, "fault.delay_ms: WEIR_MOCK_DELAY needs one");
    }
    return WEIR_OK;
}

static weir_err check_place(const weir_mock_fault *fault, const weir__api *api, weir_error *error)
{
    if (fault->topic == NULL) {
        return !fault->partition.given
                   ? WEIR_OK
                   : weir__error_set(error, WEIR_EINVAL, "fault.partition: it needs a topic");
    }
    if (fault->partition.given && fault->partition.number < 0) {
        return weir__error_set(error, WEIR_EINVAL, "fault.partition: %d is negative",
                               (int)fault->partition.number);
    }
    if (api == NULL) {
        return fault->action != WEIR_MOCK_ERROR
                   ? WEIR_OK
                   : weir__error_set(error, WEIR_EINVAL,
                                     "fault.api: an error for a topic needs one");
    }
    weir__names_in_request names = weir__request_names(api->key);
    if (names == WEIR__NAMES_NO_TOPIC || (names == WEIR__NAMES_TOPICS && fault->partition.given)) {
        return weir__error_set(error, WEIR_EINVAL, "fault.%s: a request %s names no %s",
                               names == WEIR__NAMES_NO_TOPIC ? "topic" : "partition", api->name,
                               names == WEIR__NAMES_NO_TOPIC ? "topic" : "partition");
    }
    return WEIR_OK;
}

static weir_err check(const weir_mock *mock, const weir_mock_fault *fault, const weir__api *api,
                      weir_error *error)
{
    if (fault->api != NULL && api == NULL) {
        return weir__error_set(error, WEIR_EINVAL, "fault.api: the brokers offer no '%s'",
                               fault->api);
    }
    if (fault->broker != 0 && weir__broker_find(mock, fault->broker) == NULL) {
        return weir__error_set(error, WEIR_EINVAL, "fault.broker: there is no broker %d",
                               (int)fault->broker);
    }
    if (fault->from < 0) {
        return weir__error_set(error, WEIR_EINVAL, "fault.from: %d is negative", fault->from);
    }
    if (fault->times < WEIR_MOCK_ALWAYS) {
        return weir__error_set(error, WEIR_EINVAL, "fault.times: %d is negative", fault->times);
    }
    weir_err err = check_action(fault, error);
    return err != WEIR_OK ? err : check_place(fault, api, error);
}

weir_err weir_mock_fault_add(weir_mock *mock, const weir_mock_fault *fault, int *id,
                             weir_error *error)
{
    int number = 0;
    if (mock == NULL || fault == NULL) {
        return weir__error_null(error, __func__, mock == NULL ? "mock" : "fault");
    }
    const weir__api *api = fault->api != NULL ? weir__api_named(fault->api) : NULL;
    weir_err err = check(mock, fault, api, error);
    if (err != WEIR_OK) {
        return err;
    }
    weir__mock_lock(mock);
    err = weir__fault_add(mock, fault, api, &number);
    weir__mock_unlock(mock);
    if (err == WEIR_ELIMIT) {
        return weir__error_set(error, err, "the brokers have %d faults, as many as they can",
                               WEIR__FAULTS_MAX);
    }
    if (err != WEIR_OK) {
        return weir__error_set(error, err, "%s", weir_err_str(err));
    }
    if (id != NULL) {
        *id = number;
    }
    return WEIR_OK;
}

int64_t weir_mock_fault_fired(const weir_mock *mock, int id)
{
    if (mock == NULL) {
        return -1;
    }
    weir__mock_lock(mock);
    const weir__fault *fault = weir__fault_find(mock, id);
    int64_t fired = fault != NULL ? fault->fired : -1;
    weir__mock_unlock(mock);
    return fired;
}

weir_err weir_mock_fault_remove(weir_mock *mock, int id)
{
    if (mock == NULL) {
        return WEIR_EINVAL;
    }
    weir__mock_lock(mock);
    weir__fault *fault = weir__fault_find(mock, id);
    if (fault != NULL) {
        fault->ended = true;
    }
    weir__mock_unlock(mock);
    return fault != NULL ? WEIR_OK : WEIR_ENOTFOUND;
}

weir_err weir_mock_faults_check(const weir_mock *mock, weir_error *error)
{
    if (mock == NULL) {
        return weir__error_null(error, __func__, "mock");
    }
    weir_err err = WEIR_OK;
    weir_buf text = {0};
    weir__mock_lock(mock);
    const weir__fault *unfired = weir__fault_unfired(mock);
    if (unfired != NULL) {
        weir__fault_put(&text, unfired);
        err = weir__error_set(error, WEIR_ESTATE, "%s never fired", weir__buf_text(&text));
    }
    weir__mock_unlock(mock);
    weir__buf_fini(&text);
    return err;
}
