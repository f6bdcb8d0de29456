/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * credentials: the table of who may join, and the check of a proof against it.
 * Runs on: the control thread or a tool. Owns: its entries; keys are wiped when freed.
 * Its file is read and written by credentials_file.c.
 */
#include "config.h"

#include "conf/credentials.h"
#include "conf/validators.h"

#include "proto/auth_proof.h"

#include <event2/util.h>
#include <stdlib.h>
#include <string.h>

struct credentials {
    struct credential *items;
    size_t count, room;
};

struct credentials *credentials_new(void) {
    return calloc(1, sizeof(struct credentials));
}

void credential_done(struct credential *credential) {
    free(credential->name);
    strlist_done(&credential->groups);
    strlist_done(&credential->certificates);
    publish_permit_done(&credential->publish);
    secret_wipe(credential, sizeof *credential);
}

void credentials_free(struct credentials *credentials) {
    if (!credentials)
        return;
    for (size_t i = 0; i < credentials->count; i++)
        credential_done(&credentials->items[i]);
    free(credentials->items);
    free(credentials);
}

size_t credentials_count(const struct credentials *credentials) {
    return credentials->count;
}

const struct credential *credentials_at(const struct credentials *credentials, size_t index) {
    return index < credentials->count ? &credentials->items[index] : NULL;
}

const struct credential *credentials_find(const struct credentials *credentials, const char *name) {
    for (size_t i = 0; i < credentials->count; i++)
        if (strcmp(credentials->items[i].name, name) == 0)
            return &credentials->items[i];
    return NULL;
}

/* Grows by a copy, because realloc would leave keys behind in freed memory. */
static int make_room(struct credentials *credentials) {
    if (credentials->count < credentials->room)
        return 0;
    size_t room = credentials->room ? 2 * credentials->room : 8;
    struct credential *items = calloc(room, sizeof *items);
    if (!items)
        return -1;
    if (credentials->count > 0) {
        memcpy(items, credentials->items, credentials->count * sizeof *items);
        secret_wipe(credentials->items, credentials->count * sizeof *items);
    }
    free(credentials->items);
    credentials->items = items;
    credentials->room = room;
    return 0;
}

static const struct credential *find_by_certificate_name(const struct credentials *credentials, const char *name) {
    for (size_t i = 0; i < credentials->count; i++)
        for (size_t j = 0; j < credentials->items[i].certificates.count; j++)
            if (evutil_ascii_strcasecmp(credentials->items[i].certificates.items[j], name) == 0)
                return &credentials->items[i];
    return NULL;
}

static int check_certificates(const struct credentials *credentials, const struct credential *credential,
                              struct error *error) {
    for (size_t i = 0; i < credential->certificates.count; i++) {
        const char *name = credential->certificates.items[i];
        if (certificate_check_name(name, error) != 0)
            return -1;
        const struct credential *other = find_by_certificate_name(credentials, name);
        if (other && strcmp(other->name, credential->name) != 0)
            return error_set(error, "the certificate \"%s\" is that of agent %s already; name another", name,
                             other->name);
    }
    return 0;
}

static int check(const struct credential *credential, struct error *error) {
    if (validate_name(credential->name, error) != 0)
        return -1;
    if (credential->key_count < 0 || credential->key_count > CREDENTIAL_KEYS)
        return error_set(error, "agent %s has more than %d keys; revoke it and add it again", credential->name,
                         CREDENTIAL_KEYS);
    if (credential->key_count == 0 && credential->certificates.count == 0)
        return error_set(error, "agent %s has neither a key nor a certificate; munnel agent add makes either",
                         credential->name);
    if (credential->groups.count == 0)
        return error_set(error, "agent %s has no group; write \"*\" for every one", credential->name);
    return 0;
}

int credential_copy(struct credential *to, const struct credential *from, struct error *error) {
    *to = *from;
    to->groups = to->certificates = (struct strlist){NULL, 0};
    to->publish = (struct publish_permit){.ports = {NULL, 0}};
    to->name = strdup(from->name);
    if (to->name && strlist_copy(&to->groups, &from->groups) == 0 &&
        strlist_copy(&to->certificates, &from->certificates) == 0 &&
        publish_permit_copy(&to->publish, &from->publish) == 0)
        return 0;
    credential_done(to);
    return error_set(error, "out of memory");
}

int credentials_put(struct credentials *credentials, const struct credential *credential, struct error *error) {
    struct credential made;
    if (check(credential, error) != 0 || check_certificates(credentials, credential, error) != 0)
        return -1;
    if (make_room(credentials) != 0)
        return error_set(error, "out of memory");
    if (credential_copy(&made, credential, error) != 0)
        return -1;
    struct credential *place = (struct credential *)credentials_find(credentials, credential->name);
    if (place)
        credential_done(place);
    else
        place = &credentials->items[credentials->count++];
    *place = made;
    secret_wipe(&made, sizeof made);
    return 0;
}

bool credentials_remove(struct credentials *credentials, const char *name) {
    struct credential *place = (struct credential *)credentials_find(credentials, name);
    if (!place)
        return false;
    credential_done(place);
    struct credential *last = &credentials->items[--credentials->count];
    memmove(place, place + 1, (size_t)(last - place) * sizeof *place);
    secret_wipe(last, sizeof *last); /* its copy is one place further down */
    return true;
}

bool credential_key_has_ended(const struct credential *credential, int index, time_t now) {
    return credential->keys[index].until && now >= credential->keys[index].until;
}

static bool key_is_valid(const struct credential *credential, int index, time_t now) {
    if (!credential || index >= credential->key_count || (credential->expires && now >= credential->expires))
        return false;
    return !credential_key_has_ended(credential, index, now);
}

/* Does not stop at the match: the time must not depend on whether and where the table has the name. */
static const struct credential *find_among_all(const struct credentials *credentials, const char *name) {
    const struct credential *found = NULL;
    for (size_t i = 0; i < credentials->count; i++)
        if (strcmp(credentials->items[i].name, name) == 0)
            found = &credentials->items[i];
    return found;
}

/* Every name costs the same CREDENTIAL_KEYS HMACs: the time depends neither on whether it is known nor on its keys. */
bool credentials_check(const struct credentials *credentials, const char *name, const uint8_t proof[SECRET_SIZE],
                       const uint8_t exporter[SECRET_SIZE], time_t now, const struct credential **found,
                       const uint8_t **key) {
    static const uint8_t dummy[SECRET_SIZE] = {0};
    const struct credential *credential = find_among_all(credentials, name);
    bool shown = false;
    *found = NULL;
    *key = NULL;
    for (int i = 0; i < CREDENTIAL_KEYS; i++) {
        bool valid = key_is_valid(credential, i, now);
        const uint8_t *candidate = valid ? credential->keys[i].key : dummy;
        bool matches = auth_proof_check(proof, candidate, AUTH_PROOF_AGENT, exporter);
        if (matches && valid && !shown) {
            shown = true;
            *found = credential;
            *key = candidate;
        }
    }
    return shown;
}

bool credential_has_certificate(const struct credential *credential, X509 *certificate) {
    for (size_t i = 0; i < credential->certificates.count; i++)
        if (certificate_is(certificate, credential->certificates.items[i]))
            return true;
    return false;
}

const struct credential *credentials_find_certificate(const struct credentials *credentials, X509 *certificate,
                                                      time_t now) {
    for (size_t i = 0; i < credentials->count; i++) {
        const struct credential *credential = &credentials->items[i];
        if ((credential->expires == 0 || now < credential->expires) &&
            credential_has_certificate(credential, certificate))
            return credential;
    }
    return NULL;
}

bool credential_carries(const struct credential *credential, const char *group) {
    return *group == '\0' || strlist_has(&credential->groups, "*") || strlist_has(&credential->groups, group);
}
