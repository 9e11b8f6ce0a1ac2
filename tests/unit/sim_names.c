/* SPDX-License-Identifier: Apache-2.0
 *
 * Names of threads as debuggers show them: those that the kernel has. */
#include <dirent.h>

#include "unit/support/sim.h"

/* How many OS threads of the process have that name. */
static int threads_named(const char *name)
{
    char path[300];
    char line[32];
    int count = 0;
    DIR *tasks = opendir("/proc/self/task");
    assert_non_null(tasks);
    for (struct dirent *entry; (entry = readdir(tasks)) != NULL;) {
        snprintf(path, sizeof path, "/proc/self/task/%s/comm", entry->d_name);
        FILE *comm = fopen(path, "r");
        if (comm != NULL) {
            if (fgets(line, sizeof line, comm) != NULL) {
                line[strcspn(line, "\n")] = '\0';
                count += strcmp(line, name) == 0;
            }
            fclose(comm);
        }
    }
    closedir(tasks);
    return count;
}

static void *named_by_itself(void *arg)
{
    (void)arg;
    pthread_setname_np(pthread_self(), "by-itself");
    weir_sim_sleep_us(2 * SECOND);
    return NULL;
}

static void named_by_its_host(void *arg)
{
    (void)arg;
    weir_sim_sleep_us(2 * SECOND);
}

static void threads_with_an_os_thread_of_their_own_show_their_names(void **state)
{
    (void)state;
    start((weir_sim_opts){.seed = 1, .backend = WEIR_SIM_THREADS});
    pthread_t thread = spawn(named_by_itself, NULL);
    weir_host *north = weir_sim_host_new("north");
    assert_int_equal(
        weir_sim_host_run(north, "a-name-that-the-kernel-cuts", named_by_its_host, NULL), WEIR_OK);
    weir_sim_sleep_us(SECOND);
    assert_int_equal(threads_named("by-itself"), 1);
    assert_int_equal(threads_named("a-name-that-the"), 1);
    join(thread);
    weir_sim_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_with_an_os_thread_of_their_own_show_their_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
