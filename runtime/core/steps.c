/* SPDX-License-Identifier: Apache-2.0
 *
 * The names of steps, and their text. */
#include <inttypes.h>

#include <weir/weir.h>

#include "core/line.h"

/* With a space before it, unless it is the first word. */
static void put_word(weir__line *line, const char *word)
{
    if (word != NULL) {
        weir__line_put(line, "%s%s", line->len > 0 ? " " : "", word);
    }
}

const char *weir_step_name(weir_step_kind kind)
{
    static const char *const names[] = {
#define NAME(constant, name) [constant] = (name),
        WEIR_STEPS(NAME)
#undef NAME
    };
    return (unsigned)kind < WEIR_STEP_KINDS ? names[kind] : NULL;
}

void weir_step_text(const weir_step *step, char *out, size_t size)
{
    if (out == NULL || size == 0) {
        return;
    }
    out[0] = '\0';
    if (step == NULL) {
        return;
    }
    weir__line line = {out, size, 0};
    put_word(&line, step->task);
    switch (step->kind) {
    case WEIR_STEP_PROCESS:
        put_word(&line, step->topic);
        weir__line_put(&line, "@%" PRId64, step->offset);
        break;
    case WEIR_STEP_SYNC:
    case WEIR_STEP_ASSIGNMENT_PUBLISHED:
        weir__line_put(&line, "generation %" PRId32, step->generation);
        weir__line_put(&line, "%s%s", step->reason != NULL ? ", " : "",
                       step->reason != NULL ? step->reason : "");
        break;
    case WEIR_STEP_ASSIGNMENT_TAKEN:
        weir__line_put(&line, "generation %" PRId32 ":", step->generation);
        for (size_t i = 0; i < step->task_count; i++) {
            put_word(&line, step->tasks[i]);
        }
        break;
    case WEIR_STEP_STORE_CHANGE:
        weir__line_put(&line, " %016" PRIx64, step->checksum);
        put_word(&line, step->store);
        break;
    default:
        put_word(&line, step->store);
        put_word(&line, step->reason);
    }
}
