/* SPDX-License-Identifier: Apache-2.0
 *
 * The internal state of an application. */
#ifndef WEIR_CLUSTER_APP_H
#define WEIR_CLUSTER_APP_H

#include "cluster/global_thread.h"
#include "cluster/instance.h"
#include "cluster/stream_thread.h"

struct weir_app {
    weir__instance instance;
    weir_config *config;
    char *client_id;
    weir__stream_thread *threads;
    int thread_count;
    weir__global_thread *global;
    _Atomic(weir_state) state; /* written under `lock` */
    pthread_mutex_t lock;      /* of `state` and its listener */
    pthread_cond_t changed;    /* a thread's state or the application's */
    pthread_mutex_t closing;   /* one close at a time */
    bool open;                 /* start has succeeded, close has not run yet */
};

#endif
