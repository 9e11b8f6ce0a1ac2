/* SPDX-License-Identifier: Apache-2.0
 *
 * The fixture of cluster tests. */
#include "support/cluster.h"

#include <stdlib.h>
#include <string.h>

#define KEPT_MAX 16

struct fixture {
    weir_cluster *cluster;
    struct {
        void *memory;
        void (*free_fn)(void *memory);
    } kept[KEPT_MAX];
    size_t kept_count;
};

/* Before it: the name of the test. */
int fixture_setup(void **state)
{
    setenv("WEIR_TEST", *state, 1); /* for the command that repeats it */
    *state = calloc(1, sizeof(struct fixture));
    return *state != NULL ? 0 : -1;
}

int fixture_teardown(void **state)
{
    struct fixture *fixture = *state;
    weir_cluster_free(fixture->cluster);
    while (fixture->kept_count > 0) {
        fixture->kept_count--;
        fixture->kept[fixture->kept_count].free_fn(fixture->kept[fixture->kept_count].memory);
    }
    free(fixture);
    unsetenv("WEIR_TEST");
    return 0;
}

weir_cluster *fixture_cluster(void **state, const weir_cluster_opts *opts)
{
    struct fixture *fixture = *state;
    weir_cluster_opts mine = opts != NULL ? *opts : (weir_cluster_opts){0};
    weir_error error = {0};
    mine.on_failure = weir_cmocka_failure;
    weir_cluster_free(fixture->cluster);
    fixture->cluster = weir_cluster_new(&mine, &error);
    if (fixture->cluster == NULL) {
        fail_msg("no cluster: %s", error.message);
    }
    return fixture->cluster;
}

void *fixture_keep(void **state, void *memory, void (*free_fn)(void *memory))
{
    struct fixture *fixture = *state;
    assert_non_null(memory);
    assert_true(fixture->kept_count < KEPT_MAX);
    fixture->kept[fixture->kept_count].memory = memory;
    fixture->kept[fixture->kept_count++].free_fn = free_fn;
    return memory;
}

void fixture_send_keys(weir_input input, weir_rows *expected, int from)
{
    for (int i = from; i < from + FIXTURE_KEYS; i++) {
        char key[16];
        snprintf(key, sizeof key, "k%d", i);
        weir_input_text(input, key, "v");
        weir_rows_add(expected, &(weir_slice){key, strlen(key)}, &(weir_slice){"v", 1});
    }
}

const char *fixture_path(const char *name)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", WEIR_SOURCE_DIR, name);
    return path;
}
