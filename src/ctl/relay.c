/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * relay: "munnel relay list", "show" and "end".
 * Runs on: the tool's only thread. Owns: nothing.
 */
#include "config.h"

#include "ctl/admin_command.h"
#include "ctl/answer.h"
#include "ctl/commands.h"
#include "ctl/details.h"
#include "ctl/lists.h"
#include "lib/base/strbuf.h"
#include "lib/net/addr.h"

#include <stdio.h>
#include <string.h>

enum { RELAYS_AT_ONCE = 1000 };

/* ---- list ---- */

struct relay_list_arguments {
    struct admin_place place;
    char *service, *agent, *client, *state;
    unsigned sort, limit; /* sort: an index of sort_words */
};

/* The server knows "-rate" and the like, of which a shell's user would expect options. */
static const char *const sort_words[] = {"rate", "bytes", "age", "newest", "idle", NULL};
static const char *const sort_orders[] = {"-rate", "-bytes", "-age", "age", "-idle"};

static int check_client(const char *text, struct error *error) {
    struct endpoint endpoint = {.port = 1};
    struct addr addr;

    strbuf_copy(endpoint.host, sizeof endpoint.host, text);
    if (*text && strlen(text) < sizeof endpoint.host && addr_from_endpoint(&addr, &endpoint))
        return 0;
    return error_set(error, "\"%.60s\" is no IP address; write it without a port, 192.0.2.7 or 2001:db8::7", text);
}

#define AT(member) offsetof(struct relay_list_arguments, member)
static const struct option_spec list_specs[] = {
    ADMIN_PLACE_SPECS(struct relay_list_arguments, place),
    {"service", OPTION_TEXT, AT(service), "null", .wanted = "a service's name", .flag = "service",
     .argument = "SERVICE", .help = "only those of this service"},
    {"agent", OPTION_TEXT, AT(agent), "null", .wanted = "an agent's name", .flag = "agent", .argument = "AGENT",
     .help = "only those of this agent"},
    {"client", OPTION_TEXT, AT(client), "null", .check = check_client, .wanted = "an IP address", .flag = "client",
     .argument = "ADDR", .help = "only those of this client's address"},
    {"state", OPTION_TEXT, AT(state), "null", .wanted = "a state", .flag = "state",
     .argument = "waiting|opening|open|suspended|ended", .help = "only those in this state"},
    {"sort", OPTION_CHOICE, AT(sort), "\"rate\"", .words = sort_words, .flag = "sort",
     .argument = "rate|bytes|age|newest|idle", .help = "most of it first [rate]"},
    {"limit", OPTION_NUMBER, AT(limit), "100", .minimum = 1, .maximum = RELAYS_AT_ONCE, .flag = "limit",
     .argument = "COUNT", .help = "at most so many, up to 1000 [100]"},
};
static const struct option_table list_table = {list_specs, sizeof list_specs / sizeof *list_specs,
                                               sizeof(struct relay_list_arguments)};

static bool add_filter(char target[ADMIN_TARGET], const char *name, const char *value, struct error *error) {
    char before[ADMIN_TARGET];

    if (!value)
        return true;
    snprintf(before, sizeof before, "%.900s&%s=", target, name);
    return admin_target(target, before, value, "", error);
}

static bool make_target(char target[ADMIN_TARGET], const struct relay_list_arguments *arguments, struct error *error) {
    snprintf(target, ADMIN_TARGET, "/v1/relays?limit=%u", arguments->limit);
    return add_filter(target, "service", arguments->service, error) &&
           add_filter(target, "agent", arguments->agent, error) &&
           add_filter(target, "client", arguments->client, error) &&
           add_filter(target, "state", arguments->state, error) &&
           add_filter(target, "sort", sort_orders[arguments->sort], error);
}

static int print_relays(const struct display *display, const json_t *answer, struct error *error) {
    const json_t *relays = answer_at(answer, "relays");
    double total = answer_number(answer, "total");

    if (list_relays(display, relays, error) != 0)
        return -1;
    if (total > (double)json_array_size(relays))
        fprintf(display->file, "%zu of %.0f that match; --limit shows up to %d\n", json_array_size(relays), total,
                RELAYS_AT_ONCE);
    return 0;
}

static int list(struct admin_context *context, void *arguments, struct error *error) {
    char target[ADMIN_TARGET];

    return make_target(target, arguments, error) ? admin_show(context, target, print_relays, error) : -1;
}

const struct admin_command relay_list_command = {
    .spec = {.program = "munnel relay list",
             .usage = "munnel relay list prints the clients that are being relayed.\n\n"
                      "usage: munnel relay list [OPTION]...\n",
             .table = &list_table},
    .run = list,
};

/* ---- show ---- */

static const struct detail relay_details[] = {
    {"state", "state", VALUE_STATE},
    {"service", "service", VALUE_TEXT},
    {"protocol", "protocol", VALUE_TEXT},
    {"client", "client", VALUE_TEXT},
    {"seen as", "seen_as", VALUE_TEXT},
    {"agent", "agent", VALUE_TEXT},
    {"visitor", "visitor", VALUE_TEXT},
    {"end to end", "end_to_end", VALUE_TEXT},
    {"destination", "destination", VALUE_TEXT},
    {"reached as", "address", VALUE_TEXT},
    {"link", "carrier", VALUE_TEXT},
    {"accepted", "accepted", VALUE_TIME},
    {"agent chosen after", "wait_ms", VALUE_MS},
    {"destination reached after", "dial_ms", VALUE_MS},
    {"first byte back after", "first_byte_ms", VALUE_MS},
    {"from the client", "in_bytes", VALUE_BYTES},
    {"to the client", "out_bytes", VALUE_BYTES},
    {"from the client now", "in_rate", VALUE_BIT_RATE},
    {"to the client now", "out_rate", VALUE_BIT_RATE},
    {"datagrams from the client", "datagrams.in", VALUE_COUNT},
    {"of these dropped here", "datagrams.dropped_in", VALUE_COUNT},
    {"datagrams to the client", "datagrams.out", VALUE_COUNT},
    {"of these dropped here", "datagrams.dropped_out", VALUE_COUNT},
    {"client held back by", "throttled_in", VALUE_TEXT},
    {"destination held back by", "throttled_out", VALUE_TEXT},
    {"last byte", "progress", VALUE_TIME},
    {"without a link since", "suspended", VALUE_TIME},
    {"ended", "ended", VALUE_TIME},
    {"ended by", "by", VALUE_TEXT},
    {"reason", "reason", VALUE_TEXT},
    {"detail", "detail", VALUE_TEXT},
};

static int print_relay(const struct display *display, const json_t *relay, struct error *error) {
    (void)error;
    details_print(display, answer_text(relay, "id", ""), relay, relay_details,
                  sizeof relay_details / sizeof *relay_details);
    return 0;
}

static int show(struct admin_context *context, void *arguments, struct error *error) {
    char target[ADMIN_TARGET];

    (void)arguments;
    if (!admin_target(target, "/v1/relays/", context->line->words[0], "", error))
        return -1;
    return admin_show(context, target, print_relay, error);
}

const struct admin_command relay_show_command = {
    .spec = {.program = "munnel relay show",
             .usage = "munnel relay show prints one relay with its times.\n"
                      "ID is that of munnel relay list and of the logs of both programs.\n\n"
                      "usage: munnel relay show [OPTION]... ID\n"},
    .fewest = 1,
    .most = 1,
    .run = show,
};

/* ---- end ---- */

/* Those that can be ended are; the error is of the first that could not. */
static int end(struct admin_context *context, void *arguments, struct error *error) {
    int failed = 0;

    (void)arguments;
    for (int i = 0; i < context->line->word_count; i++) {
        char target[ADMIN_TARGET];
        struct http_reply reply = {0};
        struct error why = {{0}};
        bool is_ended = admin_target(target, "/v1/relays/", context->line->words[i], "", &why) &&
                        admin_call(context->client, "DELETE", target, &reply, &why) == 0;
        http_reply_done(&reply);
        if (is_ended && !context->is_json)
            fprintf(context->display.file, "%s: reset\n", context->line->words[i]);
        if (!is_ended && failed++ == 0)
            *error = why;
    }
    if (failed > 1)
        return error_set(error, "%.400s; %d more could not be ended", error->text, failed - 1);
    return failed ? -1 : 0;
}

const struct admin_command relay_end_command = {
    .spec = {.program = "munnel relay end",
             .usage = "munnel relay end resets both sides of relays: client and destination see that\n"
                      "the connection broke.\n\n"
                      "usage: munnel relay end [OPTION]... ID...\n"},
    .fewest = 1,
    .most = RELAYS_AT_ONCE,
    .run = end,
};
