/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_bans: clients that are banned from behind the firewall are refused at the server, by the service that the agent
 * serves and by no other.
 */
#include "config.h"

#include "harness/attacked_server.h"
#include "harness/deadline.h"
#include "harness/destination.h"
#include "harness/munnel.h"
#include "harness/port.h"
#include "harness/scenario.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ASK_MS = 5000, SOON_MS = 10000, FAIL2BAN_MS = 40000, CONTROL = 0x04 /* a frame's type */ };

struct world { /* a server with one agent, and an echo behind each of two services; a balancer names their clients */
    struct sandbox *sandbox;
    struct server server;
    struct process *agent;
    struct destination *echo;
    const char *socket; /* the agent's */
    uint16_t banning, other;
    unsigned runs;
    const char *output;
};

static struct world start(const char *name) {
    struct world world = {.sandbox = sandbox_new(name), .banning = port_take(), .other = port_take()};
    struct sandbox *sandbox = world.sandbox;

    world.echo = destination_start(handle_echo, NULL);
    const char *banning = service_to(sandbox, "banning", world.banning, destination_port(world.echo),
                                     "'accept_proxy': '127.0.0.1', 'agent_bans': true,");
    const char *other =
        service_to(sandbox, "other", world.other, destination_port(world.echo), "'accept_proxy': '127.0.0.1',");
    world.server =
        server_start(sandbox, (struct server_plan){.services = sandbox_text(sandbox, "%s,%s", banning, other)});
    world.socket = sandbox_path(sandbox, "agent.sock");
    const char *file = sandbox_write(sandbox, "agent.json", "{ 'admin': { 'socket': 'agent.sock' } }", true);
    world.agent = agent_start(&world.server, "alpha", NULL, "--config", file, NULL);
    agent_await(&world.server, 0, "alpha", JOIN_MS);
    agent_await_warm(&world.server, world.agent);
    return world;
}

static void end(struct world *world) {
    sandbox_free(world->sandbox);
    destination_free(world->echo);
}

/* On the agent's machine: "munnel WORD ADDR OPTION...". Returns the exit code. */
static int run(struct world *world, const char *word, const char *address, const char *option) {
    const char *name = sandbox_text(world->sandbox, "run%u", world->runs++);
    int code = sandbox_do(world->sandbox, name, sandbox_program(world->sandbox, "munnel"), word, "--socket",
                          world->socket, address, option, NULL);

    world->output = sandbox_output(world->sandbox, name);
    return code;
}

/* Of a client with this address, as a balancer says. */
static bool is_served(uint16_t port, const char *address) {
    int fd = socket_client(port);
    char text[64];

    ck_assert_int_ge(fd, 0);
    snprintf(text, sizeof text, "PROXY TCP4 %s 192.0.2.254 4711 22\r\n", address);
    (void)socket_send(fd, text, strlen(text), ASK_MS);
    bool serves = socket_converse(fd, "hello", ASK_MS);
    close(fd);
    return serves;
}

START_TEST(ban_by_an_agent_is_obeyed_until_it_is_lifted_and_after_a_restart_of_the_server) {
    struct world world = start("obeyed");

    ck_assert(is_served(world.banning, "192.0.2.1"));
    ck_assert_int_eq(run(&world, "ban", "192.0.2.1", "--service=banning"), 0);
    ck_assert(HOLDS_WITHIN(SOON_MS, !is_served(world.banning, "192.0.2.1")));
    ck_assert(is_served(world.banning, "192.0.2.2"));
    ck_assert(is_served(world.other, "192.0.2.1"));
    sandbox_kill(world.sandbox, world.server.process);
    server_start_again(&world.server);
    agent_await(&world.server, 0, "alpha", JOIN_MS);
    process_await(world.server.process, 0, SOON_MS, "192.0.2.1 is banned", "agent alpha", NULL);
    ck_assert(!is_served(world.banning, "192.0.2.1"));
    ck_assert(is_served(world.banning, "192.0.2.2"));
    ck_assert_int_eq(run(&world, "unban", "192.0.2.1", NULL), 0);
    ck_assert(HOLDS_WITHIN(SOON_MS, is_served(world.banning, "192.0.2.1")));
    end(&world);
}
END_TEST

START_TEST(ban_of_all_services_names_those_that_obey_and_its_network) {
    struct world world = start("named");

    ck_assert_int_eq(run(&world, "ban", "fd00::7", NULL), 0);
    ck_assert_msg(strstr(world.output, "fd00::/64: banned for 1h by the services that let their agents ban: banning\n"),
                  "%s", world.output);
    ck_assert_int_eq(run(&world, "ban", "--json", NULL), 0);
    ck_assert_msg(strstr(world.output, "\"fd00::\""), "%s", world.output);
    ck_assert_int_eq(run(&world, "unban", "fd00::/64", NULL), 0);
    ck_assert_int_eq(run(&world, "ban", "--service=banning", NULL), 0);
    ck_assert_msg(!strstr(world.output, "fd00"), "%s", world.output);
    ck_assert_int_eq(run(&world, "ban", "192.0.2.1", NULL), 0);
    ck_assert_int_eq(run(&world, "ban", "--service=banning", NULL), 0);
    ck_assert_msg(strstr(world.output, "all: by the services that let their agents ban: banning\n"), "%s",
                  world.output);
    end(&world);
}
END_TEST

START_TEST(ban_that_a_service_does_not_let_its_agent_make_is_refused_at_once) {
    struct world world = start("refused");

    ck_assert_int_eq(run(&world, "ban", "192.0.2.1", "--service=other"), 1);
    ck_assert_msg(strstr(world.output, "service other does not let its agents ban"), "%s", world.output);
    ck_assert_int_eq(run(&world, "ban", "192.0.2.1", "--service=third"), 1);
    ck_assert_msg(strstr(world.output, "this agent serves no service third"), "%s", world.output);
    ck_assert_int_eq(run(&world, "ban", "127.0.0.1", NULL), 1);
    ck_assert_msg(strstr(world.output, "this is the agent's machine"), "%s", world.output);
    ck_assert(is_served(world.other, "192.0.2.1"));
    end(&world);
}
END_TEST

START_TEST(client_of_a_relay_is_banned_by_the_id_of_that) {
    struct world world = start("relay");
    char line[512];

    ck_assert(is_served(world.banning, "192.0.2.1"));
    process_await(world.server.process, 0, SOON_MS, "\"relay ", "\"banning\"", "\"done\"", NULL);
    ck_assert_int_eq(sandbox_do(world.sandbox, "relays", sandbox_program(world.sandbox, "munnel"), "relay", "list",
                                "--json", "--state=ended", "--socket", world.socket, NULL),
                     0);
    const char *id = strstr(sandbox_output(world.sandbox, "relays"), "\"id\":\"");
    ck_assert_ptr_nonnull(id);
    snprintf(line, sizeof line, "--relay=%.*s", (int)strcspn(id + 6, "\""), id + 6);
    ck_assert_int_eq(run(&world, "ban", line, "--for=10m"), 0);
    ck_assert_msg(strstr(world.output, "192.0.2.1: banned for 10m"), "%s", world.output);
    ck_assert(HOLDS_WITHIN(SOON_MS, !is_served(world.banning, "192.0.2.1")));
    ck_assert(is_served(world.other, "192.0.2.1"));
    end(&world);
}
END_TEST

/* ---- destinations that know their clients by addresses of the loopback ---- */

/* From 127.0.0.`host`; -1: refused. */
static int client_from(uint8_t host, uint16_t port) {
    struct sockaddr_in from = {.sin_family = AF_INET}, to = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + host - 1u);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ck_assert_int_eq(bind(fd, (const struct sockaddr *)&from, sizeof from), 0);
    if (connect(fd, (const struct sockaddr *)&to, sizeof to) == 0)
        return fd;
    close(fd);
    return -1;
}

/* As the destination sees a client of 127.0.0.`host`. */
static void see(uint8_t host, uint16_t port, int destination, char text[INET_ADDRSTRLEN]) {
    struct sockaddr_in peer;
    socklen_t length = sizeof peer;
    int fd = client_from(host, port), seen = accept(destination, (struct sockaddr *)&peer, &length);

    ck_assert(fd >= 0 && seen >= 0);
    inet_ntop(AF_INET, &peer.sin_addr, text, INET_ADDRSTRLEN);
    close(fd);
    close(seen);
}

static bool is_reset(uint8_t host, uint16_t port) {
    int fd = client_from(host, port);
    bool resets = fd < 0 || socket_wait_end(fd, 500) == END_RESET;

    if (fd >= 0)
        close(fd);
    return resets;
}

static struct world start_loopback(const char *name, uint16_t destination) {
    struct world world = {.sandbox = sandbox_new(name), .banning = port_take()};

    world.server =
        server_start(world.sandbox,
                     (struct server_plan){.services = service_to(world.sandbox, "ssh", world.banning, destination,
                                                                 "'connect_from': 'loopback', 'agent_bans': true,")});
    world.socket = sandbox_path(world.sandbox, "agent.sock");
    const char *file = sandbox_write(world.sandbox, "agent.json", "{ 'admin': { 'socket': 'agent.sock' } }", true);
    world.agent = agent_start(&world.server, "alpha", NULL, "--config", file, NULL);
    agent_await(&world.server, 0, "alpha", JOIN_MS);
    agent_await_warm(&world.server, world.agent);
    return world;
}

START_TEST(each_client_has_its_own_address_at_the_destination_by_which_it_is_banned) {
    int destination = socket_listen("127.0.0.1", 0, 16);
    struct world world = start_loopback("loopback", socket_port(destination));
    char one[INET_ADDRSTRLEN], again[INET_ADDRSTRLEN], other[INET_ADDRSTRLEN];

    see(2, world.banning, destination, one);
    see(2, world.banning, destination, again);
    see(3, world.banning, destination, other);
    ck_assert_str_eq(one, again);
    ck_assert_str_ne(one, other);
    ck_assert_int_eq(strncmp(one, "127.", 4), 0);
    long second = strtol(one + 4, NULL, 10);
    ck_assert(second >= 64 && second < 128);
    ck_assert_int_eq(run(&world, "ban", one, "--service=ssh"), 0);
    ck_assert_msg(strstr(world.output, "127.0.0.2: banned"), "%s", world.output);
    ck_assert(HOLDS_WITHIN(SOON_MS, is_reset(2, world.banning)));
    ck_assert(!is_reset(3, world.banning));
    ck_assert_int_eq(run(&world, "unban", one, "--service=ssh"), 0);
    ck_assert(HOLDS_WITHIN(SOON_MS, !is_reset(2, world.banning)));
    ck_assert_int_eq(run(&world, "ban", "127.77.7.7", NULL), 1); /* of nobody */
    ck_assert_msg(strstr(world.output, "no client that is known"), "%s", world.output);
    close(destination);
    end(&world);
}
END_TEST

/* ---- fail2ban ---- */

static const char *start_sshd(struct sandbox *sandbox, const char *sshd, uint16_t port) {
    const char *log = sandbox_path(sandbox, "auth.log");

    sandbox_do(sandbox, "host_key", "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", sandbox_path(sandbox, "host"),
               NULL);
    sandbox_do(sandbox, "own_key", "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", sandbox_path(sandbox, "id"),
               NULL);
    const char *file = sandbox_write(sandbox, "sshd_config",
                                     sandbox_text(sandbox,
                                                  "Port %u\nListenAddress 127.0.0.1\nHostKey %s\nPidFile none\n"
                                                  "AuthorizedKeysFile %s.pub\nStrictModes no\nUsePAM no\n"
                                                  "PasswordAuthentication yes\nKbdInteractiveAuthentication no\n"
                                                  "PermitRootLogin yes\n",
                                                  port, sandbox_path(sandbox, "host"), sandbox_path(sandbox, "id")),
                                     false);
    mkdir("/run/sshd", 0755); /* its service would make it */
    /* As syslog has it. */
    const char *script = sandbox_text(sandbox,
                                      "%s -D -e -f %s 2>&1 | while read -r line; do echo \"$(date '+%%b %%d %%T') host "
                                      "sshd[7]: $line\"; done >%s",
                                      sshd, file, log);
    sandbox_run(sandbox, "sshd", "sh", "-c", script, NULL);
    ck_assert(HOLDS_WITHIN(SOON_MS, !socket_is_refused(port)));
    return log;
}

static void start_fail2ban(struct world *world, const char *server, const char *log) {
    struct sandbox *sandbox = world->sandbox;
    const char *folder = sandbox_path(sandbox, "f2b");

    mkdir(folder, 0755);
    ck_assert_int_eq(sandbox_do(sandbox, "filters", "cp", "-r", "/etc/fail2ban/filter.d", folder, NULL), 0);
    mkdir(sandbox_path(sandbox, "f2b/action.d"), 0755);
    ck_assert_int_eq(sandbox_do(sandbox, "action", "cp",
                                sandbox_text(sandbox, "%s/contrib/fail2ban/munnel.conf", getenv("top_srcdir")),
                                sandbox_path(sandbox, "f2b/action.d"), NULL),
                     0);
    sandbox_write(sandbox, "f2b/fail2ban.conf",
                  sandbox_text(sandbox,
                               "[DEFAULT]\nloglevel = INFO\nlogtarget = %s\nsyslogsocket = auto\nsocket = %s\n"
                               "pidfile = %s\ndbfile = None\ndbpurgeage = 1d\n[Definition]\n",
                               sandbox_path(sandbox, "f2b.log"), sandbox_path(sandbox, "f2b.sock"),
                               sandbox_path(sandbox, "f2b.pid")),
                  false);
    sandbox_write(sandbox, "f2b/jail.conf",
                  sandbox_text(sandbox,
                               "[DEFAULT]\n[munnel-sshd]\nenabled = true\nfilter = sshd\nbackend = polling\n"
                               "logpath = %s\nmaxretry = 3\nfindtime = 10m\nbantime = 1h\nusedns = no\n"
                               "ignoreip = 127.0.0.1 ::1\nignoreself = false\n"
                               "action = munnel[service=\"ssh\", munnel=\"%s\", socket=\"--socket=%s\"]\n",
                               log, sandbox_program(sandbox, "munnel"), world->socket),
                  false);
    sandbox_run(sandbox, "fail2ban", server, "-f", "-c", folder, "-s", sandbox_path(sandbox, "f2b.sock"), "-p",
                sandbox_path(sandbox, "f2b.pid"), "start", NULL);
    ck_assert(HOLDS_WITHIN(FAIL2BAN_MS, access(sandbox_path(sandbox, "f2b.sock"), F_OK) == 0));
}

/* As the client 127.0.0.`host`; the exit code of ssh. */
static int try_ssh(struct world *world, const char *host, bool has_key) {
    const char *name = sandbox_text(world->sandbox, "ssh%u", world->runs++);
    const char *common =
        sandbox_text(world->sandbox,
                     "ssh -o BindAddress=127.0.0.%s -o Port=%u -o StrictHostKeyChecking=no "
                     "-o UserKnownHostsFile=/dev/null -o NumberOfPasswordPrompts=1 -o IdentitiesOnly=yes ",
                     host, world->banning);
    const char *line =
        has_key ? sandbox_text(world->sandbox, "%s -i %s -o BatchMode=yes root@127.0.0.1 true", common,
                               sandbox_path(world->sandbox, "id"))
                : sandbox_text(world->sandbox,
                               "sshpass -p wrong %s -o PubkeyAuthentication=no nobody-here@127.0.0.1 true", common);
    int code = sandbox_do(world->sandbox, name, "sh", "-c", sandbox_text(world->sandbox, "%s || exit 1", line), NULL);

    world->output = sandbox_output(world->sandbox, name);
    return code;
}

START_TEST(fourth_wrong_password_meets_the_edge_of_the_server_and_others_get_in) {
    struct sandbox *probe = sandbox_new("probe");
    const char *sshd = sandbox_peer(probe, "sshd"), *server = sandbox_peer(probe, "fail2ban-server");
    bool has_all = sshd && server && sandbox_peer(probe, "sshpass") && geteuid() == 0;
    uint16_t port = port_take();

    if (!has_all) {
        sandbox_free(probe);
        return;
    }
    struct world world = start_loopback("fail2ban", port);
    const char *log = start_sshd(world.sandbox, sshd, port);
    start_fail2ban(&world, server, log);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_ne(try_ssh(&world, "2", false), 0);
        ck_assert_msg(strstr(world.output, "Permission denied"), "%s", world.output);
    }
    process_await(world.server.process, 0, FAIL2BAN_MS, "127.0.0.2 is banned", "agent alpha", "fail2ban munnel-sshd",
                  NULL);
    ck_assert_int_ne(try_ssh(&world, "2", false), 0);
    ck_assert_msg(!strstr(world.output, "Permission denied"), "%s", world.output); /* it never met sshd */
    process_await(world.server.process, 0, SOON_MS, "client refused", "banned for a time", NULL);
    ck_assert_msg(try_ssh(&world, "3", true) == 0, "%s", world.output);
    end(&world);
    sandbox_free(probe);
}
END_TEST

/* ---- hostile agents ---- */

/* Ids are small numbers: those of all services, and of none. */
static void ban_everybody(struct attacked_server *attacked_server, void *context) {
    struct attacked_session session = attacked_server_join(attacked_server, "mallory", "\"group\":\"mallory\",");
    char text[128];

    (void)context;
    for (unsigned id = 0; id < 10; id++) {
        snprintf(text, sizeof text,
                 "{\"op\":\"bans\",\"add\":[{\"service\":%u,\"address\":\"127.0.0.1\",\"for_s\":60}]}", id);
        ck_assert(intruder_send_frame(session.control, CONTROL, (uint32_t)strlen(text), text, strlen(text)));
    }
    ck_assert(HOLDS_WITHIN(SOON_MS, socket_echoes(attacked_server->port, ASK_MS)));
    intruder_free(session.control);
}

START_TEST(hostile_agent_cannot_ban_by_a_service_of_another_group) {
    struct attacked_server attacked_server =
        attacked_server_start(__func__, (struct attacked_server_plan){.service = "'group': 'good', 'agent_bans': true,",
                                                                      .group = "good",
                                                                      .open = true});
    attacked_server_attack(&attacked_server, ban_everybody, NULL);
    attacked_server_end(&attacked_server);
}
END_TEST

SCENARIO_MAIN("bans", SCENARIO(ban_by_an_agent_is_obeyed_until_it_is_lifted_and_after_a_restart_of_the_server, 60),
              SCENARIO(ban_that_a_service_does_not_let_its_agent_make_is_refused_at_once, 60),
              SCENARIO(ban_of_all_services_names_those_that_obey_and_its_network, 60),
              SCENARIO(client_of_a_relay_is_banned_by_the_id_of_that, 60),
              SCENARIO(each_client_has_its_own_address_at_the_destination_by_which_it_is_banned, 60),
              SCENARIO(fourth_wrong_password_meets_the_edge_of_the_server_and_others_get_in, 120),
              SCENARIO(hostile_agent_cannot_ban_by_a_service_of_another_group, 90))
