/* SPDX-License-Identifier: Apache-2.0
 *
 * Names of nodes, stores and topics: the check, and Kafka's counter with its peculiarities. */
#include <string.h>

#include "topology/builder.h"

#define NAME_MAX_LENGTH ((size_t)249)

static bool is_allowed(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

bool weir__builder_check_name(weir_builder *builder, const char *what, const char *name)
{
    size_t length = name != NULL ? strlen(name) : 0;
    if (length == 0 || length > NAME_MAX_LENGTH || strcmp(name, ".") == 0 ||
        strcmp(name, "..") == 0) {
        weir__builder_fail(builder, WEIR_ETOPOLOGY,
                           "%s name '%.260s' must have 1 to %zu characters and not be \".\" or "
                           "\"..\"",
                           what, name != NULL ? name : "", NAME_MAX_LENGTH);
        return false;
    }
    size_t good = 0;
    while (good < length && is_allowed(name[good])) {
        good++;
    }
    if (good != length) {
        weir__builder_fail(builder, WEIR_ETOPOLOGY,
                           "%s name '%s': character %zu is not a letter, a digit, '.', '_' or '-'",
                           what, name, good + 1);
        return false;
    }
    return weir__builder_ok(builder);
}

const char *weir__builder_name(weir_builder *builder, const char *given, const char *prefix)
{
    if (!weir__builder_ok(builder)) {
        return NULL;
    }
    int number = builder->name_counter++;
    if (given != NULL) {
        return weir__builder_text(builder, "%s", given);
    }
    const char *name = weir__builder_text(builder, "%s%010d", prefix, number);
    if (weir__builder_grow(builder, &builder->generated, builder->generated_count,
                           &builder->generated_capacity, sizeof *builder->generated)) {
        builder->generated[builder->generated_count++] = name;
    }
    return name;
}

void weir__builder_skip(weir_builder *builder, int numbers)
{
    if (weir__builder_ok(builder)) {
        builder->name_counter += numbers;
    }
}

/* Topologies of Kafka Streams keep the generated names of its earliest versions, so numbers are
 * taken for names that are not used any more. */
void weir__builder_skip_numbers(weir_builder *builder, weir__unnamed what)
{
    static const int numbers[] = {
        [WEIR__UNNAMED_STORE_OF_COUNT] = 1,     /* KGroupedStreamImpl.doCount */
        [WEIR__UNNAMED_SHARED_REPARTITION] = 3, /* KStreamImpl.createRepartitionedSource */
    };
    weir__builder_skip(builder, numbers[what]);
}
