/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * service_keys: the keys of end-to-end services that this agent has, as contexts of TLS for both roles.
 *
 * A service with a key is served, and visited, with it or not at all, whatever a server announces.
 * Which they are is as at start; the keys in the contexts change with the file. Runs on: the control thread; the
 * contexts are any thread's. Owns: the contexts.
 */
#ifndef MUNNEL_AGENT_IDENTITY_SERVICE_KEYS_H
#define MUNNEL_AGENT_IDENTITY_SERVICE_KEYS_H

#include "lib/base/error.h"
#include "lib/log/log.h"

#include <openssl/ssl.h>
#include <stddef.h>

struct service_key {
    const char *service;
    const char *connect; /* the only destination that it is served to; NULL: it is not served here */
    SSL_CTX *serving;    /* NULL likewise */
    SSL_CTX *visiting;
};
struct service_keys;

/* Of a file, see src/conf/key_file.h; NULL: no keys. NULL with `error`. */
struct service_keys *service_keys_new(const char *path, struct error *error);
void service_keys_free(struct service_keys *keys); /* NULL is fine */
/* If the file has changed: relays that begin from now on use its keys. A file that cannot be used changes nothing, and
 * the log has why. */
void service_keys_recheck(struct service_keys *keys, struct log *log);
size_t service_keys_count(const struct service_keys *keys);
const struct service_key *service_keys_find(const struct service_keys *keys,
                                            const char *service); /* NULL: none, also of NULL */

#endif
