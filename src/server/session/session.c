/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * session: see session.h.
 */
#include "config.h"

#include "server/session/session.h"

#include "lib/base/clock.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LABEL_DIGITS = 6, /* of an instance */
    TAG_DIGITS = 16,  /* at the begin of an id */
    RANDOM_BYTES = 8  /* behind them */
};

enum session_state { LIVE, DRAINING, SUSPENDED, RETIRED, STATES };

struct proof { /* what the agent has proved */
    bool has_token;
    uint8_t token_digest[SECRET_SIZE]; /* of its key: the session outlives the HELLO, the key need not */
    X509 *certificate;
    STACK_OF(X509) * chain;
};

struct session {
    struct session_entry entry;
    uint64_t tag;
    struct link_ref control;
    struct addr peer;
    enum session_state state;
    bool serves_all, is_draining, was_resumed;
    bool is_drained_here; /* by the operator, so that it can be undone */
    unsigned client_count;
    uint64_t clients_taken, failures;
    uint64_t joined_us, backoff_until_us, flow_backoff_until_us, suspended_until_us, state_since_us;
    struct log_limit protocol_errors, health_lines, ban_lines, publish_messages;
    struct carriers carriers;
    struct liveness_state liveness;
    struct announcement announcement;
    struct visiting visiting;
    struct strlist groups;
    char name[PROTO_NAME_MAX + 1], label[RECORD_AGENT], who[RECORD_AGENT + 8], credential[PROTO_NAME_MAX + 1];
    char version[PROTO_NAME_MAX + 1];
    unsigned features;
    struct byte_rates *rates; /* NULL: nothing has moved yet, or out of memory */
    char instance[PROTO_INSTANCE_HEX], id[PROTO_INSTANCE_HEX];
    uint8_t key[SECRET_SIZE];
    struct proof proof;
    struct bandwidth *bandwidth; /* one reference */
};

static void proof_done(struct proof *proof) {
    X509_free(proof->certificate);
    sk_X509_pop_free(proof->chain, X509_free);
}

static bool copy_proof(struct proof *proof, const struct session_options *options) {
    if (options->certificate && X509_up_ref(options->certificate))
        proof->certificate = options->certificate;
    if (options->chain && !(proof->chain = X509_chain_up_ref(options->chain)))
        return false;
    proof->has_token = options->key;
    return !options->key || secret_sha256(proof->token_digest, options->key, SECRET_SIZE, NULL, 0) == 0;
}

/* What may be another when it is taken up again. */
static void fill_connection(struct session *session, const struct session_options *options) {
    session->control = options->control;
    session->peer = *options->peer;
    session->joined_us = session->state_since_us = clock_us();
    session->features = options->features;
    snprintf(session->version, sizeof session->version, "%s", options->version ? options->version : "");
    if (options->shares_name)
        snprintf(session->label, sizeof session->label, "%s#%.*s", options->name, LABEL_DIGITS, options->instance);
    else
        snprintf(session->label, sizeof session->label, "%s", options->name);
    snprintf(session->who, sizeof session->who, "agent %s", session->label);
}

/* The id begins with the tag, by which the session is found. */
static bool make_id_and_key(struct session *session) {
    uint8_t random[RANDOM_BYTES];

    if (secret_random(random, sizeof random) != 0 || secret_random(session->key, SECRET_SIZE) != 0)
        return false;
    snprintf(session->id, sizeof session->id, "%0*" PRIx64, TAG_DIGITS, session->tag);
    secret_to_hex(random, sizeof random, session->id + TAG_DIGITS);
    return true;
}

static bool fill(struct session *session, const struct session_options *options) {
    session->entry.session = session;
    session->tag = options->tag;
    session->serves_all = options->serves_all;
    fill_connection(session, options);
    snprintf(session->name, sizeof session->name, "%s", options->name);
    snprintf(session->credential, sizeof session->credential, "%s", options->credential);
    snprintf(session->instance, sizeof session->instance, "%s", options->instance);
    if (!carriers_init(&session->carriers, options->threads) || !copy_proof(&session->proof, options) ||
        !make_id_and_key(session))
        return false;
    session->bandwidth = bandwidth_new(&(struct bandwidth_limits){0});
    if (!session->bandwidth)
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
    carriers_done(&session->carriers);
    visiting_clear(&session->visiting);
    strlist_done(&session->groups);
    secret_wipe(session->key, sizeof session->key);
    proof_done(&session->proof);
    free(session->rates);
    bandwidth_release(session->bandwidth);
    free(session);
}

uint64_t session_tag(const struct session *session) {
    return session->tag;
}

struct bandwidth *session_bandwidth(const struct session *session) {
    return session->bandwidth;
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

uint64_t session_state_since_us(const struct session *session) {
    return session->state_since_us;
}

bool session_was_resumed(const struct session *session) {
    return session->was_resumed;
}

struct log_limit *session_health_lines(struct session *session) {
    return &session->health_lines;
}

struct log_limit *session_publish_messages(struct session *session) {
    return &session->publish_messages;
}

struct log_limit *session_ban_lines(struct session *session) {
    return &session->ban_lines;
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

const char *session_version(const struct session *session) {
    return session->version;
}

unsigned session_features(const struct session *session) {
    return session->features;
}

bool session_has_token(const struct session *session) {
    return session->proof.has_token;
}

bool session_has_token_key(const struct session *session, const uint8_t key[SECRET_SIZE]) {
    uint8_t digest[SECRET_SIZE];

    return session->proof.has_token && secret_sha256(digest, key, SECRET_SIZE, NULL, 0) == 0 &&
           secret_equal(digest, session->proof.token_digest, SECRET_SIZE);
}

X509 *session_certificate(const struct session *session) {
    return session->proof.certificate;
}

STACK_OF(X509) * session_chain(const struct session *session) {
    return session->proof.chain;
}

const struct strlist *session_groups(const struct session *session) {
    return session->serves_all ? NULL : &session->groups;
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

uint64_t session_id_tag(const char *id) {
    char tag[TAG_DIGITS + 1];

    snprintf(tag, sizeof tag, "%s", id);
    return strtoull(tag, NULL, 16);
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

static bool has_same_groups(const struct strlist *a, const struct strlist *b) {
    for (size_t i = 0; i < b->count; i++)
        if (!strlist_has(a, b->items[i]))
            return false;
    return a->count == b->count;
}

bool session_is_of(const struct session *session, const struct session_options *options) {
    return strcmp(session->name, options->name) == 0 && strcmp(session->instance, options->instance) == 0 &&
           strcmp(session->credential, options->credential) == 0 && session->serves_all == options->serves_all &&
           (session->serves_all || has_same_groups(&session->groups, options->groups));
}

static void set_state(struct session *session, enum session_state state) {
    static const unsigned steps[STATES] = {[LIVE] = 1U << DRAINING | 1U << SUSPENDED,
                                           [DRAINING] = 1U << SUSPENDED,
                                           [SUSPENDED] = 1U << LIVE | 1U << DRAINING | 1U << RETIRED};

    assert(steps[session->state] & 1U << state);
    session->state = state;
    session->state_since_us = clock_us();
}

bool session_is_draining(const struct session *session) {
    return session->is_draining;
}

static void drain(struct session *session) {
    if (session->is_draining)
        return;
    session->is_draining = true;
    if (session->state != SUSPENDED)
        set_state(session, DRAINING);
}

void session_drain(struct session *session) {
    drain(session);
    session->is_drained_here = false;
}

void session_drain_here(struct session *session) {
    session->is_drained_here |= !session->is_draining;
    drain(session);
}

bool session_is_drained_here(const struct session *session) {
    return session->is_drained_here;
}

void session_undrain(struct session *session) {
    session->is_draining = session->is_drained_here = false;
}

bool session_is_connected(const struct session *session) {
    return session->state == LIVE || session->state == DRAINING;
}

bool session_is_retired(const struct session *session) {
    return session->state == RETIRED;
}

static void reset_liveness(struct session *session) {
    session->liveness = (struct liveness_state){.lines = session->liveness.lines};
}

void session_suspend(struct session *session, uint64_t until_us) {
    set_state(session, SUSPENDED);
    session->suspended_until_us = until_us;
    session->control = (struct link_ref){0};
    session->announcement.is_sent = false; /* no answer will come */
    reset_liveness(session);
}

bool session_resume(struct session *session, const struct session_options *options) {
    struct proof proof = {0};

    if (!copy_proof(&proof, options)) {
        proof_done(&proof);
        return false;
    }
    proof_done(&session->proof);
    session->proof = proof;
    set_state(session, session->is_draining ? DRAINING : LIVE);
    fill_connection(session, options);
    session->was_resumed = true;
    session->backoff_until_us = session->flow_backoff_until_us = 0;
    session->announcement = (struct announcement){.is_over = session->is_draining};
    return true;
}

void session_retire(struct session *session) {
    set_state(session, RETIRED);
}

bool session_is_abandoned(const struct session *session, uint64_t now_us) {
    return session->state == SUSPENDED && now_us >= session->suspended_until_us &&
           (!session->client_count || !session->carriers.count);
}

bool session_is_idle(const struct session *session, uint64_t *until_us) {
    *until_us = session->suspended_until_us;
    return session->state == SUSPENDED && !session->client_count;
}

struct session_entry *session_entry(struct session *session) {
    return &session->entry;
}

struct announcement *session_announcement(struct session *session) {
    return &session->announcement;
}

struct visiting *session_visiting(struct session *session) {
    return &session->visiting;
}

struct liveness_state *session_liveness(struct session *session) {
    return &session->liveness;
}

bool session_is_silent(const struct session *session) {
    return session->liveness.is_silent;
}

struct carriers *session_carriers(struct session *session) {
    return &session->carriers;
}

unsigned session_client_count(const struct session *session) {
    return session->client_count;
}

uint64_t session_clients_taken(const struct session *session) {
    return session->clients_taken;
}

unsigned session_take_client(struct session *session) {
    session->client_count++;
    session->clients_taken++;
    return carriers_take_thread(&session->carriers);
}

void session_take_flow(struct session *session) {
    session->client_count++;
    session->clients_taken++;
}

void session_client_left(struct session *session) {
    if (session->client_count)
        session->client_count--;
}

void session_note_bytes(struct session *session, const struct session_bytes *bytes) {
    if (!session->rates)
        session->rates = calloc(1, sizeof *session->rates);
    if (session->rates)
        byte_rates_add(session->rates, bytes);
}

const struct byte_rates *session_rates(const struct session *session) {
    return session->rates;
}

void session_note_failure(struct session *session) {
    session->failures++;
}

uint64_t session_failures(const struct session *session) {
    return session->failures;
}

void session_back_off(struct session *session, uint64_t until_us) {
    session->backoff_until_us = until_us;
}

void session_back_off_flows(struct session *session, uint64_t until_us) {
    session->flow_backoff_until_us = until_us;
}

bool session_can_take_flow(const struct session *session, unsigned thread, uint64_t now_us) {
    return session->state == LIVE && carriers_has_shared(&session->carriers, thread) &&
           session->flow_backoff_until_us <= now_us;
}

bool session_can_take(const struct session *session, uint64_t now_us) {
    return session->state == LIVE && session->carriers.ready && session->backoff_until_us <= now_us;
}
