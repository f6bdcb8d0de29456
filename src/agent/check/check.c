/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * check: see check.h. It checks what the start uses, by the same functions, and then each hop on the way to each
 * server.
 */
#include "config.h"

#include "agent/check/check.h"

#include "agent/agent.h"
#include "agent/check/check_server.h"
#include "agent/check/check_services.h"
#include "agent/identity/identity.h"
#include "agent/identity/join.h"
#include "agent/identity/service_keys.h"
#include "conf/publish_spec.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/base/format.h"
#include "lib/log/log.h"
#include "lib/net/acl.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

enum { INDENT = 2, LINE = 2048 };

/* ---- the configuration ---- */

struct configuration { /* that was found to be right */
    struct known_servers *joined;
    struct acl *rules;
    struct service_keys *keys;
    struct identity_set *identities;
};

static int make_rules(struct configuration *made, const struct agent_options *options, struct error *error) {
    made->rules = acl_new();
    int result = made->rules ? 0 : error_set(error, "out of memory");

    for (size_t i = 0; i < options->allow.count && result == 0; i++)
        result = acl_add(made->rules, options->allow.items[i], error);
    return result;
}

static int check_log(const struct agent_options *options, struct error *error) {
    struct error detail = {""};

    if (log_check_target(options->log.to, &detail) == 0)
        return 0;
    return error_set(error, "%s%slog.to: %s", options->file ? options->file : "", options->file ? ": " : "",
                     detail.text);
}

/* A line of its own, folded on a terminal. */
static void print_line(const char *format, ...) PRINTF_LIKE(1, 2);
static void print_line(const char *format, ...) {
    const struct display display = display_of(stdout);
    char text[LINE];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    printf("%*s", INDENT, "");
    display_fold(&display, INDENT, 2 * INDENT, text);
}

static void print_server(const struct server_identity *server) {
    const struct token *token = server->token;
    const char *from = token->from[0] != '\0' ? token->from : "by a join code";

    if (token->present)
        print_line("serves %s, verified by %s, with the token of \"%s\" (%s)", server->text,
                   trust_description(server->trust), token->credential, from);
    else
        print_line("serves %s, verified by %s", server->text, trust_description(server->trust));
    if (server->proxy)
        print_line("reaches it by proxy %s", server->proxy->text);
    if (server->file_before_code[0] != '\0')
        print_line("without --join, %s goes before the join code for it, which differs; if the code is the newer one, "
                   "remove the file",
                   server->file_before_code);
}

static void print_result(const struct agent_options *options, const struct configuration *made) {
    const struct identity_set *identities = made->identities;
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
        print_line("has neither token nor certificate for %s: most servers will reject it", unproved);
    if (options->end_to_end_keys)
        print_line("has the keys of %zu end-to-end service%s (%s)", service_keys_count(made->keys),
                   service_keys_count(made->keys) == 1 ? "" : "s", options->end_to_end_keys);
    if (options->allow.count == 0)
        print_line("may connect to whatever the server names, except Unix sockets, link-local and metadata addresses");
    for (size_t i = 0; i < options->allow.count; i++)
        print_line("may connect to %s", options->allow.items[i]);
    for (size_t i = 0; i < options->publish.count; i++)
        print_line("publishes %s, where the server lets it", options->publish.items[i]);
}

static void free_configuration(struct configuration *made) {
    known_servers_free(made->joined);
    identity_free(made->identities);
    if (made->rules)
        acl_free(made->rules);
    service_keys_free(made->keys);
}

static int make_configuration(struct configuration *made, const struct agent_options *options, const char *state_folder,
                              struct error *error) {
    made->joined = known_servers_read(state_folder, error);
    if (!made->joined || (options->join && join_read(made->joined, options->join, &options->servers, error)) ||
        make_rules(made, options, error) || check_log(options, error))
        return -1;
    made->keys = service_keys_new(options->end_to_end_keys, error);
    made->identities = made->keys ? identity_make(options, made->joined, state_folder, error) : NULL;
    return made->identities ? 0 : -1;
}

/* ---- the hops ---- */

static void add_configuration(struct report *report, const struct agent_options *options,
                              const struct configuration *made) {
    struct hop hop = {.name = "configuration"};
    const char *unproved = identity_unproved(made->identities);
    struct error warning = {""};

    report_add(report, &hop, "%s: %zu server%s, %s%s", options->file ? options->file : "the command line",
               identity_count(made->identities), identity_count(made->identities) == 1 ? "" : "s",
               options->group ? "group " : "", options->group ? options->group : "all groups of its credential");
    hop.name = "certificate";
    hop.result = HOP_FAIL;
    hop.remedy = "Renew the agent's own certificate, or set this machine's clock";
    if (trust_check_dates(identity_servers(made->identities)[0].trust, &warning)) /* the same for all servers */
        report_add(report, &hop, "%s", warning.text);
    if (!unproved)
        return;
    hop = (struct hop){.name = "token", .result = HOP_SKIP, .remedy = "Take a join code: munnel-agent --join-only -"};
    report_add(report, &hop, "there is neither token nor certificate for %s", unproved);
}

static void check_what_is_published(const struct check_world *world, const struct strlist *publish) {
    struct publish_spec spec;
    struct error error;

    for (size_t i = 0; i < publish->count; i++)
        if (publish_spec_read(&spec, publish->items[i], &error) == 0)
            check_published(world, spec.name, spec.to);
}

static void check_servers(struct check_world *world, const struct configuration *made) {
    for (size_t i = 0; i < identity_count(made->identities); i++)
        check_server(world, &identity_servers(made->identities)[i]);
}

static int print_report(const struct report *report, bool is_json) {
    const struct display display = display_of(stdout);

    return is_json ? report_print_json(report, stdout) : report_print(report, &display);
}

/* The exit code. */
static int check_hops(const struct agent_options *options, const struct configuration *made) {
    char name[PROTO_NAME_MAX + 1];
    struct report report = report_begin();
    struct check_world world = {.report = &report,
                                .loop = loop_new("check"),
                                .resolver = resolver_new(),
                                .rules = made->rules,
                                .keys = made->keys,
                                .visits = &options->visits,
                                .publishes = options->publish.count > 0,
                                .name = identity_agent_name(options, name),
                                .group = options->group ? options->group : "",
                                .deadline_us = clock_us() + (uint64_t)options->check_s * 1000000};

    add_configuration(&report, options, made);
    if (world.loop && world.resolver) {
        check_what_is_published(&world, &options->publish);
        check_servers(&world, made);
    } else {
        report.lacks_memory = true;
    }
    int failed = print_report(&report, options->is_json);
    if (failed)
        fprintf(stderr, "munnel-agent: out of memory\n");
    failed |= report.counts[HOP_FAIL] > 0;
    if (world.resolver)
        resolver_free(world.resolver);
    if (world.loop)
        loop_free(world.loop);
    report_done(&report);
    return failed ? AGENT_EXIT_FAILED : AGENT_EXIT_OK;
}

int check_run(const struct agent_options *options) {
    struct configuration made = {NULL};
    struct error error = {""};
    char *state_folder = NULL;
    int code = AGENT_EXIT_OK;

    (void)setlocale(LC_CTYPE, ""); /* for display.h */
    if (identity_state_folder(options, &state_folder, &error) ||
        make_configuration(&made, options, state_folder, &error)) {
        fprintf(stderr, "munnel-agent: %s\n", error.text);
        code = AGENT_EXIT_USAGE;
    } else {
        if (!options->is_json)
            print_result(options, &made);
        if (!options->check_config)
            code = check_hops(options, &made);
    }
    free_configuration(&made);
    free(state_folder);
    return fflush(stdout) == 0 ? code : AGENT_EXIT_USAGE;
}
