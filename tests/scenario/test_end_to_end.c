/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_end_to_end: private services whose bytes the server does not see: that they come through, that they are in no
 * memory of the server, and what two agents do when one has another key, or none, or the server says something else.
 */
#include "config.h"

#include "harness/deadline.h"
#include "harness/destination.h"
#include "harness/munnel.h"
#include "harness/parallel_clients.h"
#include "harness/port.h"
#include "harness/scenario.h"
#include "harness/socket.h"
#include "harness/ssh.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LOG_MS = 15000, RELAY_MS = 30000, RELAYED = 10 * 1000 * 1000, MARKED = 1000000, REGION_MOST = 256 << 20 };

struct world { /* a server with the private service "inner", and agents on both sides of it */
    struct sandbox *sandbox;
    struct server server;
    struct destination *destination;
    struct process *serving, *visiting;
    uint16_t to, port; /* of the destination, of the visitor's side */
    const char *keys, *visitor_keys;
    uint64_t relays;
};

static const char *make_keys(struct world *world, const char *name, uint16_t to) {
    struct sandbox *sandbox = world->sandbox;
    const char *file = sandbox_path(sandbox, "%s", name);
    int code = sandbox_do(sandbox, "key", sandbox_program(sandbox, "munnel"), "key", "new", "--connect",
                          sandbox_text(sandbox, "127.0.0.1:%u", to), "inner", file, NULL);

    ck_assert_msg(code == 0, "%s", sandbox_output(sandbox, "key"));
    return file;
}

/* `members`: "'end_to_end': true,", say. The keys are the same. */
static struct world start_to(const char *name, uint16_t to, const char *members) {
    struct world world = {.sandbox = sandbox_new(name), .to = to, .port = port_take()};
    struct sandbox *sandbox = world.sandbox;
    const char *service =
        sandbox_text(sandbox, "{ 'name': 'inner', 'visitors': '*', %s 'connect': '127.0.0.1:%u' }", members, world.to);

    world.keys = world.visitor_keys = make_keys(&world, "keys.json", world.to);
    world.server = server_start(sandbox, (struct server_plan){.services = service});
    return world;
}

static struct world start(const char *name, const char *members) {
    struct destination *destination = destination_start(handle_exchange, NULL);
    struct world world = start_to(name, destination_port(destination), members);

    world.destination = destination;
    return world;
}

static void end(struct world *world) {
    sandbox_free(world->sandbox);
    if (world->destination)
        destination_free(world->destination);
}

static void start_serving(struct world *world) {
    world->serving = world->keys ? agent_start(&world->server, "serving", NULL, "--end-to-end-keys", world->keys, NULL)
                                 : agent_start(&world->server, "serving", NULL, NULL);
    agent_await(&world->server, 0, "serving", JOIN_MS);
}

/* It serves nothing: what it has no "connect" for it refuses, or it may connect nowhere. */
static void start_visiting(struct world *world) {
    const char *visit = sandbox_text(world->sandbox, "inner=127.0.0.1:%u", world->port);

    world->visiting =
        world->visitor_keys
            ? agent_start(&world->server, "visiting", NULL, "--allow", "192.0.2.1:1", "--visit", visit,
                          "--end-to-end-keys", world->visitor_keys, NULL)
            : agent_start(&world->server, "visiting", NULL, "--allow", "192.0.2.1:1", "--visit", visit, NULL);
}

static void await_line(struct process *process, size_t mark, const char *a, const char *b) {
    free(process_expect(process, mark, LOG_MS, a, b, NULL));
}

static void start_both(struct world *world) {
    start_serving(world);
    start_visiting(world);
    await_line(world->visiting, 0, "visited service is open", "inner");
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

/* ---- what comes through ---- */

START_TEST(bytes_come_through_when_either_agent_was_restarted) {
    struct world world = start(__func__, "'end_to_end': true,");

    start_both(&world);
    expect_relay(&world);
    await_line(world.serving, 0, "\"event\":\"done\"", "\"end_to_end\":\"TLS_AES_128_GCM_SHA256\"");
    await_line(world.visiting, 0, "\"event\":\"done\"", "\"end_to_end\":\"TLS_AES_128_GCM_SHA256\"");
    struct usage serving = usage_of(world.serving), visiting = usage_of(world.visiting);
    serving.extra_links = visiting.extra_links = 2 * SERVER_THREADS;
    serving.extra_heap = visiting.extra_heap = USAGE_BULK_HEAP;
    for (int i = 0; i < 3; i++)
        expect_relay(&world);
    usage_await(world.serving, &serving, RELAY_MS);
    usage_await(world.visiting, &visiting, RELAY_MS);
    sandbox_end(world.sandbox, world.serving);
    start_serving(&world);
    ck_assert(HOLDS_WITHIN(LOG_MS, !socket_is_refused(world.port)));
    expect_relay(&world);
    sandbox_end(world.sandbox, world.visiting);
    start_visiting(&world);
    await_line(world.visiting, 0, "visited service is open", "inner");
    expect_relay(&world);
    end(&world);
}
END_TEST

static void drop_old(struct world *world) {
    struct sandbox *sandbox = world->sandbox;
    int code =
        sandbox_do(sandbox, "drop", sandbox_program(sandbox, "munnel"), "key", "drop-old", "inner", world->keys, NULL);

    ck_assert_msg(code == 0, "%s", sandbox_output(sandbox, "drop"));
}

/* By the new key alone in the end. */
START_TEST(a_key_is_replaced_while_both_agents_run) {
    struct world world = start(__func__, "'end_to_end': true,");

    start_both(&world);
    expect_relay(&world);
    (void)make_keys(&world, "keys.json", world.to);
    drop_old(&world);
    await_line(world.serving, 0, "end-to-end keys reloaded", "");
    await_line(world.visiting, 0, "end-to-end keys reloaded", "");
    expect_relay(&world);
    sandbox_end(world.sandbox, world.visiting); /* the one that comes has only read the new key */
    start_visiting(&world);
    await_line(world.visiting, 0, "visited service is open", "inner");
    expect_relay(&world);
    end(&world);
}
END_TEST

START_TEST(ssh_runs_commands_and_copies_a_file) {
    struct sandbox *peers = sandbox_new("peers");
    const char *sshd = sandbox_peer(peers, "sshd"), *ssh = sandbox_peer(peers, "ssh");

    if (sshd && ssh) {
        struct world world = start_to(__func__, ssh_start_daemon(peers, sshd), "'end_to_end': true,");
        start_both(&world);
        const char *config = ssh_configure(peers, world.port);
        const char *line = sandbox_text(peers,
                                        "head -c 10000000 /dev/urandom > %s/data && %s -F %s 127.0.0.1 cat < %s/data | "
                                        "sha256sum > %s/there && sha256sum < %s/data | cmp - %s/there",
                                        sandbox_folder(peers), ssh, config, sandbox_folder(peers),
                                        sandbox_folder(peers), sandbox_folder(peers), sandbox_folder(peers));
        ck_assert_int_eq(sandbox_do(peers, "copy", "sh", "-c", line, NULL), 0);
        end(&world);
    }
    sandbox_free(peers);
}
END_TEST

struct paths { /* of the links of the visitor, and of the agent that serves */
    struct destination *visiting, *serving;
};

static void cut(void *context, unsigned part) {
    struct paths *paths = context;

    if (part != 1)
        ck_assert_uint_ge(destination_cut_all(paths->visiting), 2);
    if (part != 0)
        ck_assert_uint_ge(destination_cut_all(paths->serving), 2);
}

static void copy_over_cuts(struct world *world, struct sandbox *peers, const char *ssh) {
    uint16_t server_port = world->server.port;
    struct paths paths = {destination_start(handle_forward, &server_port),
                          destination_start(handle_forward, &server_port)};

    world->server.port = destination_port(paths.serving);
    start_serving(world);
    world->server.port = destination_port(paths.visiting);
    start_visiting(world);
    await_line(world->visiting, 0, "visited service is open", "inner");
    ssh_copy_disturbed(peers, ssh, world->port, cut, &paths);
    end(world);
    destination_free(paths.visiting);
    destination_free(paths.serving);
}

START_TEST(ssh_session_survives_cuts_of_the_links_on_either_side) {
    struct sandbox *peers = sandbox_new("peers");
    const char *sshd = sandbox_peer(peers, "sshd"), *ssh = sandbox_peer(peers, "ssh");

    if (sshd && ssh) {
        struct world world = start_to(__func__, ssh_start_daemon(peers, sshd), "'end_to_end': true,");
        copy_over_cuts(&world, peers, ssh);
    }
    sandbox_free(peers);
}
END_TEST

START_TEST(resets_come_through) {
    struct world world = start(__func__, "'end_to_end': true,");

    start_both(&world);
    int client = socket_client(world.port);
    ck_assert(socket_send(client, "x", 1, RELAY_MS));
    destination_await_connections(world.destination, 1, RELAY_MS);
    socket_reset(client);
    destination_await_ended(world.destination, 1, RELAY_MS);
    ck_assert(HOLDS_WITHIN(RELAY_MS, live_of(world.visiting).relays == 0 && live_of(world.serving).relays == 0));
    expect_relay(&world);
    end(&world);
}
END_TEST

/* ---- what the server has in its memory ---- */

static const char marker[] = "no-server-may-see-this-"; /* a part of what is said: this program has it, too */

static bool region_has(int memory, unsigned long from, unsigned long to, const char *wanted) {
    size_t size = to - from, length = strlen(wanted);
    char *bytes = size < REGION_MOST ? malloc(size) : NULL;
    ssize_t got = bytes ? pread(memory, bytes, size, (off_t)from) : -1;
    bool has = got > 0 && memmem(bytes, (size_t)got, wanted, length);

    free(bytes);
    return has;
}

/* In the memory that a process may write. It needs root: Munnel's programs cannot be looked into else. */
static bool memory_has(pid_t pid, const char *wanted) {
    char path[64], line[512];
    bool has = false;

    snprintf(path, sizeof path, "/proc/%d/mem", (int)pid);
    int memory = open(path, O_RDONLY);
    snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    FILE *maps = fopen(path, "r");
    ck_assert(memory >= 0 && maps);
    while (!has && fgets(line, sizeof line, maps)) {
        unsigned long from, to;
        char rights[8];
        if (sscanf(line, "%lx-%lx %7s", &from, &to, rights) == 3 && rights[1] == 'w')
            has = region_has(memory, from, to, wanted);
    }
    fclose(maps);
    close(memory);
    return has;
}

/* Up and back again: a mebibyte of the marker. */
static void say_marker(const struct world *world) {
    static char said[MARKED], heard[MARKED];
    size_t got = 0;

    for (size_t i = 0; i < sizeof said; i++)
        said[i] = marker[i % (sizeof marker - 1)];
    int client = socket_client(world->port);
    ck_assert(socket_send(client, said, sizeof said, RELAY_MS));
    ck_assert_int_eq(socket_read(client, heard, sizeof heard, &got, RELAY_MS), END_NONE);
    ck_assert_uint_eq(got, sizeof heard);
    ck_assert_mem_eq(said, heard, sizeof said);
    close(client);
}

/* Does the server have in its memory what it relays? */
static void look_into_server(const char *name, bool is_inner) {
    struct destination *echo = destination_start(handle_echo, NULL);
    struct world world = start_to(name, destination_port(echo), is_inner ? "'end_to_end': true," : "");

    if (!is_inner)
        world.keys = world.visitor_keys = NULL;
    start_both(&world);
    say_marker(&world);
    ck_assert(memory_has(process_pid(world.serving), marker));
    ck_assert_int_eq(memory_has(process_pid(world.server.process), marker), !is_inner);
    end(&world);
    destination_free(echo);
}

START_TEST(nothing_is_in_the_server_s_memory) {
    if (geteuid() == 0)
        look_into_server(__func__, true);
}
END_TEST

/* Or the test before this could not fail. */
START_TEST(without_it_all_is_in_the_server_s_memory) {
    if (geteuid() == 0)
        look_into_server(__func__, false);
}
END_TEST

/* ---- what does not fit ---- */

static void expect_no_relay(struct world *world) {
    int client = socket_client(world->port);

    (void)socket_send(client, "x", 1, RELAY_MS);
    ck_assert_int_eq(socket_wait_end(client, RELAY_MS), END_RESET);
    close(client);
}

START_TEST(other_keys_are_named_in_both_logs) {
    struct world world = start(__func__, "'end_to_end': true,");

    world.visitor_keys = make_keys(&world, "others.json", world.to);
    start_both(&world);
    expect_no_relay(&world);
    await_line(world.serving, 0, "the keys differ", "inner");
    await_line(world.visiting, 0, "the keys differ", "inner");
    ck_assert_uint_eq(destination_connections(world.destination), 1); /* and got no byte */
    end(&world);
}
END_TEST

/* And does not open it, when another serves it. */
START_TEST(an_agent_without_a_key_refuses_the_service) {
    struct world world = start(__func__, "'end_to_end': true,");

    start_serving(&world);
    world.visitor_keys = NULL;
    start_visiting(&world);
    await_line(world.visiting, 0, "refused a service", "has no key for it");
    await_line(world.visiting, 0, "visited service is closed", "has no key for it");
    ck_assert(socket_is_refused(world.port));
    end(&world);
}
END_TEST

/* As by a server that wants to read it. */
START_TEST(agents_with_keys_speak_no_plain_text) {
    struct world world = start(__func__, "");

    world.keys = NULL;
    start_serving(&world);
    start_visiting(&world);
    await_line(world.visiting, 0, "refused a service", "without end_to_end");
    await_line(world.visiting, 0, "visited service is closed", "without end_to_end");
    ck_assert(socket_is_refused(world.port));
    end(&world);
}
END_TEST

/* Likewise: what is decrypted must not come to a port of the server's choice. */
START_TEST(it_leads_nowhere_but_to_its_key_s_destination) {
    struct world world = start(__func__, "'end_to_end': true,");

    world.keys = make_keys(&world, "elsewhere.json", 1);
    start_serving(&world);
    await_line(world.serving, 0, "refused a service", "its connect is not the one");
    end(&world);
}
END_TEST

SCENARIO_MAIN("end_to_end", SCENARIO(bytes_come_through_when_either_agent_was_restarted, 120),
              SCENARIO(a_key_is_replaced_while_both_agents_run, 60), SCENARIO(ssh_runs_commands_and_copies_a_file, 60),
              SCENARIO(ssh_session_survives_cuts_of_the_links_on_either_side, 120), SCENARIO(resets_come_through, 90),
              SCENARIO(nothing_is_in_the_server_s_memory, 60), SCENARIO(without_it_all_is_in_the_server_s_memory, 60),
              SCENARIO(other_keys_are_named_in_both_logs, 60), SCENARIO(an_agent_without_a_key_refuses_the_service, 60),
              SCENARIO(agents_with_keys_speak_no_plain_text, 60),
              SCENARIO(it_leads_nowhere_but_to_its_key_s_destination, 60))
