/* SPDX-License-Identifier: Apache-2.0
 *
 * The server's thread. */
#ifndef WEIR_MOCKBROKER_SERVER_H
#define WEIR_MOCKBROKER_SERVER_H

#include "brokers/mock.h"

/* ---- front.c ---- */
weir_err weir__front_start(weir_mock *mock, weir_error *error);
void weir__front_stop(weir_mock *mock);

#endif
