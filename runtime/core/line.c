/* SPDX-License-Identifier: Apache-2.0 */
#include "core/line.h"

#include <stdarg.h>
#include <stdio.h>

void weir__line_put(weir__line *line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(line->out + line->len, line->size - line->len, format, args);
    va_end(args);
    size_t room = line->size - line->len - 1;
    line->len += len < 0 ? 0 : (size_t)len < room ? (size_t)len : room;
}
