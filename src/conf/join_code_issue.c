/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * join_code_issue: see join_code_issue.h.
 * Runs on: start or a tool. Owns: nothing.
 */
#include "config.h"

#include "conf/join_code_issue.h"

#include "conf/advertised_addr.h"
#include "lib/tls/certificate.h"
#include "lib/tls/tls.h"

#include <stdio.h>
#include <string.h>

static int add_server(struct join_code *code, const char *server, struct error *error) {
    if (code->server_count == JOIN_CODE_SERVERS)
        return error_set(error, "too many servers for a join code; name %d at most", JOIN_CODE_SERVERS);
    if (strlen(server) >= JOIN_CODE_SERVER_TEXT)
        return error_set(error, "\"%.80s...\" is too long for a join code", server);
    snprintf(code->servers[code->server_count++], JOIN_CODE_SERVER_TEXT, "%s", server);
    return 0;
}

static int add_servers(struct join_code *code, const struct join_code_request *request, struct error *error) {
    const struct strlist *servers = request->servers;
    char guess[ADVERTISED_ADDR_TEXT];
    if (!servers || servers->count == 0) {
        advertised_addr(request->listen, request->name, request->certificate, guess);
        return add_server(code, guess, error);
    }
    for (size_t i = 0; i < servers->count; i++)
        if (add_server(code, servers->items[i], error) != 0)
            return -1;
    return 0;
}

int join_code_issue(const struct join_code_request *request, char text[JOIN_CODE_TEXT], struct error *error) {
    struct join_code code = {.pin_count = 1, .token = *request->token};
    int result = certificate_read_pin(request->certificate, code.pins[0], error);
    if (result == 0)
        result = add_servers(&code, request, error);
    if (result == 0)
        result = join_code_format(&code, text, error);
    join_code_wipe(&code);
    return result;
}
