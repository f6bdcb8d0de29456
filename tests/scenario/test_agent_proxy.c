/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_agent_proxy: agents that reach their server by squid, tinyproxy and dante, each with and without a password, and
 * by proxies that refuse, lie or are silent, which must be named.
 */
#include "config.h"

#include "harness/certs.h"
#include "harness/deadline.h"
#include "harness/destination.h"
#include "harness/munnel.h"
#include "harness/parallel_clients.h"
#include "harness/port.h"
#include "harness/scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ASK_MS = 10000, LOG_MS = 15000, RELAY_MS = 30000, RELAYED = 3 * 1000 * 1000, SILENCE_MS = 40000 };

#define KNOWN_TO_PROXY "relay.munnel.test" /* this machine's resolver does not have it */

struct world { /* a server with a service */
    struct sandbox *sandbox;
    struct server server;
    struct destination *destination;
    uint16_t port, proxy_port;
    struct process *agent;
    const char *socket; /* the agent's */
    uint64_t relays;
};

static struct world start(const char *name) {
    struct world world = {.sandbox = sandbox_new(name), .port = port_take(), .proxy_port = port_take()};
    struct sandbox *sandbox = world.sandbox;
    struct certs_plan made = {.folder = sandbox_pki(sandbox, "pki"),
                              .name = "named",
                              .names = "DNS:" KNOWN_TO_PROXY ", IP:127.0.0.1",
                              .from_days = -1,
                              .to_days = 30};

    certs_make(&made);
    ck_assert(chmod(sandbox_folder(sandbox), 0755) == 0 && chmod(scenario_folder(), 0755) == 0); /* for proxies */
    world.destination = destination_start(handle_exchange, NULL);
    world.socket = sandbox_path(sandbox, "agent.sock");
    const char *service = service_to(sandbox, "echo", world.port, destination_port(world.destination), "");
    world.server =
        server_start(sandbox, (struct server_plan){.services = service,
                                                   .agents = "'unauthenticated': {'penalty': 0},",
                                                   .certificate = sandbox_text(sandbox, "%s/named.pem", made.folder),
                                                   .key = sandbox_text(sandbox, "%s/named.key", made.folder)});
    return world;
}

static void end(struct world *world) {
    sandbox_free(world->sandbox);
    destination_free(world->destination);
}

static const char *secret(struct world *world, const char *name, const char *text) {
    const char *path = sandbox_write(world->sandbox, name, text, false);

    ck_assert_int_eq(chmod(path, 0600), 0);
    return path;
}

/* Starts it for the server by this name, with these members of its file; NAME=VALUE for its environment, or NULL. */
static struct process *start_agent(struct world *world, const char *name, const char *host, const char *members,
                                   const char *variable, const char *option) {
    struct sandbox *sandbox = world->sandbox;
    const char *file =
        sandbox_write(sandbox, sandbox_text(sandbox, "%s.json", name),
                      sandbox_text(sandbox,
                                   "{ 'servers': '%s:%u', 'name': '%s', 'ca': '%s/ca.pem', 'retry': 1,\n"
                                   "  'threads': 2, %s 'admin': { 'socket': '%s' },\n"
                                   "  'log': { 'format': 'json' } }",
                                   host, world->server.port, name, world->server.pki, members, world->socket),
                      true);
    const char *arguments[] = {sandbox_program(sandbox, "munnel-agent"), "--config", file, option, NULL};
    const char *environment[] = {sandbox_text(sandbox, "STATE_DIRECTORY=%s", agent_folder(sandbox, name)),
                                 "CREDENTIALS_DIRECTORY=", variable ? variable : "https_proxy=", NULL};
    return sandbox_run_plan(sandbox, (struct process_plan){.name = name,
                                                           .arguments = arguments,
                                                           .environment = environment,
                                                           .folder = agent_folder(sandbox, name)});
}

static const char *by(struct world *world, const char *scheme, const char *user, const char *password) {
    const char *url = sandbox_text(world->sandbox, "'proxy': '%s://%s%s127.0.0.1:%u',", scheme, user ? user : "",
                                   user ? "@" : "", world->proxy_port);
    return password ? sandbox_text(world->sandbox, "%s 'proxy_password_file': '%s',", url,
                                   secret(world, "proxy.password", password))
                    : url;
}

static void expect_relay(struct world *world) {
    struct relayed relayed = {.port = world->port,
                              .destination = world->destination,
                              .tag = 1000 * ++world->relays,
                              .up = RELAYED,
                              .down = RELAYED,
                              .largest_write = 50000};
    const char *wrong = relayed_differs(&relayed, RELAY_MS);
    ck_assert_msg(!wrong, "relay %llu: %s", (unsigned long long)world->relays, wrong);
}

static void expect_shown(struct world *world, const char *text) {
    struct sandbox *sandbox = world->sandbox;
    const char *run = sandbox_text(sandbox, "status-%llu", (unsigned long long)++world->relays);

    (void)sandbox_do(sandbox, run, sandbox_program(sandbox, "munnel"), "status", "--json", "--socket", world->socket,
                     NULL);
    ck_assert_msg(strstr(sandbox_output(sandbox, run), text), "no \"%s\" in: %s", text, sandbox_output(sandbox, run));
}

static void expect_way_in_table(struct world *world) {
    struct sandbox *sandbox = world->sandbox;
    const char *run = sandbox_text(sandbox, "table-%llu", (unsigned long long)++world->relays);

    (void)sandbox_do(sandbox, run, sandbox_program(sandbox, "munnel"), "status", "--socket", world->socket, NULL);
    const char *output = sandbox_output(sandbox, run), *way = strstr(output, "proxy ");
    ck_assert_msg(way && strstr(way, sandbox_text(sandbox, "://127.0.0.1:%u ", world->proxy_port)), "%s", output);
}

static void await_proxy(const struct world *world) {
    ck_assert(HOLDS_WITHIN(START_MS, !socket_is_refused(world->proxy_port)));
}

typedef struct process *(*proxy_start)(struct world *world, const char *program, const char *how);

/*
 * The agent joins by the proxy and relays, is cut when that is killed, and comes back with it. `host` is how the agent
 * knows the server, `members` the way.
 */
static void serve_by(struct world *world, proxy_start start_proxy, const char *program, const char *how,
                     const char *host, const char *members) {
    struct process *proxy = start_proxy(world, program, how);
    await_proxy(world);
    world->agent = start_agent(world, "alpha", host, members, NULL, NULL);
    agent_await(&world->server, 0, "alpha", JOIN_MS);
    agent_await_warm(&world->server, world->agent);
    expect_relay(world);
    expect_shown(world, sandbox_text(world->sandbox, "://127.0.0.1:%u", world->proxy_port)); /* without the user */
    expect_way_in_table(world);
    size_t mark = process_mark(world->agent);
    sandbox_kill(world->sandbox, proxy);
    process_await(world->agent, mark, LOG_MS, "connection lost", NULL);
    process_await(world->agent, mark, LOG_MS, "cannot connect",
                  sandbox_text(world->sandbox, "proxy 127.0.0.1:%u: ", world->proxy_port), NULL);
    mark = process_mark(world->agent);
    proxy = start_proxy(world, program, how);
    await_proxy(world);
    process_await(world->agent, mark, LOG_MS, "\"connected\"", NULL);
    agent_await_warm(&world->server, world->agent);
    expect_relay(world);
    sandbox_end(world->sandbox, world->agent);
    sandbox_kill(world->sandbox, proxy);
}

/* ---- squid ---- */

static struct process *start_squid(struct world *world, const char *program, const char *how) {
    struct sandbox *sandbox = world->sandbox;
    const char *folder = sandbox_folder(sandbox);
    const char *hosts = sandbox_write(sandbox, "squid.hosts", "127.0.0.1 " KNOWN_TO_PROXY "\n", false);
    const char *file = sandbox_write(
        sandbox, "squid.conf",
        sandbox_text(sandbox,
                     "http_port 127.0.0.1:%u\npid_filename none\ncache deny all\naccess_log none\n"
                     "cache_log /dev/null\nhosts_file %s\ncoredump_dir none\nshutdown_lifetime 0 seconds\n"
                     "workers 1\n%s",
                     world->proxy_port, hosts, how ? how : "http_access allow all\n"),
        false);

    ck_assert(chmod(hosts, 0644) == 0 && chmod(file, 0644) == 0);
    return sandbox_run(sandbox, "squid", program, "-N", "-n", sandbox_text(sandbox, "munnel%u", world->proxy_port),
                       "-f", file, "-d", "1", folder ? NULL : "", NULL);
}

#define ONLY_WITH_PASSWORD "acl known proxy_auth REQUIRED\nhttp_access allow known\nhttp_access deny all\n"

static const char *squid_basic(struct world *world) {
    const char *path =
        sandbox_write(world->sandbox, "basic.users", "bob:$apr1$abcdefgh$h9FWgUz3n9YxylKLlR5SQ/\n", false);

    ck_assert_int_eq(chmod(path, 0644), 0);
    return sandbox_text(world->sandbox,
                        "auth_param basic program /usr/lib/squid/basic_ncsa_auth %s\nauth_param basic realm a \"b\\c\n"
                        "auth_param basic children 1\n" ONLY_WITH_PASSWORD,
                        path);
}

START_TEST(squid_with_basic) {
    struct world world = start(__func__);
    const char *squid = sandbox_peer(world.sandbox, "squid");

    if (squid)
        serve_by(&world, start_squid, squid, squid_basic(&world), KNOWN_TO_PROXY,
                 by(&world, "http", "bob", "secret\n"));
    end(&world);
}
END_TEST

static const char *squid_digest(struct world *world) {
    const char *path = sandbox_write(world->sandbox, "digest.users", "bob:secret\n", false);

    ck_assert_int_eq(chmod(path, 0644), 0);
    return sandbox_text(world->sandbox,
                        "auth_param digest program /usr/lib/squid/digest_file_auth %s\nauth_param digest realm munnel\n"
                        "auth_param digest children 1\n%s",
                        path, squid_basic(world));
}

static void expect_check_passes(struct world *world, const char *members) {
    struct process *process = start_agent(world, "check", KNOWN_TO_PROXY, members, NULL, "--check");
    int code = process_wait(process, SILENCE_MS);
    const char *output = sandbox_output(world->sandbox, "check");

    ck_assert_msg(code == 0, "exit code %d: %s", code, output);
    ck_assert_msg(strstr(output, "connects to " KNOWN_TO_PROXY), "%s", output);
}

START_TEST(squid_without_a_password) {
    struct world world = start(__func__);
    const char *squid = sandbox_peer(world.sandbox, "squid");

    if (squid) {
        serve_by(&world, start_squid, squid, NULL, KNOWN_TO_PROXY, by(&world, "http", NULL, NULL));
        start_squid(&world, squid, squid_digest(&world));
        await_proxy(&world);
        expect_check_passes(&world, by(&world, "http", "bob", "secret\n"));
    }
    end(&world);
}
END_TEST

START_TEST(squid_with_digest) {
    struct world world = start(__func__);
    const char *squid = sandbox_peer(world.sandbox, "squid");

    if (squid)
        serve_by(&world, start_squid, squid, squid_digest(&world), KNOWN_TO_PROXY,
                 by(&world, "http", "bob", "secret\n"));
    end(&world);
}
END_TEST

START_TEST(squid_that_does_not_accept_the_password_until_it_changes) {
    struct world world = start(__func__);
    const char *squid = sandbox_peer(world.sandbox, "squid");

    if (squid) {
        start_squid(&world, squid, squid_digest(&world));
        await_proxy(&world);
        world.agent = start_agent(&world, "alpha", KNOWN_TO_PROXY, by(&world, "http", "bob", "hunter2\n"), NULL, NULL);
        process_await(world.agent, 0, LOG_MS, "cannot connect", "answered 407", "offers Digest", "does not accept user",
                      NULL);
        ck_assert_uint_eq(process_count(world.agent, 0, "hunter2", NULL), 0);
        secret(&world, "proxy.password", "secret\n");
        process_await(world.agent, 0, LOG_MS, "password reloaded", NULL);
        agent_await(&world.server, 0, "alpha", LOG_MS);
        expect_relay(&world);
    }
    end(&world);
}
END_TEST

/* ---- tinyproxy ---- */

static const char *check(struct world *world, const char *name, const char *members) {
    struct process *process = start_agent(world, name, "127.0.0.1", members, NULL, "--check");
    int code = process_wait(process, SILENCE_MS);

    ck_assert_msg(code == 1, "%s: exit code %d: %s", name, code, sandbox_output(world->sandbox, name));
    return sandbox_output(world->sandbox, name);
}

static struct process *start_tinyproxy(struct world *world, const char *program, const char *how) {
    const char *file =
        sandbox_write(world->sandbox, "tinyproxy.conf",
                      sandbox_text(world->sandbox, "Port %u\nListen 127.0.0.1\nTimeout 600\nMaxClients 50\n%s",
                                   world->proxy_port, how ? how : ""),
                      false);

    return sandbox_run(world->sandbox, "tinyproxy", program, "-d", "-c", file, NULL);
}

START_TEST(tinyproxy_with_and_without_a_password) {
    struct world world = start(__func__);
    const char *tinyproxy = sandbox_peer(world.sandbox, "tinyproxy");

    if (tinyproxy) {
        serve_by(&world, start_tinyproxy, tinyproxy, "BasicAuth bob secret\n", "127.0.0.1",
                 by(&world, "http", "bob", "secret"));
        world.proxy_port = port_take();
        size_t mark = process_mark(world.server.process);
        start_tinyproxy(&world, tinyproxy, NULL);
        await_proxy(&world);
        start_agent(&world, "beta", "127.0.0.1", by(&world, "http", NULL, NULL), NULL, NULL);
        agent_await(&world.server, mark, "beta", JOIN_MS);
        expect_relay(&world);
    }
    end(&world);
}
END_TEST

START_TEST(tinyproxy_that_does_not_accept_the_password) {
    struct world world = start(__func__);
    const char *tinyproxy = sandbox_peer(world.sandbox, "tinyproxy");

    if (tinyproxy) {
        start_tinyproxy(&world, tinyproxy, "BasicAuth bob secret\n");
        await_proxy(&world);
        const char *output = check(&world, "check", by(&world, "http", "bob", "wrong"));
        ck_assert_msg(strstr(output, "answered 401 Unauthorized; it does not accept user \"bob\""), "%s", output);
        ck_assert_msg(strstr(output, "Look at user and password"), "%s", output);
    }
    end(&world);
}
END_TEST

/* ---- dante ---- */

/* Its children go on when it is killed, so a shell is the first process of a namespace, and ends it with all in it. */
#define IN_NAMESPACE "unshare", "--pid", "--fork", "--kill-child=KILL"

static bool has_namespaces(struct world *world) {
    return geteuid() == 0 && sandbox_do(world->sandbox, "unshare", IN_NAMESPACE, "-m", "true", NULL) == 0;
}

static const char *dante_file(struct world *world, const char *method) {
    return sandbox_write(world->sandbox, "danted.conf",
                         sandbox_text(world->sandbox,
                                      "logoutput: stderr\ninternal: 127.0.0.1 port = %u\nexternal: 127.0.0.1\n"
                                      "clientmethod: none\nsocksmethod: %s\nuser.privileged: root\n"
                                      "user.unprivileged: nobody\n"
                                      "client pass { from: 127.0.0.0/8 to: 0.0.0.0/0 }\n"
                                      "socks pass { from: 127.0.0.0/8 to: 0.0.0.0/0 }\n",
                                      world->proxy_port, method),
                         false);
}

static struct process *start_dante(struct world *world, const char *program, const char *how) {
    const char *line = sandbox_text(world->sandbox, "%s -f %s & wait", program, dante_file(world, how ? how : "none"));

    return sandbox_run(world->sandbox, "dante", IN_NAMESPACE, "sh", "-c", line, NULL);
}

/* In a mount namespace of its own, whose machine knows the user bob and the server's name. */
static struct process *start_dante_with_users(struct world *world, const char *program, const char *how) {
    struct sandbox *sandbox = world->sandbox;
    const char *folder = sandbox_folder(sandbox);
    const char *line =
        sandbox_text(sandbox,
                     "cd %s && for f in passwd shadow; do cp /etc/$f dante.$f; done && "
                     "echo bob:x:65533:65534::/:/bin/false >>dante.passwd && "
                     "echo \"bob:$(openssl passwd -6 secret):19000::::::\" >>dante.shadow && "
                     "echo 127.0.0.1 localhost " KNOWN_TO_PROXY " >dante.hosts && "
                     "for f in passwd shadow hosts; do mount --bind dante.$f /etc/$f; done && { %s -f %s & wait; }",
                     folder, program, dante_file(world, how));

    return sandbox_run(sandbox, "dante", IN_NAMESPACE, "-m", "sh", "-c", line, NULL);
}

START_TEST(dante_without_a_user) {
    struct world world = start(__func__);
    const char *danted = sandbox_peer(world.sandbox, "danted");

    if (danted && has_namespaces(&world))
        serve_by(&world, start_dante, danted, NULL, "127.0.0.1", by(&world, "socks5", NULL, NULL));
    end(&world);
}
END_TEST

START_TEST(dante_with_a_user) {
    struct world world = start(__func__);
    const char *danted = sandbox_peer(world.sandbox, "danted");

    if (danted && has_namespaces(&world))
        serve_by(&world, start_dante_with_users, danted, "username", KNOWN_TO_PROXY,
                 by(&world, "socks5h", "bob", "secret"));
    end(&world);
}
END_TEST

/* ---- proxies that are none ---- */

struct answer {
    const char *bytes;
    bool stays; /* open, without another word */
};

static void handle_answer(struct connection *connection) {
    const struct answer *answer = connection->context;
    char part[1024];
    size_t got;

    /* What is not read would make a reset of the close. */
    if (socket_read_some(connection->fd, part, sizeof part, &got, ASK_MS) == END_NONE && answer->bytes)
        (void)socket_send(connection->fd, answer->bytes, strlen(answer->bytes), ASK_MS);
    if (answer->stays)
        (void)socket_wait_end(connection->fd, CONNECTION_MS);
}

/* Says yes, and sends its own bytes before any of the server's. */
static const struct lie {
    const char *bytes, *words;
    bool stays;
    const char *scheme;
} lies[] = {
    {"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Negotiate\r\nProxy-Authenticate: NTLM\r\n\r\n",
     "answered 407 Proxy Authentication Required, offers Negotiate, NTLM; munnel-agent knows Basic, and Digest", false,
     "http"},
    {"HTTP/1.1 400 Bad Request\r\n\r\n", "it may be no proxy", true, "http"},
    {"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", "answered 502 Bad Gateway to CONNECT", true, "http"},
    {"HTTP/1.1 403 Forbidden\r\n\r\n", "answered 403 Forbidden to CONNECT", true, "http"},
    {"220 mail.example.org ESMTP\r\n", "answered \\\"220 mail.example\\\"..., which is no HTTP", true, "http"},
    {"HTTP/1.1 200 OK\r\n\r\nSSH-2.0-x\r\n", "sent 11 bytes behind its answer", true, "http"},
    {"HTTP/1.1 200", "closed the connection within its answer", false, "http"},
    {NULL, "closed the connection without an answer", false, "http"},
    {"HTTP/1.1 400 Bad Request\r\n\r\n", "write http://", true, "socks5"},
    {"\5\377", "accepts no SOCKS5 authentication", true, "socks5"},
};

static void expect_named(struct world *world, unsigned number) {
    const struct lie *lie = &lies[number];
    struct answer answer = {lie->bytes, lie->stays};

    world->proxy_port = port_take();
    struct destination *proxy = destination_start_on(world->proxy_port, handle_answer, &answer);
    const char *members = by(world, lie->scheme, NULL, NULL);
    const char *who = sandbox_text(world->sandbox, "proxy 127.0.0.1:%u: ", world->proxy_port);
    world->agent =
        start_agent(world, sandbox_text(world->sandbox, "agent%u", number), "127.0.0.1", members, NULL, NULL);
    process_await(world->agent, 0, LOG_MS, "cannot connect", who, lie->words, NULL);
    expect_shown(world, lie->words);
    sandbox_end(world->sandbox, world->agent);
    const char *output = check(world, sandbox_text(world->sandbox, "check%u", number), members);
    ck_assert_msg(strstr(output, "\nproxy ") && strstr(output, "FAIL"), "%s", output);
    destination_free(proxy);
}

START_TEST(each_lie_is_named_by_log_status_and_check) {
    struct world world = start(__func__);

    for (unsigned i = 0; i < sizeof lies / sizeof *lies; i++)
        expect_named(&world, i);
    end(&world);
}
END_TEST

START_TEST(a_silent_proxy_is_named) {
    struct world world = start(__func__);
    struct answer answer = {.stays = true};
    struct destination *proxy = destination_start_on(world.proxy_port, handle_answer, &answer);

    world.agent = start_agent(&world, "alpha", "127.0.0.1", by(&world, "http", NULL, NULL), NULL, NULL);
    struct process *beta = start_agent(&world, "beta", "127.0.0.1", by(&world, "socks5", NULL, NULL), NULL, NULL);
    const char *who = sandbox_text(world.sandbox, "proxy 127.0.0.1:%u: ", world.proxy_port);
    process_await(world.agent, 0, SILENCE_MS, "cannot connect", "no answer in time", who, NULL);
    process_await(beta, 0, SILENCE_MS, "cannot connect", "did not answer SOCKS5: it may be an HTTP proxy", who, NULL);
    end(&world);
    destination_free(proxy);
}
END_TEST

/* ---- the environment ---- */

START_TEST(the_environment_names_a_proxy_and_exceptions) {
    struct world world = start(__func__);
    struct answer answer = {"HTTP/1.1 502 Bad Gateway\r\n\r\n", false};
    struct destination *proxy = destination_start_on(world.proxy_port, handle_answer, &answer);
    const char *variable = sandbox_text(world.sandbox, "https_proxy=http://bob:hunter2@127.0.0.1:%u", world.proxy_port);

    world.agent = start_agent(&world, "alpha", "127.0.0.1", "", variable, "-v");
    process_await(world.agent, 0, LOG_MS, "configured", "\"proxy_from\":\"https_proxy\"", NULL);
    process_await(world.agent, 0, LOG_MS, "cannot connect", "answered 502", NULL);
    ck_assert_uint_eq(process_count(world.agent, 0, "hunter2", NULL), 0);
    sandbox_end(world.sandbox, world.agent);
    start_agent(&world, "beta", "127.0.0.1", "'proxy': 'none',", variable, NULL);
    agent_await(&world.server, 0, "beta", JOIN_MS);
    expect_relay(&world);
    end(&world);
    destination_free(proxy);
}
END_TEST

START_TEST(a_password_is_refused_in_arguments_and_files) {
    struct world world = start(__func__);
    struct process *agent =
        start_agent(&world, "alpha", "127.0.0.1", "'proxy': 'http://bob:hunter2@h:1',", NULL, "--check-config");

    ck_assert_int_eq(process_wait(agent, ASK_MS), 2);
    const char *output = sandbox_output(world.sandbox, "alpha");
    ck_assert_msg(strstr(output, "proxy_password_file"), "%s", output);
    ck_assert_msg(!strstr(output, "hunter2"), "%s", output);
    const char *open = secret(&world, "open.password", "secret\n");
    ck_assert_int_eq(chmod(open, 0644), 0);
    agent = start_agent(&world, "beta", "127.0.0.1",
                        sandbox_text(world.sandbox, "'proxy': 'http://bob@h:1', 'proxy_password_file': '%s',", open),
                        NULL, "--check-config");
    ck_assert_int_eq(process_wait(agent, ASK_MS), 2);
    ck_assert_ptr_nonnull(strstr(sandbox_output(world.sandbox, "beta"), "open.password"));
    end(&world);
}
END_TEST

SCENARIO_MAIN("agent_proxy", SCENARIO(squid_without_a_password, 90), SCENARIO(squid_with_basic, 90),
              SCENARIO(squid_with_digest, 90), SCENARIO(squid_that_does_not_accept_the_password_until_it_changes, 60),
              SCENARIO(tinyproxy_with_and_without_a_password, 90),
              SCENARIO(tinyproxy_that_does_not_accept_the_password, 60), SCENARIO(dante_without_a_user, 90),
              SCENARIO(dante_with_a_user, 90), SCENARIO(each_lie_is_named_by_log_status_and_check, 60),
              SCENARIO(a_silent_proxy_is_named, 60), SCENARIO(the_environment_names_a_proxy_and_exceptions, 60),
              SCENARIO(a_password_is_refused_in_arguments_and_files, 30))
