/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * agent_control: "munnel agent drain", "undrain" and "disconnect": of agents that are connected to the running server.
 * Runs on: the tool's only thread. Owns: nothing.
 */
#include "config.h"

#include "ctl/admin_command.h"
#include "ctl/commands.h"

static int drain(struct admin_context *context, void *arguments, struct error *error) {
    (void)arguments;
    return admin_do(context, "POST", "/v1/agents/", "/drain", "gets no new clients until it is undrained; relays go on",
                    error);
}

static int undrain(struct admin_context *context, void *arguments, struct error *error) {
    (void)arguments;
    return admin_do(context, "POST", "/v1/agents/", "/undrain", "gets clients again", error);
}

static int disconnect(struct admin_context *context, void *arguments, struct error *error) {
    (void)arguments;
    return admin_do(context, "POST", "/v1/agents/", "/disconnect", "disconnected; it may connect again", error);
}

const struct admin_command agent_drain_command = {
    .spec = {.program = "munnel agent drain",
             .usage = "munnel agent drain lets an agent get no new clients, until it is undrained; its\n"
                      "relays go on. NAME is that of munnel agent list.\n\n"
                      "usage: munnel agent drain [OPTION]... NAME\n"},
    .fewest = 1,
    .most = 1,
    .run = drain};

const struct admin_command agent_undrain_command = {
    .spec = {.program = "munnel agent undrain",
             .usage = "munnel agent undrain lets an agent get clients again. One that was drained by a\n"
                      "signal on its own machine has to be started anew there.\n\n"
                      "usage: munnel agent undrain [OPTION]... NAME\n"},
    .fewest = 1,
    .most = 1,
    .run = undrain};

const struct admin_command agent_disconnect_command = {
    .spec = {.program = "munnel agent disconnect",
             .usage = "munnel agent disconnect ends an agent's relays and links. It may connect again;\n"
                      "to keep it out: munnel agent revoke.\n\n"
                      "usage: munnel agent disconnect [OPTION]... NAME\n"},
    .fewest = 1,
    .most = 1,
    .run = disconnect};
