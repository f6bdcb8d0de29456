/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * session: one connected agent: its identity, the groups that it serves, its idle data links and its load.
 * Runs on: the control thread. Owns: its strings and its pools; not the links.
 * States: live -> (draining ->) (retired ->) freed.
 */
#ifndef MUNNEL_SERVER_SESSION_SESSION_H
#define MUNNEL_SERVER_SESSION_SESSION_H

#include "lib/base/strlist.h"
#include "lib/log/log.h"
#include "relay/plane.h"
#include "server/session/announcement.h"
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
    const uint8_t *secret;  /* of the server's process: id and key are derived from it */
    const uint8_t *key;     /* of the token that it authenticated by, or NULL */
    X509 *certificate;      /* its verified one, or NULL */
    STACK_OF(X509) * chain; /* sent with it, or NULL */
    bool serves_all;
    const struct strlist *groups; /* unless serves_all */
    bool shares_name;             /* another session has it already */
};

/* With a fresh id and key; NULL: no memory, or no random bytes. */
struct session *session_new(const struct session_options *options);
void session_free(struct session *session);

uint64_t session_tag(const struct session *session);
struct link_ref session_control(const struct session *session);
const struct addr *session_peer(const struct session *session);
uint64_t session_joined_us(const struct session *session);
struct log_limit *session_protocol_errors(struct session *session); /* of its control messages */
const char *session_name(const struct session *session);
const char *session_label(const struct session *session); /* for records: its name, or "NAME#3f2a91" if it shares it */
const char *session_who(const struct session *session);   /* "agent LABEL", for log lines */
const char *session_instance(const struct session *session);
const char *session_credential(const struct session *session);
bool session_has_token(const struct session *session);
bool session_has_token_key(const struct session *session, const uint8_t key[SECRET_SIZE]);
X509 *session_certificate(const struct session *session); /* NULL: none */
STACK_OF(X509) * session_chain(const struct session *session);
bool session_is_within(const struct session *session, const struct strlist *groups); /* it serves no others */
const char *session_id(const struct session *session);                               /* 32 hex digits */
const uint8_t *session_key(const struct session *session);

/* May it serve a service of these groups? No groups: a service for any agent. */
bool session_serves(const struct session *session, const struct strlist *groups);

bool session_is_draining(const struct session *session);
void session_drain(struct session *session);
/* It has lost its control link and keeps only its relays: it gets no more links, and its key is wiped. */
bool session_is_retired(const struct session *session);
void session_retire(struct session *session);

struct announcement *session_announcement(struct session *session); /* of the services to its agent */
struct liveness_state *session_liveness(struct session *session);
bool session_is_silent(const struct session *session); /* see liveness.h */

struct link_pool *session_pool(struct session *session);     /* its idle data links */
struct link_pool *session_arriving(struct session *session); /* data links accepted that are not idle yet */
struct link_orders *session_orders(struct session *session);
struct replay_window *session_replay_window(struct session *session); /* numbers of its data links */
/* Takes an idle link for one more client, and notes the demand. False: there is none. */
bool session_take_link(struct session *session, struct link_ref *link, uint64_t now_us);
unsigned session_client_count(const struct session *session); /* clients that it has now */
void session_client_left(struct session *session);

/* It has refused a client as busy: it gets none before this time. */
void session_back_off(struct session *session, uint64_t until_us);
bool session_can_take(const struct session *session, uint64_t now_us); /* has an idle link, and no backoff runs */

/* Links that waiting clients need of it, since the last session_take_deficit. */
void session_add_deficit(struct session *session, unsigned links);
unsigned session_take_deficit(struct session *session);
/* While clients wait for its links, no spare ones are ordered: until this time, which may have passed. */
void session_hold_spare(struct session *session, uint64_t until_us);
uint64_t session_spare_held_us(const struct session *session);
bool session_mark(struct session *session, bool marked); /* is in supply.c's list; returns what it was */

/* How many idle links it should have: twice its peak demand, within these bounds. */
unsigned session_spare_target(struct session *session, unsigned least, unsigned most, uint64_t now_us);

#endif
