/* SPDX-License-Identifier: Apache-2.0
 *
 * The types of Kafka's protocol that are more than numbers, over core/buf.h: strings, bytes, counts
 * of arrays, and their compact forms of flexible versions (KIP-482). */
#ifndef WEIR_MOCKBROKER_WIRE_H
#define WEIR_MOCKBROKER_WIRE_H

#include "core/buf.h"

/* Reading. A value longer than the bytes left sets reader->failed. Slices borrow the reader's
 * bytes. */
weir_slice weir__read_string(weir__reader *in); /* i16 length; -1: the null slice */
weir_slice weir__read_blob(weir__reader *in);   /* i32 length; -1: the null slice */
int32_t weir__read_count(weir__reader *in);     /* -1: null; never more than bytes are left */
/* A list of strings, read to its end; the reader that is returned gives them again. */
weir__reader weir__read_strings(weir__reader *in, int32_t *count);
bool weir__read_bool(weir__reader *in);
uint64_t weir__read_uvarint(weir__reader *in);
int64_t weir__read_varint(weir__reader *in); /* zigzag, as inside record batches */
weir_slice weir__read_compact_string(weir__reader *in);
int32_t weir__read_compact_count(weir__reader *in);
void weir__skip_tags(weir__reader *in);

/* Writing. A string too long for its length field makes out->err WEIR_ELIMIT. */
void weir__put_string(weir_buf *out, weir_slice text); /* null slice: -1 */
void weir__put_cstring(weir_buf *out, const char *text);
void weir__put_blob(weir_buf *out, weir_slice bytes);
void weir__put_bool(weir_buf *out, bool value);
void weir__put_uvarint(weir_buf *out, uint64_t value);
void weir__put_compact_string(weir_buf *out, weir_slice text);
void weir__put_tags(weir_buf *out); /* none */

/* An array whose count is known only at its end: begin, put the elements, end. */
size_t weir__array_begin(weir_buf *out);
void weir__array_end(weir_buf *out, size_t begin, int32_t count);

#endif
