/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * service_keys: see service_keys.h.
 */
#include "config.h"

#include "agent/identity/service_keys.h"

#include "conf/key_file.h"
#include "lib/event/file_watch.h"

#include <stdlib.h>
#include <string.h>

struct service_keys {
    char *path; /* NULL: no file */
    struct file_watch *watch;
    size_t count;
    struct service_key keys[]; /* by service, for bsearch */
};

static int compare(const void *a, const void *b) {
    return strcmp(((const struct service_key *)a)->service, ((const struct service_key *)b)->service);
}

static void key_done(struct service_key *key) {
    SSL_CTX_free(key->serving);
    SSL_CTX_free(key->visiting);
    free((void *)(uintptr_t)key->service);
    free((void *)(uintptr_t)key->connect);
}

void service_keys_free(struct service_keys *keys) {
    if (!keys)
        return;
    for (size_t i = 0; i < keys->count; i++)
        key_done(&keys->keys[i]);
    file_watch_free(keys->watch);
    free(keys->path);
    free(keys);
}

static int make_key(struct service_key *key, const struct key_entry *entry, struct error *error) {
    const shared_key *list = (const shared_key *)entry->keys;
    key->service = strdup(entry->service);
    key->connect = entry->connect ? strdup(entry->connect) : NULL;
    if (!key->service || (entry->connect && !key->connect))
        return error_set(error, "out of memory");
    key->visiting = shared_key_context(false, entry->service, list, entry->count, error);
    if (key->visiting && entry->connect)
        key->serving = shared_key_context(true, entry->service, list, entry->count, error);
    return key->visiting && (key->serving || !entry->connect) ? 0 : -1;
}

static struct service_keys *make_keys(const struct key_file *file, struct error *error) {
    struct service_keys *keys = calloc(1, sizeof *keys + file->count * sizeof *keys->keys);
    if (!keys)
        error_set(error, "out of memory");
    for (size_t i = 0; keys && i < file->count; i++) {
        keys->count++;
        if (make_key(&keys->keys[i], &file->entries[i], error)) {
            service_keys_free(keys);
            keys = NULL;
        }
    }
    if (keys)
        qsort(keys->keys, keys->count, sizeof *keys->keys, compare);
    return keys;
}

struct service_keys *service_keys_new(const char *path, struct error *error) {
    struct key_file file = {NULL, 0};
    struct file_watch *watch = file_watch_new(&path, 1); /* before it is read */
    char *copy = path ? strdup(path) : NULL;
    struct service_keys *keys = NULL;
    if (!watch || (path && !copy))
        error_set(error, "out of memory");
    else if (!path || key_file_read(&file, path, error) == 0)
        keys = make_keys(&file, error);
    key_file_done(&file);
    if (!keys) {
        file_watch_free(watch);
        free(copy);
        return NULL;
    }
    keys->watch = watch;
    keys->path = copy;
    return keys;
}

/* ---- changes ---- */

static bool is_same(const char *a, const char *b) {
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool replace(const struct service_key *key, const struct key_entry *entry) {
    const shared_key *list = (const shared_key *)entry->keys;
    return shared_key_replace(key->visiting, key->service, list, entry->count) &&
           (!key->serving || shared_key_replace(key->serving, key->service, list, entry->count));
}

/* A service that came, went, or is to come out elsewhere, which needs a restart; NULL: none. */
static const char *find_other(const struct service_keys *keys, const struct key_file *file) {
    for (size_t i = 0; i < keys->count; i++) {
        const struct key_entry *entry = key_file_find(file, keys->keys[i].service);
        if (!entry || !is_same(entry->connect, keys->keys[i].connect))
            return keys->keys[i].service;
    }
    for (size_t i = 0; i < file->count; i++)
        if (!service_keys_find(keys, file->entries[i].service))
            return file->entries[i].service;
    return NULL;
}

/* How many have the keys of the file; *is_whole: those that could have. */
static size_t replace_all(const struct service_keys *keys, const struct key_file *file, bool *is_whole) {
    size_t count = 0;
    *is_whole = true;
    for (size_t i = 0; i < keys->count; i++) {
        const struct key_entry *entry = key_file_find(file, keys->keys[i].service);
        bool is_replaced = entry && replace(&keys->keys[i], entry);
        *is_whole &= is_replaced || !entry;
        count += is_replaced;
    }
    return count;
}

static void log_unusable(struct log *log, const char *detail) {
    log_event(log, LOG_LEVEL_WARNING, "agent", "changed end-to-end keys cannot be used: the old ones stay in use",
              LOG_FIELDS(LOG_TEXT("detail", detail)));
}

void service_keys_recheck(struct service_keys *keys, struct log *log) {
    struct error error = {""};
    struct key_file file = {NULL, 0};
    bool is_whole;
    if (!keys->path || !file_watch_has_changed(keys->watch))
        return;
    if (key_file_read(&file, keys->path, &error)) {
        log_unusable(log, error.text);
        return;
    }
    size_t count = replace_all(keys, &file, &is_whole);
    const char *other = find_other(keys, &file);
    if (!is_whole)
        log_unusable(log, "out of memory");
    log_event(log, LOG_LEVEL_INFO, "agent", "end-to-end keys reloaded", LOG_FIELDS(LOG_NUMBER("services", count)));
    if (other)
        log_event(log, LOG_LEVEL_WARNING, "agent",
                  "a service came, went or has another connect in the file of end-to-end keys: that needs a restart",
                  LOG_FIELDS(LOG_TEXT("service", other)));
    key_file_done(&file);
}

size_t service_keys_count(const struct service_keys *keys) {
    return keys->count;
}

const struct service_key *service_keys_find(const struct service_keys *keys, const char *service) {
    const struct service_key wanted = {.service = service};
    return !keys ? NULL : bsearch(&wanted, keys->keys, keys->count, sizeof *keys->keys, compare);
}
