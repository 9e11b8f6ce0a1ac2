/* SPDX-License-Identifier: Apache-2.0
 *
 * ID mapping on a real cluster: id-mapping examples/id-mapping.properties [NAME=VALUE...] */
#include "fixtures/id_mapping.h"
#include "common/program.h"

int main(int argc, char **argv)
{
    return weir_example_main(argc, argv, fixture_id_mapping, fixture_id_mapping_topics);
}
