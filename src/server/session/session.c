/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * session: see session.h.
 */
#include "config.h"

#include "server/session/session.h"

#include "lib/base/clock.h"
#include "proto/session_key.h"
#include "server/session/link_demand.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LABEL_DIGITS = 6 }; /* of an instance */

enum session_state { LIVE, DRAINING, RETIRED, STATES };

struct session {
    uint64_t tag;
    struct link_ref control;
    struct addr peer;
    enum session_state state;
    bool serves_all, marked;
    unsigned client_count, deficit;
    uint64_t joined_us, backoff_until_us, spare_held_us;
    struct log_limit protocol_errors;
    struct link_pool *pool, *arriving;
    struct link_demand demand;
    struct link_orders orders;
    struct replay_window replay_window;
    struct liveness_state liveness;
    struct announcement announcement;
    struct strlist groups;
    char name[PROTO_NAME_MAX + 1], label[RECORD_AGENT], who[RECORD_AGENT + 8], credential[PROTO_NAME_MAX + 1];
    char instance[PROTO_INSTANCE_HEX], id[SESSION_ID_HEX];
    uint8_t key[SECRET_SIZE];
    bool has_token;
    uint8_t token_digest[SECRET_SIZE]; /* of its key: the session outlives the HELLO, the key need not */
    X509 *certificate;
    STACK_OF(X509) * chain;
};

static bool copy_proof(struct session *session, const struct session_options *options) {
    if (options->certificate && X509_up_ref(options->certificate))
        session->certificate = options->certificate;
    if (options->chain && !(session->chain = X509_chain_up_ref(options->chain)))
        return false;
    session->has_token = options->key;
    return !options->key || secret_sha256(session->token_digest, options->key, SECRET_SIZE, NULL, 0) == 0;
}

static bool fill(struct session *session, const struct session_options *options) {
    session->tag = options->tag;
    session->control = options->control;
    session->peer = *options->peer;
    session->serves_all = options->serves_all;
    session->joined_us = clock_us();
    snprintf(session->name, sizeof session->name, "%s", options->name);
    if (options->shares_name)
        snprintf(session->label, sizeof session->label, "%s#%.*s", options->name, LABEL_DIGITS, options->instance);
    else
        snprintf(session->label, sizeof session->label, "%s", options->name);
    snprintf(session->who, sizeof session->who, "agent %s", session->label);
    snprintf(session->credential, sizeof session->credential, "%s", options->credential);
    snprintf(session->instance, sizeof session->instance, "%s", options->instance);
    session->pool = link_pool_new();
    session->arriving = link_pool_new();
    if (!session->pool || !session->arriving || !copy_proof(session, options) ||
        session_key_name(session->id, options->secret) != 0 ||
        !session_key_find(session->key, options->secret, session->id))
        return false;
    return options->serves_all || strlist_copy(&session->groups, options->groups) == 0;
}

struct session *session_new(const struct session_options *options) {
    struct session *session = calloc(1, sizeof *session);

    if (!session || fill(session, options))
        return session;
    session_free(session);
    return NULL;
}

void session_free(struct session *session) {
    if (!session)
        return;
    link_pool_free(session->pool);
    link_pool_free(session->arriving);
    strlist_done(&session->groups);
    secret_wipe(session->key, sizeof session->key);
    X509_free(session->certificate);
    sk_X509_pop_free(session->chain, X509_free);
    free(session);
}

uint64_t session_tag(const struct session *session) {
    return session->tag;
}

struct link_ref session_control(const struct session *session) {
    return session->control;
}

const struct addr *session_peer(const struct session *session) {
    return &session->peer;
}

uint64_t session_joined_us(const struct session *session) {
    return session->joined_us;
}

struct log_limit *session_protocol_errors(struct session *session) {
    return &session->protocol_errors;
}

const char *session_name(const struct session *session) {
    return session->name;
}

const char *session_label(const struct session *session) {
    return session->label;
}

const char *session_who(const struct session *session) {
    return session->who;
}

const char *session_instance(const struct session *session) {
    return session->instance;
}

const char *session_credential(const struct session *session) {
    return session->credential;
}

bool session_has_token(const struct session *session) {
    return session->has_token;
}

bool session_has_token_key(const struct session *session, const uint8_t key[SECRET_SIZE]) {
    uint8_t digest[SECRET_SIZE];

    return session->has_token && secret_sha256(digest, key, SECRET_SIZE, NULL, 0) == 0 &&
           secret_equal(digest, session->token_digest, SECRET_SIZE);
}

X509 *session_certificate(const struct session *session) {
    return session->certificate;
}

STACK_OF(X509) * session_chain(const struct session *session) {
    return session->chain;
}

bool session_is_within(const struct session *session, const struct strlist *groups) {
    if (strlist_has(groups, "*"))
        return true;
    for (size_t i = 0; i < session->groups.count; i++)
        if (!strlist_has(groups, session->groups.items[i]))
            return false;
    return !session->serves_all;
}

const char *session_id(const struct session *session) {
    return session->id;
}

const uint8_t *session_key(const struct session *session) {
    return session->key;
}

bool session_serves(const struct session *session, const struct strlist *groups) {
    if (session->serves_all || groups->count == 0)
        return true;
    for (size_t i = 0; i < groups->count; i++)
        if (strlist_has(&session->groups, groups->items[i]))
            return true;
    return false;
}

static void set_state(struct session *session, enum session_state state) {
    static const unsigned steps[STATES] = {[LIVE] = 1U << DRAINING | 1U << RETIRED, [DRAINING] = 1U << RETIRED};

    assert(steps[session->state] & 1U << state);
    session->state = state;
}

bool session_is_draining(const struct session *session) {
    return session->state == DRAINING;
}

void session_drain(struct session *session) {
    set_state(session, DRAINING);
}

bool session_is_retired(const struct session *session) {
    return session->state == RETIRED;
}

void session_retire(struct session *session) {
    set_state(session, RETIRED);
    secret_wipe(session->key, sizeof session->key);
}

struct announcement *session_announcement(struct session *session) {
    return &session->announcement;
}

struct liveness_state *session_liveness(struct session *session) {
    return &session->liveness;
}

bool session_is_silent(const struct session *session) {
    return session->liveness.is_silent;
}

struct link_pool *session_pool(struct session *session) {
    return session->pool;
}

struct link_pool *session_arriving(struct session *session) {
    return session->arriving;
}

struct link_orders *session_orders(struct session *session) {
    return &session->orders;
}

struct replay_window *session_replay_window(struct session *session) {
    return &session->replay_window;
}

bool session_take_link(struct session *session, struct link_ref *link, uint64_t now_us) {
    if (!link_pool_take(session->pool, link))
        return false;
    link_demand_note(&session->demand, now_us);
    session->client_count++;
    return true;
}

unsigned session_client_count(const struct session *session) {
    return session->client_count;
}

void session_client_left(struct session *session) {
    if (session->client_count)
        session->client_count--;
}

void session_back_off(struct session *session, uint64_t until_us) {
    session->backoff_until_us = until_us;
}

bool session_can_take(const struct session *session, uint64_t now_us) {
    return link_pool_count(session->pool) && session->backoff_until_us <= now_us;
}

void session_add_deficit(struct session *session, unsigned links) {
    session->deficit += links;
}

unsigned session_take_deficit(struct session *session) {
    unsigned deficit = session->deficit;

    session->deficit = 0;
    return deficit;
}

void session_hold_spare(struct session *session, uint64_t until_us) {
    session->spare_held_us = until_us;
}

uint64_t session_spare_held_us(const struct session *session) {
    return session->spare_held_us;
}

bool session_mark(struct session *session, bool marked) {
    bool before = session->marked;

    session->marked = marked;
    return before;
}

unsigned session_spare_target(struct session *session, unsigned least, unsigned most, uint64_t now_us) {
    uint64_t target = 2ULL * link_demand_peak(&session->demand, now_us);

    if (target < least)
        target = least;
    return target < most ? (unsigned)target : most;
}
