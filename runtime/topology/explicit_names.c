/* SPDX-License-Identifier: Apache-2.0
 *
 * Finds the stores and topics whose names are generated, or made of generated names. */
#include "topology/explicit_names.h"

#include <string.h>

#include "core/buf.h"
#include "core/config.h"

#define SETTING "ensure.explicit.internal.resource.naming"

static bool is_generated(const weir_builder *builder, const char *name)
{
    for (size_t i = 0; i < builder->generated_count; i++) {
        const char *generated = builder->generated[i];
        if (strncmp(name, generated, strlen(generated)) == 0) {
            return true;
        }
    }
    return false;
}

/* "counts of node 'n'": the node that uses the store first. */
static void put_stores(const weir_builder *builder, weir_buf *out)
{
    for (size_t i = 0; i < builder->store_count; i++) {
        const weir__store_draft *store = builder->stores[i];
        if (is_generated(builder, store->spec.name)) {
            weir__buf_printf(out, "%sstore '%s'", out->len > 0 ? ", " : "", store->spec.name);
            if (store->users.count > 0) {
                weir__buf_printf(out, " of '%s'", builder->nodes[store->users.at[0]]->node.name);
            }
        }
    }
}

static void put_topics(const weir_builder *builder, weir_buf *out)
{
    for (size_t i = 0; i < builder->repartition_count; i++) {
        const char *topic = builder->repartitions[i].topic;
        if (is_generated(builder, topic)) {
            weir__buf_printf(out, "%srepartition topic '%s'", out->len > 0 ? ", " : "", topic);
        }
    }
}

void weir__check_explicit_names(weir_builder *builder, const weir_config *config)
{
    weir_buf unnamed = {0};
    if (!weir__builder_ok(builder) || config == NULL ||
        strcmp(weir__config_text(config, SETTING), "true") != 0) {
        return;
    }
    put_stores(builder, &unnamed);
    put_topics(builder, &unnamed);
    if (unnamed.err != WEIR_OK) {
        weir__builder_fail(builder, unnamed.err, "names of stores");
    } else if (unnamed.len > 0) {
        weir__builder_fail(builder, WEIR_ETOPOLOGY, SETTING " is true, and these have no names: %s",
                           weir__buf_text(&unnamed));
    }
    weir__buf_fini(&unnamed);
}
