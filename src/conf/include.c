/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * include: see include.h.
 */
#include "config.h"

#include "conf/include.h"

#include "conf/expand.h"
#include "lib/base/file.h"

#include <stdlib.h>
#include <string.h>

int include_note_file(struct server_config *conf, const char *path, size_t first, bool is_service) {
    struct config_file *files = realloc(conf->files, (conf->file_count + 1) * sizeof *files);
    if (!files)
        return -1;
    conf->files = files;
    struct config_file *file = &files[conf->file_count];
    *file = (struct config_file){.path = strdup(path), .first = first, .is_service = is_service};
    if (!file->path)
        return -1;
    file->count = conf->service_count - first;
    conf->file_count++;
    return 0;
}

static const struct option_spec *services_spec(void) {
    return option_find(&server_option_table, "services");
}

static int read_service(struct server_config *conf, json_t *object, const struct option_place *place) {
    void *service = option_add_element(services_spec(), conf, place);
    return service ? option_read(&service_option_table, service, object, place) : -1;
}

static int read_list(struct server_config *conf, json_t *json, const struct option_place *place) {
    const char *key;
    json_t *value;
    json_object_foreach (json, key, value) {
        const struct option_place inner = option_member(place, key);
        if (strcmp(key, "services") != 0)
            return option_error(&inner, "an included file has nothing but \"services\"; write it in %s", conf->path);
        if (!json_is_array(value))
            return option_error(&inner, "write a list [{...}, {...}]");
    }
    const struct option_place list = option_member(place, "services");
    json_t *services = json_object_get(json, "services");
    for (size_t i = 0; i < json_array_size(services); i++) {
        const struct option_place inner = option_element(&list, i);
        if (!json_is_object(json_array_get(services, i)))
            return option_error(&inner, "write an object {...}");
        if (read_service(conf, json_array_get(services, i), &inner))
            return -1;
    }
    return 0;
}

static int read_json(struct server_config *conf, json_t *json, const struct option_place *place) {
    size_t first = conf->service_count;
    bool is_service = !json_object_get(json, "services");
    int failed = is_service ? read_service(conf, json, place) : read_list(conf, json, place);
    if (failed)
        return -1;
    return include_note_file(conf, place->file, first, is_service) ? option_error(place, "out of memory") : 0;
}

static int read_file(struct server_config *conf, const char *path, size_t *left, const struct option_place *top) {
    const struct option_place include = option_member(top, "include");
    struct option_place place = {.file = path, .beside = path, .error = top->error, .fault = top->fault};
    json_t *written;
    size_t length;
    if (file_is_same(path, conf->path))
        return option_error(&include, "it names this file itself; keep files with services in a folder of their own");
    struct error detail = {""};
    char *text = file_read_trusted(path, *left, &length, &detail);
    if (!text)
        return option_error(&include, "%s", detail.text);
    *left -= length;
    json_t *json = expand_parse(text, length, &place, &written);
    free(text);
    int result = json ? read_json(conf, json, &place) : -1;
    json_decref(written);
    json_decref(json);
    return result;
}

static int find_files(const struct server_config *conf, struct strlist *paths, const struct option_place *top) {
    struct error detail = {""};
    const struct option_place place = option_member(top, "include");
    for (size_t i = 0; i < conf->include.count; i++)
        if (file_glob(conf->include.items[i], INCLUDE_FILES_MAX, paths, &detail))
            return option_error(&place, "%s", detail.text);
    return 0;
}

int include_services(struct server_config *conf, const struct option_place *top) {
    struct strlist paths = {NULL, 0};
    size_t left = INCLUDE_BYTES_MAX;
    int result = find_files(conf, &paths, top);
    for (size_t i = 0; i < paths.count && !result; i++)
        result = read_file(conf, paths.items[i], &left, top);
    strlist_done(&paths);
    return result;
}
