/* SPDX-License-Identifier: Apache-2.0
 *
 * The topology on a real cluster: orders FILE.properties [NAME=VALUE...]. Ctrl-C ends it. */
#include "orders.h"

#include <weir/main.h>

static const weir_topic_spec topics[] = {{"customers", 4, -1, NULL}, {"orders", 4, -1, NULL},
                                         {"enriched", 4, -1, NULL},  {"spent", 4, -1, NULL},
                                         {"reminders", 4, -1, NULL}, {0}};

int main(int argc, char **argv)
{
    return weir_main(argc, argv, orders_topology, &(weir_main_opts){.topics = topics});
}
