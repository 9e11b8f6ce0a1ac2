/* SPDX-License-Identifier: Apache-2.0
 *
 * Answers to members of groups that may wait for other members, and the events of groups. */
#include "apis.h"

static void drop(void *waiter)
{
    weir__request_break(waiter);
}

static void trace_event(void *user, weir_mock_event_kind kind, const weir__group *group,
                        weir_slice member)
{
    weir__mock_event(user, &(weir_mock_event){.kind = kind,
                                              .group = group->id,
                                              .generation = group->generation,
                                              .count = group->member_count,
                                              .member = member});
}

const weir__groups_ops weir__group_answers = {.joined = weir__answer_join,
                                              .synced = weir__answer_sync,
                                              .dropped = drop,
                                              .event = trace_event};
