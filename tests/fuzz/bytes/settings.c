/* SPDX-License-Identifier: Apache-2.0
 *
 * A properties file, and an application that is made with it. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <weir/dsl.h>

#include "bytes/target.h"

static void check_problem(const weir_config_problem *problem, void *user)
{
    (void)user;
    if (problem->line < 1 || problem->message[0] == '\0') {
        abort();
    }
}

static weir_topology *build(const weir_config *config)
{
    weir_error error;
    weir_builder *builder = weir_builder_new();
    weir_stream in = weir_source(builder, "in", NULL, NULL, NULL);
    weir_count(weir_group_by_key(in, NULL), "counts", NULL);
    return weir_build(builder, config, &error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char path[64];
    weir_error error;
    if (path[0] == '\0') {
        snprintf(path, sizeof path, "/dev/shm/weir-settings-%d", (int)getpid());
    }
    FILE *out = fopen(path, "wb");
    if (out == NULL || fwrite(data, 1, size, out) != size) {
        abort();
    }
    fclose(out);
    weir_config *config = weir_config_new();
    weir_config_load_with(config, path, check_problem, NULL, &error);
    unlink(path);
    weir_topology *topology = build(config);
    const weir_app_opts opts = {.on_log = ignore_log};
    if (topology != NULL) {
        weir_app_free(weir_app_new(topology, config, &opts, &error));
    }
    weir_topology_free(topology);
    weir_config_free(config);
    return 0;
}
