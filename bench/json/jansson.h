/* SPDX-License-Identifier: Apache-2.0
 *
 * Serdes that read and write JSON with jansson: what bench-json compares with. */
#ifndef WEIR_BENCH_JSON_JANSSON_H
#define WEIR_BENCH_JSON_JANSSON_H

#include <weir/serde.h>

/* Of fixture_identity, with the bytes of fixture_identity_serde. */
extern const weir_serde bench_jansson_identity;
/* Of any JSON value. */
extern const weir_serde bench_jansson_value;

#endif
