/* SPDX-License-Identifier: Apache-2.0
 *
 * Register switch for x86-64 and arm64. The thread pointer is set by wrfsbase where the kernel
 * allows it to user code, else by arch_prctl; on arm64 it is an ordinary register. */
#include "sim/context.h"

#include <limits.h>
#include <linux/futex.h>
#include <stddef.h>
#include <sys/auxv.h>
#include <sys/syscall.h>

#include "core/error.h"

/* Code that runs while a thread's stack and thread-locals are lent must not be instrumented. */
#define BARE __attribute__((no_sanitize("address", "undefined", "thread"), noinline))

/* *save = sp; sp = load */
void weir__context_swap(void **save, void *load);
/* *save = sp; sp = top; fn(arg) */
void weir__context_call(void **save, void *top, void (*fn)(void *arg), void *arg);
/* sp = load */
_Noreturn void weir__context_load(void *load);

#if defined(__x86_64__)

__asm__(".text\n"
        ".hidden weir__context_swap\n.globl weir__context_swap\n"
        ".type weir__context_swap,@function\n"
        "weir__context_swap:\n"
        "push %rbp\n push %rbx\n push %r12\n push %r13\n push %r14\n push %r15\n"
        "mov %rsp,(%rdi)\n"
        "mov %rsi,%rdi\n"
        "jmp weir__context_load\n"
        ".hidden weir__context_load\n.globl weir__context_load\n"
        ".type weir__context_load,@function\n"
        "weir__context_load:\n"
        "mov %rdi,%rsp\n"
        "pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbx\n pop %rbp\n"
        "ret\n"
        ".hidden weir__context_call\n.globl weir__context_call\n"
        ".type weir__context_call,@function\n"
        "weir__context_call:\n"
        "push %rbp\n push %rbx\n push %r12\n push %r13\n push %r14\n push %r15\n"
        "mov %rsp,(%rdi)\n"
        "mov %rsi,%rsp\n"
        "and $-16,%rsp\n"
        "mov %rcx,%rdi\n"
        "call *%rdx\n"
        "ud2\n");

static inline long bare_syscall(long number, long a, long b, long c)
{
    register long fourth __asm__("r10") = 0;
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth)
                     : "rcx", "r11", "memory");
    return result;
}

static inline void *thread_pointer(void)
{
    void *value;
    __asm__("mov %%fs:0,%0" : "=r"(value)); /* the ABI keeps the address of the block there */
    return value;
}

#define HWCAP2_FSGSBASE_BIT 2UL /* asm/hwcap2.h: HWCAP2_FSGSBASE */
#define ARCH_SET_FS_CODE 0x1002 /* asm/prctl.h: ARCH_SET_FS */

static int fsgsbase = -1; /* not yet known */

static inline void set_thread_pointer(void *value)
{
    if (fsgsbase < 0) {
        fsgsbase = (getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE_BIT) != 0;
    }
    if (fsgsbase) {
        __asm__ volatile("wrfsbase %0" : : "r"(value) : "memory");
    } else {
        bare_syscall(SYS_arch_prctl, ARCH_SET_FS_CODE, (long)value, 0);
    }
}

bool weir__context_supported(void)
{
    return true;
}

#elif defined(__aarch64__)

#define SAVE                                                                                       \
    "sub sp,sp,#160\n"                                                                             \
    "stp x19,x20,[sp]\n stp x21,x22,[sp,#16]\n stp x23,x24,[sp,#32]\n stp x25,x26,[sp,#48]\n"      \
    "stp x27,x28,[sp,#64]\n stp x29,x30,[sp,#80]\n stp d8,d9,[sp,#96]\n stp d10,d11,[sp,#112]\n"   \
    "stp d12,d13,[sp,#128]\n stp d14,d15,[sp,#144]\n"                                              \
    "mov x9,sp\n str x9,[x0]\n"

__asm__(".text\n"
        ".hidden weir__context_swap\n.globl weir__context_swap\n"
        ".type weir__context_swap,%function\n"
        "weir__context_swap:\n" SAVE "mov x0,x1\n"
        "b weir__context_load\n"
        ".hidden weir__context_load\n.globl weir__context_load\n"
        ".type weir__context_load,%function\n"
        "weir__context_load:\n"
        "mov sp,x0\n"
        "ldp x19,x20,[sp]\n ldp x21,x22,[sp,#16]\n ldp x23,x24,[sp,#32]\n ldp x25,x26,[sp,#48]\n"
        "ldp x27,x28,[sp,#64]\n ldp x29,x30,[sp,#80]\n ldp d8,d9,[sp,#96]\n"
        "ldp d10,d11,[sp,#112]\n ldp d12,d13,[sp,#128]\n ldp d14,d15,[sp,#144]\n"
        "add sp,sp,#160\n"
        "ret\n"
        ".hidden weir__context_call\n.globl weir__context_call\n"
        ".type weir__context_call,%function\n"
        "weir__context_call:\n" SAVE "and x1,x1,#-16\n"
        "mov sp,x1\n mov x0,x3\n blr x2\n brk #1\n");

static inline long bare_syscall(long number, long a, long b, long c)
{
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = 0;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
    return x0;
}

static inline void *thread_pointer(void)
{
    void *value;
    __asm__("mrs %0,tpidr_el0" : "=r"(value));
    return value;
}

static inline void set_thread_pointer(void *value)
{
    __asm__ volatile("msr tpidr_el0,%0" : : "r"(value) : "memory");
}

bool weir__context_supported(void)
{
    return true;
}

#else

static inline void *thread_pointer(void)
{
    return NULL;
}

static inline void set_thread_pointer(void *value)
{
    (void)value;
}

void weir__context_swap(void **save, void *load)
{
    (void)save;
    (void)load;
    weir_assert(!"no borrowed threads on this processor");
}

void weir__context_call(void **save, void *top, void (*fn)(void *arg), void *arg)
{
    (void)fn;
    (void)arg;
    weir__context_swap(save, top);
}

_Noreturn void weir__context_load(void *load)
{
    weir__context_swap(NULL, load);
    __builtin_unreachable();
}

static inline long bare_syscall(long number, long a, long b, long c)
{
    return syscall(number, a, b, c, 0);
}

bool weir__context_supported(void)
{
    return false;
}

#endif

BARE void weir__context_switch(weir__context *from, const weir__context *to)
{
    from->thread_pointer = thread_pointer();
    set_thread_pointer(to->thread_pointer);
    weir__context_swap(&from->stack, to->stack);
}

BARE void weir__context_park(weir__context *self, void *top, void (*fn)(void *arg), void *arg)
{
    self->thread_pointer = thread_pointer();
    weir__context_call(&self->stack, top, fn, arg);
}

BARE _Noreturn void weir__context_resume(const weir__context *self)
{
    weir__context_load(self->stack);
}

BARE void weir__futex_wait(const int *word, int value)
{
    bare_syscall(SYS_futex, (long)word, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, value);
}

BARE void weir__futex_wake(const int *word)
{
    bare_syscall(SYS_futex, (long)word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, INT_MAX);
}
