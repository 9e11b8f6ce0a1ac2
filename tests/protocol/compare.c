/* SPDX-License-Identifier: Apache-2.0 */
#include "compare.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINES_MAX 400
#define CONTEXT 2 /* lines printed before a difference */

char *read_text(const char *path)
{
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return NULL;
    }
    char *text = NULL;
    size_t len = 0;
    ssize_t got = getdelim(&text, &len, '\0', file);
    fclose(file);
    if (got < 0) { /* empty */
        free(text);
        return strdup("");
    }
    return text;
}

bool write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    bool written = file != NULL && fputs(text, file) >= 0;
    if (file != NULL && fclose(file) != 0) {
        written = false;
    }
    if (!written) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
    }
    return written;
}

typedef struct lines {
    const char *at[LINES_MAX];
    int len[LINES_MAX];
    int count;
} lines;

static void split(const char *text, lines *out)
{
    out->count = 0;
    while (*text != '\0' && out->count < LINES_MAX) {
        const char *end = strchr(text, '\n');
        size_t len = end != NULL ? (size_t)(end - text) : strlen(text);
        out->at[out->count] = text;
        out->len[out->count++] = (int)len;
        text += len + (end != NULL ? 1 : 0);
    }
}

static bool same(const lines *a, int i, const lines *b, int j)
{
    return a->len[i] == b->len[j] && memcmp(a->at[i], b->at[j], (size_t)a->len[i]) == 0;
}

/* common[i][j]: the most lines that the texts from lines i and j on have in common, in order. */
static uint16_t (*common_lines(const lines *a, const lines *b))[LINES_MAX + 1]
{
    uint16_t(*common)[LINES_MAX + 1] = calloc(LINES_MAX + 1, sizeof *common);
    for (int i = a->count - 1; common != NULL && i >= 0; i--) {
        for (int j = b->count - 1; j >= 0; j--) {
            uint16_t skip =
                common[i + 1][j] > common[i][j + 1] ? common[i + 1][j] : common[i][j + 1];
            common[i][j] = same(a, i, b, j) ? (uint16_t)(common[i + 1][j + 1] + 1) : skip;
        }
    }
    return common;
}

static void print_line(const char *name, const lines *of, int i)
{
    printf("    %-6s| %.*s\n", name, of->len[i], of->at[i]);
}

void print_differences(const char *left_name, const char *left, const char *right_name,
                       const char *right)
{
    static lines a;
    static lines b;
    split(left, &a);
    split(right, &b);
    uint16_t(*common)[LINES_MAX + 1] = common_lines(&a, &b);
    if (common == NULL) {
        return;
    }
    int printed = 0; /* lines of `a` that were printed */
    for (int i = 0, j = 0; i < a.count || j < b.count;) {
        if (i < a.count && j < b.count && same(&a, i, &b, j)) {
            i++;
            j++;
            continue;
        }
        for (int k = i - CONTEXT > printed ? i - CONTEXT : printed; k < i; k++) {
            print_line("", &a, k);
        }
        if (i < a.count && (j == b.count || common[i + 1][j] >= common[i][j + 1])) {
            print_line(left_name, &a, i++);
        } else {
            print_line(right_name, &b, j++);
        }
        printed = i;
    }
    free(common);
}

char *first_difference(const char *left, const char *right)
{
    static lines a;
    static lines b;
    split(left, &a);
    split(right, &b);
    int i = 0;
    while (i < a.count && i < b.count && same(&a, i, &b, i)) {
        i++;
    }
    if (i < b.count) {
        return strndup(b.at[i], (size_t)b.len[i]);
    }
    return i < a.count ? strndup(a.at[i], (size_t)a.len[i]) : NULL;
}
