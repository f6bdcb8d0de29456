/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * greet: see greet.h. A control link proves a credential and becomes a session; a data link proves that session, in TLS
 * by its key or, if the handshake went by certificates, in HELLO.
 * Runs on: the control thread. Owns: nothing.
 */
#include "config.h"

#include "server/greet.h"

#include "lib/clock.h"
#include "proto/proof.h"
#include "proto/session_key.h"
#include "server/claim.h"
#include "server/complain.h"
#include "server/flaps.h"
#include "server/reload.h"
#include "server/roster.h"
#include "server/service.h"
#include "server/supply.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void greet_reject(struct server *server, const struct greeting *greeting, const char *name,
                         const struct refusal *refusal) {
    char *json = message_format_reject(refusal->code, refusal->words.text, refusal->retry_after_s);
    char who[MESSAGE_NAME_MAX + 8];

    if (json)
        plane_reject(server->plane, greeting->link, json);
    else
        plane_close(server->plane, greeting->link, refusal->words.text, false);
    free(json);
    server->greetings_refused++;
    if (refusal->code == MESSAGE_REJECT_CREDENTIAL || refusal->code == MESSAGE_REJECT_MALFORMED)
        door_punish(server->door, greeting->peer);
    snprintf(who, sizeof who, "%s%s", *name ? "agent " : "door", name);
    if (refusal->is_usual)
        log_write(server->log, LOG_LEVEL_DEBUG, who, "turned away: %s", refusal->words.text);
    else
        complain(&server->strangers, server->log, LOG_LEVEL_WARNING, who, "turned away", refusal->words.text,
                 greeting->peer);
}

/* --- control links --- */

static char *welcome_control(const struct server *server, const struct greeting *greeting,
                             const struct session *session, const uint8_t *key) {
    struct message_welcome welcome = {.session = session_id(session),
                                      .server = server->instance,
                                      .ping_s = server->conf->agents.ping_s,
                                      .dead_after_s = server->conf->agents.dead_after_s};
    char *json = NULL;

    memcpy(welcome.session_key, session_key(session), SECRET_SIZE);
    welcome.has_proof = key != NULL;
    if (!key || proof_make(welcome.proof, key, PROOF_SERVER, greeting->exporter) == 0)
        json = message_format_welcome(&welcome);
    secret_wipe(&welcome, sizeof welcome);
    return json;
}

static void greet_log_joined(const struct server *server, const struct greeting *greeting,
                             const struct session *session, const struct claim *claim) {
    char from[ADDR_TEXT], certificate[CERTIFICATE_TEXT] = "", groups[200] = "";

    if (greeting->certificate)
        certificate_describe(greeting->certificate, certificate);
    for (size_t i = 0; i < claim->groups.count; i++) {
        size_t used = strlen(groups);
        snprintf(groups + used, sizeof groups - used, "%s%s", i ? "," : "", claim->groups.items[i]);
    }
    log_event(server->log, LOG_LEVEL_INFO, session_who(session), "joined",
              LOG_FIELDS(LOG_TEXT("from", addr_format(greeting->peer, from, sizeof from)),
                         LOG_TEXT("groups", claim->serves_all ? "*" : groups),
                         LOG_TEXT("credential", session_credential(session)), LOG_TEXT("certificate", certificate),
                         LOG_NUMBER("agents", agents_count(server->agents))));
}

/* Each name once, "A, B"; a list that is too long just ends. */
static void add_groups(const struct conf_list *groups, const char *before, char *text, size_t size) {
    for (size_t i = 0; i < groups->count; i++) {
        size_t used = strlen(text);
        snprintf(text + used, size - used, "%s%s", used ? before : "", groups->items[i]);
    }
}

static void list_service_groups(const struct server *server, char *text, size_t size) {
    struct conf_list known = {0};

    for (size_t i = 0; i < server->service_count; i++) {
        const struct conf_list *groups = &service_conf(server->services[i])->groups;
        for (size_t j = 0; j < groups->count; j++)
            if (!conf_list_has(&known, groups->items[j]))
                conf_list_add(&known, groups->items[j]);
    }
    add_groups(&known, ", ", text, size);
    conf_list_done(&known);
}

/* Whoever mistyped it looks at the agent's log. What groups there are is none of the agent's business. */
static void greet_tell_of_idleness(const struct server *server, const struct session *session, const char *groups) {
    char words[300];

    snprintf(words, sizeof words, "no service of this server has the group %s, so this agent gets no clients", groups);
    char *json = message_format_control(MESSAGE_OP_NOTICE, 0, 0, words);
    if (json)
        plane_tell(server->plane, session_control(session), json);
    free(json);
}

/* A mistyped group is no error, since services come and go, but nobody would find it. */
static void greet_warn_of_idleness(const struct server *server, const struct session *session,
                                   const struct claim *claim) {
    char mine[200] = "", all[200] = "";

    for (size_t i = 0; i < server->service_count; i++)
        if (session_serves(session, &service_conf(server->services[i])->groups))
            return;
    if (!server->service_count)
        return;
    add_groups(&claim->groups, " or ", mine, sizeof mine);
    list_service_groups(server, all, sizeof all);
    log_write(server->log, LOG_LEVEL_WARNING, session_who(session),
              "serves no service: no service has the group %s; there are: %s", mine, all);
    greet_tell_of_idleness(server, session, mine);
}

static void free_secret(char *text) {
    if (text)
        secret_wipe(text, strlen(text));
    free(text);
}

/* Asked last: who has proved nothing shall not learn, or spoil, how an agent fares. */
static bool greet_finds_steady(struct server *server, const struct greeting *greeting,
                               const struct message_hello *hello, const struct claim *claim, struct refusal *refusal) {
    const char *credential = claim->credential ? claim->credential->name : "";
    unsigned wait_s = flaps_wait(server->flaps, credential, hello->name, greeting->peer, clock_us());

    if (!wait_s)
        return true;
    refuse(refusal, MESSAGE_REJECT_BUSY, "flaps");
    refusal->retry_after_s = wait_s;
    error_set(&refusal->words, "this agent comes and goes all the time; it may come again in %u s", wait_s);
    return false;
}

static bool greet_control(struct server *server, const struct greeting *greeting, const struct message_hello *hello,
                          struct refusal *refusal) {
    struct claim claim;

    if (!claim_check(&claim, server, greeting, hello, refusal) &&
        !(reload_agents(server->reload) && claim_check(&claim, server, greeting, hello, refusal)))
        return false;
    if (!greet_finds_steady(server, greeting, hello, &claim, refusal))
        return false;
    struct session_options options = {.control = greeting->link,
                                      .peer = greeting->peer,
                                      .name = hello->name,
                                      .instance = hello->instance,
                                      .credential = claim.credential ? claim.credential->name : "",
                                      .secret = server->secret,
                                      .key = claim.key,
                                      .certificate = greeting->certificate,
                                      .chain = greeting->chain,
                                      .serves_all = claim.serves_all,
                                      .groups = &claim.groups};
    struct session *session = roster_admit(server, &options);
    char *json = session ? welcome_control(server, greeting, session, claim.key) : NULL;
    if (json) {
        plane_accept(server->plane, greeting->link, true, session_tag(session), json, session_who(session),
                     server->conf->agents.ping_s, server->conf->agents.dead_after_s);
        liveness_check(server->liveness, session, clock_us());
        greet_log_joined(server, greeting, session, &claim);
        greet_warn_of_idleness(server, session, &claim);
    } else {
        refuse(refusal, MESSAGE_REJECT_BUSY, "the server is out of memory");
        if (session)
            roster_dismiss(server, session, "not admitted", "out of memory");
    }
    free_secret(json);
    return json != NULL;
}

/* --- data links --- */

static bool data_prove(const struct session *session, const struct greeting *greeting,
                       const struct message_hello *hello, struct refusal *refusal) {
    return (session && hello->has_proof &&
            proof_check(hello->proof, session_key(session), PROOF_DATA, greeting->exporter)) ||
           refuse(refusal, MESSAGE_REJECT_SESSION, "no such session, or a wrong proof of it");
}

/* Links are dialled only when they are asked for: another was kept back on its way, and by whom? */
static bool data_is_asked_for(struct session *session, struct refusal *refusal) {
    if (!session)
        return refuse(refusal, MESSAGE_REJECT_SESSION, "no such session");
    if (requests_open(session_requests(session), clock_us()))
        return true;
    refuse(refusal, MESSAGE_REJECT_BUSY, "no link was asked for");
    refusal->is_usual = true;
    return false;
}

/* Somebody has seen it on its way. He could not read what he would be told. */
static void data_was_used(struct server *server, const struct greeting *greeting) {
    static const char why[] = "a handshake of a data link that was used before";

    plane_close(server->plane, greeting->link, why, false);
    server->greetings_refused++;
    door_punish(server->door, greeting->peer);
    complain(&server->strangers, server->log, LOG_LEVEL_WARNING, "door", "turned away", why, greeting->peer);
}

static bool data_has_room(struct server *server, struct session *session, struct refusal *refusal) {
    if (session_is_draining(session)) { /* it left while links of it were on their way */
        refuse(refusal, MESSAGE_REJECT_SESSION, "this session gets no more clients");
        refusal->is_usual = true;
        return false;
    }
    if (server->data_links >= server->link_limit)
        return refuse(refusal, MESSAGE_REJECT_BUSY, "the server has no descriptors for more links");
    if (pool_count(session_pool(session)) >= server->conf->agents.idle_max &&
        !requests_open(session_requests(session), clock_us())) /* links are dialled only when they are asked for */
        return refuse(refusal, MESSAGE_REJECT_BUSY, "there are idle links enough");
    return true;
}

/* Until it is idle it is neither ordered nor in the pool, and must not be ordered once more. */
static void data_let_in(struct server *server, struct session *session, struct link_ref link) {
    server->data_links++;
    if (pool_put(server->arriving, link, 0) && pool_put(session_arriving(session), link, 0)) /* else once more it is */
        requests_arrived(session_requests(session));
}

/* `welcome`: NULL where TLS has proved that this server has the session's key. */
static bool data_admit(struct server *server, const struct greeting *greeting, struct session *session,
                       const char *welcome, struct refusal *refusal) {
    if (!data_has_room(server, session, refusal))
        return false;
    data_let_in(server, session, greeting->link);
    plane_accept(server->plane, greeting->link, false, session_tag(session), welcome, session_who(session),
                 server->conf->agents.ping_s, server->conf->agents.dead_after_s);
    return true;
}

/* The agent has seen a certificate, which whoever stole its key can show as well. */
static char *welcome_data(const struct greeting *greeting, const struct session *session) {
    uint8_t proof[SECRET_SIZE];

    if (proof_make(proof, session_key(session), PROOF_DATA_SERVER, greeting->exporter) != 0)
        return NULL;
    return message_add_proof("{}", proof);
}

static bool greet_data(struct server *server, const struct greeting *greeting, const struct message_hello *hello,
                       struct refusal *refusal) {
    struct session *session = agents_find_id(server->agents, hello->session);

    if (!data_prove(session, greeting, hello, refusal))
        return false;
    char *welcome = welcome_data(greeting, session);
    bool admitted = welcome ? data_admit(server, greeting, session, welcome, refusal)
                            : refuse(refusal, MESSAGE_REJECT_BUSY, "the server is out of memory");
    free(welcome);
    return admitted;
}

/* TLS has proved the key of the session; the rest is whether this very handshake is one of now. */
static void greet_known(struct server *server, const struct greeting *greeting) {
    char id[SESSION_ID_HEX] = "";
    uint64_t number = 0;
    struct refusal refusal;
    bool is_id = session_key_split(id, &number, greeting->identity);
    struct session *session = is_id ? agents_find_id(server->agents, id) : NULL;

    if (session && !once_use(session_dials(session), number, clock_us()))
        data_was_used(server, greeting);
    else if (!data_is_asked_for(session, &refusal) || !data_admit(server, greeting, session, NULL, &refusal))
        greet_reject(server, greeting, session ? session_name(session) : "", &refusal);
}

static bool greet_hello(struct server *server, const struct greeting *greeting, const struct message_hello *hello,
                        struct refusal *refusal) {
    if (hello->protocol != MESSAGE_PROTOCOL)
        return refuse(refusal, MESSAGE_REJECT_PROTOCOL,
                      "the agent speaks protocol %llu and this server %d: bring the older one up to date",
                      (unsigned long long)hello->protocol, MESSAGE_PROTOCOL);
    if (hello->kind == MESSAGE_KIND_CONTROL)
        return greet_control(server, greeting, hello, refusal);
    return greet_data(server, greeting, hello, refusal);
}

void greet(struct server *server, const struct greeting *greeting) {
    struct message_hello hello;
    struct refusal refusal;
    struct error error;

    if (greeting->identity) {
        greet_known(server, greeting);
        return;
    }
    if (message_parse_hello(&hello, greeting->text, greeting->length, &error)) {
        refuse(&refusal, MESSAGE_REJECT_MALFORMED, "%s", error.text);
        greet_reject(server, greeting, "", &refusal);
        return;
    }
    if (!greet_hello(server, greeting, &hello, &refusal))
        greet_reject(server, greeting, hello.name, &refusal);
    message_hello_done(&hello);
}
