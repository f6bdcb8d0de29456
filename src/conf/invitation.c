/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * invitation: see invitation.h.
 * Runs on: start or a tool. Owns: nothing.
 */
#include "config.h"

#include "conf/invitation.h"

#include "conf/reachable.h"
#include "lib/tls.h"

#include <stdio.h>
#include <string.h>

static int add_server(struct join_code *code, const char *server, struct error *error) {
    if (code->server_count == JOIN_SERVERS)
        return error_set(error, "at most %d servers fit into a join code", JOIN_SERVERS);
    if (strlen(server) >= JOIN_SERVER_TEXT)
        return error_set(error, "\"%.80s...\" is too long", server);
    snprintf(code->servers[code->server_count++], JOIN_SERVER_TEXT, "%s", server);
    return 0;
}

static int add_servers(struct join_code *code, const struct invitation *invitation, struct error *error) {
    const struct conf_list *servers = invitation->servers;
    char guess[REACHABLE_TEXT];
    if (!servers || servers->count == 0) {
        reachable_server(invitation->listen, invitation->name, invitation->certificate, guess);
        return add_server(code, guess, error);
    }
    for (size_t i = 0; i < servers->count; i++)
        if (add_server(code, servers->items[i], error) != 0)
            return -1;
    return 0;
}

int invitation_write(const struct invitation *invitation, char text[JOIN_TEXT], struct error *error) {
    struct join_code code = {.pin_count = 1, .token = *invitation->token};
    int result = tls_pin_of_certificate(invitation->certificate, code.pins[0], error);
    if (result == 0)
        result = add_servers(&code, invitation, error);
    if (result == 0)
        result = join_format(&code, text, error);
    join_wipe(&code);
    return result;
}
