/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * include: see include.h.
 */
#include "config.h"

#include "conf/include.h"

#include "conf/expand.h"
#include "conf/managed_file.h"
#include "lib/base/file.h"
#include "lib/base/path.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int include_note_file(struct server_config *conf, const struct config_file *file) {
    struct config_file *files = realloc(conf->files, (conf->file_count + 1) * sizeof *files);
    if (!files)
        return -1;
    conf->files = files;
    struct config_file *noted = &files[conf->file_count];
    *noted = *file;
    noted->path = strdup(file->path);
    if (!noted->path)
        return -1;
    noted->count = conf->service_count - file->first;
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

static int read_json(struct server_config *conf, json_t *json, bool is_managed, const struct option_place *place) {
    struct config_file file = {.path = (char *)(uintptr_t)place->file,
                               .first = conf->service_count,
                               .is_service = !json_object_get(json, "services")};
    if (file.is_service ? read_service(conf, json, place) : read_list(conf, json, place))
        return -1;
    file.is_managed =
        is_managed && file.is_service && managed_file_is_named(place->file, conf->services[file.first].name);
    return include_note_file(conf, &file) ? option_error(place, "out of memory") : 0;
}

static bool concerns(const struct config_edit *edit, const char *path) {
    return edit && strcmp(edit->path, path) == 0;
}

/* malloc'ed; NULL with an error. */
static char *read_text(const char *path, const struct config_edit *edit, size_t limit, size_t *length, bool *is_foreign,
                       struct error *error) {
    if (!concerns(edit, path))
        return file_read_included(path, limit, length, is_foreign, error);
    *length = strlen(edit->text);
    char *text = *length <= limit ? strdup(edit->text) : NULL;
    if (!text)
        error_set(error, *length > limit ? "%s: all included files together are too long" : "%s: out of memory", path);
    return text;
}

static int read_file(struct server_config *conf, const char *path, const struct config_edit *edit, size_t *left,
                     const struct option_place *top) {
    const struct option_place include = option_member(top, "include");
    struct option_place place = {.file = path,
                                 .beside = path,
                                 .error = top->error,
                                 .fault = top->fault,
                                 .expanded = conf->expanded,
                                 .value_files = &conf->value_files};
    json_t *written;
    size_t length;
    if (file_is_same(path, conf->path))
        return option_error(&include, "it names this file itself; keep files with services in a folder of their own");
    struct error detail = {""};
    char *text = read_text(path, edit, *left, &length, &place.is_foreign, &detail);
    if (!text)
        return option_error(&include, "%s", detail.text);
    *left -= length;
    bool is_managed = managed_file_is_unchanged(text, length);
    json_t *json = expand_parse(text, length, &place, &written);
    free(text);
    int result = json ? read_json(conf, json, is_managed, &place) : -1;
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

static bool is_included(const struct server_config *conf, const char *path) {
    for (size_t i = 0; i < conf->include.count; i++)
        if (path_matches(conf->include.items[i], path))
            return true;
    return false;
}

/* The last of all, so that it is at fault if it contradicts another. file_glob() has looked at its folder's rights only
 * if there was a file in it. */
static int read_edited(struct server_config *conf, const struct strlist *paths, const struct config_edit *edit,
                       size_t *left, const struct option_place *top) {
    const struct option_place place = option_member(top, "include");
    struct error detail = {""};
    if (paths->count >= INCLUDE_FILES_MAX && !strlist_has(paths, edit->path))
        return option_error(&place, "more than %d files; fewer are expected", INCLUDE_FILES_MAX);
    if (!is_included(conf, edit->path)) /* but by the configuration that runs */
        return option_error(&place, "it was changed, and does not read %s any more; put that pattern back", edit->path);
    if (file_check_folder(edit->path, &detail))
        return option_error(&place, "%s", detail.text);
    return read_file(conf, edit->path, edit, left, top);
}

int include_services(struct server_config *conf, const struct config_edit *edit, const struct option_place *top) {
    struct strlist paths = {NULL, 0};
    size_t left = INCLUDE_BYTES_MAX;
    int result = find_files(conf, &paths, top);
    for (size_t i = 0; i < paths.count && !result; i++)
        if (!concerns(edit, paths.items[i]))
            result = read_file(conf, paths.items[i], edit, &left, top);
    if (edit && edit->text && !result)
        result = read_edited(conf, &paths, edit, &left, top);
    strlist_done(&paths);
    return result;
}
