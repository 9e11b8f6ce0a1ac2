/* SPDX-License-Identifier: Apache-2.0
 *
 * A test with a branch, built for coverage by `check`, which looks at what gcov counted. */
#include <stdio.h>
#include <sys/types.h>
#include <sys/wait.h>

#include <weir/driver.h>

static int lines;

int main(void)
{
    weir_error error;
    weir_cluster *cluster = weir_cluster_new(&(weir_cluster_opts){.branches = true}, &error);
    if (cluster == NULL) {
        fprintf(stderr, "%s\n", error.message);
        return 1;
    }
    lines++; /* in the run */
    int child = weir_cluster_branch(cluster, 0, &error);
    if (child == 0) {
        lines++; /* in the branch */
        weir_cluster_branch_end(cluster, lines == 2 ? 0 : 1);
    }
    int status = -1;
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
        fprintf(stderr, "the branch failed: %s\n", child < 0 ? error.message : "see above");
        return 1;
    }
    weir_cluster_free(cluster);
    return 0;
}
