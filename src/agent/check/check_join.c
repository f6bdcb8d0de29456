/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * check_join: see check_join.h.
 */
#include "config.h"

#include "agent/check/check_join.h"

#include "agent/check/check_services.h"
#include "agent/check/check_visits.h"
#include "agent/upstream/failure.h"
#include "lib/base/clock.h"
#include "proto/control.h"
#include "proto/features.h"
#include "proto/hello.h"
#include "proto/limits.h"

#include <stdio.h>
#include <stdlib.h>

enum { INSTANCE_BYTES = 16, SERVICES_MS = 2000, LEAVE_MS = 1000, AFTER_VISITS_MS = 500 };

static const char remedy_of_no_service[] =
    "Give a service one of this agent's groups in the server's configuration; munnel agent list shows them there";

/* ---- HELLO and its answer ---- */

/* HELLO, with its proof if there is a token; malloc'ed, NULL: out of memory. */
static char *make_hello(const struct trial *trial) {
    const struct token *token = trial->server->token;
    uint8_t bytes[INSTANCE_BYTES], exporter[SECRET_SIZE], proof[SECRET_SIZE];
    char instance[2 * INSTANCE_BYTES + 1], name[PROTO_NAME_MAX + 1], *proved = NULL;

    if (secret_random(bytes, sizeof bytes))
        return NULL;
    secret_to_hex(bytes, sizeof bytes, instance);
    snprintf(name, sizeof name, "%.*s-check", PROTO_NAME_MAX - 6, trial->world->name);
    const struct hello hello = {.kind = HELLO_KIND_CONTROL,
                                .protocol = PROTO_VERSION,
                                .credential = token->credential,
                                .name = name,
                                .group = trial->world->group,
                                .instance = instance,
                                .resume = "",
                                .features = features_of_agent(),
                                .version = PACKAGE_VERSION};
    char *plain = hello_format(&hello);
    if (!plain || !token->present)
        return plain;
    if (tls_exporter(trial->link.ssl, exporter) == 0 &&
        auth_proof_make(proof, token->key, AUTH_PROOF_AGENT, exporter) == 0)
        proved = hello_add_proof(plain, proof);
    secret_wipe(exporter, sizeof exporter);
    free(plain);
    return proved;
}

static bool server_is_proved(const struct trial *trial, const struct welcome *welcome) {
    const struct token *token = trial->server->token;
    uint8_t exporter[SECRET_SIZE];
    bool is_proved = !token->present || (welcome->has_proof && tls_exporter(trial->link.ssl, exporter) == 0 &&
                                         auth_proof_check(welcome->proof, token->key, AUTH_PROOF_SERVER, exporter));

    secret_wipe(exporter, sizeof exporter);
    return is_proved;
}

static void add_group(struct trial *trial) {
    trial->begun_us = 0;
    if (*trial->world->group)
        trial_add(trial, "group", HOP_PASS, NULL, "the credential carries %s", trial->world->group);
    else
        trial_add(trial, "group", HOP_PASS, NULL, "all that the credential carries");
}

static void add_rejected(struct trial *trial, const struct frame *frame) {
    struct reject reject;
    struct error error = {""};

    if (reject_parse(&reject, (const char *)frame->payload, frame->length, &error)) {
        trial_add(trial, "credential", HOP_FAIL, FAILURE_REMEDY_VERSION, "malformed REJECT: %s", error.text);
        return;
    }
    bool is_group = reject.code == REJECT_GROUP;
    if (is_group)
        trial_add(trial, "credential", HOP_PASS, NULL, "the server accepts it");
    trial_add(trial, is_group ? "group" : "credential", HOP_FAIL, failure_remedy_of_reject(reject.code),
              "the server rejects this agent (%s): %s", reject_code_name(reject.code), reject.reason);
    reject_done(&reject);
}

static void add_accepted(struct trial *trial) {
    const struct token *token = trial->server->token;

    if (token->present)
        trial_add(trial, "credential", HOP_PASS, NULL,
                  "the server accepts \"%s\", and proves that it knows it; joined as "
                  "an agent of its own, which is given no client",
                  token->credential);
    else
        trial_add(trial, "credential", HOP_PASS, NULL, "the server accepts this agent without a token");
    add_group(trial);
}

static bool take_welcome(struct trial *trial, const struct frame *frame) {
    struct welcome welcome;
    struct error error = {""};

    if (frame->type == FRAME_REJECT) {
        add_rejected(trial, frame);
        return false;
    }
    if (frame->type != FRAME_WELCOME || welcome_parse(&welcome, (const char *)frame->payload, frame->length, &error)) {
        trial_add(trial, "credential", HOP_FAIL, FAILURE_REMEDY_VERSION, "malformed WELCOME: %s",
                  *error.text ? error.text : frame_name(frame->type));
        return false;
    }
    bool is_proved = server_is_proved(trial, &welcome);
    trial->features = welcome.features;
    if (is_proved)
        add_accepted(trial);
    else
        trial_add(trial, "credential", HOP_FAIL, FAILURE_REMEDY_CREDENTIAL,
                  "the server did not prove that it knows the token of \"%s\"", trial->server->token->credential);
    welcome_done(&welcome);
    return is_proved;
}

static bool try_hello(struct trial *trial) {
    struct error error = {""};
    struct frame frame;

    trial_begin(trial);
    char *hello = make_hello(trial);
    if (!hello)
        error_set(&error, "out of memory");
    bool is_answered = hello && check_link_send(&trial->link, FRAME_HELLO, hello, &error) == 0 &&
                       check_link_receive(&trial->link, &frame, &error) == 0;
    free(hello);
    if (!is_answered)
        trial_add(trial, "credential", HOP_FAIL, FAILURE_REMEDY_UNANSWERED, "%s", error.text);
    return is_answered && take_welcome(trial, &frame);
}

/* ---- services ---- */

/* What the server tells about services, or that there are none (CONTROL_OP_NOTICE); control_done() then. What it
 * answers of visits is taken meanwhile; services come before that or soon. 0, or -1 with error. */
static int await_services(struct trial *trial, bool asked_visits, struct control_message *services,
                          struct error *error) {
    struct control_message control;
    struct frame frame;
    bool is_there = false;

    while ((!is_there || asked_visits) && check_link_receive(&trial->link, &frame, error) == 0) {
        if (frame.type != FRAME_CONTROL)
            continue;
        if (control_parse(&control, (const char *)frame.payload, frame.length, error))
            break;
        bool is_of_services = control.op == CONTROL_OP_SERVICES || control.op == CONTROL_OP_NOTICE;
        if (control.op == CONTROL_OP_VISIT_STATE && asked_visits) {
            check_visits_add(trial, control.json);
            asked_visits = false;
            trial->link.deadline_us = check_deadline(trial->world, AFTER_VISITS_MS);
        }
        if (is_of_services && !is_there)
            *services = control;
        else
            control_done(&control);
        is_there |= is_of_services;
    }
    if (asked_visits)
        check_visits_add(trial, NULL);
    return is_there ? 0 : -1;
}

/*
 * It is left before the destinations are tried, which takes long. The server closes after BYE; to close before would
 * reset the connection where something is unread, and the server, without the BYE, would wait for this agent to return.
 */
static void leave(struct trial *trial) {
    struct error ignored;
    struct frame frame;
    char *bye = control_format(CONTROL_OP_BYE, "this was munnel-agent --check");

    bool is_sent = bye && check_link_send(&trial->link, FRAME_CONTROL, bye, &ignored) == 0;
    free(bye);
    trial->link.deadline_us = check_deadline(trial->world, LEAVE_MS);
    while (is_sent && check_link_receive(&trial->link, &frame, &ignored) == 0) {
    }
    check_link_close(&trial->link);
}

/* An agent that visits or publishes need not serve anything. */
static void add_none(const struct trial *trial, bool is_wrong, const char *detail) {
    bool is_enough = trial->world->publishes || (trial->world->visits && trial->world->visits->count);

    trial_add(trial, "rules", is_wrong && !is_enough ? HOP_FAIL : HOP_SKIP, is_enough ? NULL : remedy_of_no_service,
              "%s", detail);
}

static void add_publishing(const struct trial *trial) {
    if (trial->world->publishes && !(trial->features & 1U << FEATURE_PUBLISH))
        trial_add(trial, "publish", HOP_FAIL, FAILURE_REMEDY_VERSION, "the server is too old to publish");
    else if (trial->world->publishes)
        trial_add(trial, "publish", HOP_SKIP, NULL,
                  "whether the server permits it is seen once the agent runs, in its log and its munnel status");
}

static void try_services(struct trial *trial) {
    struct control_message control;
    struct services_part part;
    struct error error = {""};

    bool asked_visits = check_visits_ask(trial, trial->features);
    trial_begin(trial);
    trial->link.deadline_us = check_deadline(trial->world, SERVICES_MS);
    bool is_there = await_services(trial, asked_visits, &control, &error) == 0;
    bool is_late = !is_there && clock_us() >= trial->link.deadline_us;
    leave(trial);
    add_publishing(trial);
    if (!is_there && is_late)
        add_none(trial, false, "the server asks for no service");
    else if (!is_there)
        trial_add(trial, "rules", HOP_FAIL, remedy_of_no_service, "the server asks for no service: %s", error.text);
    if (!is_there)
        return;
    if (control.op == CONTROL_OP_NOTICE)
        add_none(trial, true, control.reason);
    else if (services_parse(&part, control.json, &error))
        trial_add(trial, "rules", HOP_FAIL, FAILURE_REMEDY_VERSION, "malformed services: %s", error.text);
    else
        check_services(trial->world, trial->server->text, &part);
    control_done(&control);
}

bool check_join(struct trial *trial) {
    if (!try_hello(trial))
        return false;
    try_services(trial);
    return true;
}
