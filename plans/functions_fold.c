/* SPDX-License-Identifier: Apache-2.0
 *
 * Joiners, and functions of aggregations. */
#include "functions.h"

/* ---- joiner(key, left, right) ------------------------------------------------------------- */

static datum joiner_concat(weir_ctx *ctx, datum key, datum left, datum right)
{
    (void)key;
    return weir__datum_join(ctx, weir__datum_show(ctx, left), "|", weir__datum_show(ctx, right));
}

static datum joiner_concat_with_key(weir_ctx *ctx, datum key, datum left, datum right)
{
    datum both = joiner_concat(ctx, key, left, right);
    return weir__datum_join(ctx, weir__datum_show(ctx, key), ":", both.bytes);
}

static datum joiner_sum(weir_ctx *ctx, datum key, datum left, datum right)
{
    (void)ctx, (void)key;
    return plus(left, right);
}

static datum joiner_left(weir_ctx *ctx, datum key, datum left, datum right)
{
    (void)ctx, (void)key, (void)right;
    return left;
}

static datum joiner_concat_unless_equal(weir_ctx *ctx, datum key, datum left, datum right)
{
    return weir_slice_equal(weir__datum_show(ctx, left), weir__datum_show(ctx, right))
               ? datum_null()
               : joiner_concat(ctx, key, left, right);
}

/* ---- Aggregation -------------------------------------------------------------------------- */

static datum initializer_empty(void)
{
    return weir__datum_text("");
}

static datum initializer_null_string(void)
{
    return datum_null();
}

static datum initializer_zero(void)
{
    return datum_i64(0);
}

static datum aggregator_concat_comma(weir_ctx *ctx, datum value, datum aggregate)
{
    weir_slice text = weir__datum_show(ctx, value);
    return weir__datum_comma(ctx, aggregate, datum_string(text.data, text.len));
}

static datum aggregator_concat_reset_on_x(weir_ctx *ctx, datum value, datum aggregate)
{
    bool reset = !is_null(value) && weir_slice_equal(value.bytes, weir_slice_of("x"));
    return reset ? datum_null() : aggregator_concat_comma(ctx, value, aggregate);
}

static datum aggregator_last_string(weir_ctx *ctx, datum value, datum aggregate)
{
    (void)ctx, (void)aggregate;
    return value;
}

static datum aggregator_max_string(weir_ctx *ctx, datum value, datum aggregate)
{
    (void)ctx;
    return weir__datum_compare(aggregate, value) >= 0 ? aggregate : value;
}

static datum aggregator_sum_i64(weir_ctx *ctx, datum value, datum aggregate)
{
    (void)ctx;
    return plus(aggregate, value);
}

static datum aggregator_sum_null_at_zero(weir_ctx *ctx, datum value, datum aggregate)
{
    (void)ctx;
    datum sum = plus(aggregate, value);
    return sum.number == 0 ? datum_null() : sum;
}

static datum aggregator_count_chars(weir_ctx *ctx, datum value, datum aggregate)
{
    (void)ctx;
    return plus(aggregate, datum_i64((int64_t)value.bytes.len));
}

static datum aggregator_count_one(weir_ctx *ctx, datum value, datum aggregate)
{
    (void)ctx, (void)value;
    return plus(aggregate, datum_i64(1));
}

static datum reducer_last(weir_ctx *ctx, datum aggregate, datum value)
{
    (void)ctx, (void)aggregate;
    return value;
}

static datum reducer_first(weir_ctx *ctx, datum aggregate, datum value)
{
    (void)ctx, (void)value;
    return aggregate;
}

static datum reducer_concat(weir_ctx *ctx, datum aggregate, datum value)
{
    return weir__datum_join(ctx, weir__datum_show(ctx, aggregate), ",",
                            weir__datum_show(ctx, value));
}

static datum reducer_max_string(weir_ctx *ctx, datum aggregate, datum value)
{
    return aggregator_max_string(ctx, value, aggregate);
}

static datum reducer_null_if_equal(weir_ctx *ctx, datum aggregate, datum value)
{
    (void)ctx;
    return weir__datum_compare(aggregate, value) == 0 ? datum_null() : value;
}

static datum reducer_sum(weir_ctx *ctx, datum aggregate, datum value)
{
    (void)ctx;
    return plus(aggregate, value);
}

static datum reducer_minus(weir_ctx *ctx, datum aggregate, datum value)
{
    (void)ctx;
    return minus(aggregate, value);
}

static datum reducer_max_i64(weir_ctx *ctx, datum aggregate, datum value)
{
    (void)ctx;
    return datum_i64(aggregate.number > value.number ? aggregate.number : value.number);
}

static datum reducer_min_i64(weir_ctx *ctx, datum aggregate, datum value)
{
    (void)ctx;
    return datum_i64(aggregate.number < value.number ? aggregate.number : value.number);
}

/* ---- Merging ------------------------------------------------------------------------------ */

static datum merger_merge_comma(weir_ctx *ctx, datum left, datum right)
{
    size_t len = left.bytes.len;
    return right.bytes.len == 0 ? datum_string(len > 0 ? bytes_of(left) : "", len)
                                : weir__datum_comma(ctx, left, right);
}

static datum merger_merge_sum(weir_ctx *ctx, datum left, datum right)
{
    (void)ctx;
    return plus(left, right);
}

static datum merger_merge_max(weir_ctx *ctx, datum left, datum right)
{
    return reducer_max_string(ctx, left, right);
}

/* ---- Taking away -------------------------------------------------------------------------- */

/* Without the first piece between commas that equals text(value). */
static datum subtractor_remove_comma_token(weir_ctx *ctx, datum value, datum aggregate)
{
    weir_slice token = weir__datum_show(ctx, value);
    size_t len = aggregate.bytes.len;
    const char *text = len > 0 ? aggregate.bytes.data : "";
    for (size_t start = 0; start <= len;) {
        size_t end = start;
        while (end < len && text[end] != ',') {
            end++;
        }
        if (weir_slice_equal((weir_slice){text + start, end - start}, token)) {
            size_t from = end < len ? end + 1 : end;
            size_t before = end < len || start == 0 ? start : start - 1;
            return weir__datum_join(ctx, (weir_slice){text, before}, "",
                                    (weir_slice){text + from, len - from});
        }
        start = end + 1;
    }
    return datum_string(text, len);
}

static datum subtractor_minus_i64(weir_ctx *ctx, datum value, datum aggregate)
{
    (void)ctx;
    return minus(aggregate, value);
}

static datum subtractor_minus_null_at_zero(weir_ctx *ctx, datum value, datum aggregate)
{
    (void)ctx;
    datum rest = minus(aggregate, value);
    return rest.number == 0 ? datum_null() : rest;
}

static datum subtractor_minus_chars(weir_ctx *ctx, datum value, datum aggregate)
{
    (void)ctx;
    return minus(aggregate, datum_i64((int64_t)value.bytes.len));
}

static datum subtractor_minus_one(weir_ctx *ctx, datum value, datum aggregate)
{
    (void)ctx, (void)value;
    return minus(aggregate, datum_i64(1));
}

static datum reducer_remove_token(weir_ctx *ctx, datum aggregate, datum value)
{
    return subtractor_remove_comma_token(ctx, value, aggregate);
}

/* ---- Names -------------------------------------------------------------------------------- */

static const weir__joiner joiners[] = {
    {"concat", joiner_concat, TYPE_ANY, TYPE_STRING},
    {"concat_with_key", joiner_concat_with_key, TYPE_ANY, TYPE_STRING},
    {"sum", joiner_sum, TYPE_I64, TYPE_I64},
    {"left", joiner_left, TYPE_ANY, TYPE_VALUE},
    {"concat_unless_equal", joiner_concat_unless_equal, TYPE_ANY, TYPE_STRING},
};

static const weir__initializer initializers[] = {
    {"empty", initializer_empty, TYPE_STRING},
    {"zero", initializer_zero, TYPE_I64},
    {"null_string", initializer_null_string, TYPE_STRING},
};

static const weir__aggregator aggregators[] = {
    {"concat_comma", aggregator_concat_comma, TYPE_STRING, TYPE_STRING},
    {"concat_text", aggregator_concat_comma, TYPE_ANY, TYPE_STRING},
    {"concat_reset_on_x", aggregator_concat_reset_on_x, TYPE_STRING, TYPE_STRING},
    {"last_string", aggregator_last_string, TYPE_STRING, TYPE_STRING},
    {"max_string", aggregator_max_string, TYPE_STRING, TYPE_STRING},
    {"sum_i64", aggregator_sum_i64, TYPE_I64, TYPE_I64},
    {"sum_null_at_zero", aggregator_sum_null_at_zero, TYPE_I64, TYPE_I64},
    {"count_chars", aggregator_count_chars, TYPE_STRING, TYPE_I64},
    {"count_one", aggregator_count_one, TYPE_ANY, TYPE_I64},
};

static const weir__aggregator subtractors[] = {
    {"remove_comma_token", subtractor_remove_comma_token, TYPE_STRING, TYPE_STRING},
    {"minus_i64", subtractor_minus_i64, TYPE_I64, TYPE_I64},
    {"minus_null_at_zero", subtractor_minus_null_at_zero, TYPE_I64, TYPE_I64},
    {"minus_chars", subtractor_minus_chars, TYPE_STRING, TYPE_I64},
    {"minus_one", subtractor_minus_one, TYPE_ANY, TYPE_I64},
};

static const weir__reducer reducers[] = {
    {"last", reducer_last, TYPE_ANY},
    {"first", reducer_first, TYPE_ANY},
    {"concat", reducer_concat, TYPE_STRING},
    {"max_string", reducer_max_string, TYPE_STRING},
    {"null_if_equal", reducer_null_if_equal, TYPE_STRING},
    {"remove_token", reducer_remove_token, TYPE_STRING},
    {"sum", reducer_sum, TYPE_I64},
    {"minus", reducer_minus, TYPE_I64},
    {"max_i64", reducer_max_i64, TYPE_I64},
    {"min_i64", reducer_min_i64, TYPE_I64},
};

static const weir__merger mergers[] = {
    {"merge_comma", merger_merge_comma, TYPE_STRING},
    {"merge_sum", merger_merge_sum, TYPE_I64},
    {"merge_max", merger_merge_max, TYPE_STRING},
};

const weir__joiner *weir__joiner_named(const char *name)
{
    return WEIR__NAMED(joiners, name);
}

const weir__initializer *weir__initializer_named(const char *name)
{
    return WEIR__NAMED(initializers, name);
}

const weir__aggregator *weir__aggregator_named(const char *name)
{
    return WEIR__NAMED(aggregators, name);
}

const weir__aggregator *weir__subtractor_named(const char *name)
{
    return WEIR__NAMED(subtractors, name);
}

const weir__reducer *weir__reducer_named(const char *name)
{
    return WEIR__NAMED(reducers, name);
}

const weir__merger *weir__merger_named(const char *name)
{
    return WEIR__NAMED(mergers, name);
}
