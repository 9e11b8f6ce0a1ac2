/* SPDX-License-Identifier: Apache-2.0
 *
 * Timestamps shifted before a batch is appended. Only the two timestamps of the batch header and
 * the checksum change, since records hold deltas. */
#include "shift.h"

#include <stdlib.h>

#include "core/error.h"
#include "core/saturate.h"
#include "mock.h"
#include "wire/records.h"

#define ATTRIBUTES_AT 21
#define FIRST_TIMESTAMP_AT 27
#define MAX_TIMESTAMP_AT 35

static weir_err take_greatest(const weir_mock_record *record, void *user)
{
    int64_t *greatest = user;
    *greatest = record->timestamp_ms > *greatest ? record->timestamp_ms : *greatest;
    return WEIR_OK;
}

void weir__shift_batch(uint8_t *batch, size_t len, int64_t ms)
{
    int64_t first = (int64_t)weir__load_u64(batch + FIRST_TIMESTAMP_AT);
    int64_t greatest = (int64_t)weir__load_u64(batch + MAX_TIMESTAMP_AT);
    weir__store_u64(batch + FIRST_TIMESTAMP_AT, (uint64_t)weir__add_wrap(first, ms));
    int64_t found = INT64_MIN;
    if ((weir__load_u16(batch + ATTRIBUTES_AT) & WEIR__BATCH_COMPRESSION) != 0 ||
        weir__batch_records((weir_slice){batch, len}, &(weir_mock_record){0}, INT64_MIN,
                            take_greatest, &found) != WEIR_OK) {
        found = weir__add_wrap(greatest, ms);
    }
    weir__store_u64(batch + MAX_TIMESTAMP_AT, (uint64_t)found);
    weir__batch_seal(batch, len);
}

int64_t weir__shift_of(const weir_mock *mock, weir_slice client_id)
{
    const int64_t *ms = client_id.data != NULL ? weir__map_get(&mock->shifts, client_id) : NULL;
    return ms != NULL ? *ms : 0;
}

weir_err weir_mock_shift_timestamps(weir_mock *mock, const char *client_id, int64_t ms)
{
    if (mock == NULL || client_id == NULL) {
        return WEIR_EINVAL;
    }
    int64_t *copy = malloc(sizeof *copy);
    if (copy == NULL) {
        return WEIR_ENOMEM;
    }
    *copy = ms;
    weir__mock_lock(mock);
    void *old = weir__map_get_text(&mock->shifts, client_id);
    weir_err err = weir__map_put_text(&mock->shifts, client_id, copy);
    weir__mock_unlock(mock);
    free(err == WEIR_OK ? old : copy);
    return err;
}
