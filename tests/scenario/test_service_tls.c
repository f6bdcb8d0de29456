/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_service_tls: services that end the TLS of their clients: curl and OpenSSL's own client, each version, megabytes
 * both ways, cuts, client certificates, several certificates and new ones, silent clients, and an agent that is lost.
 */
#include "config.h"

#include "harness/certs.h"
#include "harness/deadline.h"
#include "harness/destination.h"
#include "harness/http.h"
#include "harness/munnel.h"
#include "harness/port.h"
#include "harness/scenario.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { ASK_MS = 5000, LOG_MS = 10000, MEGABYTES = 50 * 1000 * 1000, SILENT = 200 };

/* ---- a client ---- */

struct client_plan {
    int version;          /* 0: any */
    const char *name;     /* SNI; NULL: none */
    const char *identity; /* FOLDER/NAME of its certificate and key, without their endings; NULL: none */
};

struct client {
    int fd;
    SSL_CTX *context;
    SSL *ssl;
    bool is_up;
};

static SSL_CTX *client_context(struct sandbox *sandbox, const struct client_plan *plan) {
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_security_level(context, 0); /* it may try TLS 1.1 */
    if (plan->version) {
        ck_assert_int_eq(SSL_CTX_set_min_proto_version(context, plan->version), 1);
        ck_assert_int_eq(SSL_CTX_set_max_proto_version(context, plan->version), 1);
    }
    if (plan->identity) {
        const char *certificate = sandbox_text(sandbox, "%s.pem", plan->identity),
                   *key = sandbox_text(sandbox, "%s.key", plan->identity);
        ck_assert_int_eq(SSL_CTX_use_certificate_chain_file(context, certificate), 1);
        ck_assert_int_eq(SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM), 1);
    }
    return context;
}

static struct client client_prepare(struct sandbox *sandbox, uint16_t port, struct client_plan plan) {
    const struct timeval most = {ASK_MS / 1000 * 6, 0};
    struct client client = {.fd = socket_client(port), .context = client_context(sandbox, &plan)};
    setsockopt(client.fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most);
    setsockopt(client.fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof most);
    client.ssl = SSL_new(client.context);
    SSL_set_fd(client.ssl, client.fd);
    if (plan.name)
        SSL_set_tlsext_host_name(client.ssl, plan.name);
    return client;
}

/* With TLS 1.3 it is up before the server has judged its certificate. */
static struct client client_connect(struct sandbox *sandbox, uint16_t port, struct client_plan plan) {
    struct client client = client_prepare(sandbox, port, plan);
    client.is_up = SSL_connect(client.ssl) == 1;
    return client;
}

static void client_end(struct client *client) {
    SSL_free(client->ssl);
    SSL_CTX_free(client->context);
    close(client->fd);
}

static bool converses(struct client *client, const char *text) {
    char answer[100] = "";
    size_t length = strlen(text), got = 0;
    if (!client->is_up || SSL_write(client->ssl, text, (int)length) != (int)length)
        return false;
    while (got < length) {
        int n = SSL_read(client->ssl, answer + got, (int)(sizeof answer - got));
        if (n <= 0)
            return false;
        got += (size_t)n;
    }
    return memcmp(answer, text, length) == 0;
}

static bool shows(const struct client *client, const char *name) {
    X509 *certificate = SSL_get1_peer_certificate(client->ssl);
    bool is_right = certificate && X509_check_host(certificate, name, 0, 0, NULL) == 1;
    X509_free(certificate);
    return is_right;
}

/* ---- a service ---- */

struct served {
    struct sandbox *sandbox;
    struct server server;
    struct process *agent;
    struct destination *destination;
    uint16_t port;
    const char *pki;
    struct usage usage;
};

/* `more`: more members of "tls", each with a comma in front; `beside`: of the service, `top`: of the file, with one
 * behind. */
static struct served serve_in(struct sandbox *sandbox, destination_handler handler, void *context, const char *more,
                              const char *beside, const char *top) {
    struct served served = {.sandbox = sandbox, .port = port_take()};
    served.pki = sandbox_pki(served.sandbox, "pki");
    served.destination = destination_start(handler, context);
    certs_make(&(struct certs_plan){
        .folder = served.pki, .name = "web", .names = "DNS:web.example, IP:127.0.0.1", .to_days = 90});
    certs_make(
        &(struct certs_plan){.folder = served.pki, .name = "wild", .names = "DNS:*.wild.example", .to_days = 90});
    const char *tls = sandbox_text(served.sandbox,
                                   "'tls': {'cert': ['%s/web.pem', '%s/wild.pem'], 'key': ['%s/web.key', '%s/wild.key']"
                                   "%s}, %s",
                                   served.pki, served.pki, served.pki, served.pki, more ? more : "", beside);
    const char *services = service_to(served.sandbox, "web", served.port, destination_port(served.destination), tls);
    served.server = server_start(served.sandbox, (struct server_plan){.services = services, .more = top});
    served.agent = agent_join_warm(&served.server, "alpha", NULL);
    served.usage = usage_of(served.server.process);
    return served;
}

static struct served serve_with(const char *name, destination_handler handler, void *context, const char *more,
                                const char *beside, const char *top) {
    return serve_in(sandbox_new(name), handler, context, more, beside, top);
}

static struct served serve_beside(const char *name, destination_handler handler, void *context, const char *more,
                                  const char *beside) {
    return serve_with(name, handler, context, more, beside, NULL);
}

static struct served serve(const char *name, destination_handler handler, void *context, const char *more) {
    return serve_beside(name, handler, context, more, "");
}

static void served_end(struct served *served) {
    usage_await(served->server.process, &served->usage, 10000);
    sandbox_free(served->sandbox);
    destination_free(served->destination);
}

/* ---- versions and bytes ---- */

START_TEST(tls_ends_at_the_server_and_old_versions_are_refused) {
    struct served served = serve(__func__, handle_echo, NULL, NULL);
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        struct client client = client_connect(served.sandbox, served.port, (struct client_plan){.version = version});
        ck_assert(converses(&client, "hello"));
        ck_assert_int_eq(SSL_version(client.ssl), version);
        client_end(&client);
    }
    struct client old = client_connect(served.sandbox, served.port, (struct client_plan){.version = TLS1_1_VERSION});
    ck_assert(!old.is_up);
    client_end(&old);
    process_await(served.server.process, 0, LOG_MS, "TLS handshake failed", "versions of TLS", NULL);
    ck_assert(!socket_echoes(served.port, ASK_MS)); /* and what is no TLS */
    process_await(served.server.process, 0, LOG_MS, "TLS handshake failed", "not TLS", NULL);
    ck_assert_uint_eq(destination_connections(served.destination), 2);
    served_end(&served);
}
END_TEST

static void send_part(struct client *client, struct source *source, size_t length) {
    char part[50000];
    for (size_t left = length; left > 0;) {
        size_t count = left < sizeof part ? left : sizeof part;
        source_fill(source, part, count);
        ck_assert_int_eq(SSL_write(client->ssl, part, (int)count), (int)count);
        left -= count;
    }
}

static void send_source(struct client *client, uint64_t seed, size_t length) {
    struct source source;
    source_begin(&source, seed);
    send_part(client, &source, length);
}

static int read_to_end(struct client *client, struct tally_result *result) {
    struct tally *tally = tally_new();
    char part[50000];
    int got;
    while ((got = SSL_read(client->ssl, part, sizeof part)) > 0)
        tally_add(tally, part, (size_t)got);
    tally_end(tally, result);
    return SSL_get_error(client->ssl, got);
}

/* 50 MB up, its end, then 50 MB down and their end. */
START_TEST(fifty_megabytes_go_each_way_and_each_end_is_an_end) {
    atomic_ullong answer = MEGABYTES;
    struct served served = serve(__func__, handle_answer_at_end, &answer, NULL);
    served.usage.extra_links = 8;
    served.usage.extra_heap = USAGE_BULK_HEAP;
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        struct tally_result expected, got;
        struct client client = client_connect(served.sandbox, served.port, (struct client_plan){.version = version});
        ck_assert(client.is_up);
        send_source(&client, 3, MEGABYTES);
        ck_assert_int_ge(SSL_shutdown(client.ssl), 0);
        ck_assert_int_eq(read_to_end(&client, &got), SSL_ERROR_ZERO_RETURN);
        tally_of_source(&expected, 1, MEGABYTES);
        ck_assert(tally_same(&expected, &got));
        client_end(&client);
        unsigned number = (unsigned)(version - TLS1_2_VERSION);
        destination_await_ended(served.destination, number + 1, ASK_MS);
        tally_of_source(&expected, 3, MEGABYTES);
        ck_assert(tally_same(&expected, &destination_connection(served.destination, number)->received));
    }
    served_end(&served);
}
END_TEST

/* A FIN on the way is no end of what the client has said. */
START_TEST(a_client_that_is_cut_is_reset_at_the_destination) {
    struct served served = serve(__func__, handle_sink, NULL, NULL);
    for (unsigned i = 0; i < 2; i++) {
        struct client client = client_connect(served.sandbox, served.port, (struct client_plan){0});
        send_source(&client, 1, 1000);
        destination_await_connections(served.destination, i + 1, ASK_MS);
        if (i == 0)
            socket_finish(client.fd); /* without close_notify */
        else
            SSL_shutdown(client.ssl);
        destination_await_ended(served.destination, i + 1, ASK_MS);
        ck_assert_int_eq(destination_connection(served.destination, i)->end, i == 0 ? END_RESET : END_FILE);
        client_end(&client);
    }
    served_end(&served);
}
END_TEST

/* Behind the request: what is not read when it closes would make its end a reset. */
static void handle_page(struct connection *connection) {
    static const char head_end[] = "\r\n\r\n";
    char byte;
    for (size_t matched = 0, got; matched < sizeof head_end - 1;) {
        got = 0;
        connection->end = socket_read_some(connection->fd, &byte, 1, &got, ASK_MS);
        if (got == 0)
            return;
        matched = byte == head_end[matched] ? matched + 1 : byte == head_end[0];
    }
    handle_greeting(connection);
}

START_TEST(curl_gets_pages_by_https) {
    static const char page[] = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nhello\n";
    char text[sizeof page];
    memcpy(text, page, sizeof page);
    struct served served = serve(__func__, handle_page, text, NULL);
    const char *curl = sandbox_peer(served.sandbox, "curl");
    for (int i = 0; curl && i < 2; i++) {
        int code = sandbox_do(served.sandbox, "curl", curl, "-sS", "--cacert",
                              sandbox_text(served.sandbox, "%s/ca.pem", served.pki), "--tls-max", i ? "1.3" : "1.2",
                              sandbox_text(served.sandbox, "https://127.0.0.1:%u/", served.port), NULL);
        ck_assert_msg(code == 0, "%s", sandbox_output(served.sandbox, "curl"));
        ck_assert_ptr_nonnull(strstr(sandbox_output(served.sandbox, "curl"), "hello"));
    }
    served_end(&served);
}
END_TEST

START_TEST(http_without_tls_is_answered) {
    struct served served = serve(__func__, handle_echo, NULL, NULL);
    const char *curl = sandbox_peer(served.sandbox, "curl");
    static const char *const bodies[] = {"", "@/dev/null", "@/bin/sh"};
    for (size_t i = 0; curl && i < sizeof bodies / sizeof *bodies; i++) {
        int code = sandbox_do(served.sandbox, "curl", curl, "-sS", "-i", "--max-time", "10", *bodies[i] ? "-d" : "-0",
                              *bodies[i] ? bodies[i] : "-0",
                              sandbox_text(served.sandbox, "http://127.0.0.1:%u/", served.port), NULL);
        ck_assert_msg(code == 0, "%s", sandbox_output(served.sandbox, "curl"));
        ck_assert_ptr_nonnull(strstr(sandbox_output(served.sandbox, "curl"), "400 Bad Request"));
        ck_assert_ptr_nonnull(strstr(sandbox_output(served.sandbox, "curl"), "https://"));
    }
    ck_assert_uint_eq(destination_connections(served.destination), 0);
    served_end(&served);
}
END_TEST

/* ---- certificates ---- */

START_TEST(the_name_chooses_and_a_new_certificate_is_for_new_clients) {
    struct served served = serve(__func__, handle_echo, NULL, NULL);
    struct sandbox *sandbox = served.sandbox;
    struct client web = client_connect(sandbox, served.port, (struct client_plan){.name = "web.example"}),
                  wild = client_connect(sandbox, served.port, (struct client_plan){.name = "a.wild.example"}),
                  other = client_connect(sandbox, served.port, (struct client_plan){.name = "other.example"});
    ck_assert(shows(&web, "web.example") && shows(&wild, "a.wild.example") && shows(&other, "web.example"));
    certs_make(&(struct certs_plan){
        .folder = served.pki, .name = "web", .names = "DNS:web.example, DNS:new.example", .to_days = 90});
    process_await(served.server.process, 0, LOG_MS, "certificate reloaded", NULL);
    struct client fresh = client_connect(sandbox, served.port, (struct client_plan){.name = "new.example"});
    ck_assert(shows(&fresh, "new.example") && !shows(&web, "new.example"));
    ck_assert(converses(&fresh, "new") && converses(&web, "old") && converses(&wild, "as before"));
    client_end(&web);
    client_end(&wild);
    client_end(&other);
    client_end(&fresh);
    served_end(&served);
}
END_TEST

/* The name leads to the service, which ends the TLS; a name of none is refused before. */
START_TEST(a_shared_port_has_tls_that_ends_here) {
    struct served served = serve_beside(__func__, handle_echo, NULL, NULL, "'hosts': 'web.example',");
    struct client web = client_connect(served.sandbox, served.port, (struct client_plan){.name = "web.example"}),
                  other = client_connect(served.sandbox, served.port, (struct client_plan){.name = "other.example"});
    ck_assert(shows(&web, "web.example") && converses(&web, "hello"));
    ck_assert(!other.is_up);
    client_end(&web);
    client_end(&other);
    served_end(&served);
}
END_TEST

START_TEST(client_certificates_are_required_or_requested) {
    for (int is_request = 0; is_request < 2; is_request++) {
        char name[100];
        snprintf(name, sizeof name, "%s-%d", __func__, is_request);
        struct served served = {.sandbox = NULL};
        char more[300];
        snprintf(more, sizeof more, ", 'client_ca': 'pki/ca.pem', 'client_auth': '%s'",
                 is_request ? "request" : "require");
        served = serve(name, handle_echo, NULL, more);
        const char *other = sandbox_pki(served.sandbox, "other");
        const struct certs_plan plans[] = {{.folder = served.pki, .name = "ann", .to_days = 9, .for_clients = true},
                                           {.folder = other, .name = "bob", .to_days = 9, .for_clients = true}};
        certs_make(&plans[0]);
        certs_make(&plans[1]);
        const struct {
            const char *identity;
            bool is_served;
        } tries[] = {{sandbox_text(served.sandbox, "%s/ann", served.pki), true},
                     {sandbox_text(served.sandbox, "%s/bob", other), false},
                     {NULL, is_request}};
        for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
            struct client client =
                client_connect(served.sandbox, served.port, (struct client_plan){.identity = tries[i].identity});
            ck_assert_msg(converses(&client, "hello") == tries[i].is_served, "try %zu of %s", i, more);
            client_end(&client);
        }
        process_await(served.server.process, 0, LOG_MS, "TLS handshake failed", "authority", NULL);
        ck_assert_uint_eq(destination_connections(served.destination), is_request ? 2 : 1);
        served_end(&served);
    }
}
END_TEST

/* Its revocation list is read again as the other files are. */
START_TEST(a_client_s_certificate_can_be_revoked) {
    struct served served = {.sandbox = sandbox_new(__func__)};
    const char *pki = sandbox_pki(served.sandbox, "pki");
    certs_make(&(struct certs_plan){.folder = pki, .name = "ann", .to_days = 9, .for_clients = true});
    certs_make(&(struct certs_plan){.folder = pki, .name = "bob", .serial = 1, .to_days = 9, .for_clients = true});
    certs_revoke(pki, NULL);
    const char *socket = sandbox_path(served.sandbox, "admin.sock");
    served = serve_in(served.sandbox, handle_echo, NULL,
                      ", 'client_ca': 'pki/ca.pem', 'client_auth': 'request', 'crl': 'pki/ca.crl'", "",
                      sandbox_text(served.sandbox, "'admin': {'socket': '%s'},", socket));
    sandbox_do(served.sandbox, "show", sandbox_program(served.sandbox, "munnel"), "service", "show", "web", "--socket",
               socket, NULL);
    ck_assert_ptr_nonnull(strstr(sandbox_output(served.sandbox, "show"), "client certificates    request"));
    const struct client_plan ann = {.identity = sandbox_text(served.sandbox, "%s/ann", pki)},
                             bob = {.identity = sandbox_text(served.sandbox, "%s/bob", pki)};
    struct client before = client_connect(served.sandbox, served.port, ann);
    ck_assert(converses(&before, "hello"));
    certs_revoke(pki, "ann");
    process_await(served.server.process, 0, LOG_MS, "certificate reloaded", NULL);
    struct client after = client_connect(served.sandbox, served.port, ann),
                  other = client_connect(served.sandbox, served.port, bob),
                  none = client_connect(served.sandbox, served.port, (struct client_plan){.identity = NULL});
    ck_assert(!converses(&after, "hello"));
    process_await(served.server.process, 0, LOG_MS, "TLS handshake failed", "revoked", NULL);
    ck_assert(converses(&other, "hello") && converses(&none, "hello") && converses(&before, "goes on"));
    client_end(&before);
    client_end(&after);
    client_end(&other);
    client_end(&none);
    served_end(&served);
}
END_TEST

/* Writes the configuration anew by sed, and has it read. */
static void reload(struct served *served, const char *change, const char *expected, const char *place) {
    size_t mark = process_mark(served->server.process);
    ck_assert_int_eq(sandbox_do(served->sandbox, "sed", "sed", "-i", change, served->server.file, NULL), 0);
    process_signal(served->server.process, SIGHUP);
    process_await(served->server.process, mark, LOG_MS, expected, place, NULL);
}

START_TEST(a_reload_changes_tls_and_refuses_what_is_wrong) {
    struct served served = serve(__func__, handle_echo, NULL, NULL);
    struct sandbox *sandbox = served.sandbox;
    struct client before = client_connect(sandbox, served.port, (struct client_plan){.version = TLS1_2_VERSION});
    ck_assert(converses(&before, "before"));
    reload(&served, "s,/web.pem,/none.pem,", "none.pem", "tls.cert");
    reload(&served, "s|/none.pem|/web.pem|; /web.pem/s|/web.key|/server.key|", "is not the key of", "tls.key");
    reload(&served, "/web.pem/s|/server.key|/web.key|; s|{\"cert\": \\[|{\"min_version\": \"1.3\", \"cert\": [|",
           "configuration reloaded", "version");
    struct client old = client_connect(sandbox, served.port, (struct client_plan){.version = TLS1_2_VERSION}),
                  new = client_connect(sandbox, served.port, (struct client_plan){.version = TLS1_3_VERSION});
    ck_assert(!old.is_up);
    ck_assert(converses(&new, "new") && converses(&before, "as before"));
    client_end(&before);
    client_end(&old);
    client_end(&new);
    served_end(&served);
}
END_TEST

/* Is its client's TLS ended, by the certificate of this name? */
static bool serves_tls(struct sandbox *sandbox, uint16_t port, const char *name) {
    struct client client = client_connect(sandbox, port, (struct client_plan){.name = name});
    bool does = client.is_up && shows(&client, name) && converses(&client, "hello");
    client_end(&client);
    return does;
}

static void reload_to_confirm(struct sandbox *sandbox) {
    static const char request[] = "POST /v1/reload?confirm=5 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                                  "Content-Length: 0\r\n\r\n";
    const char *address = sandbox_text(sandbox, "unix:%s", sandbox_path(sandbox, "admin.sock"));
    char answer[4096];
    unsigned status = http_converse(socket_connect(address, 0), request, answer, sizeof answer, ASK_MS);
    ck_assert_msg(status == 200, "%s", answer);
}

/* One service is changed by the reload, another is removed. */
START_TEST(an_unconfirmed_reload_goes_back_to_certificates_that_are_gone) {
    struct served served = serve_with(__func__, handle_echo, NULL, NULL, "",
                                      "'include': ['shop*.json'], 'admin': {'socket': 'admin.sock'},");
    struct sandbox *sandbox = served.sandbox;
    struct process *server = served.server.process;
    uint16_t shop = port_take();
    const char *tls =
        sandbox_text(sandbox, "'tls': {'cert': '%s/shop.pem', 'key': '%s/shop.key'},", served.pki, served.pki);
    certs_make(&(struct certs_plan){.folder = served.pki, .name = "shop", .names = "DNS:shop.example", .to_days = 90});
    sandbox_write(sandbox, "shop.json", service_to(sandbox, "shop", shop, destination_port(served.destination), tls),
                  true);
    reload(&served, "", "configuration reloaded", "version");
    ck_assert(HOLDS_WITHIN(ASK_MS, serves_tls(sandbox, shop, "shop.example")));
    struct usage usage = usage_of(server);

    ck_assert_int_eq(unlink(sandbox_path(sandbox, "shop.json")), 0);
    ck_assert_int_eq(sandbox_do(sandbox, "sed", "sed", "-i", "/web.pem/s|web|server|g", served.server.file, NULL), 0);
    size_t mark = process_mark(server);
    reload_to_confirm(sandbox);
    ck_assert(HOLDS_WITHIN(ASK_MS, socket_is_refused(shop)));
    ck_assert_int_eq(sandbox_do(sandbox, "rm", "sh", "-c",
                                sandbox_text(sandbox, "rm %s/shop.* %s/web.*", served.pki, served.pki), NULL),
                     0);
    process_await(server, mark, LOG_MS, "the reload was not confirmed", NULL);
    process_await(server, mark, LOG_MS, "service web", "keeping the one in use", "web.pem", NULL);
    process_await(server, mark, LOG_MS, "service shop", "keeping the one in use", "shop.pem", NULL);
    ck_assert(HOLDS_WITHIN(ASK_MS, serves_tls(sandbox, served.port, "web.example")));
    ck_assert(HOLDS_WITHIN(ASK_MS, serves_tls(sandbox, shop, "shop.example")));
    mark = process_mark(server);
    certs_make(&(struct certs_plan){.folder = served.pki, .name = "shop", .names = "DNS:shop.example", .to_days = 9});
    process_await(server, mark, LOG_MS, "service shop", "certificate reloaded", NULL);
    served.usage = usage;
    served_end(&served);
}
END_TEST

/* ---- what the destination is told ---- */

struct told {
    uint8_t bytes[400];
    size_t length;
};

/* The header of the PROXY protocol, and the client's first bytes behind it. */
static void handle_header(struct connection *connection) {
    struct told *told = connection->context;
    connection->end = socket_read_some(connection->fd, told->bytes, sizeof told->bytes, &told->length, ASK_MS);
}

static bool was_told(const struct told *told, const char *text) {
    return memmem(told->bytes, told->length, text, strlen(text));
}

START_TEST(the_destination_learns_name_protocol_and_certificate) {
    static const unsigned char offer[] = "\x02h2\x08http/1.1";
    struct told told = {.length = 0};
    struct served served = serve_beside(__func__, handle_header, &told,
                                        ", 'client_ca': 'pki/ca.pem', 'client_auth': 'require', 'alpn': 'http/1.1'",
                                        "'proxy_protocol': 'v2',");
    certs_make(&(struct certs_plan){.folder = served.pki, .name = "ann", .to_days = 9, .for_clients = true});
    struct client client =
        client_prepare(served.sandbox, served.port,
                       (struct client_plan){.version = TLS1_3_VERSION,
                                            .name = "www.web.example",
                                            .identity = sandbox_text(served.sandbox, "%s/ann", served.pki)});
    SSL_set_alpn_protos(client.ssl, offer, sizeof offer - 1);
    client.is_up = SSL_connect(client.ssl) == 1;
    ck_assert(client.is_up && SSL_write(client.ssl, "hello", 5) == 5);
    destination_await_ended(served.destination, 1, ASK_MS);
    ck_assert_msg(was_told(&told, "www.web.example") && was_told(&told, "http/1.1") && was_told(&told, "TLSv1.3") &&
                      was_told(&told, "TLS_AES_") && was_told(&told, "ann"),
                  "of %zu bytes", told.length);
    client_end(&client);
    served_end(&served);
}
END_TEST

/* ---- trouble ---- */

START_TEST(silent_clients_do_not_keep_others_out) {
    struct served served = serve(__func__, handle_echo, NULL, NULL);
    int silent[SILENT];
    for (int i = 0; i < SILENT; i++) {
        silent[i] = socket_client(served.port);
        if (i % 2) /* the others have begun */
            ck_assert(socket_send(silent[i], "\x16\x03\x01\x02\x00\x01", 6, ASK_MS));
    }
    for (int i = 0; i < 5; i++) {
        uint64_t begun = now_ms();
        struct client client = client_connect(served.sandbox, served.port, (struct client_plan){0});
        ck_assert(converses(&client, "hello"));
        ck_assert_uint_lt(now_ms() - begun, 2000); /* none of them has a place that others wait for */
        client_end(&client);
    }
    process_await(served.server.process, 0, 30000, "TLS handshake failed", "10 seconds", NULL);
    for (int i = 0; i < SILENT; i++) {
        ck_assert_int_ne(socket_wait_end(silent[i], 30000), END_LATE);
        close(silent[i]);
    }
    served_end(&served);
}
END_TEST

/* The agent reaches the server through `proxy`, whose connections can be cut. */
static void join_through(struct served *served, struct destination *proxy) {
    sandbox_end(served->sandbox, served->agent);
    served->server.port = destination_port(proxy);
    served->agent = agent_join_warm(&served->server, "beta", NULL);
}

static void cut_all(struct destination *proxy) {
    for (unsigned i = 0, count = destination_connections(proxy); i < count; i++)
        destination_cut(proxy, i);
}

START_TEST(a_relay_goes_on_when_all_links_break) {
    enum { PIECE = 5 * 1000 * 1000, PIECES = 4 };
    atomic_ullong answer = PIECE;
    struct served served = serve(__func__, handle_answer_at_end, &answer, NULL);
    uint16_t port = served.server.port;
    struct destination *proxy = destination_start(handle_forward, &port);
    struct source source;
    struct tally_result expected, got;
    join_through(&served, proxy);
    struct client client = client_connect(served.sandbox, served.port, (struct client_plan){0});
    ck_assert(client.is_up);
    source_begin(&source, 3);
    for (int i = 0; i < PIECES; i++) {
        send_part(&client, &source, PIECE);
        if (i < PIECES - 1)
            cut_all(proxy);
    }
    ck_assert_int_ge(SSL_shutdown(client.ssl), 0);
    ck_assert_int_eq(read_to_end(&client, &got), SSL_ERROR_ZERO_RETURN);
    tally_of_source(&expected, 1, PIECE);
    ck_assert(tally_same(&expected, &got));
    destination_await_ended(served.destination, 1, ASK_MS);
    tally_of_source(&expected, 3, (uint64_t)PIECES * PIECE);
    ck_assert(tally_same(&expected, &destination_connection(served.destination, 0)->received));
    client_end(&client);
    sandbox_free(served.sandbox);
    destination_free(served.destination);
    destination_free(proxy);
}
END_TEST

START_TEST(an_agent_that_dies_is_no_clean_end) {
    struct served served = serve(__func__, handle_echo, NULL, NULL);
    struct client client = client_connect(served.sandbox, served.port, (struct client_plan){0});
    ck_assert(converses(&client, "before"));
    process_signal(served.agent, SIGSTOP);
    ck_assert_int_eq(SSL_write(client.ssl, "while it stands still", 21), 21);
    process_signal(served.agent, SIGCONT);
    char answer[21];
    for (int got = 0; got < 21;) {
        int n = SSL_read(client.ssl, answer + got, 21 - got);
        ck_assert_int_gt(n, 0);
        got += n;
    }
    ck_assert_mem_eq(answer, "while it stands still", 21);
    process_signal(served.agent, SIGKILL);
    char byte;
    int got = SSL_read(client.ssl, &byte, 1); /* reset, when nobody has come back in time; never a clean end */
    ck_assert_int_ne(SSL_get_error(client.ssl, got), SSL_ERROR_ZERO_RETURN);
    client_end(&client);
    sandbox_kill(served.sandbox, served.agent);
    sandbox_free(served.sandbox);
    destination_free(served.destination);
}
END_TEST

SCENARIO_MAIN("service_tls", SCENARIO(tls_ends_at_the_server_and_old_versions_are_refused, 40),
              SCENARIO(fifty_megabytes_go_each_way_and_each_end_is_an_end, 90),
              SCENARIO(a_client_that_is_cut_is_reset_at_the_destination, 40), SCENARIO(curl_gets_pages_by_https, 40),
              SCENARIO(http_without_tls_is_answered, 40),
              SCENARIO(the_name_chooses_and_a_new_certificate_is_for_new_clients, 40),
              SCENARIO(a_shared_port_has_tls_that_ends_here, 40),
              SCENARIO(client_certificates_are_required_or_requested, 60),
              SCENARIO(a_client_s_certificate_can_be_revoked, 40),
              SCENARIO(a_reload_changes_tls_and_refuses_what_is_wrong, 60),
              SCENARIO(an_unconfirmed_reload_goes_back_to_certificates_that_are_gone, 60),
              SCENARIO(the_destination_learns_name_protocol_and_certificate, 40),
              SCENARIO(silent_clients_do_not_keep_others_out, 90), SCENARIO(a_relay_goes_on_when_all_links_break, 90),
              SCENARIO(an_agent_that_dies_is_no_clean_end, 90))
