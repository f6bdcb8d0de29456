/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * ban: "munnel ban" and "munnel unban": addresses whose clients are refused for a time.
 * Runs on: the tool's only thread. Owns: nothing.
 */
#include "config.h"

#include "ctl/admin_command.h"
#include "ctl/answer.h"
#include "ctl/commands.h"
#include "ctl/lists.h"
#include "lib/base/date.h"
#include "lib/net/addr.h"
#include "lib/net/loopback_source.h"
#include "lib/net/source_key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST_S = 30 * 86400 };

struct ban_arguments {
    struct admin_place place;
    char *span, *service, *reason, *relay;
};

static int check_span(const char *text, struct error *error) {
    time_t seconds;

    if (date_parse_span(&seconds, text) && seconds <= LONGEST_S)
        return 0;
    return error_set(error, "\"%.40s\" is no time up to 30 days; write 30m, 12h or 7d", text);
}

#define AT(member) offsetof(struct ban_arguments, member)
#define SERVICE_SPEC(text)                                                                                             \
    {                                                                                                                  \
        "service", OPTION_TEXT, AT(service), "null", .wanted = "a service's name", .flag = "service",                  \
                                                     .argument = "SERVICE", .help = (text)                             \
    }
static const struct option_spec ban_specs[] = {
    ADMIN_PLACE_SPECS(struct ban_arguments, place),
    {"for", OPTION_TEXT, AT(span), "null", .check = check_span, .wanted = "a time like \"1h\"", .flag = "for",
     .argument = "SPAN", .help = "until it ends, at most 30d [1h]"},
    SERVICE_SPEC("by this service alone [by all of them]"),
    {"reason", OPTION_TEXT, AT(reason), "null", .wanted = "a text", .flag = "reason", .argument = "TEXT",
     .help = "for lists and logs"},
    {"relay", OPTION_TEXT, AT(relay), "null", .wanted = "a relay's id", .flag = "relay", .argument = "ID",
     .help = "the client of this relay, live or ended, instead of ADDR"},
};
static const struct option_spec unban_specs[] = {
    ADMIN_PLACE_SPECS(struct ban_arguments, place),
    SERVICE_SPEC("only of this service [of all of them]"),
};
static const struct option_table ban_table = {ban_specs, sizeof ban_specs / sizeof *ban_specs,
                                              sizeof(struct ban_arguments)};
static const struct option_table unban_table = {unban_specs, sizeof unban_specs / sizeof *unban_specs,
                                                sizeof(struct ban_arguments)};

/* ---- of an agent ---- */

enum { NAMED_MOST = 4 };

/* Which services obey what is banned by all of them: ": ssh, web", or how many there are. */
static void print_obeying(FILE *file, const json_t *answer) {
    size_t count = json_array_size(answer_at(answer, "services"));
    char *names = count <= NAMED_MOST ? answer_list(answer, "services") : NULL;

    if (!count)
        fprintf(file, "the services that let their agents ban; no server has named one yet");
    else if (names)
        fprintf(file, "the services that let their agents ban: %s", names);
    else
        fprintf(file, "the %zu services that let their agents ban", count);
    free(names);
}

/* ---- list ---- */

static bool has_ban_of_all(const json_t *bans) {
    const json_t *ban;
    size_t i;

    json_array_foreach (bans, i, ban)
        if (!answer_at(ban, "service"))
            return true;
    return false;
}

static int print_bans(const struct display *display, const json_t *answer, struct error *error) {
    const json_t *bans = answer_at(answer, "bans");
    double total = answer_number(answer, "total");

    if (list_bans(display, bans, error) != 0)
        return -1;
    if (total > (double)json_array_size(bans))
        fprintf(display->file, "%zu of %.0f, the newest first\n", json_array_size(bans), total);
    if (!answer_at(answer, "services") || !has_ban_of_all(bans))
        return 0;
    fputs("all: by ", display->file);
    print_obeying(display->file, answer);
    fputc('\n', display->file);
    return 0;
}

static int list(struct admin_context *context, const char *service, struct error *error) {
    char target[ADMIN_TARGET] = "/v1/bans";

    if (service && !admin_target(target, "/v1/bans?service=", service, "", error))
        return -1;
    return admin_show(context, target, print_bans, error);
}

/* ---- what is asked ---- */

static json_t *body_of(const char *address, const struct ban_arguments *given) {
    time_t seconds;
    json_t *body = json_pack("{s:s,s:s*,s:s*}", "address", address, "service", given->service, "reason", given->reason);

    if (given->span && date_parse_span(&seconds, given->span))
        json_object_set_new(body, "for_s", json_integer((json_int_t)seconds));
    return body;
}

static void print_ban(const struct display *display, const json_t *ban) {
    char span[NUMBER_TEXT], address[ANSWER_SOURCE];
    const char *service = answer_text(ban, "service", NULL);

    fprintf(display->file, "%s: banned for %s by ", answer_source(ban, "address", address),
            number_span(span, answer_number(ban, "left_s")));
    if (service)
        fprintf(display->file, "service %s", service);
    else if (answer_at(ban, "services"))
        print_obeying(display->file, ban);
    else
        fputs("all services", display->file);
    fputc('\n', display->file);
}

/* An address as lists have it, "2001:db8::/64", becomes one of that network. */
static void cut_prefix(char *address) {
    size_t length = strlen(address);

    if (strchr(address, ':') && length > 3 && strcmp(address + length - 3, "/64") == 0)
        address[length - 3] = '\0';
}

/* The client's address of "192.0.2.7:4711", "[2001:db8::7]:4711". False with error: it has none, as of a Unix socket.
 */
static bool take_host(char address[ENDPOINT_HOST], const char *client, struct error *error) {
    struct endpoint endpoint;
    struct addr addr;

    if (endpoint_parse(&endpoint, client, error) == 0 && !endpoint.is_unix && addr_from_endpoint(&addr, &endpoint)) {
        memcpy(address, endpoint.host, ENDPOINT_HOST);
        return true;
    }
    error_set(error, "its client has no IP address: \"%.60s\"", client);
    return false;
}

static bool find_client(struct admin_context *context, const char *relay, char address[ENDPOINT_HOST],
                        struct error *error) {
    char target[ADMIN_TARGET];
    struct http_reply reply = {0};
    bool is_found = admin_target(target, "/v1/relays/", relay, "", error) &&
                    admin_call(context->client, "GET", target, &reply, error) == 0 &&
                    take_host(address, answer_text(reply.json, "client", ""), error);

    http_reply_done(&reply);
    return is_found;
}

/* ---- whom the destination knows by an address of the loopback ---- */

enum { CLIENTS_MOST = 64 };

struct clients { /* that have had it */
    char hosts[CLIENTS_MOST][ENDPOINT_HOST];
    size_t count;
};

static void add_client(struct clients *clients, const char *text) {
    struct error error;
    char host[ENDPOINT_HOST];

    if (clients->count == CLIENTS_MOST || !take_host(host, text, &error))
        return;
    for (size_t i = 0; i < clients->count; i++)
        if (strcmp(clients->hosts[i], host) == 0)
            return;
    memcpy(clients->hosts[clients->count++], host, sizeof host);
}

static bool add_clients(struct admin_context *context, struct clients *clients, const char *address, const char *state,
                        struct error *error) {
    char target[ADMIN_TARGET];
    struct http_reply reply = {0};
    const json_t *relay;
    size_t i;

    bool is_answered = admin_target(target, "/v1/relays?limit=1000&client=", address, state, error) &&
                       admin_call(context->client, "GET", target, &reply, error) == 0;
    if (is_answered)
        json_array_foreach (answer_at(reply.json, "relays"), i, relay)
            add_client(clients, answer_text(relay, "client", ""));
    http_reply_done(&reply);
    return is_answered;
}

/* Without one that is known it is the address itself, for the program to judge. */
static bool find_clients(struct admin_context *context, const char *address, struct clients *clients,
                         struct error *error) {
    struct addr addr;

    clients->count = 0;
    if (source_parse(&addr, address, NULL) == 0 && loopback_source_is(&addr) &&
        !(add_clients(context, clients, address, "", error) &&
          add_clients(context, clients, address, "&state=ended", error)))
        return false;
    if (clients->count == 0)
        snprintf(clients->hosts[clients->count++], ENDPOINT_HOST, "%s", address);
    return true;
}

/* ---- ban ---- */

static int ban_one(struct admin_context *context, const char *address, const struct ban_arguments *given,
                   struct error *error) {
    struct http_reply reply = {0};
    json_t *body = body_of(address, given);
    int result = body ? admin_ask(context->client, &(struct http_ask){"POST", "/v1/bans", .body = body}, &reply, error)
                      : error_set(error, "out of memory");

    if (result == 0 && context->is_json)
        admin_print_json(context, &reply);
    else if (result == 0)
        print_ban(&context->display, reply.json);
    http_reply_done(&reply);
    json_decref(body);
    return result;
}

static int ban(struct admin_context *context, void *arguments, struct error *error) {
    const struct ban_arguments *given = arguments;
    char *address = context->line->word_count ? context->line->words[0] : NULL;
    struct clients clients = {.count = 1};
    int result = 0;

    if (address)
        cut_prefix(address);
    if (!address && !given->relay)
        return list(context, given->service, error);
    if (given->relay ? !find_client(context, given->relay, clients.hosts[0], error)
                     : !find_clients(context, address, &clients, error))
        return -1;
    for (size_t i = 0; i < clients.count && result == 0; i++)
        result = ban_one(context, clients.hosts[i], given, error);
    return result;
}

static int check(const struct cmdline *line, const void *arguments) {
    const struct ban_arguments *given = arguments;

    if (line->word_count && given->relay)
        return admin_refuse("munnel ban", "an address and --relay do not go together");
    if (line->word_count || given->relay || (!given->span && !given->reason))
        return 0;
    return admin_refuse("munnel ban", "--for and --reason go with an address: munnel ban ADDR");
}

const struct admin_command ban_command = {
    .spec = {.program = "munnel ban",
             .usage = "munnel ban lets services refuse the clients of an address for a time; without\n"
                      "one it prints the bans that there are. An IPv6 address stands for its /64.\n"
                      "On an agent's machine its servers are asked: by services with agent_bans.\n\n"
                      "usage: munnel ban [OPTION]... [ADDR]\n",
             .table = &ban_table},
    .most = 1,
    .check = check,
    .run = ban};

/* ---- unban ---- */

static int unban(struct admin_context *context, void *arguments, struct error *error) {
    const struct ban_arguments *given = arguments;
    char after[ADMIN_TARGET] = "";

    cut_prefix(context->line->words[0]);
    if (given->service && !admin_target(after, "?service=", given->service, "", error))
        return -1;
    return admin_do(context, "DELETE", "/v1/bans/", after, "no longer banned", error);
}

const struct admin_command unban_command = {.spec = {.program = "munnel unban",
                                                     .usage = "munnel unban lifts the bans of an address.\n\n"
                                                              "usage: munnel unban [OPTION]... ADDR\n",
                                                     .table = &unban_table},
                                            .fewest = 1,
                                            .most = 1,
                                            .run = unban};
