/* SPDX-License-Identifier: Apache-2.0
 *
 * The forms weir_x_placed of the driver's functions (weir/driver_places.h). They know the place of
 * the call, and check that its thread may make it. */
#include "cluster/cluster.h"

/* ---- The driver of a call ----------------------------------------------------------------- */

static weir__driver *of_cluster(const weir_cluster *cluster)
{
    return (weir__driver *)(uintptr_t)cluster;
}

static weir__driver *of_instance(const weir_instance *instance)
{
    return of_cluster(instance != NULL ? instance->cluster : weir__cluster_current());
}

static weir__driver *of_host(const weir_host *host)
{
    (void)host;
    return of_cluster(weir__cluster_current());
}

static weir__driver *of_input(weir_input input)
{
    return input.driver;
}

static weir__driver *of_output(weir_output output)
{
    return output.driver;
}

static weir__driver *of_view(weir_store_view view)
{
    return view.driver;
}

static weir__driver *of_rows(const weir_rows *rows)
{
    return rows != NULL ? rows->driver : NULL;
}

/* A row, or a synchronous driver, which belongs to whichever thread uses it. */
static weir__driver *of_none(const void *any)
{
    (void)any;
    return NULL;
}

#define ARGUMENTS(...) __VA_ARGS__
#define FIRST_OF(first, ...) first
#define FIRST(...) FIRST_OF(__VA_ARGS__, 0)
/* The driver of the first argument, in a call with these. */
#define DRIVER_OF(...)                                                                             \
    _Generic((FIRST(__VA_ARGS__)),                                                                 \
        weir_cluster *: of_cluster,                                                                \
        const weir_cluster *: of_cluster,                                                          \
        weir_instance *: of_instance,                                                              \
        const weir_instance *: of_instance,                                                        \
        weir_host *: of_host,                                                                      \
        weir_input: of_input,                                                                      \
        weir_output: of_output,                                                                    \
        weir_store_view: of_view,                                                                  \
        weir_rows *: of_rows,                                                                      \
        const weir_rows *: of_rows,                                                                \
        const weir_row *: of_none, \
        weir_isolated *: of_none, \
        const weir_isolated *: of_none, \
        weir_sync *: of_none,                                                                      \
        const weir_sync *: of_none)(FIRST(__VA_ARGS__))

/* ---- Functions ---------------------------------------------------------------------------- */

#define DEFINE_VALUE(result, function, arguments, ...)                                             \
    result function##_placed(__VA_ARGS__, const char *file, int line)                              \
    {                                                                                              \
        WEIR__AT_PLACE(file, line);                                                                \
        return weir__may_call(DRIVER_OF(ARGUMENTS arguments), #function) ? function arguments      \
                                                                         : (result){0};            \
    }
#define DEFINE_VOID(function, arguments, ...)                                                      \
    void function##_placed(__VA_ARGS__, const char *file, int line)                                \
    {                                                                                              \
        WEIR__AT_PLACE(file, line);                                                                \
        if (weir__may_call(DRIVER_OF(ARGUMENTS arguments), #function)) {                           \
            function arguments;                                                                    \
        }                                                                                          \
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
