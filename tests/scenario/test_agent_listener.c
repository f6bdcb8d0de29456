/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_agent_listener: floods of the agent port, from many addresses and in many protocols: refused for
 * the right reason, while agents and clients get in, and nothing is left of it afterwards.
 */
#include "config.h"

#include "harness/attacked_server.h"
#include "harness/deadline.h"
#include "harness/parallel_clients.h"
#include "harness/port.h"
#include "harness/scenario.h"

#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NO_PENALTY "'unauthenticated': { 'penalty': 0 },"
#define ZEROS      "0000000000000000000000000000000000000000000000000000000000000000"

enum { WELCOME = 0x02, REJECT = 0x03 };
enum { SOON_MS = 3000 };

static bool is_over(int fd, unsigned ms) {
    enum end end = socket_wait_end(fd, ms);
    close(fd);
    return end == END_FILE || end == END_RESET;
}

/* ---- silent and incomplete handshakes ---- */

enum { CONNECTIONS = 500, WAVES = 10, PER_SOURCE = 64 };

/* Each wave from 50 addresses, the agent's among them; no connection sends a byte. */
static void crowd_in(struct attacked_server *attacked_server, void *context) {
    static int fds[CONNECTIONS];
    (void)context;
    for (int wave = 0; wave < WAVES; wave++) {
        for (int i = 0; i < CONNECTIONS; i++)
            fds[i] = attacked_server_connect(attacked_server, (uint8_t)(1 + i % 50));
        ck_assert(socket_echoes(attacked_server->port, ATTACKED_SERVER_ASK_MS));
        ck_assert_uint_le(attacked_server_count(attacked_server, "unauthenticated"),
                          256 + 64); /* links that were ordered come besides */
        for (int i = 0; i < CONNECTIONS; i++)
            close(fds[i]);
    }
    for (int i = 0; i < CONNECTIONS; i++)
        fds[i] = attacked_server_connect(attacked_server, (uint8_t)(1 + i % 50));
    struct process *beta = agent_join(&attacked_server->server, "beta", NULL);
    for (int i = 0; i < CONNECTIONS; i++)
        ck_assert(is_over(fds[i], ATTACKED_SERVER_GREETING_MS));
    sandbox_end(attacked_server->sandbox, beta);
}

START_TEST(ten_thousand_silent_connections_keep_no_agent_out) {
    struct attacked_server attacked_server =
        attacked_server_start(__func__, (struct attacked_server_plan){.agents = NO_PENALTY});
    attacked_server_attack(&attacked_server, crowd_in, NULL);
    ck_assert_uint_le(process_count(attacked_server.server.process, 0, "too many connections", NULL), 40);
    attacked_server_end(&attacked_server);
}
END_TEST

static const unsigned char half_a_hello[] = {0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03};

/* No agent has joined before: the agent's address is not trusted yet. */
START_TEST(half_a_hello_holds_no_place) {
    struct attacked_server attacked_server =
        attacked_server_start(__func__, (struct attacked_server_plan){.no_agent = true});
    static int fds[CONNECTIONS];
    for (int i = 0; i < CONNECTIONS; i++) {
        fds[i] = attacked_server_connect(&attacked_server, (uint8_t)(2 + i % 50));
        ck_assert_int_ge(fds[i], 0);
        socket_send(fds[i], half_a_hello, sizeof half_a_hello, ATTACKED_SERVER_ASK_MS);
    }
    uint64_t start = now_ms();
    attacked_server_add_agent(&attacked_server);
    ck_assert_msg(now_ms() - start < SOON_MS * slow_factor(), "the agent had to wait for the strangers' deadline");
    for (int i = 0; i < CONNECTIONS; i++)
        ck_assert(is_over(fds[i], ATTACKED_SERVER_GREETING_MS));
    process_await(attacked_server.server.process, 0, ATTACKED_SERVER_ASK_MS, "incomplete TLS ClientHello", NULL);
    attacked_server_end(&attacked_server);
}
END_TEST

/* The first message of a TLS client. */
static size_t make_hello(char *bytes, size_t size) {
    static const unsigned char alpn[] = "\x08munnel/2";
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    ck_assert_ptr_nonnull(context);
    SSL_CTX_set_alpn_protos(context, alpn, sizeof alpn - 1);
    SSL *ssl = SSL_new(context);
    BIO *out = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl, BIO_new(BIO_s_mem()), out);
    ck_assert_int_le(SSL_connect(ssl), 0);
    int length = BIO_read(out, bytes, (int)size);
    ck_assert_int_gt(length, 0);
    SSL_free(ssl);
    SSL_CTX_free(context);
    return (size_t)length;
}

/* They send a whole ClientHello and never answer the server's part of the handshake. */
START_TEST(a_handshake_that_is_not_finished_holds_no_place) {
    struct attacked_server attacked_server =
        attacked_server_start(__func__, (struct attacked_server_plan){.no_agent = true});
    char hello[2048];
    size_t length = make_hello(hello, sizeof hello);
    int fds[PER_SOURCE];
    for (int i = 0; i < PER_SOURCE; i++) {
        fds[i] = attacked_server_connect(&attacked_server, 1);
        ck_assert_int_ge(fds[i], 0);
        ck_assert(socket_send(fds[i], hello, length, ATTACKED_SERVER_ASK_MS));
    }
    ck_assert(HOLDS_WITHIN(SOON_MS, attacked_server_count(&attacked_server, "unauthenticated") == PER_SOURCE));
    uint64_t start = now_ms();
    struct process *beta = agent_join(&attacked_server.server, "beta", NULL); /* from where they are */
    ck_assert_msg(now_ms() - start < SOON_MS * slow_factor(), "the agent had to wait for the strangers' deadline");
    process_await(attacked_server.server.process, 0, ATTACKED_SERVER_ASK_MS, "too many unauthenticated connections",
                  NULL);
    for (int i = 0; i < PER_SOURCE; i++)
        ck_assert(is_over(fds[i], ATTACKED_SERVER_GREETING_MS));
    sandbox_end(attacked_server.sandbox, beta);
    attacked_server_add_agent(&attacked_server);
    attacked_server_end(&attacked_server);
}
END_TEST

START_TEST(a_missed_deadline_blocks_its_source_for_a_while) {
    struct attacked_server attacked_server =
        attacked_server_start(__func__,
                              (struct attacked_server_plan){.agents = "'unauthenticated': { 'deadline': 2 },"});
    int slow = attacked_server_connect(&attacked_server, 77);
    ck_assert(socket_send(slow, half_a_hello, sizeof half_a_hello, ATTACKED_SERVER_ASK_MS));
    ck_assert(is_over(slow, ATTACKED_SERVER_GREETING_MS));
    uint64_t punished = now_ms();
    unsigned long long before = attacked_server_count(&attacked_server, "unauthenticated_refused");
    int again = attacked_server_connect(&attacked_server, 77), other = attacked_server_connect(&attacked_server, 78);
    ck_assert_int_eq(socket_wait_end(other, 200), END_LATE); /* listened to */
    ck_assert(is_over(again, SOON_MS));
    ck_assert_uint_eq(attacked_server_count(&attacked_server, "unauthenticated_refused"), before + 1);
    process_await(attacked_server.server.process, 0, ATTACKED_SERVER_ASK_MS, "is blocked after failed attempts",
                  "127.0.0.77:", NULL);
    close(other);
    /* From where an agent is, the same costs nothing. */
    slow = attacked_server_connect(&attacked_server, 1);
    ck_assert(is_over(slow, ATTACKED_SERVER_GREETING_MS));
    again = attacked_server_connect(&attacked_server, 1);
    ck_assert_int_eq(socket_wait_end(again, 200), END_LATE);
    close(again);
    ck_assert(HOLDS_WITHIN(15000, (again = attacked_server_connect(&attacked_server, 77)) >= 0 &&
                                      socket_wait_end(again, 100) == END_LATE));
    ck_assert_uint_ge(now_ms() - punished, 8000);
    attacked_server_end(&attacked_server);
}
END_TEST

/* ---- guesses ---- */

START_TEST(a_guess_costs_time_where_there_is_no_agent) {
    struct attacked_server attacked_server =
        attacked_server_start(__func__, (struct attacked_server_plan){.no_agent = true});
    char answer[8192];
    struct intruder *intruder = attacked_server_intruder(&attacked_server);
    ck_assert_int_eq(attacked_server_hello(intruder, "control", "mallory",
                                           "\"credential\":\"default\",\"proof\":\"" ZEROS "\",", answer,
                                           sizeof answer),
                     REJECT);
    intruder_free(intruder);
    uint64_t punished = now_ms();
    ck_assert(is_over(attacked_server_connect(&attacked_server, 1), SOON_MS));
    process_await(attacked_server.server.process, 0, ATTACKED_SERVER_ASK_MS, "rejected", "token is unknown", NULL);
    process_await(attacked_server.server.process, 0, ATTACKED_SERVER_ASK_MS, "is blocked after failed attempts", NULL);
    attacked_server_add_agent(&attacked_server); /* tries on, and gets in when it is over */
    process_await(attacked_server.agent, 0, ATTACKED_SERVER_ASK_MS, "cannot connect",
                  "may have blocked this address for a while", NULL);
    ck_assert_uint_ge(now_ms() - punished, 4000);
    ck_assert(socket_echoes(attacked_server.port, ATTACKED_SERVER_ASK_MS));
    attacked_server_end(&attacked_server);
}
END_TEST

static const char *guess(unsigned job, void *context) {
    struct attacked_server *attacked_server = context;
    char answer[8192], more[256];
    struct intruder *intruder =
        intruder_new(&(struct intruder_plan){.port = attacked_server->server.port, .alpn = "munnel/2"});
    if (!intruder)
        return "was not even heard";
    snprintf(more, sizeof more, "\"credential\":\"%s\",\"proof\":\"%08x%s\",", job % 2 ? "default" : "nobody", job,
             &ZEROS[8]);
    int type = attacked_server_hello(intruder, "control", "mallory", more, answer, sizeof answer);
    intruder_free(intruder);
    return type == REJECT && strstr(answer, "credential") ? NULL : "was not rejected";
}

enum { GUESSES = 1000 };

static void guess_on(struct attacked_server *attacked_server, void *context) {
    (void)context;
    uint64_t start = now_ms();
    parallel_clients_run(8, GUESSES, guess, attacked_server);
    printf("# %d guesses in %ju ms\n", GUESSES, (uintmax_t)(now_ms() - start));
}

/* From an address with an agent, where there is no penalty: the agent and its clients do not notice. */
START_TEST(a_thousand_guesses_open_nothing) {
    struct attacked_server attacked_server = attacked_server_start(__func__, (struct attacked_server_plan){0});
    int served = attacked_server_client(&attacked_server, 1);
    ck_assert(socket_converse(served, "hello", ATTACKED_SERVER_ASK_MS));
    attacked_server.baseline.relays = 1;
    attacked_server.baseline.descriptors++;
    guess_on(&attacked_server, NULL);
    ck_assert(socket_converse(served, "still here", ATTACKED_SERVER_ASK_MS));
    close(served);
    attacked_server_attack(&attacked_server, guess_on, NULL);
    ck_assert_uint_le(process_count(attacked_server.server.process, 0, "rejected", NULL),
                      240); /* of 3000: 60 a minute */
    attacked_server_end(&attacked_server);
}
END_TEST

/* ---- ids of sessions ---- */

enum { FORGERS = 2000 };

/* Names a session that never existed. */
static const char *forge(unsigned job, void *context) {
    struct attacked_server *attacked_server = context;
    char session[64], answer[8192];
    snprintf(session, sizeof session, "%08x%024x", job * 2654435761U, job);
    struct intruder *intruder =
        intruder_new(&(struct intruder_plan){.port = attacked_server->server.port, .alpn = "munnel/2"});
    if (!intruder)
        return "was not even heard";
    int type =
        attacked_server_hello_data(intruder, session, ZEROS, job % SERVER_THREADS, job % 3 == 0, answer, sizeof answer);
    intruder_free(intruder);
    return type == REJECT ? NULL : "was not rejected";
}

static void forge_on(struct attacked_server *attacked_server, void *context) {
    (void)context;
    parallel_clients_run(8, FORGERS, forge, attacked_server);
}

START_TEST(thousands_of_unknown_session_ids_open_nothing) {
    struct attacked_server attacked_server = attacked_server_start(__func__, (struct attacked_server_plan){0});
    int served = attacked_server_client(&attacked_server, 1);
    ck_assert(socket_converse(served, "hello", ATTACKED_SERVER_ASK_MS));
    attacked_server.baseline.relays = 1;
    attacked_server.baseline.descriptors++;
    unsigned long long links = attacked_server_count(&attacked_server, "links");
    forge_on(&attacked_server, NULL);
    ck_assert(socket_converse(served, "still here", ATTACKED_SERVER_ASK_MS));
    ck_assert(HOLDS_WITHIN(ATTACKED_SERVER_GREETING_MS, attacked_server_count(&attacked_server, "links") <= links));
    close(served);
    attacked_server_attack(&attacked_server, forge_on, NULL);
    attacked_server_end(&attacked_server);
}
END_TEST

/* ---- other tongues ---- */

/* A program must be sent away, however it ends; the server's line has `word`. */
#define TRY_PEER(attacked_server, word, ...)                                                                           \
    do {                                                                                                               \
        size_t mark_ = process_mark((attacked_server)->server.process);                                                \
        ck_assert_int_ne(sandbox_do((attacked_server)->sandbox, "peer", __VA_ARGS__, NULL), 0);                        \
        process_await((attacked_server)->server.process, mark_, ATTACKED_SERVER_ASK_MS, word, "127.0.0.1:", NULL);     \
    } while (0)

START_TEST(other_protocols_are_refused_by_name) {
    struct attacked_server attacked_server = attacked_server_start(__func__, (struct attacked_server_plan){0});
    const char *curl = sandbox_peer(attacked_server.sandbox, "curl"),
               *openssl = sandbox_peer(attacked_server.sandbox, "openssl");
    const char *at = sandbox_text(attacked_server.sandbox, "127.0.0.1:%u", attacked_server.server.port);
    if (curl) {
        TRY_PEER(&attacked_server, "HTTP request", curl, "-sS", "-m", "10",
                 sandbox_text(attacked_server.sandbox, "http://%s/", at));
        TRY_PEER(&attacked_server, "HTTP/2", curl, "-sS", "-m", "10", "--http2-prior-knowledge",
                 sandbox_text(attacked_server.sandbox, "http://%s/", at));
        TRY_PEER(&attacked_server, "ALPN", curl, "-sSk", "-m", "10",
                 sandbox_text(attacked_server.sandbox, "https://%s/", at));
    }
    if (openssl) {
        const char *old = "DEFAULT:@SECLEVEL=0", *none = "NULL:aNULL:@SECLEVEL=0";
        TRY_PEER(&attacked_server, "versions of TLS", openssl, "s_client", "-connect", at, "-tls1", "-cipher", old);
        TRY_PEER(&attacked_server, "versions of TLS", openssl, "s_client", "-connect", at, "-tls1_1", "-cipher", old);
        TRY_PEER(&attacked_server, "versions of TLS", openssl, "s_client", "-connect", at, "-tls1_2");
        TRY_PEER(&attacked_server, "versions of TLS", openssl, "s_client", "-connect", at, "-tls1_2", "-cipher", none);
        TRY_PEER(&attacked_server, "ALPN", openssl, "s_client", "-connect", at);
    }
    static const char ssl2[] = "\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10\x01\x00\x80";
    int fd = attacked_server_connect(&attacked_server, 1);
    ck_assert(socket_send(fd, ssl2, sizeof ssl2 - 1, ATTACKED_SERVER_ASK_MS) &&
              is_over(fd, ATTACKED_SERVER_GREETING_MS));
    process_await(attacked_server.server.process, 0, ATTACKED_SERVER_ASK_MS, "SSL 2 client", NULL);
    static const char endless[] = "\x16\x03\x01\x10\x00\x01\xff\xff\xff\x03\x03"; /* a hello of 16 MiB */
    fd = attacked_server_connect(&attacked_server, 1);
    ck_assert(socket_send(fd, endless, sizeof endless - 1, ATTACKED_SERVER_ASK_MS) && is_over(fd, SOON_MS));
    process_await(attacked_server.server.process, 0, ATTACKED_SERVER_ASK_MS, "ClientHello too long", NULL);
    attacked_server_end(&attacked_server);
}
END_TEST

/* With TLS 1.2 allowed, what it has beside TLS 1.3 is not. */
START_TEST(tls_1_2_is_not_renegotiated_and_has_no_weak_ciphers) {
    struct attacked_server attacked_server =
        attacked_server_start(__func__, (struct attacked_server_plan){.agents = NO_PENALTY});
    struct sandbox *sandbox = attacked_server.sandbox;
    const char *openssl = sandbox_peer(sandbox, "openssl"),
               *key = sandbox_text(sandbox, "%s/server.key", attacked_server.server.pki);
    if (openssl) {
        uint16_t port = port_take();
        const char *file = sandbox_write(
            sandbox, "old.json",
            sandbox_text(sandbox,
                         "{ 'agents': { 'listen': '127.0.0.1:%u', 'auth': { 'tokens': '%s/agents.json' },\n"
                         "  'tls': { 'cert': '%s/server.pem', 'key': '%s', 'min_version': '1.2' } },\n"
                         "  'services': [ %s ], 'admin': { 'socket': null }, 'log': { 'format': 'json' } }",
                         port, attacked_server.server.pki, attacked_server.server.pki, key,
                         service_to(sandbox, "x", port_take(), 9, NULL)),
            true);
        struct process *old = sandbox_run(sandbox, "old", sandbox_program(sandbox, "munneld"), "--config", file, NULL);
        process_await(old, 0, START_MS, "listening for agents on", NULL);
        const char *at = sandbox_text(sandbox, "127.0.0.1:%u", port);
        const char *arguments[] = {openssl, "s_client", "-connect", at, "-tls1_2", "-alpn", "munnel/2", NULL};
        struct process *client =
            sandbox_run_plan(sandbox,
                             (struct process_plan){.name = "renegotiate", .arguments = arguments, .input = "R\n"});
        process_wait(client, 10000);
        char *output = process_output(client, 0);
        ck_assert_msg(strstr(output, "RENEGOTIATING") && strstr(output, "no renegotiation"), "%s", output);
        free(output);
        static const char *const weak[] = {"NULL", "aNULL", "AES128-SHA", "AES256-GCM-SHA384", "CAMELLIA"};
        for (size_t i = 0; i < sizeof weak / sizeof *weak; i++)
            ck_assert_int_ne(sandbox_do(sandbox, "weak", openssl, "s_client", "-connect", at, "-tls1_2", "-alpn",
                                        "munnel/2", "-cipher", sandbox_text(sandbox, "%s:@SECLEVEL=0", weak[i]), NULL),
                             0);
        sandbox_end(sandbox, old);
    }
    attacked_server_end(&attacked_server);
}
END_TEST

START_TEST(sslscan_finds_nothing) {
    struct attacked_server attacked_server = attacked_server_start(__func__, (struct attacked_server_plan){0});
    const char *sslscan = sandbox_peer(attacked_server.sandbox, "sslscan");
    if (sslscan) {
        const char *at = sandbox_text(attacked_server.sandbox, "127.0.0.1:%u", attacked_server.server.port);
        ck_assert_int_eq(sandbox_do(attacked_server.sandbox, "sslscan", sslscan, "--no-colour", at, NULL), 0);
        const char *output = sandbox_output(attacked_server.sandbox, "sslscan");
        static const char *const off[] = {"SSLv2     disabled", "SSLv3     disabled", "TLSv1.0   disabled",
                                          "TLSv1.1   disabled", "TLSv1.2   disabled"};
        for (size_t i = 0; i < sizeof off / sizeof *off; i++)
            ck_assert_msg(strstr(output, off[i]), "\"%s\" is not in: %s", off[i], output);
        ck_assert(!strstr(output, "vulnerable to heartbleed") || strstr(output, "not vulnerable"));
        ck_assert(!strstr(output, "Compression enabled"));
    }
    attacked_server_end(&attacked_server);
}
END_TEST

/* ---- agents that misbehave, or are misused ---- */

START_TEST(a_flapping_agent_has_to_wait) {
    enum { CYCLES = 300 };
    struct attacked_server attacked_server =
        attacked_server_start(__func__, (struct attacked_server_plan){.open = true});
    char answer[8192];
    int joined = 0;
    for (int i = 0; i < CYCLES; i++) {
        struct intruder *flapper = attacked_server_intruder(&attacked_server);
        int type = attacked_server_hello(flapper, "control", "flapper", "", answer, sizeof answer);
        ck_assert(type == WELCOME || type == REJECT);
        joined += type == WELCOME;
        if (type == REJECT)
            ck_assert_msg(strstr(answer, "busy") && number_in_line(answer, "retry_after") >= 1, "%s", answer);
        intruder_free(flapper);
        if (type == WELCOME) /* the next is a new one only when this one is gone */
            ck_assert(HOLDS_WITHIN(ATTACKED_SERVER_ASK_MS, attacked_server_count(&attacked_server, "agents") == 1));
    }
    ck_assert_int_le(joined, 30);
    ck_assert_uint_le(process_count(attacked_server.server.process, 0, "agent flapper", NULL), 2 * 30 + 60 + 60);
    attacked_server_end(&attacked_server);
}
END_TEST

SCENARIO_MAIN("agent_listener", SCENARIO(ten_thousand_silent_connections_keep_no_agent_out, 90),
              SCENARIO(half_a_hello_holds_no_place, 40), SCENARIO(a_handshake_that_is_not_finished_holds_no_place, 40),
              SCENARIO(a_missed_deadline_blocks_its_source_for_a_while, 60),
              SCENARIO(a_guess_costs_time_where_there_is_no_agent, 60), SCENARIO(a_thousand_guesses_open_nothing, 90),
              SCENARIO(thousands_of_unknown_session_ids_open_nothing, 120),
              SCENARIO(other_protocols_are_refused_by_name, 60),
              SCENARIO(tls_1_2_is_not_renegotiated_and_has_no_weak_ciphers, 60), SCENARIO(sslscan_finds_nothing, 60),
              SCENARIO(a_flapping_agent_has_to_wait, 60))
