/* SPDX-License-Identifier: Apache-2.0
 *
 * Fetch: ranges, sizes, waiting, leader epochs, sessions. */
#include "requests.h"
#include "scenarios.h"

static const char *const abc[] = {"a", "b", "c", NULL};

static void offsets_out_of_range_are_refused(run *r)
{
    create_topic(r, "t", 1, NULL);
    fetch(r, "t", 0, 0);
    fetch(r, "t", 0, 1);
    fill(r, "t", 0, abc);
    fetch(r, "t", 0, 3);
    fetch(r, "t", 0, 4);
    fetch(r, "t", 0, -1);
    delete_records(r, "t", 0, 2);
    fetch(r, "t", 0, 1);
    fetch(r, "t", 0, 2);
}

static void unknown_topics_and_partitions_are_refused(run *r)
{
    create_topic(r, "t", 1, NULL);
    fetch_all(r, &(fetch_request){.parts = {{"missing", 0, 0, 0, 0}, {"t", 7, 0, 0, 0}}});
    list_offset(r, "missing", 0, TIME_LATEST);
    list_offset(r, "t", 7, TIME_LATEST);
}

static void a_batch_is_given_whole(run *r)
{
    create_topic(r, "t", 1, NULL);
    produce(r, "t", 0, &(batch){.values = {"a", "b", "c"}});
    fetch(r, "t", 0, 1);
    fetch(r, "t", 0, 2);
}

static void several_batches_come_in_one_answer(run *r)
{
    create_topic(r, "t", 2, NULL);
    fill(r, "t", 0, abc);
    fill(r, "t", 1, abc);
    fetch_all(r, &(fetch_request){.parts = {{"t", 0, 0, 0, 0}, {"t", 1, 1, 0, 0}}});
}

/* A record of so many bytes. */
static void fill_big(run *r, int32_t partition, const char *value)
{
    const batch b = {.values = {value}, .padding = 1000};
    produce(r, "t", partition, &b);
}

static void a_partition_has_a_limit_of_bytes(run *r)
{
    create_topic(r, "t", 1, NULL);
    fill_big(r, 0, "a");
    fill_big(r, 0, "b");
    fill_big(r, 0, "c");
    fetch_all(r, &(fetch_request){.parts = {{"t", 0, 0, 2500, 0}}});
    fetch_all(r, &(fetch_request){.parts = {{"t", 0, 1, 1200, 0}}});
}

static void the_first_batch_comes_though_it_is_too_big(run *r)
{
    create_topic(r, "t", 2, NULL);
    fill_big(r, 0, "a");
    fill_big(r, 0, "b");
    fill_big(r, 1, "c");
    fetch_all(r, &(fetch_request){.parts = {{"t", 0, 0, 100, 0}}});
    fetch_all(r, &(fetch_request){.bytes_max = 100, .parts = {{"t", 0, 0, 0, 0}}});
    fetch_all(r, &(fetch_request){.parts = {{"t", 0, 0, 100, 0}, {"t", 1, 0, 100, 0}}});
}

static void an_answer_has_a_limit_of_bytes(run *r)
{
    create_topic(r, "t", 2, NULL);
    fill_big(r, 0, "a");
    fill_big(r, 0, "b");
    fill_big(r, 1, "c");
    fetch_all(r,
              &(fetch_request){.bytes_max = 1500, .parts = {{"t", 0, 0, 0, 0}, {"t", 1, 0, 0, 0}}});
    fetch_all(r,
              &(fetch_request){.bytes_max = 3500, .parts = {{"t", 1, 0, 0, 0}, {"t", 0, 0, 0, 0}}});
}

static void a_fetch_waits_for_data(run *r)
{
    connection other;
    create_topic(r, "t", 1, NULL);
    connection_open(r, &other);
    fetch_send(&other,
               &(fetch_request){.wait_ms = 30000, .bytes_min = 1, .parts = {{"t", 0, 0, 0, 0}}});
    produce(r, "t", 0, &(batch){.values = {"a"}});
    see(r, "the fetch that waited: ");
    fetch_receive(&other);
    connection_close(&other);
}

static void an_error_ends_the_wait(run *r)
{
    create_topic(r, "t", 2, NULL);
    fetch_all(r, &(fetch_request){.wait_ms = 600000,
                                  .bytes_min = 1,
                                  .parts = {{"t", 0, 0, 0, 0}, {"t", 1, 9, 0, 0}}});
}

static void leader_epochs_are_checked(run *r)
{
    create_topic(r, "t", 1, NULL);
    fill(r, "t", 0, abc);
    fetch_all(r, &(fetch_request){.parts = {{"t", 0, 2, 0, 1}}});
    fetch_all(r, &(fetch_request){.parts = {{"t", 0, 2, 0, 8}}});
}

static void an_incremental_session_gives_what_has_changed(run *r)
{
    create_topic(r, "t", 2, NULL);
    fill(r, "t", 0, (const char *const[]){"a", NULL});
    const fetch_request first = {.session_epoch = 1,
                                 .parts = {{"t", 0, 0, 0, 0}, {"t", 1, 0, 0, 0}}};
    int32_t session = fetch_all(r, &first);
    fill(r, "t", 1, (const char *const[]){"b", NULL});
    fetch_all(
        r, &(fetch_request){.session = session, .session_epoch = 2, .parts = {{"t", 0, 1, 0, 0}}});
    fetch_all(r, &(fetch_request){.session = session, .session_epoch = 9});
    fetch_all(r, &(fetch_request){.session = session + 12345, .session_epoch = 2});
}

static void a_read_ends_at_the_last_stable_offset_for_both_limits(run *r)
{
    create_topic(r, "t", 1, NULL);
    fetch_committed(r, "t", 0, 0);
    fill(r, "t", 0, abc);
    fetch_committed(r, "t", 0, 1);
    list_stable_offset(r, "t", 0, TIME_EARLIEST);
    list_stable_offset(r, "t", 0, TIME_LATEST);
}

const scenario fetch_scenarios[] = {
    SCENARIO(offsets_out_of_range_are_refused),
    SCENARIO(unknown_topics_and_partitions_are_refused),
    SCENARIO(a_batch_is_given_whole),
    SCENARIO(several_batches_come_in_one_answer),
    SCENARIO(a_partition_has_a_limit_of_bytes),
    SCENARIO(the_first_batch_comes_though_it_is_too_big),
    SCENARIO(an_answer_has_a_limit_of_bytes),
    SCENARIO(a_fetch_waits_for_data),
    SCENARIO(an_error_ends_the_wait),
    SCENARIO(leader_epochs_are_checked),
    SCENARIO(an_incremental_session_gives_what_has_changed),
    SCENARIO(a_read_ends_at_the_last_stable_offset_for_both_limits),
    {NULL, NULL},
};
