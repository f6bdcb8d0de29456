/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * check: see check.h. It checks what the start uses, by the same functions.
 */
#include "config.h"

#include "agent/check.h"

#include "agent/agent.h"
#include "agent/identity/identity.h"
#include "agent/identity/join.h"
#include "lib/base/file.h"
#include "lib/log/log.h"
#include "lib/net/acl.h"

#include <stdio.h>
#include <stdlib.h>

static int check_rules(const struct agent_options *options, struct error *error) {
    struct acl *rules = acl_new();
    int result = rules ? 0 : error_set(error, "out of memory");

    for (size_t i = 0; i < options->allow.count && result == 0; i++)
        result = acl_add(rules, options->allow.items[i], error);
    if (rules)
        acl_free(rules);
    return result;
}

static int check_log(const struct agent_options *options, struct error *error) {
    struct error detail = {""};

    if (log_check_target(options->log.to, &detail) == 0)
        return 0;
    return error_set(error, "%s%slog.to: %s", options->file ? options->file : "", options->file ? ": " : "",
                     detail.text);
}

static void print_server(const struct server_identity *server) {
    const struct token *token = server->token;

    printf("  serves %s, verified by %s", server->text, trust_description(server->trust));
    if (token->present)
        printf(", with the token of \"%s\" (%s)", token->credential,
               token->from[0] != '\0' ? token->from : "by a join code");
    printf("\n");
    if (server->file_before_code[0] != '\0')
        printf("  without --join, %s goes before the join code for it, which differs; if the code is the newer one, "
               "remove the file\n",
               server->file_before_code);
}

static void print_result(const struct agent_options *options, const struct identity_set *identities) {
    const char *unproved = identity_unproved(identities);
    struct error warning = {""};

    if (identity_count(identities) > 0 && trust_check_dates(identity_servers(identities)[0].trust, &warning))
        fprintf(stderr, "munnel-agent: warning: %s\n", warning.text); /* the certificate is the same for all servers */
    printf("munnel-agent: configuration OK: %zu server%s, %s%s\n", identity_count(identities),
           identity_count(identities) == 1 ? "" : "s", options->group ? "group " : "",
           options->group ? options->group : "all groups of its credential");
    for (size_t i = 0; i < identity_count(identities); i++)
        print_server(&identity_servers(identities)[i]);
    if (unproved)
        printf("  has neither token nor certificate for %s: most servers will reject it\n", unproved);
    if (options->allow.count == 0)
        printf("  may connect to whatever the server names, except Unix sockets, link-local and metadata addresses\n");
    for (size_t i = 0; i < options->allow.count; i++)
        printf("  may connect to %s\n", options->allow.items[i]);
}

static int check(const struct agent_options *options, const char *state_folder, struct error *error) {
    struct known_servers *joined = known_servers_read(state_folder, error);
    struct identity_set *identities = NULL;

    if (joined && (!options->join || join_read(joined, options->join, &options->servers, error) == 0) &&
        check_rules(options, error) == 0 && check_log(options, error) == 0)
        identities = identity_make(options, joined, state_folder, error);
    if (identities)
        print_result(options, identities);
    known_servers_free(joined);
    identity_free(identities);
    return identities ? 0 : -1;
}

int check_run(const struct agent_options *options) {
    struct error error = {""};
    char *state_folder = NULL;
    int result = identity_state_folder(options, &state_folder, &error);

    if (result == 0)
        result = check(options, state_folder, &error);

    if (result != 0)
        fprintf(stderr, "munnel-agent: %s\n", error.text);
    free(state_folder);
    return result == 0 && fflush(stdout) == 0 ? AGENT_EXIT_OK : AGENT_EXIT_USAGE;
}
