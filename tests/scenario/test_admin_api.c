/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_admin_api: what the administration API answers is what real clients did; what it is asked to do is done; who may
 * not ask is refused; and the relays notice nothing of it.
 */
#include "config.h"

#include "harness/deadline.h"
#include "harness/destination.h"
#include "harness/http.h"
#include "harness/munnel.h"
#include "harness/port.h"
#include "harness/scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ASK_MS = 10000, ANSWER_MOST = 1 << 20, SOON_MS = 10000, MANY_REQUESTS = 300, LARGE_CONTENT = 1 << 20 };

#define ADMIN_TOKEN   "admin-0123456789abcdef0123456789abcdef"
#define VIEW_TOKEN    "view-0123456789abcdef0123456789abcdef0"
#define BEARER(token) "Authorization: Bearer " token "\r\n"

struct administered { /* a server with agents, and an echo behind it */
    struct sandbox *sandbox;
    struct server server;
    struct process *agents[2];
    struct destination *echo;
    uint16_t port, http_port; /* of the service, and of admin.http */
    const char *socket;
};

/* ---- asking ---- */

static char answer[ANSWER_MOST];

/* Its status; the whole answer is in `answer`. 0: the server has closed without one. */
static unsigned converse(int fd, const char *request) {
    return http_converse(fd, request, answer, sizeof answer, ASK_MS);
}

static const char *request_text(struct sandbox *sandbox, const char *method, const char *path, const char *headers) {
    return sandbox_text(sandbox, "%s %s HTTP/1.1\r\n%sConnection: close\r\nContent-Length: 0\r\n\r\n", method, path,
                        headers);
}

static unsigned ask(struct administered *administered, const char *method, const char *path) {
    const char *address = sandbox_text(administered->sandbox, "unix:%s", administered->socket);

    return converse(socket_connect(address, 0),
                    request_text(administered->sandbox, method, path, "Host: localhost\r\n"));
}

static unsigned ask_http(struct administered *administered, const char *method, const char *path, const char *headers) {
    return converse(socket_client(administered->http_port), request_text(administered->sandbox, method, path, headers));
}

static void expect(struct administered *administered, const char *method, const char *path, unsigned status) {
    unsigned got = ask(administered, method, path);

    ck_assert_msg(got == status, "%s %s: %u instead of %u: %s", method, path, got, status, answer);
}

/* With a JSON body. */
static void expect_to(struct administered *administered, const char *method, const char *path, const char *content,
                      unsigned status) {
    struct sandbox *sandbox = administered->sandbox;
    const char *text = sandbox_text(sandbox,
                                    "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: "
                                    "application/json\r\nContent-Length: %zu\r\n\r\n%s",
                                    method, path, strlen(content), content);
    unsigned got = converse(socket_connect(sandbox_text(sandbox, "unix:%s", administered->socket), 0), text);

    ck_assert_msg(got == status, "%s %s: %u instead of %u: %s", method, path, got, status, answer);
}

static void expect_http(struct administered *administered, const char *method, const char *path, const char *headers,
                        unsigned status) {
    unsigned got = ask_http(administered, method, path, headers);

    ck_assert_msg(got == status, "%s %s with %s: %u instead of %u: %s", method, path, headers, got, status, answer);
}

/* Of the answer to GET. */
static unsigned long long number_at(struct administered *administered, const char *path, const char *key) {
    expect(administered, "GET", path, 200);
    return number_in_line(answer, key);
}

/* ---- the programs ---- */

/* `more`: services besides "echo", or "". */
static struct administered start_with(const char *name, const char *more) {
    struct administered administered = {.sandbox = sandbox_new(name), .port = port_take(), .http_port = port_take()};
    struct sandbox *sandbox = administered.sandbox;

    administered.echo = destination_start(handle_echo, NULL);
    sandbox_write(sandbox, "tokens", "admin laptop " ADMIN_TOKEN "\nview grafana " VIEW_TOKEN "\n", false);
    administered.socket = sandbox_path(sandbox, "admin.sock");
    administered.server = server_start(
        sandbox,
        (struct server_plan){.services = sandbox_text(sandbox, "%s%s",
                                                      service_to(sandbox, "echo", administered.port,
                                                                 destination_port(administered.echo), ""),
                                                      more),
                             .more = sandbox_text(sandbox,
                                                  "'admin': {'socket': 'admin.sock', 'http': '127.0.0.1:%u', 'tokens': "
                                                  "'tokens'},",
                                                  administered.http_port)});
    administered.agents[0] = agent_join_warm(&administered.server, "alpha", NULL);
    return administered;
}

static struct administered start(const char *name) {
    return start_with(name, "");
}

static void end(struct administered *administered) {
    sandbox_free(administered->sandbox);
    destination_free(administered->echo);
}

static int converse_with_echo(const struct administered *administered, const char *text) {
    int fd = socket_client(administered->port);

    ck_assert_msg(socket_converse(fd, text, ASK_MS), "the service does not serve");
    return fd;
}

START_TEST(answers_have_what_clients_did) {
    struct administered administered = start("numbers");
    int fds[3] = {converse_with_echo(&administered, "12345"), converse_with_echo(&administered, "1234567"),
                  converse_with_echo(&administered, "1")};

    ck_assert_uint_eq(number_at(&administered, "/v1/relays", "total"), 3);
    expect(&administered, "GET", "/v1/relays?sort=-bytes&limit=1", 200);
    ck_assert_uint_eq(number_in_line(answer, "in_bytes"), 7);
    ck_assert_uint_eq(number_in_line(answer, "out_bytes"), 7);
    expect(&administered, "GET", "/v1/relays?service=echo&sum=agent&limit=1", 200);
    ck_assert_msg(strstr(answer, "\"sums\":[{\"agent\":\"alpha\",\"relays\":3,"), "%s", answer);
    ck_assert_uint_eq(number_at(&administered, "/v1/services", "relays"), 3);
    ck_assert_uint_eq(number_at(&administered, "/v1/agents/alpha", "relays"), 3);
    expect(&administered, "GET", "/v1/status", 200);
    ck_assert_msg(strstr(answer, "\"relays\":{\"now\":3,"), "%s", answer);
    expect(&administered, "GET", "/metrics", 200);
    ck_assert_msg(strstr(answer, "munnel_clients_accepted_total{service=\"echo\"} 3\n"), "%s", answer);
    for (size_t i = 0; i < 3; i++)
        close(fds[i]);
    ck_assert(HOLDS_WITHIN(SOON_MS, number_at(&administered, "/v1/relays", "total") == 0));
    end(&administered);
}
END_TEST

START_TEST(ended_relay_is_reset_and_no_other) {
    struct administered administered = start("end");
    int other = converse_with_echo(&administered, "1"), ended = converse_with_echo(&administered, "12345");
    char id[64], path[96];

    expect(&administered, "GET", "/v1/relays?sort=-bytes&limit=1", 200);
    text_in(answer, "id", id, sizeof id);
    snprintf(path, sizeof path, "/v1/relays/%s", id);
    expect(&administered, "GET", path, 200);
    expect(&administered, "DELETE", path, 204);
    ck_assert_int_eq(socket_wait_end(ended, ASK_MS), END_RESET);
    expect(&administered, "DELETE", path, 409);
    expect(&administered, "GET", path, 200);
    ck_assert_msg(strstr(answer, "\"reason\":\"operator\""), "%s", answer);
    expect(&administered, "GET", "/v1/relays?state=ended", 200);
    ck_assert_uint_eq(number_in_line(answer, "in_bytes"), 5);
    ck_assert(socket_converse(other, "still there", ASK_MS));
    close(ended);
    close(other);
    end(&administered);
}
END_TEST

START_TEST(paused_service_keeps_its_relays) {
    struct administered administered = start("pause");
    int fd = converse_with_echo(&administered, "before");

    expect(&administered, "POST", "/v1/services/echo/pause", 204);
    ck_assert(socket_is_refused(administered.port));
    ck_assert(socket_converse(fd, "meanwhile", ASK_MS));
    expect(&administered, "POST", "/v1/services/echo/resume", 204);
    close(converse_with_echo(&administered, "after"));
    ck_assert(socket_converse(fd, "after", ASK_MS));
    close(fd);
    end(&administered);
}
END_TEST

START_TEST(client_that_was_refused_is_found_with_the_reason) {
    struct administered administered = start("failed");

    destination_free(administered.echo);
    administered.echo = destination_start(handle_echo, NULL); /* at another port */
    int fd = socket_client(administered.port);
    ck_assert_int_eq(socket_wait_end(fd, ASK_MS), END_RESET);
    expect(&administered, "GET", "/v1/relays?state=ended", 200);
    ck_assert_msg(strstr(answer, "\"reason\":\"refused\"") && strstr(answer, "\"agent\":\"alpha\""), "%s", answer);
    ck_assert_msg(strstr(answer, "refused"), "%s", answer);
    close(fd);
    end(&administered);
}
END_TEST

static bool has_rate(struct administered *administered) {
    expect(administered, "GET", "/v1/agents/alpha", 200);
    return !strstr(answer, "\"in_rate\":{\"s1\":0.0,\"s10\":0.0,\"s60\":0.0}");
}

START_TEST(agent_has_the_version_of_its_program_and_a_rate) {
    struct administered administered = start("rates");
    int fd = converse_with_echo(&administered, "some bytes");

    expect(&administered, "GET", "/v1/agents/alpha", 200);
    ck_assert_msg(strstr(answer, "\"version\":\"" PACKAGE_VERSION "\""), "%s", answer);
    ck_assert(HOLDS_WITHIN(SOON_MS, has_rate(&administered)));
    close(fd);
    end(&administered);
}
END_TEST

static bool is_connected(struct administered *administered, const char *agent) {
    expect(administered, "GET", sandbox_text(administered->sandbox, "/v1/agents/%s", agent), 200);
    return strstr(answer, "\"state\":\"connected\"") && strstr(answer, "\"echo\"");
}

START_TEST(drained_agent_keeps_its_relays_and_comes_back) {
    struct administered administered = start("drain");
    int fd = converse_with_echo(&administered, "by alpha");

    administered.agents[1] = agent_join_warm(&administered.server, "beta", NULL);
    expect(&administered, "POST", "/v1/agents/alpha/drain", 204);
    for (unsigned i = 0; i < 4; i++)
        close(converse_with_echo(&administered, "by beta"));
    ck_assert(HOLDS_WITHIN(SOON_MS, number_at(&administered, "/v1/agents/beta", "relays") == 0));
    ck_assert_uint_eq(number_at(&administered, "/v1/agents/alpha", "relays"), 1);
    expect(&administered, "POST", "/v1/agents/alpha/undrain", 204);
    ck_assert(HOLDS_WITHIN(SOON_MS, is_connected(&administered, "alpha")));
    ck_assert(socket_converse(fd, "all the time", ASK_MS));
    expect(&administered, "POST", "/v1/agents/beta/drain", 204);
    int by_alpha = converse_with_echo(&administered, "by alpha again");
    ck_assert_uint_eq(number_at(&administered, "/v1/agents/alpha", "relays"), 2);
    close(by_alpha);
    close(fd);
    end(&administered);
}
END_TEST

static bool is_there(struct administered *administered, const char *agent) {
    return ask(administered, "GET", sandbox_text(administered->sandbox, "/v1/agents/%s", agent)) == 200 &&
           strstr(answer, "\"state\":\"connected\"");
}

START_TEST(added_agent_joins_by_its_code_until_it_is_revoked) {
    struct administered administered = start("added");
    struct sandbox *sandbox = administered.sandbox;
    char code[4096];

    expect_to(&administered, "POST", "/v1/agents", "{\"name\":\"web1\",\"groups\":[\"*\"]}", 201);
    text_in(answer, "code", code, sizeof code);
    const char *const arguments[] = {sandbox_program(sandbox, "munnel-agent"), "--name", "web1", "--join", "-", NULL};
    const char *const environment[] = {sandbox_text(sandbox, "STATE_DIRECTORY=%s", sandbox_path(sandbox, "web1")),
                                       NULL};
    sandbox_run_plan(sandbox, (struct process_plan){.name = "web1",
                                                    .arguments = arguments,
                                                    .environment = environment,
                                                    .input = sandbox_text(sandbox, "%s\n", code)});
    ck_assert(HOLDS_WITHIN(SOON_MS, is_there(&administered, "web1")));
    expect_to(&administered, "POST", "/v1/agents", "{\"name\":\"web1\",\"groups\":[\"*\"]}", 409);
    expect(&administered, "POST", "/v1/agents/web1/rotate", 200);
    ck_assert(is_there(&administered, "web1")); /* its token is the old one */
    expect(&administered, "DELETE", "/v1/agents/web1", 200);
    expect(&administered, "GET", "/v1/agents/web1", 404);
    close(converse_with_echo(&administered, "by alpha"));
    process_await(administered.server.process, 0, SOON_MS, "DELETE", "/v1/agents/web1", NULL);
    ck_assert_uint_gt(process_count(administered.server.process, 0, "/v1/agents/web1/rotate", NULL), 0);
    ck_assert_uint_eq(process_count(administered.server.process, 0, code, NULL), 0);
    end(&administered);
}
END_TEST

START_TEST(check_goes_the_way_of_a_client) {
    struct administered administered = start("check");

    expect(&administered, "POST", "/v1/services/echo/check", 200);
    ck_assert_msg(strstr(answer, "\"result\":\"pass\"") && strstr(answer, "works by agent alpha"), "%s", answer);
    destination_free(administered.echo);
    administered.echo = destination_start(handle_echo, NULL); /* at another port */
    expect(&administered, "POST", "/v1/services/echo/check", 200);
    ck_assert_msg(strstr(answer, "echo fails at connect: ") && strstr(answer, "refused"), "%s", answer);
    process_await(administered.server.process, 0, ASK_MS, "\"client\":\"check\"", "\"cut\"", NULL);
    sandbox_end(administered.sandbox, administered.agents[0]);
    ck_assert(HOLDS_WITHIN(SOON_MS, !is_there(&administered, "alpha")));
    expect(&administered, "POST", "/v1/services/echo/check", 200);
    ck_assert_msg(strstr(answer, "echo fails at group: no agent"), "%s", answer);
    end(&administered);
}
END_TEST

/* The server meets it as a handshake that fails. */
START_TEST(check_names_an_agent_that_does_not_trust_the_server) {
    struct administered administered = start("distrust");
    struct sandbox *sandbox = administered.sandbox;
    const char *const arguments[] = {sandbox_program(sandbox, "munnel-agent"), "--pin",
                                     "sha256:0000000000000000000000000000000000000000000000000000000000000000",
                                     sandbox_text(sandbox, "127.0.0.1:%u", administered.server.port), NULL};

    sandbox_end(sandbox, administered.agents[0]);
    ck_assert(HOLDS_WITHIN(SOON_MS, !is_there(&administered, "alpha")));
    struct process *agent =
        sandbox_run_plan(sandbox, (struct process_plan){.name = "distrusts", .arguments = arguments});
    process_wait(agent, ASK_MS);
    process_await(administered.server.process, 0, ASK_MS, "handshake failed", NULL);
    expect(&administered, "POST", "/v1/services/echo/check", 200);
    ck_assert_msg(strstr(answer, "echo fails at group: no agent is connected; lately: agent port: handshake "
                                 "failed: 127.0.0.1: the other side refused our certificate"),
                  "%s", answer);
    end(&administered);
}
END_TEST

static void expect_check(struct administered *administered, const char *service, const char *summary) {
    expect(administered, "POST", sandbox_text(administered->sandbox, "/v1/services/%s/check", service), 200);
    ck_assert_msg(strstr(answer, summary), "%s: %s", service, answer);
}

START_TEST(check_names_what_is_wrong_with_the_destination) {
    struct sandbox *texts = sandbox_new("texts");
    char hello[] = "hello", nothing[] = "";
    struct destination *greets = destination_start(handle_greeting, hello);
    struct destination *closes = destination_start(handle_greeting, nothing);
    uint16_t full;
    int extra, hangs = destination_full(&full, &extra);
    const char *lost = service_text(texts, "lost", port_take(), "nothing.invalid:80", "");
    const char *metadata = service_text(texts, "metadata", port_take(), "169.254.169.254:80", "");
    const char *more = sandbox_text(texts, ",%s,%s,%s,%s,%s", lost, metadata,
                                    service_to(texts, "hangs", port_take(), full, "'connect_timeout': 1,"),
                                    service_to(texts, "greets", port_take(), destination_port(greets), ""),
                                    service_to(texts, "closes", port_take(), destination_port(closes), ""));
    struct administered administered = start_with("wrong", more);

    expect_check(&administered, "lost", "lost fails at name lookup: nothing.invalid:80");
    expect_check(&administered, "metadata", "metadata fails at rules: ");
    expect_check(&administered, "hangs", "hangs fails at connect: ");
    expect_check(&administered, "greets", "{\"hop\":\"first byte\",\"result\":\"pass\"");
    expect_check(&administered, "closes", "closes fails at first byte: ");
    expect_check(&administered, "echo", "{\"hop\":\"first byte\",\"result\":\"skip\"");
    end(&administered);
    destination_free(greets);
    destination_free(closes);
    close(hangs);
    close(extra);
    sandbox_free(texts);
}
END_TEST

START_TEST(those_who_may_not_ask_are_refused) {
    static const char view[] = "Host: localhost\r\n" BEARER(VIEW_TOKEN);
    static const char admin[] = "Host: localhost\r\n" BEARER(ADMIN_TOKEN);
    static const char pause[] = "/v1/services/echo/pause";
    struct administered administered = start("refused");
    int fd = converse_with_echo(&administered, "before");

    expect_http(&administered, "GET", "/v1/status", view, 200);
    ck_assert_ptr_nonnull(strstr(answer, "\"role\":\"view\""));
    expect_http(&administered, "POST", pause, view, 403);
    expect_http(&administered, "DELETE", "/v1/agents/alpha", view, 403);
    expect_http(&administered, "GET", "/v1/status", "Host: munnel.example\r\n" BEARER(ADMIN_TOKEN), 421);
    expect_http(&administered, "POST", pause,
                "Host: localhost\r\nOrigin: http://munnel.example\r\n" BEARER(ADMIN_TOKEN), 403);
    expect_http(&administered, "GET", "/healthz", "Host: localhost\r\n", 200);
    expect_http(&administered, "GET", "/v1/status", "Host: localhost\r\n", 401);
    for (unsigned i = 0; i < 4; i++)
        expect_http(&administered, "GET", "/v1/status",
                    "Host: localhost\r\n" BEARER("no-0123456789abcdef0123456789abcdef01"), 401);
    expect_http(&administered, "GET", "/v1/status", admin, 200); /* whose token is right is not locked out */
    ck_assert(socket_converse(fd, "after", ASK_MS));
    close(converse_with_echo(&administered, "not paused"));
    close(fd);
    end(&administered);
}
END_TEST

static void expect_413_of_curl(const struct administered *administered, const char *name, const char *curl,
                               const char *expect, const char *socket) {
    struct sandbox *sandbox = administered->sandbox;
    const char *url = sandbox_text(sandbox, "http://localhost:%u/v1/agents", administered->http_port);
    const char *content = sandbox_text(sandbox, "@%s", sandbox_path(sandbox, "large.json"));
    int code = sandbox_do(sandbox, name, curl, "-sS", "-m", "20", "-H", "Content-Type: application/json", "-H",
                          "Authorization: Bearer " ADMIN_TOKEN, "-H", expect, "-w", "\n%{http_code} %{content_type}\n",
                          "--data-binary", content, url, socket ? "--unix-socket" : NULL, socket, NULL);
    const char *output = sandbox_output(sandbox, name);

    ck_assert_msg(code == 0 && strstr(output, "413 application/problem+json") && strstr(output, "longer than 64 KiB"),
                  "curl -H \"%s\" (%s) ends with %d: %s", expect, socket ? socket : "TCP", code, output);
}

START_TEST(content_that_is_too_long_gets_413_at_curl) {
    struct administered administered = start("large");
    const char *curl = sandbox_peer(administered.sandbox, "curl");
    char *text = malloc(LARGE_CONTENT + 1);

    memset(text, 'x', LARGE_CONTENT);
    text[LARGE_CONTENT] = '\0';
    sandbox_write(administered.sandbox, "large.json", text, false);
    free(text);
    if (curl) {
        expect_413_of_curl(&administered, "tcp", curl, "Expect:", NULL);
        expect_413_of_curl(&administered, "tcp_100", curl, "Expect: 100-continue", NULL);
        expect_413_of_curl(&administered, "unix", curl, "Expect:", administered.socket);
        expect_413_of_curl(&administered, "unix_100", curl, "Expect: 100-continue", administered.socket);
    }
    end(&administered);
}
END_TEST

START_TEST(page_is_there_without_a_token_and_within_its_policy) {
    struct administered administered = start("page");

    expect_http(&administered, "GET", "/", "Host: localhost\r\n", 200);
    ck_assert_msg(strstr(answer, "Content-Type: text/html; charset=utf-8\r\n"), "%s", answer);
    ck_assert_msg(strstr(answer, "Content-Security-Policy: default-src 'none'; script-src 'self';"), "%s", answer);
    ck_assert_msg(strstr(answer, "<script src=\"page.js\""), "%s", answer);
    expect_http(&administered, "GET", "/page.js", "Host: localhost\r\nAccept-Encoding: gzip\r\n", 200);
    ck_assert_msg(strstr(answer, "Content-Encoding: gzip\r\n"), "%s", answer);
    expect_http(&administered, "GET", "/page.js", "Host: elsewhere.example\r\n", 421);
    expect_http(&administered, "GET", "/v1/status", "Host: localhost\r\n", 401);
    expect(&administered, "GET", "/", 200);
    end(&administered);
}
END_TEST

/* Readers of events that never read, and questions one after the other. */
START_TEST(relays_go_on_while_it_is_asked_much) {
    struct administered administered = start("much");
    const char *address = sandbox_text(administered.sandbox, "unix:%s", administered.socket);
    static const char events[] = "GET /v1/events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n";
    int readers[4], fd = converse_with_echo(&administered, "before");

    for (unsigned i = 0; i < 4; i++) {
        readers[i] = socket_connect(address, 0);
        ck_assert(socket_send(readers[i], events, sizeof events - 1, ASK_MS));
    }
    for (unsigned i = 0; i < MANY_REQUESTS; i++) {
        expect(&administered, "GET", i % 2 ? "/v1/relays?limit=1000" : "/v1/status", 200);
        ck_assert(socket_converse(fd, "meanwhile", ASK_MS));
    }
    for (unsigned i = 0; i < 4; i++)
        close(readers[i]);
    close(fd);
    end(&administered);
}
END_TEST

SCENARIO_MAIN("admin_api", SCENARIO(answers_have_what_clients_did, 60), SCENARIO(ended_relay_is_reset_and_no_other, 60),
              SCENARIO(agent_has_the_version_of_its_program_and_a_rate, 60),
              SCENARIO(client_that_was_refused_is_found_with_the_reason, 60),
              SCENARIO(paused_service_keeps_its_relays, 60),
              SCENARIO(drained_agent_keeps_its_relays_and_comes_back, 60),
              SCENARIO(added_agent_joins_by_its_code_until_it_is_revoked, 60),
              SCENARIO(check_goes_the_way_of_a_client, 60),
              SCENARIO(check_names_an_agent_that_does_not_trust_the_server, 60),
              SCENARIO(check_names_what_is_wrong_with_the_destination, 60),
              SCENARIO(those_who_may_not_ask_are_refused, 60), SCENARIO(content_that_is_too_long_gets_413_at_curl, 60),
              SCENARIO(page_is_there_without_a_token_and_within_its_policy, 60),
              SCENARIO(relays_go_on_while_it_is_asked_much, 60))
