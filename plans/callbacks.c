/* SPDX-License-Identifier: Apache-2.0
 *
 * Callbacks of operators, and timestamp extractors. */
#include "callbacks.h"

static datum key_of(const weir__fn_use *use, const weir_record *in)
{
    return weir__datum_of(use->key, in->key);
}

static datum value_of(const weir__fn_use *use, const weir_record *in)
{
    return weir__datum_of(use->value, in->value);
}

weir_err weir__call_predicate(weir_ctx *ctx, const weir_record *in, bool *keep_it, void *user)
{
    (void)ctx;
    const weir__fn_use *use = user;
    *keep_it = use->predicate->fn(key_of(use, in), value_of(use, in));
    return WEIR_OK;
}

weir_err weir__call_value(weir_ctx *ctx, const weir_record *in, void *out, void *user)
{
    const weir__fn_use *use = user;
    datum given = use->fn->fn(ctx, key_of(use, in), value_of(use, in));
    return weir__datum_out(ctx, given, use->gives, out);
}

weir_err weir__call_select_key(weir_ctx *ctx, const weir_record *in, void *key_out, void *user)
{
    const weir__fn_use *use = user;
    datum given = use->fn->fn(ctx, key_of(use, in), value_of(use, in));
    return weir__datum_out(ctx, given, use->gives_key, key_out);
}

weir_err weir__call_join_key(weir_ctx *ctx, const weir_record *in, void *key_out, void *user)
{
    const weir__fn_use *use = user;
    datum given = use->key_fn->fn(ctx, key_of(use, in), value_of(use, in));
    return weir__datum_out(ctx, given, use->gives_key, key_out);
}

weir_err weir__call_pair(weir_ctx *ctx, const weir_record *in, void *key_out, void *value_out,
                         void *user)
{
    const weir__fn_use *use = user;
    datum key = key_of(use, in);
    datum value = value_of(use, in);
    use->pair->fn(ctx, &key, &value);
    weir_err err = weir__datum_out(ctx, key, use->gives_key, key_out);
    return err == WEIR_OK ? weir__datum_out(ctx, value, use->gives, value_out) : err;
}

weir_err weir__call_emit(weir_ctx *ctx, const weir_record *in, void *user)
{
    const weir__fn_use *use = user;
    return use->emit->fn(ctx, key_of(use, in), value_of(use, in));
}

weir_err weir__call_nothing(weir_ctx *ctx, const weir_record *in, void *user)
{
    (void)ctx, (void)in, (void)user;
    return WEIR_OK;
}

weir_err weir__call_joiner(weir_ctx *ctx, const void *key, const void *left, const void *right,
                           void *out, void *user)
{
    const weir__fn_use *use = user;
    datum given =
        use->joiner->fn(ctx, weir__datum_of(use->key, key), weir__datum_of(use->value, left),
                        weir__datum_of(use->right, right));
    return weir__datum_out(ctx, given, use->gives, out);
}

weir_err weir__call_table_joiner(weir_ctx *ctx, const void *key, const void *left,
                                 const void *right, void *out, void *user)
{
    (void)key;
    return weir__call_joiner(ctx, NULL, left, right, out, user);
}

weir_err weir__call_initializer(weir_ctx *ctx, void *out, void *user)
{
    const weir__fn_use *use = user;
    return weir__datum_out(ctx, use->initializer->fn(), use->gives, out);
}

weir_err weir__call_aggregator(weir_ctx *ctx, const weir_record *in, const void *aggregate,
                               void *out, void *user)
{
    const weir__fn_use *use = user;
    datum given =
        use->aggregator->fn(ctx, value_of(use, in), weir__datum_of(use->gives, aggregate));
    return weir__datum_out(ctx, given, use->gives, out);
}

weir_err weir__call_reducer(weir_ctx *ctx, const void *aggregate, const void *value, void *out,
                            void *user)
{
    const weir__fn_use *use = user;
    datum given = use->reducer->fn(ctx, weir__datum_of(use->value, aggregate),
                                   weir__datum_of(use->value, value));
    return weir__datum_out(ctx, given, use->value, out);
}

weir_err weir__call_undo(weir_ctx *ctx, const void *aggregate, const void *value, void *out,
                         void *user)
{
    const weir__fn_use *use = user;
    datum given = use->undo->fn(ctx, weir__datum_of(use->value, aggregate),
                                weir__datum_of(use->value, value));
    return weir__datum_out(ctx, given, use->value, out);
}

weir_err weir__call_subtractor(weir_ctx *ctx, const weir_record *in, const void *aggregate,
                               void *out, void *user)
{
    const weir__fn_use *use = user;
    datum given =
        use->subtractor->fn(ctx, value_of(use, in), weir__datum_of(use->gives, aggregate));
    return weir__datum_out(ctx, given, use->gives, out);
}

weir_err weir__call_group(weir_ctx *ctx, const weir_record *in, void *key_out, void *value_out,
                          void *user)
{
    const weir__fn_use *use = user;
    datum key = key_of(use, in);
    datum value = value_of(use, in);
    weir_err err = weir__datum_out(ctx, use->key_fn->fn(ctx, key, value), use->gives_key, key_out);
    return err == WEIR_OK
               ? weir__datum_out(ctx, use->fn->fn(ctx, key, value), use->gives, value_out)
               : err;
}

weir_err weir__call_merger(weir_ctx *ctx, const void *key, const void *left, const void *right,
                           void *out, void *user)
{
    (void)key;
    const weir__fn_use *use = user;
    datum merged =
        use->merger->fn(ctx, weir__datum_of(use->gives, left), weir__datum_of(use->gives, right));
    return weir__datum_out(ctx, merged, use->gives, out);
}

weir_err weir__call_topic(weir_ctx *ctx, const weir_record *in, weir_buf *topic, void *user)
{
    (void)ctx;
    datum value = value_of(user, in);
    char first = value.bytes.len > 0 ? bytes_of(value)[0] : '\0';
    return first >= 'a' && first <= 'c' ? weir_put_format(topic, "out-%c", first)
                                        : weir_put_format(topic, "out-other");
}

/* ---- Timestamp extractors ----------------------------------------------------------------- */

static int64_t extract_log_and_skip(weir_ctx *ctx, const weir_record *in, int64_t partition,
                                    void *user)
{
    (void)ctx, (void)partition, (void)user;
    return in->timestamp_ms;
}

static int64_t extract_use_partition_time(weir_ctx *ctx, const weir_record *in, int64_t partition,
                                          void *user)
{
    (void)user;
    if (in->timestamp_ms >= 0) {
        return in->timestamp_ms;
    }
    if (partition < 0) {
        weir_fail(ctx, WEIR_EUSER, "no partition time yet");
    }
    return partition;
}

static int64_t extract_value_i64(weir_ctx *ctx, const weir_record *in, int64_t partition,
                                 void *user)
{
    datum value = value_of(user, in);
    if (is_null(value)) {
        return partition;
    }
    return value.kind == DATUM_I64 ? value.number : weir__parse(ctx, value).number;
}

static int64_t extract_partition_time_plus_1(weir_ctx *ctx, const weir_record *in,
                                             int64_t partition, void *user)
{
    (void)ctx, (void)in, (void)user;
    return partition + 1;
}

static const weir__extractor extractors[] = {
    {"log_and_skip", extract_log_and_skip},
    {"use_partition_time", extract_use_partition_time},
    {"value_i64", extract_value_i64},
    {"partition_time_plus_1", extract_partition_time_plus_1},
};

const weir__extractor *weir__extractor_named(const char *name)
{
    return WEIR__NAMED(extractors, name);
}
