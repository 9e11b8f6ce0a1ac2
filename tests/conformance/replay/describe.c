/* SPDX-License-Identifier: Apache-2.0
 *
 * Descriptions of topologies, made comparable. */
#include <stdlib.h>
#include <string.h>

#include "replay/run.h"

#define LIST_MAX 128

void strip_numbers(char *text)
{
    char *to = text;
    for (const char *from = text; *from != '\0';) {
        *to++ = *from++;
        if (to[-1] == '-' && strspn(from, "0123456789") == 10) {
            from += 10;
        }
    }
    *to = '\0';
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorts the parts of text[0..len) that are separated by commas. */
static void sort_list(char *text, size_t len)
{
    char *copy = strndup(text, len);
    char *items[LIST_MAX];
    size_t count = 0;
    if (copy == NULL) {
        abort();
    }
    for (char *item = copy; item != NULL && count < LIST_MAX; count++) {
        items[count] = item;
        item = strstr(item, ", ");
        if (item != NULL) {
            *item = '\0';
            item += 2;
        }
    }
    qsort(items, count, sizeof *items, by_text);
    for (size_t i = 0; i < count; i++) {
        size_t size = strlen(items[i]);
        memcpy(text, items[i], size);
        text += size;
        if (i + 1 < count) {
            *text++ = ',';
            *text++ = ' ';
        }
    }
    free(copy);
}

char *normal_description(const char *text)
{
    static const char *const starts[] = {"      --> ", "      <-- ", "(stores: ["};
    static const char *const ends = "\n\n]";
    char *copy = strdup(text);
    if (copy == NULL) {
        abort();
    }
    strip_numbers(copy);
    for (size_t s = 0; s < 3; s++) {
        for (char *at = strstr(copy, starts[s]); at != NULL; at = strstr(at, starts[s])) {
            at += strlen(starts[s]);
            const char *end = strchr(at, ends[s]);
            sort_list(at, end != NULL ? (size_t)(end - at) : strlen(at));
        }
    }
    return copy;
}
