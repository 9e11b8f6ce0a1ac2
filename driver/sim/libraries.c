/* SPDX-License-Identifier: Apache-2.0
 *
 * The map of loaded objects, and the check that librdkafka and RocksDB call no blocking, clock or
 * random function of libc that the simulation does not cover: their dynamic symbol tables are read
 * from the files. */
#include "sim/libraries.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/engine.h"
#include "sim/real.h"

#if __ELF_NATIVE_CLASS == 64
typedef Elf64_Ehdr elf_header;
typedef Elf64_Shdr elf_section;
typedef Elf64_Sym elf_symbol;
#define SYMBOL_TYPE ELF64_ST_TYPE
#else
typedef Elf32_Ehdr elf_header;
typedef Elf32_Shdr elf_section;
typedef Elf32_Sym elf_symbol;
#define SYMBOL_TYPE ELF32_ST_TYPE
#endif

/* Functions that block, read a clock, draw random numbers or make descriptors that block. A library
 * that calls one of these which is not interposed makes a run wrong silently, so it is refused. */
static const char *const sensitive[] = {
    "aio_read",
    "aio_suspend",
    "aio_write",
    "alarm",
    "arc4random",
    "arc4random_buf",
    "arc4random_uniform",
    "clock",
    "clock_gettime",
    "clock_nanosleep",
    "cnd_timedwait",
    "cnd_wait",
    "connect",
    "accept",
    "accept4",
    "drand48",
    "drand48_r",
    "epoll_create",
    "epoll_create1",
    "epoll_pwait",
    "epoll_wait",
    "erand48",
    "eventfd",
    "fork",
    "ftime",
    "getentropy",
    "getrandom",
    "gettimeofday",
    "inotify_init",
    "inotify_init1",
    "io_submit",
    "jrand48",
    "kqueue",
    "lrand48",
    "lrand48_r",
    "mq_receive",
    "mq_timedreceive",
    "mrand48",
    "msgrcv",
    "mtx_lock",
    "mtx_timedlock",
    "nanosleep",
    "nrand48",
    "pause",
    "pipe",
    "pipe2",
    "poll",
    "__poll_chk",
    "ppoll",
    "__ppoll_chk",
    "pselect",
    "pthread_barrier_wait",
    "pthread_cond_clockwait",
    "pthread_cond_timedwait",
    "pthread_cond_wait",
    "pthread_create",
    "pthread_join",
    "pthread_mutex_clocklock",
    "pthread_mutex_lock",
    "pthread_mutex_timedlock",
    "pthread_mutex_trylock",
    "pthread_once",
    "pthread_rwlock_clockrdlock",
    "pthread_rwlock_clockwrlock",
    "pthread_rwlock_rdlock",
    "pthread_rwlock_timedrdlock",
    "pthread_rwlock_timedwrlock",
    "pthread_rwlock_wrlock",
    "pthread_spin_lock",
    "pthread_timedjoin_np",
    "pthread_clockjoin_np",
    "pthread_tryjoin_np",
    "pthread_yield",
    "rand",
    "rand_r",
    "random",
    "random_r",
    "recv",
    "recvfrom",
    "recvmmsg",
    "recvmsg",
    "sched_getcpu",
    "sched_yield",
    "select",
    "sem_clockwait",
    "sem_timedwait",
    "sem_wait",
    "semop",
    "semtimedop",
    "sendmmsg",
    "setitimer",
    "sigsuspend",
    "sigtimedwait",
    "sigwait",
    "sigwaitinfo",
    "sleep",
    "socket",
    "socketpair",
    "splice",
    "thrd_create",
    "thrd_join",
    "thrd_sleep",
    "thrd_yield",
    "call_once",
    "time",
    "timer_create",
    "timerfd_create",
    "timerfd_settime",
    "timespec_get",
    "ualarm",
    "usleep",
    "vfork",
    "wait",
    "wait3",
    "wait4",
    "waitid",
    "waitpid",
};

static const char *const *const covered[] = {
    weir__interposed_locks, weir__interposed_conds,  weir__interposed_threads,
    weir__interposed_time,  weir__interposed_random, weir__interposed_sockets,
    weir__interposed_io,    weir__interposed_poll,   weir__interposed_ends,
    weir__interposed_files, weir__interposed_pids,
};

/* ---- What is loaded where ---- */

#define RANGES_MAX 512

typedef struct range {
    uintptr_t begin;
    uintptr_t end;
    weir__caller caller;
} range;

static range ranges[RANGES_MAX]; /* by address, without overlap */
static size_t range_count;

/* A cache by page, since clocks are read millions of times from a few places. Objects do not share
 * pages. */
#define PAGE_BITS 12
#define CACHE_SIZE 64

typedef struct cached {
    uintptr_t page;
    weir__caller caller;
} cached;

static cached cache[CACHE_SIZE];

static const struct {
    const char *part; /* of the file's name */
    weir__caller caller;
} known[] = {
    {"librdkafka", WEIR__CALLER_RDKAFKA}, {"librocksdb", WEIR__CALLER_ROCKSDB},
    {"libstdc++", WEIR__CALLER_STDCXX},   {"libcrypto", WEIR__CALLER_CRYPTO},
    {"libasan", WEIR__CALLER_TOOL},       {"libtsan", WEIR__CALLER_TOOL},
    {"liblsan", WEIR__CALLER_TOOL},       {"libubsan", WEIR__CALLER_TOOL},
    {"libclang_rt", WEIR__CALLER_TOOL},   {"libhwasan", WEIR__CALLER_TOOL},
    {"libprofiler", WEIR__CALLER_TOOL},   {"libgcov", WEIR__CALLER_TOOL},
    {"libgcc_s", WEIR__CALLER_TOOL},      {"libunwind", WEIR__CALLER_TOOL},
    {"ld-linux", WEIR__CALLER_TOOL},      {"vgpreload", WEIR__CALLER_TOOL},
};

static weir__caller classify(const char *path)
{
    if (!path[0]) {
        return WEIR__CALLER_PROGRAM;
    }
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strncmp(name, known[i].part, strlen(known[i].part)) == 0) {
            return known[i].caller;
        }
    }
    return WEIR__CALLER_LIBRARY;
}

static int add_ranges(struct dl_phdr_info *info, size_t size, void *user)
{
    (void)size;
    (void)user;
    weir__caller caller = classify(info->dlpi_name);
    for (int i = 0; i < info->dlpi_phnum && range_count < RANGES_MAX; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        if (header->p_type == PT_LOAD) {
            uintptr_t begin = info->dlpi_addr + header->p_vaddr;
            ranges[range_count++] = (range){begin, begin + header->p_memsz, caller};
        }
    }
    return 0;
}

static int is_of_valgrind(struct dl_phdr_info *info, size_t size, void *user)
{
    (void)size;
    (void)user;
    return strstr(info->dlpi_name, "/vgpreload_") != NULL;
}

bool weir__under_valgrind(void)
{
    return dl_iterate_phdr(is_of_valgrind, NULL) != 0;
}

static int by_address(const void *left, const void *right)
{
    uintptr_t a = ((const range *)left)->begin;
    uintptr_t b = ((const range *)right)->begin;
    return a < b ? -1 : a > b;
}

static void learn_ranges(void)
{
    range_count = 0;
    memset(cache, 0, sizeof cache);
    dl_iterate_phdr(add_ranges, NULL);
    qsort(ranges, range_count, sizeof *ranges, by_address);
}

static weir__caller find_range(uintptr_t at)
{
    size_t low = 0;
    size_t high = range_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (at < ranges[middle].begin) {
            high = middle;
        } else if (at >= ranges[middle].end) {
            low = middle + 1;
        } else {
            return ranges[middle].caller;
        }
    }
    return WEIR__CALLER_LIBRARY; /* loaded after the map was made */
}

weir__caller weir__caller_of(const void *address)
{
    uintptr_t page = (uintptr_t)address >> PAGE_BITS;
    cached *entry = &cache[page % CACHE_SIZE];
    if (entry->page != page) {
        *entry = (cached){page, find_range((uintptr_t)address)};
    }
    return entry->caller;
}

bool weir__outlives_run(const void *address)
{
    weir__caller caller = weir__caller_of(address);
    return caller == WEIR__CALLER_RDKAFKA || caller == WEIR__CALLER_ROCKSDB ||
           caller == WEIR__CALLER_CRYPTO;
}

/* ---- The check ---- */

static bool is_sensitive(const char *name)
{
    for (size_t i = 0; i < sizeof sensitive / sizeof *sensitive; i++) {
        if (strcmp(sensitive[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_covered(const char *name)
{
    for (size_t i = 0; i < sizeof covered / sizeof *covered; i++) {
        for (const char *const *at = covered[i]; *at; at++) {
            if (strcmp(*at, name) == 0) {
                return true;
            }
        }
    }
    return false;
}

/* A file in memory; reads beyond its end fail. */
typedef struct image {
    const uint8_t *data;
    size_t size;
} image;

static const void *at(const image *file, uint64_t offset, uint64_t size)
{
    return offset <= file->size && size <= file->size - offset ? file->data + offset : NULL;
}

static const elf_section *section(const image *file, const elf_header *header, unsigned index)
{
    return index < header->e_shnum && header->e_shentsize == sizeof(elf_section)
               ? at(file, header->e_shoff + (uint64_t)index * sizeof(elf_section),
                    sizeof(elf_section))
               : NULL;
}

/* Writes the names of the functions that are called and not covered, separated by ", ". False: the
 * file is not a shared library. */
static bool list_uncovered(const image *file, weir_buf *names)
{
    const elf_header *header = at(file, 0, sizeof *header);
    if (!header || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0) {
        return false;
    }
    const elf_section *symbols = NULL;
    for (unsigned i = 0; i < header->e_shnum; i++) {
        const elf_section *candidate = section(file, header, i);
        if (candidate && candidate->sh_type == SHT_DYNSYM) {
            symbols = candidate;
        }
    }
    const elf_section *strings = symbols ? section(file, header, symbols->sh_link) : NULL;
    if (!strings || !at(file, symbols->sh_offset, symbols->sh_size)) {
        return false;
    }
    const char *text = at(file, strings->sh_offset, strings->sh_size);
    if (!text || !strings->sh_size || text[strings->sh_size - 1]) {
        return false;
    }
    for (uint64_t i = 0; i < symbols->sh_size / sizeof(elf_symbol); i++) {
        const elf_symbol *symbol =
            at(file, symbols->sh_offset + i * sizeof(elf_symbol), sizeof *symbol);
        if (symbol->st_shndx != SHN_UNDEF || symbol->st_name >= strings->sh_size) {
            continue;
        }
        const char *name = text + symbol->st_name;
        if (is_sensitive(name) && !is_covered(name)) {
            weir__buf_printf(names, "%s%s", names->len ? ", " : "", name);
        }
    }
    return true;
}

weir_err weir_sim_check_library(const char *path, weir_error *error)
{
    weir_err err = WEIR_OK;
    weir_buf names = {0};
    struct stat status;
    image file = {MAP_FAILED, 0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) < 0) {
        err = weir__error_set(error, WEIR_EIO, "%s: %s", path, strerror(errno));
        goto done;
    }
    file.size = (size_t)status.st_size;
    file.data = mmap(NULL, file.size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (file.data == MAP_FAILED) {
        err = weir__error_set(error, WEIR_EIO, "%s: %s", path, strerror(errno));
        goto done;
    }
    if (!list_uncovered(&file, &names)) {
        err = weir__error_set(error, WEIR_ECORRUPT, "%s: not a shared library with a symbol table",
                              path);
    } else if (names.len) {
        err = weir__error_set(error, WEIR_EUNSUPPORTED,
                              "%s calls functions that the simulation does not cover: %s", path,
                              weir__buf_text(&names));
    }
done:
    weir__buf_fini(&names);
    if (file.data != MAP_FAILED) {
        munmap((void *)(uintptr_t)file.data, file.size);
    }
    if (fd >= 0) {
        close(fd);
    }
    return err;
}

/* Libraries find the functions here only if the program exports them. */
static weir_err check_exported(weir_error *error)
{
    Dl_info own;
    Dl_info found;
    weir_assert(dladdr((void *)covered, &own));
    for (size_t i = 0; i < sizeof covered / sizeof *covered; i++) {
        void *first = dlsym(RTLD_DEFAULT, covered[i][0]);
        if (!first || !dladdr(first, &found) || found.dli_fbase != own.dli_fbase) {
            return weir__error_set(error, WEIR_EUNSUPPORTED,
                                   "the program does not export %s of the simulation: link it with "
                                   "-rdynamic, the driver before other libraries",
                                   covered[i][0]);
        }
    }
    return WEIR_OK;
}

typedef struct paths {
    char *list[8];
    size_t count;
} paths;

static int collect(struct dl_phdr_info *info, size_t size, void *user)
{
    (void)size;
    paths *found = user;
    weir__caller caller = classify(info->dlpi_name);
    if ((caller == WEIR__CALLER_RDKAFKA || caller == WEIR__CALLER_ROCKSDB) &&
        found->count < sizeof found->list / sizeof *found->list) {
        found->list[found->count++] = strdup(info->dlpi_name);
    }
    return 0;
}

weir_err weir__libraries_check_loaded(weir_error *error)
{
    weir_err err = check_exported(error);
    paths found = {0};
    learn_ranges();
    dl_iterate_phdr(collect, &found);
    for (size_t i = 0; i < found.count; i++) {
        if (!err && found.list[i]) {
            err = weir_sim_check_library(found.list[i], error);
        }
        free(found.list[i]);
    }
    return err;
}
