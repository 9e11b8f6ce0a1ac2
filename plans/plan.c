/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads a plan, and builds topologies of it. */
#include "plan.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Failures and memory ------------------------------------------------------------------ */

__attribute__((format(printf, 4, 0))) static void
vfail(weir_error *error, weir_err code, const char *name, const char *format, va_list args)
{
    char text[WEIR_ERROR_MESSAGE_MAX / 2];
    vsnprintf(text, sizeof text, format, args);
    error->code = code;
    snprintf(error->message, sizeof error->message, "%s%.*s%s%s", name != NULL ? "operator '" : "",
             WEIR_ERROR_MESSAGE_MAX / 4, name != NULL ? name : "", name != NULL ? "': " : "", text);
}

static void fail(weir_error *error, weir_err code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void fail(weir_error *error, weir_err code, const char *format, ...)
{
    if (error != NULL) {
        va_list args;
        va_start(args, format);
        vfail(error, code, NULL, format, args);
        va_end(args);
    }
}

void weir__build_fail(weir__plan_build *b, weir_err code, const char *format, ...)
{
    if (weir__build_ok(b)) {
        va_list args;
        va_start(args, format);
        vfail(&b->error, code, b->name, format, args);
        va_end(args);
    }
}

void weir__build_unsupported(weir__plan_build *b, const char *format, ...)
{
    char text[WEIR_ERROR_MESSAGE_MAX / 4];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    weir__build_fail(b, WEIR_EUNSUPPORTED, "Weir does not have %s", text);
}

void *weir__build_alloc(weir__plan_build *b, size_t size)
{
    weir__plan_block *block = weir__build_ok(b) ? calloc(1, sizeof *block + size) : NULL;
    if (block == NULL) {
        weir__build_fail(b, WEIR_ENOMEM, "%s", weir_err_str(WEIR_ENOMEM));
        return NULL;
    }
    block->next = b->plan->blocks;
    b->plan->blocks = block;
    return block->data;
}

const char *weir__build_text(weir__plan_build *b, const char *first, const char *second)
{
    if (first == NULL || second == NULL) {
        return NULL;
    }
    size_t size = strlen(first) + strlen(second) + 1;
    char *text = weir__build_alloc(b, size);
    if (text != NULL) {
        snprintf(text, size, "%s%s", first, second);
    }
    return text;
}

weir__fn_use *weir__build_use(weir__plan_build *b, const weir__handle *of)
{
    weir__fn_use *use = weir__build_alloc(b, sizeof *use);
    if (use != NULL && of != NULL) {
        use->key = use->gives_key = of->key;
        use->value = use->gives = of->value;
    }
    return use;
}

/* ---- Reading ------------------------------------------------------------------------------ */

/* The first text of the operators with a character U+0000, which would end it in C: "in\u0000x" is
 * not the topic "in". NULL: none. What else an object has beside its plan is not Weir's. */
static const char *cut_text(yyjson_val *list)
{
    const yyjson_val *end = unsafe_yyjson_get_next(list); /* the values of a list are adjacent */
    const char *cut = NULL;
    for (yyjson_val *at = list; at < end && cut == NULL; at++) {
        const char *text = yyjson_get_str(at);
        cut = text != NULL && strlen(text) != yyjson_get_len(at) ? text : NULL;
    }
    return cut;
}

weir_plan *weir_plan_read(const char *text, size_t len, weir_error *error)
{
    yyjson_read_err at = {0};
    if (text == NULL || len > WEIR_PLAN_BYTES_MAX) {
        fail(error, text == NULL ? WEIR_EINVAL : WEIR_ELIMIT,
             text == NULL ? "a plan is NULL" : "a plan has %zu bytes, allowed are %zu", len,
             WEIR_PLAN_BYTES_MAX);
        return NULL;
    }
    yyjson_doc *doc = yyjson_read_opts((char *)(uintptr_t)text, len, YYJSON_READ_NOFLAG, NULL, &at);
    yyjson_val *root = yyjson_doc_get_root(doc);
    yyjson_val *list = yyjson_is_obj(root) ? yyjson_obj_get(root, "plan") : root;
    weir_plan *plan = NULL;
    if (doc == NULL) {
        fail(error, WEIR_EINVAL, "the plan is no JSON: byte %zu: %s", at.pos, at.msg);
    } else if (!yyjson_is_arr(list)) {
        fail(error, WEIR_EINVAL, "a plan is a list of operators, or an object with one as 'plan'");
    } else if (cut_text(list) != NULL) {
        fail(error, WEIR_EINVAL, "a plan has a text with the character U+0000, behind '%s'",
             cut_text(list));
    } else if (yyjson_arr_size(list) > WEIR_PLAN_OPERATORS_MAX) {
        fail(error, WEIR_ELIMIT, "a plan of %zu operators, allowed are %zu", yyjson_arr_size(list),
             WEIR_PLAN_OPERATORS_MAX);
    } else if ((plan = calloc(1, sizeof *plan)) == NULL) {
        fail(error, WEIR_ENOMEM, "%s", weir_err_str(WEIR_ENOMEM));
    } else {
        *plan = (weir_plan){.doc = doc, .operators = list};
        return plan;
    }
    yyjson_doc_free(doc);
    return NULL;
}

/* Frees the blocks that were allocated after `from`. */
static void free_blocks(weir_plan *plan, const weir__plan_block *from)
{
    while (plan->blocks != from) {
        weir__plan_block *block = plan->blocks;
        plan->blocks = block->next;
        free(block);
    }
}

void weir_plan_free(weir_plan *plan)
{
    if (plan == NULL) {
        return;
    }
    free_blocks(plan, NULL);
    yyjson_doc_free(plan->doc);
    free(plan);
}

static void pass_topic(yyjson_val *op, weir_plan_topic use,
                       void (*fn)(weir_plan_topic use, const char *topic, void *user), void *user)
{
    const char *topic = yyjson_get_str(yyjson_obj_get(op, "topic"));
    yyjson_val *list = yyjson_obj_get(op, "topics");
    if (topic != NULL) {
        fn(use, topic, user);
    }
    for (size_t i = 0; i < yyjson_arr_size(list); i++) {
        topic = yyjson_get_str(yyjson_arr_get(list, i));
        if (topic != NULL) {
            fn(use, topic, user);
        }
    }
}

void weir_plan_each_topic(const weir_plan *plan,
                          void (*fn)(weir_plan_topic use, const char *topic, void *user),
                          void *user)
{
    yyjson_val *op;
    size_t i;
    size_t count;
    yyjson_arr_foreach(plan->operators, i, count, op)
    {
        const char *kind = yyjson_get_str(yyjson_obj_get(op, "op"));
        bool sink = kind != NULL && (strcmp(kind, "to") == 0 || strcmp(kind, "add_sink") == 0);
        pass_topic(op, sink ? WEIR_PLAN_SINK : WEIR_PLAN_SOURCE, fn, user);
    }
}

/* ---- Building ----------------------------------------------------------------------------- */

static const weir__op *find_op(const char *kind, const weir__handle *of, bool *known)
{
#define X(file) weir__ops_##file,
    static const weir__op *const tables[] = {WEIR__OPS(X)};
#undef X
    *known = false;
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        for (const weir__op *op = tables[i]; op->name != NULL; op++) {
            bool same = strcmp(op->name, kind) == 0;
            *known = *known || same;
            if (same && (op->without_input || (of != NULL && of->kind == op->of))) {
                return op;
            }
        }
    }
    return NULL;
}

/* The error of the builder is that of the operator that has just been added. */
static void take_builder_error(weir__plan_build *b)
{
    weir_error error;
    if (weir_builder_error(b->builder, &error) != WEIR_OK) {
        weir__build_fail(b, error.code, "%s", error.message);
    }
}

static void build_operator(weir__plan_build *b, yyjson_val *op)
{
    const char *kind = yyjson_get_str(yyjson_obj_get(op, "op"));
    const char *id = yyjson_get_str(yyjson_obj_get(op, "id"));
    const char *of_id = yyjson_get_str(yyjson_obj_get(op, "of"));
    bool known;
    b->name = id != NULL ? id : kind;
    if (kind == NULL) {
        weir__build_fail(b, WEIR_EINVAL, "'op' must be the name of an operator");
        return;
    }
    const weir__handle *of = weir__handle_find(b, of_id);
    const weir__op *found = find_op(kind, of, &known);
    if (found != NULL) {
        found->build(b, op, of);
        take_builder_error(b);
    } else if (of != NULL) {
        weir__build_unsupported(b, "%s of a %s", kind, weir__handle_kind_text(of->kind));
    } else if (!known) {
        weir__build_unsupported(b, "the operator %s", kind);
    } else {
        weir__build_fail(b, WEIR_EINVAL, "'of' names no operator before this one: '%s'",
                         of_id != NULL ? of_id : "");
    }
}

static weir_topology *finish(weir__plan_build *b, weir_error *error)
{
    weir_topology *topology = NULL;
    weir_error local;
    if (!weir__build_ok(b)) {
        weir_builder_free(b->builder);
    } else if ((topology = weir_build(b->builder, b->config, &local)) == NULL) {
        b->error = local;
    } else {
        b->name = NULL;
        weir__check_store_uses(b);
        if (!weir__build_ok(b)) {
            weir_topology_free(topology);
            topology = NULL;
        }
    }
    if (topology == NULL && error != NULL) {
        *error = b->error;
    }
    return topology;
}

/* What is known of the operators so far; only the build uses it. */
static void tables_new(weir__plan_build *b, size_t count)
{
    /* An operator has one handle, a split one for each branch and the default, too. */
    b->handle_capacity = count * (WEIR_PLAN_LIST_MAX + 1) + 1;
    b->handles = calloc(b->handle_capacity, sizeof *b->handles);
    b->stores = calloc(count + 1, sizeof *b->stores);
    b->store_uses = calloc(count + 1, sizeof *b->store_uses);
    b->builder = weir_builder_new();
    if (b->handles == NULL || b->stores == NULL || b->store_uses == NULL || b->builder == NULL) {
        weir__build_fail(b, WEIR_ENOMEM, "%s", weir_err_str(WEIR_ENOMEM));
    }
}

static void tables_free(weir__plan_build *b)
{
    free(b->handles);
    free(b->stores);
    free(b->store_uses);
}

weir_topology *weir_plan_build(const weir_config *config, weir_error *error, void *plan)
{
    weir__plan_build b = {.plan = plan, .config = config};
    if (plan == NULL) {
        fail(error, WEIR_EINVAL, "weir_plan_build: plan is NULL");
        return NULL;
    }
    size_t count = yyjson_arr_size(b.plan->operators);
    const weir__plan_block *before = b.plan->blocks;
    tables_new(&b, count);
    for (size_t i = 0; i < count && weir__build_ok(&b); i++) {
        build_operator(&b, yyjson_arr_get(b.plan->operators, i));
    }
    weir_topology *topology = finish(&b, error);
    if (topology == NULL) {
        free_blocks(b.plan, before); /* else the functions of the topology use them */
    }
    tables_free(&b);
    return topology;
}
