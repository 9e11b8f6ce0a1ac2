/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules that make chosen requests fail (weir_mock_fault). All under the cluster's lock. */
#ifndef WEIR_MOCKBROKER_FAULTS_H
#define WEIR_MOCKBROKER_FAULTS_H

#include "api.h"
#include "conn.h"

#define WEIR__FAULTS_MAX 1024

/* A rule with what it has done. It lives as long as the cluster, so requests may point to it. */
typedef struct weir__fault {
    struct weir__fault *next;
    int id;
    weir_mock_fault rule; /* owns its texts */
    const weir__api *api; /* NULL: any */
    int64_t matched;
    int64_t fired;
    bool ended;
} weir__fault;

/* The rule must have been checked. WEIR_ENOMEM, WEIR_ELIMIT. */
weir_err weir__fault_add(weir_mock *mock, const weir_mock_fault *rule, const weir__api *api,
                         int *id);
weir__fault *weir__fault_find(const weir_mock *mock, int id); /* NULL: no such rule */
/* The first rule that should have fired and did not; NULL: none. */
const weir__fault *weir__fault_unfired(const weir_mock *mock);
/* "fault 2 (NOT_COORDINATOR to Heartbeat of client 'a-*', 3 times)" */
void weir__fault_put(weir_buf *out, const weir__fault *fault);
/* Reports those that should have fired and did not. */
void weir__faults_fini(weir_mock *mock);

/* Chooses the rules for a request that has arrived: request->fault, ->part_faults, ->injected and
 * ->start_us. `body`: behind the header. */
void weir__faults_choose(weir__request *request, weir__reader body);
/* Whether this is the action of the request's rule. */
bool weir__fault_is(const weir__request *request, weir_mock_action action);
/* The error that a rule gives this topic (partition -1) or partition of the request, else 0. */
int16_t weir__fault_error(const weir__request *request, weir_slice topic, int32_t partition);

#endif
