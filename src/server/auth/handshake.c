/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * handshake: see handshake.h. A control link proves a credential and becomes a session, or goes on with one; a data
 * link proves that session's key.
 */
#include "config.h"

#include "server/auth/handshake.h"

#include "admin/recent_events.h"
#include "lib/base/clock.h"
#include "proto/auth_proof.h"
#include "proto/features.h"
#include "server/auth/agent_bandwidth.h"
#include "server/auth/flap_damping.h"
#include "server/service/visits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RESUMED_EACH_S = 2 };

struct handshake {
    struct handshake_options options;
    uint64_t refused[REJECT_CODE_COUNT];
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
    uint64_t sum = 0;

    for (unsigned i = 0; i < REJECT_CODE_COUNT; i++)
        sum += handshake->refused[i];
    return sum;
}

uint64_t handshake_refused_by(const struct handshake *handshake, enum reject_code code) {
    return handshake->refused[code];
}

static void reject(struct handshake *handshake, const struct greeting *greeting, const char *name,
                   const struct auth_refusal *refusal) {
    char *json = reject_format(refusal->code, refusal->detail.text, refusal->retry_after_s);
    char who[PROTO_NAME_MAX + 8];

    if (json)
        plane_reject(handshake->options.plane, greeting->link, json);
    else
        plane_close(handshake->options.plane, greeting->link, refusal->detail.text);
    free(json);
    handshake->refused[refusal->code]++;
    if (refusal->code == REJECT_CREDENTIAL || refusal->code == REJECT_MALFORMED)
        agent_listener_penalize(handshake->options.listener, greeting->peer);
    snprintf(who, sizeof who, "%s%s", *name ? "agent " : "agent port", name);
    if (refusal->is_expected) {
        log_write(handshake->options.log, LOG_LEVEL_DEBUG, who, "rejected: %s", refusal->detail.text);
        return;
    }
    recent_events_add(handshake->options.events, EVENT_KIND_ACCESS, EVENT_WARNING, who, "rejected",
                      refusal->detail.text);
    log_throttle_event(handshake->options.throttle, handshake->options.log, LOG_LEVEL_WARNING, who, "rejected",
                       refusal->detail.text, greeting->peer);
}

/* --- control links --- */

static char *welcome_control(const struct handshake *handshake, const struct greeting *greeting,
                             const struct session *session, const uint8_t *key) {
    const struct server_config *conf = handshake->options.policy->conf;
    struct welcome welcome = {.session = session_id(session),
                              .server = handshake->options.instance,
                              .ping_s = conf->agents.ping_s,
                              .dead_after_s = conf->agents.dead_after_s,
                              .threads = handshake->options.threads,
                              .resume_s = conf->agents.resume_s,
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
                       const struct session *session, const struct auth_result *result, const char *event) {
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
    log_event(handshake->options.log, LOG_LEVEL_INFO, session_who(session), event, fields);
    recent_events_add(handshake->options.events, EVENT_KIND_AGENT, EVENT_INFO, session_label(session), event, from);
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

/* A group that no service has, for its agents or its visitors, is no error, since services change, but it may be
 * mistyped: both logs say so. Not of an agent that may publish, which need not serve anything else. */
static void warn_if_unserved(const struct handshake *handshake, const struct session *session,
                             const struct auth_result *result) {
    char mine[200] = "", all[200] = "";

    for (size_t i = 0; i < handshake->options.services->count; i++)
        if (service_is_for(handshake->options.services->items[i], session) ||
            visits_permit(service_config(handshake->options.services->items[i]), session))
            return;
    if (!handshake->options.services->count ||
        (result->credential && !publish_permit_is_empty(&result->credential->publish)))
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

static bool check_agent(struct handshake *handshake, const struct greeting *greeting, const struct hello *hello,
                        struct auth_result *result, struct auth_refusal *refusal) {
    if (handshake->is_stopping)
        return auth_refuse(refusal, REJECT_STOPPING, "the server is stopping");
    if (!authenticate(result, handshake->options.policy, greeting, hello, refusal) &&
        !(handshake->options.reread_credentials(handshake->options.context) &&
          authenticate(result, handshake->options.policy, greeting, hello, refusal)))
        return false;
    return check_features(hello, refusal);
}

/* A session whose links break again and again has not ended, and its streams need it within agents.resume. */
static bool check_resumption(const struct session *session, struct auth_refusal *refusal) {
    if (!session_was_resumed(session) || clock_us() - session_joined_us(session) >= RESUMED_EACH_S * 1000000ULL)
        return true;
    auth_refuse(refusal, REJECT_BUSY, "this session was resumed a moment ago; retry in %d s", RESUMED_EACH_S);
    refusal->retry_after_s = RESUMED_EACH_S;
    return false;
}

static void accept_control(struct handshake *handshake, const struct greeting *greeting, struct session *session,
                           const char *welcome) {
    const struct server_config *conf = handshake->options.policy->conf;

    agent_bandwidth_set(handshake->options.policy, session);
    plane_accept_control(handshake->options.plane, greeting->link, session_tag(session), welcome, session_who(session),
                         conf->agents.ping_s, conf->agents.dead_after_s);
    liveness_check(handshake->options.liveness, session, clock_us());
}

/* The session that the agent would go on with. NULL: it gets a new one. */
static struct session *find_resumed(const struct handshake *handshake, const struct hello *hello,
                                    const struct session_options *options) {
    struct session *session =
        *hello->resume ? session_table_find_id_any(handshake->options.sessions, hello->resume) : NULL;

    return session && !session_is_retired(session) && session_is_of(session, options) ? session : NULL;
}

static bool resume(struct handshake *handshake, const struct greeting *greeting, struct session *session,
                   const struct session_options *options, const struct auth_result *result) {
    char *json = welcome_control(handshake, greeting, session, result->key);
    bool done = json && registry_resume(handshake->options.registry, session, options);

    if (done) {
        accept_control(handshake, greeting, session, json);
        log_joined(handshake, greeting, session, result, "resumed");
    }
    free_secret(json);
    return done;
}

static bool join(struct handshake *handshake, const struct greeting *greeting, const struct session_options *options,
                 const struct auth_result *result) {
    struct session *session = registry_admit(handshake->options.registry, options);
    char *json = session ? welcome_control(handshake, greeting, session, result->key) : NULL;

    if (json) {
        accept_control(handshake, greeting, session, json);
        log_joined(handshake, greeting, session, result, "joined");
        warn_if_unserved(handshake, session, result);
    } else if (session) {
        registry_retire(handshake->options.registry, session, "not admitted", "out of memory");
    }
    free_secret(json);
    return json;
}

static bool admit_control(struct handshake *handshake, const struct greeting *greeting, const struct hello *hello,
                          struct auth_refusal *refusal) {
    struct auth_result result;

    if (!check_agent(handshake, greeting, hello, &result, refusal))
        return false;
    struct session_options options = {.control = greeting->link,
                                      .peer = greeting->peer,
                                      .name = hello->name,
                                      .instance = hello->instance,
                                      .version = hello->version,
                                      .features = hello->features,
                                      .credential = result.credential ? result.credential->name : "",
                                      .key = result.key,
                                      .certificate = greeting->certificate,
                                      .chain = greeting->chain,
                                      .serves_all = result.serves_all,
                                      .groups = &result.groups,
                                      .threads = handshake->options.threads};
    struct session *session = find_resumed(handshake, hello, &options);
    if (session ? !check_resumption(session, refusal) : !check_flapping(handshake, greeting, hello, &result, refusal))
        return false;
    bool admitted = session ? resume(handshake, greeting, session, &options, &result)
                            : join(handshake, greeting, &options, &result);
    return admitted || auth_refuse(refusal, REJECT_BUSY, "the server is out of memory");
}

/* --- data links --- */

static bool check_session_proof(const struct session *session, const struct greeting *greeting,
                                const struct hello *hello, struct auth_refusal *refusal) {
    return (session && hello->has_proof &&
            auth_proof_check(hello->proof, session_key(session), AUTH_PROOF_DATA, greeting->exporter)) ||
           auth_refuse(refusal, REJECT_SESSION, "no such session, or wrong proof");
}

static bool check_role(struct handshake *handshake, struct session *session, const struct carrier_role *role,
                       struct auth_refusal *refusal) {
    if (role->server_thread >= handshake->options.threads)
        return auth_refuse(refusal, REJECT_SESSION, "\"thread\" is %u, and this server has %u", role->server_thread,
                           handshake->options.threads);
    if (!carriers_has_room(session_carriers(session), role)) {
        auth_refuse(refusal, REJECT_BUSY, "the session has enough data links of this kind");
        refusal->is_expected = true; /* both ends may have wanted them */
        return false;
    }
    return link_count_room(handshake->options.links) ||
           auth_refuse(refusal, REJECT_BUSY, "the server has no descriptors for more links");
}

/* The session key too, which a stolen key of the server's certificate does not give. */
static char *welcome_data(const struct greeting *greeting, const struct session *session) {
    uint8_t proof[SECRET_SIZE];

    if (auth_proof_make(proof, session_key(session), AUTH_PROOF_DATA_SERVER, greeting->exporter) != 0)
        return NULL;
    return hello_add_proof("{}", proof);
}

/* Also for a session that gets no clients any more: its streams need carriers. */
static bool admit_data(struct handshake *handshake, const struct greeting *greeting, const struct hello *hello,
                       struct auth_refusal *refusal) {
    struct session *session = session_table_find_id_any(handshake->options.sessions, hello->session);

    if (!check_session_proof(session, greeting, hello, refusal))
        return false;
    struct carrier_role role = {session_tag(session), hello->server_thread, hello->is_exclusive};
    if (!check_role(handshake, session, &role, refusal))
        return false;
    char *welcome = welcome_data(greeting, session);
    if (!welcome)
        return auth_refuse(refusal, REJECT_BUSY, "the server is out of memory");
    if (plane_accept_data(handshake->options.plane, greeting->link, &role, welcome, session_who(session),
                          handshake->options.policy->conf->agents.resume_s * 1000)) {
        carriers_accepted(session_carriers(session), &role);
        link_count_accepted(handshake->options.links);
    }
    free(welcome);
    return true;
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

bool handshake_decide(struct handshake *handshake, const struct greeting *greeting) {
    struct hello hello;
    struct auth_refusal refusal;
    struct error error;

    if (hello_parse(&hello, greeting->text, greeting->length, &error)) {
        auth_refuse(&refusal, REJECT_MALFORMED, "%s", error.text);
        reject(handshake, greeting, "", &refusal);
        return false;
    }
    bool is_admitted = decide_hello(handshake, greeting, &hello, &refusal);
    if (!is_admitted)
        reject(handshake, greeting, hello.name, &refusal);
    hello_done(&hello);
    return is_admitted;
}
