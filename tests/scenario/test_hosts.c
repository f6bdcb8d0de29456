/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_hosts: services that share a port by the names of TLS and HTTP, with agents on it, too: curl, nginx and OpenSSL
 * as they are, and clients that are slow, silent or wrong.
 */
#include "config.h"

#include "harness/certs.h"
#include "harness/deadline.h"
#include "harness/http.h"
#include "harness/munnel.h"
#include "harness/parallel_clients.h"
#include "harness/port.h"
#include "harness/scenario.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ASK_MS = 10000, HELLO_SIZE = 32768, SILENT = 200, FEW_DESCRIPTORS = 256, BIG = 3000000 };

struct site {
    struct sandbox *sandbox;
    struct server server;
    struct destination *one, *two, *rest; /* of echoes */
    uint16_t port;
};

/* A service on the shared port; `hosts` as JSON, or NULL. */
static const char *service_of(struct site *site, const char *name, const char *hosts, struct destination *to) {
    const char *more = hosts ? sandbox_text(site->sandbox, "'hosts': %s,", hosts) : NULL;

    return service_to(site->sandbox, name, site->port, destination_port(to), more);
}

static const char *both_services(struct site *site) {
    return sandbox_text(site->sandbox, "%s, %s", service_of(site, "one", "'one.example'", site->one),
                        service_of(site, "two", "['two.example', '*.two.example']", site->two));
}

static struct site site_make(const char *name) {
    return (struct site){.sandbox = sandbox_new(name),
                         .one = destination_start(handle_echo, NULL),
                         .two = destination_start(handle_echo, NULL),
                         .rest = destination_start(handle_echo, NULL),
                         .port = port_take()};
}

static void site_serve(struct site *site, struct server_plan plan) {
    site->server = server_start(site->sandbox, plan);
    agent_join_warm(&site->server, "alpha", NULL);
}

/* Two services that are told apart by their names. */
static struct site site_start(const char *name) {
    struct site site = site_make(name);

    site_serve(&site, (struct server_plan){.services = both_services(&site)});
    return site;
}

static void site_end(struct site *site) {
    sandbox_free(site->sandbox);
    destination_free(site->one);
    destination_free(site->two);
    destination_free(site->rest);
}

/* ---- clients ---- */

/* The first bytes of a client of OpenSSL; `padding`: bytes of protocols that it offers besides. */
static size_t make_hello(uint8_t bytes[HELLO_SIZE], const char *name, size_t padding) {
    static uint8_t protocols[HELLO_SIZE];
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL *ssl = SSL_new(context);
    BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());

    ck_assert(context && ssl && in && out);
    if (name)
        ck_assert_int_eq(SSL_set_tlsext_host_name(ssl, name), 1);
    memset(protocols, 'x', sizeof protocols);
    for (size_t at = 0; at < padding; at += 128)
        protocols[at] = 127;
    ck_assert(!padding || SSL_set_alpn_protos(ssl, protocols, (unsigned)padding / 128 * 128) == 0);
    SSL_set_bio(ssl, in, out);
    (void)SSL_connect(ssl);
    int length = BIO_read(out, bytes, HELLO_SIZE);
    ck_assert_int_gt(length, 0);
    SSL_free(ssl);
    SSL_CTX_free(context);
    return (size_t)length;
}

/* Whether what was sent is echoed, and by which destination alone. */
static bool comes_back(int fd, const uint8_t *bytes, size_t length) {
    static uint8_t got[HELLO_SIZE];
    size_t count = 0;

    return socket_read(fd, got, length, &count, ASK_MS) == END_NONE && count == length && !memcmp(got, bytes, length);
}

static bool head_reaches(struct site *site, const char *host, struct destination *to) {
    const char *head = sandbox_text(site->sandbox, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", host);
    unsigned before = destination_connections(to);
    int fd = socket_client(site->port);
    bool does = socket_send(fd, head, strlen(head), ASK_MS) && comes_back(fd, (const uint8_t *)head, strlen(head)) &&
                destination_connections(to) == before + 1;

    close(fd);
    return does;
}

/* The beginning of what comes back, and then an end of file. */
static bool is_told(int fd, const void *answer, size_t length) {
    uint8_t got[512];
    size_t count = 0;
    enum end end = socket_read(fd, got, sizeof got, &count, ASK_MS);

    close(fd);
    return end == END_FILE && count >= length && memcmp(got, answer, length) == 0;
}

static bool is_told_after(struct site *site, const char *sent, size_t sent_length, const char *answer, size_t length) {
    int fd = socket_client(site->port);

    return socket_send(fd, sent, sent_length, ASK_MS) && is_told(fd, answer, length);
}

#define TOLD(site, sent, answer) is_told_after(site, sent, sizeof(sent) - 1, answer, sizeof(answer) - 1)

static const uint8_t unrecognized_name[] = {0x15, 3, 3, 0, 2, 2, 112};

/* ---- by name ---- */

START_TEST(http_is_told_apart_by_its_host) {
    struct site site = site_start(__func__);

    ck_assert(head_reaches(&site, "one.example", site.one));
    ck_assert(head_reaches(&site, "ONE.example:8080", site.one));
    ck_assert(head_reaches(&site, "two.example", site.two));
    ck_assert(head_reaches(&site, "a.b.two.example.", site.two));
    ck_assert(TOLD(&site, "GET / HTTP/1.1\r\nHost: three.example\r\n\r\n", "HTTP/1.1 421 "));
    ck_assert(TOLD(&site, "GET / HTTP/1.0\r\n\r\n", "HTTP/1.1 421 "));
    ck_assert(TOLD(&site, "GET / HTTP/1.1\r\nHost: one.example\r\nHost: two.example\r\n\r\n", "HTTP/1.1 400 "));
    ck_assert(TOLD(&site, "GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400 "));
    ck_assert(TOLD(&site, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", "\0\0\0\4\0\0\0\0\0\0\0\10\7"));
    process_await(site.server.process, 0, ASK_MS, "connection refused", "no service has this name: three.example",
                  NULL);
    site_end(&site);
}
END_TEST

START_TEST(a_hello_reaches_its_service_untouched_in_any_pieces) {
    static uint8_t hello[HELLO_SIZE];
    struct site site = site_start(__func__);
    size_t length = make_hello(hello, "www.two.example", 0);
    int fd = socket_client(site.port);

    for (size_t i = 0; i < length; i++)
        ck_assert(socket_send(fd, hello + i, 1, ASK_MS));
    ck_assert(comes_back(fd, hello, length));
    ck_assert(socket_converse(fd, "and what follows", ASK_MS));
    close(fd);
    ck_assert_uint_eq(destination_connections(site.two), 1);

    length = make_hello(hello, "one.example", 12000);
    ck_assert_uint_gt(length, 12000);
    fd = socket_client(site.port);
    ck_assert(socket_send(fd, hello, length, ASK_MS) && comes_back(fd, hello, length));
    close(fd);
    ck_assert_uint_eq(destination_connections(site.one), 1);

    length = make_hello(hello, "one.example", 17000);
    fd = socket_client(site.port);
    ck_assert(socket_send(fd, hello, length, ASK_MS) && is_told(fd, "\x15\x03\x03\x00\x02\x02\x32", 7));
    site_end(&site);
}
END_TEST

/* Hundreds of packets of one connection have the kernel wake its reader for less than it asked for. */
START_TEST(a_hello_in_packets_of_a_byte_reaches_its_service) {
    static uint8_t hello[HELLO_SIZE];
    struct site site = site_start(__func__);
    size_t length = make_hello(hello, "one.example", 500);
    int fd = socket_client(site.port), on = 1;

    ck_assert_int_eq(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), 0);
    for (size_t i = 0; i < length; i++) {
        ck_assert(socket_send(fd, hello + i, 1, ASK_MS));
        (void)poll(NULL, 0, 2); /* else the kernel makes one of several */
    }
    ck_assert(comes_back(fd, hello, length));
    close(fd);
    site_end(&site);
}
END_TEST

START_TEST(a_head_in_single_bytes_reaches_its_service) {
    static const char head[] = "GET / HTTP/1.1\r\nX-Long: aaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\nHost: one.example\r\n\r\n";
    struct site site = site_start(__func__);
    int fd = socket_client(site.port);

    for (size_t i = 0; i + 1 < sizeof head; i++)
        ck_assert(socket_send(fd, head + i, 1, ASK_MS));
    ck_assert(comes_back(fd, (const uint8_t *)head, sizeof head - 1));
    close(fd);
    site_end(&site);
}
END_TEST

START_TEST(a_name_that_no_service_has_gets_an_alert) {
    static uint8_t hello[HELLO_SIZE];
    struct site site = site_start(__func__);
    static const char *const names[] = {"three.example", "example", NULL};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t length = make_hello(hello, names[i], 0);
        int fd = socket_client(site.port);
        ck_assert(socket_send(fd, hello, length, ASK_MS) && is_told(fd, unrecognized_name, sizeof unrecognized_name));
    }
    const char *openssl = sandbox_peer(site.sandbox, "openssl");
    if (openssl) {
        ck_assert_int_ne(sandbox_do(site.sandbox, "s_client", openssl, "s_client", "-connect",
                                    sandbox_text(site.sandbox, "127.0.0.1:%u", site.port), "-servername",
                                    "three.example", NULL),
                         0);
        ck_assert_ptr_nonnull(strstr(sandbox_output(site.sandbox, "s_client"), "unrecognized name"));
    }
    ck_assert_uint_eq(destination_connections(site.one) + destination_connections(site.two), 0);
    site_end(&site);
}
END_TEST

START_TEST(a_service_without_hosts_gets_the_rest) {
    static uint8_t hello[HELLO_SIZE];
    struct site site = site_make(__func__);

    site_serve(&site, (struct server_plan){.services = sandbox_text(site.sandbox, "%s, %s", both_services(&site),
                                                                    service_of(&site, "rest", NULL, site.rest))});
    ck_assert(head_reaches(&site, "one.example", site.one));
    ck_assert(head_reaches(&site, "three.example", site.rest));
    int fd = socket_client(site.port);
    ck_assert(socket_converse(fd, "SSH-2.0-client\r\n", ASK_MS));
    close(fd);
    size_t length = make_hello(hello, NULL, 0);
    fd = socket_client(site.port);
    ck_assert(socket_send(fd, hello, length, ASK_MS) && comes_back(fd, hello, length));
    close(fd);
    site_end(&site);
}
END_TEST

/* ---- real programs ---- */

static void make_certificate(struct site *site, const char *name) {
    certs_make(&(struct certs_plan){.folder = site->server.pki,
                                    .name = name,
                                    .names = sandbox_text(site->sandbox, "DNS:%s", name),
                                    .from_days = -1,
                                    .to_days = 10});
}

static const char *web_server(struct site *site, const char *name, uint16_t port) {
    return sandbox_text(site->sandbox,
                        "server { listen 127.0.0.1:%u ssl; ssl_certificate %s/%s.pem; ssl_certificate_key %s/%s.key;\n"
                        "  root %s; }\n",
                        port, site->server.pki, name, site->server.pki, name,
                        sandbox_path(site->sandbox, "www-%s", name));
}

static void write_file(struct site *site, const char *name, char byte) {
    ck_assert_int_eq(mkdir(sandbox_path(site->sandbox, "www-%s", name), 0755), 0);
    const char *path = sandbox_path(site->sandbox, "www-%s/file", name);
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    for (int i = 0; i < BIG; i++)
        ck_assert_int_ne(fputc(byte + i % 7, file), EOF);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(chmod(path, 0644), 0);
}

static void start_nginx(struct site *site, const char *nginx, uint16_t one, uint16_t two) {
    const char *folder = sandbox_folder(site->sandbox);
    const char *file = sandbox_write(
        site->sandbox, "nginx.conf",
        sandbox_text(site->sandbox,
                     "daemon off; pid %s/nginx.pid; error_log stderr; worker_processes 1; user root;\n"
                     "events { worker_connections 512; }\nhttp { access_log off; ssl_protocols TLSv1.2 TLSv1.3;\n"
                     "  client_body_temp_path %s/t1; proxy_temp_path %s/t2; fastcgi_temp_path %s/t3;\n"
                     "  uwsgi_temp_path %s/t4; scgi_temp_path %s/t5;\n%s%s}\n",
                     folder, folder, folder, folder, folder, folder, web_server(site, "one.example", one),
                     web_server(site, "two.example", two)),
        false);
    sandbox_run(site->sandbox, "nginx", nginx, "-c", file, "-p", folder, NULL);
    ck_assert(HOLDS_WITHIN(START_MS, !socket_is_refused(one) && !socket_is_refused(two)));
}

/* curl checks that the certificate is for the name: each answer is of the right nginx, or none comes. */
static void fetch(struct site *site, const char *curl, const char *name, const char *version) {
    const char *got = sandbox_path(site->sandbox, "got-%s", name),
               *url = sandbox_text(site->sandbox, "https://%s:%u/file", name, site->port);
    int code = sandbox_do(site->sandbox, "curl", curl, "-sSf", version, "--resolve",
                          sandbox_text(site->sandbox, "%s:%u:127.0.0.1", name, site->port), "--cacert",
                          sandbox_text(site->sandbox, "%s/ca.pem", site->server.pki), "-o", got, url, NULL);
    ck_assert_msg(code == 0, "%s: %s", name, sandbox_output(site->sandbox, "curl"));
    ck_assert_int_eq(sandbox_do(site->sandbox, "cmp", "cmp", sandbox_path(site->sandbox, "www-%s/file", name), got,
                                NULL),
                     0);
}

START_TEST(curl_gets_each_name_from_the_nginx_that_has_its_certificate) {
    struct site site = site_make(__func__);
    const char *nginx = sandbox_peer(site.sandbox, "nginx"), *curl = sandbox_peer(site.sandbox, "curl");
    uint16_t one = port_take(), two = port_take();

    if (nginx && curl) {
        site_serve(&site,
                   (struct server_plan){
                       .services =
                           sandbox_text(site.sandbox, "%s, %s",
                                        service_to(site.sandbox, "one", site.port, one, "'hosts': 'one.example',"),
                                        service_to(site.sandbox, "two", site.port, two, "'hosts': 'two.example',"))});
        make_certificate(&site, "one.example");
        make_certificate(&site, "two.example");
        write_file(&site, "one.example", 'a');
        write_file(&site, "two.example", 'A');
        start_nginx(&site, nginx, one, two);
        fetch(&site, curl, "one.example", "--tlsv1.3");
        fetch(&site, curl, "two.example", "--tlsv1.3");
        fetch(&site, curl, "one.example", "--http1.1");
    }
    site_end(&site);
}
END_TEST

/* ---- agents ---- */

START_TEST(an_agent_joins_by_the_port_of_the_web) {
    struct site site = site_make(__func__);
    struct server_plan plan = {.services = both_services(&site), .port = site.port, .may_fail = true};

    site.server = server_start(site.sandbox, plan);
    process_await(site.server.process, 0, START_MS, "listening for clients of several services", NULL);
    agent_join_warm(&site.server, "alpha", NULL);
    ck_assert(head_reaches(&site, "one.example", site.one));
    ck_assert(head_reaches(&site, "two.example", site.two));
    ck_assert(TOLD(&site, "GET / HTTP/1.1\r\nHost: three.example\r\n\r\n", "HTTP/1.1 421 "));
    site_end(&site);
}
END_TEST

/* ---- slow and silent ones ---- */

START_TEST(a_silent_connection_ends_at_the_deadline) {
    struct site site = site_start(__func__);
    int silent = socket_client(site.port), part = socket_client(site.port), slow = socket_client(site.port);
    uint64_t begin = now_ms();
    static const char head[] = "GET / HTTP/1.1\r\nHost: one.example\r\n\r\n";

    ck_assert(socket_send(part, "GET / HT", 8, ASK_MS));
    ck_assert_int_eq(socket_wait_end(silent, ASK_MS), END_RESET);
    ck_assert_uint_ge(now_ms() - begin, 4000);
    ck_assert(is_told(part, "HTTP/1.1 408 ", 13));
    ck_assert_int_eq(socket_wait_end(slow, ASK_MS), END_RESET);
    process_await(site.server.process, 0, ASK_MS, "connection refused", "within the deadline", NULL);
    close(silent);
    close(slow);
    slow = socket_client(site.port);
    ck_assert_int_eq(socket_wait_end(slow, 1500), END_LATE); /* its first byte comes late, and in time */
    ck_assert(socket_send(slow, head, sizeof head - 1, ASK_MS));
    ck_assert(comes_back(slow, (const uint8_t *)head, sizeof head - 1));
    close(slow);
    site_end(&site);
}
END_TEST

START_TEST(silent_connections_keep_no_good_one_out) {
    struct site site = site_make(__func__);
    int silent[SILENT];

    site_serve(&site, (struct server_plan){.services = both_services(&site), .descriptors = FEW_DESCRIPTORS});
    for (int i = 0; i < SILENT; i++)
        silent[i] = socket_client(site.port);
    for (int i = 0; i < 20; i++)
        ck_assert(head_reaches(&site, "one.example", site.one));
    process_await(site.server.process, 0, ASK_MS, "connection refused", "too many connections", NULL);
    for (int i = 0; i < SILENT; i++)
        close(silent[i]);
    site_end(&site);
}
END_TEST

/* ---- balancers, checks, pauses ---- */

START_TEST(behind_a_balancer_the_header_comes_before_the_name) {
    static const char head[] = "PROXY TCP4 192.0.2.7 192.0.2.8 4000 80\r\nGET / HTTP/1.1\r\nHost: one.example\r\n\r\n",
                      authority[] = "\2\0\13one.example";
    struct site site = site_make(__func__);
    const char *more = "'hosts': 'one.example', 'accept_proxy': '127.0.0.1', 'proxy_protocol': 'v2',";
    char got[1024];
    size_t count = 0, mark;

    site_serve(&site, (struct server_plan){
                          .services = service_to(site.sandbox, "one", site.port, destination_port(site.one), more)});
    mark = process_mark(site.server.process);
    int fd = socket_client(site.port);
    ck_assert(socket_send(fd, head, sizeof head - 1, ASK_MS));
    socket_finish(fd);
    ck_assert_int_eq(socket_read(fd, got, sizeof got, &count, ASK_MS), END_FILE);
    close(fd);
    ck_assert_ptr_nonnull(memmem(got, count, authority, sizeof authority - 1)); /* the TLV, which is echoed, too */
    ck_assert_ptr_nonnull(memmem(got, count, "GET / HTTP/1.1", 14));
    process_await(site.server.process, mark, ASK_MS, "\"relay ", "192.0.2.7", NULL);
    fd = socket_client(site.port); /* the same without a header */
    ck_assert(socket_send(fd, "GET / HTTP/1.1\r\n", 16, ASK_MS));
    ck_assert_int_eq(socket_wait_end(fd, ASK_MS), END_RESET);
    close(fd);
    site_end(&site);
}
END_TEST

/* `third` may be NULL. */
static int munnel(struct site *site, const char *first, const char *second, const char *third) {
    const char *socket = sandbox_text(site->sandbox, "--socket=%s", sandbox_path(site->sandbox, "admin.sock"));

    return sandbox_do(site->sandbox, "munnel", sandbox_program(site->sandbox, "munnel"), first, second, socket, third,
                      NULL);
}

START_TEST(a_service_of_a_shared_port_is_checked_and_paused) {
    struct site site = site_make(__func__);
    const char *more =
        sandbox_text(site.sandbox, "'admin': { 'socket': '%s' },", sandbox_path(site.sandbox, "admin.sock"));

    const char *by_name =
        sandbox_text(site.sandbox,
                     "{'name': 'named', 'hosts': 'three.example', 'listen': '127.0.0.1:%u', 'connect': "
                     "'localhost:%u'}",
                     site.port, destination_port(site.rest));

    site_serve(&site,
               (struct server_plan){.services = sandbox_text(site.sandbox, "%s, %s", both_services(&site), by_name),
                                    .more = more});
    int code = munnel(&site, "check", "named", NULL);
    ck_assert_msg(code == 0, "%s", sandbox_output(site.sandbox, "munnel"));
    ck_assert_ptr_null(strstr(sandbox_output(site.sandbox, "munnel"), "the destination is an address"));
    code = munnel(&site, "check", "two", NULL);
    ck_assert_msg(code == 0, "%s", sandbox_output(site.sandbox, "munnel"));
    ck_assert_ptr_nonnull(strstr(sandbox_output(site.sandbox, "munnel"), "the destination is an address"));
    ck_assert_uint_eq(destination_connections(site.two), 1);
    ck_assert_uint_eq(destination_connections(site.one), 0);
    ck_assert_int_eq(munnel(&site, "service", "show", "two"), 0);
    ck_assert_ptr_nonnull(strstr(sandbox_output(site.sandbox, "munnel"), "*.two.example"));
    ck_assert_int_eq(munnel(&site, "service", "pause", "two"), 0);
    int fd = socket_client(site.port);
    ck_assert(socket_send(fd, "GET / HTTP/1.1\r\nHost: two.example\r\n\r\n", 39, ASK_MS));
    ck_assert_int_eq(socket_wait_end(fd, ASK_MS), END_RESET);
    close(fd);
    ck_assert(head_reaches(&site, "one.example", site.one));
    ck_assert_int_eq(munnel(&site, "service", "resume", "two"), 0);
    ck_assert(head_reaches(&site, "two.example", site.two));
    site_end(&site);
}
END_TEST

/* ---- reload ---- */

static void put_services(struct site *site, const char *services) {
    static char text[16384];
    FILE *file = fopen(site->server.file, "r");
    ck_assert_ptr_nonnull(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    char *begin = strstr(text, "\"services\": ["), *end = begin ? strstr(begin, "} ]") : NULL;
    ck_assert(begin && end);
    const char *changed =
        sandbox_text(site->sandbox, "%.*s\"services\": [ %s ]%s", (int)(begin - text), text, services, end + 3);
    sandbox_write(site->sandbox, "server.json", changed, true);
}

static void reload(struct site *site, const char *services) {
    size_t mark = process_mark(site->server.process);

    put_services(site, services);
    process_signal(site->server.process, SIGHUP);
    char *line = process_seek(site->server.process, mark, ASK_MS, "\"configuration reloaded\"", NULL);
    ck_assert_msg(line, "%s", process_output(site->server.process, mark));
    free(line);
}

START_TEST(hosts_come_and_go_by_reload_while_relays_run) {
    static const char head[] = "GET / HTTP/1.1\r\nHost: one.example\r\n\r\n";
    struct site site = site_make(__func__);
    int fd, waiting;

    /* One service alone, without hosts: it is not shared. */
    site_serve(&site, (struct server_plan){.services = service_of(&site, "rest", NULL, site.rest)});
    fd = socket_client(site.port);
    ck_assert(socket_converse(fd, "before", ASK_MS));
    /* It becomes the one for what no name leads to. */
    reload(&site, sandbox_text(site.sandbox, "%s, %s", service_of(&site, "rest", NULL, site.rest),
                               service_of(&site, "one", "'one.example'", site.one)));
    ck_assert(HOLDS_WITHIN(ASK_MS, head_reaches(&site, "one.example", site.one)));
    ck_assert(head_reaches(&site, "two.example", site.rest));
    ck_assert(socket_converse(fd, "shared", ASK_MS));
    /* Another name, while a connection has not named its host yet. */
    waiting = socket_client(site.port);
    ck_assert(socket_send(waiting, head, 10, ASK_MS));
    reload(&site, both_services(&site));
    ck_assert(socket_send(waiting, head + 10, sizeof head - 11, ASK_MS));
    ck_assert(comes_back(waiting, (const uint8_t *)head, sizeof head - 1));
    close(waiting);
    ck_assert(HOLDS_WITHIN(ASK_MS, head_reaches(&site, "two.example", site.two)));
    ck_assert(TOLD(&site, "GET / HTTP/1.1\r\nHost: three.example\r\n\r\n", "HTTP/1.1 421 "));
    ck_assert(socket_converse(fd, "its service was removed", ASK_MS));
    /* And back to one that has the port alone. */
    reload(&site, service_of(&site, "rest", NULL, site.rest));
    ck_assert(HOLDS_WITHIN(ASK_MS, head_reaches(&site, "one.example", site.rest)));
    ck_assert(socket_converse(fd, "after", ASK_MS));
    close(fd);
    site_end(&site);
}
END_TEST

/* By what the kernel says of the socket. */
static bool has_backlog(const struct site *site, unsigned backlog) {
    return sandbox_do(site->sandbox, "ss", "sh", "-c",
                      sandbox_text(site->sandbox, "ss -Hltn 'sport = :%u' | grep -q ' %u  *127.0.0.1:%u '", site->port,
                                   backlog, site->port),
                      NULL) == 0;
}

START_TEST(the_backlog_of_a_shared_port_changes_by_reload) {
    struct site site = site_start(__func__);

    ck_assert(!has_backlog(&site, 9));
    reload(&site,
           sandbox_text(site.sandbox, "%s, %s", service_of(&site, "one", "'one.example', 'backlog': 9", site.one),
                        service_of(&site, "two", "'two.example', 'backlog': 9", site.two)));
    ck_assert(HOLDS_WITHIN(ASK_MS, has_backlog(&site, 9)));
    ck_assert(head_reaches(&site, "two.example", site.two));
    site_end(&site);
}
END_TEST

START_TEST(hosts_that_are_not_confirmed_go_back) {
    struct site site = site_make(__func__);
    const char *more =
        sandbox_text(site.sandbox, "'admin': { 'socket': '%s' },", sandbox_path(site.sandbox, "admin.sock"));

    site_serve(&site, (struct server_plan){.services = service_of(&site, "rest", NULL, site.rest), .more = more});
    size_t mark = process_mark(site.server.process);
    put_services(&site, both_services(&site));
    int code = munnel(&site, "reload", "--confirm=5", NULL);
    ck_assert_msg(code == 0, "%s", sandbox_output(site.sandbox, "munnel"));
    ck_assert(HOLDS_WITHIN(4000, head_reaches(&site, "two.example", site.two)));
    process_await(site.server.process, mark, ASK_MS, "the configuration before is back", NULL);
    ck_assert(HOLDS_WITHIN(ASK_MS, head_reaches(&site, "two.example", site.rest)));
    site_end(&site);
}
END_TEST

START_TEST(a_name_twice_is_refused_with_both_services) {
    struct site site = site_start(__func__);
    size_t mark = process_mark(site.server.process);

    put_services(&site, sandbox_text(site.sandbox, "%s, %s", service_of(&site, "one", "'one.example'", site.one),
                                     service_of(&site, "two", "['two.example', 'ONE.example']", site.two)));
    process_signal(site.server.process, SIGHUP);
    process_await(site.server.process, mark, ASK_MS, "reload refused", "is a host of service \\\"one\\\"", NULL);
    ck_assert(head_reaches(&site, "two.example", site.two));
    site_end(&site);
}
END_TEST

SCENARIO_MAIN("hosts", SCENARIO(http_is_told_apart_by_its_host, 60),
              SCENARIO(a_hello_reaches_its_service_untouched_in_any_pieces, 60),
              SCENARIO(a_hello_in_packets_of_a_byte_reaches_its_service, 60),
              SCENARIO(a_head_in_single_bytes_reaches_its_service, 60),
              SCENARIO(a_name_that_no_service_has_gets_an_alert, 60),
              SCENARIO(a_service_without_hosts_gets_the_rest, 60),
              SCENARIO(curl_gets_each_name_from_the_nginx_that_has_its_certificate, 90),
              SCENARIO(an_agent_joins_by_the_port_of_the_web, 60),
              SCENARIO(a_silent_connection_ends_at_the_deadline, 60),
              SCENARIO(silent_connections_keep_no_good_one_out, 60),
              SCENARIO(behind_a_balancer_the_header_comes_before_the_name, 60),
              SCENARIO(a_service_of_a_shared_port_is_checked_and_paused, 60),
              SCENARIO(hosts_come_and_go_by_reload_while_relays_run, 60),
              SCENARIO(the_backlog_of_a_shared_port_changes_by_reload, 60),
              SCENARIO(hosts_that_are_not_confirmed_go_back, 60),
              SCENARIO(a_name_twice_is_refused_with_both_services, 60))
