/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * session: one agent that is connected: who it is, what it may serve, its idle data links, how busy it is.
 * Runs on: the control thread. Owns: its strings and its pool; not the links.
 */
#ifndef MUNNEL_SERVER_SESSION_SESSION_H
#define MUNNEL_SERVER_SESSION_SESSION_H

#include "lib/base/strlist.h"
#include "lib/log/log.h"
#include "relay/plane.h"
#include "server/session/link_orders.h"
#include "server/session/link_pool.h"
#include "server/session/liveness.h"
#include "server/session/replay_window.h"

struct session;

struct session_options { /* all copied */
    uint64_t tag;
    struct link_ref control;
    const struct addr *peer;
    const char *name, *instance, *credential;
    const uint8_t *secret;  /* of the server's process: id and key are made of it */
    const uint8_t *key;     /* of the token with which it proved itself; NULL: without one */
    X509 *certificate;      /* its verified one, or NULL */
    STACK_OF(X509) * chain; /* what it sent along with that, or NULL */
    bool serves_all;
    const struct strlist *groups; /* unless serves_all */
    bool shares_name;             /* another session has it already */
};

struct session *
session_new(const struct session_options *options); /* with a fresh id and key; NULL: no memory, no random */
void session_free(struct session *session);

uint64_t session_tag(const struct session *session);
struct link_ref session_control(const struct session *session);
const struct addr *session_peer(const struct session *session);
uint64_t session_joined_us(const struct session *session);
struct log_limit *session_nonsense(struct session *session); /* what it said that is no message */
const char *session_name(const struct session *session);
const char *session_label(const struct session *session); /* its name, "NAME#3f2a91" if it shares that; for records */
const char *session_who(const struct session *session);   /* "agent LABEL", for log lines */
const char *session_instance(const struct session *session);
const char *session_credential(const struct session *session);
bool session_has_token(const struct session *session);
bool session_came_by(const struct session *session, const uint8_t key[SECRET_SIZE]); /* proved itself by this key */
X509 *session_certificate(const struct session *session);                            /* NULL: it showed none */
STACK_OF(X509) * session_chain(const struct session *session);
bool session_is_within(const struct session *session, const struct strlist *groups); /* serves none but these */
const char *session_id(const struct session *session);                               /* 32 hex digits */
const uint8_t *session_key(const struct session *session);

/* May it serve a service of these groups? None: a service for any agent. */
bool session_serves(const struct session *session, const struct strlist *groups);

bool session_is_draining(const struct session *session);
void session_drain(struct session *session);
/* Its control link is gone and only relays are left of it: it gets no more links, and its key is wiped. */
bool session_is_retired(const struct session *session);
void session_retire(struct session *session);

struct answers *session_answers(struct session *session);
bool session_is_silent(const struct session *session); /* see liveness.h */

/* Its idle links; taking one counts as one OPEN of its demand and as one more client. */
struct link_pool *session_pool(struct session *session);
struct link_pool *
session_arriving(struct session *session); /* links that were let in, and have not said yet that they are idle */
struct link_orders *session_requests(struct session *session);
struct replay_window *session_dials(struct session *session); /* the numbers of its data links, each used once */
bool session_take_link(struct session *session, struct link_ref *link, uint64_t now_us);
unsigned session_running(const struct session *session); /* clients that it has now */
void session_client_left(struct session *session);

/* Said it was busy: gets no client before this time. */
void session_rest(struct session *session, uint64_t until_us);
bool session_can_take(const struct session *session, uint64_t now_us); /* has an idle link and does not rest */

/* Links that it is to dial for clients that wait, until somebody takes note of them. */
void session_want(struct session *session, unsigned links);
unsigned session_take_wanted(struct session *session);
/* Somebody waits for one of its links: until then nothing is ordered for those who may come. */
void session_hold_stock(struct session *session, uint64_t until_us);
uint64_t session_stock_held_us(const struct session *session); /* until when; may be over */
bool session_mark(struct session *session, bool marked);       /* for supply.c's list; returns what it was */

/* How many idle links it should have: what its busiest second asks for, within these bounds. */
unsigned session_target(struct session *session, unsigned least, unsigned most, uint64_t now_us);

#endif
