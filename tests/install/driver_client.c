/* SPDX-License-Identifier: Apache-2.0
 *
 * A test as a user of an installed Weir writes it: an instance on a cluster in virtual time. */
#include <stdio.h>

#include <weir/driver.h>
#include <weir/dsl.h>

static weir_topology *copy(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_to(weir_source(b, "in", &weir_string, &weir_string, NULL), "out", NULL);
    return weir_build(b, config, error);
}

int main(void)
{
    weir_error error;
    weir_cluster *cluster = weir_cluster_new(NULL, &error);
    if (cluster == NULL) {
        fprintf(stderr, "%s\n", error.message);
        return 1;
    }
    weir_input in = weir_cluster_input(cluster, "in", 1, &weir_string, &weir_string);
    weir_cluster_input(cluster, "out", 1, &weir_string, &weir_string);
    weir_cluster_start(cluster, "a", copy, NULL);
    weir_input_text(in, "key", "value");
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
    size_t size = weir_output_size(weir_cluster_output(cluster, "out", &weir_string, &weir_string));
    printf("%zu record after %.1f virtual seconds\n", size,
           (double)weir_cluster_now_ms(cluster) / 1000);
    weir_cluster_free(cluster);
    return size == 1 ? 0 : 1;
}
