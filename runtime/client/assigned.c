/* SPDX-License-Identifier: Apache-2.0
 *
 * The partitions assigned to a consumer: an array sorted by topic and partition. */
#include "client/assigned.h"

#include <stdlib.h>
#include <string.h>

static int compare(const char *topic_a, int32_t a, const char *topic_b, int32_t b)
{
    int by_topic = strcmp(topic_a, topic_b);
    return by_topic != 0 ? by_topic : (a > b) - (a < b);
}

static int compare_items(const void *a, const void *b)
{
    const weir__assigned *x = a;
    const weir__assigned *y = b;
    return compare(x->topic, x->partition, y->topic, y->partition);
}

weir_err weir__assigned_make(const weir__offset *partitions, size_t count, weir__assigned_list *out,
                             weir_error *error)
{
    weir__assigned_list list = {.items = calloc(count + 1, sizeof *list.items), .count = count};
    weir_err err = WEIR_OK;
    if (list.items == NULL) {
        return weir__error_set(error, WEIR_ENOMEM, "assigning: out of memory");
    }
    for (size_t i = 0; i < count && err == WEIR_OK; i++) {
        const weir__offset *from = &partitions[i];
        if (from->offset < WEIR__OFFSET_BEGINNING) {
            err = weir__error_set(error, WEIR_EINVAL, "assigning %s[%d]: %lld is no offset",
                                  from->at.topic, (int)from->at.partition, (long long)from->offset);
        }
        list.items[i] = (weir__assigned){.topic = strdup(from->at.topic),
                                         .partition = from->at.partition,
                                         .start = from->offset,
                                         .fetched = from->offset >= 0 ? from->offset : -1,
                                         .reached = -1};
        if (list.items[i].topic == NULL) {
            err = weir__error_set(error, WEIR_ENOMEM, "assigning: out of memory");
        }
    }
    if (err == WEIR_OK) {
        qsort(list.items, count, sizeof *list.items, compare_items);
    }
    for (size_t i = 1; i < count && err == WEIR_OK; i++) {
        if (compare_items(&list.items[i - 1], &list.items[i]) == 0) {
            err = weir__error_set(error, WEIR_EINVAL, "assigning %s[%d]: named twice",
                                  list.items[i].topic, (int)list.items[i].partition);
        }
    }
    if (err != WEIR_OK) {
        weir__assigned_fini(&list);
        return err;
    }
    *out = list;
    return WEIR_OK;
}

static void drop_held(weir__assigned_list *list, weir__assigned *at)
{
    for (weir__message *next; at->first != NULL; at->first = next) {
        next = at->first->next;
        weir__message_free(at->first);
    }
    list->held_records -= at->held_records;
    at->last = NULL;
    at->held_records = 0;
    at->held_bytes = 0;
}

void weir__assigned_fini(weir__assigned_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        drop_held(list, &list->items[i]);
        free(list->items[i].topic);
    }
    free(list->items);
    *list = (weir__assigned_list){0};
}

weir__assigned *weir__assigned_find(weir__assigned_list *list, const char *topic, int32_t partition)
{
    /* Consecutive records are mostly of one partition. */
    if (list->recent < list->count) {
        weir__assigned *recent = &list->items[list->recent];
        if (recent->partition == partition && strcmp(recent->topic, topic) == 0) {
            return recent;
        }
    }
    size_t low = 0;
    size_t high = list->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        weir__assigned *at = &list->items[middle];
        int order = compare(topic, partition, at->topic, at->partition);
        if (order == 0) {
            list->recent = middle;
            return at;
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}

int64_t weir__assigned_position(const weir__assigned *at)
{
    return at->first != NULL ? at->first->view.offset : at->fetched;
}

void weir__assigned_keep(weir__assigned_list *list, weir__assigned *at, weir__message *message)
{
    message->next = NULL;
    *(at->last != NULL ? &at->last->next : &at->first) = message;
    at->last = message;
    at->held_records++;
    at->held_bytes += message->view.key.len + message->view.value.len;
    list->held_records++;
}

bool weir__assigned_is_full(const weir__assigned *at)
{
    return at->held_records >= WEIR__HELD_RECORDS_MAX || at->held_bytes >= WEIR__HELD_BYTES_MAX;
}

static weir__message *pop(weir__assigned_list *list, weir__assigned *at)
{
    weir__message *message = at->first;
    at->first = message->next;
    at->last = at->first != NULL ? at->last : NULL;
    at->held_records--;
    at->held_bytes -= message->view.key.len + message->view.value.len;
    list->held_records--;
    return message;
}

size_t weir__assigned_take(weir__assigned_list *list, weir__message **out, size_t max)
{
    size_t taken = 0;
    if (list->held_records == 0) {
        return 0;
    }
    for (size_t i = 0; i < list->count && taken < max; i++) {
        weir__assigned *at = &list->items[list->turn % list->count];
        while (!at->paused && at->first != NULL && taken < max) {
            out[taken++] = pop(list, at);
        }
        if (taken < max) {
            list->turn++;
        }
    }
    return taken;
}

void weir__assigned_move(weir__assigned_list *from_list, weir__assigned *from,
                         weir__assigned_list *to_list, weir__assigned *to)
{
    char *topic = to->topic;
    *to = *from;
    to->topic = topic;
    to_list->held_records += to->held_records;
    from_list->held_records -= from->held_records;
    from->first = from->last = NULL;
    from->held_records = from->held_bytes = 0;
}
