/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_tool: munnel's commands against a running server: what they print is what real clients did, what they are asked
 * to do is done, and their exit codes tell scripts how it is.
 */
#include "config.h"

#include "harness/deadline.h"
#include "harness/destination.h"
#include "harness/scenario.h"
#include "harness/tool.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ASK_MS = 10000, SOON_MS = 10000, USAGE = 2, DOWN = 2, SCREEN = 24, SCREEN_WIDTH = 80 };

static unsigned lines_in(const char *text) {
    unsigned count = 0;

    for (; *text; text++)
        count += *text == '\n';
    return count;
}

static bool has_status(struct tooled *tooled, int code) {
    return tooled_run(tooled, "status", NULL) == code;
}

START_TEST(status_tells_scripts_and_people_how_it_is) {
    struct tooled tooled = tooled_start("status");
    int fd = tooled_converse(&tooled, "hello");

    EXPECT(&tooled, 0, "status");
    prints(&tooled, " is ok: 1 service can be served");
    prints(&tooled, "1 relay,");
    prints(&tooled, "alpha");
    prints(&tooled, "echo");
    prints_not(&tooled, "\033");
    EXPECT(&tooled, 0, "status", "--json");
    ck_assert_int_eq(tooled.output[0], '{');
    ck_assert_uint_eq(number_in_line(tooled.output, "total"), 1);
    EXPECT(&tooled, 0, "service", "pause", "echo");
    EXPECT(&tooled, 0, "status"); /* a warning leaves it well */
    prints(&tooled, "0 services can be served (1 paused)");
    prints(&tooled, "WARN  echo is paused, since ");
    prints(&tooled, "why:");
    prints(&tooled, "do:");
    prints(&tooled, "munnel service resume echo");
    EXPECT(&tooled, 0, "service", "resume", "echo");
    sandbox_end(tooled.sandbox, tooled.agent);
    ck_assert(HOLDS_WITHIN(SOON_MS, has_status(&tooled, DOWN)));
    prints(&tooled, "BAD   echo is unreachable");
    sandbox_end(tooled.sandbox, tooled.server.process);
    EXPECT(&tooled, DOWN, "status");
    prints(&tooled, "is it running");
    close(fd);
    tooled_end(&tooled);
}
END_TEST

START_TEST(a_relay_is_found_shown_and_ended) {
    struct tooled tooled = tooled_start("relay");
    int other = tooled_converse(&tooled, "1"), fd = tooled_converse(&tooled, "12345");
    char id[64];

    EXPECT(&tooled, 0, "relay", "list", "--sort=bytes", "--limit=1", "--json");
    text_in(tooled.output, "id", id, sizeof id);
    EXPECT(&tooled, 0, "relay", "list", "--service=echo", "--sort", "bytes", "--limit=1");
    prints(&tooled, id);
    prints(&tooled, "1 of 2 that match");
    EXPECT(&tooled, 0, "relay", "list", "--agent", "beta");
    prints(&tooled, "No relay matches.");
    EXPECT(&tooled, 1, "relay", "list", "--state", "asleep");
    prints(&tooled, "munnel relay list: --state is to be one of: waiting, opening, ");
    EXPECT(&tooled, USAGE, "relay", "list", "--client", "localhost");
    EXPECT(&tooled, USAGE, "relay", "list", "--sort", "colour");
    prints(&tooled, "write \"rate\", \"bytes\", \"age\", \"newest\" or \"idle\"");
    EXPECT(&tooled, 0, "relay", "show", id);
    prints(&tooled, "5 B");
    prints(&tooled, "alpha");
    EXPECT(&tooled, 1, "relay", "end", "00000000-1", id, "00000000-2");
    prints(&tooled, ": reset"); /* although the first is none */
    prints(&tooled, "there is no relay 00000000-1");
    prints(&tooled, "1 more");
    ck_assert_int_eq(socket_wait_end(fd, ASK_MS), END_RESET);
    ck_assert(socket_converse(other, "still there", ASK_MS));
    close(fd);
    close(other);
    tooled_end(&tooled);
}
END_TEST

static bool waits(struct tooled *tooled) {
    return tooled_run(tooled, "relay", "list", "--state", "waiting", "--json", NULL) == 0 &&
           strstr(tooled->output, "\"state\":\"waiting\"");
}

START_TEST(a_client_that_waits_is_found_shown_and_ended) {
    struct tooled tooled = tooled_start("waiting");
    char id[64];

    sandbox_kill(tooled.sandbox, tooled.agent);
    int fd = socket_client(tooled.port);
    ck_assert(HOLDS_WITHIN(SOON_MS, waits(&tooled)));
    text_in(tooled.output, "id", id, sizeof id);
    EXPECT(&tooled, 0, "relay", "list", "--service=echo");
    prints(&tooled, id);
    prints(&tooled, "waiting");
    EXPECT(&tooled, 0, "relay", "show", id);
    prints(&tooled, "waits: ");
    EXPECT(&tooled, 0, "relay", "end", id);
    prints(&tooled, ": reset");
    ck_assert_int_eq(socket_wait_end(fd, ASK_MS), END_RESET);
    EXPECT(&tooled, 0, "relay", "list", "--service=echo");
    prints(&tooled, "No relay matches.");
    close(fd);
    tooled_end(&tooled);
}
END_TEST

static bool agents_have(struct tooled *tooled, const char *state) {
    return tooled_run(tooled, "status", NULL) == 0 && strstr(tooled->output, state);
}

START_TEST(an_agent_is_drained_undrained_and_disconnected) {
    struct tooled tooled = tooled_start("agent");
    int fd = tooled_converse(&tooled, "before");

    EXPECT(&tooled, 0, "agent", "list", "--config", tooled.server.file);
    prints(&tooled, "STATE");
    prints(&tooled, "connected");
    EXPECT(&tooled, 0, "agent", "list", "--agents", sandbox_text(tooled.sandbox, "%s/agents.json", tooled.server.pki));
    prints_not(&tooled, "STATE");

    EXPECT(&tooled, 0, "agent", "drain", "alpha");
    prints(&tooled, "alpha: gets no new clients");
    ck_assert_int_ne(tooled_run(&tooled, "status", NULL), 0);
    prints(&tooled, "draining");
    EXPECT(&tooled, 0, "agent", "undrain", "alpha");
    ck_assert(HOLDS_WITHIN(SOON_MS, agents_have(&tooled, "connected")));
    ck_assert(socket_converse(fd, "all the time", ASK_MS));
    EXPECT(&tooled, 0, "agent", "disconnect", "alpha");
    ck_assert_int_eq(socket_wait_end(fd, ASK_MS), END_RESET);
    process_await(tooled.agent, 0, ASK_MS, "\"cut\"", "the other side ended the relay", "operator", NULL);
    process_await(tooled.server.process, 0, ASK_MS, "\"cut\"", NULL);
    ck_assert_uint_eq(process_count(tooled.server.process, 0, "refused by a rule", NULL), 0);
    EXPECT(&tooled, 1, "agent", "drain", "beta");
    prints(&tooled, "munnel agent drain: no agent beta is connected");
    close(fd);
    tooled_end(&tooled);
}
END_TEST

/* Also one who may not read its files, or has others of the same names. */
START_TEST(agents_are_listed_by_the_server_that_runs) {
    struct tooled tooled = tooled_start("listed");

    EXPECT(&tooled, 0, "agent", "list");
    prints(&tooled, "NAME   STATE      GROUPS  TOKENS  CERTIFICATE  EXPIRES\n");
    prints(&tooled, "alpha  connected  *       1       -            never\n");
    EXPECT(&tooled, 0, "agent", "list", "--json");
    prints(&tooled, "\"tokens\":[{\"until\":null}]");
    EXPECT(&tooled, 1, "agent", "list", "--socket", "/no/such.sock");
    prints(&tooled, "cannot connect to unix:/no/such.sock");
    EXPECT(&tooled, USAGE, "agent", "list", "--socket=a", "--agents=b");
    sandbox_end(tooled.sandbox, tooled.server.process);
    EXPECT(&tooled, 1, "agent", "list");
    prints(&tooled, "neither can a server be asked: cannot connect to ");
    prints(&tooled, "nor are its files here: ");
    tooled_end(&tooled);
}
END_TEST

START_TEST(a_service_is_shown_with_both_keys_and_paused) {
    struct tooled tooled = tooled_start("service");

    EXPECT(&tooled, 0, "service", "list");
    prints(&tooled, "echo");
    EXPECT(&tooled, 0, "service", "show", "echo");
    prints(&tooled, "permits");
    prints(&tooled, "serves");
    EXPECT(&tooled, 1, "service", "show", "no-such");
    prints(&tooled, "there is no service no-such; munnel service list has their names");
    EXPECT(&tooled, 0, "service", "pause", "echo");
    ck_assert(socket_is_refused(tooled.port));
    EXPECT(&tooled, 0, "service", "show", "echo");
    prints(&tooled, "paused by");
    EXPECT(&tooled, 0, "service", "resume", "echo");
    ck_assert_str_eq(tooled.output, "echo: takes clients again\n");
    close(tooled_converse(&tooled, "after"));
    tooled_end(&tooled);
}
END_TEST

/* Label and value of a line, whatever stands between them to align it. */
static void prints_row(struct tooled *tooled, const char *label, const char *value) {
    const char *at = strstr(tooled->output, label);

    ck_assert_msg(at, "%s is missing: %s", label, tooled->output);
    at += strlen(label);
    at += strspn(at, " ");
    ck_assert_msg(strncmp(at, value, strlen(value)) == 0, "%s is not %s: %s", label, value, tooled->output);
}

START_TEST(a_service_is_added_changed_and_removed) {
    struct tooled tooled = tooled_start("add");
    uint16_t port = tooled.more_port;
    const char *listen = sandbox_text(tooled.sandbox, "--listen=127.0.0.1:%u", port);
    const char *connect = sandbox_text(tooled.sandbox, "--connect=127.0.0.1:%u", destination_port(tooled.echo));

    EXPECT(&tooled, 0, "service", "add", "web", listen, connect, "--set=bandwidth_per_source_out=1MB",
           "--set=check.type=tcp", "--set=connect_from=loopback");
    EXPECT(&tooled, 0, "service", "show", "web");
    prints(&tooled, "tcp, each 10 s: healthy at ");
    prints(&tooled, "limit to an address");
    prints(&tooled, "8.00 Mbit/s");
    prints_not(&tooled, "limit from an address");
    prints(&tooled, "loopback");
    prints_not(&tooled, "datagrams");
    prints_not(&tooled, " at most");
    EXPECT(&tooled, 0, "service", "remove", "web", "--yes");
    EXPECT(&tooled, 0, "service", "add", "web", listen, connect, "--protocol=udp", "--set=answer_timeout=2",
           "--set=reply_factor=3");
    EXPECT(&tooled, 0, "service", "show", "web");
    prints_row(&tooled, "datagrams from clients", "0");
    prints_row(&tooled, "datagrams to clients", "0");
    prints_row(&tooled, "answer timeout", "2 s");
    prints_row(&tooled, "replies at most", "3 times what an address sent");
    EXPECT(&tooled, 0, "service", "remove", "web", "--yes");
    EXPECT(&tooled, 0, "service", "add", "web", listen, connect, "--max-clients=70", "--max-per-source=50",
           "--max-rate=9");
    EXPECT(&tooled, 0, "service", "show", "web");
    prints_row(&tooled, "clients at most", "70");
    prints_row(&tooled, "of an address at most", "50");
    prints_row(&tooled, "new of an address", "9");
    EXPECT(&tooled, 0, "service", "remove", "web", "--yes");
    EXPECT(&tooled, 0, "service", "add", "web", listen, connect, "--dry-run");
    prints(&tooled, "+  service web");
    prints(&tooled, "dry run");
    ck_assert(socket_is_refused(port));
    EXPECT(&tooled, 0, "service", "add", "web", listen, connect);
    ck_assert(HOLDS_WITHIN(SOON_MS, agents_have(&tooled, "2 services can be served")));
    int fd = socket_client(port);
    ck_assert(socket_converse(fd, "hello", ASK_MS));
    EXPECT(&tooled, 1, "service", "add", "web", listen, connect);
    prints(&tooled, "--replace");
    EXPECT(&tooled, 0, "service", "add", "web", listen, connect, "--replace", "--max-clients=7");
    prints(&tooled, "max_clients");
    prints(&tooled, "0 -> 7");
    EXPECT(&tooled, 1, "service", "add", "other", listen, connect);
    prints(&tooled, "munnel service add: --listen: \"127.0.0.1:");
    EXPECT(&tooled, 1, "service", "remove", "web"); /* no terminal */
    prints(&tooled, "--yes");
    EXPECT(&tooled, 0, "service", "remove", "web", "--yes");
    prints(&tooled, "-  service web");
    ck_assert(socket_is_refused(port));
    ck_assert(socket_converse(fd, "to its end", ASK_MS));
    EXPECT(&tooled, 1, "service", "remove", "echo", "--yes"); /* a person wrote it */
    prints(&tooled, "server.json");
    EXPECT(&tooled, 1, "service", "remove", "none", "--yes");
    prints(&tooled, "there is no service");
    close(fd);
    tooled_end(&tooled);
}
END_TEST

/* A file that a person writes. */
static void write_service(struct tooled *tooled, const char *more) {
    sandbox_write(tooled->sandbox, "services.d/own.json",
                  service_to(tooled->sandbox, "own", tooled->more_port, destination_port(tooled->echo), more), true);
}

START_TEST(a_reload_is_shown_before_and_goes_back_unless_it_is_confirmed) {
    struct tooled tooled = tooled_start("reload");

    EXPECT(&tooled, 0, "reload");
    prints(&tooled, "Nothing is different.");
    write_service(&tooled, "");
    EXPECT(&tooled, 0, "reload", "--dry-run");
    prints(&tooled, "+  service own  is new");
    ck_assert(socket_is_refused(tooled.more_port));
    EXPECT(&tooled, 0, "reload", "--confirm", "60");
    prints(&tooled, "munnel reload confirm");
    ck_assert(HOLDS_WITHIN(SOON_MS, agents_have(&tooled, "2 services can be served")));
    prints(&tooled, "waits for its confirmation");
    EXPECT(&tooled, 0, "reload", "confirm");
    EXPECT(&tooled, 1, "reload", "confirm");
    prints(&tooled, "nothing waits");
    close(socket_client(tooled.more_port));
    write_service(&tooled, "'max_clients': 'many',");
    EXPECT(&tooled, 1, "reload");
    prints(&tooled, "services.d/own.json:1: ");
    prints(&tooled, "max_clients");
    EXPECT(&tooled, 0, "status");
    prints(&tooled, "the last reload was refused");
    write_service(&tooled, "'max_clients': ,");
    EXPECT(&tooled, 1, "reload");
    prints(&tooled, "munnel reload: "); /* and the place once, although it is in the text as well */
    ck_assert_str_eq(strstr(tooled.output, "own.json:1"), strrchr(tooled.output, '/') + 1);
    close(socket_client(tooled.more_port));
    EXPECT(&tooled, USAGE, "reload", "now");
    tooled_end(&tooled);
}
END_TEST

START_TEST(an_address_is_banned_listed_and_unbanned) {
    struct tooled tooled = tooled_start("ban");

    EXPECT(&tooled, 0, "ban");
    prints(&tooled, "No address is banned.");
    EXPECT(&tooled, 0, "ban", "127.0.0.1", "--for", "90s", "--service=echo", "--reason=4 wrong passwords");
    prints(&tooled, "127.0.0.1: banned for 1m 30s by service echo\n");
    int refused = socket_client(tooled.port);
    ck_assert(refused < 0 || socket_wait_end(refused, SOON_MS) == END_RESET);
    close(refused);
    EXPECT(&tooled, 0, "ban");
    prints(&tooled, "4 wrong passwords");
    EXPECT(&tooled, 0, "service", "show", "echo");
    prints(&tooled, "1  banned");
    EXPECT(&tooled, 0, "complete", "unban");
    prints(&tooled, "127.0.0.1\t4 wrong passwords");
    EXPECT(&tooled, 0, "unban", "127.0.0.1", "--service=echo");
    int served = socket_client(tooled.port);
    ck_assert(served >= 0 && socket_converse(served, "hello", SOON_MS));
    close(served);
    EXPECT(&tooled, 1, "unban", "127.0.0.1");
    prints(&tooled, "is not banned");
    EXPECT(&tooled, 1, "ban", "host.example");
    prints(&tooled, "this is not an IP address");
    EXPECT(&tooled, 1, "ban", "192.0.2.1", "--service=other");
    prints(&tooled, "there is no service other");
    EXPECT(&tooled, USAGE, "ban", "192.0.2.1", "--for=31d");
    EXPECT(&tooled, USAGE, "ban", "--for=1h");
    EXPECT(&tooled, USAGE, "ban", "192.0.2.1", "--relay=0123abcd-1");
    EXPECT(&tooled, 1, "ban", "--relay=0123abcd-1");
    prints(&tooled, "no relay 0123abcd-1");
    tooled_end(&tooled);
}
END_TEST

START_TEST(log_level_events_and_sources) {
    struct tooled tooled = tooled_start("log");

    EXPECT(&tooled, 0, "log-level");
    prints(&tooled, "info\n");
    EXPECT(&tooled, 0, "log-level", "debug", "--for", "5m");
    EXPECT(&tooled, 0, "log-level");
    prints(&tooled, "debug, for ");
    EXPECT(&tooled, USAGE, "log-level", "debug", "--for", "2d");
    prints(&tooled, "--for");
    EXPECT(&tooled, USAGE, "log-level", "loud");
    prints(&tooled, "\"loud\" is no level; write error, warning");
    EXPECT(&tooled, USAGE, "log-level", "--for=5m");
    EXPECT(&tooled, 0, "events");
    prints(&tooled, "agent alpha: joined");
    EXPECT(&tooled, 0, "events", "--kind=certificate");
    prints(&tooled, "Nothing has happened");
    EXPECT(&tooled, 0, "source", "list");
    prints(&tooled, "No address is under a penalty.");
    EXPECT(&tooled, 1, "source", "forgive", "192.0.2.1");
    prints(&tooled, "is not under a penalty");
    tooled_end(&tooled);
}
END_TEST

/* None is missed between the list and what comes; a server that is started anew is waited for. */
START_TEST(events_are_followed_over_a_restart) {
    struct tooled tooled = tooled_start("follow");
    struct process *follower =
        sandbox_run(tooled.sandbox, "follow", sandbox_program(tooled.sandbox, "munnel"), "events", "--follow", NULL);

    process_await(follower, 0, SOON_MS, "agent alpha: joined", NULL);
    size_t mark = process_mark(follower);
    EXPECT(&tooled, 0, "service", "pause", "echo");
    process_await(follower, mark, SOON_MS, "service echo:", "paused", NULL);
    sandbox_end(tooled.sandbox, tooled.server.process);
    process_await(follower, mark, SOON_MS, "trying again", NULL);
    mark = process_mark(follower);
    server_start_again(&tooled.server);
    process_await(follower, mark, SOON_MS, "connected again", NULL);
    process_await(follower, mark, SOON_MS, "agent alpha: joined", NULL);
    sandbox_kill(tooled.sandbox, follower); /* it goes on until it is interrupted */
    tooled_end(&tooled);
}
END_TEST

START_TEST(a_service_is_checked_hop_by_hop) {
    struct tooled tooled = tooled_start("check");

    EXPECT(&tooled, 0, "check", "echo");
    prints(&tooled, "listener");
    prints(&tooled, "PASS");
    prints_not(&tooled, "FAIL");
    prints(&tooled, "\nSUMMARY PASS: echo works by agent alpha");
    EXPECT(&tooled, 1, "check", "none");
    prints(&tooled, "there is no service none");
    EXPECT(&tooled, 0, "service", "add", "loop",
           sandbox_text(tooled.sandbox, "--listen=127.0.0.1:%u", tooled.more_port),
           sandbox_text(tooled.sandbox, "--connect=127.0.0.1:%u", tooled.more_port));
    ck_assert(HOLDS_WITHIN(SOON_MS, agents_have(&tooled, "2 services can be served")));
    EXPECT(&tooled, 1, "check", "loop");
    prints(&tooled, "a loop: service loop leads back to its server");
    destination_free(tooled.echo);
    EXPECT(&tooled, 1, "check", "echo");
    prints(&tooled, "\nconnect: ");
    prints(&tooled, "\n  do: ");
    prints(&tooled, "\nSUMMARY FAIL: echo fails at connect");
    EXPECT(&tooled, 1, "check", "echo", "--json");
    prints(&tooled, "\"result\":\"fail\"");
    tooled.echo = destination_start(handle_echo, NULL); /* for the end */
    tooled_end(&tooled);
}
END_TEST

START_TEST(an_agent_answers_on_its_own_machine) {
    struct tooled tooled = tooled_start("own");
    const char *file = sandbox_write(tooled.sandbox, "agent.json",
                                     "{ 'admin': { 'socket': 'agent.sock' }, 'allow': '192.0.2.1:1' }", true);
    const char *socket = sandbox_path(tooled.sandbox, "agent.sock");

    agent_start(&tooled.server, "beta", NULL, "--config", file, NULL);
    agent_await(&tooled.server, 0, "beta", JOIN_MS);
    ck_assert(HOLDS_WITHIN(SOON_MS, tooled_run(&tooled, "status", "--socket", socket, NULL) == 0 &&
                                        strstr(tooled.output, "0 of 1 service permitted, 1 refused")));
    prints(&tooled, "munnel-agent on ");
    prints(&tooled, "1 of 1 server connected");
    prints(&tooled, "echo");
    EXPECT(&tooled, 0, "relay", "list", "--socket", socket);
    prints(&tooled, "No relay matches.");
    EXPECT(&tooled, 0, "events", "--socket", socket);
    EXPECT(&tooled, 0, "log-level", "debug", "--socket", socket);
    EXPECT(&tooled, 1, "agent", "drain", "alpha", "--socket", socket);
    prints(&tooled, "a munnel-agent answers here, and this command is for munneld");
    EXPECT(&tooled, 1, "service", "list", "--socket", socket);
    prints(&tooled, "a munnel-agent answers here, and this command is for munneld");
    sandbox_end(tooled.sandbox, tooled.server.process);
    ck_assert(HOLDS_WITHIN(SOON_MS, tooled_run(&tooled, "status", "--socket", socket, NULL) == DOWN &&
                                        strstr(tooled.output, "0 of 1 server connected")));
    tooled_end(&tooled);
}
END_TEST

/* A shell asks for names with each key: also when nothing runs it is silent and quick. */
START_TEST(names_are_completed_and_silence_when_no_server_runs) {
    struct tooled tooled = tooled_start("complete");

    EXPECT(&tooled, 0, "complete", "agent", "drain");
    prints(&tooled, "alpha\t");
    EXPECT(&tooled, 0, "complete", "service", "pause");
    prints(&tooled, "echo\t");
    EXPECT(&tooled, 0, "complete", "relay");
    prints(&tooled, "end\t");
    EXPECT(&tooled, 0, "complete", "help", "log-level");
    prints(&tooled, "debug\t");
    EXPECT(&tooled, 0, "complete", "--path", "help", "agent", "drain", "alpha");
    ck_assert_str_eq(tooled.output, "agent\ndrain\n");
    EXPECT(&tooled, 0, "complete", "no-such");
    ck_assert_str_eq(tooled.output, "");
    EXPECT(&tooled, 0, "complete", "agent", "drain", "--socket", "/no/such.sock");
    ck_assert_str_eq(tooled.output, "");
    tooled_end(&tooled);
}
END_TEST

static void fits_a_screen(const struct tooled *tooled) {
    ck_assert_uint_lt(lines_in(tooled->output), SCREEN);
    for (const char *line = tooled->output; *line; line += strcspn(line, "\n"), line += *line == '\n')
        ck_assert_msg(strcspn(line, "\n") <= SCREEN_WIDTH, "too wide: %.100s", line);
}

/* No server is needed for them. */
START_TEST(help_fits_a_screen_and_usage_errors_are_one_line) {
    struct tooled tooled = {.sandbox = sandbox_new("help")};
    static const char *const helps[][2] = {{"status", NULL},      {"events", NULL},        {"log-level", NULL},
                                           {"relay", "list"},     {"relay", "show"},       {"relay", "end"},
                                           {"service", "list"},   {"service", "show"},     {"service", "pause"},
                                           {"service", NULL},     {"agent", "disconnect"}, {"relay", NULL},
                                           {"source", "forgive"}, {"reload", NULL},        {"diag", NULL},
                                           {"check", NULL},       {"service", "remove"},   {"service", "add"},
                                           {"top", NULL},         {"agent", "add"},        {"agent", "rotate"},
                                           {"init", NULL},        {"ban", NULL},           {"unban", NULL}};
    static const char *const wrongs[][4] = {{"relay", NULL, NULL, "list, show or end"},
                                            {"relay", "lst", NULL, "did you mean list"},
                                            {"relay", "list", "--servce=x", "--service"},
                                            {"service", "pause", NULL, "munnel service pause: NAME is missing"},
                                            {"relay", "end", NULL, "munnel relay end: ID is missing"},
                                            {"agent", "add", NULL, "munnel agent add: NAME is missing"},
                                            {"foo", NULL, NULL, "no command foo; see munnel --help"},
                                            {"version", "x", NULL, "one argument too many"},
                                            {"agent", "web.example", NULL, "web.example:10001"},
                                            {"service", "add", "x", "--listen"}, /* before a server is asked */
                                            {"reload", "now", NULL, "\"now\" is no word here"},
                                            {"status", "now", NULL, "too many"},
                                            {"relay", "list", "--limit=0", "--limit"},
                                            {"agent", "undrian", NULL, "munnel agent undrain"}};

    EXPECT(&tooled, 0, "help");
    fits_a_screen(&tooled);
    for (size_t i = 0; i < sizeof helps / sizeof *helps; i++) {
        EXPECT(&tooled, 0, "help", helps[i][0], helps[i][1]);
        fits_a_screen(&tooled);
        prints(&tooled, helps[i][0]);
    }
    for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++) {
        EXPECT(&tooled, USAGE, wrongs[i][0], wrongs[i][1], wrongs[i][2]);
        prints(&tooled, wrongs[i][3]);
        ck_assert_uint_eq(lines_in(tooled.output), 1);
    }
    sandbox_free(tooled.sandbox);
}
END_TEST

SCENARIO_MAIN("tool", SCENARIO(status_tells_scripts_and_people_how_it_is, 60),
              SCENARIO(a_client_that_waits_is_found_shown_and_ended, 60),
              SCENARIO(a_relay_is_found_shown_and_ended, 60),
              SCENARIO(an_agent_is_drained_undrained_and_disconnected, 60),
              SCENARIO(agents_are_listed_by_the_server_that_runs, 60),
              SCENARIO(a_service_is_shown_with_both_keys_and_paused, 60),
              SCENARIO(a_service_is_added_changed_and_removed, 60),
              SCENARIO(a_reload_is_shown_before_and_goes_back_unless_it_is_confirmed, 60),
              SCENARIO(log_level_events_and_sources, 60), SCENARIO(an_address_is_banned_listed_and_unbanned, 60),
              SCENARIO(events_are_followed_over_a_restart, 60), SCENARIO(an_agent_answers_on_its_own_machine, 60),
              SCENARIO(a_service_is_checked_hop_by_hop, 60),
              SCENARIO(names_are_completed_and_silence_when_no_server_runs, 60),
              SCENARIO(help_fits_a_screen_and_usage_errors_are_one_line, 60))
