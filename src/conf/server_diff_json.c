/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * server_diff_json: a difference for programs; see server_diff.h.
 */
#include "config.h"

#include "conf/server_diff.h"

#include <string.h>

/* Takes over both; an array that is incomplete becomes NULL. */
static json_t *append(json_t *array, json_t *item) {
    if (array && json_array_append_new(array, item) == 0)
        return array;
    json_decref(array);
    return NULL;
}

static json_t *list_json(const struct strlist *list) {
    json_t *json = json_array();
    for (size_t i = 0; i < list->count; i++)
        json = append(json, json_string(list->items[i]));
    return json;
}

/* Takes over both values. */
static json_t *field_json(const char *name, json_t *from, json_t *to) {
    return json_pack("{s:s, s:o, s:o}", "name", name, "from", from, "to", to);
}

static size_t find_service(const struct server_config *conf, const char *name) {
    size_t i = 0;
    while (i < conf->service_count && strcmp(conf->services[i].name, name) != 0)
        i++;
    return i;
}

static json_t *change_json(const struct server_change *change, const struct server_config *from,
                           const struct server_config *to) {
    size_t before = find_service(from, change->name), after = find_service(to, change->name);
    json_t *fields = json_array();
    for (size_t i = 0; i < change->options.count; i++) {
        const struct option_spec *spec = option_find(&service_option_table, change->options.items[i]);
        if (!spec) /* SERVER_DIFF_PUBLISHER: nobody can write it */
            continue;
        fields = append(fields, field_json(spec->name, server_config_service_value(from, before, spec),
                                           server_config_service_value(to, after, spec)));
    }
    return json_pack("{s:s, s:o}", "service", change->name, "fields", fields);
}

static json_t *names_json(const struct server_diff *diff, enum server_change_kind kind) {
    json_t *names = json_array();
    for (size_t i = 0; i < diff->service_count; i++)
        if (diff->services[i].kind == kind)
            names = append(names, json_string(diff->services[i].name));
    return names;
}

static json_t *changes_json(const struct server_diff *diff, const struct server_config *from,
                            const struct server_config *to) {
    json_t *changes = json_array();
    for (size_t i = 0; i < diff->service_count; i++)
        if (diff->services[i].kind == SERVER_CHANGE_CHANGED)
            changes = append(changes, change_json(&diff->services[i], from, to));
    return changes;
}

static json_t *add_options(json_t *options, const struct strlist *names, const struct server_config *from,
                           const struct server_config *to) {
    for (size_t i = 0; i < names->count; i++) {
        const struct option_spec *spec = option_find(&server_option_table, names->items[i]);
        options =
            append(options, field_json(spec->name, server_config_value(from, spec), server_config_value(to, spec)));
    }
    return options;
}

json_t *server_diff_json(const struct server_diff *diff, const struct server_config *from,
                         const struct server_config *to, const struct strlist *needs_restart) {
    json_t *options = add_options(json_array(), &diff->options, from, to);
    return json_pack("{s:o, s:o, s:o, s:o, s:o}", "added", names_json(diff, SERVER_CHANGE_ADDED), "changed",
                     changes_json(diff, from, to), "removed", names_json(diff, SERVER_CHANGE_REMOVED), "options",
                     add_options(options, &diff->needs_restart, from, to), "needs_restart", list_json(needs_restart));
}
