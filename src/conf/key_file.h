/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * key_file: the keys of end-to-end services: a secret of those who run the agents at both ends, and not the server's.
 *
 *   { "ssh": { "keys": ["64 hexadecimal digits"], "connect": "localhost:22" } }
 *
 * A visitor uses the first key of a service, the agent that serves it takes each; "connect" makes an agent one that
 * serves it, and nowhere else. Runs on: start, or a tool. Owns: what it has read; keys are wiped.
 */
#ifndef MUNNEL_CONF_KEY_FILE_H
#define MUNNEL_CONF_KEY_FILE_H

#include "lib/base/error.h"
#include "lib/tls/shared_key.h"

enum { KEY_FILE_SERVICES_MOST = 1000 };

struct key_entry {
    char *service;
    char *connect; /* the only destination; NULL: this machine does not serve it */
    shared_key keys[SHARED_KEYS_MOST];
    size_t count;
};

struct key_file { /* all zero: none */
    struct key_entry *entries;
    size_t count;
};

/* 0, or -1 with `error`; also if others may read it. */
int key_file_read(struct key_file *file, const char *path, struct error *error);
int key_file_write(const struct key_file *file, const char *path, struct error *error); /* for its owner alone */
void key_file_done(struct key_file *file);

struct key_entry *key_file_find(const struct key_file *file, const char *service); /* NULL: none */
/* A new key in front of those that the service has. connect NULL: as it is. 0, or -1 with `error`. */
int key_file_add(struct key_file *file, const char *service, const char *connect, struct error *error);

#endif
