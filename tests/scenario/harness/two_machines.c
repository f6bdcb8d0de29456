/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * two_machines: see two_machines.h.
 */
#include "config.h"

#include "harness/two_machines.h"

#include "harness/deadline.h"
#include "harness/port.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { ASK_MS = 5000 };

struct process *machine_run(struct sandbox *sandbox, const char *machine, const char *name,
                            const char *const *arguments, const char *input) {
    const char *home = sandbox_path(sandbox, "%s", machine);
    mkdir(home, 0700);
    const char *const environment[] = {sandbox_text(sandbox, "STATE_DIRECTORY=%s/state", home),
                                       sandbox_text(sandbox, "HOME=%s", home), "CREDENTIALS_DIRECTORY=", NULL};
    return sandbox_run_plan(sandbox, (struct process_plan){.name = name,
                                                           .arguments = arguments,
                                                           .environment = environment,
                                                           .folder = home,
                                                           .input = input});
}

struct process *two_machines_start_server(struct two_machines *pair, const char *name) {
    struct sandbox *sandbox = pair->sandbox;
    const char *service =
        sandbox_text(sandbox, "Echo web 127.0.0.1:%u 127.0.0.1:%u", pair->port, destination_port(pair->echo));
    struct process *server = ON_MACHINE(sandbox, "far", name, NULL, sandbox_program(sandbox, "munneld"), "--log-format",
                                        "json", "--listen", pair->address, service, pair->more);
    process_await(server, 0, START_MS, "listening for agents on", pair->address, NULL);
    return server;
}

struct two_machines two_machines_start(const char *name, const char *more) {
    struct two_machines pair = {.sandbox = sandbox_new(name), .port = port_take(), .agents = port_take(), .more = more};
    pair.address = sandbox_text(pair.sandbox, "127.0.0.1:%u", pair.agents);
    pair.echo = destination_start(handle_echo, NULL);
    pair.server = two_machines_start_server(&pair, "server");
    int code = sandbox_do(pair.sandbox, "add-first", sandbox_program(pair.sandbox, "munnel"), "agent", "add", "first",
                          "--agents", sandbox_path(pair.sandbox, "far/state/agents.json"), NULL);
    const char *said = sandbox_output(pair.sandbox, "add-first");
    ck_assert_msg(code == 0, "%s", said);
    ck_assert_ptr_nonnull(strstr(said, sandbox_text(pair.sandbox, "find the server at %s (", pair.address)));
    const char *text = strstr(said, "munnel1.");
    pair.code = sandbox_text(pair.sandbox, "%.*s", (int)strcspn(text, "\r\n"), text);
    return pair;
}

void two_machines_end(struct two_machines *pair) {
    destination_free(pair->echo);
    sandbox_free(pair->sandbox);
}

void two_machines_await_service(const struct two_machines *pair) {
    ck_assert(HOLDS_WITHIN(JOIN_MS, socket_echoes(pair->port, ASK_MS)));
}
