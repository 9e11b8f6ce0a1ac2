/* SPDX-License-Identifier: Apache-2.0
 *
 * The port's implementation on librdkafka. */
#include "client/kafka.h"

const weir__client weir__kafka_client = {.consumer_new = weir__kafka_consumer_new,
                                         .producer_new = weir__kafka_producer_new,
                                         .admin_new = weir__kafka_admin_new};
