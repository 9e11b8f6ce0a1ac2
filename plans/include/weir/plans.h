/* SPDX-License-Identifier: Apache-2.0
 *
 * Topologies as data. A plan is a list of operators in JSON, in order of creation; weir_plan_build
 * makes a topology of it with the DSL and the Processor API. docs/plans.md describes the operators
 * and the functions that a plan names.
 *
 *     weir_plan *plan = weir_plan_read(text, strlen(text), &error);
 *     weir_sync_opts opts = {.build = weir_plan_build, .build_user = plan};
 *     weir_sync *sync = weir_sync_new(NULL, &opts, &error); */
#ifndef WEIR_PLANS_H
#define WEIR_PLANS_H

#include <weir/weir.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WEIR_PLAN_BYTES_MAX ((size_t)1 << 26) /* of the JSON text */
#define WEIR_PLAN_OPERATORS_MAX ((size_t)1024)
#define WEIR_PLAN_LIST_MAX ((size_t)64) /* topics, parents, stores, branches of an operator */

typedef struct weir_plan weir_plan;

/* Reads a plan: an array of operators, or an object whose member "plan" is one. Copies the text.
 * NULL on failure: WEIR_EINVAL (not JSON, or not of this form; the message has the position),
 * WEIR_ELIMIT, WEIR_ENOMEM. Free it with weir_plan_free, after every topology that was made of it.
 */
WEIR_API weir_plan *weir_plan_read(const char *text, size_t len, weir_error *error);
/* Frees the plan; not before the topologies that were made of it. NULL allowed. */
WEIR_API void weir_plan_free(weir_plan *plan);

/* Builds the topology of a plan; any number of times (for each the plan keeps about 80 bytes for
 * each function that it names, until it is freed). `plan` is the weir_plan *: this is a
 * weir_topology_build_fn. On failure it returns NULL, and the message begins with the operator:
 * "operator 'evens': ". WEIR_EUNSUPPORTED: Weir does not have that operator yet. WEIR_EINVAL: a
 * member is missing or wrong. Other codes are those of the DSL and of weir_build. Of several
 * threads, one at a time. */
WEIR_API weir_topology *weir_plan_build(const weir_config *config, weir_error *error, void *plan);

/* What a plan writes to and reads from, for drivers that must create topics. */
typedef enum weir_plan_topic { WEIR_PLAN_SOURCE, WEIR_PLAN_SINK } weir_plan_topic;
/* Calls fn with each topic that an operator names, in order; a topic may come more than once.
 * Topics chosen per record, and those that match a pattern, are not among them. */
WEIR_API void weir_plan_each_topic(const weir_plan *plan,
                                   void (*fn)(weir_plan_topic use, const char *topic, void *user),
                                   void *user);

#ifdef __cplusplus
}
#endif
#endif
