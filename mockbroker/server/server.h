/* SPDX-License-Identifier: Apache-2.0
 *
 * The server's thread, and the errors that it injects. */
#ifndef WEIR_MOCKBROKER_SERVER_H
#define WEIR_MOCKBROKER_SERVER_H

#include "brokers/mock.h"

/* ---- front.c ---- */
weir_err weir__front_start(weir_mock *mock, weir_error *error);
void weir__front_stop(weir_mock *mock);

/* ---- inject.c: all under the cluster's lock ---- */
/* As weir_mock_inject. */
weir_err weir__inject_add(weir_mock *mock, int16_t api_key, int16_t error_code, int count,
                          const char *client_id);
/* The error to answer instead: 0, or as weir_mock_inject says. Counts the request. */
int16_t weir__inject_take(weir_mock *mock, int16_t api_key, weir_slice client_id);
void weir__inject_fini(weir_mock *mock);

#endif
