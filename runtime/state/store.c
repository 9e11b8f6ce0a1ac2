/* SPDX-License-Identifier: Apache-2.0
 *
 * Calls an operation of the uppermost layer that has it. */
#include "state/store.h"

#include "core/error.h"

weir_err weir__kv_range(weir__kv *kv, weir_slice from, weir_slice to, bool reverse,
                        weir__kv_iter **out, weir_error *error)
{
    while (kv->ops->range == NULL) {
        kv = kv->inner;
    }
    return kv->ops->range(kv, from, to, reverse, out, error);
}

weir_err weir__kv_drop_range(weir__kv *kv, weir_slice from, weir_slice to, weir_error *error)
{
    while (kv->ops->drop_range == NULL) {
        kv = kv->inner;
    }
    return kv->ops->drop_range(kv, from, to, error);
}

weir_err weir__kv_restore(weir__kv *kv, const weir__row *rows, size_t count, int64_t offset,
                          weir_error *error)
{
    while (kv->ops->restore == NULL) {
        kv = kv->inner;
    }
    return kv->ops->restore(kv, rows, count, offset, error);
}

weir_err weir__kv_write(weir__kv *kv, const weir__write *write, weir_error *error)
{
    while (kv->ops->write == NULL) {
        kv = kv->inner;
    }
    return kv->ops->write(kv, write, error);
}

weir_err weir__kv_flush(weir__kv *kv, weir_error *error)
{
    while (kv != NULL && kv->ops->flush == NULL) {
        kv = kv->inner;
    }
    return kv != NULL ? kv->ops->flush(kv, error) : WEIR_OK;
}

int64_t weir__kv_offset(weir__kv *kv)
{
    while (kv->ops->offset == NULL) {
        kv = kv->inner;
    }
    return kv->ops->offset(kv);
}

weir_err weir__kv_commit(weir__kv *kv, int64_t offset, int64_t now_ms, weir_error *error)
{
    while (kv->ops->commit == NULL) {
        kv = kv->inner;
    }
    return kv->ops->commit(kv, offset, now_ms, error);
}

weir_err weir__kv_rollback(weir__kv *kv, weir_error *error)
{
    while (kv != NULL && kv->ops->rollback == NULL) {
        kv = kv->inner;
    }
    return kv != NULL
               ? kv->ops->rollback(kv, error)
               : weir__error_set(error, WEIR_ESTATE, "the store was not opened to be rolled back");
}

bool weir__kv_is_persistent(const weir__kv *kv)
{
    while (kv != NULL && kv->ops->as_of_ms == NULL) {
        kv = kv->inner;
    }
    return kv != NULL;
}

int64_t weir__kv_as_of_ms(weir__kv *kv)
{
    while (kv != NULL && kv->ops->as_of_ms == NULL) {
        kv = kv->inner;
    }
    return kv != NULL ? kv->ops->as_of_ms(kv) : WEIR__TIME_UNKNOWN;
}

bool weir__kv_was_left_open(weir__kv *kv)
{
    while (kv != NULL && kv->ops->was_left_open == NULL) {
        kv = kv->inner;
    }
    return kv != NULL && kv->ops->was_left_open(kv);
}

void weir__kv_discard(weir__kv *kv)
{
    for (; kv != NULL; kv = kv->inner) {
        if (kv->ops->discard != NULL) {
            kv->ops->discard(kv);
        }
    }
}

bool weir__kv_is_damaged(const weir__kv *kv)
{
    while (kv != NULL && !kv->damaged) {
        kv = kv->inner;
    }
    return kv != NULL;
}

void weir__kv_close(weir__kv *kv)
{
    while (kv != NULL) {
        weir__kv *inner = kv->inner;
        kv->ops->close(kv);
        kv = inner;
    }
}
