/* SPDX-License-Identifier: Apache-2.0
 *
 * The internals of weir_ctx: the functions for operators beyond weir/processor.h. */
#ifndef WEIR_PROCESS_CONTEXT_H
#define WEIR_PROCESS_CONTEXT_H

#include "core/arena.h"
#include "core/buf.h"
#include "process/graph.h"

/* A node at work in a graph. */
typedef struct weir__running {
    const weir__node *spec;
    void *state;
    bool opened;
    const weir__wrapper *wrapper; /* runs around it; NULL: none */
    void *wrapper_state;
    struct weir__running **children;
    size_t child_count;
} weir__running;

#define WEIR__NULL_OUTS 4 /* a callback has 2 results; callbacks may be called inside of it */

/* The memory that callbacks got to write to; that of the running callback begins at `first`. */
typedef struct weir__guards {
    struct weir__guard *items;
    size_t count;
    size_t capacity;
    size_t first;
} weir__guards;

#define WEIR__JSON_DOCS 8

/* The last JSON documents that were read, for the place of a value in an error. Only their
 * addresses count here: the memory may be freed. */
typedef struct weir__json_docs {
    struct {
        struct yyjson_val *root;
        size_t count; /* values of the document, in an array that begins with the root */
    } docs[WEIR__JSON_DOCS];
    size_t read; /* documents so far */
} weir__json_docs;

struct weir_ctx {
    weir__graph *graph;
    weir__arena *arena;
    weir__running *node;          /* the running node; NULL between records */
    const weir_record *record;    /* its input; NULL in open and punctuators */
    const weir__running *wrapped; /* the node that a running wrapper may call; NULL: none */
    weir_punctuate_fn punctuator; /* that it may call; NULL: it has a record */
    weir_record_metadata at;
    const int64_t *as_of_ms; /* tables are read as of this time; NULL: their latest rows */
    int64_t time_ms;         /* timestamp of the current record, or the punctuation's time */
    weir_error error;
    weir_error first_error; /* of the callback; code WEIR_OK: nothing has failed in it yet */
    struct weir_kv_iter *open_iters;       /* newest first */
    struct weir_kv_iter *left_iters;       /* closed by Weir, newest first */
    struct weir_kv_iter *oldest_left_iter; /* the next to be used again */
    size_t left_iter_count;
    uint64_t iters_opened;            /* so far */
    struct weir__frame *frames;       /* nodes interrupted by changes of a cache, newest first */
    const weir__running *failed_node; /* the node that returned the current error */
    weir_record_metadata failed_at;   /* the input record of that node */
    const void *null_outs[WEIR__NULL_OUTS]; /* results made null by weir_out_null; newest first */
    weir__guards guards;
    weir__json_docs json_docs;
    bool reads_forwarded; /* tables are read as they were forwarded, without what is in caches */
    bool overrun;         /* a callback wrote past the end: no handler may ignore that */
};

/* Forwards to every child of the running node. Unlike weir_forward it does not change the record,
 * which must have its headers, and NULL for nulls. */
weir_err weir__forward(weir_ctx *ctx, const weir_record *record);
/* Forwards to the child at `index` only. */
weir_err weir__forward_child(weir_ctx *ctx, size_t index, const weir_record *record);
/* Forwards a new record with a copy of the input's headers. */
weir_err weir__forward_new(weir_ctx *ctx, const void *key, const void *value, int64_t timestamp_ms);

/* Zeroed memory from the context's arena, with a red zone behind it: the result of a callback, of
 * that serde, or (NULL) an area of weir_alloc. NULL when out of memory. */
void *weir__guarded_new(weir_ctx *ctx, size_t size, const weir_serde *serde);
/* Of weir__guards_check, when the callback got memory. */
weir_err weir__guards_compare(weir_ctx *ctx, const char *callback, weir_err err);
/* After a callback that returned `err`: checks the red zones of all memory that it got, and removes
 * them from the list. WEIR_EOVERRUN, with `callback` named, or `err`. */
static inline weir_err weir__guards_check(weir_ctx *ctx, const char *callback, weir_err err)
{
    return ctx->guards.count == ctx->guards.first ? err : weir__guards_compare(ctx, callback, err);
}

/* The same for a callback that may be called inside of another one: call begin before the callback
 * gets any memory, and pass its result to end, which checks. */
static inline size_t weir__guards_begin(weir_ctx *ctx)
{
    size_t outer = ctx->guards.first;
    ctx->guards.first = ctx->guards.count;
    return outer;
}

static inline weir_err weir__guards_end(weir_ctx *ctx, size_t outer, const char *callback,
                                        weir_err err)
{
    err = weir__guards_check(ctx, callback, err);
    ctx->guards.first = outer;
    return err;
}

/* Frees the memory of the guards; the context stays usable. */
void weir__guards_fini(weir_ctx *ctx);

/* Zeroed storage for a result; NULL when out of memory, and the context's error says so. */
void *weir__out_new(weir_ctx *ctx, const weir_serde *serde);
/* The callback's result: NULL if it called weir_out_null, or did not set the slice. */
const void *weir__out_take(weir_ctx *ctx, const weir_serde *serde, const void *out);

/* True if encoded and decoded values are the same bytes. */
static inline bool weir__is_plain(const weir_serde *serde)
{
    return serde == &weir_string || serde == &weir_bytes;
}

/* True for the serdes of numbers: their decode writes its result and no more. */
static inline bool weir__is_number(const weir_serde *serde)
{
    return serde == &weir_i64 || serde == &weir_i32 || serde == &weir_f64;
}

/* True for NULL and for a slice without data, which is the null of a weir_string or weir_bytes. */
static inline bool weir__is_null(const weir_serde *serde, const void *value)
{
    return value == NULL || (weir__is_plain(serde) && ((const weir_slice *)value)->data == NULL);
}

/* A copy of a topic's name that lives as long as the graph; NULL: out of memory. */
const char *weir__topic_kept(weir_ctx *ctx, weir_slice name);

/* Drops the input record of the running node: the record is counted, it is no error. `why`: the
 * text of the failure, or NULL. */
void weir__drop(weir_ctx *ctx, weir_drop_reason reason, const char *why);

/* True if the wall clock has reached *next_ms, which then becomes interval_ms later: for work that
 * time makes due, and that should not be done for each record. */
bool weir__emit_is_due(const weir_ctx *ctx, int64_t interval_ms, int64_t *next_ms);

/* Of weir__iters_close_since, when any iterator is open. */
void weir__iters_close_newer(weir_ctx *ctx, uint64_t mark, const weir__node *node);
/* Closes the iterators that were opened since ctx->iters_opened was `mark`, and warns of each: a
 * callback of `node` (NULL: of no node) returned without closing them. */
static inline void weir__iters_close_since(weir_ctx *ctx, uint64_t mark, const weir__node *node)
{
    if (ctx->open_iters != NULL) {
        weir__iters_close_newer(ctx, mark, node);
    }
}
/* Frees what weir__iters_close_since kept. None may be open. */
void weir__iters_fini(weir_ctx *ctx);

/* Fails because an argument of a public function is NULL; `ctx` itself may be NULL: WEIR_EINVAL. */
weir_err weir__ctx_null(weir_ctx *ctx, const char *function, const char *argument);
/* Fails because the running node has no such store. */
void weir__ctx_no_store(weir_ctx *ctx, const char *name);
/* Adds the callback's first failure to the text of ctx->error, unless it is there. A callback that
 * ignores the NULL of weir_store fails later, in a call that knows less. */
void weir__ctx_add_first_error(weir_ctx *ctx);
/* The code of a failed call whose text is in ctx->error. */
weir_err weir__ctx_out_of_memory(weir_ctx *ctx);

/* In open: the time of that name, which is committed with the offsets. It is -1 at the first start,
 * and valid as long as the task. NULL: out of memory. */
int64_t *weir__keep_time(weir_ctx *ctx, const char *name);

/* Of weir__decode, for a serde that is not plain. */
weir_err weir__decode_value(weir_ctx *ctx, const weir_serde *serde, weir_slice bytes,
                            const void **out);
/* NULL from null bytes, else a decoded value in the context's arena, pointing into `bytes`. */
static inline weir_err weir__decode(weir_ctx *ctx, const weir_serde *serde, weir_slice bytes,
                                    const void **out)
{
    if (bytes.data == NULL) {
        *out = NULL;
        return WEIR_OK;
    }
    if (!weir__is_plain(serde)) {
        return weir__decode_value(ctx, serde, bytes, out);
    }
    weir_slice *slice = weir__arena_alloc_apart(ctx->arena, sizeof *slice);
    if (slice == NULL) {
        return weir__ctx_out_of_memory(ctx);
    }
    *slice = bytes;
    *out = slice;
    return WEIR_OK;
}
/* For a public function of a serde: fails with the name of the first argument that is NULL. */
weir_err weir__codec_given(weir_ctx *ctx, const char *function, const void *in, const void *out,
                           const void *user);
/* Appends; `value` is not NULL. */
weir_err weir__encode(weir_ctx *ctx, const weir_serde *serde, const void *value, weir_buf *out);
/* Of weir__encode_to, for a serde that is not plain, or a slice without data. */
weir_err weir__encode_value(weir_ctx *ctx, const weir_serde *serde, const void *value,
                            weir_buf *buf, weir_slice *out);
/* Sets *out to the encoded value: in `buf`, or the value's own bytes if it is encoded as they are.
 * As valid as both. */
static inline weir_err weir__encode_to(weir_ctx *ctx, const weir_serde *serde, const void *value,
                                       weir_buf *buf, weir_slice *out)
{
    if (!weir__is_plain(serde) || ((const weir_slice *)value)->data == NULL) {
        return weir__encode_value(ctx, serde, value, buf, out);
    }
    *out = *(const weir_slice *)value;
    return WEIR_OK;
}

#endif
