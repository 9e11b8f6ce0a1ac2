/* SPDX-License-Identifier: Apache-2.0
 *
 * The forms weir_x_placed of the driver's functions (weir/driver_places.h). */
#include "cluster/cluster.h"

#define DEFINE_VALUE(result, function, arguments, ...)                                             \
    result function##_placed(__VA_ARGS__, const char *file, int line)                              \
    {                                                                                              \
        WEIR__AT_PLACE(file, line);                                                                \
        return function arguments;                                                                 \
    }
#define DEFINE_VOID(function, arguments, ...)                                                      \
    void function##_placed(__VA_ARGS__, const char *file, int line)                                \
    {                                                                                              \
        WEIR__AT_PLACE(file, line);                                                                \
        function arguments;                                                                        \
    }
WEIR__PLACED_FUNCTIONS(DEFINE_VALUE, DEFINE_VOID)

void weir_cluster_branch_end_placed(weir_cluster *cluster, int status, const char *file, int line)
{
    weir__place_enter(file, line);
    weir_cluster_branch_end(cluster, status);
}

void weir_cluster_trace_placed(weir_cluster *cluster, const char *kind, const char *file, int line,
                               const char *format, ...)
{
    WEIR__AT_PLACE(file, line);
    va_list args;
    va_start(args, format);
    weir__cluster_vtrace(cluster, kind, format, args);
    va_end(args);
}
