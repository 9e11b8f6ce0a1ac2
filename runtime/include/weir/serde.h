/* SPDX-License-Identifier: Apache-2.0
 *
 * Serdes: how a C type is encoded and decoded. The serde *is* the type: two edges of a topology
 * have the same type exactly when they name the same serde object. */
#ifndef WEIR_SERDE_H
#define WEIR_SERDE_H

#include <stddef.h>

#include <weir/weir.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The context of a callback (Kafka's ProcessorContext). Valid only during that callback, on its
 * thread. */
typedef struct weir_ctx weir_ctx;

/* A growable buffer; encoders append to it. Borrowed for the call. */
typedef struct weir_buf weir_buf;

typedef struct weir_serde {
    const char *name; /* unique among registered serdes; shown in errors */
    size_t size;      /* sizeof the decoded C type; at most WEIR_SERDE_SIZE_MAX */
    /* `in` is never null and is borrowed. It is valid as long as *out (the record's traversal), so
     * *out may point into it. `out` is zeroed storage of `size` bytes; a write past its end is
     * WEIR_EOVERRUN. On failure call weir_fail. */
    weir_err (*decode)(weir_ctx *ctx, weir_slice in, void *out, void *user);
    /* `in` is never NULL. Appends with weir_put. */
    weir_err (*encode)(weir_ctx *ctx, const void *in, weir_buf *out, void *user);
    void *user;
    /* Optional. Appends `in` as readable text, with weir_put or weir_put_format. The driver shows
     * it where rows differ, on one line, cut after 1,000 bytes. `in` is never NULL. Without
     * `print`, or when it fails, the encoded bytes are shown: as text if they are text, else in
     * hexadecimal. */
    weir_err (*print)(weir_ctx *ctx, const void *in, weir_buf *out, void *user);
} weir_serde;

#define WEIR_SERDE_SIZE_MAX 4096

/* weir_slice: the bytes unchanged, by convention UTF-8 (StringSerializer). */
WEIR_API extern const weir_serde weir_string;
/* weir_slice: the bytes unchanged (BytesSerializer). */
WEIR_API extern const weir_serde weir_bytes;
/* int32_t, 4 bytes, big-endian (IntegerSerializer). */
WEIR_API extern const weir_serde weir_i32;
/* int64_t, 8 bytes, big-endian (LongSerializer). */
WEIR_API extern const weir_serde weir_i64;
/* double, IEEE 754, 8 bytes, big-endian (DoubleSerializer). */
WEIR_API extern const weir_serde weir_f64;

/* Decoded type of weir_json: a value of yyjson (<yyjson.h>), read with yyjson's functions. Its
 * memory belongs to the record: the callback never frees it. It is valid until the record's
 * traversal ends (from weir_kv_get: until the next call on that store). To keep it longer, copy
 * what is needed.
 *
 * A number is kept as its text (yyjson_is_raw, not yyjson_is_num), so it is written as it was read,
 * whatever its length: 1.10, 1E2, 1e400. Read it with weir_json_i64 or weir_json_f64, or pass the
 * text (yyjson_get_raw) to a decimal library.
 *
 * It is encoded without blanks, and members keep their order. If two members have one name,
 * yyjson_obj_get finds the first; both are written. Text that is nested deeper than
 * WEIR_JSON_DEPTH_MAX is not decoded. */
struct yyjson_val;
struct yyjson_mut_doc;
typedef struct weir_json_value {
    struct yyjson_val *root; /* never NULL in a decoded value */
} weir_json_value;
/* JSON text of any shape; the C type is weir_json_value. */
WEIR_API extern const weir_serde weir_json;

#define WEIR_JSON_DEPTH_MAX 1000

/* ---- Structs ------------------------------------------------------------------------------ */

/* Serdes of plain structs, without code:
 *
 *     typedef struct order {
 *         int64_t cents;
 *         int32_t items;
 *         bool paid;
 *         char currency[3];
 *     } order;
 *     WEIR_STRUCT_SERDE(order_serde, order, WEIR_FIELD(order, cents), WEIR_FIELD(order, items),
 *                       WEIR_FIELD(order, paid), WEIR_FIELD(order, currency))
 *
 * Members are bool (1 byte), int32_t, int64_t, double, arrays of char (all their bytes). They are
 * encoded one after the other, numbers big-endian, without padding, so that the bytes do not depend
 * on machine or compiler. Members that are not listed are not encoded, and zero when decoded. Bytes
 * of another length cannot be decoded: a struct that gets a new member needs a new topic. */
typedef enum weir_field_type {
    WEIR_FIELD_BOOL,
    WEIR_FIELD_I32,
    WEIR_FIELD_I64,
    WEIR_FIELD_F64,
    WEIR_FIELD_CHARS,
} weir_field_type;

typedef struct weir_field {
    const char *name;
    size_t offset;
    size_t size;
    weir_field_type type;
} weir_field;

/* The fields of a struct: the `user` of its serde. */
typedef struct weir_struct {
    const char *name;
    const weir_field *fields;
    size_t count;
} weir_struct;

/* A member of another type does not compile. */
#define WEIR_FIELD(type, member)                                                                   \
    {                                                                                              \
#member, offsetof(type, member), sizeof(((type *)0)->member),                              \
            _Generic(((type *)0)->member, bool                                                     \
                     : WEIR_FIELD_BOOL, int32_t                                                    \
                     : WEIR_FIELD_I32, int64_t                                                     \
                     : WEIR_FIELD_I64, double                                                      \
                     : WEIR_FIELD_F64, char *                                                      \
                     : WEIR_FIELD_CHARS)       \
    }
/* Defines a static serde object, and its type for weir/typed.h. */
#define WEIR_STRUCT_SERDE(serde, type, ...)                                                        \
    static const weir_field serde##_fields[] = {__VA_ARGS__};                                      \
    static const weir_struct serde##_struct = {#type, serde##_fields,                              \
                                               sizeof serde##_fields / sizeof serde##_fields[0]};  \
    static const weir_serde serde __attribute__((unused)) = {#serde,                               \
                                                             sizeof(type),                         \
                                                             weir_struct_decode,                   \
                                                             weir_struct_encode,                   \
                                                             (void *)&serde##_struct,              \
                                                             weir_struct_print};                   \
    typedef type serde##_type;

/* Decodes such a struct; `user` of these functions is a weir_struct. WEIR_EDECODE: not that many
 * bytes, or a bool that is neither 0 nor 1. */
WEIR_API weir_err weir_struct_decode(weir_ctx *ctx, weir_slice in, void *out, void *user);
/* Encodes such a struct: its fields in order, without padding. */
WEIR_API weir_err weir_struct_encode(weir_ctx *ctx, const void *in, weir_buf *out, void *user);
/* Prints such a struct: "cents=5 items=1 paid=true currency=EUR". */
WEIR_API weir_err weir_struct_print(weir_ctx *ctx, const void *in, weir_buf *out, void *user);

/* ---- Inside callbacks --------------------------------------------------------------------- */

/* Zeroed memory from the record's arena: freed when the input record's traversal ends. NULL when
 * out of memory. A write past `size` is WEIR_EOVERRUN, reported when the callback returns. */
WEIR_API void *weir_alloc(weir_ctx *ctx, size_t size);

/* Runs fn(arg) when the record's traversal ends, last registered first. If it cannot be registered,
 * fn(arg) runs at once and the result is WEIR_ENOMEM. */
WEIR_API weir_err weir_defer(weir_ctx *ctx, void (*fn)(void *arg), void *arg);

/* Sets the text of an error that the callback then returns; returns `code`. */
WEIR_API weir_err weir_fail(weir_ctx *ctx, weir_err code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Appends bytes (copied). WEIR_ENOMEM or WEIR_ELIMIT. */
WEIR_API weir_err weir_put(weir_buf *out, const void *data, size_t len);
/* The same for formatted text, without a zero byte behind it. */
WEIR_API weir_err weir_put_format(weir_buf *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* ---- JSON inside callbacks ---------------------------------------------------------------- */

/* An empty document in which to build a value: call yyjson_mut_doc_set_root, then weir_json_set.
 * Its memory belongs to the record: never free it. NULL when out of memory; yyjson's functions and
 * weir_json_set accept NULL. */
WEIR_API struct yyjson_mut_doc *weir_json_new(weir_ctx *ctx);

/* The same with a copy of `of` as its root, to change some members; the others are written as they
 * were read. `of` NULL: an empty document. Insert values of other records or stores with
 * yyjson_val_mut_copy. */
WEIR_API struct yyjson_mut_doc *weir_json_edit(weir_ctx *ctx, const weir_json_value *of);

/* Makes *out the value of the document's root. Everything is copied: strings and values to which
 * the document only pointed may be freed afterwards. WEIR_EINVAL: a document without a root, or
 * with a value that JSON does not have (NaN, invalid UTF-8). WEIR_EDECODE: nesting deeper than
 * WEIR_JSON_DEPTH_MAX, or a raw value that is not JSON. WEIR_ENOMEM: also if an earlier allocation
 * in a document of weir_json_new failed, so the results of yyjson's functions need not be checked
 * for that. */
WEIR_API weir_err weir_json_set(weir_ctx *ctx, struct yyjson_mut_doc *doc, weir_json_value *out);

/* Appends the document's root as text, without building a value: for the encoder of your own type.
 * Its decoder calls weir_json.decode. Errors are those of weir_json_set. */
WEIR_API weir_err weir_json_write(weir_ctx *ctx, struct yyjson_mut_doc *doc, weir_buf *out);

/* Reads the integer `value`, which may be NULL (a missing member). WEIR_EDECODE: not a 64-bit
 * integer (1.0 and 1e2 are integers). */
WEIR_API weir_err weir_json_i64(weir_ctx *ctx, struct yyjson_val *value, int64_t *out);
/* The same as the nearest double; WEIR_EDECODE: not a number, or beyond the range of a double. */
WEIR_API weir_err weir_json_f64(weir_ctx *ctx, struct yyjson_val *value, double *out);

#ifdef __cplusplus
}
#endif
#endif
