/* SPDX-License-Identifier: Apache-2.0
 *
 * The layouts of request bodies, as texts: what comes before the topics, and their arrays.
 *
 *     T  the topic's name            1, 2, 4, 8  a number of that many bytes
 *     P  the partition, 4 bytes      s  a string     b  bytes
 *     [ ]  an array of structs       ( )  an array of numbers or strings
 *
 * "s24[T[Pb]]" is a Produce of version 3: transactional id, acks, timeout, then for each topic its
 * name and for each of its partitions the number and the batch. What follows the topics is left
 * out. In flexible versions strings and arrays are compact, and a struct has tags at its end
 * (KIP-482). */
#include "request_topics.h"

#include <string.h>

#include "wire/wire.h"

typedef struct layout {
    int16_t key;
    int16_t version_max; /* ascending; the first that is not smaller counts */
    const char *text;
} layout;

static const layout layouts[] = {
    {0, 2, "24[T[Pb]]"}, /* Produce */
    {0, 12, "s24[T[Pb]]"},
    {1, 4, "44441[T[P84]]"}, /* Fetch */
    {1, 6, "44441[T[P884]]"},
    {1, 8, "4444144[T[P884]]"},
    {1, 11, "4444144[T[P4884]]"},
    {1, 12, "4444144[T[P48484]]"},
    {2, 1, "4[T[P8]]"}, /* ListOffsets */
    {2, 3, "41[T[P8]]"},
    {2, 8, "41[T[P48]]"},
    {3, 9, "[T]"},          /* Metadata */
    {8, 4, "s4s8[T[P8s]]"}, /* OffsetCommit */
    {8, 5, "s4s[T[P8s]]"},
    {8, 6, "s4s[T[P84s]]"},
    {8, 9, "s4ss[T[P84s]]"},
    {9, 7, "s[T(P)]"},           /* OffsetFetch */
    {19, 7, "[T42[4(4)][ss]]"},  /* CreateTopics */
    {20, 5, "(T)"},              /* DeleteTopics */
    {21, 2, "[T[P8]]"},          /* DeleteRecords */
    {23, 1, "[T[P4]]"},          /* OffsetForLeaderEpoch */
    {23, 2, "[T[P44]]"},         /* */
    {23, 4, "4[T[P44]]"},        /* */
    {24, 3, "s82[T(P)]"},        /* AddPartitionsToTxn */
    {28, 1, "ss82[T[P8s]]"},     /* TxnOffsetCommit */
    {28, 2, "ss82[T[P84s]]"},    /* */
    {28, 4, "ss824ss[T[P84s]]"}, /* */
    {37, 3, "[T4[(4)]]"},        /* CreatePartitions */
    {47, 0, "s[T[P]]"},          /* OffsetDelete */
    {61, 0, "[T(P)]"},           /* DescribeProducers */
};

static const layout *find_layout(int16_t key, int16_t version)
{
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++) {
        if (layouts[i].key == key && version <= layouts[i].version_max) {
            return &layouts[i];
        }
    }
    return NULL;
}

weir__names_in_request weir__request_names(int16_t api_key)
{
    const layout *found = find_layout(api_key, 0);
    if (found == NULL) {
        return WEIR__NAMES_NO_TOPIC;
    }
    return strchr(found->text, 'P') != NULL ? WEIR__NAMES_PARTITIONS : WEIR__NAMES_TOPICS;
}

typedef struct walk {
    weir__reader in;
    bool flexible;
    bool by_partition;
    weir_slice topic;
    bool (*fn)(weir_slice topic, int32_t partition, void *user);
    void *user;
    bool found;
} walk;

static const char *walk_elements(walk *it, const char *text);

static weir_slice read_string(walk *it)
{
    return it->flexible ? weir__read_compact_string(&it->in) : weir__read_string(&it->in);
}

static bool opens(char c)
{
    return c == '[' || c == '(';
}

static bool closes(char c)
{
    return c == ']' || c == ')';
}

/* The end of the array's text, behind its bracket. */
static const char *skip_array(const char *text)
{
    for (int depth = 1; depth > 0; text++) {
        depth += opens(*text) ? 1 : closes(*text) ? -1 : 0;
    }
    return text;
}

/* `text`: at the bracket. */
static const char *walk_array(walk *it, const char *text)
{
    bool structs = *text++ == '[';
    int32_t count = it->flexible ? weir__read_compact_count(&it->in) : weir__read_count(&it->in);
    for (int32_t i = 0; i < count && !it->in.failed && !it->found; i++) {
        walk_elements(it, text);
        if (it->flexible && structs) {
            weir__skip_tags(&it->in);
        }
    }
    return skip_array(text);
}

/* One value of the text, which is not the beginning of an array. */
static void walk_value(walk *it, char kind)
{
    switch (kind) {
    case 'T':
        it->topic = read_string(it);
        if (!it->by_partition && !it->in.failed) {
            it->found = it->fn(it->topic, -1, it->user);
        }
        break;
    case 'P': {
        int32_t partition = weir__read_i32(&it->in);
        it->found = !it->in.failed && it->fn(it->topic, partition, it->user);
        break;
    }
    case 's':
        read_string(it);
        break;
    case 'b':
        if (it->flexible) {
            weir__read_compact_string(&it->in);
        } else {
            weir__read_blob(&it->in);
        }
        break;
    default:
        weir__read_bytes(&it->in, (size_t)(kind - '0'));
        break;
    }
}

/* Until the end of the text or of its array. */
static const char *walk_elements(walk *it, const char *text)
{
    while (*text != '\0' && !closes(*text) && !it->in.failed && !it->found) {
        if (opens(*text)) {
            text = walk_array(it, text);
        } else {
            walk_value(it, *text++);
        }
    }
    return text;
}

bool weir__request_each_partition(int16_t api_key, int16_t version, bool flexible,
                                  weir__reader body,
                                  bool (*fn)(weir_slice topic, int32_t partition, void *user),
                                  void *user)
{
    const layout *found = find_layout(api_key, version);
    if (found == NULL) {
        return false;
    }
    walk it = {.in = body,
               .flexible = flexible,
               .by_partition = strchr(found->text, 'P') != NULL,
               .fn = fn,
               .user = user};
    walk_elements(&it, found->text);
    return it.found;
}
