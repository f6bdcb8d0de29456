/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * agents_change: see agents_change.h.
 */
#include "config.h"

#include "server/admin/agents_change.h"

#include "conf/advertised_addr.h"
#include "conf/credential_issue.h"
#include "conf/join_code_issue.h"
#include "conf/lock.h"
#include "lib/base/error.h"
#include "lib/base/format.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LOCK_TRIES = 50, LOCK_AGAIN_MS = 20 }; /* a second */

struct agents_change *agents_change_new(enum agents_change_kind kind, struct server_config *conf, const char *name,
                                        const struct strlist *groups, const struct strlist *servers) {
    struct agents_change *change = calloc(1, sizeof *change);

    if (!change)
        return NULL;
    change->kind = kind;
    change->conf = server_config_hold(conf);
    snprintf(change->name, sizeof change->name, "%s", name);
    if (strlist_copy(&change->groups, groups) == 0 && strlist_copy(&change->servers, servers) == 0)
        return change;
    agents_change_free(change);
    return NULL;
}

void agents_change_free(struct agents_change *change) {
    server_config_free(change->conf);
    strlist_done(&change->groups);
    strlist_done(&change->servers);
    publish_permit_done(&change->publish);
    secret_wipe(change->code, sizeof change->code);
    free(change);
}

/* ---- what went wrong ---- */

static int fail(struct agents_change *change, unsigned status, const char *detail) {
    change->status = status;
    snprintf(change->detail, sizeof change->detail, "%s", detail);
    return -1;
}

/* With what to do. */
static PRINTF_LIKE(4, 5) int refuse(struct agents_change *change, unsigned status, const char *detail,
                                    const char *remedy, ...) {
    va_list arguments;

    va_start(arguments, remedy);
    vsnprintf(change->remedy, sizeof change->remedy, remedy, arguments);
    va_end(arguments);
    return fail(change, status, detail);
}

static const char *remedy_of(int failure) {
    if (error_is_disk_full(failure))
        return "Make room on the disk; ";
    switch (failure) {
    case EROFS:
        return "Under systemd move the agents file to /var/lib/munnel, where munneld may write, and write \"auth\": { "
               "\"tokens\": \"/var/lib/munnel/agents.json\" }, or use munnel agent as root; ";
    case EACCES:
    case EPERM:
        return "Move the agents file to a folder in which the user that munneld runs as may write, and name it in "
               "agents.auth.tokens, or use munnel agent as root; ";
    default:
        return "";
    }
}

static int refuse_write(struct agents_change *change, int failure, const char *detail) {
    change->is_of_file = true;
    return refuse(change, error_is_disk_full(failure) ? 507 : 500, detail, "%snothing was changed", remedy_of(failure));
}

/* ---- the join code ---- */

/* What agents elsewhere would write, where none was named, if it can be known. */
static int find_servers(struct agents_change *change) {
    char guess[ADVERTISED_ADDR_TEXT];

    if (change->servers.count)
        return 0;
    if (!advertised_addr(change->conf->agents.listen.items[0], NULL, change->conf->agents.certificate, guess))
        return refuse(change, 409,
                      "it is not known by which address agents reach this server: agents.listen is every address, and "
                      "the server's certificate has no name but those of this machine alone",
                      "Send \"servers\": [\"HOST:PORT\"], or make a certificate with the server's name");
    return strlist_add(&change->servers, guess) ? fail(change, 500, "out of memory") : 0;
}

static int make_code(struct agents_change *change, const struct auth_token *token) {
    const struct join_code_request issue = {.certificate = change->conf->agents.certificate,
                                            .servers = &change->servers,
                                            .token = token};
    struct error error = {""};

    if (find_servers(change))
        return -1;
    return join_code_issue(&issue, change->code, &error) ? fail(change, 500, error.text) : 0;
}

/* ---- each kind ---- */

/* With one token more; the credential is the caller's own. */
static int hand_out(struct agents_change *change, struct credentials *all, struct credential *credential) {
    struct error error = {""};
    struct auth_token token;
    int result = credential_add_token(credential, &token, &error) || credentials_put(all, credential, &error)
                     ? fail(change, 500, error.text)
                     : make_code(change, &token);

    secret_wipe(&token, sizeof token);
    return result;
}

static int add(struct agents_change *change, struct credentials *all) {
    struct credential made = {.name = change->name,
                              .groups = change->groups,
                              .expires = change->expires,
                              .publish = change->publish};
    char detail[PROTO_NAME_MAX + 64];

    if (credentials_find(all, change->name)) {
        snprintf(detail, sizeof detail, "agent %s exists already", change->name);
        change->pointer = "/name";
        return refuse(change, 409, detail,
                      "munnel agent rotate %s gives it a new token, munnel agent revoke %s removes it", change->name,
                      change->name);
    }
    if (change->conf->agents.require == CONFIG_REQUIRE_CERTIFICATE)
        return refuse(change, 409, "this server lets agents in by their certificates alone (agents.tls.require)",
                      "On the server: munnel agent add --certificate FOLDER %s", change->name);
    int result = hand_out(change, all, &made);
    secret_wipe(&made, sizeof made);
    return result;
}

static int refuse_unknown(struct agents_change *change) {
    char detail[PROTO_NAME_MAX + 64];

    snprintf(detail, sizeof detail, "there is no credential %s", change->name);
    return refuse(change, 404, detail, "munnel agent list has those that there are");
}

static int rotate(struct agents_change *change, struct credentials *all) {
    const struct credential *found = credentials_find(all, change->name);
    struct credential changed;
    struct error error = {""};
    int result = -1;

    if (!found)
        return refuse_unknown(change);
    if (!found->key_count)
        return refuse(change, 409, "this agent joins by its certificate",
                      "On the server: munnel agent rotate --certificate FOLDER %s", change->name);
    if (credential_copy(&changed, found, &error))
        return fail(change, 500, error.text);
    if (credential_make_room(&changed, change->until, change->conf->agents.tokens, &error))
        fail(change, 409, error.text);
    else
        result = hand_out(change, all, &changed);
    credential_done(&changed);
    return result;
}

static int revoke(struct agents_change *change, struct credentials *all) {
    return credentials_remove(all, change->name) ? 0 : refuse_unknown(change);
}

/* ---- the file ---- */

static int make(struct agents_change *change, struct credentials *all) {
    static int (*const kinds[])(struct agents_change *, struct credentials *) = {
        [AGENTS_ADD] = add, [AGENTS_ROTATE] = rotate, [AGENTS_REVOKE] = revoke};
    struct error error = {""};

    if (kinds[change->kind](change, all))
        return -1;
    return credentials_write(all, change->conf->agents.tokens, &error) ? refuse_write(change, errno, error.text) : 0;
}

/* Errors of what the file holds begin with its path, those of its syntax with FILE:LINE:COLUMN. */
static void refuse_content(struct agents_change *change, const char *detail) {
    const char *path = change->conf->agents.tokens;
    size_t length = strlen(path);
    bool is_broken = strncmp(detail, path, length) == 0 && detail[length] == ':';

    change->is_of_file = true;
    change->line = is_broken ? (unsigned)strtoul(detail + length + 1, NULL, 10) : 0;
    refuse(change, is_broken ? 409 : 500, detail,
           "Mend the agents file: until then the agents that it had stay as they are");
}

static void change_file(struct agents_change *change) {
    struct error error = {""};
    struct credentials *all = credentials_read(change->conf->agents.tokens, &error);

    if (all)
        make(change, all);
    else
        refuse_content(change, error.text);
    credentials_free(all);
}

/* Others have it for some milliseconds: changes of this server, too, that are asked for at once. */
static int wait_for_lock(const char *path, bool *is_busy, struct error *error) {
    static const struct timespec again = {0, LOCK_AGAIN_MS * 1000000L};
    int lock = lock_try_folder_of(path, is_busy, error);

    for (unsigned i = 0; i < LOCK_TRIES && lock == LOCK_NONE && *is_busy; i++) {
        nanosleep(&again, NULL);
        lock = lock_try_folder_of(path, is_busy, error);
    }
    return lock;
}

void agents_change_run(struct agents_change *change) {
    struct error error = {""};
    bool is_busy = false;
    int lock = wait_for_lock(change->conf->agents.tokens, &is_busy, &error);

    if (lock != LOCK_NONE)
        change_file(change);
    else if (is_busy)
        refuse(change, 503, "the agents file is being changed by another program", "Try again in a second");
    else
        fail(change, 500, error.text);
    lock_release(lock);
}
