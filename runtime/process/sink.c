/* SPDX-License-Identifier: Apache-2.0
 *
 * Sinks: a record as bytes, its topic and its partition. */
#include <weir/windows.h>

#include "process/graph_internal.h"
#include "state/keys.h"

static weir_err encode_side(weir_ctx *ctx, const weir_serde *serde, const void *value,
                            weir_buf *buf, weir_slice *out)
{
    *out = (weir_slice){0};
    return weir__is_null(serde, value) ? WEIR_OK : weir__encode_to(ctx, serde, value, buf, out);
}

#define TOPIC_NAME_MAX ((size_t)249)

/* Sets *out to the name that the sink's callback chooses: it is in the graph's buffer. */
static weir_err choose_topic(weir_ctx *ctx, const weir__node *sink, const weir_record *record,
                             weir__topic_ref *out)
{
    weir_buf *name = &ctx->graph->topic;
    weir__buf_reset(name);
    weir_err err = sink->sink.topic_fn(ctx, record, name, sink->sink.user);
    err = weir__guards_check(ctx, "the topic function", err);
    if (err != WEIR_OK) {
        return err;
    }
    if (name->err != WEIR_OK || name->len == 0 || name->len > TOPIC_NAME_MAX) {
        return weir_fail(ctx, WEIR_EUSER, "topic_fn chose a topic with a name of %zu bytes",
                         name->len);
    }
    *out = (weir__topic_ref){weir__buf_text(name), false};
    return WEIR_OK;
}

static weir_err topic_of(weir_ctx *ctx, const weir__sent *sent, const char **topic,
                         int32_t *partitions)
{
    const weir__graph_host *host = &ctx->graph->host;
    return host->topic_of(host->user, sent, topic, partitions, &ctx->error);
}

/* Sets sent->partition to that which the sink's partitioner chooses. */
static weir_err choose_partition(weir_ctx *ctx, const weir_record *record, weir__sent *sent)
{
    const weir_sink_opts *opts = &sent->sink->sink;
    const char *topic = NULL;
    int32_t partitions = 0;
    int32_t chosen = -1;
    weir_err err = topic_of(ctx, sent, &topic, &partitions);
    if (err != WEIR_OK) {
        return err;
    }
    err = opts->partitioner(ctx, record, topic, partitions, &chosen, opts->user);
    err = weir__guards_check(ctx, "the partitioner", err);
    if (err == WEIR_OK && chosen >= partitions) {
        return weir_fail(ctx, WEIR_EUSER, "the partitioner chose partition %d of %s, which has %d",
                         (int)chosen, topic, (int)partitions);
    }
    sent->partition = chosen < 0 ? -1 : chosen;
    return err;
}

/* The bytes of the key inside of a windowed key. */
static weir_slice inner_key(const weir_serde *serde, weir_slice key)
{
    weir__window_key window = {0};
    weir__session_key session = {0};
    if (serde->decode == weir_session_windowed_decode) {
        return weir__session_store_key_read(key, &session) ? session.key : key;
    }
    return weir__window_topic_key_read(key, &window) ? window.key : key;
}

/* All windows of a key are in the partition of that key (Kafka's WindowedStreamPartitioner). */
static weir_err choose_by_inner_key(weir_ctx *ctx, weir__sent *sent)
{
    const char *topic = NULL;
    int32_t partitions = 0;
    weir_err err = topic_of(ctx, sent, &topic, &partitions);
    if (err == WEIR_OK) {
        sent->partition = weir_default_partition(inner_key(sent->sink->key, sent->key), partitions);
    }
    return err;
}

weir_err weir__sink_send(weir_ctx *ctx, const weir__node *sink, const weir_record *record)
{
    weir__graph *graph = ctx->graph;
    weir__sent sent = {.sink = sink,
                       .from = ctx->at,
                       .partition = -1,
                       .timestamp_ms = record->timestamp_ms,
                       .headers = record->headers};
    weir_err err = WEIR_OK;
    if (sink->topic_count > 0) {
        sent.topic = sink->topics[0];
    } else {
        err = choose_topic(ctx, sink, record, &sent.topic);
    }
    if (err == WEIR_OK && sink->sink.partitioner != NULL) {
        err = choose_partition(ctx, record, &sent);
    }
    if (err != WEIR_OK) {
        return err;
    }
    err = encode_side(ctx, sink->key, record->key, &graph->key, &sent.key);
    if (err == WEIR_OK && sink->by_inner_key && sent.key.data != NULL) {
        err = choose_by_inner_key(ctx, &sent);
    }
    if (err == WEIR_OK) {
        err = encode_side(ctx, sink->value, record->value, &graph->value, &sent.value);
    }
    return err == WEIR_OK ? graph->host.send(graph->host.user, &sent, &ctx->error) : err;
}
