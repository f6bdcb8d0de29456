/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * connect_attempt: see connect_attempt.h.
 * States: idle -> resolving -> dialling (address by address; the plane limits the time of each) -> idle. It is over by
 * a WELCOME, by a refusal that counts for every address, or when all addresses are tried.
 */
#include "config.h"

#include "agent/upstream/connect_attempt.h"

#include "proto/features.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void connect_attempt_init(struct connect_attempt *attempt, const struct connect_attempt_parts *parts) {
    assert(parts->index < 1 << CONNECT_ATTEMPT_INDEX_BITS);
    *attempt = (struct connect_attempt){.parts = *parts};
}

void connect_attempt_cancel(struct connect_attempt *attempt) {
    if (attempt->question)
        resolver_cancel(attempt->question);
    attempt->question = NULL;
    attempt->tag = 0; /* events of the dial under way no longer match; its WELCOME is rejected */
}

void connect_attempt_done(struct connect_attempt *attempt) {
    connect_attempt_cancel(attempt);
    free(attempt->hello_text);
    secret_wipe(attempt, sizeof *attempt);
}

static void dial(struct connect_attempt *attempt, const struct addr *address) {
    const struct connect_attempt_parts *parts = &attempt->parts;

    attempt->tag = ++attempt->serial << CONNECT_ATTEMPT_INDEX_BITS | parts->index;
    attempt->refused = false;
    attempt->order = (struct dial_order){.address = *address,
                                         .proxy = parts->proxy,
                                         .server = parts->endpoint,
                                         .tls = trust_context(parts->trust, parts->log, parts->who),
                                         .server_name = parts->endpoint->host,
                                         .hello = attempt->hello_text,
                                         .has_key = parts->token->present,
                                         .proof_role = DIAL_PROOF_AGENT,
                                         .is_control = true,
                                         .tag = attempt->tag};
    memcpy(attempt->order.key, parts->token->key, SECRET_SIZE);
    plane_dial(parts->plane, &attempt->order);
    attempt->order.tls = NULL; /* the plane has its own reference; the next dial may have another context */
    secret_wipe(attempt->order.key, SECRET_SIZE);
}

/* A final REJECT holds for every address of the server, and what a proxy refuses for all of the proxy's; a failed
 * certificate only for this one. */
static void dial_next(struct connect_attempt *attempt) {
    bool refused_for_good =
        (attempt->refused && attempt->failure.weight == FAILURE_FINAL) || attempt->failure.proxy_refused;

    attempt->tag = 0;
    if (attempt->next < attempt->count && !refused_for_good)
        dial(attempt, &attempt->addresses[attempt->next++]);
    else
        attempt->parts.on_failed(attempt->parts.context);
}

static void make_hello(struct connect_attempt *attempt) {
    attempt->hello = (struct hello){.kind = HELLO_KIND_CONTROL,
                                    .protocol = PROTO_VERSION,
                                    .credential = attempt->parts.token->credential,
                                    .name = attempt->parts.name,
                                    .group = attempt->parts.group,
                                    .instance = attempt->parts.instance,
                                    .resume = attempt->resume,
                                    .features = features_of_agent(),
                                    .version = PACKAGE_VERSION};
    free(attempt->hello_text);
    attempt->hello_text = hello_format(&attempt->hello);
    if (!attempt->hello_text) {
        failure_note(&attempt->failure, FAILURE_PASSING, NULL, "out of memory");
        attempt->count = 0;
    }
}

static void dial_all(struct connect_attempt *attempt) {
    attempt->next = 0;
    make_hello(attempt);
    dial_next(attempt);
}

/* What is connected to. */
static const struct endpoint *next_hop(const struct connect_attempt *attempt) {
    const struct connect_attempt_parts *parts = &attempt->parts;

    return parts->proxy ? &parts->proxy->endpoint : parts->endpoint;
}

static void note_unresolved(struct connect_attempt *attempt, const char *detail) {
    bool is_proxy = attempt->parts.proxy;

    failure_note(&attempt->failure, FAILURE_PASSING,
                 is_proxy ? proxy_fault_remedy(PROXY_FAULT_UNREACHABLE) : FAILURE_REMEDY_NAME, "%s%s: %s",
                 is_proxy ? "proxy " : "", next_hop(attempt)->host, detail);
}

static void on_resolved(void *context, const struct resolver_answer *answer) {
    struct connect_attempt *attempt = context;

    attempt->question = NULL;
    if (answer->count == 0)
        note_unresolved(attempt, answer->detail);
    attempt->count = answer->count;
    memcpy(attempt->addresses, answer->addresses, sizeof attempt->addresses);
    dial_all(attempt);
}

static void note_missing_zone(struct connect_attempt *attempt, const char *zone) {
    struct error error;

    error_set(&error, "this machine has no interface \"%s\"", zone);
    note_unresolved(attempt, error.text);
}

/* The name is looked up again each time: the server may have moved. */
void connect_attempt_start(struct connect_attempt *attempt, const char *resume) {
    const struct connect_attempt_parts *parts = &attempt->parts;
    const struct endpoint *hop = next_hop(attempt);

    assert(!attempt->question && attempt->tag == 0);
    attempt->failure = (struct failure){0};
    attempt->refused = false;
    snprintf(attempt->resume, sizeof attempt->resume, "%s", resume);
    if (addr_from_endpoint(&attempt->addresses[0], hop)) {
        attempt->count = 1;
        dial_all(attempt);
        return;
    }
    const char *zone = endpoint_missing_zone(hop);
    if (zone) {
        note_missing_zone(attempt, zone);
        parts->on_failed(parts->context);
        return;
    }
    attempt->question = resolver_ask(parts->resolver, parts->loop, hop, parts->resolve_ms, on_resolved, attempt);
    if (!attempt->question) {
        failure_note(&attempt->failure, FAILURE_PASSING, NULL, "out of memory");
        parts->on_failed(parts->context);
    }
}

/* ---- the server's answer to HELLO ---- */

static void note_reject(const struct greeting *greeting, struct failure *failure) {
    struct reject reject;
    struct error error = {""};

    if (reject_parse(&reject, greeting->text, greeting->length, &error) != 0) {
        failure_note(failure, FAILURE_LASTING, FAILURE_REMEDY_VERSION, "the server sent a malformed REJECT: %s",
                     error.text);
        return;
    }
    failure_note_reject(failure, &reject);
    reject_done(&reject);
}

static bool server_is_proved(const struct welcome *welcome, const struct greeting *greeting,
                             const struct token *token) {
    return welcome->has_proof && auth_proof_check(welcome->proof, token->key, AUTH_PROOF_SERVER, greeting->exporter);
}

/*
 * True with `welcome` (welcome_done when used) if it is a WELCOME, and the server has proved that it knows our
 * token's key, when we have a token. Else false, with the reason noted.
 */
static bool read_welcome(struct welcome *welcome, const struct greeting *greeting, const struct token *token,
                         struct failure *failure) {
    struct error error = {""};

    if (greeting->rejected) {
        note_reject(greeting, failure);
        return false;
    }
    if (welcome_parse(welcome, greeting->text, greeting->length, &error) != 0) {
        failure_note(failure, FAILURE_LASTING, FAILURE_REMEDY_VERSION, "the server sent a malformed WELCOME: %s",
                     error.text);
        return false;
    }
    if (token->present && !server_is_proved(welcome, greeting, token)) {
        failure_note(failure, FAILURE_LASTING, FAILURE_REMEDY_CREDENTIAL,
                     "the server did not prove that it knows the token of credential \"%s\": it is not the server that "
                     "this token is for",
                     token->credential);
        welcome_done(welcome);
        return false;
    }
    const char *missing = features_missing(welcome->features);
    if (missing) {
        failure_note(failure, FAILURE_LASTING, FAILURE_REMEDY_VERSION,
                     "the server is too old: it does not know \"%s\"; upgrade munneld", missing);
        welcome_done(welcome);
        return false;
    }
    return true;
}

bool connect_attempt_on_greeting(struct connect_attempt *attempt, const struct greeting *greeting,
                                 struct welcome *welcome) {
    if (greeting->tag != attempt->tag)
        return false;
    if (!read_welcome(welcome, greeting, attempt->parts.token, &attempt->failure)) {
        attempt->refused = true; /* on_gone follows, and the next address with it */
        return false;
    }
    attempt->tag = 0;
    return true;
}

void connect_attempt_on_gone(struct connect_attempt *attempt, const struct link_end *end) {
    if (end->tag != attempt->tag)
        return;
    log_event(attempt->parts.log, LOG_LEVEL_DEBUG, attempt->parts.who, "address failed",
              LOG_FIELDS(LOG_TEXT("detail", end->detail)));
    if (!attempt->refused)
        failure_note_end(&attempt->failure, end, attempt->parts.proxy);
    dial_next(attempt);
}
