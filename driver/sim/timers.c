/* SPDX-License-Identifier: Apache-2.0
 *
 * Timers in a binary heap, earliest first; equal times in the order in which they were armed. */
#include "sim/engine.h"

static bool earlier(const weir__timer *a, const weir__timer *b)
{
    return a->due_us != b->due_us ? a->due_us < b->due_us : a->sequence < b->sequence;
}

static void put(weir__timer **heap, size_t slot, weir__timer *timer)
{
    heap[slot] = timer;
    timer->slot = slot;
}

static void sift_up(weir__timer **heap, size_t slot, weir__timer *timer)
{
    for (; slot > 1 && earlier(timer, heap[slot / 2]); slot /= 2) {
        put(heap, slot, heap[slot / 2]);
    }
    put(heap, slot, timer);
}

static void sift_down(weir__timer **heap, size_t count, size_t slot, weir__timer *timer)
{
    for (;;) {
        size_t child = slot * 2;
        if (child > count) {
            break;
        }
        if (child < count && earlier(heap[child + 1], heap[child])) {
            child++;
        }
        if (!earlier(heap[child], timer)) {
            break;
        }
        put(heap, slot, heap[child]);
        slot = child;
    }
    put(heap, slot, timer);
}

void weir__timer_disarm(weir__timer *timer)
{
    weir__sim *sim = &weir__the_sim;
    size_t slot = timer->slot;
    if (!slot) {
        return;
    }
    timer->slot = 0;
    weir__timer *moved = sim->timers[sim->timer_count--];
    if (moved == timer) {
        return;
    }
    if (slot > 1 && earlier(moved, sim->timers[slot / 2])) {
        sift_up(sim->timers, slot, moved);
    } else {
        sift_down(sim->timers, sim->timer_count, slot, moved);
    }
}

void weir__timer_arm(weir__timer *timer, int64_t due_us)
{
    weir__sim *sim = &weir__the_sim;
    weir__timer_disarm(timer);
    if (sim->timer_count + 1 >= sim->timer_capacity) {
        size_t capacity = sim->timer_capacity ? sim->timer_capacity * 2 : 64;
        sim->timers = weir__sim_realloc(sim->timers, capacity * sizeof *sim->timers);
        sim->timer_capacity = capacity;
    }
    timer->due_us = due_us;
    timer->sequence = sim->sequence++;
    sift_up(sim->timers, ++sim->timer_count, timer);
}
