/* SPDX-License-Identifier: Apache-2.0
 *
 * The only place where the runtime reads clocks and random numbers. Under the driver both are
 * virtual. */
#ifndef WEIR_CORE_CLOCK_H
#define WEIR_CORE_CLOCK_H

#include <stdint.h>
#include <time.h>

int64_t weir__wall_ms(void); /* CLOCK_REALTIME, ms since the epoch */
/* The time timeout_ms (>= 0; INT64_MAX: in effect never) from now, for calls that wait until a
 * time. */
struct timespec weir__wall_deadline(int64_t timeout_ms);
int64_t weir__monotonic_us(void);                 /* CLOCK_MONOTONIC, us */
void weir__random_bytes(void *out, unsigned len); /* getrandom; at most 256 */

#endif
