/* SPDX-License-Identifier: Apache-2.0
 *
 * Backtraces of threads that crash. Callbacks are usually static functions, which dladdr does not
 * know, so their names are read from the symbol table of the program's file. */
#include <dlfcn.h>
#include <elf.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/ucontext.h>
#include <unistd.h>

#include "sim/engine.h"
#include "sim/libraries.h"

#define HANDLER_FRAMES_MAX 32 /* between a signal handler and the function it interrupted */

void *weir__context_pc(void *context)
{
    const ucontext_t *at = context;
#if defined(__x86_64__)
    return (void *)at->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
    return (void *)at->uc_mcontext.pc;
#else
    (void)at;
    return NULL;
#endif
}

uintptr_t weir__context_sp(void *context)
{
    const ucontext_t *at = context;
#if defined(__x86_64__)
    return (uintptr_t)at->uc_mcontext.gregs[REG_RSP];
#elif defined(__aarch64__)
    return (uintptr_t)at->uc_mcontext.sp;
#else
    (void)at;
    return 0;
#endif
}

void weir__backtrace_prepare(void)
{
    void *frames[4];
    backtrace(frames, 4); /* loads libgcc_s at its first call */
}

size_t weir__backtrace(void *pc, void **frames)
{
    void *all[WEIR__FRAMES_MAX + HANDLER_FRAMES_MAX];
    int count = backtrace(all, WEIR__FRAMES_MAX + HANDLER_FRAMES_MAX);
    int from = 0;
    while (from < count && all[from] != pc) {
        from++;
    }
    if (from >= count) { /* the unwinder stopped before that frame */
        frames[0] = pc;
        return 1;
    }
    size_t kept = 0;
    while (from < count && kept < WEIR__FRAMES_MAX) {
        frames[kept++] = all[from++];
    }
    return kept;
}

/* ---- Names ---- */

/* The program's file, mapped, and its symbols. */
typedef struct symbols {
    const uint8_t *file;
    size_t size;
    const ElfW(Sym) * list;
    size_t count;
    const char *names;
    size_t names_size;
} symbols;

static const void *inside(const symbols *from, uint64_t offset, uint64_t size)
{
    return offset <= from->size && size <= from->size - offset ? from->file + offset : NULL;
}

static void find_table(symbols *all)
{
    const ElfW(Ehdr) *header = inside(all, 0, sizeof *header);
    if (!header || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0) {
        return;
    }
    const ElfW(Shdr) *sections =
        inside(all, header->e_shoff, (uint64_t)header->e_shnum * sizeof *sections);
    for (unsigned i = 0; sections && i < header->e_shnum; i++) {
        const ElfW(Shdr) *table = &sections[i];
        if (table->sh_type != SHT_SYMTAB || table->sh_link >= header->e_shnum) {
            continue;
        }
        const ElfW(Shdr) *strings = &sections[table->sh_link];
        all->list = inside(all, table->sh_offset, table->sh_size);
        all->names = inside(all, strings->sh_offset, strings->sh_size);
        all->count = all->list && all->names ? table->sh_size / sizeof *all->list : 0;
        all->names_size = strings->sh_size;
    }
}

static void open_symbols(symbols *all)
{
    struct stat status;
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    *all = (symbols){0};
    if (fd < 0) {
        return;
    }
    if (fstat(fd, &status) == 0) {
        void *file = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (file != MAP_FAILED) {
            all->file = file;
            all->size = (size_t)status.st_size;
            find_table(all);
        }
    }
    close(fd);
}

static void close_symbols(symbols *all)
{
    if (all->file) {
        munmap((void *)(uintptr_t)all->file, all->size);
    }
}

/* The name of the function at the address `at` of the file; NULL: there is none. */
static const char *find_name(const symbols *all, uintptr_t at, uintptr_t *begin)
{
    for (size_t i = 0; i < all->count; i++) {
        const ElfW(Sym) *symbol = &all->list[i];
        if (ELF64_ST_TYPE(symbol->st_info) == STT_FUNC && at >= symbol->st_value &&
            at - symbol->st_value < symbol->st_size && symbol->st_name < all->names_size) {
            *begin = symbol->st_value;
            return all->names + symbol->st_name;
        }
    }
    return NULL;
}

typedef struct program {
    uintptr_t base;
    bool known;
} program;

static int take_first(struct dl_phdr_info *info, size_t size, void *user)
{
    (void)size;
    *(program *)user = (program){info->dlpi_addr, true};
    return 1; /* the first one is the program */
}

/* A return address is behind the call, which may be the last instruction of its function. */
static void print_frame(const symbols *all, const program *own, size_t number, uintptr_t at)
{
    Dl_info info = {0};
    uintptr_t call = number > 0 ? at - 1 : at;
    uintptr_t begin = 0;
    const char *name = NULL;
    bool known = at != 0 && dladdr((void *)call, &info) != 0;
    if (known && own->known && (uintptr_t)info.dli_fbase == own->base) {
        name = find_name(all, call - own->base, &begin);
        begin += own->base;
    } else if (own->known && own->base == 0) { /* not position independent */
        name = find_name(all, call, &begin);
    }
    if (!name && known && info.dli_sname) {
        name = info.dli_sname;
        begin = (uintptr_t)info.dli_saddr;
    }
    const char *file = known && info.dli_fname ? info.dli_fname : "?";
    const char *slash = strrchr(file, '/');
    file = slash ? slash + 1 : file;
    if (name) {
        weir_sim_print("  #%-2zu %#lx %s+%#lx (%s)\n", number, (unsigned long)at, name,
                       (unsigned long)(at - begin), file);
    } else {
        weir_sim_print("  #%-2zu %#lx (%s+%#lx)\n", number, (unsigned long)at, file,
                       (unsigned long)(known ? at - (uintptr_t)info.dli_fbase : 0));
    }
}

/* Prints a command that shows the source lines, which need a reader of debug information. */
static void print_command(const program *own, void *const *frames, size_t count)
{
    char path[512];
    ssize_t len = readlink("/proc/self/exe", path, sizeof path - 1);
    if (len <= 0 || !own->known) {
        return;
    }
    path[len] = '\0';
    weir_sim_print("  lines of the program: addr2line -Cfpie '%s'", path);
    for (size_t i = 0; i < count; i++) {
        uintptr_t call = (uintptr_t)frames[i] - (i > 0);
        if (call && weir__caller_of((void *)call) == WEIR__CALLER_PROGRAM) {
            weir_sim_print(" %#lx", (unsigned long)(call - own->base));
        }
    }
    weir_sim_print("\n");
}

void weir_sim_print_frames(void *const *frames, size_t count)
{
    symbols all;
    program own = {0};
    dl_iterate_phdr(take_first, &own);
    open_symbols(&all);
    for (size_t i = 0; i < count; i++) {
        print_frame(&all, &own, i, (uintptr_t)frames[i]);
    }
    close_symbols(&all);
    if (count > 0) {
        print_command(&own, frames, count);
    }
}

bool weir__backtrace_allocates(void *const *frames, size_t count)
{
    static const char *const names[] = {"malloc",         "free",          "cfree",
                                        "calloc",         "realloc",       "memalign",
                                        "posix_memalign", "aligned_alloc", "malloc_trim"};
    for (size_t i = 0; i < count; i++) {
        Dl_info info;
        if (!frames[i] || !dladdr((char *)frames[i] - (i > 0), &info) || !info.dli_sname) {
            continue;
        }
        const char *name = info.dli_sname;
        name += strncmp(name, "__libc_", 7) == 0 ? 7 : 0; /* glibc's own alias */
        for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
            if (strcmp(name, names[k]) == 0) {
                return true;
            }
        }
    }
    return false;
}
