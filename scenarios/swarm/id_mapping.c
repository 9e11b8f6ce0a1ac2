/* SPDX-License-Identifier: Apache-2.0
 *
 * The ID mapping. Registrations and events carry a number in a header, which each result has from
 * its input: a registration with a phone gives one record by phone, an event one identity. */
#include <stdlib.h>
#include <string.h>

#include "fixtures/id_mapping.h"
#include "scenarios/lib/identities.h"
#include "scenarios/swarm/workload.h"

#define PARTITIONS 4
#define EVENTS_OF_PHONE 3
#define NUMBER_MAX 24

static const char id_header[] = "id";

static const char *const registrations[] = {"registrations", NULL};
static const char *const by_phone[] = {"registrations-by-phone", NULL};
static const char *const events[] = {"events", NULL};
static const char *const identities[] = {"identities", NULL};

typedef struct mapping {
    swarm_plan plan;
    weir_cluster *cluster;
    weir_checker *checker;
    weir_scenario_ids topics;
    size_t phones;
} mapping;

static void close_mapping(void *work)
{
    free(work);
}

static void *open_mapping(const swarm_plan *plan, weir_cluster *cluster, weir_checker *checker)
{
    mapping *work = calloc(1, sizeof *work);
    if (work == NULL) {
        return NULL;
    }
    work->plan = *plan;
    work->cluster = cluster;
    work->checker = checker;
    work->topics = weir_scenario_ids_new(cluster, PARTITIONS);
    work->phones = 1 + plan->lines / EVENTS_OF_PHONE;
    return work;
}

/* `kind`: of the number, so that it is unique. */
static void send_one(weir_input input, char kind, size_t number, const char *json)
{
    char id[NUMBER_MAX];
    snprintf(id, sizeof id, "%c%zu", kind, number);
    weir_header header = {id_header, weir_slice_of(id)};
    weir_input_send(input, &(weir_input_record){
                               .value = weir_text(json), .headers = &header, .header_count = 1});
}

/* Without a phone it gives no result: it has no number. */
static void register_one(const mapping *work, size_t number)
{
    char json[WEIR_FIXTURE_JSON_MAX];
    fixture_registration(number, json);
    if (strstr(json, "\"phone\"") != NULL) {
        send_one(work->topics.registrations, 'r', number, json);
    } else {
        weir_input_text(work->topics.registrations, NULL, json);
    }
}

static void send_part(void *of, int burst)
{
    const mapping *work = of;
    size_t to = swarm_burst_end(&work->plan, burst);
    for (size_t i = swarm_burst_end(&work->plan, burst - 1); i < to; i++) {
        char json[WEIR_FIXTURE_JSON_MAX];
        if (i % EVENTS_OF_PHONE == 0) {
            register_one(work, i / EVENTS_OF_PHONE);
        }
        send_one(work->topics.events, 'e', i, fixture_event(i, work->phones, json));
    }
}

static void check_mapping(void *of)
{
    const mapping *work = of;
    weir_checker_results(work->checker, &(weir_check_results){.inputs = registrations,
                                                              .outputs = by_phone,
                                                              .id_header = id_header});
    weir_checker_results(
        work->checker,
        &(weir_check_results){.inputs = events, .outputs = identities, .id_header = id_header});
    weir_checker_store(work->checker, "registrations-by-phone", by_phone[0], &weir_string,
                       &fixture_identity_serde);
}

/* Identities beyond one for each event. */
static int64_t count_duplicates(void *of)
{
    const mapping *work = of;
    int64_t count = (int64_t)weir_rows_size(weir_output_all(work->topics.identities));
    return count - (int64_t)work->plan.lines;
}

static const weir_written_topic written[] = {{"identities", 1}, {NULL, 0}};

const swarm_workload swarm_id_mapping = {
    .name = "ID mapping",
    .topology = fixture_id_mapping,
    .written = written,
    .open = open_mapping,
    .close = close_mapping,
    .send = send_part,
    .check = check_mapping,
    .duplicates = count_duplicates,
};
