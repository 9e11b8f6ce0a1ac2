/* SPDX-License-Identifier: Apache-2.0
 *
 * An API of Kafka's protocol, as a row of the table in apis/table.c. */
#ifndef WEIR_MOCKBROKER_API_H
#define WEIR_MOCKBROKER_API_H

#include "core/buf.h"

struct weir__request;

typedef enum weir__api_kind {
    WEIR__FORWARD, /* the mock cluster's answer is the client's */
    WEIR__AMEND,   /* the mock cluster carries it out, the front changes request or answer */
    WEIR__ANSWER,  /* the front alone carries it out */
} weir__api_kind;

typedef struct weir__api {
    int16_t key;
    const char *name;
    int16_t version_min; /* as advertised */
    int16_t version_max;
    int16_t flexible_from; /* first version with compact types and tags */
    weir__api_kind kind;
    /* Reads the body from `in`, then answers, forwards, or keeps the request to answer it later.
     * When request->injected is set it does nothing but answer with that code. When the body was
     * malformed (in->failed) it changes nothing and calls weir__request_malformed. */
    void (*handle)(struct weir__request *request, weir__reader *in);
    const char *gap; /* what the mock cluster lacks; "" for FORWARD */
} weir__api;

#endif
