/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * greet: see greet.h. A control link proves a credential and becomes a session; a data link proves that session.
 * Runs on: the control thread. Owns: nothing.
 */
#include "config.h"

#include "server/greet.h"

#include "lib/clock.h"
#include "proto/proof.h"
#include "server/complain.h"
#include "server/roster.h"
#include "server/supply.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RETRY_SOON_S = 1, RETRY_LATER_S = 60 };

struct refusal { /* why an agent is turned away */
    enum message_reject_code code;
    unsigned retry_after_s;
    struct error words;
};

/* Always false, so that `return refuse(...)` reads well. */
static bool refuse(struct refusal *refusal, enum message_reject_code code, const char *words) {
    refusal->code = code;
    refusal->retry_after_s = message_reject_is_final(code) ? RETRY_LATER_S : RETRY_SOON_S;
    error_set(&refusal->words, "%s", words);
    return false;
}

static void greet_reject(struct server *server, const struct greeting *greeting, const char *name,
                         const struct refusal *refusal) {
    char *json = message_format_reject(refusal->code, refusal->words.text, refusal->retry_after_s);
    char who[MESSAGE_NAME_MAX + 8];

    if (json)
        plane_reject(server->plane, greeting->link, json);
    else
        plane_close(server->plane, greeting->link, refusal->words.text, false);
    free(json);
    snprintf(who, sizeof who, "%s%s", *name ? "agent " : "door", name);
    complain(&server->strangers, server->log, LOG_LEVEL_WARNING, who, "turned away", refusal->words.text,
             greeting->peer);
}

/* --- control links --- */

struct claim {                           /* who an agent has proved to be */
    const struct credential *credential; /* NULL: none is needed */
    const uint8_t *key;
    bool serves_all;
    struct conf_list groups;
    char *asked; /* the one group that `groups` may consist of */
};

static bool claim_prove(struct server *server, const struct greeting *greeting, const struct message_hello *hello,
                        struct claim *claim, struct refusal *refusal) {
    if (!server->credentials)
        return true;
    if (!hello->has_proof)
        return refuse(refusal, MESSAGE_REJECT_CREDENTIAL,
                      "no token: this server wants to know who joins (see --token-file)");
    if (!credentials_check(server->credentials, hello->credential, hello->proof, greeting->exporter, time(NULL),
                           &claim->credential, &claim->key))
        return refuse(refusal, MESSAGE_REJECT_CREDENTIAL, "the token is unknown, wrong or expired");
    return true;
}

static bool claim_groups(const struct message_hello *hello, struct claim *claim, struct refusal *refusal) {
    if (claim->credential && !credential_carries(claim->credential, hello->group)) {
        refuse(refusal, MESSAGE_REJECT_GROUP, "");
        error_set(&refusal->words, "the token \"%s\" does not carry the group \"%s\"", claim->credential->name,
                  hello->group);
        return false;
    }
    if (!*hello->group && claim->credential)
        claim->groups = claim->credential->groups;
    else if (*hello->group) {
        claim->asked = (char *)hello->group;
        claim->groups = (struct conf_list){.items = &claim->asked, .count = 1};
    }
    claim->serves_all = (!*hello->group && !claim->credential) || conf_list_has(&claim->groups, "*");
    return true;
}

static bool claim_check(struct server *server, const struct greeting *greeting, const struct message_hello *hello,
                        struct claim *claim, struct refusal *refusal) {
    if (server->stopping)
        return refuse(refusal, MESSAGE_REJECT_STOPPING, "the server is stopping");
    return claim_prove(server, greeting, hello, claim, refusal) && claim_groups(hello, claim, refusal);
}

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
    char from[ADDR_TEXT], groups[200] = "";

    for (size_t i = 0; i < claim->groups.count; i++) {
        size_t used = strlen(groups);
        snprintf(groups + used, sizeof groups - used, "%s%s", i ? "," : "", claim->groups.items[i]);
    }
    log_event(server->log, LOG_LEVEL_INFO, session_who(session), "joined",
              LOG_FIELDS(LOG_TEXT("from", addr_format(greeting->peer, from, sizeof from)),
                         LOG_TEXT("groups", claim->serves_all ? "*" : groups),
                         LOG_TEXT("credential", session_credential(session)),
                         LOG_NUMBER("agents", agents_count(server->agents))));
}

static void free_secret(char *text) {
    if (text)
        secret_wipe(text, strlen(text));
    free(text);
}

static bool greet_control(struct server *server, const struct greeting *greeting, const struct message_hello *hello,
                          struct refusal *refusal) {
    struct claim claim = {0};

    if (!claim_check(server, greeting, hello, &claim, refusal))
        return false;
    struct session_options options = {.control = greeting->link,
                                      .peer = greeting->peer,
                                      .name = hello->name,
                                      .instance = hello->instance,
                                      .credential = claim.credential ? claim.credential->name : "",
                                      .key = claim.key,
                                      .certificate = greeting->certificate,
                                      .serves_all = claim.serves_all,
                                      .groups = &claim.groups};
    struct session *session = roster_admit(server, &options);
    char *json = session ? welcome_control(server, greeting, session, claim.key) : NULL;
    if (json) {
        plane_accept(server->plane, greeting->link, true, session_tag(session), json, session_who(session),
                     server->conf->agents.ping_s, server->conf->agents.dead_after_s);
        greet_log_joined(server, greeting, session, &claim);
    } else {
        refuse(refusal, MESSAGE_REJECT_BUSY, "the server is out of memory");
        if (session)
            roster_dismiss(server, session, "not admitted", "out of memory");
    }
    free_secret(json);
    return json != NULL;
}

/* --- data links --- */

static bool data_check(struct server *server, const struct greeting *greeting, const struct message_hello *hello,
                       struct session *session, struct refusal *refusal) {
    if (!session || !hello->has_proof ||
        !proof_check(hello->proof, session_key(session), PROOF_DATA, greeting->exporter))
        return refuse(refusal, MESSAGE_REJECT_SESSION, "no such session, or a wrong proof of it");
    if (session_is_draining(session))
        return refuse(refusal, MESSAGE_REJECT_SESSION, "this session gets no more clients");
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

static bool greet_data(struct server *server, const struct greeting *greeting, const struct message_hello *hello,
                       struct refusal *refusal) {
    struct session *session = agents_find_id(server->agents, hello->session);
    struct message_welcome welcome = {.session = "", .server = server->instance};

    if (!data_check(server, greeting, hello, session, refusal))
        return false;
    char *json = message_format_welcome(&welcome);
    if (!json)
        return refuse(refusal, MESSAGE_REJECT_BUSY, "the server is out of memory");
    data_let_in(server, session, greeting->link);
    plane_accept(server->plane, greeting->link, false, session_tag(session), json, session_who(session),
                 server->conf->agents.ping_s, server->conf->agents.dead_after_s);
    free(json);
    return true;
}

static bool greet_hello(struct server *server, const struct greeting *greeting, const struct message_hello *hello,
                        struct refusal *refusal) {
    if (hello->protocol != MESSAGE_PROTOCOL) {
        refuse(refusal, MESSAGE_REJECT_PROTOCOL, "");
        error_set(&refusal->words, "the agent speaks protocol %llu and this server %d: bring the older one up to date",
                  (unsigned long long)hello->protocol, MESSAGE_PROTOCOL);
        return false;
    }
    if (hello->kind == MESSAGE_KIND_CONTROL)
        return greet_control(server, greeting, hello, refusal);
    return greet_data(server, greeting, hello, refusal);
}

void greet(struct server *server, const struct greeting *greeting) {
    struct message_hello hello;
    struct refusal refusal;
    struct error error;

    if (message_parse_hello(&hello, greeting->text, greeting->length, &error)) {
        refuse(&refusal, MESSAGE_REJECT_MALFORMED, error.text);
        greet_reject(server, greeting, "", &refusal);
        return;
    }
    if (!greet_hello(server, greeting, &hello, &refusal))
        greet_reject(server, greeting, hello.name, &refusal);
    message_hello_done(&hello);
}
