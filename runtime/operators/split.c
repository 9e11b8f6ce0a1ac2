/* SPDX-License-Identifier: Apache-2.0
 *
 * split: each record to the first branch whose predicate is true. Child i is branch i. */
#include "operators/operator.h"

typedef struct split_op {
    const weir_branch *branches;
    size_t count;
} split_op;

static weir_err split(weir_ctx *ctx, const weir_record *in, void *state)
{
    const split_op *op = state;
    for (size_t i = 0; i < op->count; i++) {
        const weir_branch *branch = &op->branches[i];
        bool taken = branch->fn == NULL;
        weir_err err = taken ? WEIR_OK : branch->fn(ctx, in, &taken, branch->user);
        if (err != WEIR_OK || taken) {
            return err != WEIR_OK ? err : weir__forward_child(ctx, i, in);
        }
    }
    return WEIR_OK;
}

static const weir__operator split_operator = {
    .work = {"split", NULL, split, NULL},
    .prefix = "KSTREAM-BRANCH-",
};

static const weir__operator branch_operator = {
    .work = {"branch", NULL, weir__pass, NULL},
    .prefix = "KSTREAM-BRANCHCHILD-",
};

static bool default_is_last(const weir_branch *branches, size_t count)
{
    for (size_t i = 0; i + 1 < count; i++) {
        if (branches[i].fn == NULL) {
            return false;
        }
    }
    return true;
}

/* Kafka numbers branches without a name from 1; the default branch is 0. */
static const char *branch_name(weir_builder *builder, const char *split_name,
                               const weir_branch *branch, size_t index)
{
    if (branch->name != NULL) {
        return weir__builder_text(builder, "%s%s", split_name, branch->name);
    }
    return weir__builder_text(builder, "%s%zu", split_name, branch->fn != NULL ? index + 1 : 0);
}

void weir_split(weir_stream in, const weir_branch *branches, size_t count, weir_stream *out,
                const weir_named *named)
{
    weir_builder *builder = in.builder;
    for (size_t i = 0; out != NULL && i < count; i++) {
        out[i] = (weir_stream){builder, -1};
    }
    if (!weir__builder_given(builder, out != NULL, __func__, "out") ||
        !weir__builder_given(builder, branches != NULL, __func__, "branches")) {
        return;
    }
    if (count == 0 || !default_is_last(branches, count)) {
        weir__builder_fail(builder, WEIR_EINVAL,
                           "%s needs branches, and a function for each but the last",
                           weir__label(builder, "split", weir__name_of(named), in.node));
        return;
    }
    split_op op = {weir__op_copy(builder, branches, count * sizeof *branches), count};
    weir_stream made = weir__stream_add(in, &split_operator, &op, sizeof op,
                                        (weir__operator_at){.name = weir__name_of(named)});
    for (size_t i = 0; i < count && weir__builder_ok(builder); i++) {
        const char *name = builder->nodes[builder->edges[made.node]->node]->node.name;
        weir__operator_at at = {.name = branch_name(builder, name, &branches[i], i)};
        out[i] = weir__stream_add(made, &branch_operator, NULL, 0, at);
    }
}
