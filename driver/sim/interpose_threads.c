/* SPDX-License-Identifier: Apache-2.0
 *
 * Creation, end and names of threads. */
#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>

#include "sim/engine.h"
#include "sim/libraries.h"
#include "sim/real.h"

const char *const weir__interposed_threads[] = {
    "pthread_create", "pthread_join",       "pthread_detach",     "pthread_exit",
    "pthread_self",   "pthread_setname_np", "pthread_getname_np", "thrd_create",
    "thrd_join",      "thrd_detach",        "thrd_exit",          NULL,
};

/* RocksDB's threads serve the whole process, not only the host that opened the first database. They
 * start as std::thread, through libstdc++, with an object of RocksDB's own class as the argument:
 * the table of virtual functions, the first word of the object, shows which class. */
static const void *class_of(void *arg)
{
    return *(void **)arg;
}

static weir_host *home_for(const weir__thread *self, const void *caller, void *arg)
{
    weir__caller from = weir__caller_of(caller);
    if (from == WEIR__CALLER_STDCXX) {
        from = weir__caller_of(class_of(arg));
    }
    return from == WEIR__CALLER_ROCKSDB ? weir_sim_host_driver() : self->acting;
}

/* RocksDB's timer flushes the information log of every database in the process every 10 s, also of
 * databases that crashed with an earlier cluster. Nothing needs that, and each cluster would find
 * the timer in another state, so it does not run. */
static bool is_housekeeping(const void *caller, void *arg)
{
    Dl_info info;
    return weir__caller_of(caller) == WEIR__CALLER_STDCXX && dladdr(class_of(arg), &info) &&
           info.dli_sname && strstr(info.dli_sname, "7rocksdb5Timer");
}

static bool is_librdkafka(uintptr_t function)
{
    return weir__caller_of((const void *)function) == WEIR__CALLER_RDKAFKA;
}

INTERPOSE int pthread_create(pthread_t *restrict handle, const pthread_attr_t *restrict attr,
                             void *(*fn)(void *arg), void *restrict arg)
{
    const weir__thread *self = weir__managed();
    if (!self || weir__caller_of(CALLER()) == WEIR__CALLER_TOOL) {
        return REAL(pthread_create)(handle, attr, fn, arg);
    }
    weir__thread *thread = weir__thread_new(home_for(self, CALLER(), arg), NULL);
    if (!thread) {
        return EAGAIN;
    }
    thread->fn = fn;
    thread->serves = is_librdkafka((uintptr_t)fn);
    thread->arg = arg;
    thread->late = is_housekeeping(CALLER(), arg);
    int error = weir__thread_start(thread, attr);
    if (!error) {
        *handle = thread->handle;
    }
    return error;
}

/* ThreadSanitizer knows only POSIX threads: in another one its functions crash. In glibc the
 * handles are the same, and a result is an int in the pointer. */
typedef struct c11_start {
    thrd_start_t fn;
    void *arg;
} c11_start;

static void *run_c11(void *arg)
{
    c11_start start = *(c11_start *)arg;
    free(arg);
    return (void *)(intptr_t)start.fn(start.arg);
}

static int create_as_posix(thrd_t *handle, thrd_start_t fn, void *arg)
{
    c11_start *start = malloc(sizeof *start);
    if (!start) {
        return thrd_nomem;
    }
    *start = (c11_start){fn, arg};
    if (REAL(pthread_create)((pthread_t *)handle, NULL, run_c11, start)) {
        free(start);
        return thrd_error;
    }
    return thrd_success;
}

INTERPOSE int thrd_create(thrd_t *handle, thrd_start_t fn, void *arg)
{
    const weir__thread *self = weir__managed();
    if (!self) {
        return weir__tsan_runs() ? create_as_posix(handle, fn, arg)
                                 : REAL(thrd_create)(handle, fn, arg);
    }
    weir__thread *thread = weir__thread_new(self->acting, NULL);
    if (!thread) {
        return thrd_nomem;
    }
    thread->fn_c11 = fn;
    thread->serves = is_librdkafka((uintptr_t)fn);
    thread->arg = arg;
    if (weir__thread_start(thread, NULL)) {
        return thrd_error;
    }
    *handle = (thrd_t)thread->handle;
    return thrd_success;
}

static weir__thread *managed_target(weir__thread *self, pthread_t handle)
{
    return self ? weir__thread_of(handle) : NULL;
}

INTERPOSE int pthread_join(pthread_t handle, void **result)
{
    weir__thread *self = weir__synced();
    weir__thread *other = managed_target(self, handle);
    return other ? weir__thread_join(self, other, result) : REAL(pthread_join)(handle, result);
}

INTERPOSE int thrd_join(thrd_t handle, int *result)
{
    weir__thread *self = weir__synced();
    weir__thread *other = managed_target(self, (pthread_t)handle);
    void *value;
    if (!other && !weir__tsan_runs()) {
        return REAL(thrd_join)(handle, result);
    }
    if (other ? weir__thread_join(self, other, &value)
              : REAL(pthread_join)((pthread_t)handle, &value)) {
        return thrd_error;
    }
    if (result) {
        *result = (int)(intptr_t)value;
    }
    return thrd_success;
}

INTERPOSE int pthread_detach(pthread_t handle)
{
    weir__thread *other = managed_target(weir__synced(), handle);
    if (!other) {
        return REAL(pthread_detach)(handle);
    }
    if (other->detached || other->joined) {
        return EINVAL;
    }
    other->detached = true;
    if (other->state == WEIR__DONE) {
        weir__thread_retire(other);
    }
    return 0;
}

INTERPOSE int thrd_detach(thrd_t handle)
{
    return pthread_detach((pthread_t)handle) ? thrd_error : thrd_success;
}

INTERPOSE void pthread_exit(void *result)
{
    if (weir__self) {
        weir__self->result = result;
    }
    REAL(pthread_exit)(result);
    __builtin_unreachable();
}

INTERPOSE void thrd_exit(int result)
{
    pthread_exit((void *)(intptr_t)result);
}

/* RocksDB seeds random numbers with the thread's handle. */
INTERPOSE pthread_t pthread_self(void)
{
    const weir__thread *self = weir__managed();
    if (self && weir__caller_of(CALLER()) == WEIR__CALLER_ROCKSDB) {
        return weir__stable_handle(self);
    }
    return REAL(pthread_self)();
}

INTERPOSE int pthread_setname_np(pthread_t handle, const char *name)
{
    weir__thread *thread = managed_target(weir__synced(), handle);
    if (!thread) {
        return REAL(pthread_setname_np)(handle, name);
    }
    weir__thread_set_name(thread, name);
    weir__thread_show_name(thread);
    return 0;
}

INTERPOSE int pthread_getname_np(pthread_t handle, char *name, size_t size)
{
    weir__thread *thread = managed_target(weir__synced(), handle);
    if (!thread) {
        return REAL(pthread_getname_np)(handle, name, size);
    }
    weir__tsan_ignore_begin();
    snprintf(name, size, "%s", thread->name);
    weir__tsan_ignore_end();
    return 0;
}
