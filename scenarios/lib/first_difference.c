/* SPDX-License-Identifier: Apache-2.0
 *
 * Two traces are read side by side, a line an event. */
#include "scenarios/lib/first_difference.h"

#include <inttypes.h>
#include <string.h>

#define LINE_MAX 4096 /* the longest text of an event is a kilobyte */

/* The next event without its line end; NULL: the trace ends. */
static const char *next_event(FILE *trace, char line[LINE_MAX])
{
    if (fgets(line, LINE_MAX, trace) == NULL) {
        return NULL;
    }
    line[strcspn(line, "\n")] = '\0';
    return line;
}

void first_difference(FILE *first, FILE *other, char *out, size_t size)
{
    char lines[2][LINE_MAX];
    rewind(first);
    rewind(other);
    for (uint64_t number = 1;; number++) {
        const char *left = next_event(first, lines[0]);
        const char *right = next_event(other, lines[1]);
        if (left == NULL && right == NULL) {
            snprintf(out, size,
                     "  all %" PRIu64 " events are the same: only thread switches differ\n",
                     number - 1);
            return;
        }
        if (left == NULL || right == NULL || strcmp(left, right) != 0) {
            snprintf(out, size,
                     "  the first event that differs is number %" PRIu64 "\n"
                     "    first run: %s\n    this run:  %s\n",
                     number, left != NULL ? left : "(no more events)",
                     right != NULL ? right : "(no more events)");
            return;
        }
    }
}
