/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * service_keys: see service_keys.h.
 */
#include "config.h"

#include "agent/identity/service_keys.h"

#include "conf/key_file.h"

#include <stdlib.h>
#include <string.h>

struct service_keys {
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
    if (path && key_file_read(&file, path, error))
        return NULL;
    struct service_keys *keys = make_keys(&file, error);
    key_file_done(&file);
    return keys;
}

size_t service_keys_count(const struct service_keys *keys) {
    return keys->count;
}

const struct service_key *service_keys_find(const struct service_keys *keys, const char *service) {
    const struct service_key wanted = {.service = service};
    return !keys ? NULL : bsearch(&wanted, keys->keys, keys->count, sizeof *keys->keys, compare);
}
