/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_process: privileges and user of the processes, closed standard streams, and the service manager's protocol.
 */
#include "config.h"

#include "harness/deadline.h"
#include "harness/live_relay.h"
#include "harness/port.h"
#include "harness/proc_stats.h"
#include "harness/scenario.h"

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

enum { LOG_MS = 5000, ASK_MS = 5000, FAILED = 1 };

/* --- rights --- */

static const char *status_of(struct sandbox *sandbox, pid_t pid, const char *key) {
    char path[64], line[256];
    const char *found = "";
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    while (!*found && fgets(line, sizeof line, file))
        if (strncmp(line, key, strlen(key)) == 0)
            found = sandbox_text(sandbox, "%.*s", (int)strcspn(line, "\n"), line);
    fclose(file);
    return found;
}

START_TEST(no_new_privileges_is_set) {
    struct live_relay live_relay = live_relay_start(__func__);
    struct sandbox *sandbox = live_relay.simple.sandbox;
    ck_assert_str_eq(status_of(sandbox, process_pid(live_relay.simple.server.process), "NoNewPrivs:"),
                     "NoNewPrivs:\t1");
    ck_assert_str_eq(status_of(sandbox, process_pid(live_relay.simple.agent), "NoNewPrivs:"), "NoNewPrivs:\t1");
    live_relay_end(&live_relay);
}
END_TEST

START_TEST(root_changes_to_the_user_and_still_reloads) {
    const struct passwd *nobody = getpwnam("nobody");
    if (geteuid() != 0 || !nobody) {
        printf("# skipped: only root can change its user\n");
        return;
    }
    struct sandbox *sandbox = sandbox_new(__func__);
    uint16_t port = port_take();
    struct destination *echo = destination_start(handle_echo, NULL);
    struct server server =
        server_start(sandbox,
                     (struct server_plan){.services = service_to(sandbox, "echo", port, destination_port(echo), NULL),
                                          .more = "'user': 'nobody',",
                                          .may_fail = true});
    ck_assert_int_eq(process_wait(server.process, START_MS), FAILED);
    process_await(server.process, 0, LOG_MS, "cannot read it", "0640",
                  NULL); /* munneld reads it after it has given up root */

    server_share(&server, nobody->pw_gid);
    server_start_again(&server);
    process_await(server.process, 0, START_MS, "listening for agents on", NULL);
    live_of(server.process);
    pid_t pid = process_pid(server.process);
    unsigned user = nobody->pw_uid, group = nobody->pw_gid;
    ck_assert_str_eq(status_of(sandbox, pid, "Uid:"),
                     sandbox_text(sandbox, "Uid:\t%u\t%u\t%u\t%u", user, user, user, user));
    ck_assert_str_eq(status_of(sandbox, pid, "Gid:"),
                     sandbox_text(sandbox, "Gid:\t%u\t%u\t%u\t%u", group, group, group, group));
    ck_assert_ptr_nonnull(strstr(status_of(sandbox, pid, "CapPrm:"), "0000000000000000"));

    agent_join(&server, "alpha", NULL);
    ck_assert(socket_echoes(port, ASK_MS));
    server_renew(&server, "fresh");
    sandbox_share(server_pki_file(&server, "server.pem"), 0, 0644);
    sandbox_share(server_pki_file(&server, "server.key"), nobody->pw_gid, 0640);
    process_await(server.process, 0, LOG_MS, "certificates reloaded", NULL);
    sandbox_share(server_pki_file(&server, "server.key"), 0, 0600);
    process_await(server.process, 0, LOG_MS, "cannot reload the certificates", "server.key", NULL);
    sandbox_free(sandbox);
    destination_free(echo);
}
END_TEST

/* --- standard streams that are closed --- */

enum { STREAMS = 3, CLOSINGS = 1 << STREAMS, QUIET_MS = 1000 };

/* Starts a program as some supervisors do: with the standard streams of the set `closed` closed instead of empty. */
static struct process *run_closed(struct sandbox *sandbox, unsigned closed, const char *const *arguments) {
    const char *words = sandbox_text(sandbox, "exec \"$0\" \"$@\" %s %s %s", closed & 1 ? "<&-" : "",
                                     closed & 2 ? ">&-" : "", closed & 4 ? "2>&-" : "");
    const char *all[16] = {"sh", "-c", words};
    for (size_t i = 0; arguments[i]; i++) {
        ck_assert_uint_lt(i + 4, sizeof all / sizeof *all);
        all[i + 3] = arguments[i];
    }
    const char *name = sandbox_text(sandbox, "%s-%u", strrchr(arguments[0], '/') + 1, closed);
    return sandbox_run_plan(sandbox, (struct process_plan){.name = name, .arguments = all});
}

/* Else the log goes into the first file that the program opened. Only root may look: the rest is seen by what it does.
 */
static void assert_leads_nowhere(struct sandbox *sandbox, struct process *process, unsigned closed) {
    for (int fd = 0; fd < STREAMS; fd++) {
        char target[64] = "";
        const char *path = sandbox_text(sandbox, "/proc/%d/fd/%d", (int)process_pid(process), fd);
        if (closed >> fd & 1 && readlink(path, target, sizeof target - 1) > 0)
            ck_assert_msg(strcmp(target, "/dev/null") == 0, "%s: descriptor %d is %s", process_name(process), fd,
                          target);
    }
}

static void assert_rests(struct process *process) {
    unsigned cpu = proc_stats_cpu_ms(process_pid(process)), most = QUIET_MS / 4;
    ck_assert_msg(!HOLDS_WITHIN(QUIET_MS / slow_factor(), proc_stats_cpu_ms(process_pid(process)) > cpu + most),
                  "%s used %u ms of CPU at rest", process_name(process), proc_stats_cpu_ms(process_pid(process)) - cpu);
}

START_TEST(missing_standard_streams_do_no_harm) {
    struct sandbox *sandbox = sandbox_new(__func__);
    struct destination *echo = destination_start(handle_echo, NULL);
    uint16_t port = port_take();
    const char *service = service_to(sandbox, "echo", port, destination_port(echo), NULL);
    struct server server = server_start(sandbox, (struct server_plan){.services = service});
    const char *const serve[] = {sandbox_program(sandbox, "munneld"), "--config", server.file, NULL};
    const char *const join[] = {sandbox_program(sandbox, "munnel-agent"), "--ca", server_pki_file(&server, "ca.pem"),
                                sandbox_text(sandbox, "127.0.0.1:%u", server.port), NULL};
    sandbox_end(sandbox, server.process);
    for (unsigned closed = 1; closed < CLOSINGS; closed++) {
        struct process *programs[] = {run_closed(sandbox, closed, join), run_closed(sandbox, closed, serve)};
        ck_assert_msg(HOLDS_WITHIN(JOIN_MS, socket_echoes(port, ASK_MS)), "nothing is served with %u closed", closed);
        for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
            assert_leads_nowhere(sandbox, programs[i], closed);
            assert_rests(programs[i]);
            sandbox_end(sandbox, programs[i]); /* by SIGTERM */
        }
    }
    sandbox_free(sandbox);
    destination_free(echo);
}
END_TEST

/* A file that is opened as descriptor 1 would get what the tool prints. */
START_TEST(output_without_a_stream_spoils_no_file) {
    struct sandbox *sandbox = sandbox_new(__func__);
    for (unsigned closed = 1; closed < CLOSINGS; closed++) {
        const char *folder = sandbox_path(sandbox, "made-%u", closed),
                   *file = sandbox_text(sandbox, "%s/munnel.json", folder);
        const char *const init[] = {sandbox_program(sandbox, "munnel"), "init", folder, NULL};
        struct process *process = run_closed(sandbox, closed, init);
        ck_assert_int_eq(process_wait(process, START_MS), 0);
        sandbox_end(sandbox, process);
        ck_assert_int_eq(sandbox_do(sandbox, sandbox_text(sandbox, "check-%u", closed),
                                    sandbox_program(sandbox, "munneld"), "--check", "--config", file, NULL),
                         0);
    }
    sandbox_free(sandbox);
}
END_TEST

/* --- the service manager --- */

struct manager { /* what NOTIFY_SOCKET leads to */
    int fd;
    char received[4096]; /* a line each */
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

static bool manager_received(struct manager *manager, const char *words) {
    char part[512];
    ssize_t got;
    while ((got = recv(manager->fd, part, sizeof part - 1, 0)) > 0) {
        part[got] = '\0';
        size_t used = strlen(manager->received);
        snprintf(manager->received + used, sizeof manager->received - used, "%s\n", part);
    }
    return strstr(manager->received, words);
}

static void manager_await(struct manager *manager, const char *words) {
    ck_assert_msg(HOLDS_WITHIN(LOG_MS, manager_received(manager, words)), "\"%s\" was not received, but: %s", words,
                  manager->received);
}

static void manager_clear(struct manager *manager) {
    manager_received(manager, "");
    manager->received[0] = '\0';
}

static void lead_through_life(struct manager *manager, struct process *process, const char *status) {
    manager_await(manager, "READY=1");
    manager_await(manager, status);
    manager_await(manager, "WATCHDOG=1");
    manager_clear(manager);
    manager_await(manager, "WATCHDOG=1"); /* again and again */
    process_signal(process, SIGHUP);
    manager_await(manager, "RELOADING=1\nMONOTONIC_USEC=");
    manager_await(manager, "READY=1");
    process_signal(process, SIGTERM);
    manager_await(manager, "STOPPING=1");
    ck_assert_int_eq(process_wait(process, ASK_MS), 0);
}

START_TEST(the_service_manager_gets_the_state_of_the_server) {
    struct sandbox *sandbox = sandbox_new(__func__);
    const char *services = service_to(sandbox, "echo", port_take(), port_take(), NULL);
    struct server server = server_start(sandbox, (struct server_plan){.services = services});
    sandbox_end(sandbox, server.process);
    const char *where = sandbox_path(sandbox, "notify");
    struct manager manager = manager_start(where);
    struct process *process =
        sandbox_run(sandbox, "notified", "env", sandbox_text(sandbox, "NOTIFY_SOCKET=%s", where),
                    "WATCHDOG_USEC=400000", sandbox_program(sandbox, "munneld"), "--config", server.file, NULL);
    lead_through_life(&manager, process, "STATUS=serves 1 service by 0 agents");
    sandbox_free(sandbox);
    close(manager.fd);
}
END_TEST

START_TEST(the_service_manager_gets_the_state_of_the_agent) {
    struct live_relay live_relay = live_relay_start(__func__);
    struct server *server = &live_relay.simple.server;
    struct sandbox *sandbox = server->sandbox;
    const char *where = sandbox_text(sandbox, "@munnel-test-%d", (int)getpid());
    struct manager manager = manager_start(where);
    struct process *process =
        sandbox_run(sandbox, "notified", "env", sandbox_text(sandbox, "NOTIFY_SOCKET=%s", where),
                    "WATCHDOG_USEC=400000", sandbox_program(sandbox, "munnel-agent"), "--ca",
                    server_pki_file(server, "ca.pem"), sandbox_text(sandbox, "127.0.0.1:%u", server->port), NULL);
    lead_through_life(&manager, process, "STATUS=serves 1 of 1 server");
    close(manager.fd);
    live_relay_end(&live_relay);
}
END_TEST

SCENARIO_MAIN("process", SCENARIO(no_new_privileges_is_set, 20),
              SCENARIO(root_changes_to_the_user_and_still_reloads, 40),
              SCENARIO(missing_standard_streams_do_no_harm, 60), SCENARIO(output_without_a_stream_spoils_no_file, 30),
              SCENARIO(the_service_manager_gets_the_state_of_the_server, 30),
              SCENARIO(the_service_manager_gets_the_state_of_the_agent, 30))
