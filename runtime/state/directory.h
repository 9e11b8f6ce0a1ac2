/* SPDX-License-Identifier: Apache-2.0
 *
 * The state directory of an instance, laid out as Kafka Streams does it:
 *
 *     <state.dir>/<application.id>/.lock                             held while it is open
 *     <state.dir>/<application.id>/kafka-streams-process-metadata    {"processId":"<uuid>"}
 *     <state.dir>/<application.id>/0_1/rocksdb/<store>/              a task's stores
 *     <state.dir>/<application.id>/0_1/.last-used                    Weir's: last_used.h
 *
 * Shared by the threads of the instance: any thread, unless a call says otherwise. */
#ifndef WEIR_STATE_DIRECTORY_H
#define WEIR_STATE_DIRECTORY_H

#include "state/files.h"

typedef struct weir__directory weir__directory;

/* Makes what is missing. WEIR_ELOCKED names the directory: another instance uses it, in this
 * process or in another one. WEIR_EIO says what cannot be made, read or written, where and why. */
weir_err weir__directory_open(const char *state_dir, const char *application, weir__directory **out,
                              weir_error *error);
void weir__directory_close(weir__directory *directory); /* NULL allowed; once, no task locked */

/* All of these are valid as long as the directory is open. */
const char *weir__directory_path(const weir__directory *directory);
/* A uuid, the same at each start from this directory. */
const char *weir__directory_process_id(const weir__directory *directory);
/* Something for the log that open mended (a damaged process id); NULL: nothing. */
const char *weir__directory_warning(const weir__directory *directory);

/* Makes the folder of a task and keeps other threads of the instance out of it. WEIR_ELOCKED: one
 * of them has the task still open. */
weir_err weir__directory_lock_task(weir__directory *directory, const char *task, weir_error *error);
void weir__directory_unlock_task(weir__directory *directory, const char *task);
/* Removes the folder of a task and all in it. The caller has locked the task, its stores are
 * closed. */
weir_err weir__directory_wipe_task(weir__directory *directory, const char *task, weir_error *error);

/* What weir__directory_clean removes. */
typedef struct weir__cleaning {
    int64_t now_ms;     /* wall clock */
    int64_t max_age_ms; /* since the folder was last used */
    /* True: this folder stays. NULL: none does. */
    bool (*keep)(int32_t subtopology, int32_t partition, void *user);
    /* A folder was removed (failure NULL) or could not be. */
    void (*tell)(void *user, const char *task, int64_t age_ms, const weir_error *failure);
    void *user;
} weir__cleaning;

/* Removes the folders of tasks that are not locked and were last used max_age_ms ago or earlier.
 * Who locks such a task meanwhile gets WEIR_ELOCKED. A folder without a note of its last use gets
 * one now; a note of the future (the clock was set back) is replaced by now. */
void weir__directory_clean(weir__directory *directory, const weir__cleaning *cleaning);
/* Notes that the folders of locked tasks are in use. */
void weir__directory_note_used(weir__directory *directory, int64_t now_ms);

/* Calls fn for each folder of a task, by sub-topology and partition. */
weir_err weir__directory_each_task(const weir__directory *directory,
                                   void (*fn)(int32_t subtopology, int32_t partition, void *user),
                                   void *user, weir_error *error);

/* Where a store of a task ("0_1", "global") belongs; made by opening the store. malloc'ed; NULL:
 * out of memory. */
char *weir__directory_store_path(const weir__directory *directory, const char *task,
                                 const char *store);

#endif
