/* SPDX-License-Identifier: Apache-2.0
 *
 * What errors call an operator: its kind, its name if it has one, and its inputs. */
#include "core/buf.h"
#include "core/error.h"
#include "operators/operator.h"

/* A numbered source is better known by its topic. */
static const char *name_of_stream(const weir__node *node)
{
    bool numbered = node->kind == WEIR__SOURCE && node->topic_count > 0 &&
                    strncmp(node->name, WEIR__SOURCE_PREFIX, strlen(WEIR__SOURCE_PREFIX)) == 0;
    return numbered ? node->topics[0].name : node->name;
}

/* The name of a handle's node, of a table that of its store; NULL: no operator gave the handle. */
static const char *name_of(const weir_builder *builder, int edge)
{
    if (builder == NULL || edge < 0 || (size_t)edge >= builder->edge_count) {
        return NULL;
    }
    const weir__edge *of = builder->edges[edge];
    bool table = of->kind == WEIR__TABLE || of->kind == WEIR__GLOBAL_TABLE;
    return table ? weir__builder_table_name(builder, of->node)
                 : name_of_stream(&builder->nodes[of->node]->node);
}

const char *weir__label(weir_builder *builder, const char *kind, const char *name, int in)
{
    const char *input = weir__builder_ok(builder) ? name_of(builder, in) : NULL;
    return weir__builder_text(builder, "%s%s%s%s%s%s%s", kind, name != NULL ? " '" : "",
                              name != NULL ? name : "", name != NULL ? "'" : "",
                              input != NULL ? " below '" : "", input != NULL ? input : "",
                              input != NULL ? "'" : "");
}

/* " 'name'" */
static void put_quoted(weir_buf *out, const char *name)
{
    weir__buf_printf(out, " '%s'", name);
}

static void put_input(weir_buf *out, const char *kind, const char *name)
{
    if (name != NULL) {
        weir__buf_put_text(out, kind);
        put_quoted(out, name);
    } else {
        weir__buf_put_text(out, "a handle that no operator gave");
    }
}

static void put_pair(weir_buf *out, const weir__pair *pair)
{
    const char *left = name_of(pair->left.builder, pair->left.edge);
    const char *right = name_of(pair->right.builder, pair->right.edge);
    weir__buf_put_text(out, pair->kind);
    if (pair->name != NULL) {
        put_quoted(out, pair->name);
    }
    weir__buf_put_text(out, " of ");
    if (left != NULL && right != NULL && strcmp(pair->left.is, pair->right.is) == 0) {
        weir__buf_printf(out, "%ss '%s' and '%s'", pair->left.is, left, right);
        return;
    }
    put_input(out, pair->left.is, left);
    weir__buf_put_text(out, " and ");
    put_input(out, pair->right.is, right);
}

/* Handles of two builders; one of them may be a handle that was never set. */
static void fail(const weir__pair *pair, const char *label)
{
    weir_builder *const builders[] = {pair->left.builder, pair->right.builder};
    bool both = builders[0] != NULL && builders[1] != NULL;
    for (size_t i = 0; i < 2; i++) {
        weir__builder_fail(builders[i], WEIR_EINVAL, "%s%s", label,
                           both ? ": the two belong to two builders" : "");
    }
}

void weir__label_error(weir_builder *builder, const char *kind, const char *name, int in)
{
    weir_error error = builder->error;
    builder->error.code = WEIR_OK; /* the label is text of the builder */
    const char *label = weir__label(builder, kind, name, in);
    builder->error = error;
    if (label != NULL) {
        weir__error_prefix(&builder->error, error.code, "%s", label);
    }
}

const char *weir__pair_label(const weir__pair *pair)
{
    weir_builder *builder = pair->left.builder;
    weir_buf text = {0};
    const char *label = NULL;
    put_pair(&text, pair);
    if (text.err != WEIR_OK) {
        weir__builder_fail(builder, text.err, "%s: out of memory", pair->kind);
    } else if (builder != pair->right.builder) {
        fail(pair, weir__buf_text(&text));
    } else {
        label = weir__builder_text(builder, "%s", weir__buf_text(&text));
    }
    weir__buf_fini(&text);
    return label;
}
