/* SPDX-License-Identifier: Apache-2.0
 *
 * Orders and their customers: the callbacks of foreign-key joins. */
#ifndef WEIR_TESTS_SUPPORT_ORDERS_H
#define WEIR_TESTS_SUPPORT_ORDERS_H

#include <stdio.h>
#include <string.h>

#include <weir/dsl.h>

/* What stands before the ':' of an order is its customer; an order without one has none. */
static inline weir_err customer_of(weir_ctx *ctx, const weir_record *in, void *key_out, void *user)
{
    (void)ctx;
    (void)user;
    const weir_slice *order = in->value;
    const char *end = order->len > 0 ? memchr(order->data, ':', order->len) : NULL;
    if (end != NULL) {
        *(weir_slice *)key_out =
            (weir_slice){order->data, (size_t)(end - (const char *)order->data)};
    }
    return WEIR_OK;
}

static inline weir_err both(weir_ctx *ctx, const void *key, const void *left, const void *right,
                            void *out, void *user)
{
    (void)key;
    (void)user;
    const weir_slice none = weir_slice_of("nobody");
    const weir_slice *order = left;
    const weir_slice *customer = right != NULL ? right : &none;
    char *text = weir_alloc(ctx, order->len + customer->len + 2);
    if (text == NULL) {
        return WEIR_ENOMEM;
    }
    int len = snprintf(text, order->len + customer->len + 2, "%.*s=%.*s", (int)order->len,
                       (const char *)order->data, (int)customer->len, (const char *)customer->data);
    *(weir_slice *)out = (weir_slice){text, (size_t)len};
    return WEIR_OK;
}

static const weir_foreign_joiner by_customer = {.foreign_key = customer_of, .joiner = both};

#endif
