/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * authenticate: finds the credential that a HELLO proves, and checks that it carries the group asked for.
 *
 * auth.require selects token, certificate, either or both. A token that is sent without being required must be valid,
 * too; a certificate beside a sufficient token is ignored. Token and certificate must belong to one credential.
 * Runs on: the control thread. Owns: nothing; a result is valid as long as the HELLO, the greeting and the credentials.
 */
#ifndef MUNNEL_SERVER_AUTH_AUTHENTICATE_H
#define MUNNEL_SERVER_AUTH_AUTHENTICATE_H

#include "conf/credentials.h"
#include "conf/server_config.h"
#include "lib/base/format.h"
#include "proto/hello.h"
#include "relay/plane.h"

struct auth_policy { /* what agents are judged by; the server replaces it when its files change */
    const struct server_config *conf;
    struct credentials *credentials; /* NULL: agents need none */
    SSL_CTX *tls;                    /* for handshakes that begin from now on */
    uint64_t tls_settled_us;         /* until then a handshake may end that began with the context before it */
};

struct auth_refusal { /* why an agent is rejected */
    enum reject_code code;
    unsigned retry_after_s;
    struct error detail;
    bool is_expected; /* happens to correct agents: logged at debug level only */
};

/* Always false, so that `return auth_refuse(...)` reads well. */
bool auth_refuse(struct auth_refusal *refusal, enum reject_code code, const char *format, ...) PRINTF_LIKE(3, 4);

struct auth_result {                     /* what an agent has proved */
    const struct credential *credential; /* NULL: none is needed */
    const uint8_t *key;                  /* of its token; NULL: it sent none */
    bool serves_all;
    struct strlist groups;
    char *group; /* the one group that `groups` may consist of */
};

bool authenticate(struct auth_result *result, const struct auth_policy *policy, const struct greeting *greeting,
                  const struct hello *hello, struct auth_refusal *refusal);

/* Must the agent's certificate be one of its credential? `has_token`: it has sent a valid token. */
bool authenticate_needs_certificate(const struct server_config *conf, bool has_token);

#endif
