/* SPDX-License-Identifier: Apache-2.0
 *
 * ensure.explicit.internal.resource.naming (KIP-1111). */
#ifndef WEIR_TOPOLOGY_EXPLICIT_NAMES_H
#define WEIR_TOPOLOGY_EXPLICIT_NAMES_H

#include "topology/builder.h"

/* Fails, naming them, if stores or repartition topics have generated names: these have numbers,
 * which a change of the topology may shift. */
void weir__check_explicit_names(weir_builder *builder, const weir_config *config);

#endif
