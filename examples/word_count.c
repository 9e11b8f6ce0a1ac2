/* SPDX-License-Identifier: Apache-2.0
 *
 * Word count on a real cluster: word-count examples/word-count.properties [NAME=VALUE...] */
#include "fixtures/word_count.h"
#include "common/program.h"

int main(int argc, char **argv)
{
    return weir_example_main(argc, argv, fixture_word_count, fixture_word_count_topics);
}
