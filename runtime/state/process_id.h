/* SPDX-License-Identifier: Apache-2.0
 *
 * The process id of an instance, kept in its state directory: client ids and transactional ids
 * contain it, so it must be the same after a restart. */
#ifndef WEIR_STATE_PROCESS_ID_H
#define WEIR_STATE_PROCESS_ID_H

#include <weir/weir.h>

#define WEIR__PROCESS_ID_SIZE 37 /* "01234567-89ab-4cde-8f01-23456789abcd" and its end */

/* Reads the id from `directory`, or makes and writes one. A damaged file is replaced, since the
 * stores do not depend on the id; *warning (malloc'ed) then reports it, else it is not changed. */
weir_err weir__process_id_load(const char *directory, char out[WEIR__PROCESS_ID_SIZE],
                               char **warning, weir_error *error);

#endif
