/* SPDX-License-Identifier: Apache-2.0
 *
 * Leader epochs, as Kafka's LeaderEpochFileCache keeps them. */
#include "leader_epochs.h"

#include <stdlib.h>
#include <string.h>

#define CAPACITY_FIRST 4

void weir__leader_epochs_fini(weir__leader_epochs *epochs)
{
    free(epochs->items);
    *epochs = (weir__leader_epochs){0};
}

weir_err weir__leader_epochs_add(weir__leader_epochs *epochs, int32_t epoch, int64_t start)
{
    if (epochs->count > 0 && epochs->items[epochs->count - 1].epoch >= epoch) {
        return WEIR_OK;
    }
    while (epochs->count > 0 && epochs->items[epochs->count - 1].start >= start) {
        epochs->count--;
    }
    if (epochs->count == epochs->capacity) {
        size_t capacity = epochs->capacity != 0 ? epochs->capacity * 2 : CAPACITY_FIRST;
        weir__leader_epoch *items = realloc(epochs->items, capacity * sizeof *items);
        if (items == NULL) {
            return WEIR_ENOMEM;
        }
        epochs->items = items;
        epochs->capacity = capacity;
    }
    epochs->items[epochs->count++] = (weir__leader_epoch){epoch, start};
    return WEIR_OK;
}

/* The index of the first epoch that begins above `offset`. */
static size_t first_above(const weir__leader_epochs *epochs, int64_t offset)
{
    size_t at = epochs->count;
    while (at > 0 && epochs->items[at - 1].start > offset) {
        at--;
    }
    return at;
}

void weir__leader_epochs_trim(weir__leader_epochs *epochs, int64_t start)
{
    size_t above = first_above(epochs, start);
    if (above == 0) {
        return;
    }
    size_t gone = above - 1;
    epochs->count -= gone;
    if (gone > 0) {
        memmove(epochs->items, epochs->items + gone, epochs->count * sizeof *epochs->items);
    }
    epochs->items[0].start = start;
}

int32_t weir__leader_epochs_at(const weir__leader_epochs *epochs, int64_t offset)
{
    size_t above = first_above(epochs, offset);
    return above > 0 ? epochs->items[above - 1].epoch : -1;
}

weir__leader_epoch weir__leader_epochs_end(const weir__leader_epochs *epochs, int32_t asked,
                                           int64_t end)
{
    size_t above = 0; /* the first epoch larger than asked */
    while (above < epochs->count && epochs->items[above].epoch <= asked) {
        above++;
    }
    bool latest = above > 0 && epochs->items[above - 1].epoch == asked;
    if (above == epochs->count) {
        return latest ? (weir__leader_epoch){asked, end} : (weir__leader_epoch){-1, -1};
    }
    int32_t epoch = above > 0 ? epochs->items[above - 1].epoch : asked;
    return (weir__leader_epoch){epoch, epochs->items[above].start};
}
