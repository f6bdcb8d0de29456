/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_windows_service: munneld and munnel-agent as services of Windows, in wine's service manager: installed, started,
 * stopped while a relay lasts, started anew, removed.
 *
 * Where wine or the programs are missing each test says so and passes. wine has no Event Log: what is reported to it is
 * a line of wine's own log instead, and what a service prints is lost, because wine's C library opens no stream anew
 * that had none. Rights are modes of this system, and a file gets those that its folder gives to others, although it is
 * protected against that: so ProgramData is closed to others here.
 */
#include "config.h"

#include "harness/deadline.h"
#include "harness/munnel.h"
#include "harness/parallel_clients.h"
#include "harness/port.h"
#include "harness/scenario.h"
#include "harness/wine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ASK_MS = 20000, LOG_MS = 30000, RELAY_MS = 60000, STOP_MS = 60000, MEGABYTE = 1000 * 1000 };

#define DATA "C:\\ProgramData\\Munnel\\"

struct services {
    struct sandbox *sandbox;
    struct destination *exchange, *echo;
    uint16_t agents, exchange_port, echo_port;
    const char *tool;
    struct process *log; /* the program whose standard error all services have */
};

/* ---- the tool ---- */

struct answer {
    int code;
    const char *text;
};

static struct answer finish(struct services *services, struct process *process, unsigned ms) {
    struct answer answer = {.code = process_wait(process, ms)};
    char *output = process_output(process, 0);

    answer.text = sandbox_text(services->sandbox, "%s", output);
    free(output);
    if (process != services->log)
        sandbox_end(services->sandbox, process);
    return answer;
}

static struct answer ask(struct services *services, const char *command, const char *program) {
    return finish(services, sandbox_run(services->sandbox, command, services->tool, "service", command, program, NULL),
                  LOG_MS);
}

static void expect(struct answer answer, int code, const char *words) {
    ck_assert_msg(answer.code == code && strstr(answer.text, words), "no \"%s\" with exit code %d in %d: %s", words,
                  code, answer.code, answer.text);
}

/* Whether the service manager, and the Event Log's list, know it. */
static bool is_known(struct services *services, const char *program) {
    const char *key = sandbox_text(services->sandbox,
                                   "HKLM\\SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application\\%s", program);
    struct sandbox *sandbox = services->sandbox;
    bool is_service =
        finish(services, sandbox_run(sandbox, "sc", "wine", "sc", "query", program, NULL), LOG_MS).code == 0;
    bool is_source = finish(services, sandbox_run(sandbox, "reg", "wine", "reg", "query", key, NULL), LOG_MS).code == 0;

    ck_assert_msg(is_service == is_source, "%s: service %d, source of the Event Log %d", program, is_service,
                  is_source);
    return is_service;
}

/* ---- the Event Log ---- */

/* wineserver and wine's service manager begin with the first program, and keep its standard error and $WINEDEBUG. */
static void await_report(struct services *services, const char *words) {
    process_await(services->log, 0, LOG_MS, "ReportEventW", words, NULL);
}

/* ---- begin, end ---- */

/* Without a session of the test's own Windows would end with each program of the tool's, and with it the services. */
static void before(void) {
    if (!wine_can_run("before", "tool"))
        return;
    struct sandbox *sandbox = sandbox_new("before");
    (void)wine_begin(sandbox, ASK_MS);
    sandbox_free(sandbox);
}

/* Services are no children of the test's: also those of a test that failed are removed, with their files. */
static void after(void) {
    static const char *const programs[] = {"munnel-agent", "munneld"};

    if (!wine_can_run("after", "tool"))
        return;
    struct sandbox *sandbox = sandbox_new("after");
    const char *folder = wine_drive(sandbox, "ProgramData/Munnel");
    for (size_t i = 0; access(folder, F_OK) == 0 && i < 2; i++)
        sandbox_do(sandbox, "uninstall", sandbox_program(sandbox, "munnel"), "service", "uninstall", programs[i], NULL);
    sandbox_do(sandbox, "rm", "rm", "-rf", folder, NULL);
    wine_end(sandbox);
    sandbox_free(sandbox);
}

static struct process *install(struct services *services, const char *const *arguments, const char *input) {
    return sandbox_run_plan(services->sandbox,
                            (struct process_plan){.name = "install", .arguments = arguments, .input = input});
}

/* The first program, so that none of the services that start with Windows is there yet. */
static void begin_session(struct services *services) {
    ck_assert_msg(wine_is_begun(), "other programs run in $WINEPREFIX: reports to the Event Log cannot be seen");
    services->log = sandbox_run(services->sandbox, "first", services->tool, "service", "status", NULL);
    expect(finish(services, services->log, LOG_MS), 1, "munneld is not installed");
}

static void install_server(struct services *services) {
    struct sandbox *sandbox = services->sandbox;
    const char *const arguments[] = {services->tool,
                                     "service",
                                     "install",
                                     "munneld",
                                     "--listen",
                                     sandbox_text(sandbox, "127.0.0.1:%u", services->agents),
                                     sandbox_text(sandbox, "Exchange web 127.0.0.1:%u 127.0.0.1:%u",
                                                  services->exchange_port, destination_port(services->exchange)),
                                     sandbox_text(sandbox, "Echo web 127.0.0.1:%u 127.0.0.1:%u", services->echo_port,
                                                  destination_port(services->echo)),
                                     NULL};

    expect(finish(services, install(services, arguments, NULL), LOG_MS), 0, "munneld is installed");
    expect(ask(services, "status", "munneld"), 1, "munneld: stopped");
}

static void install_agent(struct services *services) {
    struct sandbox *sandbox = services->sandbox;
    struct answer added = finish(services,
                                 sandbox_run(sandbox, "add", services->tool, "agent", "add", "first", "--agents",
                                             DATA "munneld\\agents.json", NULL),
                                 LOG_MS);
    const char *code = strstr(added.text, "munnel1."), *const arguments[] = {
                                                           services->tool, "service", "install", "munnel-agent",
                                                           "--join",       "-",       NULL};

    ck_assert_msg(added.code == 0 && code, "%d: %s", added.code, added.text);
    code = sandbox_text(sandbox, "%.*s\n", (int)strcspn(code, "\r\n"), code);
    expect(finish(services, install(services, arguments, code), LOG_MS), 0, "munnel-agent is installed");
    ck_assert_int_eq(access(wine_drive(sandbox, "ProgramData/Munnel/munnel-agent/joined.json"), R_OK), 0);
}

static bool begin(struct services *services, const char *name) {
    if (!wine_can_run(name, "server,agent,tool"))
        return false;
    setenv("WINEDEBUG", "-all,err+eventlog,warn+eventlog,trace+eventlog", 1);
    *services = (struct services){.sandbox = sandbox_new(name),
                                  .exchange = destination_start(handle_exchange, NULL),
                                  .echo = destination_start(handle_echo, NULL),
                                  .agents = port_take(),
                                  .exchange_port = port_take(),
                                  .echo_port = port_take()};
    services->tool = sandbox_program(services->sandbox, "munnel");
    ck_assert_int_eq(chmod(wine_drive(services->sandbox, "ProgramData"), 0700), 0);
    begin_session(services);
    return true;
}

static void end(struct services *services) {
    destination_free(services->exchange);
    destination_free(services->echo);
    sandbox_free(services->sandbox);
}

static void start(struct services *services, const char *program) {
    expect(ask(services, "start", program), 0, sandbox_text(services->sandbox, "%s runs", program));
    expect(ask(services, "status", program), 0, sandbox_text(services->sandbox, "%s: running, process ", program));
}

static void assert_relays(struct services *services, uint64_t tag) {
    struct relayed relayed = {services->exchange_port, services->exchange, tag, MEGABYTE, 2 * MEGABYTE, 0};
    const char *wrong = relayed_differs(&relayed, RELAY_MS);

    ck_assert_msg(!wrong, "%s", wrong);
}

/* ---- stopping ---- */

static bool is_stopping(struct services *services, const char *program) {
    return strstr(ask(services, "status", program).text, "stopping: its relays finish");
}

/* A relay that lasts, and the stop that has begun meanwhile. */
static struct process *begin_stop(struct services *services, const char *program, int *fd) {
    *fd = socket_client(services->echo_port);
    ck_assert(socket_converse(*fd, "hello", ASK_MS));
    struct process *stop = sandbox_run(services->sandbox, "stop", services->tool, "service", "stop", program, NULL);
    ck_assert(HOLDS_WITHIN(LOG_MS, is_stopping(services, program)));
    ck_assert(socket_converse(*fd, "still there?", ASK_MS));
    ck_assert(!process_is_over(stop));
    return stop;
}

static void await_stopped(struct services *services, struct process *stop, const char *program) {
    expect(finish(services, stop, STOP_MS), 0, sandbox_text(services->sandbox, "%s is stopped", program));
    expect(ask(services, "status", program), 1, sandbox_text(services->sandbox, "%s: stopped", program));
}

/* The relay ends by itself, whole, and the stop behind it. */
static void assert_stop_drains(struct services *services, const char *program, const char *report) {
    int fd;
    struct process *stop = begin_stop(services, program, &fd);

    await_report(services, report);
    socket_finish(fd);
    ck_assert_int_eq(socket_wait_end(fd, ASK_MS), END_FILE);
    close(fd);
    await_stopped(services, stop, program);
}

/* The relay goes on: it is cut once the time is over, and does not look whole. */
static void assert_stop_cuts(struct services *services, const char *program, const char *report) {
    int fd;
    struct process *stop = begin_stop(services, program, &fd);

    ck_assert_int_eq(socket_wait_end(fd, STOP_MS), END_RESET);
    close(fd);
    await_stopped(services, stop, program);
    await_report(services, report);
}

static void remove_both(struct services *services) {
    ck_assert(is_known(services, "munneld") && is_known(services, "munnel-agent"));
    expect(ask(services, "uninstall", "munneld"), 0, "munneld is no service any more");
    expect(ask(services, "remove", "munnel-agent"), 0, "munnel-agent is no service any more");
    expect(ask(services, "status", NULL), 1, "munneld is not installed");
    ck_assert(!is_known(services, "munneld") && !is_known(services, "munnel-agent"));
}

START_TEST(services_relay_drain_start_anew_and_are_removed) {
    struct services services;

    if (!begin(&services, __func__))
        return;
    install_server(&services);
    start(&services, "munneld");
    await_report(&services, "listening for agents on");
    install_agent(&services);
    start(&services, "munnel-agent");
    assert_relays(&services, 1);
    assert_stop_drains(&services, "munnel-agent", "draining");
    start(&services, "munnel-agent");
    assert_relays(&services, 2);
    assert_stop_drains(&services, "munneld", "1 still connected");
    start(&services, "munneld");
    assert_relays(&services, 3);
    assert_stop_cuts(&services, "munneld", "1 clients disconnected: still connected after 30 s");
    start(&services, "munneld");
    remove_both(&services);
    end(&services);
}
END_TEST

START_TEST(a_service_that_cannot_start_says_why) {
    struct services services;

    if (!begin(&services, __func__))
        return;
    int listener = socket_listen("127.0.0.1", services.agents, 1);
    install_server(&services);
    expect(ask(&services, "start", "munneld"), 1, "munneld has ended at once, with exit code 1");
    expect(ask(&services, "status", "munneld"), 1, "munneld: stopped, with exit code 1");
    expect(ask(&services, "uninstall", "munneld"), 0, "munneld is no service any more");
    expect(ask(&services, "start", "munneld"), 1, "munneld is not installed");
    close(listener);
    end(&services);
}
END_TEST

/* ---- a server as README tells ---- */

/* The example's port may be taken here. */
static void edit_configuration(struct services *services) {
    struct sandbox *sandbox = services->sandbox;
    const char *path = wine_drive(sandbox, "ProgramData/Munnel/munnel.json");
    const char *edit = sandbox_text(sandbox, "s/127.0.0.1:8080/127.0.0.1:%u/", services->exchange_port);

    ck_assert_int_eq(sandbox_do(sandbox, "sed", "sed", "-i", edit, path, NULL), 0);
}

static void init_server(struct services *services) {
    struct sandbox *sandbox = services->sandbox;
    const char *listen = sandbox_text(sandbox, "127.0.0.1:%u", services->agents);
    struct process *init =
        sandbox_run(sandbox, "init", services->tool, "init", "--listen", listen, "C:\\ProgramData\\Munnel", NULL);

    expect(finish(services, init, LOG_MS), 0, "services.d");
    edit_configuration(services);
    struct process *installed = sandbox_run(sandbox, "install", services->tool, "service", "install", "munneld",
                                            "--config", DATA "munnel.json", NULL);
    expect(finish(services, installed, LOG_MS), 0, "Windows Firewall");
}

static void add_service(struct services *services) {
    struct sandbox *sandbox = services->sandbox;
    const char *listen = sandbox_text(sandbox, "127.0.0.1:%u", services->echo_port);
    struct process *add = sandbox_run(sandbox, "add", services->tool, "service", "add", "added", "--listen", listen,
                                      "--connect", "127.0.0.1:1", NULL);

    expect(finish(services, add, LOG_MS), 0, "added");
    ck_assert_int_eq(access(wine_drive(sandbox, "ProgramData/Munnel/services.d/added.json"), R_OK), 0);
}

static bool is_listening(uint16_t port) {
    return !socket_is_refused(port);
}

/* What wine cannot show: that the service's account may. tests/unit/ctl/test_service_folder.c has what it is given. */
START_TEST(a_server_that_init_has_made_keeps_a_service_that_is_added) {
    struct services services;

    if (!begin(&services, __func__))
        return;
    init_server(&services);
    start(&services, "munneld");
    ck_assert(HOLDS_WITHIN(ASK_MS, is_listening(services.exchange_port)));
    add_service(&services);
    ck_assert(HOLDS_WITHIN(ASK_MS, is_listening(services.echo_port)));
    expect(ask(&services, "stop", "munneld"), 0, "munneld is stopped");
    start(&services, "munneld");
    ck_assert(HOLDS_WITHIN(ASK_MS, is_listening(services.echo_port)));
    expect(ask(&services, "uninstall", "munneld"), 0, "munneld is no service any more");
    ck_assert_int_eq(access(wine_drive(services.sandbox, "ProgramData/Munnel/services.d/added.json"), R_OK), 0);
    end(&services);
}
END_TEST

SCENARIO_MAIN("windows_service", SCENARIO_AROUND(services_relay_drain_start_anew_and_are_removed, 300, before, after),
              SCENARIO_AROUND(a_service_that_cannot_start_says_why, 120, before, after),
              SCENARIO_AROUND(a_server_that_init_has_made_keeps_a_service_that_is_added, 120, before, after))
