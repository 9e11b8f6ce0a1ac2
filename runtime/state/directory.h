/* SPDX-License-Identifier: Apache-2.0
 *
 * The state directory of an instance, with the layout of Kafka Streams:
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

/* Makes missing directories and files. WEIR_ELOCKED names the directory: another instance uses it,
 * in this process or in another one. WEIR_EIO names the path that cannot be made, read or written,
 * and the reason. */
weir_err weir__directory_open(const char *state_dir, const char *application, weir__directory **out,
                              weir_error *error);
void weir__directory_close(weir__directory *directory); /* NULL allowed; once, no task locked */

/* All of these are valid as long as the directory is open. */
const char *weir__directory_path(const weir__directory *directory);
/* A uuid, the same at each start from this directory. */
const char *weir__directory_process_id(const weir__directory *directory);
/* A warning for the log if open repaired something (a damaged process id); else NULL. */
const char *weir__directory_warning(const weir__directory *directory);

/* Makes the folder of a task and locks it against other threads of the instance. WEIR_ELOCKED:
 * another thread still has the task open. */
weir_err weir__directory_lock_task(weir__directory *directory, const char *task, weir_error *error);
void weir__directory_unlock_task(weir__directory *directory, const char *task);
/* Writes `now_ms` as the time of last use of the task's folder; lock and unlock do so, too. The
 * caller has locked the task: so the file has one writer at a time. */
void weir__directory_note_used(const weir__directory *directory, const char *task, int64_t now_ms);
/* Removes the folder of a task with its content. The caller has locked the task and closed its
 * stores. */
weir_err weir__directory_wipe_task(weir__directory *directory, const char *task, weir_error *error);

/* Selects the folders that weir__directory_clean removes. */
typedef struct weir__cleaning {
    int64_t now_ms;     /* wall clock */
    int64_t max_age_ms; /* since the folder was last used */
    /* True: this folder is kept. NULL: none is kept. */
    bool (*keep)(int32_t subtopology, int32_t partition, void *user);
    /* Called for each folder that was removed (failure NULL) or could not be removed. */
    void (*on_removed)(void *user, const char *task, int64_t age_ms, const weir_error *failure);
    void *user;
} weir__cleaning;

/* Removes the folders of tasks that are not locked and were last used max_age_ms ago or earlier.
 * weir__directory_lock_task of such a task returns WEIR_ELOCKED meanwhile. For a folder without a
 * time of last use the present time is written; a time in the future (the clock was set back) is
 * replaced by the present time. */
void weir__directory_clean(weir__directory *directory, const weir__cleaning *cleaning);

/* Calls fn for each folder of a task, by sub-topology and partition. */
weir_err weir__directory_each_task(const weir__directory *directory,
                                   void (*fn)(int32_t subtopology, int32_t partition, void *user),
                                   void *user, weir_error *error);

/* The directory of a store of a task ("0_1", "global"); opening the store makes it. malloc'ed;
 * NULL: out of memory. */
char *weir__directory_store_path(const weir__directory *directory, const char *task,
                                 const char *store);

#endif
