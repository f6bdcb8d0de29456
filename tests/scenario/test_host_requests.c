/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_host_requests: connections of HTTP whose later requests are for another service of the shared port, with two
 * real nginx sites behind it, whose logs tell what has reached them.
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
#include <sys/stat.h>
#include <unistd.h>

#define GET(host, path) "GET " path " HTTP/1.1\r\nHost: " host "\r\n\r\n"

enum { ASK_MS = 10000, MANY = 20000, PIPELINED = 500, GOT_SIZE = 1 << 20 };

struct site {
    struct sandbox *sandbox;
    struct server server;
    uint16_t port, a, b;
    struct destination *other; /* for b, where there is no nginx */
};

static const char *log_of(struct site *site, const char *name) {
    return sandbox_path(site->sandbox, "%s.log", name);
}

static const char *web_server(struct site *site, const char *name, uint16_t port) {
    return sandbox_text(site->sandbox,
                        "server { listen 127.0.0.1:%u; access_log %s lines; keepalive_requests 1000000;\n"
                        "  client_max_body_size 0;\n"
                        "  location / { default_type text/plain; return 200 \"site %s\\n\"; } }\n",
                        port, log_of(site, name), name);
}

static void start_nginx(struct site *site, const char *nginx) {
    const char *folder = sandbox_folder(site->sandbox);
    const char *file = sandbox_write(
        site->sandbox, "nginx.conf",
        sandbox_text(site->sandbox,
                     "daemon off; pid %s/nginx.pid; error_log stderr; worker_processes 1; user root;\n"
                     "events { worker_connections 512; }\nhttp { log_format lines '$request_method $request_uri';\n"
                     "  client_body_temp_path %s/t1; proxy_temp_path %s/t2; fastcgi_temp_path %s/t3;\n"
                     "  uwsgi_temp_path %s/t4; scgi_temp_path %s/t5;\n%s%s}\n",
                     folder, folder, folder, folder, folder, folder, web_server(site, "a", site->a),
                     web_server(site, "b", site->b)),
        false);

    sandbox_run(site->sandbox, "nginx", nginx, "-c", file, "-p", folder, NULL);
    ck_assert(HOLDS_WITHIN(START_MS, !socket_is_refused(site->a) && !socket_is_refused(site->b)));
}

/* Serves a.example, and b.example by `other`, or both by nginx if that is NULL. False: there is no nginx. */
static bool site_start(struct site *site, const char *name, destination_handler other) {
    *site = (struct site){.sandbox = sandbox_new(name), .port = port_take(), .a = port_take(), .b = port_take()};
    const char *nginx = other ? NULL : sandbox_peer(site->sandbox, "nginx");

    if (!other && !nginx)
        return false;
    if (nginx)
        start_nginx(site, nginx);
    site->other = other ? destination_start(other, NULL) : NULL;
    site->server =
        server_start(site->sandbox,
                     (struct server_plan){.services =
                                              sandbox_text(site->sandbox, "%s, %s",
                                                           service_to(site->sandbox, "a", site->port, site->a,
                                                                      "'hosts': ['a.example', '*.a.example'],"),
                                                           service_to(site->sandbox, "b", site->port,
                                                                      other ? destination_port(site->other) : site->b,
                                                                      "'hosts': 'b.example',")),
                                          .more = sandbox_text(site->sandbox, "'admin': { 'socket': '%s' },",
                                                               sandbox_path(site->sandbox, "admin.sock"))});
    agent_join_warm(&site->server, "alpha", NULL);
    return true;
}

static void site_end(struct site *site) {
    sandbox_free(site->sandbox);
    destination_free(site->other);
}

static size_t count(const char *text, const char *part) {
    size_t found = 0;

    for (const char *at = strstr(text, part); at; at = strstr(at + 1, part))
        found++;
    return found;
}

static void send_text(int fd, const char *text) {
    ck_assert(socket_send(fd, text, strlen(text), ASK_MS));
}

/* Reads until so many answers of a site are there. */
static void await_answers(int fd, const char *name, size_t answers) {
    static char got[GOT_SIZE];
    size_t length = 0, more = 0;
    char line[16];

    snprintf(line, sizeof line, "site %s\n", name);
    for (got[0] = '\0'; count(got, line) < answers; got[length] = '\0') {
        ck_assert_int_eq(socket_read_some(fd, got + length, sizeof got - 1 - length, &more, ASK_MS), END_NONE);
        length += more;
    }
    ck_assert_uint_eq(count(got, "HTTP/1.1 200 OK\r\n"), answers);
}

/* What is left, to the end of the file: answers of a, and then this status alone. */
static void expect_last(int fd, size_t answers, const char *status) {
    static char got[GOT_SIZE];
    size_t length = 0;

    ck_assert_int_eq(socket_read(fd, got, sizeof got - 1, &length, ASK_MS), END_FILE);
    got[length] = '\0';
    close(fd);
    ck_assert_msg(count(got, "site a\n") == answers && count(got, "HTTP/1.1 200 OK\r\n") == answers, "%s", got);
    ck_assert_msg(count(got, "HTTP/1.1 ") == answers + 1, "%s", got);
    const char *last = got;
    for (const char *at = got; (at = strstr(at, "HTTP/1.1 ")); at++)
        last = at;
    ck_assert_msg(strncmp(last + strlen("HTTP/1.1 "), status, 3) == 0, "%s", got);
}

static size_t lines_of(struct site *site, const char *name) {
    FILE *file = fopen(log_of(site, name), "r");
    size_t lines = 0;

    ck_assert_ptr_nonnull(file);
    for (int byte; (byte = fgetc(file)) != EOF;)
        lines += byte == '\n';
    fclose(file);
    return lines;
}

static bool has_metric(struct site *site, const char *line) {
    static char answer[GOT_SIZE];
    const char *address = sandbox_text(site->sandbox, "unix:%s", sandbox_path(site->sandbox, "admin.sock"));
    unsigned status = http_converse(socket_connect(address, 0),
                                    "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", answer,
                                    sizeof answer, ASK_MS);

    ck_assert_uint_eq(status, 200);
    return strstr(answer, line);
}

/* ---- another host ---- */

START_TEST(a_later_request_for_another_host_is_answered_421) {
    struct site site;

    if (site_start(&site, __func__, NULL)) {
        size_t mark = process_mark(site.server.process);
        int fd = socket_client(site.port);
        send_text(fd, GET("a.example", "/1"));
        await_answers(fd, "a", 1);
        send_text(fd, GET("x.a.example:80", "/2")); /* another name of the same service */
        await_answers(fd, "a", 1);
        send_text(fd, GET("b.example", "/3"));
        expect_last(fd, 0, "421");
        process_await(site.server.process, mark, ASK_MS, "request refused",
                      "a later request is for another host: b.example", NULL);
        ck_assert(HOLDS_WITHIN(
            ASK_MS,
            has_metric(&site, "\nmunnel_client_requests_refused_total{service=\"a\",reason=\"misdirected\"} 1\n")));
        ck_assert_uint_eq(lines_of(&site, "b"), 0);
        fd = socket_client(site.port);
        send_text(fd, GET("b.example", "/4"));
        await_answers(fd, "b", 1);
        close(fd);
        ck_assert(HOLDS_WITHIN(ASK_MS, lines_of(&site, "a") == 2));
        ck_assert(HOLDS_WITHIN(ASK_MS, lines_of(&site, "b") == 1));
    }
    site_end(&site);
}
END_TEST

START_TEST(requests_in_one_write_are_told_apart) {
    struct site site;

    if (site_start(&site, __func__, NULL)) {
        int fd = socket_client(site.port);
        send_text(fd, GET("a.example", "/1") GET("a.example", "/2") GET("b.example", "/3") GET("a.example", "/4"));
        expect_last(fd, 2, "421");
        ck_assert(HOLDS_WITHIN(ASK_MS, lines_of(&site, "a") == 2));
        ck_assert_uint_eq(lines_of(&site, "b"), 0);
    }
    site_end(&site);
}
END_TEST

START_TEST(an_upload_in_chunks_comes_whole_before_it) {
    struct site site;
    char chunk[1007];

    if (site_start(&site, __func__, NULL)) {
        int fd = socket_client(site.port);
        send_text(fd, "POST /up HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n");
        memset(chunk, 'x', sizeof chunk);
        memcpy(chunk, "3e8\r\n", 5);
        memcpy(chunk + sizeof chunk - 2, "\r\n", 2);
        for (int i = 0; i < 1000; i++)
            ck_assert(socket_send(fd, chunk, sizeof chunk, ASK_MS));
        send_text(fd, "0\r\n\r\n" GET("b.example", "/2"));
        expect_last(fd, 1, "421");
        ck_assert(HOLDS_WITHIN(ASK_MS, lines_of(&site, "a") == 1));
        ck_assert_uint_eq(lines_of(&site, "b"), 0);
    }
    site_end(&site);
}
END_TEST

START_TEST(what_is_malformed_is_answered_400) {
    struct site site;

    if (site_start(&site, __func__, NULL)) {
        int fd = socket_client(site.port);
        send_text(fd, GET("a.example", "/1") "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5\r\n"
                                             "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" GET("b.example", "/2"));
        expect_last(fd, 1, "400");
        ck_assert(
            HOLDS_WITHIN(ASK_MS,
                         has_metric(&site,
                                    "\nmunnel_client_requests_refused_total{service=\"a\",reason=\"malformed\"} 1\n")));
        ck_assert(HOLDS_WITHIN(ASK_MS, lines_of(&site, "a") == 1));
        ck_assert_uint_eq(lines_of(&site, "b"), 0);
    }
    site_end(&site);
}
END_TEST

/* ---- the same host ---- */

START_TEST(requests_of_the_same_host_pass) {
    static char many[PIPELINED * sizeof GET("a.example", "/")];
    struct site site;

    if (site_start(&site, __func__, NULL)) {
        int fd = socket_client(site.port);
        for (int i = 0; i < PIPELINED; i++)
            memcpy(many + (size_t)i * strlen(GET("a.example", "/")), GET("a.example", "/"),
                   sizeof GET("a.example", "/"));
        for (int i = 0; i < MANY / PIPELINED; i++) {
            send_text(fd, many);
            await_answers(fd, "a", PIPELINED);
        }
        send_text(fd, GET("a.example", "/"));
        await_answers(fd, "a", 1);
        close(fd);
        ck_assert(HOLDS_WITHIN(ASK_MS, lines_of(&site, "a") == MANY + 1));
        ck_assert_uint_eq(lines_of(&site, "b"), 0);
    }
    site_end(&site);
}
END_TEST

/* ---- another protocol ---- */

static void handle_upgrade(struct connection *connection) {
    static const char answer[] =
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    char head[1024] = "";
    size_t length = 0, more;

    while (!strstr(head, "\r\n\r\n") && length < sizeof head - 1 &&
           socket_read_some(connection->fd, head + length, 1, &more, ASK_MS) == END_NONE)
        head[++length] = '\0';
    if (socket_send(connection->fd, answer, sizeof answer - 1, ASK_MS))
        handle_echo(connection);
}

START_TEST(behind_an_upgrade_nothing_is_looked_at) {
    struct site site;
    char got[512];
    size_t length = 0;

    ck_assert(site_start(&site, __func__, handle_upgrade));
    int fd = socket_client(site.port);
    send_text(fd, "GET / HTTP/1.1\r\nHost: b.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
                  "right behind");
    for (got[0] = '\0'; !strstr(got, "\r\n\r\nright behind"); got[length] = '\0') {
        size_t more = 0;
        ck_assert_int_eq(socket_read_some(fd, got + length, sizeof got - 1 - length, &more, ASK_MS), END_NONE);
        length += more;
    }
    ck_assert(socket_converse(fd, GET("a.example", "/"), ASK_MS));
    ck_assert(socket_converse(fd, "\x81\x05hello", ASK_MS));
    close(fd);
    site_end(&site);
}
END_TEST

SCENARIO_MAIN("host_requests", SCENARIO(a_later_request_for_another_host_is_answered_421, 60),
              SCENARIO(requests_in_one_write_are_told_apart, 60),
              SCENARIO(an_upload_in_chunks_comes_whole_before_it, 60), SCENARIO(what_is_malformed_is_answered_400, 60),
              SCENARIO(requests_of_the_same_host_pass, 90), SCENARIO(behind_an_upgrade_nothing_is_looked_at, 60))
