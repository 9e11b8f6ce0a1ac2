/* SPDX-License-Identifier: Apache-2.0
 *
 * What a user of an installed Weir writes first: everything comes from <weir/...>. */
#include <stdio.h>
#include <stdlib.h>
#include <yyjson.h>

#include <weir/dsl.h>

static weir_err add_member(weir_ctx *ctx, const weir_record *in, void *out, void *user)
{
    (void)user;
    yyjson_mut_doc *doc = weir_json_edit(ctx, in->value);
    yyjson_mut_obj_add_bool(doc, yyjson_mut_doc_get_root(doc), "seen", true);
    return weir_json_set(ctx, doc, out);
}

static weir_topology *add_members(weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_stream in = weir_source(b, "in", &weir_string, &weir_json, NULL);
    weir_to(weir_map_values(in, &weir_json, add_member, NULL, NULL), "out", NULL);
    return weir_build(b, NULL, error);
}

int main(void)
{
    weir_error error;
    weir_topology *topology = add_members(&error);
    if (topology == NULL) {
        fprintf(stderr, "%s\n", error.message);
        return 1;
    }
    char *text = weir_topology_describe(topology);
    printf("Weir %s, librdkafka %s, RocksDB %s\n%s", weir_version(), weir_librdkafka_version(),
           weir_rocksdb_version(), text != NULL ? text : "");
    free(text);
    weir_topology_free(topology);
    return 0;
}
