/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_reload: certificates and the agents file change under a running server; and what the process itself may do.
 */
#include "config.h"

#include "harness/certs.h"
#include "harness/crowd.h"
#include "harness/deadline.h"
#include "harness/munnel.h"
#include "harness/port.h"
#include "harness/scenario.h"

#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { SAYS_MS = 5000, ASK_MS = 5000, SOON_MS = 2000, WRONG_USAGE = 2, FAILED = 1, TURNED_AWAY = 3 };

static const char *in_pki(const struct server *server, const char *name) {
    return stand_text(server->stand, "%s/%s", server->pki, name);
}

static void write_text(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    ck_assert_msg(file != NULL, "cannot write %s", path);
    fputs(text, file);
    ck_assert_int_eq(fclose(file), 0);
}

/* --- certificates --- */

/* The next certificate and key take the place of those in use, as who renews them does it: one after the other. */
static void renew(const struct server *server, const char *name) {
    struct certs_plan plan = {.folder = server->pki,
                              .name = name,
                              .names = "DNS:localhost, IP:127.0.0.1",
                              .to_days = 90};
    certs_make(&plan);
    ck_assert_int_eq(rename(in_pki(server, stand_text(server->stand, "%s.pem", name)), in_pki(server, "server.pem")),
                     0);
    ck_assert_int_eq(rename(in_pki(server, stand_text(server->stand, "%s.key", name)), in_pki(server, "server.key")),
                     0);
}

struct load {
    const struct simple *simple;
    struct destination *destination;
    atomic_bool over;
    atomic_uint relays;
};

enum { RENEWALS = 3, CROWD = 4, MANY = 1000000 };

/* Job 0 renews, the others relay until it is done. */
static const char *relay_or_renew(unsigned job, void *context) {
    struct load *load = context;
    if (job > 0) {
        if (atomic_load(&load->over))
            return NULL;
        struct relayed relayed = {
            .port = load->simple->port, .destination = load->destination, .tag = job, .up = 20000, .down = 50000};
        atomic_fetch_add(&load->relays, 1);
        return relayed_differs(&relayed, ASK_MS);
    }
    for (unsigned i = 0; i < RENEWALS; i++) {
        struct process *server = load->simple->server.process;
        size_t mark = process_mark(server);
        renew(&load->simple->server, i % 2 ? "odd" : "even");
        char *line = process_seek(server, mark, SAYS_MS, "read the certificates again", NULL);
        free(line);
        if (!line)
            return "the server did not read its new certificate";
    }
    atomic_store(&load->over, true);
    return NULL;
}

START_TEST(certificates_are_renewed_under_load_and_nothing_is_lost) {
    struct destination *destination = destination_start(serve_exchange, NULL);
    struct simple simple = simple_start(__func__, destination_port(destination), NULL, NULL);
    struct stand *stand = simple.stand;
    struct load load = {.simple = &simple, .destination = destination};
    char old_pin[80], new_pin[80];
    certs_pin(simple.server.pki, "server", old_pin);
    crowd_run(CROWD, MANY, relay_or_renew, &load);
    ck_assert_uint_gt(load.relays, 50);
    ck_assert_uint_eq(process_count(simple.server.process, 0, "\"cut\"", NULL), 0);
    ck_assert_uint_eq(process_count(simple.server.process, 0, "\"lost\"", NULL), 0);
    ck_assert_uint_eq(process_count(simple.server.process, 0, "keeps the certificates", NULL), 0);

    /* Who comes now meets the new key. */
    const char *token = in_pki(&simple.server, "agent.token"), *program = stand_program(stand, "munnel-agent");
    const char *at = stand_text(stand, "127.0.0.1:%u", simple.server.port);
    certs_pin(simple.server.pki, "server", new_pin);
    stand_run(stand, "new", program, "--pin", new_pin, "--token-file", token, "--name", "new", at, NULL);
    agent_await(&simple.server, 0, "new", JOIN_MS);
    struct process *old =
        stand_run(stand, "old", program, "--pin", old_pin, "--token-file", token, "--name", "old", at, NULL);
    process_await(old, 0, SAYS_MS, "not the pinned one", NULL);
    stand_free(stand);
    destination_free(destination);
}
END_TEST

struct steady { /* a server with an agent, and a relay that must outlive what the test does */
    struct simple simple;
    struct destination *echo;
    int client;
};

static struct steady steady_start(const char *name) {
    struct steady steady = {.echo = destination_start(serve_echo, NULL)};
    steady.simple = simple_start(name, destination_port(steady.echo), NULL, NULL);
    steady.client = socket_client(steady.simple.port);
    ck_assert(socket_converse(steady.client, "before", ASK_MS));
    return steady;
}

static void steady_end(struct steady *steady) {
    ck_assert(socket_converse(steady->client, "after", ASK_MS));
    ck_assert(socket_echoes(steady->simple.port, ASK_MS));
    close(steady->client);
    stand_free(steady->simple.stand);
    destination_free(steady->echo);
}

static int check(const struct server *server, const char *name) {
    struct stand *stand = server->stand;
    return stand_do(stand, name, stand_program(stand, "munneld"), "--config", server->file, "--check", NULL);
}

START_TEST(key_that_everybody_may_read_is_refused_everywhere) {
    struct steady steady = steady_start(__func__);
    struct server *server = &steady.simple.server;
    const char *key = in_pki(server, "server.key");
    ck_assert_int_eq(check(server, "right"), 0);
    ck_assert_int_eq(chmod(key, 0644), 0);
    process_await(server->process, 0, SAYS_MS, "keeps the certificates", "server.key", "0644", NULL);
    ck_assert_int_eq(check(server, "wrong"), WRONG_USAGE);
    ck_assert_ptr_nonnull(strstr(stand_output(server->stand, "wrong"), "server.key"));
    size_t mark = process_mark(server->process);
    ck_assert_int_eq(chmod(key, 0600), 0);
    process_await(server->process, mark, SAYS_MS, "read the certificates again", NULL);
    ck_assert_uint_eq(process_count(server->process, 0, "keeps the certificates", NULL), 1);
    steady_end(&steady);
}
END_TEST

START_TEST(key_of_another_certificate_is_found_and_not_used) {
    struct steady steady = steady_start(__func__);
    struct server *server = &steady.simple.server;
    struct certs_plan plan = {.folder = server->pki,
                              .name = "other",
                              .names = "DNS:localhost, IP:127.0.0.1",
                              .to_days = 90};
    certs_make(&plan);
    ck_assert_int_eq(rename(in_pki(server, "other.key"), in_pki(server, "server.key")), 0);
    process_await(server->process, 0, SAYS_MS, "keeps the certificates", "is not the key of", NULL);
    ck_assert_int_eq(check(server, "check"), WRONG_USAGE);
    ck_assert_ptr_nonnull(strstr(stand_output(server->stand, "check"), "is not the key of"));
    agent_join(server, "beta", NULL); /* by the old pair */
    steady_end(&steady);
}
END_TEST

START_TEST(certificate_that_ends_soon_is_announced) {
    struct steady steady = steady_start(__func__);
    struct server *server = &steady.simple.server;
    struct certs_plan plan = {.folder = server->pki, .name = "short", .names = "IP:127.0.0.1", .to_days = 6};
    certs_make(&plan);
    ck_assert_int_eq(rename(in_pki(server, "short.pem"), in_pki(server, "server.pem")), 0);
    ck_assert_int_eq(rename(in_pki(server, "short.key"), in_pki(server, "server.key")), 0);
    process_await(server->process, 0, SAYS_MS, "\"warning\"", "server.pem expires in ", NULL);
    steady_end(&steady);
}
END_TEST

/* --- the agents file --- */

static void tool(struct server *server, const char *command) {
    struct stand *stand = server->stand;
    const char *line = stand_text(stand, "umask 077; exec '%s' agent %s --config '%s' >'%s/code'",
                                  stand_program(stand, "munnel"), command, server->file, stand_folder(stand));
    int code = stand_do(stand, "tool", "sh", "-c", line, NULL);
    ck_assert_msg(code == 0, "%s: %s", command, stand_output(stand, "tool"));
}

START_TEST(agent_is_added_and_revoked_while_all_runs) {
    struct steady steady = steady_start(__func__);
    struct server *server = &steady.simple.server;
    struct stand *stand = server->stand;
    tool(server, stand_text(stand, "add beta --server 127.0.0.1:%u", server->port));
    stand_end(stand, steady.simple.agent); /* so that beta alone serves */
    ck_assert_int_eq(socket_wait_end(steady.client, ASK_MS), END_RESET);
    struct process *beta =
        agent_start(server, "beta", NULL, "--join", stand_text(stand, "%s/code", stand_folder(stand)), NULL);
    agent_await(server, 0, "beta", SOON_MS + SAYS_MS);
    int client = socket_client(steady.simple.port);
    ck_assert(socket_converse(client, "by beta", ASK_MS));

    uint64_t deadline = deadline_in(SOON_MS);
    tool(server, "revoke beta");
    ck_assert_int_eq(socket_wait_end(client, deadline_left(deadline)), END_RESET);
    process_await(server->process, 0, SAYS_MS, "agent beta", "sent away", "its credential was revoked", NULL);
    process_await(beta, 0, SAYS_MS, "turned this agent away", NULL);
    ck_assert_msg(HOLDS_WITHIN(SAYS_MS, live_of(server->process).links == 0), "links of the revoked agent are left");
    ck_assert_uint_eq(live_of(server->process).relays, 0);

    close(client);
    close(steady.client);
    agent_start(server, "gamma", NULL, "--token-file", in_pki(server, "agent.token"), NULL);
    agent_await(server, 0, "gamma", JOIN_MS); /* who was not revoked is not concerned */
    steady.client = socket_client(steady.simple.port);
    ck_assert(socket_converse(steady.client, "before", ASK_MS));
    steady_end(&steady);
}
END_TEST

START_TEST(broken_agents_file_changes_nothing_and_is_said_once) {
    struct steady steady = steady_start(__func__);
    struct server *server = &steady.simple.server;
    char all[4096] = "";
    FILE *file = fopen(in_pki(server, "agents.json"), "r");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_gt(fread(all, 1, sizeof all - 1, file), 0);
    fclose(file);
    write_text(in_pki(server, "agents.json"), "{\n  \"agents\": [ nonsense ]\n}\n");
    process_await(server->process, 0, SAYS_MS, "keeps the agents file", "agents.json:2:", NULL);
    agent_join(server, "beta", NULL); /* by what was read before */
    write_text(in_pki(server, "agents.json"), all);
    process_await(server->process, 0, SAYS_MS, "read the agents file again", NULL);
    ck_assert_uint_eq(process_count(server->process, 0, "keeps the agents file", NULL), 1);
    steady_end(&steady);
}
END_TEST

START_TEST(storm_of_signals_is_a_reload_a_second) {
    struct steady steady = steady_start(__func__);
    struct process *server = steady.simple.server.process;
    uint64_t begun = now_ms();
    for (int i = 0; i < 2000; i++) {
        process_signal(server, SIGHUP);
        if (i % 100 == 0)
            ck_assert(socket_echoes(steady.simple.port, ASK_MS));
    }
    process_await(server, 0, SAYS_MS, "read the agents file again", NULL);
    unsigned most = (unsigned)((now_ms() - begun) / 1000) + 2;
    ck_assert_uint_le(process_count(server, 0, "reads its certificates", NULL), most);
    steady_end(&steady);
}
END_TEST

/* --- the process --- */

static const char *status_of(struct stand *stand, pid_t pid, const char *key) {
    char path[64], line[256];
    const char *found = "";
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    while (!*found && fgets(line, sizeof line, file))
        if (strncmp(line, key, strlen(key)) == 0)
            found = stand_text(stand, "%.*s", (int)strcspn(line, "\n"), line);
    fclose(file);
    return found;
}

START_TEST(nobody_gains_rights) {
    struct steady steady = steady_start(__func__);
    struct stand *stand = steady.simple.stand;
    ck_assert_str_eq(status_of(stand, process_pid(steady.simple.server.process), "NoNewPrivs:"), "NoNewPrivs:\t1");
    ck_assert_str_eq(status_of(stand, process_pid(steady.simple.agent), "NoNewPrivs:"), "NoNewPrivs:\t1");
    steady_end(&steady);
}
END_TEST

static void share(const char *path, gid_t group, mode_t mode) {
    ck_assert_msg(chown(path, 0, group) == 0 && chmod(path, mode) == 0, "%s: %s", path, strerror(errno));
}

/* The folders above let everybody through, key and agents file are for the group. */
static void share_all(const struct server *server, gid_t group) {
    share(scenario_folder(), 0, 0711);
    share(stand_folder(server->stand), 0, 0711);
    share(server->pki, group, 0750);
    share(in_pki(server, "server.key"), group, 0640);
    share(in_pki(server, "agents.json"), group, 0640);
}

START_TEST(root_becomes_the_user_and_reads_on) {
    const struct passwd *nobody = getpwnam("nobody");
    if (geteuid() != 0 || !nobody) {
        printf("# skipped: only root can become somebody else\n");
        return;
    }
    struct stand *stand = stand_new(__func__);
    uint16_t port = port_take();
    struct destination *echo = destination_start(serve_echo, NULL);
    struct server server =
        server_start(stand,
                     (struct server_plan){.services = service_to(stand, "echo", port, destination_port(echo), NULL),
                                          .more = "'user': 'nobody',",
                                          .may_fail = true});
    ck_assert_int_eq(process_wait(server.process, START_MS), FAILED);
    process_await(server.process, 0, SAYS_MS, "cannot read it", "0640", NULL); /* root could, nobody cannot */

    share_all(&server, nobody->pw_gid);
    server_start_again(&server);
    process_await(server.process, 0, START_MS, "agents may connect to", NULL);
    live_of(server.process);
    pid_t pid = process_pid(server.process);
    unsigned user = nobody->pw_uid, group = nobody->pw_gid;
    ck_assert_str_eq(status_of(stand, pid, "Uid:"), stand_text(stand, "Uid:\t%u\t%u\t%u\t%u", user, user, user, user));
    ck_assert_str_eq(status_of(stand, pid, "Gid:"),
                     stand_text(stand, "Gid:\t%u\t%u\t%u\t%u", group, group, group, group));
    ck_assert_ptr_nonnull(strstr(status_of(stand, pid, "CapPrm:"), "0000000000000000"));

    agent_join(&server, "alpha", NULL);
    ck_assert(socket_echoes(port, ASK_MS));
    renew(&server, "fresh");
    share(in_pki(&server, "server.pem"), 0, 0644);
    share(in_pki(&server, "server.key"), nobody->pw_gid, 0640);
    process_await(server.process, 0, SAYS_MS, "read the certificates again", NULL);
    share(in_pki(&server, "server.key"), 0, 0600);
    process_await(server.process, 0, SAYS_MS, "keeps the certificates", "server.key", NULL);
    stand_free(stand);
    destination_free(echo);
}
END_TEST

/* --- the service manager --- */

struct manager { /* what NOTIFY_SOCKET leads to */
    int fd;
    char said[4096]; /* all of it, a line each */
};

/* With "@" in front: a socket that is in no file system. */
static struct manager manager_start(const char *address) {
    struct manager manager = {.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    struct sockaddr_un place = {.sun_family = AF_UNIX};
    size_t length = strlen(address);
    ck_assert_uint_lt(length, sizeof place.sun_path);
    memcpy(place.sun_path, address, length);
    if (address[0] == '@')
        place.sun_path[0] = '\0';
    ck_assert_int_eq(bind(manager.fd, (struct sockaddr *)&place,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)),
                     0);
    return manager;
}

static bool manager_heard(struct manager *manager, const char *words) {
    char part[512];
    ssize_t got;
    while ((got = recv(manager->fd, part, sizeof part - 1, 0)) > 0) {
        part[got] = '\0';
        size_t used = strlen(manager->said);
        snprintf(manager->said + used, sizeof manager->said - used, "%s\n", part);
    }
    return strstr(manager->said, words) != NULL;
}

static void manager_await(struct manager *manager, const char *words) {
    ck_assert_msg(HOLDS_WITHIN(SAYS_MS, manager_heard(manager, words)), "\"%s\" was not said, but: %s", words,
                  manager->said);
}

static void manager_forget(struct manager *manager) {
    manager_heard(manager, "");
    manager->said[0] = '\0';
}

static void lead_through_life(struct manager *manager, struct process *process, const char *status) {
    manager_await(manager, "READY=1");
    manager_await(manager, status);
    manager_await(manager, "WATCHDOG=1");
    manager_forget(manager);
    manager_await(manager, "WATCHDOG=1"); /* again and again */
    process_signal(process, SIGHUP);
    manager_await(manager, "RELOADING=1\nMONOTONIC_USEC=");
    manager_await(manager, "READY=1");
    process_signal(process, SIGTERM);
    manager_await(manager, "STOPPING=1");
    ck_assert_int_eq(process_wait(process, ASK_MS), 0);
}

START_TEST(service_manager_is_told_how_the_server_is) {
    struct stand *stand = stand_new(__func__);
    const char *services = service_to(stand, "echo", port_take(), port_take(), NULL);
    struct server server = server_start(stand, (struct server_plan){.services = services});
    stand_end(stand, server.process);
    const char *where = stand_path(stand, "notify");
    struct manager manager = manager_start(where);
    struct process *process =
        stand_run(stand, "told", "env", stand_text(stand, "NOTIFY_SOCKET=%s", where), "WATCHDOG_USEC=400000",
                  stand_program(stand, "munneld"), "--config", server.file, NULL);
    lead_through_life(&manager, process, "STATUS=serves 1 service by 0 agents");
    stand_free(stand);
    close(manager.fd);
}
END_TEST

START_TEST(service_manager_is_told_how_the_agent_is) {
    struct steady steady = steady_start(__func__);
    struct server *server = &steady.simple.server;
    struct stand *stand = server->stand;
    const char *where = stand_text(stand, "@munnel-test-%d", (int)getpid());
    struct manager manager = manager_start(where);
    struct process *process =
        stand_run(stand, "told", "env", stand_text(stand, "NOTIFY_SOCKET=%s", where), "WATCHDOG_USEC=400000",
                  stand_program(stand, "munnel-agent"), "--ca", in_pki(server, "ca.pem"),
                  stand_text(stand, "127.0.0.1:%u", server->port), NULL);
    lead_through_life(&manager, process, "STATUS=serves 1 of 1 server");
    close(manager.fd);
    steady_end(&steady);
}
END_TEST

SCENARIO_MAIN("reload", SCENARIO(certificates_are_renewed_under_load_and_nothing_is_lost, 60),
              SCENARIO(key_that_everybody_may_read_is_refused_everywhere, 30),
              SCENARIO(key_of_another_certificate_is_found_and_not_used, 30),
              SCENARIO(certificate_that_ends_soon_is_announced, 30),
              SCENARIO(agent_is_added_and_revoked_while_all_runs, 40),
              SCENARIO(broken_agents_file_changes_nothing_and_is_said_once, 30),
              SCENARIO(storm_of_signals_is_a_reload_a_second, 30), SCENARIO(nobody_gains_rights, 20),
              SCENARIO(root_becomes_the_user_and_reads_on, 40), SCENARIO(service_manager_is_told_how_the_server_is, 30),
              SCENARIO(service_manager_is_told_how_the_agent_is, 30))
