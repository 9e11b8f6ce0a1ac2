/* SPDX-License-Identifier: Apache-2.0 */
#include "common/program.h"

#include <inttypes.h>
#include <stdio.h>

#include "fixtures/topics.h"

static void on_state(weir_state from, weir_state to, void *user)
{
    (void)user;
    printf("state %s -> %s\n", weir_state_name(from), weir_state_name(to));
}

static void on_restore(const weir_restore_progress *progress, void *user)
{
    (void)user;
    if (progress->event == WEIR_RESTORE_END) {
        printf("restored %s from %s [%" PRId32 "]: %" PRId64 " records\n", progress->store,
               progress->topic, progress->partition, progress->restored);
    }
}

static weir_err create_topics(const weir_config *config, weir_error *error, void *user)
{
    return fixture_topics_create(config, *(const char *const *const *)user, error);
}

int weir_example_main(int argc, char **argv, weir_topology_fn build, const char *const *topics)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    return weir_main(argc, argv, build,
                     &(weir_main_opts){
                         .prepare = create_topics,
                         .app = {.on_state = on_state, .on_restore = on_restore, .user = &topics}});
}
