/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * trust_files: certificate, key, CA, CRL and the agents file: what agents are judged by. They are read at the start,
 * when they change, and by a reload. Files that cannot be used change nothing.
 * Runs on: the control thread. Owns: its watches; server->policy, which it sets, belongs to the server.
 */
#ifndef MUNNEL_SERVER_TRUST_FILES_H
#define MUNNEL_SERVER_TRUST_FILES_H

#include "conf/credentials.h"
#include "conf/server_config.h"

#include <openssl/ssl.h>

struct file_watch;
struct server;
struct trust_files;

struct trust_files *trust_files_new(struct server *server); /* NULL when out of memory */
void trust_files_free(struct trust_files *trust);           /* NULL is fine */

int trust_files_first(struct trust_files *trust, struct error *error);                /* reads all; 0 or -1 */
int trust_files_check_readable(const struct trust_files *trust, struct error *error); /* by the user of now */
void trust_files_check(struct trust_files *trust); /* each second: reads what has changed */
/* True if the agents file has changed and was read: an agent may connect before the next check. */
bool trust_files_check_agents(struct trust_files *trust);
bool trust_files_are_in_force(const struct trust_files *trust); /* none has changed into what cannot be used */
void trust_files_warn(const struct trust_files *trust);         /* logs that any agent may join, or none can */

enum trust_set { TRUST_CERTIFICATES, TRUST_AGENTS };

struct trust_refusal { /* of files that cannot be used: what was read before stays in force */
    uint64_t since_us; /* clock_us() */
    struct error error;
};
/* NULL: they can be used. It belongs to `trust`, until the next check or reload. */
const struct trust_refusal *trust_files_refusal(const struct trust_files *trust, enum trust_set which);

struct trust_content { /* of the files of a configuration; all zero: nothing */
    SSL_CTX *tls;
    struct credentials *credentials; /* NULL: none are needed */
    bool keeps_credentials;          /* those in force stay */
    struct file_watch *certificates, *agents;
    struct error certificates_error, agents_error; /* why these could not be read, and are kept */
};
/*
 * On any thread, without `kept`. 0, or -1 with `error` and the place in `fault` where it is known. With `kept` what
 * cannot be read is taken from there (of an agents file that is in force, what is in force), and the failure logged.
 */
int trust_files_read(const struct trust_files *trust, const struct server_config *conf, struct trust_content *content,
                     struct trust_content *kept, struct option_fault *fault, struct error *error);
/*
 * Puts it into force, or what is in those files by now; `content` has what was in force before. server->conf is the new
 * configuration by then.
 */
void trust_files_use(struct trust_files *trust, struct trust_content *content);
void trust_content_done(struct trust_content *content);

#endif
