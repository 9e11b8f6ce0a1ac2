/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON through yyjson: any value, also a bare string or number. All memory of documents comes from
 * the arena of the context, so it is never freed alone. Numbers are read as yyjson's raw values,
 * which are the text of the number, and yyjson writes raw values as they are. */
#include <stdarg.h>
#include <stdio.h>

#include <yyjson.h>

#include <weir/serde.h>

#include "process/context.h"

/* ---- Memory ------------------------------------------------------------------------------- */

/* The context of a document's allocator; in the same arena as the document. */
typedef struct memory {
    weir__arena *arena;
    bool failed; /* an allocation failed */
} memory;

static void *memory_alloc(void *ctx, size_t size)
{
    memory *from = ctx;
    void *at = weir__arena_alloc_unzeroed(from->arena, size);
    from->failed = from->failed || at == NULL;
    return at;
}

static void *memory_resize(void *ctx, void *at, size_t old_size, size_t size)
{
    memory *from = ctx;
    void *resized = weir__arena_resize(from->arena, at, old_size, size);
    from->failed = from->failed || resized == NULL;
    return resized;
}

static void memory_free(void *ctx, void *at)
{
    (void)ctx;
    (void)at;
}

static yyjson_alc allocator(memory *from)
{
    return (yyjson_alc){memory_alloc, memory_resize, memory_free, from};
}

/* ---- Reading ------------------------------------------------------------------------------ */

/* The deepest nesting of arrays and objects. */
static size_t depth(const char *text, size_t len)
{
    size_t now = 0;
    size_t deepest = 0;
    bool quoted = false;
    for (size_t i = 0; i < len; i++) {
        if (quoted) {
            if (text[i] == '\\') {
                i++; /* the escaped character ends nothing */
            } else {
                quoted = text[i] != '"';
            }
        } else if (text[i] == '"') {
            quoted = true;
        } else if (text[i] == '[' || text[i] == '{') {
            deepest = ++now > deepest ? now : deepest;
        } else if (now > 0 && (text[i] == ']' || text[i] == '}')) {
            now--;
        }
    }
    return deepest;
}

/* A short text cannot be too deep, nor can one with few brackets. */
static bool too_deep(weir_slice text)
{
    const char *at = text.data;
    size_t opening = 0;
    if (text.len <= WEIR_JSON_DEPTH_MAX) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        opening += at[i] == '[' || at[i] == '{';
    }
    return opening > WEIR_JSON_DEPTH_MAX && depth(at, text.len) > WEIR_JSON_DEPTH_MAX;
}

static weir_err read_text(weir_ctx *ctx, memory *from, weir_slice text, yyjson_val **root)
{
    if (too_deep(text)) {
        return weir_fail(ctx, WEIR_EDECODE, "json: nested deeper than %d levels",
                         WEIR_JSON_DEPTH_MAX);
    }
    yyjson_alc alc = allocator(from);
    yyjson_read_err error;
    /* Without YYJSON_READ_INSITU the text is only read. */
    yyjson_doc *doc =
        yyjson_read_opts((char *)text.data, text.len, YYJSON_READ_NUMBER_AS_RAW, &alc, &error);
    if (doc == NULL && from->failed) {
        return weir__ctx_out_of_memory(ctx);
    }
    if (doc == NULL) {
        size_t line = 1;
        size_t column = 1;
        size_t character;
        yyjson_locate_pos(text.data, text.len, error.pos, &line, &column, &character);
        return weir_fail(ctx, WEIR_EDECODE, "json: %s (line %zu, column %zu)", error.msg, line,
                         column);
    }
    *root = yyjson_doc_get_root(doc);
    weir__json_docs *docs = &ctx->json_docs;
    size_t slot = docs->read++ % WEIR__JSON_DOCS;
    docs->docs[slot].root = *root;
    docs->docs[slot].count = yyjson_doc_get_val_count(doc);
    return WEIR_OK;
}

static weir_err json_decode(weir_ctx *ctx, weir_slice in, void *out, void *user)
{
    (void)user;
    weir_json_value *value = out;
    memory from = {.arena = ctx->arena};
    return read_text(ctx, &from, in, &value->root);
}

/* ---- Writing ------------------------------------------------------------------------------ */

static weir_err cannot_write(weir_ctx *ctx, const memory *from, const yyjson_write_err *error)
{
    return from->failed
               ? weir__ctx_out_of_memory(ctx)
               : weir_fail(ctx, WEIR_EINVAL, "json: the value cannot be written: %s", error->msg);
}

static weir_err json_encode(weir_ctx *ctx, const void *in, weir_buf *out, void *user)
{
    (void)user;
    const weir_json_value *value = in;
    if (value->root == NULL) {
        return weir_fail(ctx, WEIR_EINVAL, "a JSON value without root is no value; null is NULL");
    }
    memory from = {.arena = ctx->arena};
    yyjson_alc alc = allocator(&from);
    yyjson_write_err error;
    size_t len;
    weir__arena_mark before = weir__arena_mark_take(ctx->arena);
    const char *text = yyjson_val_write_opts(value->root, YYJSON_WRITE_NOFLAG, &alc, &len, &error);
    weir_err err = text != NULL ? weir_put(out, text, len) : cannot_write(ctx, &from, &error);
    weir__arena_mark_reset(ctx->arena, before);
    return err;
}

const weir_serde weir_json = {"json", sizeof(weir_json_value), json_decode, json_encode, NULL,
                              NULL};

/* ---- Making values ------------------------------------------------------------------------ */

yyjson_mut_doc *weir_json_new(weir_ctx *ctx)
{
    /* No callback writes here: without the red zone of weir_alloc. */
    memory *from = ctx != NULL ? weir__arena_alloc(ctx->arena, sizeof *from) : NULL;
    if (from == NULL) {
        return NULL;
    }
    from->arena = ctx->arena;
    yyjson_alc alc = allocator(from);
    return yyjson_mut_doc_new(&alc);
}

yyjson_mut_doc *weir_json_edit(weir_ctx *ctx, const weir_json_value *of)
{
    yyjson_mut_doc *doc = weir_json_new(ctx);
    if (of != NULL && of->root != NULL) {
        yyjson_mut_doc_set_root(doc, yyjson_val_mut_copy(doc, of->root));
    }
    return doc;
}

/* True if an allocation of a document of weir_json_new failed: it may lack members. */
static bool ran_out_of_memory(const yyjson_mut_doc *doc)
{
    return doc == NULL ||
           (doc->alc.malloc == memory_alloc && ((const memory *)doc->alc.ctx)->failed);
}

/* The root as text, in memory of `from`. */
static weir_err write_doc(weir_ctx *ctx, yyjson_mut_doc *doc, memory *from, weir_slice *out)
{
    if (ran_out_of_memory(doc)) {
        return weir__ctx_out_of_memory(ctx);
    }
    if (yyjson_mut_doc_get_root(doc) == NULL) {
        return weir_fail(ctx, WEIR_EINVAL, "json: a document without root is no value");
    }
    yyjson_alc alc = allocator(from);
    yyjson_write_err error;
    size_t len;
    const char *text = yyjson_mut_write_opts(doc, YYJSON_WRITE_NOFLAG, &alc, &len, &error);
    if (text == NULL) {
        return cannot_write(ctx, from, &error);
    }
    *out = (weir_slice){text, len};
    return WEIR_OK;
}

weir_err weir_json_set(weir_ctx *ctx, yyjson_mut_doc *doc, weir_json_value *out)
{
    if (ctx == NULL || out == NULL) {
        return weir__ctx_null(ctx, __func__, ctx == NULL ? "ctx" : "out");
    }
    memory from = {.arena = ctx->arena};
    weir_slice text = {0};
    weir_err err = write_doc(ctx, doc, &from, &text);
    return err == WEIR_OK ? read_text(ctx, &from, text, &out->root) : err;
}

weir_err weir_json_write(weir_ctx *ctx, yyjson_mut_doc *doc, weir_buf *out)
{
    if (ctx == NULL || out == NULL) {
        return weir__ctx_null(ctx, __func__, ctx == NULL ? "ctx" : "out");
    }
    memory from = {.arena = ctx->arena};
    weir_slice text = {0};
    weir_err err = write_doc(ctx, doc, &from, &text);
    return err == WEIR_OK ? weir_put(out, text.data, text.len) : err;
}

/* ---- Numbers ------------------------------------------------------------------------------ */

/* 2^53: a double holds every integer up to here. */
#define EXACT_DOUBLE_MAX 9007199254740992.0

#define POINTER_MAX 256 /* bytes of a JSON pointer in an error */

static bool is_inside(yyjson_val *value, yyjson_val *from, yyjson_val *end)
{
    return (uintptr_t)value >= (uintptr_t)from && (uintptr_t)value < (uintptr_t)end;
}

/* The root of the document of a value that is alive; NULL: not known. If memory of an older
 * document was used again, the newer one is found first. */
static yyjson_val *root_of(const weir_ctx *ctx, yyjson_val *value)
{
    const weir__json_docs *docs = &ctx->json_docs;
    for (size_t i = 1; i <= WEIR__JSON_DOCS && i <= docs->read; i++) {
        size_t slot = (docs->read - i) % WEIR__JSON_DOCS;
        yyjson_val *root = docs->docs[slot].root;
        if (is_inside(value, root, root + docs->docs[slot].count)) {
            return root;
        }
    }
    return NULL;
}

/* Appends "/name", with the escapes of RFC 6901; what does not fit is left out. */
static void append_member(char *pointer, const char *name)
{
    size_t len = strlen(pointer);
    for (const char *at = name - 1; len + 3 < POINTER_MAX; at++) {
        char c = at < name ? '/' : *at;
        if (c == '\0') {
            break;
        }
        if (at >= name && (c == '~' || c == '/')) {
            pointer[len++] = '~';
            c = c == '~' ? '0' : '1';
        }
        pointer[len++] = c;
    }
    pointer[len] = '\0';
}

/* Appends the member or the index of `container` that has `value` inside. Returns that child. */
static yyjson_val *descend(yyjson_val *container, yyjson_val *value, char *pointer)
{
    size_t index;
    size_t max;
    yyjson_val *key;
    yyjson_val *child;
    yyjson_obj_foreach(container, index, max, key, child)
    {
        if (is_inside(value, child, unsafe_yyjson_get_next(child))) {
            append_member(pointer, yyjson_get_str(key));
            return child;
        }
    }
    yyjson_arr_foreach(container, index, max, child)
    {
        if (is_inside(value, child, unsafe_yyjson_get_next(child))) {
            char number[24];
            snprintf(number, sizeof number, "%zu", index);
            append_member(pointer, number);
            return child;
        }
    }
    return NULL;
}

/* Fails with the JSON pointer (RFC 6901) of the value in front of the text. */
__attribute__((format(printf, 3, 4))) static weir_err fail_at(weir_ctx *ctx, yyjson_val *value,
                                                              const char *format, ...)
{
    char text[WEIR_ERROR_MESSAGE_MAX];
    char pointer[POINTER_MAX] = "";
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    yyjson_val *at = value != NULL ? root_of(ctx, value) : NULL;
    while (at != NULL && at != value) {
        at = descend(at, value, pointer);
    }
    return weir_fail(ctx, WEIR_EDECODE, "json: %s%s%s", pointer, pointer[0] != '\0' ? ": " : "",
                     text);
}

/* *out: the number as yyjson would have read it. */
static weir_err parse_number(weir_ctx *ctx, yyjson_val *value, yyjson_val *out)
{
    if (yyjson_is_num(value)) {
        *out = *value;
        return WEIR_OK;
    }
    if (!yyjson_is_raw(value)) {
        return fail_at(ctx, value, "a number is expected, there is %s",
                       value != NULL ? yyjson_get_type_desc(value)
                                     : "nothing (the member is missing)");
    }
    yyjson_read_err error;
    const char *text = yyjson_get_raw(value);
    const char *end = yyjson_read_number(text, out, YYJSON_READ_NOFLAG, NULL, &error);
    return end == text + yyjson_get_len(value)
               ? WEIR_OK
               : fail_at(ctx, value, "%s is outside of what a double holds", text);
}

static weir_err not_an_i64(weir_ctx *ctx, yyjson_val *value, const yyjson_val *parsed)
{
    if (yyjson_is_raw(value)) {
        return fail_at(ctx, value, "%s is not an integer of 64 bits", yyjson_get_raw(value));
    }
    return fail_at(ctx, value, "%.17g is not an integer of 64 bits",
                   yyjson_get_num((yyjson_val *)parsed));
}

weir_err weir_json_i64(weir_ctx *ctx, yyjson_val *value, int64_t *out)
{
    yyjson_val number;
    if (ctx == NULL || out == NULL) {
        return weir__ctx_null(ctx, __func__, ctx == NULL ? "ctx" : "out");
    }
    weir_err err = parse_number(ctx, value, &number);
    if (err != WEIR_OK) {
        return err;
    }
    double real = yyjson_get_num(&number);
    if (yyjson_is_sint(&number)) {
        *out = yyjson_get_sint(&number);
    } else if (yyjson_is_uint(&number) && yyjson_get_uint(&number) <= INT64_MAX) {
        *out = (int64_t)yyjson_get_uint(&number);
    } else if (yyjson_is_real(&number) && real >= -EXACT_DOUBLE_MAX && real <= EXACT_DOUBLE_MAX &&
               (double)(int64_t)real == real) {
        *out = (int64_t)real;
    } else {
        return not_an_i64(ctx, value, &number);
    }
    return WEIR_OK;
}

weir_err weir_json_f64(weir_ctx *ctx, yyjson_val *value, double *out)
{
    yyjson_val number;
    if (ctx == NULL || out == NULL) {
        return weir__ctx_null(ctx, __func__, ctx == NULL ? "ctx" : "out");
    }
    weir_err err = parse_number(ctx, value, &number);
    if (err == WEIR_OK) {
        *out = yyjson_get_num(&number);
    }
    return err;
}
