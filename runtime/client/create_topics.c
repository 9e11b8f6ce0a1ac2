/* SPDX-License-Identifier: Apache-2.0
 *
 * The public way to create topics: an admin client for one call. */
#include <stdio.h>
#include <stdlib.h>

#include <weir/admin.h>

#include "client/client.h"
#include "core/error.h"

#define BROKER_DEFAULT ((int16_t)-1)

#define PARTITIONS_DEFAULT (-1)

/* Checks that need no broker. */
static weir_err check(const weir_topic_spec *topic, size_t index, weir_error *error)
{
    char what[WEIR_ERROR_MESSAGE_MAX / 2];
    if (topic->name == NULL || topic->name[0] == '\0') {
        return weir__error_set(error, WEIR_EINVAL, "weir_create_topics: topics[%zu] has no name",
                               index);
    }
    if (topic->partitions < 1 && topic->partitions != PARTITIONS_DEFAULT) {
        return weir__error_set(error, WEIR_EINVAL,
                               "weir_create_topics: topic '%s': %d partitions; 1 or more, or -1 "
                               "for the broker's default",
                               topic->name, (int)topic->partitions);
    }
    if (topic->replication_factor < BROKER_DEFAULT) {
        return weir__error_set(error, WEIR_EINVAL,
                               "weir_create_topics: topic '%s': replication_factor %d", topic->name,
                               (int)topic->replication_factor);
    }
    snprintf(what, sizeof what, "weir_create_topics: config of topic '%.300s'", topic->name);
    return weir__error_pairs(error, topic->config, what);
}

static weir_err check_all(const weir_config *config, const weir_topic_spec *topics, size_t count,
                          weir_error *error)
{
    if (config == NULL || topics == NULL) {
        return weir__error_null(error, "weir_create_topics", config == NULL ? "config" : "topics");
    }
    weir_err err = WEIR_OK;
    for (size_t i = 0; i < count && err == WEIR_OK; i++) {
        err = check(&topics[i], i, error);
    }
    if (err == WEIR_OK && weir__config_text(config, "bootstrap.servers") == NULL) {
        err = weir__error_set(error, WEIR_ECONFIG, "bootstrap.servers: must be set");
    }
    return err;
}

weir_err weir_create_topics(const weir_config *config, const weir_topic_spec *topics, size_t count,
                            weir_error *error)
{
    if (count == 0) {
        return WEIR_OK;
    }
    weir__admin *admin = NULL;
    weir_err err = check_all(config, topics, count, error);
    if (err != WEIR_OK) {
        return err;
    }
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
    if (weir_err_is_retriable(err)) { /* no broker has responded */
        weir__error_prefix(error, err, "bootstrap.servers %s",
                           weir__config_text(config, "bootstrap.servers"));
    }

done:
    if (admin != NULL) {
        weir__admin_close(admin);
    }
    free(wanted);
    return err;
}
