/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * attempt: one way from a server's names to its verified WELCOME: looks each name up, walks its addresses.
 * Runs on: the control thread. Owns: its question to the resolver, the addresses, the HELLO.
 * States: idle -> resolving -> dialling (address by address; the plane limits the time of each) -> idle. It is over by
 * a WELCOME, by a refusal that counts for every address, or when all addresses are tried.
 */
#include "config.h"

#include "agent/attempt.h"

#include "agent/welcome.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct attempt {
    struct attempt_parts parts;
    struct resolver_question *question; /* resolving */
    size_t endpoint;                    /* the one that is looked up or dialled */
    struct addr addresses[RESOLVER_ADDRESSES];
    int count, next;
    uint64_t serial, tag; /* tag: of the dial under way; 0: none */
    bool refused;         /* in words, on the dial under way */
    struct dial_order order;
    struct message_hello hello;
    char *hello_text;
    struct failure failure;
};

struct attempt *attempt_new(const struct attempt_parts *parts) {
    struct attempt *attempt = calloc(1, sizeof *attempt);

    assert(parts->index < 1 << ATTEMPT_INDEX_BITS);
    if (attempt != NULL)
        attempt->parts = *parts;
    return attempt;
}

void attempt_cancel(struct attempt *attempt) {
    if (attempt->question != NULL)
        resolver_cancel(attempt->question);
    attempt->question = NULL;
    attempt->tag = 0; /* what still comes of the dial is nobody's, and turned away */
}

void attempt_free(struct attempt *attempt) {
    if (attempt == NULL)
        return;
    attempt_cancel(attempt);
    free(attempt->hello_text);
    secret_wipe(attempt, sizeof *attempt);
    free(attempt);
}

static const struct endpoint *endpoint(const struct attempt *attempt) {
    return &attempt->parts.endpoints[attempt->endpoint];
}

static void dial(struct attempt *attempt, const struct addr *address) {
    const struct attempt_parts *parts = &attempt->parts;

    attempt->tag = ++attempt->serial << ATTEMPT_INDEX_BITS | parts->index;
    attempt->refused = false;
    attempt->order = (struct dial_order){.address = *address,
                                         .tls = parts->tls,
                                         .server_name = endpoint(attempt)->host,
                                         .hello = attempt->hello_text,
                                         .has_key = parts->token->present,
                                         .proof_role = DIAL_PROOF_AGENT,
                                         .is_control = true,
                                         .tag = attempt->tag};
    memcpy(attempt->order.key, parts->token->key, SECRET_SIZE);
    plane_dial(parts->plane, &attempt->order);
    secret_wipe(attempt->order.key, SECRET_SIZE);
}

static void on_resolved(void *context, const struct resolver_answer *answer);

/* Each time anew: the server may have moved. False: there is no memory for the question. */
static bool look_up(struct attempt *attempt) {
    const struct attempt_parts *parts = &attempt->parts;

    attempt->next = 0;
    attempt->count = addr_from_endpoint(&attempt->addresses[0], endpoint(attempt)) ? 1 : 0;
    if (attempt->count > 0)
        return true;
    attempt->question =
        resolver_ask(parts->resolver, parts->loop, endpoint(attempt), parts->resolve_ms, on_resolved, attempt);
    return attempt->question != NULL;
}

static void fail(struct attempt *attempt) {
    attempt->parts.on_failed(attempt->parts.context);
}

/*
 * The next address of this name, or the next name. A refusal for good in the server's own words holds for all of them;
 * a certificate only for the address that showed it.
 */
static void go_on(struct attempt *attempt) {
    bool refused_for_good = attempt->refused && attempt->failure.final;

    attempt->tag = 0;
    if (!refused_for_good && attempt->next == attempt->count && attempt->endpoint + 1 < attempt->parts.endpoint_count) {
        attempt->endpoint++;
        if (!look_up(attempt))
            failure_note(&attempt->failure, false, "out of memory");
        else if (attempt->question != NULL)
            return;
    }
    if (attempt->next < attempt->count && !refused_for_good)
        dial(attempt, &attempt->addresses[attempt->next++]);
    else
        fail(attempt);
}

static void on_resolved(void *context, const struct resolver_answer *answer) {
    struct attempt *attempt = context;

    attempt->question = NULL;
    if (answer->count == 0)
        failure_note(&attempt->failure, false, "%s: %s", endpoint(attempt)->host, answer->why);
    attempt->count = answer->count;
    memcpy(attempt->addresses, answer->addresses, sizeof attempt->addresses);
    go_on(attempt);
}

static bool make_hello(struct attempt *attempt) {
    attempt->hello = (struct message_hello){.kind = MESSAGE_KIND_CONTROL,
                                            .protocol = MESSAGE_PROTOCOL,
                                            .credential = attempt->parts.token->credential,
                                            .name = attempt->parts.name,
                                            .group = attempt->parts.group,
                                            .instance = attempt->parts.instance,
                                            .session = ""};
    free(attempt->hello_text);
    attempt->hello_text = message_format_hello(&attempt->hello);
    return attempt->hello_text != NULL;
}

void attempt_start(struct attempt *attempt) {
    assert(attempt->question == NULL && attempt->tag == 0);
    attempt->failure = (struct failure){0};
    attempt->refused = false;
    attempt->endpoint = 0;
    if (!make_hello(attempt) || !look_up(attempt)) {
        failure_note(&attempt->failure, false, "out of memory");
        fail(attempt);
    } else if (attempt->question == NULL) {
        go_on(attempt);
    }
}

bool attempt_on_greeting(struct attempt *attempt, const struct greeting *greeting, struct message_welcome *welcome) {
    if (greeting->tag != attempt->tag)
        return false;
    if (!welcome_read(welcome, greeting, attempt->parts.token, &attempt->failure)) {
        attempt->refused = true; /* on_gone follows, and the next address with it */
        return false;
    }
    attempt->tag = 0;
    return true;
}

void attempt_on_gone(struct attempt *attempt, const struct link_end *end) {
    if (end->tag != attempt->tag)
        return;
    log_event(attempt->parts.log, LOG_LEVEL_DEBUG, attempt->parts.who, "an address failed",
              LOG_FIELDS(LOG_TEXT("why", end->why)));
    if (!attempt->refused)
        failure_note_end(&attempt->failure, end);
    go_on(attempt);
}

const struct failure *attempt_failure(const struct attempt *attempt) {
    return &attempt->failure;
}

const struct dial_order *attempt_order(const struct attempt *attempt) {
    return &attempt->order;
}

const struct message_hello *attempt_hello(const struct attempt *attempt) {
    return &attempt->hello;
}
