/* SPDX-License-Identifier: Apache-2.0
 *
 * count of windows. */
#include "operators/windowed.h"

static const weir__operator count_operator = {
    .work = {"windowed_count", weir__windowed_open, weir__windowed_process, weir__windowed_close},
    .prefix = "KSTREAM-AGGREGATE-",
    .facts = WEIR__GIVES_TABLE,
};

weir_table weir_windowed_count(weir_windowed_stream in, const char *store,
                               const weir_store_opts *opts)
{
    if (store == NULL && weir__builder_ok(in.builder)) {
        weir__builder_skip_numbers(in.builder, WEIR__UNNAMED_STORE_OF_COUNT);
    }
    weir__aggregation spec = {
        .kind = &count_operator, .value = &weir_i64, .store = store, .opts = opts};
    return weir__windowed_add(in.builder, in.node, WEIR__WINDOWED_STREAM,
                              (weir__fold){.type = WEIR__COUNT}, spec);
}
