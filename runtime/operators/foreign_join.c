/* SPDX-License-Identifier: Apache-2.0
 *
 * foreign_join and foreign_left_join of two tables (KIP-213): their nodes and internal topics.
 *
 *     left  --> registration-processor == topic ==> receive --> join-foreign --.
 *     right --> foreign-join-subscription -------------------------------------+
 *           == topic ==> response-resolver --> result */
#include "operators/aggregation.h"
#include "operators/foreign.h"

static weir_err result(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    return weir__table_keep(ctx, in);
}

static const weir__operator result_operator = {
    .work = {"foreign_join", NULL, result, NULL},
    .prefix = "KTABLE-FK-JOIN-OUTPUT-",
    .facts = WEIR__GIVES_TABLE,
};

/* ---- Partitions --------------------------------------------------------------------------- */

/* Answers go to the task that subscribed. */
static weir_err to_subscriber(weir_ctx *ctx, const weir_record *record, const char *topic,
                              int32_t partitions, int32_t *partition, void *user)
{
    (void)user;
    const weir__foreign_answer *from = record->value;
    if (from->partition < 0 || from->partition >= partitions) {
        return weir_fail(ctx, WEIR_EDECODE,
                         "the subscription is from partition %d, but %s has %d partitions",
                         (int)from->partition, topic, (int)partitions);
    }
    *partition = from->partition;
    return WEIR_OK;
}

/* The user's partitioners place keys: they get no value (TableJoined, KIP-775). */
static weir_err place_key(weir_ctx *ctx, const weir_record *record, const char *topic,
                          int32_t partitions, int32_t *partition, const weir__foreign_op *op,
                          weir_partitioner_fn partitioner)
{
    weir_record key_only = *record;
    key_only.value = NULL;
    return partitioner(ctx, &key_only, topic, partitions, partition, op->fn.user);
}

static weir_err by_key(weir_ctx *ctx, const weir_record *record, const char *topic,
                       int32_t partitions, int32_t *partition, void *user)
{
    const weir__foreign_op *op = user;
    return place_key(ctx, record, topic, partitions, partition, op, op->fn.partitioner);
}

static weir_err by_foreign_key(weir_ctx *ctx, const weir_record *record, const char *topic,
                               int32_t partitions, int32_t *partition, void *user)
{
    const weir__foreign_op *op = user;
    return place_key(ctx, record, topic, partitions, partition, op, op->fn.other_partitioner);
}

/* ---- Building ----------------------------------------------------------------------------- */

typedef struct joined {
    const weir__edge *left;
    const weir__edge *right;
    const char *name; /* NULL: all names are numbered */
    const char *what; /* for errors */
    weir__foreign_op *op;
} joined;

/* "<join><suffix>", or a numbered name. */
static const char *part(weir_builder *builder, const joined *j, const char *suffix,
                        const char *prefix)
{
    const char *given =
        j->name != NULL ? weir__builder_text(builder, "%s%s", j->name, suffix) : NULL;
    return weir__builder_name(builder, given, prefix);
}

/* Adds a node of the join; an edge with its key and value is *out. */
static bool add_node(weir_builder *builder, const joined *j, const weir__operator *kind,
                     const char *name, weir__operator_at at, weir__edge *out)
{
    at.name = name;
    at.named = true;
    at.what = j->what;
    int node = weir__operator_add(builder, kind, j->op, sizeof *j->op, &at);
    if (node >= 0) {
        *out = (weir__edge){.node = node,
                            .key = builder->nodes[node]->node.key,
                            .value = builder->nodes[node]->node.value,
                            .repartitioned = -1};
    }
    return node >= 0;
}

/* Adds a topic below `from` with the partitions of the table that is joined behind it. */
static const weir__edge *add_topic(weir_builder *builder, const joined *j, const weir__edge *from,
                                   const weir__edge *table, const weir__repartition_names *names,
                                   const weir_repartition_opts *opts)
{
    const weir__edge *topic = weir__repartition_nodes(builder, from, from->node, names, opts);
    if (topic != NULL) {
        weir__ints sources = {0};
        weir__ints_add_all(builder, &sources, &table->sources);
        weir__ints_add_all(builder, &sources, &topic->sources);
        weir__builder_copartition(builder, &sources, j->what);
    }
    return topic;
}

/* From the left table to the topic of subscriptions. */
static const weir__edge *add_registration(weir_builder *builder, const joined *j)
{
    const char *topic =
        part(builder, j, "-subscription-registration", "KTABLE-FK-JOIN-SUBSCRIPTION-REGISTRATION-");
    const char *processor =
        part(builder, j, "-subscription-registration-processor", weir__foreign_subscribe.prefix);
    weir__repartition_names names = {
        weir__builder_text(builder, "%s-topic", topic),
        part(builder, j, "-subscription-registration-sink", "KTABLE-SINK-"),
        part(builder, j, "-subscription-registration-source", "KTABLE-SOURCE-")};
    weir_repartition_opts opts = {
        .partitioner = j->op->fn.other_partitioner != NULL ? by_foreign_key : NULL, .user = j->op};
    weir__operator_at at = {
        .in = j->left, .key = j->right->key, .value = &weir__subscription_serde};
    weir__edge sent;
    return weir__builder_ok(builder) &&
                   add_node(builder, j, &weir__foreign_subscribe, processor, at, &sent)
               ? add_topic(builder, j, &sent, j->right, &names, &opts)
               : NULL;
}

static void use_subscriptions(weir_builder *builder, const char *store, const weir_store_opts *opts,
                              int receiver, int answerer)
{
    weir_store_opts typed = {.key = &weir_bytes,
                             .value = &weir__subscription_serde,
                             .backend = opts != NULL ? opts->backend : WEIR_BACKEND_DEFAULT};
    int index = weir__builder_store(builder, store, &typed, false);
    if (index >= 0) {
        weir__builder_use_store(builder, receiver, index);
        weir__builder_use_store(builder, answerer, index);
    }
}

/* From both topic and right table to the topic of answers. */
static const weir__edge *add_answers(weir_builder *builder, const joined *j,
                                     const weir__edge *subscriptions, const weir_store_opts *opts)
{
    const char *store =
        part(builder, j, "-subscription-store", "KTABLE-FK-JOIN-SUBSCRIPTION-STATE-STORE-");
    const char *receiver = part(builder, j, "-subscription-receive", weir__foreign_receive.prefix);
    const char *answerer =
        part(builder, j, "-subscription-join-foreign", weir__foreign_answer_one.prefix);
    const char *changes =
        part(builder, j, "-foreign-join-subscription", weir__foreign_answer_all.prefix);
    const char *topic =
        part(builder, j, "-subscription-response", "KTABLE-FK-JOIN-SUBSCRIPTION-RESPONSE-");
    weir__repartition_names names = {
        weir__builder_text(builder, "%s-topic", topic),
        part(builder, j, "-subscription-response-sink", "KTABLE-SINK-"),
        part(builder, j, "-subscription-response-source", "KTABLE-SOURCE-")};
    weir_repartition_opts sink = {
        .partitioner = j->op->fn.partitioner != NULL ? by_key : to_subscriber, .user = j->op};
    weir__edge received;
    weir__edge answers;
    weir__edge changed;
    weir__operator_at at = {.in = subscriptions};
    if (!weir__builder_ok(builder) ||
        !add_node(builder, j, &weir__foreign_receive, receiver, at, &received)) {
        return NULL;
    }
    at = (weir__operator_at){.in = &received, .key = j->left->key};
    at.value = weir__builder_wrap(builder, &weir__foreign_answer_serde, j->right->value);
    if (!add_node(builder, j, &weir__foreign_answer_one, answerer, at, &answers)) {
        return NULL;
    }
    weir__builder_read(builder, answers.node, j->right->node);
    at.in = j->right;
    if (!add_node(builder, j, &weir__foreign_answer_all, changes, at, &changed)) {
        return NULL;
    }
    use_subscriptions(builder, store, opts, received.node, changed.node);
    const weir__edge *out = add_topic(builder, j, &answers, j->left, &names, &sink);
    if (out != NULL) {
        int sink_node = builder->repartitions[builder->repartition_count - 1].sink;
        weir__builder_parent(builder, sink_node, changed.node);
    }
    return out;
}

/* From the topic of answers to the table of results. */
static weir_table add_result(weir_builder *builder, const joined *j, const weir__edge *answers,
                             const char *store, const weir_store_opts *opts)
{
    weir_table failed = {builder, -1};
    const char *resolver =
        part(builder, j, "-subscription-response-resolver", weir__foreign_resolve.prefix);
    const char *name = part(builder, j, "-result", result_operator.prefix);
    const char *spare =
        store == NULL ? weir__builder_name(builder, NULL, "KTABLE-FK-JOIN-OUTPUT-STATE-STORE-")
                      : NULL;
    weir__operator_at at = {.in = answers,
                            .value = weir__value_or_default(opts != NULL ? opts->value : NULL),
                            .result = WEIR__RESULT_OF_OPTS};
    weir__edge resolved;
    weir__edge edge;
    if (!weir__builder_ok(builder) ||
        !add_node(builder, j, &weir__foreign_resolve, resolver, at, &resolved)) {
        return failed;
    }
    weir__builder_read(builder, resolved.node, j->left->node);
    at.in = &resolved;
    if (!add_node(builder, j, &result_operator, name, at, &edge)) {
        return failed;
    }
    edge.kind = WEIR__TABLE;
    weir__ints_add_all(builder, &edge.sources, &j->left->sources);
    weir__ints_add_all(builder, &edge.sources, &answers->sources);
    builder->nodes[edge.node]->store_if_needed = spare;
    weir__aggregation spec = {.kind = &result_operator, .value = edge.value, .opts = opts};
    weir__aggregation_check(builder, &edge, &spec, name);
    if (store != NULL) {
        weir__table_store(builder, &edge, store, opts, true);
    }
    return (weir_table){builder, weir__builder_ok(builder) ? weir__edge_add(builder, &edge) : -1};
}

static bool check(weir_table left, weir_table right, const weir_foreign_joiner *fn,
                  const char *label, joined *j)
{
    weir__pair pair = {
        label, j->name, {"table", left.builder, left.node}, {"table", right.builder, right.node}};
    j->what = weir__pair_label(&pair);
    if (j->what != NULL && (fn == NULL || fn->foreign_key == NULL || fn->joiner == NULL)) {
        weir__builder_fail(left.builder, WEIR_EINVAL, "%s needs %s", j->what,
                           fn == NULL                ? "its functions"
                           : fn->foreign_key == NULL ? "a function for the foreign key"
                                                     : "a joiner");
    }
    return weir__builder_ok(left.builder);
}

static weir_table add(weir_table left, weir_table right, const weir_foreign_joiner *fn, bool outer,
                      const char *store, const weir_store_opts *opts)
{
    weir_builder *builder = left.builder;
    weir_table failed = {builder, -1};
    const char *label = outer ? "foreign_left_join" : "foreign_join";
    joined j = {.name = opts != NULL ? opts->node : NULL};
    if (!check(left, right, fn, label, &j)) {
        return failed;
    }
    j.left = weir__edge_of(builder, left.node, WEIR__TABLE);
    j.right = weir__edge_of(builder, right.node, WEIR__TABLE);
    if (j.left == NULL || j.right == NULL) {
        return failed;
    }
    weir__foreign_op op = {*fn, j.left->node, j.right->node, outer};
    j.op = weir__op_copy(builder, &op, sizeof op);
    weir__builder_check_types(builder, &(weir__type_check){fn->key != NULL ? fn->key : j.right->key,
                                                           j.right->key, j.what, "the foreign key",
                                                           "the key of the right table"});
    const weir__edge *subscriptions =
        weir__builder_ok(builder) ? add_registration(builder, &j) : NULL;
    const weir__edge *answers =
        subscriptions != NULL ? add_answers(builder, &j, subscriptions, opts) : NULL;
    return answers != NULL ? add_result(builder, &j, answers, store, opts) : failed;
}

weir_table weir_table_foreign_join(weir_table left, weir_table right, const weir_foreign_joiner *fn,
                                   const char *store, const weir_store_opts *opts)
{
    return add(left, right, fn, false, store, opts);
}

weir_table weir_table_foreign_left_join(weir_table left, weir_table right,
                                        const weir_foreign_joiner *fn, const char *store,
                                        const weir_store_opts *opts)
{
    return add(left, right, fn, true, store, opts);
}
