/* SPDX-License-Identifier: Apache-2.0
 *
 * What a user of an installed Weir writes first: everything comes from <weir/...>. */
#include <stdio.h>
#include <stdlib.h>

#include <weir/dsl.h>

static weir_topology *copy(weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_to(weir_source(b, "in", &weir_string, &weir_json, NULL), "out", NULL);
    return weir_build(b, NULL, error);
}

int main(void)
{
    weir_error error;
    weir_topology *topology = copy(&error);
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
