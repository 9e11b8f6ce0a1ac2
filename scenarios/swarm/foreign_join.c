/* SPDX-License-Identifier: Apache-2.0
 *
 * Joins of two tables by a foreign key. Orders change their customers all the time, and customers
 * their names; the result is computed from the last values of both topics.
 *
 * An instance that crashes may have written a row to the changelog of the orders, and not what
 * follows from it. When the record is processed again the change is not seen as one: no customer is
 * told that the order has left, and a deletion would leave its result. So orders are never deleted,
 * and in an inner join each order always has a customer that is there. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "fixtures/orders.h"
#include "scenarios/swarm/workload.h"

#define STRINGS &weir_string, &weir_string
#define ORDERS_PARTITIONS 4
#define CUSTOMERS_PARTITIONS 3
#define ORDERS 30
#define CUSTOMERS 8
#define CUSTOMER_PART 3 /* one line of so many changes a customer, too */
#define DELETED_PART 4  /* and, in a left join, one of so many of these deletes it */
#define KEY_MAX 16
#define VALUE_MAX 40

typedef struct join_work {
    swarm_plan plan;
    weir_cluster *cluster;
    bool left;
    weir_input orders;
    weir_input customers;
    int customer_of[ORDERS]; /* now; -1: there is no such order yet */
    size_t order_line[ORDERS];
    size_t customer_line[CUSTOMERS]; /* of its present name */
    bool deleted[CUSTOMERS];
} join_work;

/* ---- Topologies ----------------------------------------------------------------------------- */

static weir_topology *topology(const weir_config *config, bool left, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_table orders = weir_table_source(b, "orders", "orders", STRINGS, NULL);
    weir_table customers = weir_table_source(b, "customers", "customers", STRINGS, NULL);
    const weir_store_opts opts = {.value = &weir_string, .node = "named"};
    const weir_foreign_joiner *fn = &fixture_by_customer;
    weir_table named = left ? weir_table_foreign_left_join(orders, customers, fn, "named", &opts)
                            : weir_table_foreign_join(orders, customers, fn, "named", &opts);
    weir_to(weir_to_stream(named, NULL), "named", NULL);
    return weir_build(b, config, error);
}

static weir_topology *inner_topology(const weir_config *config, weir_error *error)
{
    return topology(config, false, error);
}

static weir_topology *left_topology(const weir_config *config, weir_error *error)
{
    return topology(config, true, error);
}

/* ---- Input ---------------------------------------------------------------------------------- */

static void print_order(char out[VALUE_MAX], int customer, size_t line)
{
    snprintf(out, VALUE_MAX, "c%d:%zu", customer, line);
}

static void send_customer(join_work *work, int customer, size_t line, bool deleted)
{
    char key[KEY_MAX];
    char name[VALUE_MAX];
    snprintf(key, sizeof key, "c%d", customer);
    snprintf(name, sizeof name, "name%zu", line);
    weir_input_text(work->customers, key, deleted ? NULL : name);
    work->customer_line[customer] = line;
    work->deleted[customer] = deleted;
}

static void send_order(join_work *work, size_t line)
{
    char key[KEY_MAX];
    char value[VALUE_MAX];
    int order = (int)swarm_pick(&work->plan, ORDERS);
    int customer = (int)swarm_pick(&work->plan, CUSTOMERS);
    snprintf(key, sizeof key, "o%d", order);
    print_order(value, customer, line);
    weir_input_text(work->orders, key, value);
    work->customer_of[order] = customer;
    work->order_line[order] = line;
}

static void send(void *of, int burst)
{
    join_work *work = of;
    size_t to = swarm_burst_end(&work->plan, burst);
    for (size_t line = swarm_burst_end(&work->plan, burst - 1); line < to; line++) {
        if (line % CUSTOMER_PART == 0) {
            int customer = (int)swarm_pick(&work->plan, CUSTOMERS);
            bool deleted = work->left && swarm_pick(&work->plan, DELETED_PART) == 0;
            send_customer(work, customer, line, deleted);
        }
        send_order(work, line);
    }
}

/* ---- The run -------------------------------------------------------------------------------- */

static void *open_join(const swarm_plan *plan, weir_cluster *cluster, bool left)
{
    join_work *work = calloc(1, sizeof *work);
    if (work == NULL) {
        return NULL;
    }
    work->plan = *plan;
    work->cluster = cluster;
    work->left = left;
    work->orders = weir_cluster_input(cluster, "orders", ORDERS_PARTITIONS, STRINGS);
    work->customers = weir_cluster_input(cluster, "customers", CUSTOMERS_PARTITIONS, STRINGS);
    weir_cluster_topic_create(cluster, "named", ORDERS_PARTITIONS);
    for (int i = 0; i < ORDERS; i++) {
        work->customer_of[i] = -1;
    }
    for (int i = 0; i < CUSTOMERS; i++) {
        send_customer(work, i, 0, false);
    }
    return work;
}

static void *open_inner(const swarm_plan *plan, weir_cluster *cluster, weir_checker *checker)
{
    (void)checker;
    return open_join(plan, cluster, false);
}

static void *open_left(const swarm_plan *plan, weir_cluster *cluster, weir_checker *checker)
{
    (void)checker;
    return open_join(plan, cluster, true);
}

static weir_rows *expected_rows(const join_work *work)
{
    weir_rows *rows = weir_rows_new(work->cluster, STRINGS);
    for (int i = 0; i < ORDERS; i++) {
        int customer = work->customer_of[i];
        char key[KEY_MAX];
        char order[VALUE_MAX];
        char value[2 * VALUE_MAX];
        if (customer < 0) {
            continue;
        }
        snprintf(key, sizeof key, "o%d", i);
        print_order(order, customer, work->order_line[i]);
        if (work->deleted[customer]) {
            snprintf(value, sizeof value, "%s=nobody", order);
        } else {
            snprintf(value, sizeof value, "%s=name%zu", order, work->customer_line[customer]);
        }
        weir_rows_add(rows, weir_text(key), weir_text(value));
    }
    return rows;
}

static void compare(const join_work *work, const char *what, const weir_rows *actual,
                    const weir_rows *expected)
{
    const char *difference = weir_rows_table_difference(actual, expected);
    if (difference != NULL) {
        weir_cluster_fail(work->cluster, "%s:\n%s", what, difference);
    }
}

static void check(void *of)
{
    const join_work *work = of;
    const weir_rows *expected = expected_rows(work);
    weir_output named = weir_cluster_output(work->cluster, "named", STRINGS);
    compare(work, "the topic of results", weir_output_table(named), expected);
    weir_store_view store = weir_cluster_store(work->cluster, "named", STRINGS);
    compare(work, "the store of results", weir_store_view_all(store), expected);
}

const swarm_workload swarm_foreign_join = {
    .name = "foreign-key join",
    .topology = inner_topology,
    .open = open_inner,
    .close = free,
    .send = send,
    .check = check,
};

const swarm_workload swarm_foreign_left_join = {
    .name = "foreign-key left join",
    .topology = left_topology,
    .open = open_left,
    .close = free,
    .send = send,
    .check = check,
};
