/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * key_file: see key_file.h.
 */
#include "config.h"

#include "conf/key_file.h"

#include "conf/validators.h"
#include "lib/base/file.h"
#include "lib/base/json.h"

#include <stdlib.h>
#include <string.h>

enum { FILE_MOST = 1 << 20, FILE_MODE = 0600 };

/* ---- entries ---- */

static void entry_done(struct key_entry *entry) {
    secret_wipe(entry->keys, sizeof entry->keys);
    free(entry->service);
    free(entry->connect);
}

void key_file_done(struct key_file *file) {
    for (size_t i = 0; i < file->count; i++)
        entry_done(&file->entries[i]);
    free(file->entries);
    *file = (struct key_file){NULL, 0};
}

struct key_entry *key_file_find(const struct key_file *file, const char *service) {
    for (size_t i = 0; i < file->count; i++)
        if (strcmp(file->entries[i].service, service) == 0)
            return &file->entries[i];
    return NULL;
}

/* Copied to a new place, so that no key is left behind at the old one. NULL with `error`. */
static struct key_entry *append(struct key_file *file, const char *service, struct error *error) {
    if (file->count >= KEY_FILE_SERVICES_MOST) {
        error_set(error, "more than %d services", KEY_FILE_SERVICES_MOST);
        return NULL;
    }
    struct key_entry *entries = calloc(file->count + 1, sizeof *entries);
    char *name = entries ? strdup(service) : NULL;
    if (!name) {
        free(entries);
        error_set(error, "out of memory");
        return NULL;
    }
    if (file->count > 0) {
        memcpy(entries, file->entries, file->count * sizeof *entries);
        secret_wipe(file->entries, file->count * sizeof *entries);
    }
    free(file->entries);
    file->entries = entries;
    entries[file->count].service = name;
    return &entries[file->count++];
}

int key_file_add(struct key_file *file, const char *service, const char *connect, struct error *error) {
    struct key_entry *entry = key_file_find(file, service);
    char *destination = connect ? strdup(connect) : NULL;
    if (connect && !destination)
        return error_set(error, "out of memory");
    if (!entry)
        entry = append(file, service, error);
    if (entry && entry->count == SHARED_KEYS_MOST) {
        error_set(error, "%s has %d keys already; drop the old ones first: munnel key drop-old", service,
                  SHARED_KEYS_MOST);
        entry = NULL;
    }
    if (!entry) {
        free(destination);
        return -1;
    }
    if (destination) {
        free(entry->connect);
        entry->connect = destination;
    }
    memmove(entry->keys + 1, entry->keys, entry->count * sizeof *entry->keys);
    entry->count++;
    return secret_random(entry->keys[0], SECRET_SIZE) == 0 ? 0 : error_set(error, "the system gives no random bytes");
}

/* ---- reading ---- */

static int read_keys(struct key_entry *entry, const json_t *list, struct error *error) {
    size_t index;
    json_t *item;
    if (json_array_size(list) == 0 || json_array_size(list) > SHARED_KEYS_MOST)
        return error_set(error, "%s: \"keys\" is not a list of 1 to %d keys", entry->service, SHARED_KEYS_MOST);
    json_array_foreach (list, index, item)
        if (!json_is_string(item) ||
            !secret_from_hex(entry->keys[entry->count++], SECRET_SIZE, json_string_value(item)))
            return error_set(error, "%s: a key is not 64 hexadecimal digits; munnel key new makes them",
                             entry->service);
    return 0;
}

static int read_connect(struct key_entry *entry, const json_t *value, struct error *error) {
    struct error detail;
    if (!value)
        return 0;
    if (!json_is_string(value))
        return error_set(error, "%s: \"connect\" is no text; write a destination like \"localhost:22\"",
                         entry->service);
    if (validate_destination(json_string_value(value), &detail))
        return error_set(error, "%s: connect: %s", entry->service, detail.text);
    entry->connect = strdup(json_string_value(value));
    return entry->connect ? 0 : error_set(error, "out of memory");
}

static int read_entry(struct key_file *file, const char *service, const json_t *value, struct error *error) {
    static const char *const members[] = {"keys", "connect"};
    struct error detail;
    const char *key;
    json_t *member;
    if (validate_name(service, &detail))
        return error_set(error, "%s", detail.text);
    if (!json_is_object(value))
        return error_set(error, "%s: write {\"keys\": [\"...\"]}", service);
    json_object_foreach ((json_t *)(uintptr_t)value, key, member)
        if (strcmp(key, members[0]) != 0 && strcmp(key, members[1]) != 0)
            return error_set(error, "%s: there is no \"%.40s\", only \"keys\" and \"connect\"", service, key);
    struct key_entry *entry = append(file, service, error);
    if (!entry || read_connect(entry, json_object_get(value, members[1]), error))
        return -1;
    return read_keys(entry, json_object_get(value, members[0]), error);
}

static int read_entries(struct key_file *file, json_t *json, const char *path, struct error *error) {
    struct error detail = {""};
    const char *service;
    json_t *value;
    json_object_foreach (json, service, value)
        if (read_entry(file, service, value, &detail))
            return error_set(error, "%s: %s", path, detail.text);
    return 0;
}

int key_file_read(struct key_file *file, const char *path, struct error *error) {
    size_t length;
    *file = (struct key_file){NULL, 0};
    char *text = file_read_secret(path, FILE_MOST, &length, error);
    json_t *json = text ? json_parse_file_text(text, length, path, error) : NULL;
    int failed = json ? read_entries(file, json, path, error) : -1;
    json_free_wiped(json);
    if (text)
        secret_wipe(text, length);
    free(text);
    if (failed)
        key_file_done(file);
    return failed;
}

/* ---- writing ---- */

static json_t *entry_json(const struct key_entry *entry) {
    json_t *json = json_object(), *keys = json_array();
    bool is_whole = json && keys && json_object_set(json, "keys", keys) == 0;
    for (size_t i = 0; is_whole && i < entry->count; i++) {
        char hex[SECRET_HEX];
        is_whole = json_array_append_new(keys, json_string(secret_to_hex(entry->keys[i], SECRET_SIZE, hex))) == 0;
        secret_wipe(hex, sizeof hex);
    }
    is_whole = is_whole && (!entry->connect || json_object_set_new(json, "connect", json_string(entry->connect)) == 0);
    json_decref(keys);
    if (is_whole)
        return json;
    json_free_wiped(json);
    return NULL;
}

/* malloc'ed; NULL: out of memory. */
static char *format(const struct key_file *file) {
    json_t *json = json_object();
    bool is_whole = json;
    for (size_t i = 0; is_whole && i < file->count; i++)
        is_whole = json_object_set_new(json, file->entries[i].service, entry_json(&file->entries[i])) == 0;
    char *text = is_whole ? json_dumps(json, JSON_INDENT(2)) : NULL;
    json_free_wiped(json);
    return text;
}

int key_file_write(const struct key_file *file, const char *path, struct error *error) {
    char *text = format(file);
    if (!text)
        return error_set(error, "out of memory");
    size_t length = strlen(text);
    text[length] = '\n'; /* in place of the NUL */
    int failed = file_write(path, text, length + 1, FILE_MODE, error);
    secret_wipe(text, length);
    free(text);
    return failed;
}
