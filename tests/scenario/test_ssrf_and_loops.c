/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_ssrf_and_loops: a server that was broken into, or whose file is wrong, orders its agent about: to the addresses
 * that hand out a machine's secrets, to what --allow does not name, and round in circles.
 */
#include "config.h"

#include "harness/deadline.h"
#include "harness/destination.h"
#include "harness/munnel.h"
#include "harness/port.h"
#include "harness/scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ASK_MS = 5000, REST_MS = 15000, HOPS = 4, RELAYS_MOST = 40, CLIENTS = 8 };

struct orders { /* a server with the services of the test, its agent, and both at baseline */
    struct sandbox *sandbox;
    struct server server;
    struct process *agent;
    struct usage server_peace, agent_peace;
};

/* `rule`: the agent's --allow; NULL: none. */
static struct orders orders_start(struct sandbox *sandbox, const char *services, const char *rule) {
    struct orders orders = {.sandbox = sandbox};
    orders.server = server_start(sandbox, (struct server_plan){.services = services});
    if (rule) {
        orders.agent = agent_start(&orders.server, "alpha", NULL, "--allow", rule, NULL);
        agent_await(&orders.server, 0, "alpha", JOIN_MS);
        agent_await_warm(&orders.server, orders.agent);
    } else {
        orders.agent = agent_join_warm(&orders.server, "alpha", NULL);
    }
    orders.server_peace = usage_of(orders.server.process);
    orders.agent_peace = usage_of(orders.agent);
    return orders;
}

static void orders_end(struct orders *orders) {
    usage_await(orders->server.process, &orders->server_peace, REST_MS);
    usage_await(orders->agent, &orders->agent_peace, REST_MS);
    sandbox_free(orders->sandbox);
}

static void assert_reset(uint16_t port) {
    int fd = socket_client(port);
    ck_assert_int_eq(socket_wait_end(fd, ASK_MS), END_RESET);
    close(fd);
}

/* The client is reset, and both logs say of which service and address, and why; the agent's when it was announced. */
static void assert_denied(struct orders *orders, uint16_t port, const char *service, const char *address) {
    size_t mark = process_mark(orders->server.process);
    assert_reset(port);
    process_await(orders->server.process, mark, ASK_MS, "\"warning\"", service, address,
                  "not allowed by this agent's rules", "refused by a rule", NULL);
    process_await(orders->agent, 0, ASK_MS, service, address, "not allowed by this agent's rules", NULL);
}

START_TEST(without_rules_only_sensitive_addresses_are_refused) {
    struct sandbox *sandbox = sandbox_new(__func__);
    struct destination *echo = destination_start_at("0.0.0.0", handle_echo, NULL);
    uint16_t meta = port_take(), every = port_take(), fine = port_take(), to = destination_port(echo);
    const char *services =
        sandbox_text(sandbox, "%s, %s, %s", service_text(sandbox, "meta", meta, "169.254.169.254:80", NULL),
                     service_text(sandbox, "every", every, sandbox_text(sandbox, "0.0.0.0:%u", to), NULL),
                     service_to(sandbox, "fine", fine, to, NULL));
    struct orders orders = orders_start(sandbox, services, NULL);
    assert_denied(&orders, meta, "meta", "169.254.169.254:80");
    assert_denied(&orders, every, "every", "0.0.0.0:");
    ck_assert(socket_echoes(fine, ASK_MS));
    ck_assert_uint_eq(destination_connections(echo), 1);
    orders_end(&orders);
    destination_free(echo);
}
END_TEST

/* A container engine's socket is as good as a shell: "*" does not mean it either. */
START_TEST(a_unix_socket_is_dialled_only_by_a_rule_of_its_own) {
    static const char *const rules[] = {NULL, "*", "127.0.0.1"};
    struct sandbox *sandbox = sandbox_new(__func__);
    const char *path = sandbox_text(sandbox, "unix:%s", sandbox_path(sandbox, "engine.sock"));
    struct destination *engine = destination_start_at(path, handle_echo, NULL);
    uint16_t port = port_take();
    struct server server =
        server_start(sandbox, (struct server_plan){.services = service_text(sandbox, "engine", port, path, NULL)});
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        size_t mark = process_mark(server.process);
        struct process *agent = agent_start(&server, "alpha", NULL, rules[i] ? "--allow" : NULL, rules[i], NULL);
        agent_await(&server, mark, "alpha", JOIN_MS);
        assert_reset(port);
        process_await(agent, 0, ASK_MS, path, "not allowed by this agent's rules", "--allow", NULL);
        sandbox_end(sandbox, agent);
    }
    ck_assert_uint_eq(destination_connections(engine), 0);
    size_t mark = process_mark(server.process);
    agent_start(&server, "alpha", NULL, "--allow", path, NULL);
    agent_await(&server, mark, "alpha", JOIN_MS);
    ck_assert(socket_echoes(port, ASK_MS));
    destination_free(engine);
    sandbox_free(sandbox);
}
END_TEST

START_TEST(with_rules_nothing_else_is_dialled) {
    struct sandbox *sandbox = sandbox_new(__func__);
    struct destination *echo = destination_start(handle_echo, NULL);
    uint16_t meta = port_take(), shell = port_take(), path = port_take(), fine = port_take();
    const char *services =
        sandbox_text(sandbox, "%s, %s, %s, %s", service_text(sandbox, "meta", meta, "169.254.169.254:80", NULL),
                     service_text(sandbox, "shell", shell, "127.0.0.1:22", NULL),
                     service_text(sandbox, "path", path, "unix:/run/dbus/system_bus_socket", NULL),
                     service_to(sandbox, "fine", fine, destination_port(echo), NULL));
    struct orders orders =
        orders_start(sandbox, services, sandbox_text(sandbox, "127.0.0.1:%u", destination_port(echo)));
    assert_denied(&orders, meta, "meta", "169.254.169.254:80");
    assert_denied(&orders, shell, "shell", "127.0.0.1:22");
    assert_denied(&orders, path, "path", "unix:/run/dbus/system_bus_socket");
    ck_assert(socket_echoes(fine, ASK_MS));
    orders_end(&orders);
    destination_free(echo);
}
END_TEST

/* A sensitive address that one can reach here: this host, by the name that is none. */
START_TEST(a_sensitive_address_is_dialled_when_a_rule_spells_it_out) {
    struct sandbox *sandbox = sandbox_new(__func__);
    struct destination *echo = destination_start_at("0.0.0.0", handle_echo, NULL);
    uint16_t every = port_take();
    const char *address = sandbox_text(sandbox, "0.0.0.0:%u", destination_port(echo));
    struct orders orders = orders_start(sandbox, service_text(sandbox, "every", every, address, NULL), address);
    ck_assert(socket_echoes(every, ASK_MS));
    orders_end(&orders);
    destination_free(echo);
}
END_TEST

/* ---- loops ---- */

/* A client of `port` goes round until the agent knows itself; then everything that was begun for it ends. */
static void assert_loop(struct orders *orders, uint16_t port) {
    size_t mark = process_mark(orders->agent), servers_mark = process_mark(orders->server.process);
    unsigned long long before = live_of(orders->agent).relays_ended;
    int fd = socket_client(port);
    ck_assert(socket_send(fd, "round", 5, ASK_MS));
    ck_assert_int_eq(socket_wait_end(fd, ASK_MS), END_RESET);
    close(fd);
    process_await(orders->agent, mark, ASK_MS, "\"warning\"", "a loop: service", "leads back to its server", NULL);
    process_await(orders->server.process, servers_mark, ASK_MS, "\"warning\"", "a loop: service", "refused by a rule",
                  NULL);
    usage_await(orders->agent, &orders->agent_peace, REST_MS);
    unsigned long long begun = live_of(orders->agent).relays_ended - before;
    ck_assert_uint_ge(begun, HOPS + 1);
    ck_assert_uint_le(begun, RELAYS_MOST); /* loop_detect.h lists the hops that are not seen */
    ck_assert_uint_eq(process_count(orders->agent, mark, "\"warning\"", "a loop: service", NULL), 1);
}

START_TEST(a_service_that_leads_to_itself_is_a_loop) {
    struct sandbox *sandbox = sandbox_new(__func__);
    uint16_t loop = port_take();
    struct orders orders = orders_start(sandbox, service_to(sandbox, "loop", loop, loop, NULL), NULL);
    assert_loop(&orders, loop);
    orders_end(&orders);
}
END_TEST

START_TEST(two_services_that_lead_to_each_other_are_a_loop) {
    struct sandbox *sandbox = sandbox_new(__func__);
    uint16_t there = port_take(), back = port_take();
    const char *services = sandbox_text(sandbox, "%s, %s", service_to(sandbox, "there", there, back, NULL),
                                        service_to(sandbox, "back", back, there, NULL));
    struct orders orders = orders_start(sandbox, services, NULL);
    assert_loop(&orders, there);
    assert_loop(&orders, back);
    orders_end(&orders);
}
END_TEST

/* A service may well be the way to another one, as often as the limit of hops allows. */
START_TEST(a_chain_of_services_is_no_loop) {
    struct sandbox *sandbox = sandbox_new(__func__);
    struct destination *echo = destination_start(handle_echo, NULL);
    uint16_t ports[HOPS + 1] = {[HOPS] = destination_port(echo)};
    const char *services = "";
    for (int i = HOPS - 1; i >= 0; i--) {
        ports[i] = port_take();
        services = sandbox_text(sandbox, "%s%s%s",
                                service_to(sandbox, sandbox_text(sandbox, "hop%d", i), ports[i], ports[i + 1], NULL),
                                *services ? ", " : "", services);
    }
    struct orders orders = orders_start(sandbox, services, NULL);
    int fds[CLIENTS];
    for (int i = 0; i < CLIENTS; i++) {
        fds[i] = socket_client(ports[0]);
        ck_assert_msg(socket_converse(fds[i], "far away", ASK_MS), "client %d", i);
    }
    for (int i = 0; i < CLIENTS; i++) { /* all of them live at once, and are whole to their end */
        ck_assert(socket_converse(fds[i], "still there", ASK_MS));
        socket_finish(fds[i]);
        ck_assert_int_eq(socket_wait_end(fds[i], ASK_MS), END_FILE);
        close(fds[i]);
    }
    ck_assert_uint_eq(process_count(orders.agent, 0, "a loop", NULL), 0);
    orders_end(&orders);
    destination_free(echo);
}
END_TEST

SCENARIO_MAIN("ssrf_and_loops", SCENARIO(without_rules_only_sensitive_addresses_are_refused, 40),
              SCENARIO(a_unix_socket_is_dialled_only_by_a_rule_of_its_own, 60),
              SCENARIO(with_rules_nothing_else_is_dialled, 40),
              SCENARIO(a_sensitive_address_is_dialled_when_a_rule_spells_it_out, 40),
              SCENARIO(a_service_that_leads_to_itself_is_a_loop, 40),
              SCENARIO(two_services_that_lead_to_each_other_are_a_loop, 40),
              SCENARIO(a_chain_of_services_is_no_loop, 40))
