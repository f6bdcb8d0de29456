/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * check_server: see check_server.h. Each hop adds its row; after one that fails the others are skipped.
 */
#include "config.h"

#include "agent/check/check_server.h"

#include "agent/check/check_link.h"
#include "agent/check/check_services.h"
#include "agent/upstream/failure.h"
#include "lib/base/clock.h"
#include "lib/tls/certificate.h"
#include "proto/control.h"
#include "proto/features.h"
#include "proto/hello.h"
#include "proto/limits.h"

#include <stdlib.h>
#include <string.h>

enum { INSTANCE_BYTES = 16, SOON_DAYS = 14, DAY_S = 86400, SERVICES_MS = 2000 };

static const char remedy_of_clock[] = "Set this machine's clock, best by NTP: timedatectl set-ntp true";

static const char remedy_of_no_service[] =
    "Give a service one of this agent's groups in the server's configuration; munnel agent list shows them there";

struct trial { /* of one server */
    const struct check_world *world;
    const struct server_identity *server;
    struct endpoint endpoint;
    struct check_link link;
    uint64_t begun_us; /* of the hop */
};

/* ---- rows ---- */

static void begin(struct trial *trial) {
    trial->begun_us = clock_us();
    trial->link.deadline_us = check_deadline(trial->world, CHECK_HOP_MS);
}

static struct hop hop_of(const struct trial *trial, const char *name, enum hop_result result, const char *remedy) {
    return (struct hop){
        .server = trial->server->text, .name = name, .result = result, .begun_us = trial->begun_us, .remedy = remedy};
}

#define ADD(trial, name, result, remedy, ...)                                                                          \
    do {                                                                                                               \
        const struct hop hop_ = hop_of(trial, name, result, remedy);                                                   \
        report_add((trial)->world->report, &hop_, __VA_ARGS__);                                                        \
    } while (0)

/* ---- DNS ---- */

static void list_addresses(const struct resolver_answer *answer, char *text, size_t size) {
    char one[ADDR_TEXT];
    size_t used = 0;

    for (int i = 0; i < answer->count && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%s", i > 0 ? ", " : "",
                                 addr_format(&answer->addresses[i], one, sizeof one));
}

static bool try_dns(struct trial *trial, struct resolver_answer *answer) {
    struct addr numeric;
    struct error error = {""};
    char list[400] = "";

    begin(trial);
    if (check_resolve(trial->world, &trial->endpoint, CHECK_HOP_MS, answer, &error)) {
        ADD(trial, "dns", HOP_FAIL, FAILURE_REMEDY_NAME, "%s: %s", trial->endpoint.host, error.text);
        return false;
    }
    list_addresses(answer, list, sizeof list);
    if (addr_from_endpoint(&numeric, &trial->endpoint)) {
        trial->begun_us = 0;
        ADD(trial, "dns", HOP_SKIP, NULL, "%s is an address", trial->endpoint.host);
    } else {
        ADD(trial, "dns", HOP_PASS, NULL, "%s: %s", trial->endpoint.host, list);
    }
    return true;
}

/* ---- TCP ---- */

/* As the agent does, one address after the other. */
static bool try_tcp(struct trial *trial, const struct resolver_answer *answer) {
    char text[ADDR_TEXT];
    bool is_connected = false;

    for (int i = 0; i < answer->count && !is_connected; i++) {
        struct error error = {""};
        begin(trial);
        addr_format(&answer->addresses[i], text, sizeof text);
        is_connected = check_link_connect(&trial->link, &answer->addresses[i], &error) == 0;
        if (is_connected) {
            ADD(trial, "tcp", HOP_PASS, NULL, "%s", text);
        } else {
            bool is_last = i + 1 == answer->count;
            ADD(trial, "tcp", is_last ? HOP_FAIL : HOP_SKIP, is_last ? FAILURE_REMEDY_NETWORK : NULL, "%s: %s", text,
                error.text);
            check_link_close(&trial->link);
        }
    }
    return is_connected;
}

/* ---- TLS, and the clock ---- */

static const char *remedy_of(const struct trial *trial, enum tls_verdict verdict) {
    if (tls_received_nothing(trial->link.ssl))
        return FAILURE_REMEDY_UNANSWERED;
    return verdict == TLS_UNTRUSTED || verdict == TLS_UNTRUSTED_BY_PEER ? FAILURE_REMEDY_TRUST : FAILURE_REMEDY_TLS;
}

static long days_left(const X509 *certificate) {
    return (long)(certificate_expires_at(certificate) - clock_wall()) / DAY_S;
}

static void add_tls(struct trial *trial, const X509 *certificate) {
    long days = days_left(certificate);
    const char *remedy = days < SOON_DAYS ? "Tell the server's owner that its certificate ends soon" : NULL;

    ADD(trial, "tls", HOP_PASS, remedy, "%s, verified by %s; the certificate is valid for %ld more days",
        SSL_get_version(trial->link.ssl), trust_description(trial->server->trust), days);
}

/* With a pin alone no one has compared its dates. */
static void add_clock(struct trial *trial, X509 *certificate) {
    struct error error = {""};

    trial->begun_us = 0;
    if (certificate_check_dates(certificate, "the server's certificate", &error))
        ADD(trial, "clock", HOP_FAIL, remedy_of_clock, "%s", error.text);
    else
        ADD(trial, "clock", HOP_PASS, NULL, "it is within the dates of the server's certificate");
}

static void add_clock_of_failure(struct trial *trial) {
    long verified = SSL_get_verify_result(trial->link.ssl);

    trial->begun_us = 0;
    if (verified == X509_V_ERR_CERT_NOT_YET_VALID)
        ADD(trial, "clock", HOP_FAIL, remedy_of_clock, "the server's certificate is not valid yet by this clock");
    else
        ADD(trial, "clock", HOP_SKIP, NULL, "no certificate was taken that it could be compared with");
}

static bool try_tls(struct trial *trial) {
    enum tls_verdict verdict;
    struct error error = {""};
    SSL_CTX *context = trust_context(trial->server->trust, NULL, "check");

    begin(trial);
    if (check_link_handshake(&trial->link, context, trial->endpoint.host, &verdict, &error)) {
        ADD(trial, "tls", HOP_FAIL, remedy_of(trial, verdict), "%s", error.text);
        add_clock_of_failure(trial);
        return false;
    }
    X509 *certificate = SSL_get1_peer_certificate(trial->link.ssl);
    if (certificate) {
        add_tls(trial, certificate);
        add_clock(trial, certificate);
    }
    X509_free(certificate);
    return true;
}

/* ---- joining ---- */

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
                                .features = FEATURES_ALL,
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
        ADD(trial, "group", HOP_PASS, NULL, "the credential carries %s", trial->world->group);
    else
        ADD(trial, "group", HOP_PASS, NULL, "all that the credential carries");
}

static void add_rejected(struct trial *trial, const struct frame *frame) {
    struct reject reject;
    struct error error = {""};

    if (reject_parse(&reject, (const char *)frame->payload, frame->length, &error)) {
        ADD(trial, "credential", HOP_FAIL, FAILURE_REMEDY_VERSION, "malformed REJECT: %s", error.text);
        return;
    }
    bool is_group = reject.code == REJECT_GROUP;
    if (is_group)
        ADD(trial, "credential", HOP_PASS, NULL, "the server accepts it");
    ADD(trial, is_group ? "group" : "credential", HOP_FAIL, failure_remedy_of_reject(reject.code),
        "the server rejects this agent (%s): %s", reject_code_name(reject.code), reject.reason);
    reject_done(&reject);
}

static void add_accepted(struct trial *trial) {
    const struct token *token = trial->server->token;

    if (token->present)
        ADD(trial, "credential", HOP_PASS, NULL,
            "the server accepts \"%s\", and proves that it knows it; joined as "
            "an agent of its own, which is given no client",
            token->credential);
    else
        ADD(trial, "credential", HOP_PASS, NULL, "the server accepts this agent without a token");
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
        ADD(trial, "credential", HOP_FAIL, FAILURE_REMEDY_VERSION, "malformed WELCOME: %s",
            *error.text ? error.text : frame_name(frame->type));
        return false;
    }
    bool is_proved = server_is_proved(trial, &welcome);
    if (is_proved)
        add_accepted(trial);
    else
        ADD(trial, "credential", HOP_FAIL, FAILURE_REMEDY_CREDENTIAL,
            "the server did not prove that it knows the token of \"%s\"", trial->server->token->credential);
    welcome_done(&welcome);
    return is_proved;
}

static bool try_join(struct trial *trial) {
    struct error error = {""};
    struct frame frame;

    begin(trial);
    char *hello = make_hello(trial);
    if (!hello)
        error_set(&error, "out of memory");
    bool is_answered = hello && check_link_send(&trial->link, FRAME_HELLO, hello, &error) == 0 &&
                       check_link_receive(&trial->link, &frame, &error) == 0;
    free(hello);
    if (!is_answered)
        ADD(trial, "credential", HOP_FAIL, FAILURE_REMEDY_UNANSWERED, "%s", error.text);
    return is_answered && take_welcome(trial, &frame);
}

/* ---- services ---- */

/* What the server tells about services, or that there are none (CONTROL_OP_NOTICE); control_done() then. 0, or -1 with
 * error. */
static int await_services(struct trial *trial, struct control_message *control, struct error *error) {
    struct frame frame;

    for (;;) {
        if (check_link_receive(&trial->link, &frame, error))
            return -1;
        if (frame.type != FRAME_CONTROL)
            continue;
        if (control_parse(control, (const char *)frame.payload, frame.length, error))
            return -1;
        if (control->op == CONTROL_OP_SERVICES || control->op == CONTROL_OP_NOTICE)
            return 0;
        control_done(control);
    }
}

/* It is left before the destinations are tried, which takes long. */
static void leave(struct trial *trial) {
    struct error ignored;
    char *bye = control_format(CONTROL_OP_BYE, "this was munnel-agent --check");

    if (bye)
        (void)check_link_send(&trial->link, FRAME_CONTROL, bye, &ignored);
    free(bye);
    check_link_close(&trial->link);
}

static void try_services(struct trial *trial) {
    struct control_message control;
    struct services_part part;
    struct error error = {""};

    begin(trial);
    trial->link.deadline_us = check_deadline(trial->world, SERVICES_MS);
    bool is_there = await_services(trial, &control, &error) == 0;
    bool is_late = !is_there && clock_us() >= trial->link.deadline_us;
    leave(trial);
    if (!is_there) {
        ADD(trial, "rules", is_late ? HOP_SKIP : HOP_FAIL, remedy_of_no_service, "the server asks for no service%s%s",
            is_late ? "" : ": ", is_late ? "" : error.text);
        return;
    }
    if (control.op == CONTROL_OP_NOTICE)
        ADD(trial, "rules", HOP_FAIL, remedy_of_no_service, "%s", control.reason);
    else if (services_parse(&part, control.json, &error))
        ADD(trial, "rules", HOP_FAIL, FAILURE_REMEDY_VERSION, "malformed services: %s", error.text);
    else
        check_services(trial->world, trial->server->text, &part);
    control_done(&control);
}

/* ---- all ---- */

static void skip_from(struct trial *trial, const char *first) {
    static const char *const names[] = {"tcp", "tls", "credential", "rules"};
    bool is_behind = false;

    trial->begun_us = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        is_behind |= strcmp(names[i], first) == 0;
        if (is_behind)
            ADD(trial, names[i], HOP_SKIP, NULL, "a hop before it failed");
    }
}

void check_server(const struct check_world *world, const struct server_identity *server) {
    struct trial *trial = calloc(1, sizeof *trial); /* with a frame's buffer */
    struct resolver_answer answer;

    if (!trial || endpoint_parse(&trial->endpoint, server->text, NULL)) {
        world->report->lacks_memory = true;
        free(trial);
        return;
    }
    trial->world = world;
    trial->server = server;
    trial->link.fd = -1;
    if (!try_dns(trial, &answer))
        skip_from(trial, "tcp");
    else if (!try_tcp(trial, &answer))
        skip_from(trial, "tls");
    else if (!try_tls(trial))
        skip_from(trial, "credential");
    else if (!try_join(trial))
        skip_from(trial, "rules");
    else
        try_services(trial);
    check_link_close(&trial->link);
    free(trial);
}
