/* SPDX-License-Identifier: Apache-2.0
 *
 * The scenarios: what each shows stands in its name. */
#ifndef WEIR_TESTS_PROTOCOL_SCENARIOS_H
#define WEIR_TESTS_PROTOCOL_SCENARIOS_H

#include "run.h"

typedef struct scenario {
    const char *name; /* "area_what_is_shown" */
    void (*play)(run *r);
} scenario;

#define SCENARIO(function)                                                                         \
    {                                                                                              \
        .name = #function, .play = (function)                                                      \
    }

/* Each list ends with a scenario without a name. */
extern const scenario idempotence_scenarios[];
extern const scenario transaction_scenarios[];
extern const scenario txn_offset_scenarios[];
extern const scenario group_scenarios[];
extern const scenario fetch_scenarios[];
extern const scenario log_scenarios[];
extern const scenario admin_scenarios[];
extern const scenario client_scenarios[];

#endif
