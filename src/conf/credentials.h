/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * credentials: the server's agents file: who may join, with which key, for which groups.
 *
 * {"agents":[{"name":"web1","keys":[{"key":HEX,"until":"2027-01-01T00:00:00Z"}],"groups":["*"],"expires":...,
 *             "certificate":"web1.example","bandwidth_in":1000000,"bandwidth_out":"1MB",
 *             "publish":{"ports":"20000-20099","hosts":"*.dev.example"}}]}
 * Runs on: the control thread or a tool. Owns: its entries; keys are wiped when freed.
 */
#ifndef MUNNEL_CONF_CREDENTIALS_H
#define MUNNEL_CONF_CREDENTIALS_H

#include "conf/publish_permit.h"
#include "conf/server_config.h"
#include "lib/base/secret.h"
#include "lib/tls/certificate.h"

#include <time.h>

/* Each check costs as many HMACs, so few: the newest, and those that rotations have not ended yet. */
enum { CREDENTIAL_KEYS = 4 };

struct credential_rate { /* bytes per second of each of its agents, 0: no limit */
    bool is_set;         /* else it is that of the configuration for each */
    unsigned bytes;
};

struct credential {
    char *name;
    struct {
        uint8_t key[SECRET_SIZE];
        time_t until; /* 0: for ever */
    } keys[CREDENTIAL_KEYS];
    int key_count;               /* newest first; 0: only by a certificate */
    struct strlist certificates; /* names or "sha256:HEX", see certificate.h; empty: only by a token */
    struct strlist groups;       /* "*" = every service */
    time_t expires;              /* 0: never */
    struct credential_rate bandwidth_in, bandwidth_out;
    struct publish_permit publish; /* empty: its agents may offer no services */
};

struct credentials;

/* Refused if others can read the file. NULL with `error`. */
struct credentials *credentials_read(const char *path, struct error *error);
struct credentials *credentials_new(void);
void credentials_free(struct credentials *credentials);
const struct credential *credentials_find(const struct credentials *credentials, const char *name);
size_t credentials_count(const struct credentials *credentials);
const struct credential *credentials_at(const struct credentials *credentials, size_t index);
/* Adds or replaces; copies. A certificate is one agent's only. 0 or -1. */
int credentials_put(struct credentials *credentials, const struct credential *credential, struct error *error);
bool credentials_remove(struct credentials *credentials, const char *name);
int credentials_write(const struct credentials *credentials, const char *path,
                      struct error *error); /* 0640, whole or not at all; 0, or -1 with errno */

/*
 * Does `proof` show that its maker holds a valid key of `name`? Takes the same path (a dummy key) for an unknown name.
 * *found is the credential, and *key the key to prove the server with, when it returns true.
 */
bool credentials_check(const struct credentials *credentials, const char *name, const uint8_t proof[SECRET_SIZE],
                       const uint8_t exporter[SECRET_SIZE], time_t now, const struct credential **found,
                       const uint8_t **key);
/* The first credential that names this verified certificate and has not expired; NULL: there is none. */
const struct credential *credentials_find_certificate(const struct credentials *credentials, X509 *certificate,
                                                      time_t now);
/* A copy to be changed, with strings of its own. 0, or -1 when out of memory. */
int credential_copy(struct credential *to, const struct credential *from, struct error *error);
void credential_done(struct credential *credential); /* and wipes it */
bool credential_key_has_ended(const struct credential *credential, int index, time_t now);
bool credential_has_certificate(const struct credential *credential, X509 *certificate);
bool credential_carries(const struct credential *credential, const char *group); /* "" asks for nothing: true */

#endif
