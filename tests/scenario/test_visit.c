/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_visit: a private service, which an agent opens on its own side: by ssh, over restarts and cut links, and for
 * those alone that may.
 */
#include "config.h"

#include "harness/attacked_server.h"
#include "harness/deadline.h"
#include "harness/destination.h"
#include "harness/live_relay.h"
#include "harness/munnel.h"
#include "harness/port.h"
#include "harness/scenario.h"
#include "harness/ssh.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ASK_MS = 5000, SOON_MS = 15000, MEGABYTE = 1000000, CONTROL = 0x04 /* a frame's type */ };

struct world { /* office serves the private service echo, laptop visits it */
    struct sandbox *sandbox;
    struct server server;
    struct process *office, *laptop;
    struct destination *echo;
    uint16_t port; /* at the laptop */
    unsigned runs;
};

static const char *private_service(struct sandbox *sandbox, uint16_t to, const char *visitors) {
    return sandbox_text(sandbox, "{ 'name': 'echo', 'group': 'office', 'visitors': '%s', 'connect': '127.0.0.1:%u' }",
                        visitors, to);
}

static struct process *visit(struct server *server, const char *name, const char *group, uint16_t port) {
    return agent_start(server, name, group, "--visit", sandbox_text(server->sandbox, "echo=127.0.0.1:%u", port), NULL);
}

static bool is_open(const struct world *world) {
    return socket_echoes(world->port, ASK_MS);
}

/* `to` 0: an echo. */
static struct world start(const char *name, uint16_t to) {
    struct world world = {.sandbox = sandbox_new(name), .port = port_take()};

    world.echo = to ? NULL : destination_start(handle_echo, NULL);
    const char *service = private_service(world.sandbox, to ? to : destination_port(world.echo), "laptops");
    world.server = server_start(world.sandbox, (struct server_plan){.services = service});
    world.office = agent_join_warm(&world.server, "office", "office");
    world.laptop = visit(&world.server, "laptop", "laptops", world.port);
    process_await(world.laptop, 0, SOON_MS, "visited service is open", NULL);
    agent_await_warm(&world.server, world.laptop);
    return world;
}

static void end(struct world *world) {
    sandbox_free(world->sandbox);
    destination_free(world->echo);
}

START_TEST(ssh_works_by_the_visitors_port_and_leaves_nothing_behind) {
    struct sandbox *probe = sandbox_new("probe");
    const char *sshd = sandbox_peer(probe, "sshd"), *ssh = sandbox_peer(probe, "ssh");

    if (!sshd || !ssh) {
        sandbox_free(probe);
        return;
    }
    struct world world = start(__func__, ssh_start_daemon(probe, sshd));
    struct sandbox *sandbox = world.sandbox;
    struct usage server = usage_of(world.server.process), laptop = usage_of(world.laptop);
    server.extra_links = laptop.extra_links = 4;
    server.extra_heap = laptop.extra_heap = USAGE_BULK_HEAP;
    server.descriptors += 5; /* those links, and the listener that the first visit has opened */
    laptop.descriptors += 4;
    const char *config = ssh_configure(probe, world.port), *data = sandbox_path(sandbox, "data");
    ck_assert_int_eq(sandbox_do(sandbox, "hello", ssh, "-F", config, "127.0.0.1", "echo $((6 * 7)); exit 5", NULL), 5);
    ck_assert_ptr_nonnull(strstr(sandbox_output(sandbox, "hello"), "42"));
    ck_assert_int_eq(sandbox_do(sandbox, "random", "sh", "-c",
                                sandbox_text(sandbox, "head -c %d /dev/urandom > %s", 20 * MEGABYTE, data), NULL),
                     0);
    const char *line = sandbox_text(
        sandbox,
        "test \"$(%s -F %s 127.0.0.1 'tee /dev/stderr' < %s 2>%s.up | sha256sum)\" = \"$(sha256sum < %s)\" && "
        "test \"$(sha256sum < %s.up)\" = \"$(sha256sum < %s)\"",
        ssh, config, data, data, data, data, data);
    ck_assert_int_eq(sandbox_do(sandbox, "both", "sh", "-c", line, NULL), 0);
    usage_await(world.server.process, &server, SOON_MS);
    usage_await(world.laptop, &laptop, SOON_MS);
    end(&world);
    sandbox_free(probe);
}
END_TEST

START_TEST(port_works_again_after_each_restart) {
    struct world world = start(__func__, 0);

    ck_assert(is_open(&world));
    sandbox_kill(world.sandbox, world.office);
    ck_assert(HOLDS_WITHIN(SOON_MS, socket_is_refused(world.port)));
    process_await(world.laptop, 0, SOON_MS, "visited service is closed", "no agent serves it now", NULL);
    world.office = agent_join_warm(&world.server, "office2", "office");
    ck_assert(HOLDS_WITHIN(SOON_MS, is_open(&world)));
    sandbox_kill(world.sandbox, world.laptop);
    ck_assert(HOLDS_WITHIN(SOON_MS, socket_is_refused(world.port)));
    world.laptop = visit(&world.server, "laptop2", "laptops", world.port);
    ck_assert(HOLDS_WITHIN(SOON_MS, is_open(&world)));
    sandbox_kill(world.sandbox, world.server.process);
    ck_assert(HOLDS_WITHIN(SOON_MS, socket_is_refused(world.port)));
    server_start_again(&world.server);
    ck_assert(HOLDS_WITHIN(SOON_MS, is_open(&world)));
    end(&world);
}
END_TEST

START_TEST(relay_goes_on_when_the_links_of_the_visitor_are_cut) {
    struct world world = start(__func__, 0);
    uint16_t server_port = world.server.port, port = port_take();
    struct destination *proxy = destination_start(handle_forward, &server_port);

    world.server.port = destination_port(proxy);
    struct process *laptop = visit(&world.server, "far", "laptops", port);
    process_await(laptop, 0, SOON_MS, "visited service is open", NULL);
    int client = socket_client(port);
    ck_assert(socket_converse(client, "before", ASK_MS));
    (void)destination_cut_all(proxy);
    ck_assert(socket_converse(client, "after", SOON_MS));
    ck_assert(HOLDS_WITHIN(SOON_MS, socket_echoes(port, ASK_MS)));
    close(client);
    sandbox_free(world.sandbox);
    destination_free(proxy);
    destination_free(world.echo);
}
END_TEST

struct paths { /* of the links of the visitor, and of the agent that serves */
    struct destination *visitor, *office;
};

static void cut(void *context, unsigned part) {
    struct paths *paths = context;

    if (part != 1)
        ck_assert_uint_ge(destination_cut_all(paths->visitor), 2);
    if (part != 0)
        ck_assert_uint_ge(destination_cut_all(paths->office), 2);
}

static void copy_over_cuts(const char *name, struct sandbox *peers, const char *sshd, const char *ssh) {
    struct sandbox *sandbox = sandbox_new(name);
    const char *service = private_service(sandbox, ssh_start_daemon(peers, sshd), "laptops");
    struct server server = server_start(sandbox, (struct server_plan){.services = service});
    uint16_t server_port = server.port, port = port_take();
    struct paths paths = {destination_start(handle_forward, &server_port),
                          destination_start(handle_forward, &server_port)};

    server.port = destination_port(paths.office);
    agent_join_warm(&server, "office", "office");
    server.port = destination_port(paths.visitor);
    struct process *laptop = visit(&server, "laptop", "laptops", port);
    process_await(laptop, 0, SOON_MS, "visited service is open", NULL);
    agent_await_warm(&server, laptop);
    ssh_copy_disturbed(peers, ssh, port, cut, &paths);
    sandbox_free(sandbox);
    destination_free(paths.visitor);
    destination_free(paths.office);
}

START_TEST(ssh_session_survives_cuts_of_the_links_on_either_side) {
    struct sandbox *peers = sandbox_new("peers");
    const char *sshd = sandbox_peer(peers, "sshd"), *ssh = sandbox_peer(peers, "ssh");

    if (sshd && ssh)
        copy_over_cuts(__func__, peers, sshd, ssh);
    sandbox_free(peers);
}
END_TEST

/* Another list in the server's file, and SIGHUP. */
static void permit(struct world *world, const char *groups) {
    struct sandbox *sandbox = world->sandbox;
    size_t mark = process_mark(world->server.process);
    const char *edit = sandbox_text(sandbox, "sed -i 's/\"visitors\": *\"[a-z]*\"/\"visitors\": \"%s\"/' %s", groups,
                                    world->server.file);

    ck_assert_int_eq(sandbox_do(sandbox, sandbox_text(sandbox, "edit%u", world->runs++), "sh", "-c", edit, NULL), 0);
    process_signal(world->server.process, SIGHUP);
    process_await(world->server.process, mark, SOON_MS, "configuration reloaded", NULL);
}

static const char *status_of(struct world *world, const char *socket) {
    const char *run = sandbox_text(world->sandbox, "status-%u", world->runs++);

    sandbox_do(world->sandbox, run, sandbox_program(world->sandbox, "munnel"), "status", "--socket", socket, NULL);
    return sandbox_output(world->sandbox, run);
}

static void await_status(struct world *world, const char *socket, const char *what, const char *remedy) {
    const char *status = status_of(world, socket);
    ck_assert_msg(HOLDS_WITHIN(SOON_MS, strstr(status = status_of(world, socket), what) && strstr(status, remedy)),
                  "%s", status);
}

START_TEST(visit_that_is_closed_is_a_problem_with_what_to_do) {
    struct world world = start(__func__, 0);
    const char *socket = sandbox_path(world.sandbox, "second.sock");
    const char *file = sandbox_write(world.sandbox, "second.json", "{'admin': {'socket': 'second.sock'}}", true);
    struct process *second = agent_start(&world.server, "second", "laptops", "--config", file, "--visit",
                                         sandbox_text(world.sandbox, "echo=127.0.0.1:%u", world.port), "--visit",
                                         sandbox_text(world.sandbox, "nothing=127.0.0.1:%u", port_take()), NULL);

    process_await(second, 0, SOON_MS, "visited service is closed", "no such service", NULL);
    await_status(&world, socket, "echo, which this agent visits, is closed", "Stop what has the port");
    await_status(&world, socket, "nothing, which this agent visits, is closed", "munnel service show NAME");
    end(&world);
}
END_TEST

START_TEST(withdrawn_permission_closes_the_port_and_resets_what_runs) {
    struct world world = start(__func__, 0);
    int client = socket_client(world.port);

    ck_assert(socket_converse(client, "hello", ASK_MS));
    permit(&world, "others");
    ck_assert_int_eq(socket_wait_end(client, SOON_MS), END_RESET);
    close(client);
    ck_assert(HOLDS_WITHIN(SOON_MS, socket_is_refused(world.port)));
    process_await(world.laptop, 0, SOON_MS, "visited service is closed", "there is no such service", NULL);
    permit(&world, "laptops");
    ck_assert(HOLDS_WITHIN(SOON_MS, is_open(&world)));
    end(&world);
}
END_TEST

START_TEST(destination_that_is_gone_resets_the_visitors_client) {
    struct world world = start(__func__, 0);

    ck_assert(is_open(&world));
    destination_free(world.echo);
    world.echo = NULL;
    int client = socket_client(world.port);
    ck_assert_int_eq(socket_wait_end(client, SOON_MS), END_RESET);
    close(client);
    end(&world);
}
END_TEST

/* What the visitor gets is limited by its own limit: the agent that serves has none for that direction. */
START_TEST(limit_of_an_agent_holds_back_what_it_gets_as_a_visitor) {
    struct sandbox *sandbox = sandbox_new(__func__);
    struct destination *exchange = destination_start(handle_exchange, NULL);
    struct server server =
        server_start(sandbox,
                     (struct server_plan){.services = private_service(sandbox, destination_port(exchange), "laptops"),
                                          .agents = "'bandwidth_in': '2MB',"});
    const struct exchange_request request = {.tag = 1, .seed = 7, .length = 2 * MEGABYTE};
    struct exchange ours = {.seed = 8};
    struct tally_result wanted;
    uint16_t port = port_take();

    agent_join_warm(&server, "office", "office");
    struct process *laptop = visit(&server, "laptop", "laptops", port);
    process_await(laptop, 0, SOON_MS, "visited service is open", NULL);
    int fd = socket_client(port);
    uint64_t began_ms = now_ms();
    ck_assert(socket_send(fd, &request, sizeof request, ASK_MS));
    socket_exchange(fd, &ours, SOON_MS);
    ck_assert_uint_ge(now_ms() - began_ms, 850); /* 1 s, less the burst */
    close(fd);
    tally_of_source(&wanted, 7, 2 * MEGABYTE);
    ck_assert(tally_same(&ours.received, &wanted));
    sandbox_free(sandbox);
    destination_free(exchange);
}
END_TEST

/* ---- who may not ---- */

static void send_text(struct intruder *intruder, const char *text) {
    ck_assert(intruder_send_frame(intruder, CONTROL, (uint32_t)strlen(text), text, strlen(text)));
}

/* The next message of this op. */
static void await_op(struct intruder *intruder, const char *op, char *text, size_t size) {
    char wanted[64];
    int type;

    snprintf(wanted, sizeof wanted, "\"op\":\"%s\"", op);
    do {
        type = intruder_read_frame(intruder, text, size, ASK_MS);
        ck_assert_int_ne(type, -1);
    } while (type != CONTROL || !strstr(text, wanted));
}

#define VISIT(name) "{\"op\":\"visit\",\"visits\":[{\"id\":1,\"name\":\"" name "\"}]}"
#define VISIT_OPEN(visit)                                                                                              \
    "{\"op\":\"visit_open\",\"visit\":" visit ",\"local\":\"10.0.0.2:2\",\"clients\":["                                \
    "{\"ticket\":7,\"client\":\"10.0.0.1:1\"},{\"ticket\":8,\"client\":\"10.0.0.1:2\"}]}"

static void ask_in_vain(struct attacked_server *attacked_server, void *context) {
    struct attacked_session session =
        attacked_server_join(attacked_server, "mallory",
                             "\"group\":\"mallory\",\"features\":[\"services\",\"visit\"],");
    char known[512], unknown[512], text[512];

    (void)context;
    send_text(session.control, VISIT("private"));
    await_op(session.control, "visit_state", known, sizeof known);
    send_text(session.control, VISIT("nothing"));
    await_op(session.control, "visit_state", unknown, sizeof unknown);
    ck_assert_str_eq(known, unknown);
    ck_assert_ptr_nonnull(strstr(known, "may not visit it"));
    send_text(session.control, VISIT("private"));
    send_text(session.control, VISIT_OPEN("1"));
    await_op(session.control, "visit_refused", known, sizeof known);
    send_text(session.control, VISIT_OPEN("2"));
    await_op(session.control, "visit_refused", unknown, sizeof unknown);
    ck_assert_str_eq(known, unknown);
    ck_assert_ptr_nonnull(strstr(known, "\"tickets\":[7,8]")); /* both by one message */
    send_text(session.control, "{\"op\":\"visit\",\"visits\":7}");
    await_op(session.control, "error", text, sizeof text);
    send_text(session.control, "{\"op\":\"visit_open\",\"visit\":1}");
    await_op(session.control, "error", text, sizeof text);
    send_text(session.control, "{\"op\":\"visit_state\",\"visits\":[]}");
    await_op(session.control, "error", text, sizeof text);
    intruder_free(session.control);
}

START_TEST(who_may_not_visit_does_not_learn_what_there_is) {
    struct attacked_server attacked_server = attacked_server_start(
        __func__, (struct attacked_server_plan){.service = "'group': 'good',",
                                                .others = ", { 'name': 'private', 'group': 'good', 'visitors': "
                                                          "'friends', 'connect': '127.0.0.1:9' }",
                                                .group = "good",
                                                .open = true});
    attacked_server_attack(&attacked_server, ask_in_vain, NULL);
    attacked_server_end(&attacked_server);
}
END_TEST

/* A friend that never answers OPEN, opens more than it may, and goes. */
static void open_in_vain(struct attacked_server *attacked_server, void *context) {
    struct attacked_session session =
        attacked_server_join(attacked_server, "mallory",
                             "\"group\":\"friends\",\"features\":[\"services\",\"visit\"],");
    struct intruder *data = attacked_server_data_link(attacked_server, &session, 0, false);
    char text[65536], open[256];

    (void)context;
    send_text(session.control, VISIT("private"));
    await_op(session.control, "visit_state", text, sizeof text);
    for (unsigned i = 1; i <= 600; i += 2) {
        snprintf(open, sizeof open,
                 "{\"op\":\"visit_open\",\"visit\":1,\"local\":\"10.0.0.2:2\",\"clients\":["
                 "{\"ticket\":%u,\"client\":\"10.0.0.1:1\"},{\"ticket\":%u,\"client\":\"10.0.0.1:2\"}]}",
                 i, i + 1);
        send_text(session.control, open);
    }
    ck_assert_uint_ne(intruder_await(data, INTRUDER_OPEN, ASK_MS), 0);
    ck_assert(HOLDS_WITHIN(SOON_MS, socket_echoes(attacked_server->port, ASK_MS)));
    intruder_free(data);
    intruder_free(session.control);
}

START_TEST(visitor_that_never_takes_its_clients_leaves_nothing_behind) {
    struct attacked_server attacked_server = attacked_server_start(
        __func__, (struct attacked_server_plan){.service = "'group': 'good',",
                                                .others = ", { 'name': 'private', 'group': 'good', 'visitors': "
                                                          "'friends', 'connect': '127.0.0.1:9' }",
                                                .group = "good",
                                                .open = true});
    /* What the first ones leave: the listener that visits need, and structs of clients for the next ones. */
    attacked_server.baseline.descriptors++;
    attacked_server.baseline.extra_heap = MEGABYTE;
    for (int round = 0; round < 4; round++) {
        open_in_vain(&attacked_server, NULL);
        usage_await(attacked_server.server.process, &attacked_server.baseline, SOON_MS);
        if (round < 2)
            attacked_server.baseline = usage_of(attacked_server.server.process);
        attacked_server.baseline.extra_heap = round ? 64 * 1024 : MEGABYTE;
    }
    attacked_server_end(&attacked_server);
}
END_TEST

/* ---- a server that the test plays ---- */

#define SESSION     "0123456789abcdef0123456789abcdef"
#define SESSION_KEY "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
enum { HELLO = 0x01, WELCOME = 0x02 };

struct played {
    struct attacked_server real; /* whose certificate it has */
    int listener;
    uint16_t port; /* of the visit */
    struct process *agent;
    struct intruder *control, *data;
};

static struct intruder *greet(struct played *played, const char *welcome) {
    struct intruder *link = intruder_accept(played->listener, server_pki_file(&played->real.server, "server.pem"),
                                            server_pki_file(&played->real.server, "server.key"), SOON_MS);
    char text[4096];

    ck_assert_ptr_nonnull(link);
    ck_assert_int_eq(intruder_read_frame(link, text, sizeof text, ASK_MS), HELLO);
    if (!welcome) {
        char proof[65];
        intruder_prove(link, PROVE_DATA_SERVER, SESSION_KEY, proof);
        snprintf(text, sizeof text, "{\"proof\":\"%s\"}", proof);
        welcome = text;
    }
    ck_assert(intruder_send_frame(link, WELCOME, (uint32_t)strlen(welcome), welcome, strlen(welcome)));
    return link;
}

static struct played play(const char *name, const char *features) {
    struct played played = {.real = attacked_server_start(name, (struct attacked_server_plan){.open = true,
                                                                                              .no_agent = true}),
                            .listener = socket_listen("127.0.0.1", 0, 64),
                            .port = port_take()};
    struct sandbox *sandbox = played.real.sandbox;

    played.agent = sandbox_run(sandbox, "agent", sandbox_program(sandbox, "munnel-agent"), "--log-format", "json",
                               "--threads", "1", "--ca", server_pki_file(&played.real.server, "ca.pem"), "--visit",
                               sandbox_text(sandbox, "echo=127.0.0.1:%u", played.port),
                               sandbox_text(sandbox, "127.0.0.1:%u", socket_port(played.listener)), NULL);
    played.control = greet(&played, sandbox_text(sandbox,
                                                 "{\"session\":\"" SESSION "\",\"session_key\":\"" SESSION_KEY
                                                 "\",\"server\":\"" SESSION
                                                 "\",\"threads\":1,\"resume\":2,\"features\":[\"services\"%s]}",
                                                 features));
    return played;
}

static void end_play(struct played *played) {
    intruder_free(played->data);
    intruder_free(played->control);
    close(played->listener);
    destination_free(played->real.echo);
    sandbox_free(played->real.sandbox);
}

START_TEST(server_that_is_too_old_leaves_the_port_closed) {
    struct played played = play(__func__, "");

    process_await(played.agent, 0, SOON_MS, "visited service is closed", "too old for visits", NULL);
    ck_assert(socket_is_refused(played.port));
    end_play(&played);
}
END_TEST

/* Of the next two clients, by one message or two. */
static void take_tickets(struct played *played, uint32_t tickets[2]) {
    char text[512];

    for (size_t count = 0; count < 2;) {
        await_op(played->control, "visit_open", text, sizeof text);
        for (const char *at = text; count < 2 && (at = strstr(at, "\"ticket\":")); at++)
            tickets[count++] = (uint32_t)number_in_line(at, "ticket");
    }
}

/* What the agent answers to an OPEN by this ticket. */
static bool is_taken(struct played *played, uint32_t stream, uint32_t ticket) {
    static struct intruder_frames frames;
    char text[512];
    int type;

    intruder_add_part(&frames, &(struct intruder_part){.type = INTRUDER_OPEN, .position = ticket, .epoch = 0x0100},
                      stream);
    ck_assert(intruder_send_frames(played->data, &frames));
    do
        type = intruder_read_frame(played->data, text, sizeof text, ASK_MS);
    while (type >= 0 && type != INTRUDER_OPENED && type != INTRUDER_REFUSED);
    return type == INTRUDER_OPENED;
}

START_TEST(clients_are_taken_by_their_tickets_alone_and_once) {
    struct played played = play(__func__, ",\"visit\"");
    char text[512];

    await_op(played.control, "visit", text, sizeof text);
    send_text(played.control, "{\"op\":\"visit_state\",\"visits\":[{\"id\":0}]}");
    await_op(played.control, "error", text, sizeof text);
    send_text(played.control, "{\"op\":\"visit_state\",\"visits\":[{\"id\":7}]}"); /* of none of its visits */
    send_text(played.control, "{\"op\":\"visit_state\",\"visits\":[{\"id\":1}]}");
    process_await(played.agent, 0, SOON_MS, "visited service is open", NULL);
    played.data = greet(&played, NULL);
    int client = socket_client(played.port), refused = socket_client(played.port);
    uint32_t tickets[2];
    take_tickets(&played, tickets);
    uint32_t ticket = tickets[0], other = tickets[1];
    ck_assert(!is_taken(&played, 1, 0) && !is_taken(&played, 2, ticket + 256));
    ck_assert(is_taken(&played, 3, ticket));
    ck_assert(!is_taken(&played, 4, ticket));
    snprintf(text, sizeof text, "{\"op\":\"visit_refused\",\"tickets\":[%u],\"reason\":\"late\"}", ticket);
    send_text(played.control, text); /* too late */
    snprintf(text, sizeof text, "{\"op\":\"visit_refused\",\"tickets\":[%u],\"reason\":\"no\"}", other);
    send_text(played.control, text);
    ck_assert_int_eq(socket_wait_end(refused, ASK_MS), END_RESET);
    ck_assert(!is_taken(&played, 5, other));
    send_text(played.control, "{\"op\":\"visit_state\",\"visits\":[{\"id\":1,\"reason\":\"not now\"}]}");
    process_await(played.agent, 0, SOON_MS, "visited service is closed", "not now", NULL);
    ck_assert(HOLDS_WITHIN(SOON_MS, socket_is_refused(played.port)));
    ck_assert_int_eq(socket_wait_end(client, 300), END_LATE); /* what runs goes on */
    close(client);
    close(refused);
    end_play(&played);
}
END_TEST

START_TEST(port_that_is_taken_is_tried_again) {
    struct world world = start(__func__, 0);
    struct destination *taker = destination_start(handle_echo, NULL);
    uint16_t port = destination_port(taker);
    struct process *other = visit(&world.server, "other", "laptops", port);

    process_await(other, 0, SOON_MS, "visited service is closed", "in use by another program", NULL);
    destination_free(taker);
    process_await(other, 0, SOON_MS, "visited service is open", NULL);
    ck_assert(HOLDS_WITHIN(SOON_MS, socket_echoes(port, ASK_MS)));
    end(&world);
}
END_TEST

SCENARIO_MAIN("visit", SCENARIO(ssh_works_by_the_visitors_port_and_leaves_nothing_behind, 90),
              SCENARIO(port_works_again_after_each_restart, 120),
              SCENARIO(relay_goes_on_when_the_links_of_the_visitor_are_cut, 60),
              SCENARIO(ssh_session_survives_cuts_of_the_links_on_either_side, 120),
              SCENARIO(withdrawn_permission_closes_the_port_and_resets_what_runs, 90),
              SCENARIO(visit_that_is_closed_is_a_problem_with_what_to_do, 60),
              SCENARIO(limit_of_an_agent_holds_back_what_it_gets_as_a_visitor, 60),
              SCENARIO(destination_that_is_gone_resets_the_visitors_client, 60),
              SCENARIO(server_that_is_too_old_leaves_the_port_closed, 60),
              SCENARIO(clients_are_taken_by_their_tickets_alone_and_once, 60),
              SCENARIO(port_that_is_taken_is_tried_again, 60),
              SCENARIO(who_may_not_visit_does_not_learn_what_there_is, 90),
              SCENARIO(visitor_that_never_takes_its_clients_leaves_nothing_behind, 90))
