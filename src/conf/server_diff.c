/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * server_diff: see server_diff.h. Values are compared as JSON, which the option tables make: a new option is compared
 * without a line here.
 */
#include "config.h"

#include "conf/server_diff.h"

#include "lib/base/secret.h"
#include "lib/base/text_buffer.h"

#include <stdlib.h>
#include <string.h>

/* ---- comparing ---- */

/* 1: the same; 0: not; -1: out of memory. */
static int is_same(const struct option_spec *spec, const void *from, const void *to) {
    json_t *before = option_value_json(spec, from), *after = option_value_json(spec, to);
    int result = before && after ? json_equal(before, after) : -1;
    json_decref(before);
    json_decref(after);
    return result;
}

static bool is_compared(const struct option_spec *spec) {
    return spec->kind != OPTION_TABLES && strcmp(spec->name, "include") != 0;
}

/* Names the options that differ; those that need a restart go to `kept`, if there is one. 0 or -1. */
static int compare(const struct option_table *table, const void *from, const void *to, struct strlist *changed,
                   struct strlist *kept) {
    for (size_t i = 0; i < table->count; i++) {
        const struct option_spec *spec = &table->specs[i];
        int same = is_compared(spec) ? is_same(spec, from, to) : 1;
        if (same < 0 || (!same && strlist_add(kept && spec->needs_restart ? kept : changed, spec->name)))
            return -1;
    }
    return 0;
}

static const struct service_config *find_service(const struct server_config *conf, const char *name) {
    for (size_t i = 0; i < conf->service_count; i++)
        if (strcmp(conf->services[i].name, name) == 0)
            return &conf->services[i];
    return NULL;
}

static int add_change(struct server_diff *diff, enum server_change_kind kind, const char *name,
                      struct strlist options) {
    struct server_change *services = realloc(diff->services, (diff->service_count + 1) * sizeof *services);
    char *copy = strdup(name);
    if (services)
        diff->services = services;
    if (!services || !copy) {
        free(copy);
        return -1;
    }
    services[diff->service_count++] = (struct server_change){.kind = kind, .name = copy, .options = options};
    return 0;
}

static bool is_same_text(const char *a, const char *b) {
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static int compare_service(struct server_diff *diff, const struct service_config *from,
                           const struct service_config *to) {
    struct strlist options = {NULL, 0};
    int result = compare(&service_option_table, from, to, &options, NULL);
    if (result == 0 && !is_same_text(from->publisher, to->publisher))
        result = strlist_add(&options, SERVER_DIFF_PUBLISHER);
    if (result == 0 && options.count)
        result = add_change(diff, SERVER_CHANGE_CHANGED, to->name, options);
    if (result || !options.count)
        strlist_done(&options);
    return result;
}

static int compare_services(struct server_diff *diff, const struct server_config *from,
                            const struct server_config *to) {
    const struct strlist none = {NULL, 0};
    for (size_t i = 0; i < to->service_count; i++) {
        const struct service_config *service = &to->services[i], *before = find_service(from, service->name);
        if (before ? compare_service(diff, before, service)
                   : add_change(diff, SERVER_CHANGE_ADDED, service->name, none))
            return -1;
    }
    for (size_t i = 0; i < from->service_count; i++)
        if (!find_service(to, from->services[i].name) &&
            add_change(diff, SERVER_CHANGE_REMOVED, from->services[i].name, none))
            return -1;
    return 0;
}

struct server_diff *server_diff_new(const struct server_config *from, const struct server_config *to,
                                    struct error *error) {
    struct server_diff *diff = calloc(1, sizeof *diff);
    if (diff && compare_services(diff, from, to) == 0 &&
        compare(&server_option_table, from, to, &diff->options, &diff->needs_restart) == 0)
        return diff;
    server_diff_free(diff);
    error_set(error, "out of memory");
    return NULL;
}

void server_diff_free(struct server_diff *diff) {
    if (!diff)
        return;
    for (size_t i = 0; i < diff->service_count; i++) {
        free(diff->services[i].name);
        strlist_done(&diff->services[i].options);
    }
    free(diff->services);
    strlist_done(&diff->options);
    strlist_done(&diff->needs_restart);
    free(diff);
}

bool server_diff_is_empty(const struct server_diff *diff) {
    return !diff->service_count && !diff->options.count && !diff->needs_restart.count;
}

const struct server_change *server_diff_find(const struct server_diff *diff, const char *name) {
    for (size_t i = 0; i < diff->service_count; i++)
        if (strcmp(diff->services[i].name, name) == 0)
            return &diff->services[i];
    return NULL;
}

bool server_diff_has(const struct server_diff *diff, const char *option) {
    return strlist_has(&diff->options, option);
}

/* ---- showing ---- */

static void add_service(struct text_buffer *text, const struct server_change *change) {
    static const char signs[] = {'+', '~', '-'};
    text_buffer_add(text, "%c service %s", signs[change->kind], change->name);
    for (size_t i = 0; i < change->options.count; i++)
        text_buffer_add(text, "%s%s", i ? ", " : ": ", change->options.items[i]);
    text_buffer_add(text, "\n");
}

char *server_diff_text(const struct server_diff *diff) {
    struct text_buffer text = {0};
    for (size_t i = 0; i < diff->service_count; i++)
        add_service(&text, &diff->services[i]);
    for (size_t i = 0; i < diff->options.count; i++)
        text_buffer_add(&text, "~ %s\n", diff->options.items[i]);
    for (size_t i = 0; i < diff->needs_restart.count; i++)
        text_buffer_add(&text, "! %s: stays as it is until munneld is started again\n", diff->needs_restart.items[i]);
    return text_buffer_take(&text);
}

/* ---- version ---- */

static int compare_names(const void *a, const void *b) {
    const json_t *first = *(json_t *const *)a, *second = *(json_t *const *)b;
    return strcmp(json_string_value(json_object_get(first, "name")),
                  json_string_value(json_object_get(second, "name")));
}

/* Where services are written is no difference. NULL: out of memory. */
static json_t *sort_services(const json_t *services) {
    size_t count = json_array_size(services), used = 0;
    json_t **items = calloc(count + 1, sizeof(json_t *)), *sorted = items ? json_array() : NULL, *service;
    size_t index;
    if (sorted) {
        json_array_foreach (services, index, service)
            items[used++] = service;
        qsort(items, count, sizeof(json_t *), compare_names);
        for (size_t i = 0; i < count && sorted; i++)
            if (json_array_append(sorted, items[i])) {
                json_decref(sorted);
                sorted = NULL;
            }
    }
    free(items);
    return sorted;
}

int server_config_version(const struct server_config *conf, char version[SERVER_VERSION_TEXT]) {
    uint8_t digest[SECRET_SIZE];
    json_t *json = option_json(&server_option_table, conf);
    json_t *services = json_object_get(json, "services");
    while (json_array_size(services) > conf->service_count - conf->published_count)
        (void)json_array_remove(services, json_array_size(services) - 1);
    int failed = json_object_set_new(json, "services", sort_services(services));
    (void)json_object_del(json, "include");
    char *text = failed ? NULL : json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
    int result = text ? secret_sha256(digest, text, strlen(text), "", 0) : -1;
    if (result == 0)
        secret_to_hex(digest, (SERVER_VERSION_TEXT - 1) / 2, version);
    json_decref(json);
    free(text);
    return result;
}
