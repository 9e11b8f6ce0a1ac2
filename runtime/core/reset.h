/* SPDX-License-Identifier: Apache-2.0
 *
 * auto.offset.reset: where to read when an offset is not known or out of range (KIP-1106). */
#ifndef WEIR_CORE_RESET_H
#define WEIR_CORE_RESET_H

#include <stdbool.h>
#include <stdint.h>

typedef enum weir__reset_kind {
    WEIR__RESET_EARLIEST,
    WEIR__RESET_LATEST,
    WEIR__RESET_NONE,
    WEIR__RESET_BY_DURATION, /* the first record that is at most ago_ms old; else the end */
} weir__reset_kind;

typedef struct weir__reset {
    weir__reset_kind kind;
    int64_t ago_ms;
} weir__reset;

#define WEIR__RESET_ALLOWED "earliest, latest, none, by_duration:<ISO 8601>, as in by_duration:PT1H"

/* "earliest", "latest", "none", "by_duration:PT1H30M". False: anything else; *out is unchanged. */
bool weir__reset_parse(const char *text, weir__reset *out);

/* The same for a text that has been checked: asserts that it is one of these. */
weir__reset weir__reset_of(const char *text);

/* Java's Duration.parse: "P2DT3H4.5S", "-PT1M", "PT-1H". Parts of a millisecond are rounded up.
 * False: not a duration, or not an int64 of milliseconds; *ms is unchanged. */
bool weir__duration_parse(const char *text, int64_t *ms);

#endif
