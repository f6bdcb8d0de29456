/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * share_lease: "munnel share" where an agent runs: leases the service from it, and renews the lease until it is to end.
 * Runs on: the tool's only thread. Owns: nothing.
 */
#include "config.h"

#include "ctl/share.h"

#include "ctl/answer.h"
#include "ctl/subcommand.h"
#include "lib/os/interrupt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ASK_MS = 5000,
    LEASE_S = 10,
    FIRST_MS = 200, /* between questions, until each server has answered */
    LATER_MS = 3000,
    FIRST_COUNT = 50
};

struct lease {
    const struct share *share;
    struct http_client *client;
    char target[ADMIN_TARGET]; /* of the lease; "": there is none */
    json_t *shown;             /* what was printed last of each server */
    bool is_lost;              /* the agent does not answer, which was told */
    unsigned asked;
};

/* ---- what is printed ---- */

static void print_json(const struct lease *lease, const json_t *at, const char *address, const char *because) {
    json_t *json = json_pack("{s:s,s:s,s:s,s:s,s:s?,s:s?}", "name", lease->share->name, "to", lease->share->to,
                             "server", answer_text(at, "server", ""), "state", answer_text(at, "state", ""), "address",
                             address, "reason", because);
    char *text = json_dumps(json, JSON_COMPACT | JSON_PRESERVE_ORDER);

    if (text)
        printf("%s\n", text);
    free(text);
    json_decref(json);
}

static void print_at(const struct lease *lease, const json_t *at, const char *address, const char *because) {
    if (lease->share->is_json) {
        print_json(lease, at, address, because);
        return;
    }
    if (address) {
        fprintf(stderr, "munnel share: %s is reached, until Ctrl-C, at\n", lease->share->to);
        printf("%s\n", address);
        return;
    }
    fprintf(stderr, "munnel share: %s is not published by %s: %s\n", lease->share->name, answer_text(at, "server", ""),
            because);
}

/* Once, as long as it does not change. */
static void show_at(struct lease *lease, const json_t *at) {
    const char *server = answer_text(at, "server", ""), *address = answer_text(at, "address", NULL);
    const char *because = answer_text(at, "because", NULL), *text = address ? address : because;
    const char *before = json_string_value(json_object_get(lease->shown, server));

    if (!text || (before && strcmp(before, text) == 0))
        return;
    print_at(lease, at, address, because);
    json_object_set_new(lease->shown, server, json_string(text));
}

enum outcome { OPEN, SETTLED, HOPELESS };

static enum outcome show(struct lease *lease, const json_t *answer) {
    const json_t *servers = answer_at(answer, "servers"), *at;
    size_t waiting = 0, refused = 0, i;

    json_array_foreach (servers, i, at) {
        show_at(lease, at);
        waiting += answer_is(at, "state", "waiting");
        refused += !!answer_text(at, "because", NULL);
    }
    (void)fflush(stdout);
    if (i && refused == i && lease->asked <= FIRST_COUNT)
        return HOPELESS;
    return waiting ? OPEN : SETTLED;
}

/* ---- what is asked ---- */

static json_t *body_of(const struct share *share) {
    json_t *body =
        json_pack("{s:s,s:s,s:s*,s:i}", "name", share->name, "to", share->to, "host", share->host, "for_s", LEASE_S);

    if (body && share->port)
        json_object_set_new(body, "port", json_integer(share->port));
    return body;
}

static int ask(const struct lease *lease, const char *method, const char *target, json_t *body,
               struct http_reply *reply, struct error *error) {
    int result = admin_ask(lease->client, &(struct http_ask){method, target, .body = body}, reply, error);

    json_decref(body);
    return result;
}

/* A new lease, or the same for longer. 0, or -1 with error. */
static int renew(struct lease *lease, struct http_reply *reply, struct error *error) {
    lease->asked++;
    if (*lease->target)
        return ask(lease, "PUT", lease->target, json_pack("{s:i}", "for_s", LEASE_S), reply, error);
    if (ask(lease, "POST", "/v1/published", body_of(lease->share), reply, error) != 0)
        return -1;
    return admin_target(lease->target, "/v1/published/", answer_text(reply->json, "lease", ""), "", error) ? 0 : -1;
}

/* The agent may have been started anew, and the lease with it. */
static void note_lost(struct lease *lease, const struct error *error) {
    if (!lease->is_lost)
        fprintf(stderr, "munnel share: %s; trying again\n", error->text);
    lease->is_lost = true;
    lease->target[0] = '\0';
    json_object_clear(lease->shown);
}

/* `is_refused`: there was nothing to withdraw but the question. */
static void withdraw(const struct lease *lease, bool is_refused) {
    struct http_reply reply = {0};
    struct error error;

    bool is_done = !*lease->target || ask(lease, "DELETE", lease->target, NULL, &reply, &error) == 0;
    if (!is_refused || !is_done)
        fprintf(stderr, "munnel share: %s\n", is_done ? "withdrawn" : error.text);
    http_reply_done(&reply);
}

/* Until it is to end. The exit code. */
static int keep(struct lease *lease, enum outcome outcome) {
    struct error error;

    while (outcome != HOPELESS &&
           !interrupt_wait(outcome == OPEN && lease->asked < FIRST_COUNT ? FIRST_MS : LATER_MS)) {
        struct http_reply reply = {0};
        if (renew(lease, &reply, &error) != 0) {
            note_lost(lease, &error);
        } else {
            lease->is_lost = false;
            outcome = show(lease, reply.json);
        }
        http_reply_done(&reply);
    }
    withdraw(lease, outcome == HOPELESS);
    return outcome == HOPELESS ? SUBCOMMAND_FAILED : 0;
}

/* ---- all of it ---- */

/* Is it an agent, and does it answer this user? */
static bool can_ask(struct lease *lease, struct error *error) {
    struct http_reply reply = {0};
    bool is_answered = admin_call(lease->client, "GET", "/v1/status", &reply, error) == 0;

    if (is_answered && !answer_is(reply.json, "program", "munnel-agent")) {
        error_set(error, "it is no munnel-agent that answers there");
        is_answered = false;
    }
    http_reply_done(&reply);
    return is_answered;
}

static int begin(struct lease *lease, struct error *error) {
    struct http_reply reply = {0};

    interrupt_hold();
    int result = renew(lease, &reply, error);
    if (result == 0)
        result = keep(lease, show(lease, reply.json));
    http_reply_done(&reply);
    return result;
}

static int lease_from(const char *path, const struct share *share, struct error *error) {
    struct lease lease = {.share = share, .client = http_client_new(path, ASK_MS, error)};
    int result = lease.client && can_ask(&lease, error) ? -1 : SHARE_NO_AGENT;

    if (result == -1 && !(lease.shown = json_object()))
        error_set(error, "out of memory");
    if (lease.shown)
        result = begin(&lease, error);
    json_decref(lease.shown);
    http_client_free(lease.client);
    return result;
}

int share_by_agent(const struct share *share, const struct admin_place *place, struct error *error) {
    error->text[0] = '\0';
    char *path = admin_find_socket(place, ADMIN_AGENT, "", error);
    int result = path ? lease_from(path, share, error) : SHARE_NO_AGENT;

    free(path);
    return result;
}
