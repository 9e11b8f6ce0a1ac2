/* SPDX-License-Identifier: Apache-2.0
 *
 * A model of a versioned store: a plain list of marks for each key, and the rules of Kafka written
 * out. */
#ifndef WEIR_TESTS_VERSION_MODEL_H
#define WEIR_TESTS_VERSION_MODEL_H

#include "state_kit.h"

#include "state/versioned.h"

#define OPERATIONS 1500
#define KEYS 5

/* A version or a deletion. */
typedef struct mark {
    int64_t time_ms;
    int value;        /* -1: deleted */
    bool before;      /* something was later when it was put */
    bool over_delete; /* put at the time of a deletion that was the last of its key */
} mark;

/* In order of time. */
typedef struct history {
    mark marks[OPERATIONS];
    size_t count;
} history;

typedef struct put {
    size_t key;
    int64_t time_ms;
    int value;
} put;

typedef struct model {
    int64_t retention_ms;
    int64_t stream_ms; /* -1: nothing was put */
    size_t refused;
    history keys[KEYS];
} model;

static inline int64_t oldest(const model *m)
{
    return m->stream_ms - m->retention_ms;
}

/* The place of the first mark after a time. */
static inline size_t after(const history *h, int64_t time_ms)
{
    size_t at = 0;
    while (at < h->count && h->marks[at].time_ms <= time_ms) {
        at++;
    }
    return at;
}

static inline void set_mark(history *h, mark m)
{
    size_t at = after(h, m.time_ms);
    if (at > 0 && h->marks[at - 1].time_ms == m.time_ms) {
        h->marks[at - 1] = m;
        return;
    }
    memmove(&h->marks[at + 1], &h->marks[at], (h->count - at) * sizeof m);
    h->marks[at] = m;
    h->count++;
}

/* A deletion at the time of the latest version removes it. That the key ended then remains known if
 * the version before it ended then, or a deletion at that time was put before. */
static inline void erase_latest(history *h)
{
    mark erased = h->marks[--h->count];
    const mark *last = h->count > 0 ? &h->marks[h->count - 1] : NULL;
    if (erased.over_delete || (last != NULL && (last->value >= 0 || last->before))) {
        set_mark(h, (mark){.time_ms = erased.time_ms, .value = -1});
    }
}

/* The end of the version, as weir__versioned_last_end. */
static inline int64_t model_put(model *m, const put *p)
{
    history *h = &m->keys[p->key];
    if (p->time_ms < oldest(m)) {
        m->refused++;
        return WEIR__NOT_PUT;
    }
    m->stream_ms = p->time_ms > m->stream_ms ? p->time_ms : m->stream_ms;
    size_t next = after(h, p->time_ms);
    bool before = next < h->count;
    const mark *same =
        next > 0 && h->marks[next - 1].time_ms == p->time_ms ? &h->marks[next - 1] : NULL;
    if (!before && p->value < 0 && same != NULL && same->value >= 0) {
        erase_latest(h);
        return WEIR__STILL_VALID;
    }
    int64_t end_ms = before ? h->marks[next].time_ms : WEIR__STILL_VALID;
    bool over = same != NULL && !before && (same->value < 0 || same->over_delete);
    before = before || (same != NULL && same->value < 0 && p->value < 0 && same->before);
    set_mark(h, (mark){p->time_ms, p->value, before, over && p->value >= 0});
    return end_ms;
}

static inline bool is_latest(const history *h, size_t at)
{
    return at + 1 == h->count;
}

static inline int64_t end_of(const history *h, size_t at)
{
    return is_latest(h, at) ? WEIR__STILL_VALID : h->marks[at + 1].time_ms;
}

/* NULL: nothing can be read as of then. */
static inline const mark *model_as_of(const model *m, const history *h, int64_t time_ms)
{
    size_t next = after(h, time_ms);
    const mark *found = next > 0 && h->marks[next - 1].value >= 0 ? &h->marks[next - 1] : NULL;
    return found != NULL && (is_latest(h, next - 1) || time_ms >= oldest(m)) ? found : NULL;
}

#endif
