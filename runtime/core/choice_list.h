/* SPDX-License-Identifier: Apache-2.0
 *
 * Settings whose value is a list of choices. */
#ifndef WEIR_CORE_CHOICE_LIST_H
#define WEIR_CORE_CHOICE_LIST_H

#include "core/settings.h"

/* True for choices[from], ... separated by commas, with blanks around them. */
bool weir__is_choice_list(const weir__setting *setting, size_t from, const char *value);

#endif
