/* SPDX-License-Identifier: Apache-2.0
 *
 * Checks bootstrap.servers: librdkafka would ignore an entry that it does not understand, and
 * truncate a port to 16 bits. */
#include "core/servers.h"

#include <stdlib.h>
#include <string.h>

#include "core/error.h"

#define SERVER_BYTES_MAX 512
#define PORT_DIGITS_MAX 5
#define PORT_MAX 65535

static weir_err bad_server(weir_error *error, const char *all, const char *at, size_t len,
                           const char *why)
{
    return weir__error_set(error, WEIR_ECONFIG,
                           "bootstrap.servers: '%.*s' in '%s' %s; write host:port of some brokers, "
                           "separated by commas",
                           (int)len, at, all, why);
}

/* Checks one entry of bootstrap.servers: [protocol://]host[:port]. The host may be an IPv6 address
 * in brackets. */
static weir_err check_server(const char *all, const char *at, size_t len, weir_error *error)
{
    char server[SERVER_BYTES_MAX];
    if (len >= sizeof server) {
        return bad_server(error, all, at, len, "is too long");
    }
    memcpy(server, at, len);
    server[len] = '\0';
    const char *host = strstr(server, "://");
    host = host != NULL ? host + 3 : server;
    const char *bracket = host[0] == '[' ? strchr(host, ']') : NULL;
    const char *colon = strchr(bracket != NULL ? bracket : host, ':');
    size_t host_len = colon != NULL ? (size_t)(colon - host) : strlen(host);
    if (host_len == 0) {
        return bad_server(error, all, at, len, len == 0 ? "is empty" : "has no host");
    }
    if (strcspn(host, " \t") < host_len) {
        return bad_server(error, all, at, len, "has a blank in its host");
    }
    if (colon == NULL) {
        return WEIR_OK; /* librdkafka then uses 9092 */
    }
    const char *port = colon + 1;
    size_t digits = strspn(port, "0123456789");
    if (digits == 0 || port[digits] != '\0') {
        return bad_server(error, all, at, len, "has no number as its port");
    }
    if (digits > PORT_DIGITS_MAX || strtol(port, NULL, 10) < 1 ||
        strtol(port, NULL, 10) > PORT_MAX) {
        return bad_server(error, all, at, len, "has a port that is not from 1 to 65535");
    }
    return WEIR_OK;
}

weir_err weir__servers_check(const char *all, weir_error *error)
{
    const char *at = all;
    for (;;) {
        at += strspn(at, " \t");
        size_t len = strcspn(at, ",");
        size_t used = len;
        while (used > 0 && (at[used - 1] == ' ' || at[used - 1] == '\t')) {
            used--;
        }
        bool last = at[len] == '\0';
        /* As in Java, a comma at the end is allowed, but an empty list is an error. */
        if (!(last && used == 0 && at != all)) {
            weir_err err = check_server(all, at, used, error);
            if (err != WEIR_OK) {
                return err;
            }
        }
        if (last) {
            return WEIR_OK;
        }
        at += len + 1;
    }
}
