/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_first_contact: what an agent meets at its first attempt may be wrong for a while: its clock, the server's
 * certificate, the program that answers. It keeps trying, and joins when the right server is there.
 */
#include "config.h"

#include "harness/certs.h"
#include "harness/deadline.h"
#include "harness/destination.h"
#include "harness/munnel.h"
#include "harness/port.h"
#include "harness/scenario.h"

#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ASK_MS = 5000, LOG_MS = 10000, LATER_MS = 30000 };

struct place { /* where a server is to be, once */
    struct sandbox *sandbox;
    struct destination *echo;
    struct server_plan plan;
    uint16_t port; /* the service's */
};

static struct place place_new(const char *name) {
    struct place place = {.sandbox = sandbox_new(name), .port = port_take()};
    place.echo = destination_start(handle_echo, NULL);
    place.plan = (struct server_plan){
        .services = service_to(place.sandbox, "echo", place.port, destination_port(place.echo), NULL),
        .port = port_take(),
    };
    return place;
}

static void place_end(struct place *place) {
    destination_free(place->echo);
    sandbox_free(place->sandbox);
}

/* The agent knows the server by what sandbox_pki() made, also when another answers at its port now. */
static struct process *come(struct place *place) {
    struct server server = {.sandbox = place->sandbox,
                            .port = place->plan.port,
                            .name = "server",
                            .pki = sandbox_pki(place->sandbox, "pki")};
    return agent_start(&server, "alpha", NULL, NULL);
}

static void assert_joins(struct place *place, const struct server *server, struct process *agent) {
    ck_assert(!process_is_over(agent));
    process_await(server->process, 0, LATER_MS, "\"joined\"", "alpha", NULL);
    ck_assert(socket_echoes(place->port, ASK_MS));
}

static void make_certificate(const char *folder, int from_days, int to_days) {
    certs_make(&(struct certs_plan){.folder = folder,
                                    .name = "dated",
                                    .names = "DNS:localhost, IP:127.0.0.1",
                                    .from_days = from_days,
                                    .to_days = to_days});
}

static void assert_check_warns(const struct server *server, const char *word) {
    struct sandbox *sandbox = server->sandbox;
    int code =
        sandbox_do(sandbox, "check", sandbox_program(sandbox, "munneld"), "--config", server->file, "--check", NULL);
    const char *output = sandbox_output(sandbox, "check");
    ck_assert_msg(code == 0 && strstr(output, "configuration OK"), "exit code %d: %s", code, output);
    ck_assert_msg(strstr(output, "warning: ") && strstr(output, "dated.pem") && strstr(output, word), "%s", output);
}

static void dates_pass(const char *name, int from_days, int to_days, const char *word) {
    struct place place = place_new(name);
    const char *folder = sandbox_pki(place.sandbox, "pki");
    place.plan.certificate = sandbox_text(place.sandbox, "%s/dated.pem", folder);
    place.plan.key = sandbox_text(place.sandbox, "%s/dated.key", folder);
    make_certificate(folder, from_days, to_days);
    struct server server = server_start(place.sandbox, place.plan);
    struct process *agent = come(&place);
    process_await(agent, 0, LOG_MS, word, "this machine's clock says", NULL);
    process_await(server.process, 0, LOG_MS, "dated.pem", word, NULL);
    assert_check_warns(&server, word);
    sandbox_end(place.sandbox, server.process);
    make_certificate(folder, 0, 30);
    server_start_again(&server);
    assert_joins(&place, &server, agent);
    place_end(&place);
}

START_TEST(a_certificate_of_the_future_does_not_end_the_agent) {
    dates_pass(__func__, 2, 30, "not yet valid");
}
END_TEST

START_TEST(an_expired_certificate_does_not_end_the_agent) {
    dates_pass(__func__, -30, -1, "has expired");
}
END_TEST

/* Something else answers at the server's port, and then the server does. */
static void other_program_passes(const char *name, destination_handler handler, void *context, const char *word,
                                 const char *advice) {
    struct place place = place_new(name);
    struct destination *other = destination_start_on(place.plan.port, handler, context);
    struct process *agent = come(&place);
    process_await(agent, 0, LOG_MS, word, advice, NULL);
    destination_free(other);
    struct server server = server_start(place.sandbox, place.plan);
    assert_joins(&place, &server, agent);
    place_end(&place);
}

static void handle_http(struct connection *connection) {
    static const char answer[] = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";
    char hello[4096];
    size_t got = 0;
    if (socket_read_some(connection->fd, hello, sizeof hello, &got, ASK_MS) == END_NONE)
        socket_send(connection->fd, answer, sizeof answer - 1, ASK_MS);
}

START_TEST(plain_http_at_the_port_does_not_end_the_agent) {
    other_program_passes(__func__, handle_http, NULL, "it looks like HTTP", "captive portal");
}
END_TEST

/* A captive portal's TLS: it chooses no protocol, and no authority of ours knows it. */
static void handle_tls(struct connection *connection) {
    SSL *ssl = SSL_new(connection->context);
    if (ssl && SSL_set_fd(ssl, connection->fd) == 1)
        SSL_accept(ssl);
    SSL_free(ssl);
}

static SSL_CTX *other_server(struct sandbox *sandbox) {
    const char *folder = sandbox_pki(sandbox, "other");
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    ck_assert_int_eq(SSL_CTX_use_certificate_file(context, sandbox_text(sandbox, "%s/server.pem", folder),
                                                  SSL_FILETYPE_PEM),
                     1);
    ck_assert_int_eq(SSL_CTX_use_PrivateKey_file(context, sandbox_text(sandbox, "%s/server.key", folder),
                                                 SSL_FILETYPE_PEM),
                     1);
    return context;
}

START_TEST(another_tls_server_at_the_port_does_not_end_the_agent) {
    struct sandbox *sandbox = sandbox_new("portal");
    SSL_CTX *context = other_server(sandbox);
    other_program_passes(__func__, handle_tls, context, "speaks TLS but not Munnel", "captive portal");
    SSL_CTX_free(context);
    sandbox_free(sandbox);
}
END_TEST

static int select_version_1(SSL *ssl, const unsigned char **out, unsigned char *out_length, const unsigned char *in,
                            unsigned in_length, void *context) {
    static const unsigned char own[] = "\x08munnel/1";
    unsigned char *chosen;
    (void)ssl, (void)context;
    int found = SSL_select_next_proto(&chosen, out_length, own, sizeof own - 1, in, in_length);
    *out = chosen;
    return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

START_TEST(an_old_server_is_named_by_its_version_and_waited_for) {
    struct sandbox *sandbox = sandbox_new("old");
    SSL_CTX *context = other_server(sandbox);
    SSL_CTX_set_alpn_select_cb(context, select_version_1, NULL);
    other_program_passes(__func__, handle_tls, context, "the server speaks protocol 1 and this agent 2",
                         "upgrade the older one");
    SSL_CTX_free(context);
    sandbox_free(sandbox);
}
END_TEST

/* A typing error in --ca is to be seen at once: this is what stays final. */
START_TEST(another_authority_still_ends_the_agent) {
    struct place place = place_new(__func__);
    place.plan.pki = "other";
    server_start(place.sandbox, place.plan);
    struct process *agent = come(&place);
    ck_assert_int_eq(process_wait(agent, LOG_MS), 3);
    process_await(agent, 0, LOG_MS, "signed by an authority", NULL);
    place_end(&place);
}
END_TEST

SCENARIO_MAIN("first_contact", SCENARIO(a_certificate_of_the_future_does_not_end_the_agent, 60),
              SCENARIO(an_expired_certificate_does_not_end_the_agent, 60),
              SCENARIO(plain_http_at_the_port_does_not_end_the_agent, 60),
              SCENARIO(another_tls_server_at_the_port_does_not_end_the_agent, 60),
              SCENARIO(an_old_server_is_named_by_its_version_and_waited_for, 60),
              SCENARIO(another_authority_still_ends_the_agent, 40))
