/* SPDX-License-Identifier: Apache-2.0
 *
 * Checks a list of choices. */
#include "core/choice_list.h"

#include <string.h>

static bool is_choice(const weir__setting *setting, size_t from, const char *text, size_t length)
{
    bool found = false;
    for (size_t i = from; i < WEIR__CHOICES_MAX && setting->choices[i].value != NULL; i++) {
        const weir__choice *choice = &setting->choices[i];
        found = found || (choice->instead == NULL && strlen(choice->value) == length &&
                          strncmp(text, choice->value, length) == 0);
    }
    return found;
}

bool weir__is_choice_list(const weir__setting *setting, size_t from, const char *value)
{
    static const char blanks[] = " \t";
    for (;;) {
        const char *start = value + strspn(value, blanks);
        size_t length = strcspn(start, ", \t");
        const char *end = start + length + strspn(start + length, blanks);
        if (!is_choice(setting, from, start, length) || (*end != ',' && *end != '\0')) {
            return false;
        }
        if (*end == '\0') {
            return true;
        }
        value = end + 1;
    }
}
