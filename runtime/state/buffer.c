/* SPDX-License-Identifier: Apache-2.0
 *
 * The second order of a time-ordered buffer: a tree whose keys are place (8) and key. */
#include "state/buffer.h"

#include <stdlib.h>

#include "core/error.h"
#include "state/tree.h"
#include "state/values.h"

#define PLACE_SIZE ((size_t)8)
#define SIGN_BIT ((uint64_t)1 << 63) /* negative places sort first */

typedef struct buffer {
    weir__kv base;
    weir__tree order;
    weir_buf probe; /* key of a lookup in `order` */
    size_t bytes;
} buffer;

typedef struct position {
    weir__tree_item item;
    uint8_t bytes[];
} position;

static void free_position(weir__tree_item *item)
{
    free(item);
}

static void write_position(uint8_t *out, int64_t place_ms, weir_slice key)
{
    weir__store_u64(out, (uint64_t)place_ms ^ SIGN_BIT);
    memcpy(out + PLACE_SIZE, key.data, key.len);
}

static int64_t place_of(weir_slice row)
{
    int64_t place_ms = 0;
    (void)weir__buffered_value_place(row, &place_ms);
    return place_ms;
}

static weir_err out_of_memory(weir_error *error)
{
    return weir__error_set(error, WEIR_ENOMEM, "buffer: no memory for a row");
}

static weir_err add_position(buffer *of, weir_slice key, int64_t place_ms)
{
    position *made = malloc(sizeof *made + PLACE_SIZE + key.len);
    if (made == NULL) {
        return WEIR_ENOMEM;
    }
    write_position(made->bytes, place_ms, key);
    made->item.key = (weir_slice){made->bytes, PLACE_SIZE + key.len};
    weir_err err = weir__tree_insert(&of->order, &made->item);
    if (err != WEIR_OK) {
        free(made);
    }
    return err;
}

/* Makes room for the key of remove_position, which then cannot fail. */
static weir_err prepare_removal(buffer *of, weir_slice key)
{
    weir__buf_reset(&of->probe);
    return weir__buf_reserve(&of->probe, PLACE_SIZE + key.len);
}

static void remove_position(buffer *of, weir_slice key, int64_t place_ms)
{
    write_position(of->probe.data, place_ms, key);
    free(weir__tree_remove(&of->order, (weir_slice){of->probe.data, PLACE_SIZE + key.len}));
}

/* A failure leaves the buffer as it was. */
static weir_err buffer_put(weir__kv *kv, weir_slice key, weir_slice row, weir_error *error)
{
    buffer *of = (buffer *)kv;
    weir_slice old = {0};
    int64_t place_ms = 0;
    if (row.data != NULL && !weir__buffered_value_place(row, &place_ms)) {
        return weir__error_set(error, WEIR_EINVAL, "a row of %zu bytes is not one of a buffer",
                               row.len);
    }
    weir_err err = weir__kv_get(kv->inner, key, &old, error);
    if (err != WEIR_OK) {
        return err;
    }
    bool had = old.data != NULL;
    int64_t old_place_ms = had ? place_of(old) : 0;
    size_t old_bytes = had ? weir__buffered_value_size(key, old) : 0;
    bool moves = had && (row.data == NULL || place_ms != old_place_ms);
    bool adds = row.data != NULL && (!had || moves);
    if ((moves || adds) && prepare_removal(of, key) != WEIR_OK) {
        return out_of_memory(error);
    }
    if (adds && add_position(of, key, place_ms) != WEIR_OK) {
        return out_of_memory(error);
    }
    err = weir__kv_put(kv->inner, key, row, error);
    if (err != WEIR_OK) {
        if (adds) {
            remove_position(of, key, place_ms);
        }
        return err;
    }
    if (moves) {
        remove_position(of, key, old_place_ms);
    }
    of->bytes -= old_bytes;
    of->bytes += row.data != NULL ? weir__buffered_value_size(key, row) : 0;
    return WEIR_OK;
}

static weir_err buffer_restore(weir__kv *kv, const weir__row *rows, size_t count, int64_t offset,
                               weir_error *error)
{
    for (size_t i = 0; i < count; i++) {
        weir_err err = buffer_put(kv, rows[i].key, rows[i].value, error);
        if (err != WEIR_OK) {
            return err;
        }
    }
    return weir__kv_commit(kv->inner, offset, WEIR__TIME_UNKNOWN, error);
}

static weir_err no_drop_range(weir__kv *kv, weir_slice from, weir_slice to, weir_error *error)
{
    (void)kv, (void)from, (void)to;
    return weir__error_set(error, WEIR_ESTATE, "a buffer has no ranges to drop");
}

static void buffer_close(weir__kv *kv)
{
    buffer *of = (buffer *)kv;
    weir__tree_fini(&of->order, free_position);
    weir__buf_fini(&of->probe);
    free(of);
}

static const weir__kv_ops buffer_ops = {
    .name = "buffer",
    .put = buffer_put,
    .drop_range = no_drop_range,
    .restore = buffer_restore,
    .close = buffer_close,
};

weir_err weir__buffer_wrap(weir__kv *inner, weir__kv **out, weir_error *error)
{
    buffer *made = calloc(1, sizeof *made);
    if (made == NULL) {
        weir__kv_close(inner);
        return weir__error_set(error, WEIR_ENOMEM, "no memory for a buffer");
    }
    made->base = (weir__kv){.ops = &buffer_ops, .inner = inner};
    *out = &made->base;
    return WEIR_OK;
}

static const buffer *buffer_of(const weir__kv *kv)
{
    while (kv != NULL && kv->ops != &buffer_ops) {
        kv = kv->inner;
    }
    weir_assert(kv != NULL);
    return (const buffer *)kv;
}

bool weir__buffer_first(const weir__kv *kv, weir__buffer_row *out)
{
    const buffer *of = buffer_of(kv);
    weir__tree_item *item =
        weir__tree_at(weir__tree_seek(&of->order, (weir_slice){0}, false, false));
    if (item == NULL) {
        return false;
    }
    const uint8_t *bytes = item->key.data;
    *out = (weir__buffer_row){.place_ms = (int64_t)(weir__load_u64(bytes) ^ SIGN_BIT),
                              .key = {bytes + PLACE_SIZE, item->key.len - PLACE_SIZE}};
    weir_err err = weir__kv_get(of->base.inner, out->key, &out->row, NULL);
    weir_assert(err == WEIR_OK && out->row.data != NULL); /* in memory: a read cannot fail */
    return true;
}

size_t weir__buffer_count(const weir__kv *kv)
{
    return buffer_of(kv)->order.count;
}

size_t weir__buffer_bytes(const weir__kv *kv)
{
    return buffer_of(kv)->bytes;
}
