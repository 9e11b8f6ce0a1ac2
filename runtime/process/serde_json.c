/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON through yyjson: any value, also a bare string or number. All memory of documents comes from
 * the arena of the context, so it is never freed alone. Numbers are read as yyjson's raw values,
 * which are the text of the number, and yyjson writes raw values as they are. */
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

/* A text with few brackets cannot be too deep. Counting them is fast, and enough for nearly all. */
static bool too_deep(weir_slice text)
{
    const char *at = text.data;
    size_t opening = 0;
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

/* *out: the number as yyjson would have read it. */
static weir_err parse_number(weir_ctx *ctx, yyjson_val *value, yyjson_val *out)
{
    if (yyjson_is_num(value)) {
        *out = *value;
        return WEIR_OK;
    }
    if (!yyjson_is_raw(value)) {
        return weir_fail(ctx, WEIR_EDECODE, "json: a number is expected, there is %s",
                         value != NULL ? yyjson_get_type_desc(value) : "nothing");
    }
    yyjson_read_err error;
    const char *text = yyjson_get_raw(value);
    const char *end = yyjson_read_number(text, out, YYJSON_READ_NOFLAG, NULL, &error);
    return end == text + yyjson_get_len(value)
               ? WEIR_OK
               : weir_fail(ctx, WEIR_EDECODE, "json: %s is outside of what a double holds", text);
}

static weir_err not_an_i64(weir_ctx *ctx, yyjson_val *value, const yyjson_val *parsed)
{
    if (yyjson_is_raw(value)) {
        return weir_fail(ctx, WEIR_EDECODE, "json: %s is not an integer of 64 bits",
                         yyjson_get_raw(value));
    }
    return weir_fail(ctx, WEIR_EDECODE, "json: %.17g is not an integer of 64 bits",
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
