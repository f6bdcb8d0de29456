/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_malformed_peers: what comes to the agent port and is no agent: refused, with a log line that names it,
 * and nothing is left of it. An agent keeps serving beside all of it.
 */
#include "config.h"

#include "harness/attacked_server.h"
#include "harness/deadline.h"
#include "harness/port.h"
#include "harness/scenario.h"

#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ASK_MS = 5000, GREETING_MS = 8000, KILOBYTES_64 = 65536 };
enum { HEADER = 8, HELLO = 0x01, WELCOME = 0x02, REJECT = 0x03, CONTROL = 0x04, PING = 0x05, PONG = 0x06, DATA = 0x13 };

/* Sends something to the agent port in plain TCP: it must be closed soon, with a line that has `word` in it. */
static void say_plainly(struct attacked_server *attacked_server, const void *text, size_t size, const char *word) {
    size_t mark = process_mark(attacked_server->server.process);
    int fd = socket_client(attacked_server->server.port);
    ck_assert(socket_send(fd, text, size, ASK_MS));
    enum end end = socket_wait_end(fd, GREETING_MS);
    close(fd);
    ck_assert_msg(end == END_FILE || end == END_RESET, "%s: %s", word, end_name(end));
    process_await(attacked_server->server.process, mark, ASK_MS, word, NULL);
}

START_TEST(other_protocols_are_told_apart) {
    struct attacked_server attacked_server = attacked_server_start(__func__, (struct attacked_server_plan){0});
    static const char http[] = "GET / HTTP/1.1\r\nHost: here\r\n\r\n", ssh[] = "SSH-2.0-OpenSSH_9.2p1\r\n";
    static const char socks[] = "\x05\x01\x00", json[] = "{\"hello\": \"there\"}";
    say_plainly(&attacked_server, http, sizeof http - 1, "HTTP");
    say_plainly(&attacked_server, ssh, sizeof ssh - 1, "SSH");
    say_plainly(&attacked_server, socks, sizeof socks - 1, "127.0.0.1");
    say_plainly(&attacked_server, json, sizeof json - 1, "127.0.0.1");
    attacked_server_end(&attacked_server);
}
END_TEST

START_TEST(garbage_is_turned_away) {
    struct attacked_server attacked_server = attacked_server_start(__func__, (struct attacked_server_plan){0});
    static char garbage[200000];
    struct source source;
    source_begin(&source, 99);
    source_fill(&source, garbage, sizeof garbage);
    garbage[0] = 'x'; /* not by chance the beginning of TLS */
    for (size_t size = 1; size <= sizeof garbage; size = size * 7 + 3) {
        int fd = socket_client(attacked_server.server.port);
        socket_send(fd, garbage, size, 1000); /* it may be closed before it has all */
        enum end end = socket_wait_end(fd, GREETING_MS);
        ck_assert_msg(end == END_FILE || end == END_RESET, "%zu bytes: %s", size, end_name(end));
        close(fd);
    }
    process_await(attacked_server.server.process, 0, ASK_MS, "\"agent port\"", "not TLS", NULL);
    /* The beginning of TLS and then garbage. */
    memcpy(garbage, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11);
    say_plainly(&attacked_server, garbage, 1000, "127.0.0.1");
    memcpy(garbage, "\x16\x03\x01\xff\xff", 5); /* a record that is too long */
    say_plainly(&attacked_server, garbage, 1000, "127.0.0.1");
    attacked_server_end(&attacked_server);
}
END_TEST

/* One deadline for TCP, TLS and greeting together: a byte now and then does not move it. */
START_TEST(a_peer_that_never_sends_hello_is_cut_off) {
    struct attacked_server attacked_server = attacked_server_start(__func__, (struct attacked_server_plan){0});
    static const unsigned char hello[] = {0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03};
    uint64_t start = now_ms(), deadline = deadline_in(GREETING_MS);
    int silent = socket_client(attacked_server.server.port), slow = socket_client(attacked_server.server.port);
    struct intruder *mute =
        intruder_new(&(struct intruder_plan){.port = attacked_server.server.port, .alpn = "munnel/2"});
    struct intruder *half =
        intruder_new(&(struct intruder_plan){.port = attacked_server.server.port, .alpn = "munnel/2"});
    ck_assert(mute && half);
    ck_assert(intruder_send_frame(half, HELLO, 100, "{\"protocol\":2,", 14));
    bool sent = true;
    for (size_t i = 0; sent && deadline_left(deadline) > 0; i++) {
        sent = socket_send(slow, i < sizeof hello ? hello + i : (const unsigned char *)"x", 1, 100);
        enum end end = socket_wait_end(slow, 300 / slow_factor());
        sent = sent && end == END_LATE;
    }
    ck_assert_msg(!sent, "a byte now and then keeps a connection for ever");
    ck_assert_uint_ge(now_ms() - start, 4000);
    enum end end = socket_wait_end(silent, GREETING_MS);
    ck_assert(end == END_FILE || end == END_RESET);
    char text[256];
    ck_assert(intruder_is_closed(mute, text, sizeof text, GREETING_MS));
    ck_assert(intruder_is_closed(half, text, sizeof text, GREETING_MS));
    intruder_free(mute);
    intruder_free(half);
    close(silent);
    close(slow);
    attacked_server_end(&attacked_server);
}
END_TEST

START_TEST(tls_that_is_not_munnel_is_refused) {
    struct attacked_server attacked_server = attacked_server_start(__func__, (struct attacked_server_plan){0});
    const struct {
        struct intruder_plan plan;
        const char *word;
    } wrongs[] = {{{.port = attacked_server.server.port}, "ALPN"},
                  {{.port = attacked_server.server.port, .alpn = "h2"}, "ALPN"},
                  {{.port = attacked_server.server.port, .alpn = "munnel/1"},
                   "the agent speaks protocol 1 and this server 2: upgrade the older one"},
                  {{.port = attacked_server.server.port, .alpn = "munnel/2", .max_version = TLS1_2_VERSION},
                   "versions of TLS"}};
    for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++) {
        size_t mark = process_mark(attacked_server.server.process);
        char text[256];
        struct intruder *intruder = intruder_new(&wrongs[i].plan);
        if (intruder) /* TLS 1.3 tells a client last */
            ck_assert(intruder_is_closed(intruder, text, sizeof text, ASK_MS));
        intruder_free(intruder);
        process_await(attacked_server.server.process, mark, ASK_MS, wrongs[i].word, NULL);
    }
    attacked_server_end(&attacked_server);
}
END_TEST

/* It must be closed soon, with a line about 127.0.0.1 with `word` in it. */
static void expect_closed(struct attacked_server *attacked_server, struct intruder *intruder, size_t mark,
                          const char *word) {
    char text[8192];
    uint64_t start = now_ms();
    ck_assert_msg(intruder_is_closed(intruder, text, sizeof text, GREETING_MS), "%s: is still open", word);
    ck_assert_msg(now_ms() - start < 2000 * slow_factor(), "%s: closed by the deadline only", word);
    intruder_free(intruder);
    process_await(attacked_server->server.process, mark, ASK_MS, word, "127.0.0.1", NULL);
}

static void send_wrong_frame(struct attacked_server *attacked_server, uint8_t type, uint32_t length,
                             const void *payload, size_t size, const char *word) {
    size_t mark = process_mark(attacked_server->server.process);
    struct intruder *intruder = attacked_server_intruder(attacked_server);
    intruder_send_frame(intruder, type, length, payload, size);
    expect_closed(attacked_server, intruder, mark, word);
}

static void send_wrong_stream(struct attacked_server *attacked_server, uint8_t type, uint8_t stream, const char *word) {
    size_t mark = process_mark(attacked_server->server.process);
    struct intruder *intruder = attacked_server_intruder(attacked_server);
    intruder_send_header(intruder, type, stream, 100); /* closed without its payload */
    expect_closed(attacked_server, intruder, mark, word);
}

/* A HELLO in good order; `more` ends with a comma or is empty. */
static size_t write_hello(char *text, size_t size, const char *kind, const char *more) {
    return (size_t)snprintf(text, size,
                            "{\"protocol\":2,\"kind\":\"%s\",\"name\":\"mallory\",%s\"features\":[\"services\"],"
                            "\"instance\":\"00112233445566778899aabbccddeeff\"}",
                            kind, more);
}

/* In one flight, so that it is there before the verdict on HELLO. */
static void send_more_than_hello(struct attacked_server *attacked_server, const char *kind) {
    char text[600], *hello = text + HEADER;
    size_t length = write_hello(hello, 512, kind, ""), mark = process_mark(attacked_server->server.process);
    struct intruder *intruder = attacked_server_intruder(attacked_server);
    memcpy(text, (char[HEADER]){HELLO, 0, (char)(length >> 8), (char)length}, HEADER);
    memcpy(hello + length, (char[HEADER + 8]){PING, 0, 0, 8}, HEADER + 8);
    ck_assert(intruder_send(intruder, text, HEADER + length + HEADER + 8));
    expect_closed(attacked_server, intruder, mark, "more than HELLO before WELCOME");
}

static char *braces(void) {
    char *text = malloc(KILOBYTES_64);
    ck_assert_ptr_nonnull(text);
    for (size_t i = 0; i < KILOBYTES_64; i++)
        text[i] = "{},"[i % 3];
    return text;
}

START_TEST(frames_that_are_wrong_before_a_greeting) {
    struct attacked_server attacked_server = attacked_server_start(__func__, (struct attacked_server_plan){0});
    char *text = braces();
    static char deep[4000];
    memset(deep, '[', sizeof deep);
    send_wrong_frame(&attacked_server, HELLO, 0xffffff, text, 1000, "frame");
    send_wrong_frame(&attacked_server, HELLO, KILOBYTES_64 - 1, text, KILOBYTES_64 - 1, "frame");
    send_wrong_frame(&attacked_server, HELLO, 0, NULL, 0, "frame");
    send_wrong_frame(&attacked_server, DATA, 5, "hello", 5, "127.0.0.1");
    send_wrong_frame(&attacked_server, CONTROL, 1000, text, 1000, "127.0.0.1");
    send_wrong_frame(&attacked_server, 0x30, 2, "{}", 2, "127.0.0.1");
    send_wrong_frame(&attacked_server, HELLO, 4095, text, 4095, "127.0.0.1");
    send_wrong_frame(&attacked_server, HELLO, sizeof deep, deep, sizeof deep, "127.0.0.1");
    send_wrong_frame(&attacked_server, HELLO, 2, "{}", 2, "127.0.0.1");
    send_wrong_frame(&attacked_server, HELLO, 20, "{\"protocol\":1e400}  ", 20, "127.0.0.1");
    send_wrong_stream(&attacked_server, HELLO, 1, "malformed frame: HELLO of 100 bytes on stream 1");
    send_wrong_stream(&attacked_server, DATA, 0, "malformed frame: DATA of 100 bytes on stream 0");
    send_more_than_hello(&attacked_server, "control");
    send_more_than_hello(&attacked_server, "data");
    free(text);
    attacked_server_end(&attacked_server);
}
END_TEST

static void send_wrong_hello(struct attacked_server *attacked_server, const char *kind, const char *more,
                             const char *code) {
    char hello[4096], answer[8192];
    size_t length = write_hello(hello, sizeof hello, kind, more), mark = process_mark(attacked_server->server.process);
    struct intruder *intruder =
        intruder_new(&(struct intruder_plan){.port = attacked_server->server.port, .alpn = "munnel/2"});
    ck_assert_ptr_nonnull(intruder);
    ck_assert(intruder_send_frame(intruder, HELLO, (uint32_t)length, hello, length));
    ck_assert_int_eq(intruder_read_frame(intruder, answer, sizeof answer, ASK_MS), REJECT);
    ck_assert_msg(strstr(answer, code), "\"%s\" expected, and not %s", code, answer);
    ck_assert(intruder_is_closed(intruder, answer, sizeof answer, ASK_MS));
    intruder_free(intruder);
    process_await(attacked_server->server.process, mark, ASK_MS, "127.0.0.1", NULL);
}

START_TEST(greetings_that_prove_nothing_are_rejected) {
    struct attacked_server attacked_server = attacked_server_start(__func__, (struct attacked_server_plan){0});
    static const char zeros[] = "\"proof\":\"0000000000000000000000000000000000000000000000000000000000000000\",";
    char more[512];
    send_wrong_hello(&attacked_server, "control", "", "credential");
    send_wrong_hello(&attacked_server, "control", zeros, "credential");
    snprintf(more, sizeof more, "\"credential\":\"nobody\",%s", zeros);
    send_wrong_hello(&attacked_server, "control", more, "credential");
    snprintf(more, sizeof more, "\"credential\":\"default\",%s", zeros);
    send_wrong_hello(&attacked_server, "control", more, "credential");
    snprintf(more, sizeof more, "\"session\":\"00112233445566778899aabbccddeeff\",\"thread\":0,%s", zeros);
    send_wrong_hello(&attacked_server, "data", more, "session");
    attacked_server_end(&attacked_server);
}
END_TEST

static struct intruder *welcomed(struct attacked_server *attacked_server) {
    char hello[512], answer[8192];
    size_t length = write_hello(hello, sizeof hello, "control", "\"group\":\"nobody\",");
    struct intruder *intruder =
        intruder_new(&(struct intruder_plan){.port = attacked_server->server.port, .alpn = "munnel/2"});
    ck_assert_ptr_nonnull(intruder);
    ck_assert(intruder_send_frame(intruder, HELLO, (uint32_t)length, hello, length));
    int type = intruder_read_frame(intruder, answer, sizeof answer, ASK_MS);
    ck_assert_msg(type == WELCOME, "frame %d instead of WELCOME: %s", type, answer);
    return intruder;
}

/* Waits for a frame of one type with `word` in it and lets others pass. */
static bool hears(struct intruder *intruder, int wanted, const char *word, char *text, size_t size) {
    int type;
    do
        type = intruder_read_frame(intruder, text, size, ASK_MS);
    while (type >= 0 && (type != wanted || !strstr(text, word)));
    return type == wanted;
}

START_TEST(nonsense_on_a_control_link) {
    struct attacked_server attacked_server =
        attacked_server_start(__func__, (struct attacked_server_plan){.open = true});
    process_await(attacked_server.server.process, 0, 0, "\"warning\"", "none", NULL); /* open, but not silently */
    char *text = braces(), answer[70000];

    /* An unknown message: answered by `error`, or the link is closed. No other connection notices. */
    struct intruder *intruder = welcomed(&attacked_server);
    size_t mark = process_mark(attacked_server.server.process);
    ck_assert(intruder_send_frame(intruder, CONTROL, KILOBYTES_64 - 1, text, KILOBYTES_64 - 1));
    ck_assert(hears(intruder, CONTROL, "error", answer, sizeof answer) ||
              intruder_is_closed(intruder, answer, 100, ASK_MS));
    process_await(attacked_server.server.process, mark, ASK_MS, "mallory", NULL);
    intruder_free(intruder);

    /* An unknown op gets an error, an unknown type from 0x80 is skipped, and a ping is answered as ever. */
    intruder = welcomed(&attacked_server);
    ck_assert(intruder_send_frame(intruder, CONTROL, 15, "{\"op\":\"dance\" }", 15));
    ck_assert(hears(intruder, CONTROL, "error", answer, sizeof answer));
    ck_assert(intruder_send_frame(intruder, 0x90, 60000, text, 60000));
    ck_assert(intruder_send_frame(intruder, PING, 8, "12345678", 8));
    ck_assert(hears(intruder, PONG, "12345678", answer, sizeof answer));
    intruder_free(intruder);

    static const struct {
        uint8_t type;
        uint32_t length, size;
    } wrongs[] = {{CONTROL, 0xffffff, 100}, {PING, 9, 9},        {0x30, 2, 2}, {DATA, 5, 5},
                  {HELLO, 100, 100},        {0x90, 70000, 60000}};
    for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++) {
        intruder = welcomed(&attacked_server);
        mark = process_mark(attacked_server.server.process);
        intruder_send_frame(intruder, wrongs[i].type, wrongs[i].length, text, wrongs[i].size);
        ck_assert_msg(intruder_is_closed(intruder, answer, sizeof answer, ASK_MS), "wrong frame %zu is taken", i);
        intruder_free(intruder);
        process_await(attacked_server.server.process, mark, ASK_MS, "mallory", NULL);
    }
    free(text);
    attacked_server_end(&attacked_server);
}
END_TEST

/* More connections than one source may have: the oldest silent ones give way, and an agent still gets in. */
START_TEST(silent_connections_keep_no_agent_out) {
    enum { CONNECTIONS = 300 };
    struct attacked_server attacked_server = attacked_server_start(__func__, (struct attacked_server_plan){0});
    int fds[CONNECTIONS];
    for (int i = 0; i < CONNECTIONS; i++)
        fds[i] = socket_client(attacked_server.server.port);
    struct process *beta = agent_join(&attacked_server.server, "beta", NULL);
    for (int i = 0; i < CONNECTIONS; i++) {
        enum end end = socket_wait_end(fds[i], GREETING_MS);
        ck_assert(end == END_FILE || end == END_RESET);
        close(fds[i]);
    }
    sandbox_end(attacked_server.sandbox, beta);
    attacked_server_end(&attacked_server);
}
END_TEST

/* An agent meets a server that is none, and goes on trying. */
START_TEST(an_agent_survives_a_server_that_is_none) {
    struct sandbox *sandbox = sandbox_new(__func__);
    uint16_t agents = port_take();
    struct server server = {.sandbox = sandbox, .name = "server", .pki = sandbox_pki(sandbox, "pki"), .port = agents};
    int listener = socket_listen("127.0.0.1", agents, 16);
    struct process *agent = agent_start(&server, "alpha", NULL, NULL);
    int fd = accept(listener, NULL, NULL); /* closes at once */
    close(fd);
    fd = accept(listener, NULL, NULL); /* sends nothing: the agent has a deadline of its own */
    ck_assert_int_ge(socket_wait_end(fd, 15000), END_FILE);
    close(fd);
    fd = accept(listener, NULL, NULL);
    char hello[5];
    ck_assert_int_eq(socket_read(fd, hello, sizeof hello, NULL, ASK_MS), END_NONE);
    ck_assert_int_eq(hello[0], 0x16); /* TLS */
    ck_assert(!process_is_over(agent));
    socket_reset(fd);
    close(listener);
    sandbox_free(sandbox);
}
END_TEST

SCENARIO_MAIN("malformed_peers", SCENARIO(other_protocols_are_told_apart, 40), SCENARIO(garbage_is_turned_away, 60),
              SCENARIO(a_peer_that_never_sends_hello_is_cut_off, 40), SCENARIO(tls_that_is_not_munnel_is_refused, 40),
              SCENARIO(frames_that_are_wrong_before_a_greeting, 60),
              SCENARIO(greetings_that_prove_nothing_are_rejected, 40), SCENARIO(nonsense_on_a_control_link, 60),
              SCENARIO(silent_connections_keep_no_agent_out, 40), SCENARIO(an_agent_survives_a_server_that_is_none, 60))
