/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows as text, and the differences of two lists. */
#include <ctype.h>

#include "common/common.h"
#include "process/context.h"

#define LINES_MAX ((size_t)20)
#define BYTES_SHOWN_MAX ((size_t)200)
#define PRINTED_SHOWN_MAX ((size_t)1000)

static bool is_text(weir_slice bytes)
{
    const unsigned char *at = bytes.data;
    for (size_t i = 0; i < bytes.len; i++) {
        if (at[i] < 0x20 && at[i] != '\t' && at[i] != '\n') {
            return false;
        }
    }
    return true;
}

/* Appends at most `max` bytes, on one line. */
static void show_text(weir_buf *out, weir_slice text, size_t max)
{
    const unsigned char *at = text.data;
    for (size_t i = 0; i < text.len && i < max; i++) {
        if (at[i] == '\n') {
            weir__buf_put_text(out, "\\n");
        } else {
            weir__buf_put_u8(out, at[i]);
        }
    }
    weir__buf_put_text(out, text.len > max ? "..." : "");
}

static void show_bytes(weir_buf *out, weir_slice bytes, const char *quote)
{
    if (is_text(bytes)) {
        weir__buf_put_text(out, quote);
        show_text(out, bytes, BYTES_SHOWN_MAX);
        weir__buf_put_text(out, quote);
        return;
    }
    const unsigned char *at = bytes.data;
    weir__buf_put_text(out, "0x");
    for (size_t i = 0; i < bytes.len && i < BYTES_SHOWN_MAX; i++) {
        weir__buf_printf(out, "%02x", at[i]);
    }
    weir__buf_put_text(out, bytes.len > BYTES_SHOWN_MAX ? "..." : "");
}

/* False if the serde has no print, or it failed. */
static bool show_printed(weir_buf *out, const weir_serde *serde, const void *decoded)
{
    weir__arena memory = {0};
    weir_ctx ctx = {.arena = &memory};
    weir_buf text = {0};
    bool printed = serde->print != NULL &&
                   serde->print(&ctx, decoded, &text, serde->user) == WEIR_OK &&
                   text.err == WEIR_OK;
    if (printed) {
        show_text(out, weir__buf_slice(&text), PRINTED_SHOWN_MAX);
    }
    weir__buf_fini(&text);
    weir__guards_fini(&ctx);
    weir__arena_fini(&memory);
    return printed;
}

static void show(weir_buf *out, const weir_serde *serde, const void *decoded, weir_slice bytes)
{
    if (decoded == NULL) {
        weir__buf_put_text(out, "null");
    } else if (!show_printed(out, serde, decoded)) {
        show_bytes(out, bytes, serde == &weir_json ? "" : "'");
    }
}

static void show_key(weir_buf *out, const weir_rows *rows, const weir__entry *entry)
{
    show(out, rows->key, entry->row.key, entry->key_bytes);
}

static void show_value(weir_buf *out, const weir_rows *rows, const weir__entry *entry)
{
    show(out, rows->value, entry->row.value, entry->value_bytes);
}

static void show_entry(weir_buf *out, const weir_rows *rows, const weir__entry *entry)
{
    show_key(out, rows, entry);
    weir__buf_put_text(out, " => ");
    show_value(out, rows, entry);
}

/* Copies the text into the arena; NULL if it is empty. */
static const char *keep(const weir_rows *rows, weir_buf *text)
{
    char *kept = NULL;
    if (text->len > 0) {
        kept = weir__must(weir__arena_strdup(&rows->driver->arena, weir__buf_text(text)));
    }
    weir__buf_fini(text);
    return kept;
}

const char *weir_row_text(const weir_rows *rows, const weir_row *row)
{
    if (row == NULL) {
        return "(no row)";
    }
    weir_buf text = {0};
    if (!weir__given(rows != NULL, __func__, "rows")) {
        return NULL;
    }
    weir__entry entry = {.row = *row};
    weir__arena *scratch = &rows->driver->scratch;
    if (weir__codec_encode(rows->driver, scratch, rows->key, row->key, &entry.key_bytes, NULL) !=
            WEIR_OK ||
        weir__codec_encode(rows->driver, scratch, rows->value, row->value, &entry.value_bytes,
                           NULL) != WEIR_OK) {
        return "(cannot be shown)";
    }
    show_entry(&text, rows, &entry);
    weir__arena_reset(scratch);
    return keep(rows, &text);
}

/* Appends one difference; NULL: the row is missing. */
static void put_difference(weir_buf *out, size_t *lines, const weir_rows *rows,
                           const weir__entry *actual, const weir__entry *expected)
{
    if (++*lines > LINES_MAX) {
        return;
    }
    weir__buf_put_text(out, "  ");
    if (actual == NULL) {
        weir__buf_put_text(out, "missing:    ");
        show_entry(out, rows, expected);
    } else if (expected == NULL) {
        weir__buf_put_text(out, "unexpected: ");
        show_entry(out, rows, actual);
    } else if (weir_slice_equal(actual->key_bytes, expected->key_bytes)) {
        weir__buf_put_text(out, "differs:    ");
        show_entry(out, rows, actual);
        weir__buf_put_text(out, ", expected ");
        show_value(out, rows, expected);
    } else {
        weir__buf_put_text(out, "differs:    ");
        show_entry(out, rows, actual);
        weir__buf_put_text(out, ", expected ");
        show_entry(out, rows, expected);
    }
    weir__buf_put_text(out, "\n");
}

static void put_rest(weir_buf *out, size_t lines)
{
    if (lines > LINES_MAX) {
        weir__buf_printf(out, "  ... and %zu more\n", lines - LINES_MAX);
    }
}

/* Rows without a key are in no table: they are differences, so that none is overlooked. */
static void put_keyless(weir_buf *out, size_t *lines, const weir_rows *rows, const char *whose)
{
    for (size_t i = 0; i < rows->count; i++) {
        if (rows->entries[i]->key_bytes.data == NULL && ++*lines <= LINES_MAX) {
            weir__buf_printf(out, "  no key:     ");
            show_entry(out, rows, rows->entries[i]);
            weir__buf_printf(out, " (%s; weir_assert_same_list compares rows without a key)\n",
                             whose);
        }
    }
}

/* A serde is a type: bytes of two types may be equal by chance, and never mean the same. True if
 * there is such a difference, which is put. */
static bool put_types(weir_buf *out, const weir_rows *actual, const weir_rows *expected)
{
    bool keys = !weir__serde_same(actual->key, expected->key);
    bool values = !weir__serde_same(actual->value, expected->value);
    if (keys || values) {
        weir__buf_printf(out, "  rows of %s => %s cannot be compared with rows of %s => %s: make",
                         actual->key->name, actual->value->name, expected->key->name,
                         expected->value->name);
        weir__buf_put_text(out, " the expected rows with the serdes of the actual ones\n");
    }
    return keys || values;
}

const char *weir_rows_table_difference(const weir_rows *actual, const weir_rows *expected)
{
    if (!weir__given(actual != NULL, __func__, "actual") ||
        !weir__given(expected != NULL, __func__, "expected")) {
        return "there is nothing to compare";
    }
    const weir_rows *left = weir__rows_as_table(actual);
    const weir_rows *right = weir__rows_as_table(expected);
    weir_buf out = {0};
    size_t lines = 0;
    if (put_types(&out, actual, expected)) {
        return keep(actual, &out);
    }
    put_keyless(&out, &lines, actual, "actual");
    put_keyless(&out, &lines, expected, "expected");
    for (size_t i = 0; i < right->count; i++) {
        const weir__entry *wanted = right->entries[i];
        const weir__entry *found = weir__map_get(weir__rows_last(left), wanted->key_bytes);
        if (found == NULL || !weir_slice_equal(found->value_bytes, wanted->value_bytes)) {
            put_difference(&out, &lines, actual, found, wanted);
        }
    }
    for (size_t i = 0; i < left->count; i++) {
        if (weir__map_get(weir__rows_last(right), left->entries[i]->key_bytes) == NULL) {
            put_difference(&out, &lines, actual, left->entries[i], NULL);
        }
    }
    put_rest(&out, lines);
    return keep(actual, &out);
}

static bool same_headers(const weir_row *a, const weir_row *b)
{
    bool same = a->header_count == b->header_count;
    for (size_t i = 0; same && i < a->header_count; i++) {
        same = strcmp(a->headers[i].name, b->headers[i].name) == 0 &&
               weir_slice_equal(a->headers[i].value, b->headers[i].value);
    }
    return same;
}

/* Timestamp and headers behind an entry. */
static void show_rest(weir_buf *out, const weir__entry *entry, bool timed)
{
    if (timed) {
        weir__buf_printf(out, " @%lld", (long long)entry->row.timestamp_ms);
    }
    for (size_t i = 0; i < entry->row.header_count; i++) {
        const weir_header *header = &entry->row.headers[i];
        weir__buf_printf(out, "%s%s=", i == 0 ? " [" : ", ", header->name);
        if (header->value.data != NULL) {
            show_bytes(out, header->value, "'");
        } else {
            weir__buf_put_text(out, "null");
        }
    }
    weir__buf_put_text(out, entry->row.header_count > 0 ? "]" : "");
}

static bool same_record(const weir__entry *found, const weir__entry *wanted)
{
    return weir_slice_equal(found->key_bytes, wanted->key_bytes) &&
           weir_slice_equal(found->value_bytes, wanted->value_bytes) &&
           (!wanted->timed || found->row.timestamp_ms == wanted->row.timestamp_ms) &&
           same_headers(&found->row, &wanted->row);
}

const char *weir_rows_record_difference(const weir_rows *actual, const weir_rows *expected)
{
    if (!weir__given(actual != NULL, __func__, "actual") ||
        !weir__given(expected != NULL, __func__, "expected")) {
        return "there is nothing to compare";
    }
    weir_buf out = {0};
    size_t lines = 0;
    size_t longer = actual->count > expected->count ? actual->count : expected->count;
    if (put_types(&out, actual, expected)) {
        return keep(actual, &out);
    }
    for (size_t i = 0; i < longer; i++) {
        const weir__entry *found = i < actual->count ? actual->entries[i] : NULL;
        const weir__entry *wanted = i < expected->count ? expected->entries[i] : NULL;
        if ((found != NULL && wanted != NULL && same_record(found, wanted)) ||
            ++lines > LINES_MAX) {
            continue;
        }
        weir__buf_printf(&out, "  [%zu]  ", i);
        if (found != NULL) {
            weir__buf_put_text(&out, wanted != NULL ? "differs: " : "unexpected: ");
            show_entry(&out, actual, found);
            show_rest(&out, found, wanted == NULL || wanted->timed);
        }
        if (wanted != NULL) {
            weir__buf_put_text(&out, found != NULL ? ", expected " : "missing: ");
            show_entry(&out, actual, wanted);
            show_rest(&out, wanted, wanted->timed);
        }
        weir__buf_put_text(&out, "\n");
    }
    put_rest(&out, lines);
    return keep(actual, &out);
}

const char *weir__rows_list(const weir_rows *rows)
{
    weir_buf out = {0};
    for (size_t i = 0; i < rows->count && i < LINES_MAX; i++) {
        weir__buf_printf(&out, "\n  [%zu]  ", i);
        show_entry(&out, rows, rows->entries[i]);
    }
    if (rows->count > LINES_MAX) {
        weir__buf_printf(&out, "\n  ... and %zu more", rows->count - LINES_MAX);
    }
    const char *text = keep(rows, &out);
    return text != NULL ? text : "";
}

const char *weir_rows_list_difference(const weir_rows *actual, const weir_rows *expected)
{
    if (!weir__given(actual != NULL, __func__, "actual") ||
        !weir__given(expected != NULL, __func__, "expected")) {
        return "there is nothing to compare";
    }
    weir_buf out = {0};
    size_t lines = 0;
    size_t longer = actual->count > expected->count ? actual->count : expected->count;
    if (put_types(&out, actual, expected)) {
        return keep(actual, &out);
    }
    for (size_t i = 0; i < longer; i++) {
        const weir__entry *found = i < actual->count ? actual->entries[i] : NULL;
        const weir__entry *wanted = i < expected->count ? expected->entries[i] : NULL;
        if (found == NULL || wanted == NULL ||
            !weir_slice_equal(found->key_bytes, wanted->key_bytes) ||
            !weir_slice_equal(found->value_bytes, wanted->value_bytes)) {
            if (lines < LINES_MAX) {
                weir__buf_printf(&out, "  [%zu]", i);
            }
            put_difference(&out, &lines, actual, found, wanted);
        }
    }
    put_rest(&out, lines);
    return keep(actual, &out);
}
