/* SPDX-License-Identifier: Apache-2.0
 *
 * The names of steps, and their text. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include <weir/weir.h>

/* A line being written. */
typedef struct printer {
    char *out;
    size_t size;
    size_t len;
} printer;

__attribute__((format(printf, 2, 3))) static void put(printer *line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(line->out + line->len, line->size - line->len, format, args);
    va_end(args);
    size_t room = line->size - line->len - 1;
    line->len += len < 0 ? 0 : (size_t)len < room ? (size_t)len : room;
}

/* With a space before it, unless it is the first word. */
static void put_word(printer *line, const char *word)
{
    if (word != NULL) {
        put(line, "%s%s", line->len > 0 ? " " : "", word);
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
    printer line = {out, size, 0};
    put_word(&line, step->task);
    switch (step->kind) {
    case WEIR_STEP_PROCESS:
        put_word(&line, step->topic);
        put(&line, "@%" PRId64, step->offset);
        break;
    case WEIR_STEP_SYNC:
    case WEIR_STEP_ASSIGNMENT_PUBLISHED:
        put(&line, "generation %" PRId32, step->generation);
        put(&line, "%s%s", step->reason != NULL ? ", " : "",
            step->reason != NULL ? step->reason : "");
        break;
    case WEIR_STEP_ASSIGNMENT_TAKEN:
        put(&line, "generation %" PRId32 ":", step->generation);
        for (size_t i = 0; i < step->task_count; i++) {
            put_word(&line, step->tasks[i]);
        }
        break;
    case WEIR_STEP_STORE_CHANGE:
        put(&line, " %016" PRIx64, step->checksum);
        put_word(&line, step->store);
        break;
    default:
        put_word(&line, step->store);
        put_word(&line, step->reason);
    }
}
