/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * session: one agent: its identity, the groups that it serves, the numbers of its data links and of its clients.
 *
 * It outlives its control link: while it is suspended it gets no clients, those that it has go on by its data links,
 * and the agent may take it up again. Once it is retired it cannot.
 * Runs on: the control thread. Owns: its strings and tables; not the links.
 * States: live -> (draining ->) suspended -> live | draining | retired -> freed.
 */
#ifndef MUNNEL_SERVER_SESSION_SESSION_H
#define MUNNEL_SERVER_SESSION_SESSION_H

#include "lib/base/queue.h"
#include "lib/base/strlist.h"
#include "lib/log/log.h"
#include "relay/plane.h"
#include "server/session/announcement.h"
#include "server/session/byte_rates.h"
#include "server/session/carriers.h"
#include "server/session/liveness.h"
#include "server/session/visiting.h"

struct session;

struct session_options { /* all copied */
    uint64_t tag;
    struct link_ref control;
    const struct addr *peer;
    const char *name, *instance, *credential, *version; /* version: of its program; NULL or "": not known */
    const uint8_t *key;                                 /* of the token that it authenticated by, or NULL */
    X509 *certificate;                                  /* its verified one, or NULL */
    STACK_OF(X509) * chain;                             /* sent with it, or NULL */
    bool serves_all;
    const struct strlist *groups; /* unless serves_all */
    bool shares_name;             /* another session has it already */
    unsigned features;            /* that its agent knows: see proto/features.h */
    unsigned threads;             /* relay threads of the server */
};

struct session_entry { /* session_table.c's own */
    struct session *session;
    LIST_ENTRY(session_entry) by_name, by_instance;
};
struct session_entry *session_entry(struct session *session);

/* With a fresh id and key; NULL: no memory, or no random bytes. */
struct session *session_new(const struct session_options *options);
void session_free(struct session *session);

uint64_t session_tag(const struct session *session);
struct link_ref session_control(const struct session *session);
const struct addr *session_peer(const struct session *session);
uint64_t session_joined_us(const struct session *session);      /* or was taken up again */
uint64_t session_state_since_us(const struct session *session); /* connected, draining, suspended or retired */
bool session_was_resumed(const struct session *session);
struct log_limit *session_protocol_errors(struct session *session);  /* of its control messages */
struct log_limit *session_health_lines(struct session *session);     /* of what its checks have found */
struct log_limit *session_publish_messages(struct session *session); /* of services that its agent offers */
struct log_limit *session_ban_lines(struct session *session);        /* of bans that its agent asks for */
const char *session_name(const struct session *session);
const char *session_label(const struct session *session); /* for records: its name, or "NAME#3f2a91" if it shares it */
const char *session_who(const struct session *session);   /* "agent LABEL", for log lines */
const char *session_instance(const struct session *session);
const char *session_credential(const struct session *session);
const char *session_version(const struct session *session); /* of the agent's program; "": not known */
unsigned session_features(const struct session *session);
bool session_has_token(const struct session *session);
bool session_has_token_key(const struct session *session, const uint8_t key[SECRET_SIZE]);
X509 *session_certificate(const struct session *session); /* NULL: none */
STACK_OF(X509) * session_chain(const struct session *session);
const struct strlist *session_groups(const struct session *session);                 /* NULL: it serves all */
bool session_is_within(const struct session *session, const struct strlist *groups); /* it serves no others */
const char *session_id(const struct session *session);                               /* 32 hex digits */
uint64_t session_id_tag(const char *id); /* the tag of the session that alone may have this id */
const uint8_t *session_key(const struct session *session);

/* May it serve a service of these groups? No groups: a service for any agent. */
bool session_serves(const struct session *session, const struct strlist *groups);

bool session_is_draining(const struct session *session); /* also while it is suspended */
void session_drain(struct session *session);             /* its agent asks for it: for good */
void session_drain_here(struct session *session);        /* the operator does */
bool session_is_drained_here(const struct session *session);
void session_undrain(struct session *session);            /* its next connection will be offered services */
bool session_is_connected(const struct session *session); /* has its control link: is live or draining */
bool session_is_retired(const struct session *session);
/* Both only by session_table.c, which counts. */
void session_suspend(struct session *session, uint64_t until_us);
bool session_resume(struct session *session, const struct session_options *options); /* false: out of memory */
void session_retire(struct session *session);
/* It is suspended, and not to be kept: its time is over, and it has no clients, or no links for them. */
bool session_is_abandoned(const struct session *session, uint64_t now_us);
/* It is suspended without clients: taken up again it would be as a new one. `until_us`: when its time is over. */
bool session_is_idle(const struct session *session, uint64_t *until_us);
/* Would `options` make the same session: of the same process of the agent, with the same rights? */
bool session_is_of(const struct session *session, const struct session_options *options);

struct announcement *session_announcement(struct session *session); /* of the services to its agent */
struct visiting *session_visiting(struct session *session);         /* services that its agent opens on its side */
struct liveness_state *session_liveness(struct session *session);
bool session_is_silent(const struct session *session); /* see liveness.h */

struct bandwidth *
session_bandwidth(const struct session *session);              /* of its relays together; it has no limit at first */
struct carriers *session_carriers(struct session *session);    /* its data links */
unsigned session_client_count(const struct session *session);  /* clients that it has now */
unsigned session_take_client(struct session *session);         /* one more; returns the relay thread for it */
void session_take_flow(struct session *session);               /* one more, of UDP, whose thread its port has */
uint64_t session_clients_taken(const struct session *session); /* in all its life */
void session_client_left(struct session *session);

/* Bytes of its relays have moved. Without memory they are not counted. */
void session_note_bytes(struct session *session, const struct session_bytes *bytes);
const struct byte_rates *session_rates(const struct session *session); /* NULL: none have */
void session_note_failure(struct session *session);                    /* it did not reach a destination */
uint64_t session_failures(const struct session *session);
/* It has refused a client as busy: it gets none before this time. */
void session_back_off(struct session *session, uint64_t until_us);
/* The same of clients of UDP alone: they have bounds of their own, and anybody can make as many as these permit. */
void session_back_off_flows(struct session *session, uint64_t until_us);
/* Is live, has a shared data link, and no backoff runs. */
bool session_can_take(const struct session *session, uint64_t now_us);
bool session_can_take_flow(const struct session *session, unsigned thread, uint64_t now_us); /* the link: of `thread` */

#endif
