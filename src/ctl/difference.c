/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * difference: see difference.h.
 */
#include "config.h"

#include "ctl/difference.h"

#include "ctl/answer.h"
#include "lib/display/table.h"

#include <stdlib.h>
#include <string.h>

/* Without the quotes of a text; lists with commas. malloc'ed; NULL: out of memory. */
static char *value_text(const json_t *value) {
    if (!value || json_is_null(value))
        return strdup("nothing");
    if (json_is_string(value))
        return strdup(*json_string_value(value) ? json_string_value(value) : "\"\"");
    if (json_is_array(value) && json_array_size(value) > 0 && json_is_string(json_array_get(value, 0))) {
        json_t *object = json_pack("{s:O}", "list", value);
        char *text = object ? answer_list(object, "list") : NULL;
        json_decref(object);
        return text;
    }
    return json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
}

static void add_row(struct table *table, const char *mark, enum tone tone, const char *what, const char *change) {
    table_add(table, tone, mark);
    table_add(table, tone, what);
    table_add(table, TONE_PLAIN, change);
}

/* "listen  :2222 -> :2223" of a service, or of the whole if `service` is NULL. */
static void add_field(struct table *table, const char *service, const json_t *field) {
    char *from = value_text(json_object_get(field, "from")), *to = value_text(json_object_get(field, "to"));
    char what[192], change[1024];

    if (from && to) {
        snprintf(what, sizeof what, "%s%s%s%s", service ? "service " : "", service ? service : "", service ? " " : "",
                 answer_text(field, "name", "?"));
        snprintf(change, sizeof change, "%.500s -> %.500s", from, to);
        add_row(table, "~", TONE_WARN, what, change);
    } else {
        table->lacks_memory = true;
    }
    free(from);
    free(to);
}

static void add_names(struct table *table, const json_t *names, const char *mark, enum tone tone, const char *prefix,
                      const char *change) {
    const json_t *name;
    size_t i;

    json_array_foreach (names, i, name) {
        char what[192];
        snprintf(what, sizeof what, "%s%s", prefix, json_is_string(name) ? json_string_value(name) : "?");
        add_row(table, mark, tone, what, change);
    }
}

static void add_changed(struct table *table, const json_t *services) {
    const json_t *service, *field;
    size_t i, k;

    json_array_foreach (services, i, service) {
        const json_t *fields = answer_at(service, "fields");
        json_array_foreach (fields, k, field)
            add_field(table, answer_text(service, "service", "?"), field);
    }
}

int difference_print(const struct display *display, const json_t *difference, struct error *error) {
    static const struct table_column columns[] = {{.is_whole = true}, {.is_whole = true}, {.title = NULL}};
    struct table table = table_begin(columns, sizeof columns / sizeof *columns);
    const json_t *options = answer_at(difference, "options"), *option;
    int result = 0;
    size_t i;

    add_names(&table, answer_at(difference, "added"), "+", TONE_GOOD, "service ", "is new");
    add_changed(&table, answer_at(difference, "changed"));
    json_array_foreach (options, i, option)
        add_field(&table, NULL, option);
    add_names(&table, answer_at(difference, "removed"), "-", TONE_BAD, "service ",
              "takes no more clients; its relays finish");
    add_names(&table, answer_at(difference, "needs_restart"), "!", TONE_DIM, "",
              "stays as it is until munneld is started again");
    if (table.count == 0 && !table.lacks_memory)
        fprintf(display->file, "Nothing is different.\n");
    else if (table_print(&table, display) != 0)
        result = error_set(error, "out of memory");
    table_done(&table);
    return result;
}
