/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_listening: what can be set of the sockets of a service: interface, addresses that come later, backlog and
 * keepalive. The server's machine and a client's are two network namespaces with a veth pair between them, so this
 * needs root and iproute2.
 */
#include "config.h"

#include "harness/deadline.h"
#include "harness/destination.h"
#include "harness/munnel.h"
#include "harness/netns.h"
#include "harness/scenario.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { ASK_MS = 10000, PORT = 8001 };
static const char server_address[] = "10.9.0.1", later_address[] = "192.0.2.77";

struct site {
    struct sandbox *sandbox;
    int server_netns, client_netns;
    struct destination *echo;
    struct server server;
    struct process *agent;
};

/* False: namespaces or ip cannot be had here. */
static bool make_network(struct site *site) {
    if (!netns_may_be_made())
        return false;
    site->client_netns = netns_new();
    site->server_netns = netns_new();
    if (!netns_connect("srv0", site->client_netns, "cli0"))
        return false;
    ck_assert(netns_run("ip link set lo up && ip addr add %s/24 dev srv0 && ip link set srv0 up", server_address));
    netns_enter(site->client_netns);
    ck_assert(netns_run("ip addr add 10.9.0.2/24 dev cli0 && ip link set cli0 up"));
    netns_enter(site->server_netns);
    return true;
}

static void write_service(struct site *site, const char *members) {
    sandbox_write(site->sandbox, "echo.json",
                  sandbox_text(site->sandbox, "{ 'name': 'echo', 'connect': '127.0.0.1:%u', %s }",
                               destination_port(site->echo), members),
                  true);
}

/* False: skipped. `members` of the service, with ' for ". */
static bool begin(struct site *site, const char *name, const char *members) {
    *site = (struct site){.sandbox = sandbox_new(name)};
    if (!make_network(site)) {
        sandbox_free(site->sandbox);
        return false;
    }
    site->echo = destination_start(handle_echo, NULL);
    write_service(site, members);
    site->server = server_start(site->sandbox, (struct server_plan){.services = "", .more = "'include': 'echo.json',"});
    site->agent = agent_join_warm(&site->server, "alpha", NULL);
    return true;
}

static void finish(struct site *site) {
    destination_free(site->echo);
    sandbox_free(site->sandbox);
    close(site->server_netns);
    close(site->client_netns);
}

static void reload(struct site *site, const char *members, const char *line) {
    size_t mark = process_mark(site->server.process);
    write_service(site, members);
    process_signal(site->server.process, SIGHUP);
    process_await(site->server.process, mark, ASK_MS, line, NULL);
}

static bool echoes_at(const char *address) {
    int fd = socket_try(address, PORT);
    if (fd < 0)
        return false;
    bool echoes = socket_converse(fd, "hello", ASK_MS);
    close(fd);
    return echoes;
}

/* Whether the client's machine reaches it, and the server's own. */
static void assert_reached(struct site *site, bool by_client, bool by_itself) {
    netns_enter(site->client_netns);
    ck_assert_int_eq(echoes_at(server_address), by_client);
    netns_enter(site->server_netns);
    ck_assert_int_eq(echoes_at("127.0.0.1"), by_itself);
}

START_TEST(clients_come_in_by_the_one_interface) {
    struct site site;
    if (!begin(&site, __func__, "'listen': '0.0.0.0:8001', 'interface': 'srv0'"))
        return;
    assert_reached(&site, true, false);
    reload(&site, "'listen': '0.0.0.0:8001', 'interface': 'lo'", "configuration reloaded");
    assert_reached(&site, false, true);
    reload(&site, "'listen': '0.0.0.0:8001'", "configuration reloaded");
    assert_reached(&site, true, true);
    reload(&site, "'listen': '0.0.0.0:8001', 'interface': 'none9'",
           "listen on the interface \\\"none9\\\" alone: this machine has no such interface");
    assert_reached(&site, true, true);
    finish(&site);
}
END_TEST

START_TEST(address_that_comes_later_is_served_once_it_is_there) {
    struct site site;
    if (!begin(&site, __func__, "'listen': '192.0.2.77:8001', 'freebind': true"))
        return;
    ck_assert(!echoes_at(later_address));
    ck_assert(netns_run("ip addr add %s/32 dev lo", later_address));
    ck_assert(echoes_at(later_address));
    finish(&site);
}
END_TEST

START_TEST(address_that_is_not_there_is_an_error_without_freebind) {
    struct site site;
    if (!begin(&site, __func__, "'listen': '127.0.0.1:8001'"))
        return;
    reload(&site, "'listen': '192.0.2.77:8001'", "this machine has no such address");
    ck_assert(echoes_at("127.0.0.1"));
    finish(&site);
}
END_TEST

/* By what the kernel says of the sockets. */
static bool has_backlog(unsigned backlog) {
    return netns_run("ss -Hltn 'sport = :%d' | grep -q ' %u  *127.0.0.1:%d '", PORT, backlog, PORT);
}

static bool is_asked(void) {
    return netns_run("ss -Htno state established 'sport = :%d' | grep -q 'timer:(keepalive'", PORT);
}

START_TEST(backlog_and_keepalive_are_as_configured_and_change_at_a_reload) {
    struct site site;
    if (!begin(&site, __func__, "'listen': '127.0.0.1:8001', 'backlog': 7"))
        return;
    ck_assert(has_backlog(7));
    int first = socket_connect("127.0.0.1", PORT);
    ck_assert(socket_converse(first, "hello", ASK_MS));
    ck_assert(is_asked());
    reload(&site, "'listen': '127.0.0.1:8001', 'backlog': 9, 'keepalive_idle': 0", "configuration reloaded");
    ck_assert(has_backlog(9));
    close(first);
    int second = socket_connect("127.0.0.1", PORT);
    ck_assert(socket_converse(second, "hello", ASK_MS));
    ck_assert(HOLDS_WITHIN(ASK_MS, !is_asked())); /* the first one's socket may be there still */
    close(second);
    finish(&site);
}
END_TEST

SCENARIO_MAIN("listening", SCENARIO(clients_come_in_by_the_one_interface, 60),
              SCENARIO(address_that_comes_later_is_served_once_it_is_there, 40),
              SCENARIO(address_that_is_not_there_is_an_error_without_freebind, 40),
              SCENARIO(backlog_and_keepalive_are_as_configured_and_change_at_a_reload, 40))
