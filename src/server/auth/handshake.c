/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * handshake: see handshake.h. A control link proves a credential and becomes a session; a data link proves that
 * session, in TLS by its key or, if the handshake went by certificates, in HELLO.
 */
#include "config.h"

#include "server/auth/handshake.h"

#include "lib/base/clock.h"
#include "proto/auth_proof.h"
#include "proto/features.h"
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

static void reject(struct handshake *handshake, const struct greeting *greeting, const char *name,
                   const struct auth_refusal *refusal) {
    char *json = reject_format(refusal->code, refusal->detail.text, refusal->retry_after_s);
    char who[PROTO_NAME_MAX + 8];

    if (json)
        plane_reject(handshake->options.plane, greeting->link, json);
    else
        plane_close(handshake->options.plane, greeting->link, refusal->detail.text, false);
    free(json);
    handshake->refused++;
    if (refusal->code == REJECT_CREDENTIAL || refusal->code == REJECT_MALFORMED)
        agent_listener_penalize(handshake->options.listener, greeting->peer);
    snprintf(who, sizeof who, "%s%s", *name ? "agent " : "agent port", name);
    if (refusal->is_expected)
        log_write(handshake->options.log, LOG_LEVEL_DEBUG, who, "rejected: %s", refusal->detail.text);
    else
        log_throttle_event(handshake->options.throttle, handshake->options.log, LOG_LEVEL_WARNING, who, "rejected",
                           refusal->detail.text, greeting->peer);
}

/* --- control links --- */

static char *welcome_control(const struct handshake *handshake, const struct greeting *greeting,
                             const struct session *session, const uint8_t *key) {
    struct welcome welcome = {.session = session_id(session),
                              .server = handshake->options.instance,
                              .ping_s = handshake->options.policy->conf->agents.ping_s,
                              .dead_after_s = handshake->options.policy->conf->agents.dead_after_s,
                              .features = FEATURES_ALL};
    char *json = NULL;

    memcpy(welcome.session_key, session_key(session), SECRET_SIZE);
    welcome.has_proof = key;
    if (!key || auth_proof_make(welcome.proof, key, AUTH_PROOF_SERVER, greeting->exporter) == 0)
        json = welcome_format(&welcome);
    secret_wipe(&welcome, sizeof welcome);
    return json;
}

/* "A, B" with the separator ", "; cut off at `size`. */
static void add_groups(const struct strlist *groups, const char *separator, char *text, size_t size) {
    for (size_t i = 0; i < groups->count; i++) {
        size_t used = strlen(text);
        snprintf(text + used, size - used, "%s%s", used ? separator : "", groups->items[i]);
    }
}

static void log_joined(const struct handshake *handshake, const struct greeting *greeting,
                       const struct session *session, const struct auth_result *result) {
    char from[ADDR_TEXT], certificate[CERTIFICATE_TEXT], groups[200] = "";
    const char *credential = session_credential(session);
    struct log_field fields[6] = {LOG_TEXT("from", addr_format(greeting->peer, from, sizeof from)),
                                  LOG_TEXT("groups", result->serves_all ? "*" : groups)},
                     *field = &fields[2];

    add_groups(&result->groups, ",", groups, sizeof groups);
    if (*credential)
        *field++ = LOG_TEXT("credential", credential);
    if (greeting->certificate) {
        certificate_describe(greeting->certificate, certificate);
        *field++ = LOG_TEXT("certificate", certificate);
    }
    *field = LOG_NUMBER("agents", session_table_count(handshake->options.sessions));
    log_event(handshake->options.log, LOG_LEVEL_INFO, session_who(session), "joined", fields);
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

/* For the agent's log. It must not learn the groups that exist. */
static void send_unserved_notice(const struct handshake *handshake, const struct session *session, const char *groups) {
    char text[300];

    snprintf(text, sizeof text, "no service of this server has the group %s, so this agent gets no clients", groups);
    registry_send(handshake->options.registry, session, CONTROL_OP_NOTICE, text);
}

/* A group without a service is no error, since services change, but it may be mistyped: both logs say so. */
static void warn_if_unserved(const struct handshake *handshake, const struct session *session,
                             const struct auth_result *result) {
    char mine[200] = "", all[200] = "";

    for (size_t i = 0; i < handshake->options.services->count; i++)
        if (session_serves(session, &service_config(handshake->options.services->items[i])->groups))
            return;
    if (!handshake->options.services->count)
        return;
    add_groups(&result->groups, " or ", mine, sizeof mine);
    list_service_groups(handshake, all, sizeof all);
    log_write(handshake->options.log, LOG_LEVEL_WARNING, session_who(session),
              "serves no service: no service has the group %s; groups of services: %s", mine, all);
    send_unserved_notice(handshake, session, mine);
}

static void free_secret(char *text) {
    if (text)
        secret_wipe(text, strlen(text));
    free(text);
}

/* After authentication, so that an unauthenticated peer can neither read nor change the state of an agent. */
static bool check_flapping(struct handshake *handshake, const struct greeting *greeting, const struct hello *hello,
                           const struct auth_result *result, struct auth_refusal *refusal) {
    const char *credential = result->credential ? result->credential->name : "";
    unsigned wait_s =
        flap_damping_wait(handshake->options.flap_damping, credential, hello->name, greeting->peer, clock_us());

    if (!wait_s)
        return true;
    auth_refuse(refusal, REJECT_BUSY, "too many sessions of this agent end at once; retry in %u s", wait_s);
    refusal->retry_after_s = wait_s;
    return false;
}

static bool check_features(const struct hello *hello, struct auth_refusal *refusal) {
    const char *missing = features_missing(hello->features);

    return !missing || auth_refuse(refusal, REJECT_PROTOCOL,
                                   "the agent is too old: it does not know \"%s\"; upgrade munnel-agent", missing);
}

static bool admit_control(struct handshake *handshake, const struct greeting *greeting, const struct hello *hello,
                          struct auth_refusal *refusal) {
    struct auth_result result;

    if (handshake->is_stopping)
        return auth_refuse(refusal, REJECT_STOPPING, "the server is stopping");
    if (!authenticate(&result, handshake->options.policy, greeting, hello, refusal) &&
        !(handshake->options.reread_credentials(handshake->options.context) &&
          authenticate(&result, handshake->options.policy, greeting, hello, refusal)))
        return false;
    if (!check_features(hello, refusal) || !check_flapping(handshake, greeting, hello, &result, refusal))
        return false;
    struct session_options options = {.control = greeting->link,
                                      .peer = greeting->peer,
                                      .name = hello->name,
                                      .instance = hello->instance,
                                      .credential = result.credential ? result.credential->name : "",
                                      .secret = handshake->options.secret,
                                      .key = result.key,
                                      .certificate = greeting->certificate,
                                      .chain = greeting->chain,
                                      .serves_all = result.serves_all,
                                      .groups = &result.groups};
    struct session *session = registry_admit(handshake->options.registry, &options);
    char *json = session ? welcome_control(handshake, greeting, session, result.key) : NULL;
    if (json) {
        plane_accept(handshake->options.plane, greeting->link, true, session_tag(session), json, session_who(session),
                     handshake->options.policy->conf->agents.ping_s,
                     handshake->options.policy->conf->agents.dead_after_s);
        liveness_check(handshake->options.liveness, session, clock_us());
        log_joined(handshake, greeting, session, &result);
        warn_if_unserved(handshake, session, &result);
    } else {
        auth_refuse(refusal, REJECT_BUSY, "the server is out of memory");
        if (session)
            registry_dismiss(handshake->options.registry, session, "not admitted", "out of memory");
    }
    free_secret(json);
    return json;
}

/* --- data links --- */

static bool check_session_proof(const struct session *session, const struct greeting *greeting,
                                const struct hello *hello, struct auth_refusal *refusal) {
    return (session && hello->has_proof &&
            auth_proof_check(hello->proof, session_key(session), AUTH_PROOF_DATA, greeting->exporter)) ||
           auth_refuse(refusal, REJECT_SESSION, "no such session, or wrong proof");
}

/* Agents dial data links on order only: an unordered one is a handshake that was delayed, perhaps by an attacker. */
static bool check_ordered(struct session *session, struct auth_refusal *refusal) {
    if (!session)
        return auth_refuse(refusal, REJECT_SESSION, "no such session");
    if (link_orders_acceptable(session_orders(session), clock_us()))
        return true;
    auth_refuse(refusal, REJECT_BUSY, "no data link was ordered");
    refusal->is_expected = true;
    return false;
}

/* Replayed ClientHello: no REJECT, since the replayer lacks the session key and could not decrypt it. */
static void reject_replay(struct handshake *handshake, const struct greeting *greeting) {
    static const char detail[] = "replayed handshake of a data link";

    plane_close(handshake->options.plane, greeting->link, detail, false);
    handshake->refused++;
    agent_listener_penalize(handshake->options.listener, greeting->peer);
    log_throttle_event(handshake->options.throttle, handshake->options.log, LOG_LEVEL_WARNING, "agent port", "rejected",
                       detail, greeting->peer);
}

static bool check_room(struct handshake *handshake, struct session *session, struct auth_refusal *refusal) {
    if (session_is_draining(session)) { /* these links were dialled before it drained */
        auth_refuse(refusal, REJECT_SESSION, "the session is draining");
        refusal->is_expected = true;
        return false;
    }
    if (!supply_has_room(handshake->options.supply))
        return auth_refuse(refusal, REJECT_BUSY, "the server has no descriptors for more links");
    if (link_pool_count(session_pool(session)) >= handshake->options.policy->conf->agents.idle_max &&
        !link_orders_acceptable(session_orders(session), clock_us())) /* unordered */
        return auth_refuse(refusal, REJECT_BUSY, "the session has enough idle links");
    return true;
}

/* `welcome`: NULL where TLS has proved that this server has the session's key. */
static bool admit_link(struct handshake *handshake, const struct greeting *greeting, struct session *session,
                       const char *welcome, struct auth_refusal *refusal) {
    if (!check_room(handshake, session, refusal))
        return false;
    supply_link_accepted(handshake->options.supply, session, greeting->link);
    plane_accept(handshake->options.plane, greeting->link, false, session_tag(session), welcome, session_who(session),
                 handshake->options.policy->conf->agents.ping_s, handshake->options.policy->conf->agents.dead_after_s);
    return true;
}

/* The handshake went by certificate: this also proves the session key, which a stolen certificate key does not give. */
static char *welcome_data(const struct greeting *greeting, const struct session *session) {
    uint8_t proof[SECRET_SIZE];

    if (auth_proof_make(proof, session_key(session), AUTH_PROOF_DATA_SERVER, greeting->exporter) != 0)
        return NULL;
    return hello_add_proof("{}", proof);
}

static bool admit_data(struct handshake *handshake, const struct greeting *greeting, const struct hello *hello,
                       struct auth_refusal *refusal) {
    struct session *session = session_table_find_id(handshake->options.sessions, hello->session);

    if (!check_session_proof(session, greeting, hello, refusal))
        return false;
    char *welcome = welcome_data(greeting, session);
    bool admitted = welcome ? admit_link(handshake, greeting, session, welcome, refusal)
                            : auth_refuse(refusal, REJECT_BUSY, "the server is out of memory");
    free(welcome);
    return admitted;
}

/* TLS has proved the session's key; the number in the identity shows whether this handshake is a replay. */
static void admit_by_session_key(struct handshake *handshake, const struct greeting *greeting) {
    char id[SESSION_ID_HEX] = "";
    uint64_t number = 0;
    struct auth_refusal refusal;
    bool is_id = session_key_split(id, &number, greeting->identity);
    struct session *session = is_id ? session_table_find_id(handshake->options.sessions, id) : NULL;

    if (session && !replay_window_use(session_replay_window(session), number, clock_us()))
        reject_replay(handshake, greeting);
    else if (!check_ordered(session, &refusal) || !admit_link(handshake, greeting, session, NULL, &refusal))
        reject(handshake, greeting, session ? session_name(session) : "", &refusal);
}

static bool decide_hello(struct handshake *handshake, const struct greeting *greeting, const struct hello *hello,
                         struct auth_refusal *refusal) {
    if (hello->protocol != PROTO_VERSION)
        return auth_refuse(refusal, REJECT_PROTOCOL,
                           "the agent speaks protocol %llu and this server %d: upgrade the older one",
                           (unsigned long long)hello->protocol, PROTO_VERSION);
    if (hello->kind == HELLO_KIND_CONTROL)
        return admit_control(handshake, greeting, hello, refusal);
    return admit_data(handshake, greeting, hello, refusal);
}

void handshake_decide(struct handshake *handshake, const struct greeting *greeting) {
    struct hello hello;
    struct auth_refusal refusal;
    struct error error;

    if (greeting->identity) {
        admit_by_session_key(handshake, greeting);
        return;
    }
    if (hello_parse(&hello, greeting->text, greeting->length, &error)) {
        auth_refuse(&refusal, REJECT_MALFORMED, "%s", error.text);
        reject(handshake, greeting, "", &refusal);
        return;
    }
    if (!decide_hello(handshake, greeting, &hello, &refusal))
        reject(handshake, greeting, hello.name, &refusal);
    hello_done(&hello);
}
