/* SPDX-License-Identifier: Apache-2.0
 *
 * The public way to create topics: an admin client for one call. */
#include <stdlib.h>

#include <weir/admin.h>

#include "client/client.h"
#include "core/error.h"

#define BROKER_DEFAULT ((int16_t)-1)

weir_err weir_create_topics(const weir_config *config, const weir_topic_spec *topics, size_t count,
                            weir_error *error)
{
    if (count == 0) {
        return WEIR_OK;
    }
    weir__admin *admin = NULL;
    weir_err err;
    weir__new_topic *wanted = calloc(count, sizeof *wanted);
    if (wanted == NULL) {
        err = weir__error_set(error, WEIR_ENOMEM, "creating topics: out of memory");
        goto done;
    }
    for (size_t i = 0; i < count; i++) {
        int16_t replicas = topics[i].replication_factor;
        wanted[i] =
            (weir__new_topic){.name = topics[i].name,
                              .partitions = topics[i].partitions,
                              .replication_factor = replicas > 0 ? replicas : BROKER_DEFAULT,
                              .config = topics[i].config};
    }
    const char *client_id = weir_config_get(config, "client.id");
    weir__client_opts opts = {.config = config,
                              .client_id = client_id != NULL ? client_id : "weir-admin",
                              .log.level = weir__log_level_of(config)};
    err = weir__admin_new(&opts, &admin, error);
    if (err == WEIR_OK) {
        err = weir__admin_create_topics(admin, wanted, count, error);
    }
    if (weir_err_is_retriable(err)) { /* nobody answered */
        weir__error_prefix(error, "bootstrap.servers %s",
                           weir__config_text(config, "bootstrap.servers"));
    }

done:
    if (admin != NULL) {
        weir__admin_close(admin);
    }
    free(wanted);
    return err;
}
