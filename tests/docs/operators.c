/* SPDX-License-Identifier: Apache-2.0
 *
 * The code of docs/operators.md, built as one topology and run: each of its streams and tables has
 * a record, each of its topics and stores has one, too. */
#include <string.h>
#include <yyjson.h>

#include <weir/driver_cmocka.h>
#include <weir/driver_sync.h>
#include <weir/typed.h>

/* ---- The callbacks that the page names ---- */

static weir_err split_words(weir_ctx *ctx, const weir_record *in, void *user)
{
    (void)user;
    const weir_slice *line = in->value;
    const char *at = line->data;
    const char *end = at + line->len;
    weir_err err = WEIR_OK;
    while (err == WEIR_OK && at < end) {
        const char *blank = memchr(at, ' ', (size_t)(end - at));
        const char *word_end = blank != NULL ? blank : end;
        err = weir_emit_value(ctx, &(weir_slice){at, (size_t)(word_end - at)});
        at = word_end + 1;
    }
    return err;
}

static weir_err is_large(weir_ctx *ctx, const weir_record *in, bool *keep, void *user)
{
    (void)user;
    const weir_json_value *order = in->value;
    int64_t amount = 0;
    weir_err err = weir_json_i64(ctx, yyjson_obj_get(order->root, "amount"), &amount);
    *keep = amount > 100;
    return err;
}

static weir_err above_ten(weir_ctx *ctx, const weir_record *in, bool *keep, void *user)
{
    (void)ctx;
    (void)user;
    *keep = *(const int64_t *)in->value > 10;
    return WEIR_OK;
}

static weir_slice text_of(const void *json, const char *member)
{
    return weir_slice_of(
        yyjson_get_str(yyjson_obj_get(((const weir_json_value *)json)->root, member)));
}

static weir_err city_of(weir_ctx *ctx, const weir_record *in, void *key, void *value, void *user)
{
    (void)ctx;
    (void)user;
    *(weir_slice *)key = text_of(in->value, "city");
    *(weir_json_value *)value = *(const weir_json_value *)in->value;
    return WEIR_OK;
}

static weir_err product_of(weir_ctx *ctx, const weir_record *in, void *key, void *user)
{
    (void)ctx;
    (void)user;
    *(weir_slice *)key = text_of(in->value, "product");
    return WEIR_OK;
}

static weir_err no_activity(weir_ctx *ctx, void *out, void *user)
{
    (void)user;
    weir_out_null(ctx, out);
    return WEIR_OK;
}

/* The aggregate is the newest value. */
static weir_err newest(weir_ctx *ctx, const weir_record *in, const void *aggregate, void *out,
                       void *user)
{
    (void)ctx;
    (void)aggregate;
    (void)user;
    *(weir_json_value *)out = *(const weir_json_value *)in->value;
    return WEIR_OK;
}
static const weir_aggregator_fn add_order = newest;
static const weir_aggregator_fn add_visit = newest;

/* The result is the left value; null if there is no right one. */
static weir_err left_value(weir_ctx *ctx, const void *key, const void *left, const void *right,
                           void *out, void *user)
{
    (void)key;
    (void)user;
    if (right == NULL) {
        weir_out_null(ctx, out);
    } else {
        *(weir_json_value *)out = *(const weir_json_value *)left;
    }
    return WEIR_OK;
}
static const weir_joiner_fn add_view = left_value;
static const weir_joiner_fn add_latest_order = left_value;
static const weir_joiner_fn add_user = left_value;
static const weir_joiner_fn add_price = left_value;
static const weir_joiner_fn convert = left_value;

static weir_err parse_price(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    int64_t cents = 0;
    const weir_json_value *price = in->value;
    weir_err err = weir_json_i64(ctx, yyjson_obj_get(price->root, "cents"), &cents);
    return err == WEIR_OK
               ? weir_kv_put(weir_store(ctx, "prices"), in->key, &cents, in->timestamp_ms)
               : err;
}
static const weir_processor_ops parse_prices = {.name = "parse-prices", .process = parse_price};

/* ---- What is to be seen ---- */

#define DAY_MS ((int64_t)24 * 3600 * 1000)
#define THINGS_MAX ((size_t)100)
typedef enum thing_kind { HANDLE, TOPIC, STORE } thing_kind;
typedef struct thing {
    thing_kind kind;
    const char *name;
    size_t records; /* with a value, of a handle */
} thing;
typedef struct things {
    thing items[THINGS_MAX];
    size_t count;
} things;

static thing *add_thing(things *all, thing_kind kind, const char *name)
{
    assert_true(all->count < THINGS_MAX);
    all->items[all->count] = (thing){kind, name, 0};
    return &all->items[all->count++];
}

static weir_err count_record(weir_ctx *ctx, const weir_record *in, void *user)
{
    (void)ctx;
    ((thing *)user)->records += in->value != NULL;
    return WEIR_OK;
}

#define SEE_STREAM(handle)                                                                         \
    weir_for_each(handle, count_record, add_thing(all, HANDLE, #handle), NULL)
#define SEE_TABLE(handle)                                                                          \
    weir_for_each(weir_to_stream(handle, NULL), count_record, add_thing(all, HANDLE, #handle), NULL)
#define SEE_TOPIC(name) add_thing(all, TOPIC, name)
#define SEE_STORE(name) add_thing(all, STORE, name)

static weir_topology *topology_of_the_page(const weir_config *config, weir_error *error, void *all)
{
    weir_builder *b = weir_builder_new();
    /* Inputs that the page names and does not make. */
    weir_stream clicks = weir_source(b, "clicks", &weir_string, &weir_json, NULL);
    weir_stream views = weir_source(b, "views", &weir_string, &weir_json, NULL);
    weir_stream visits = weir_source(b, "visits", &weir_string, &weir_json, NULL);
    weir_table products =
        weir_table_source(b, "products", "products", &weir_string, &weir_json, NULL);
    weir_table prices = weir_table_source(
        b, "price-changes", "price-changes", &weir_string, &weir_json,
        &(weir_store_opts){.history = &(weir_history){.retention_ms = 7 * DAY_MS}});
#include "operators.inc"
    return weir_build(b, config, error);
}

static void send_to_each_input(weir_sync *sync, int64_t at_ms)
{
    static const char *const records[][3] = {
        {"users", "k", "{\"city\":\"Bern\"}"},
        {"products", "p", "{\"name\":\"pen\"}"},
        {"price-list", "p", "{\"cents\":150}"},
        {"price-changes", "k", "{\"cents\":150}"},
        {"views", "k", "{}"},
        {"clicks", "k", "{}"},
        {"visits", "k", "{}"},
        {"lines", "k", "a b c d e f g h i j k l"},
        {"orders", "k", "{\"product\":\"p\",\"amount\":5}"},
        {"orders", "k", "{\"product\":\"p\",\"amount\":500}"},
    };
    weir_input rates = weir_sync_input(sync, "rates", &weir_string, &weir_f64);
    weir_slice key = weir_slice_of("k");
    weir_input_set_time(rates, at_ms, 0);
    weir_input_pipe(rates, &key, &(double){1.5});
    for (size_t i = 0; i < sizeof records / sizeof records[0]; i++) {
        weir_input input = weir_sync_input(sync, records[i][0], &weir_string, &weir_string);
        weir_input_set_time(input, at_ms, 0);
        weir_input_text(input, records[i][1], records[i][2]);
    }
}

static void each_example_has_a_record(void **state)
{
    (void)state;
    things all = {0};
    weir_sync *sync = weir_sync_new(NULL,
                                    &(weir_sync_opts){.build = topology_of_the_page,
                                                      .build_user = &all,
                                                      .on_failure = weir_cmocka_failure},
                                    NULL);
    /* What was waited for on one day, the end of a window or of a grace, has come on the next. */
    for (int64_t day = 0; day < 3; day++) {
        send_to_each_input(sync, WEIR_SYNC_START_MS + day * DAY_MS);
    }
    for (size_t i = 0; i < all.count; i++) {
        const thing *it = &all.items[i];
        size_t records = it->records;
        if (it->kind == TOPIC) {
            records = weir_output_size(weir_sync_output(sync, it->name, &weir_bytes, &weir_bytes));
        } else if (it->kind == STORE) {
            records =
                weir_store_view_size(weir_sync_store(sync, it->name, &weir_bytes, &weir_bytes));
        }
        if (records == 0) {
            fail_msg("nothing came to '%s' of docs/operators.md", it->name);
        }
    }
    weir_sync_free(sync);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_example_has_a_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
