/* SPDX-License-Identifier: Apache-2.0
 *
 * The record cache changes how many updates are seen, never the result. */
#include <stdlib.h>

#include "fixtures/word_count.h"
#include "scenarios/lib/counts.h"
#include "support/cluster.h"

#define LINES 300

static void free_text(void *memory)
{
    fixture_text_fini(memory);
    free(memory);
}

/* Counts the text on a fresh cluster; checks the table and returns how many updates were sent. */
static size_t updates_with_cache(void **state, const fixture_text *text, const char *cache_bytes)
{
    const char *const config[] = {"statestore.cache.max.bytes", cache_bytes, NULL};
    weir_cluster *cluster = fixture_cluster(state, &(weir_cluster_opts){.config = config});
    weir_output counts = weir_cluster_output(cluster, "word-counts", &weir_string, &weir_i64);
    weir_cluster_input(cluster, "word-counts", 4, &weir_string, &weir_i64);
    weir_input lines = weir_cluster_input(cluster, "lines", 4, &weir_string, &weir_string);
    weir_cluster_start(cluster, "a", fixture_word_count, NULL);
    weir_input_list(lines, NULL, text->lines, text->count);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(3));
    weir_assert_same_rows(weir_output_table(counts),
                          weir_scenario_counts(cluster, text->lines, text->count));
    return weir_output_size(counts);
}

static void without_cache_the_table_is_the_same_and_every_update_is_seen(void **state)
{
    fixture_text *text = fixture_keep(state, calloc(1, sizeof(fixture_text)), free_text);
    assert_int_equal(fixture_text_make(text, LINES, 7, NULL), WEIR_OK);
    size_t words = 0;
    for (size_t i = 0; i < text->count; i++) {
        char word[WEIR_FIXTURE_WORD_MAX];
        weir_slice rest = text->lines[i];
        while (fixture_word_next(&rest, word) > 0) {
            words++;
        }
    }

    size_t with = updates_with_cache(state, text, "10485760");
    size_t without = updates_with_cache(state, text, "0");

    assert_int_equal(without, words);
    assert_true(with < without);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cluster_test(without_cache_the_table_is_the_same_and_every_update_is_seen),
    };
    return cmocka_run_group_tests_name("cache", tests, NULL, NULL);
}
