/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * claim: is whoever says HELLO one of the agents file, and may it serve what it asks for?
 *
 * By its token, by its certificate, by both: auth.require says it. What is shown beside what is required must be right,
 * too, but a certificate beside a token that suffices. Token and certificate must be of one credential.
 * Runs on: the control thread. Owns: nothing; a claim is valid as long as the HELLO, the greeting and the credentials.
 */
#ifndef MUNNEL_SERVER_CLAIM_H
#define MUNNEL_SERVER_CLAIM_H

#include "server/server_priv.h"

struct refusal { /* why an agent is turned away */
    enum message_reject_code code;
    unsigned retry_after_s;
    struct error words;
    bool is_usual; /* nothing is wrong with the agent: it is not complained of */
};

/* Always false, so that `return refuse(...)` reads well. */
bool refuse(struct refusal *refusal, enum message_reject_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

struct claim {                           /* who an agent has proved to be */
    const struct credential *credential; /* NULL: none is needed */
    const uint8_t *key;                  /* of its token; NULL: it showed none */
    bool serves_all;
    struct conf_list groups;
    char *asked; /* the one group that `groups` may consist of */
};

bool claim_check(struct claim *claim, struct server *server, const struct greeting *greeting,
                 const struct message_hello *hello, struct refusal *refusal);

/* Must the certificate of an agent be its credential's, with or without a token beside it? */
bool claim_needs_certificate(const struct server_conf *conf, bool has_token);

#endif
