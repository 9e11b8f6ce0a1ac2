/* SPDX-License-Identifier: Apache-2.0
 *
 * Injected errors: the oldest that matches a request applies. */
#include <stdlib.h>
#include <string.h>

#include "server.h"

static bool matches(const weir__injection *injection, int16_t api_key, weir_slice client_id)
{
    return injection->api_key == api_key &&
           (injection->client_id == NULL ||
            weir_slice_equal(weir_slice_of(injection->client_id), client_id));
}

int16_t weir__inject_take(weir_mock *mock, int16_t api_key, weir_slice client_id)
{
    weir__injection **at = &mock->injections;
    while (*at != NULL && !matches(*at, api_key, client_id)) {
        at = &(*at)->next;
    }
    weir__injection *injection = *at;
    if (injection == NULL) {
        return 0;
    }
    int16_t error = injection->error;
    if (--injection->left == 0) {
        *at = injection->next;
        free(injection->client_id);
        free(injection);
    }
    return error;
}

void weir__inject_fini(weir_mock *mock)
{
    while (mock->injections != NULL) {
        weir__injection *injection = mock->injections;
        mock->injections = injection->next;
        free(injection->client_id);
        free(injection);
    }
}

weir_err weir__inject_add(weir_mock *mock, int16_t api_key, int16_t error_code, int count,
                          const char *client_id)
{
    weir__injection *injection = calloc(1, sizeof *injection);
    char *copy = client_id != NULL ? strdup(client_id) : NULL;
    if (injection == NULL || (client_id != NULL && copy == NULL)) {
        free(injection);
        free(copy);
        return WEIR_ENOMEM;
    }
    *injection = (weir__injection){
        .api_key = api_key, .error = error_code, .left = count, .client_id = copy};
    weir__injection **end = &mock->injections;
    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = injection;
    return WEIR_OK;
}
