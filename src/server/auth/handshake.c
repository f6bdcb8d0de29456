/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * handshake: see handshake.h. A control link proves a credential and becomes a session; a data link proves that
 * session, in TLS by its key or, if the handshake went by certificates, in HELLO. Runs on: the control thread. Owns:
 * nothing.
 */
#include "config.h"

#include "server/auth/handshake.h"

#include "lib/base/clock.h"
#include "proto/auth_proof.h"
#include "proto/session_key.h"
#include "server/auth/flap_damping.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct handshake {
    struct handshake_options options;
    uint64_t refused;
    bool is_stopping;
};

struct handshake *handshake_new(const struct handshake_options *options) {
    struct handshake *handshake = calloc(1, sizeof *handshake);

    if (handshake)
        handshake->options = *options;
    return handshake;
}

void handshake_free(struct handshake *handshake) {
    free(handshake);
}

void handshake_stop(struct handshake *handshake) {
    handshake->is_stopping = true;
}

uint64_t handshake_refused(const struct handshake *handshake) {
    return handshake->refused;
}

static void greet_reject(struct handshake *handshake, const struct greeting *greeting, const char *name,
                         const struct auth_refusal *refusal) {
    char *json = reject_format(refusal->code, refusal->words.text, refusal->retry_after_s);
    char who[PROTO_NAME_MAX + 8];

    if (json)
        plane_reject(handshake->options.plane, greeting->link, json);
    else
        plane_close(handshake->options.plane, greeting->link, refusal->words.text, false);
    free(json);
    handshake->refused++;
    if (refusal->code == REJECT_CREDENTIAL || refusal->code == REJECT_MALFORMED)
        agent_listener_penalize(handshake->options.listener, greeting->peer);
    snprintf(who, sizeof who, "%s%s", *name ? "agent " : "agent port", name);
    if (refusal->is_usual)
        log_write(handshake->options.log, LOG_LEVEL_DEBUG, who, "turned away: %s", refusal->words.text);
    else
        log_throttle_event(handshake->options.throttle, handshake->options.log, LOG_LEVEL_WARNING, who, "turned away",
                           refusal->words.text, greeting->peer);
}

/* --- control links --- */

static char *welcome_control(const struct handshake *handshake, const struct greeting *greeting,
                             const struct session *session, const uint8_t *key) {
    struct welcome welcome = {.session = session_id(session),
                              .server = handshake->options.instance,
                              .ping_s = handshake->options.policy->conf->agents.ping_s,
                              .dead_after_s = handshake->options.policy->conf->agents.dead_after_s};
    char *json = NULL;

    memcpy(welcome.session_key, session_key(session), SECRET_SIZE);
    welcome.has_proof = key != NULL;
    if (!key || auth_proof_make(welcome.proof, key, AUTH_PROOF_SERVER, greeting->exporter) == 0)
        json = welcome_format(&welcome);
    secret_wipe(&welcome, sizeof welcome);
    return json;
}

static void greet_log_joined(const struct handshake *handshake, const struct greeting *greeting,
                             const struct session *session, const struct auth_claim *claim) {
    char from[ADDR_TEXT], certificate[CERTIFICATE_TEXT] = "", groups[200] = "";

    if (greeting->certificate)
        certificate_describe(greeting->certificate, certificate);
    for (size_t i = 0; i < claim->groups.count; i++) {
        size_t used = strlen(groups);
        snprintf(groups + used, sizeof groups - used, "%s%s", i ? "," : "", claim->groups.items[i]);
    }
    log_event(handshake->options.log, LOG_LEVEL_INFO, session_who(session), "joined",
              LOG_FIELDS(LOG_TEXT("from", addr_format(greeting->peer, from, sizeof from)),
                         LOG_TEXT("groups", claim->serves_all ? "*" : groups),
                         LOG_TEXT("credential", session_credential(session)), LOG_TEXT("certificate", certificate),
                         LOG_NUMBER("agents", session_table_count(handshake->options.sessions))));
}

/* Each name once, "A, B"; a list that is too long just ends. */
static void add_groups(const struct strlist *groups, const char *before, char *text, size_t size) {
    for (size_t i = 0; i < groups->count; i++) {
        size_t used = strlen(text);
        snprintf(text + used, size - used, "%s%s", used ? before : "", groups->items[i]);
    }
}

static void list_service_groups(const struct handshake *handshake, char *text, size_t size) {
    struct strlist known = {0};

    for (size_t i = 0; i < handshake->options.services->count; i++) {
        const struct strlist *groups = &service_config(handshake->options.services->items[i])->groups;
        for (size_t j = 0; j < groups->count; j++)
            if (!strlist_has(&known, groups->items[j]))
                strlist_add(&known, groups->items[j]);
    }
    add_groups(&known, ", ", text, size);
    strlist_done(&known);
}

/* Whoever mistyped it looks at the agent's log. What groups there are is none of the agent's business. */
static void greet_tell_of_idleness(const struct handshake *handshake, const struct session *session,
                                   const char *groups) {
    char words[300];

    snprintf(words, sizeof words, "no service of this server has the group %s, so this agent gets no clients", groups);
    registry_send(handshake->options.registry, session, CONTROL_OP_NOTICE, words);
}

/* A mistyped group is no error, since services come and go, but nobody would find it. */
static void greet_warn_of_idleness(const struct handshake *handshake, const struct session *session,
                                   const struct auth_claim *claim) {
    char mine[200] = "", all[200] = "";

    for (size_t i = 0; i < handshake->options.services->count; i++)
        if (session_serves(session, &service_config(handshake->options.services->items[i])->groups))
            return;
    if (!handshake->options.services->count)
        return;
    add_groups(&claim->groups, " or ", mine, sizeof mine);
    list_service_groups(handshake, all, sizeof all);
    log_write(handshake->options.log, LOG_LEVEL_WARNING, session_who(session),
              "serves no service: no service has the group %s; there are: %s", mine, all);
    greet_tell_of_idleness(handshake, session, mine);
}

static void free_secret(char *text) {
    if (text)
        secret_wipe(text, strlen(text));
    free(text);
}

/* Asked last: who has proved nothing shall not learn, or spoil, how an agent fares. */
static bool greet_finds_steady(struct handshake *handshake, const struct greeting *greeting, const struct hello *hello,
                               const struct auth_claim *claim, struct auth_refusal *refusal) {
    const char *credential = claim->credential ? claim->credential->name : "";
    unsigned wait_s = flap_damping_wait(handshake->options.flaps, credential, hello->name, greeting->peer, clock_us());

    if (!wait_s)
        return true;
    auth_refuse(refusal, REJECT_BUSY, "flaps");
    refusal->retry_after_s = wait_s;
    error_set(&refusal->words, "this agent comes and goes all the time; it may come again in %u s", wait_s);
    return false;
}

static bool greet_control(struct handshake *handshake, const struct greeting *greeting, const struct hello *hello,
                          struct auth_refusal *refusal) {
    struct auth_claim claim;

    if (handshake->is_stopping)
        return auth_refuse(refusal, REJECT_STOPPING, "the server is stopping");
    if (!authenticate(&claim, handshake->options.policy, greeting, hello, refusal) &&
        !(handshake->options.reread_credentials(handshake->options.context) &&
          authenticate(&claim, handshake->options.policy, greeting, hello, refusal)))
        return false;
    if (!greet_finds_steady(handshake, greeting, hello, &claim, refusal))
        return false;
    struct session_options options = {.control = greeting->link,
                                      .peer = greeting->peer,
                                      .name = hello->name,
                                      .instance = hello->instance,
                                      .credential = claim.credential ? claim.credential->name : "",
                                      .secret = handshake->options.secret,
                                      .key = claim.key,
                                      .certificate = greeting->certificate,
                                      .chain = greeting->chain,
                                      .serves_all = claim.serves_all,
                                      .groups = &claim.groups};
    struct session *session = registry_admit(handshake->options.registry, &options);
    char *json = session ? welcome_control(handshake, greeting, session, claim.key) : NULL;
    if (json) {
        plane_accept(handshake->options.plane, greeting->link, true, session_tag(session), json, session_who(session),
                     handshake->options.policy->conf->agents.ping_s,
                     handshake->options.policy->conf->agents.dead_after_s);
        liveness_check(handshake->options.liveness, session, clock_us());
        greet_log_joined(handshake, greeting, session, &claim);
        greet_warn_of_idleness(handshake, session, &claim);
    } else {
        auth_refuse(refusal, REJECT_BUSY, "the server is out of memory");
        if (session)
            registry_dismiss(handshake->options.registry, session, "not admitted", "out of memory");
    }
    free_secret(json);
    return json != NULL;
}

/* --- data links --- */

static bool data_prove(const struct session *session, const struct greeting *greeting, const struct hello *hello,
                       struct auth_refusal *refusal) {
    return (session && hello->has_proof &&
            auth_proof_check(hello->proof, session_key(session), AUTH_PROOF_DATA, greeting->exporter)) ||
           auth_refuse(refusal, REJECT_SESSION, "no such session, or a wrong proof of it");
}

/* Links are dialled only when they are asked for: another was kept back on its way, and by whom? */
static bool data_is_asked_for(struct session *session, struct auth_refusal *refusal) {
    if (!session)
        return auth_refuse(refusal, REJECT_SESSION, "no such session");
    if (link_orders_acceptable(session_orders(session), clock_us()))
        return true;
    auth_refuse(refusal, REJECT_BUSY, "no link was asked for");
    refusal->is_usual = true;
    return false;
}

/* Somebody has seen it on its way. He could not read what he would be told. */
static void data_was_used(struct handshake *handshake, const struct greeting *greeting) {
    static const char why[] = "a handshake of a data link that was used before";

    plane_close(handshake->options.plane, greeting->link, why, false);
    handshake->refused++;
    agent_listener_penalize(handshake->options.listener, greeting->peer);
    log_throttle_event(handshake->options.throttle, handshake->options.log, LOG_LEVEL_WARNING, "agent port",
                       "turned away", why, greeting->peer);
}

static bool data_has_room(struct handshake *handshake, struct session *session, struct auth_refusal *refusal) {
    if (session_is_draining(session)) { /* it left while links of it were on their way */
        auth_refuse(refusal, REJECT_SESSION, "this session gets no more clients");
        refusal->is_usual = true;
        return false;
    }
    if (!supply_has_room(handshake->options.supply))
        return auth_refuse(refusal, REJECT_BUSY, "the server has no descriptors for more links");
    if (link_pool_count(session_pool(session)) >= handshake->options.policy->conf->agents.idle_max &&
        !link_orders_acceptable(session_orders(session),
                                clock_us())) /* links are dialled only when they are asked for */
        return auth_refuse(refusal, REJECT_BUSY, "there are idle links enough");
    return true;
}

/* `welcome`: NULL where TLS has proved that this server has the session's key. */
static bool data_admit(struct handshake *handshake, const struct greeting *greeting, struct session *session,
                       const char *welcome, struct auth_refusal *refusal) {
    if (!data_has_room(handshake, session, refusal))
        return false;
    supply_link_accepted(handshake->options.supply, session, greeting->link);
    plane_accept(handshake->options.plane, greeting->link, false, session_tag(session), welcome, session_who(session),
                 handshake->options.policy->conf->agents.ping_s, handshake->options.policy->conf->agents.dead_after_s);
    return true;
}

/* The agent has seen a certificate, which whoever stole its key can show as well. */
static char *welcome_data(const struct greeting *greeting, const struct session *session) {
    uint8_t proof[SECRET_SIZE];

    if (auth_proof_make(proof, session_key(session), AUTH_PROOF_DATA_SERVER, greeting->exporter) != 0)
        return NULL;
    return hello_add_proof("{}", proof);
}

static bool greet_data(struct handshake *handshake, const struct greeting *greeting, const struct hello *hello,
                       struct auth_refusal *refusal) {
    struct session *session = session_table_find_id(handshake->options.sessions, hello->session);

    if (!data_prove(session, greeting, hello, refusal))
        return false;
    char *welcome = welcome_data(greeting, session);
    bool admitted = welcome ? data_admit(handshake, greeting, session, welcome, refusal)
                            : auth_refuse(refusal, REJECT_BUSY, "the server is out of memory");
    free(welcome);
    return admitted;
}

/* TLS has proved the key of the session; the rest is whether this very handshake is one of now. */
static void greet_known(struct handshake *handshake, const struct greeting *greeting) {
    char id[SESSION_ID_HEX] = "";
    uint64_t number = 0;
    struct auth_refusal refusal;
    bool is_id = session_key_split(id, &number, greeting->identity);
    struct session *session = is_id ? session_table_find_id(handshake->options.sessions, id) : NULL;

    if (session && !replay_window_use(session_replay_window(session), number, clock_us()))
        data_was_used(handshake, greeting);
    else if (!data_is_asked_for(session, &refusal) || !data_admit(handshake, greeting, session, NULL, &refusal))
        greet_reject(handshake, greeting, session ? session_name(session) : "", &refusal);
}

static bool greet_hello(struct handshake *handshake, const struct greeting *greeting, const struct hello *hello,
                        struct auth_refusal *refusal) {
    if (hello->protocol != PROTO_VERSION)
        return auth_refuse(refusal, REJECT_PROTOCOL,
                           "the agent speaks protocol %llu and this server %d: bring the older one up to date",
                           (unsigned long long)hello->protocol, PROTO_VERSION);
    if (hello->kind == HELLO_KIND_CONTROL)
        return greet_control(handshake, greeting, hello, refusal);
    return greet_data(handshake, greeting, hello, refusal);
}

void handshake_decide(struct handshake *handshake, const struct greeting *greeting) {
    struct hello hello;
    struct auth_refusal refusal;
    struct error error;

    if (greeting->identity) {
        greet_known(handshake, greeting);
        return;
    }
    if (hello_parse(&hello, greeting->text, greeting->length, &error)) {
        auth_refuse(&refusal, REJECT_MALFORMED, "%s", error.text);
        greet_reject(handshake, greeting, "", &refusal);
        return;
    }
    if (!greet_hello(handshake, greeting, &hello, &refusal))
        greet_reject(handshake, greeting, hello.name, &refusal);
    hello_done(&hello);
}
