/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of settings as a page: docs/config.md. */
#include <inttypes.h>

#include "core/java_settings.h"
#include "core/settings.h"

static void put_allowed(weir_buf *out, const weir__setting *setting)
{
    switch (setting->kind) {
    case WEIR__SETTING_TEXT:
        weir__buf_put_text(out, "text");
        break;
    case WEIR__SETTING_SERDE:
        weir__buf_put_text(out, "name of a serde");
        break;
    case WEIR__SETTING_I64:
        if (setting->max == INT64_MAX) {
            weir__buf_printf(out, "number, at least %" PRId64, setting->min);
        } else {
            weir__buf_printf(out, "%" PRId64 " to %" PRId64 "%s", setting->min, setting->max,
                             setting->capped != NULL ? "; a greater number becomes that" : "");
        }
        break;
    case WEIR__SETTING_CHOICE:
        for (size_t i = 0; i < WEIR__CHOICES_MAX && setting->choices[i].value != NULL; i++) {
            const weir__choice *choice = &setting->choices[i];
            if (choice->instead != NULL) {
                continue;
            }
            weir__buf_printf(out, "%s`%s`", i > 0 ? ", " : "", choice->value);
            if (choice->java != NULL) {
                weir__buf_printf(out, " (`%s`)", choice->java);
            }
        }
        if (setting->resets) {
            weir__buf_put_text(out, ", `by_duration:PT1H` (any ISO 8601 duration)");
        }
        if (setting->list) {
            weir__buf_put_text(out, "; several behind the first two, separated by commas");
        }
        break;
    }
}

weir_err weir__settings_markdown(weir_buf *out)
{
    weir__buf_put_text(
        out, "# Settings\n\n"
             "`weir_config_set` sets one; `weir_config_load` reads a Java properties file. "
             "Names, units and defaults are\nthose of Kafka Streams where it "
             "has the setting; the names of its classes (in brackets) are "
             "taken too.\n"
             "This file is checked against the table in "
             "`runtime/core/settings.c` by a test.\n\n"
             "| name | default | allowed | what it does |\n|---|---|---|---|\n");
    const weir__setting *setting;
    for (size_t i = 0; (setting = weir__setting_at(i)) != NULL; i++) {
        const char *quote = setting->fallback != NULL ? "`" : "";
        weir__buf_printf(out, "| `%s` | %s%s%s", setting->name, quote,
                         setting->fallback != NULL ? setting->fallback : "", quote);
        if (setting->exactly_once != NULL) {
            weir__buf_printf(out, ", exactly once `%s`", setting->exactly_once);
        }
        weir__buf_put_text(out, " | ");
        put_allowed(out, setting);
        weir__buf_printf(out, " | %s |\n", setting->doc);
    }
    weir__buf_put_text(out,
                       "\nThe first record that a node drops for a reason is logged with topic, "
                       "partition and offset. Further\nones are counted: "
                       "`weir_app_dropped_records` returns the counts. Records are dropped by "
                       "`continue` of\na handler, and by operators (a table drops a record "
                       "without a key, for example).\n");
    weir__buf_put_text(out, "\n## Settings of librdkafka and of the program\n\n"
                            "A setting of librdkafka (see its `CONFIGURATION.md`) is "
                            "written with a prefix:\n\n"
                            "| prefix | goes to |\n|---|---|\n");
    for (const weir__setting_prefix *of = weir__setting_prefixes; of->prefix != NULL; of++) {
        weir__buf_printf(out, "| `%s` | %s |\n", of->prefix, of->doc);
    }
    weir__buf_put_text(
        out, "\nThey win over Weir's own defaults (`runtime/client/conf.c`). Of these, two "
             "limit the memory of a main\nconsumer: `queued.min.messages` is 500,000 "
             "(the number of records fetched ahead; each needs about\n300 bytes and "
             "its own bytes), and `fetch.message.max.bytes` is 262,144 (of a partition "
             "in one Fetch;\na greater value is better for brokers far away).\n");
    weir__buf_put_text(
        out, "\nWeir sets these settings itself and refuses them, with a prefix or without:\n\n");
    for (const weir__reserved_setting *of = weir__reserved_settings; of->name != NULL; of++) {
        const char *accepts = of->accepts;
        weir__buf_printf(out, "- `%s`: %s%s%s%s\n", of->name, of->why,
                         accepts != NULL ? " (taken: `" : "", accepts != NULL ? accepts : "",
                         accepts != NULL ? "`)" : "");
    }
    return weir__java_settings_markdown(out);
}
