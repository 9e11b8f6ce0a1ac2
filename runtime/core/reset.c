/* SPDX-License-Identifier: Apache-2.0
 *
 * Parses values of auto.offset.reset, and the durations in them. */
#include "core/reset.h"

#include <ctype.h>
#include <string.h>

#include "core/error.h"

#define BY_DURATION "by_duration:"
#define NANOS_PER_MS 1000000
#define FRACTION_DIGITS 9 /* of a second */
#define SECOND_MS ((int64_t)1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)

typedef struct parser {
    const char *at;
    int64_t ms;
    int64_t nanos; /* beyond `ms`, of either sign */
    int found;     /* parts */
    bool failed;   /* a number that is too large */
} parser;

/* "5", "-5", "+5". False: no number, or one that is too large. */
static bool read_number(const char **at, bool *negative, int64_t *out)
{
    const char *p = *at;
    int64_t number = 0;
    *negative = *p == '-';
    p += *p == '-' || *p == '+';
    if (!isdigit((unsigned char)*p)) {
        return false;
    }
    for (; isdigit((unsigned char)*p); p++) {
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, *p - '0', &number)) {
            return false;
        }
    }
    *at = p;
    *out = *negative ? -number : number;
    return true;
}

/* The digits after the point of a second, in nanoseconds. */
static int64_t read_fraction(const char **at)
{
    const char *p = *at + 1;
    int64_t nanos = 0;
    for (int i = 0; i < FRACTION_DIGITS; i++) {
        nanos = nanos * 10 + (isdigit((unsigned char)*p) ? *p++ - '0' : 0);
    }
    *at = p;
    return nanos;
}

/* A number with its unit; nothing is read if another unit follows. */
static void read_part(parser *p, char unit, int64_t unit_ms)
{
    const char *at = p->at;
    bool negative = false;
    int64_t number = 0;
    int64_t nanos = 0;
    if (!read_number(&at, &negative, &number)) {
        return;
    }
    if (unit == 'S' && (*at == '.' || *at == ',')) {
        nanos = read_fraction(&at);
    }
    if (toupper((unsigned char)*at) != unit) {
        return;
    }
    p->failed = p->failed || __builtin_mul_overflow(number, unit_ms, &number) ||
                __builtin_add_overflow(p->ms, number, &p->ms);
    p->nanos += negative ? -nanos : nanos;
    p->at = at + 1;
    p->found++;
}

bool weir__duration_parse(const char *text, int64_t *ms)
{
    parser p = {.at = text};
    bool negative = *text == '-';
    p.at += *text == '-' || *text == '+';
    if (toupper((unsigned char)*p.at) != 'P') {
        return false;
    }
    p.at++;
    read_part(&p, 'D', DAY_MS);
    if (toupper((unsigned char)*p.at) == 'T') {
        int days = p.found;
        p.at++;
        read_part(&p, 'H', HOUR_MS);
        read_part(&p, 'M', MINUTE_MS);
        read_part(&p, 'S', SECOND_MS);
        p.failed = p.failed || p.found == days;
    }
    if (p.failed || p.found == 0 || *p.at != '\0') {
        return false;
    }
    int64_t sum = p.ms;
    int64_t nanos = p.nanos;
    if (negative) {
        if (__builtin_sub_overflow((int64_t)0, sum, &sum)) {
            return false;
        }
        nanos = -nanos;
    }
    int64_t rounded = nanos / NANOS_PER_MS + (nanos % NANOS_PER_MS > 0);
    if (__builtin_add_overflow(sum, rounded, &sum)) {
        return false;
    }
    *ms = sum;
    return true;
}

bool weir__reset_parse(const char *text, weir__reset *out)
{
    static const char *const kinds[] = {"earliest", "latest", "none"};
    int64_t ago_ms = 0;
    for (int i = 0; i < 3; i++) {
        if (strcmp(text, kinds[i]) == 0) {
            *out = (weir__reset){.kind = (weir__reset_kind)i};
            return true;
        }
    }
    size_t len = sizeof BY_DURATION - 1;
    if (strncmp(text, BY_DURATION, len) != 0 || !weir__duration_parse(text + len, &ago_ms) ||
        ago_ms < 0) {
        return false;
    }
    *out = (weir__reset){.kind = WEIR__RESET_BY_DURATION, .ago_ms = ago_ms};
    return true;
}

weir__reset weir__reset_of(const char *text)
{
    weir__reset reset = {.kind = WEIR__RESET_NONE};
    bool valid = weir__reset_parse(text, &reset);
    weir_assert(valid);
    return reset;
}
