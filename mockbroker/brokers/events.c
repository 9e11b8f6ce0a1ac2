/* SPDX-License-Identifier: Apache-2.0
 *
 * What every part of the cluster may ask for: a report, an event, a broker. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mock.h"

#define MESSAGE_MAX 512

void weir__mock_fail(weir_mock *mock, const char *format, ...)
{
    char message[MESSAGE_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    if (weir__map_find(&mock->failures, weir_slice_of(message)) != NULL) {
        return;
    }
    (void)weir__map_put_text(&mock->failures, message, mock); /* at worst it is reported again */
    if (mock->first_failure == NULL) {
        mock->first_failure = strdup(message);
    }
    if (mock->opts.on_failure != NULL) {
        mock->opts.on_failure(message, mock->opts.user);
    } else {
        fprintf(stderr, "weir mock cluster: %s\n", message);
    }
}

void weir__mock_event(weir_mock *mock, const weir_mock_event *event)
{
    if (mock->opts.on_event != NULL) {
        mock->opts.on_event(event, mock->opts.user);
    }
}

void weir__mock_wake(weir_mock *mock)
{
    (void)!write(mock->wake[1], "", 1); /* a full pipe wakes as well */
}

weir__broker *weir__broker_find(const weir_mock *mock, int32_t id)
{
    bool exists = mock != NULL && id >= 1 && id <= mock->opts.brokers;
    return exists ? (weir__broker *)&mock->brokers[id - 1] : NULL;
}

/* The broker that was set for the id, else the one of its hash. */
static weir__broker *coordinator(const weir_mock *mock, const weir__map *set, weir_slice id)
{
    weir__broker *found = weir__map_get(set, id);
    uint64_t hash = weir__hash(id);
    return found != NULL
               ? found
               : weir__broker_find(mock, 1 + (int32_t)(hash % (uint64_t)mock->opts.brokers));
}

weir__broker *weir__coordinator_of(const weir_mock *mock, weir_slice group)
{
    return coordinator(mock, &mock->coordinators, group);
}

weir__broker *weir__txn_coordinator_of(const weir_mock *mock, weir_slice transactional_id)
{
    return coordinator(mock, &mock->txn_coordinators, transactional_id);
}
