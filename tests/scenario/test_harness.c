/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_harness: the harness reports what happens and nothing else; socat takes Munnel's place.
 */
#include "config.h"

#include "harness/deadline.h"
#include "harness/destination.h"
#include "harness/netns.h"
#include "harness/port.h"
#include "harness/proc_stats.h"
#include "harness/sandbox.h"
#include "harness/scenario.h"
#include "harness/wan.h"
#include "harness/wine.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

START_TEST(lines_are_found_as_they_come) {
    struct sandbox *sandbox = sandbox_new(__func__);
    struct process *shell =
        sandbox_run(sandbox, "shell", "sh", "-c", "echo one two; read wait; echo three four; kill -9 $$", NULL);
    process_await(shell, 0, 5000, "two", "one", NULL);
    ck_assert_int_eq(process_wait(shell, 5000), 128 + SIGKILL);
    ck_assert_ptr_null(process_seek(shell, 0, 50, "one", "four", NULL));
    ck_assert_uint_eq(process_count(shell, 0, "o", NULL), 2);
    sandbox_kill(sandbox, shell);
    sandbox_free(sandbox);
}
END_TEST

enum { HELD_MS = 200 };

/* A process of its own: traces `pid` while that ends, and for a while longer. Writes first whether it may. */
static void hold(pid_t pid, int report) {
    siginfo_t end;
    char may = ptrace(PTRACE_SEIZE, pid, NULL, NULL) == 0 ? 'y' : 'n';
    if (write(report, &may, 1) == 1 && may == 'y' && waitid(P_PID, (id_t)pid, &end, WEXITED | WNOWAIT) == 0)
        poll(NULL, 0, HELD_MS);
    _exit(0);
}

/* As LeakSanitizer traces a program that is about to end, and a signal ends it before. */
START_TEST(a_program_that_ends_while_it_is_traced_is_waited_for) {
    struct sandbox *sandbox = sandbox_new(__func__);
    struct process *traced = sandbox_run(sandbox, "traced", "sleep", "60", NULL);
    int report[2];
    char may = 0;
    ck_assert_int_eq(pipe(report), 0);
    pid_t tracer = fork();
    if (tracer == 0)
        hold(process_pid(traced), report[1]);
    ck_assert_int_gt(tracer, 0);
    ck_assert_int_eq(read(report[0], &may, 1), 1);
    if (may != 'y')
        printf("# skipped: this system allows no tracing\n");
    process_signal(traced, SIGKILL);
    ck_assert_int_eq(process_wait(traced, 5000), 128 + SIGKILL);
    ck_assert_int_eq(waitpid(tracer, NULL, 0), tracer);
    close(report[0]);
    close(report[1]);
    sandbox_kill(sandbox, traced);
    sandbox_free(sandbox);
}
END_TEST

START_TEST(exit_codes_are_reported) {
    struct sandbox *sandbox = sandbox_new(__func__);
    ck_assert_int_eq(sandbox_do(sandbox, "shell", "sh", "-c", "exit 3", NULL), 3);
    ck_assert_int_eq(sandbox_do(sandbox, "none", "/no/such/program", NULL), 127);
    ck_assert_int_eq(sandbox_do(sandbox, "place", "sh", "-c", "echo $HOME", NULL), 0);
    ck_assert_ptr_nonnull(strstr(sandbox_output(sandbox, "place"), sandbox_folder(sandbox)));
    sandbox_free(sandbox);
}
END_TEST

START_TEST(ports_differ) {
    uint16_t a = port_take(), b = port_take();
    ck_assert_uint_ne(a, b);
    ck_assert(socket_is_refused(a));
}
END_TEST

START_TEST(equal_seeds_give_equal_bytes) {
    struct tally_result whole, parts;
    struct source source;
    struct tally *tally = tally_new();
    char part[777];
    tally_of_source(&whole, 5, 7770);
    source_begin(&source, 5);
    for (int i = 0; i < 10; i++) {
        source_fill(&source, part, sizeof part);
        tally_add(tally, part, sizeof part);
    }
    tally_end(tally, &parts);
    ck_assert(tally_same(&whole, &parts));
    tally_of_source(&parts, 6, 7770);
    ck_assert(!tally_same(&whole, &parts));
}
END_TEST

static void finish_visit(struct connection *connection) {
    (void)connection;
}

static void reset_visit(struct connection *connection) {
    struct linger abort = {.l_onoff = 1};
    setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
}

START_TEST(a_reset_is_no_end_of_file) {
    struct destination *clean = destination_start(finish_visit, NULL);
    struct destination *rough = destination_start(reset_visit, NULL);
    int a = socket_client(destination_port(clean)), b = socket_client(destination_port(rough));
    ck_assert_int_eq(socket_wait_end(a, 5000), END_FILE);
    ck_assert_int_eq(socket_wait_end(b, 5000), END_RESET);
    close(a);
    close(b);
    destination_free(clean);
    destination_free(rough);

    struct destination *sink = destination_start(handle_sink, NULL);
    socket_reset(socket_client(destination_port(sink)));
    destination_await_ended(sink, 1, 5000);
    ck_assert_int_eq(destination_connection(sink, 0)->end, END_RESET);
    destination_free(sink);
}
END_TEST

START_TEST(a_full_destination_takes_nobody) {
    uint16_t port;
    int extra, listener = destination_full(&port, &extra);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_storage name;
    socklen_t length = sizeof name;
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&name, &length), 0);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&name, length), -1);
    ck_assert_int_eq(errno, EINPROGRESS);
    struct pollfd ready = {.fd = fd, .events = POLLOUT};
    ck_assert_int_eq(poll(&ready, 1, 300), 0);
    close(fd);
    close(extra);
    close(listener);
}
END_TEST

START_TEST(an_exchange_is_seen_from_both_ends) {
    struct sandbox *sandbox = sandbox_new(__func__);
    struct destination *destination = destination_start(handle_exchange, NULL);
    uint16_t port = port_take();
    if (sandbox_peer(sandbox, "socat")) {
        struct process *relay =
            sandbox_run(sandbox, "socat", "socat", sandbox_text(sandbox, "TCP-LISTEN:%u,fork,bind=127.0.0.1", port),
                        sandbox_text(sandbox, "TCP:127.0.0.1:%u", destination_port(destination)), NULL);
        ck_assert(HOLDS_WITHIN(5000, !socket_is_refused(port)));
        ck_assert_uint_gt(proc_stats_memory_kb(process_pid(relay)), 100);
        ck_assert_uint_gt(proc_stats_descriptors(process_pid(relay)), 3);
        int fd = socket_client(port);
        struct exchange_request exchange_request = {.tag = 7, .seed = 8, .length = 3000000};
        struct exchange exchange = {.seed = 9, .length = 5000000, .largest_write = 4000};
        struct tally_result answer;
        ck_assert(socket_send(fd, &exchange_request, sizeof exchange_request, 1000));
        socket_exchange(fd, &exchange, 10000);
        close(fd);
        ck_assert_int_eq(exchange.end, END_FILE);
        tally_of_source(&answer, 8, 3000000);
        ck_assert(tally_same(&exchange.received, &answer));
        ck_assert(HOLDS_WITHIN(5000, destination_tagged(destination, 7)));
        ck_assert(tally_same(&destination_tagged(destination, 7)->received, &exchange.sent));
    }
    destination_free(destination);
    sandbox_free(sandbox);
}
END_TEST

/* ---- a wide-area link ---- */

struct far_peer {
    int here, there; /* both ends of a connection over the link */
};

static struct far_peer far_peer_connect(int listener, uint16_t port) {
    struct far_peer peer = {.here = socket_connect("10.77.0.1", port)};
    peer.there = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    ck_assert_int_ge(peer.there, 0);
    return peer;
}

static bool carries(int from, int to, unsigned ms) {
    char byte;
    return socket_send(from, "x", 1, ms) && socket_read(to, &byte, 1, NULL, ms) == END_NONE;
}

static void far_peer_close(struct far_peer *peer) {
    close(peer->here);
    close(peer->there);
}

static void try_wan(struct wan *wan, int listener) {
    enum { DELAY_MS = 20, SOON_MS = 5000, LATE_MS = 300 };
    uint16_t port = socket_port(listener);
    struct far_peer cut = far_peer_connect(listener, port); /* alone: what others repeat would come last */
    ck_assert(carries(cut.here, cut.there, SOON_MS) && carries(cut.there, cut.here, SOON_MS));
    wan_reset_one_connection(wan);
    ck_assert_int_eq(socket_wait_end(cut.here, SOON_MS), END_RESET);
    ck_assert_int_eq(socket_wait_end(cut.there, SOON_MS), END_RESET);
    struct far_peer lost = far_peer_connect(listener, port);
    uint64_t since_ms = now_ms();
    ck_assert(carries(lost.here, lost.there, SOON_MS));
    ck_assert_uint_ge(now_ms() - since_ms, DELAY_MS);
    wan_drop_connections(wan, WAN_TO_FIRST);
    ck_assert(carries(lost.here, lost.there, SOON_MS) && !carries(lost.there, lost.here, LATE_MS));
    struct far_peer later = far_peer_connect(listener, port); /* is not concerned */
    ck_assert(carries(later.here, later.there, SOON_MS) && carries(later.there, later.here, SOON_MS));
    wan_drop(wan, WAN_TO_SECOND);
    ck_assert(!carries(lost.here, lost.there, LATE_MS));
    far_peer_close(&lost);
    far_peer_close(&cut);
    far_peer_close(&later);
}

START_TEST(a_wide_area_link_breaks_connections_as_it_is_asked_to) {
    int first = netns_may_be_made() ? netns_new() : -1, second = first >= 0 ? netns_new() : -1;
    struct wan *wan =
        second >= 0 ? wan_new((struct wan_end){first, "10.77.0.2"}, (struct wan_end){second, "10.77.0.1"}, 20) : NULL;
    if (!wan) {
        printf("# skipped: it needs root, ip of iproute2, network namespaces and TUN devices\n");
        return;
    }
    int listener = socket_listen("10.77.0.1", 0, 4);
    netns_enter(first);
    try_wan(wan, listener);
    close(listener);
    wan_free(wan);
}
END_TEST

/* A script in place of wine. */
static void fake_wine(struct sandbox *sandbox) {
    static const char script[] = "#!/bin/sh\n"
                                 "trap 'exit 7' INT\n"
                                 "echo \"$@\" \"$STATE_DIRECTORY\"\n"
                                 "while :; do sleep 0.05; done\n";
    const char *wine = sandbox_write(sandbox, "wine", script, false);
    ck_assert_int_eq(chmod(wine, 0700), 0);
    sandbox_write(sandbox, "munneld.exe", "", false);
    ck_assert_int_eq(setenv("WINE", wine, 1), 0);
    ck_assert_int_eq(setenv("MUNNEL_WINDOWS_BIN", sandbox_folder(sandbox), 1), 0);
}

START_TEST(wine_runs_the_programs_that_are_chosen) {
    struct sandbox *sandbox = sandbox_new(__func__);
    fake_wine(sandbox);
    wine_choose("agent,server");
    ck_assert(wine_has("munneld") && wine_has("munnel-agent") && !wine_has("munnel") && !wine_has("sh"));
    const char *file = sandbox_path(sandbox, "server.json"), *program = sandbox_program(sandbox, "munneld");
    ck_assert_str_eq(program, sandbox_path(sandbox, "munneld.exe"));
    struct process *server = sandbox_run(sandbox, "server", program, "--config", file, "x", NULL);
    process_await(server, 0, 5000, sandbox_text(sandbox, "%s --config Z:%s x Z:", program, file),
                  sandbox_path(sandbox, "state"), NULL);
    process_signal(server, SIGTERM); /* arrives as SIGINT */
    ck_assert_int_eq(process_wait(server, 5000), 7);
    wine_choose("");
    ck_assert(!wine_has("munneld"));
    sandbox_free(sandbox);
}
END_TEST

START_TEST(without_windows_programs_wine_runs_nothing) {
    struct sandbox *sandbox = sandbox_new(__func__);
    ck_assert_int_eq(setenv("MUNNEL_WINDOWS_BIN", "/nonexistent", 1), 0);
    ck_assert(!wine_is_here(sandbox));
    fake_wine(sandbox);
    sandbox_write(sandbox, "munnel-agent.exe", "", false);
    ck_assert_int_eq(setenv("WINEPREFIX", "/nonexistent", 1), 0);
    ck_assert(!wine_is_here(sandbox));
    sandbox_free(sandbox);
}
END_TEST

SCENARIO_MAIN("harness", SCENARIO(lines_are_found_as_they_come, 20), SCENARIO(exit_codes_are_reported, 20),
              SCENARIO(a_program_that_ends_while_it_is_traced_is_waited_for, 20), SCENARIO(ports_differ, 10),
              SCENARIO(equal_seeds_give_equal_bytes, 10), SCENARIO(a_reset_is_no_end_of_file, 20),
              SCENARIO(a_full_destination_takes_nobody, 10), SCENARIO(an_exchange_is_seen_from_both_ends, 30),
              SCENARIO(a_wide_area_link_breaks_connections_as_it_is_asked_to, 30),
              SCENARIO(wine_runs_the_programs_that_are_chosen, 20),
              SCENARIO(without_windows_programs_wine_runs_nothing, 20))
