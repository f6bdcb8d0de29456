/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * service: "munnel service list", "show", "pause" and "resume".
 * Runs on: the tool's only thread. Owns: nothing.
 */
#include "config.h"

#include "ctl/admin_command.h"
#include "ctl/answer.h"
#include "ctl/commands.h"
#include "ctl/details.h"
#include "ctl/lists.h"

#include <stdio.h>

/* ---- list ---- */

static int print_services(const struct display *display, const json_t *answer, struct error *error) {
    const json_t *services = answer_at(answer, "services");

    if (json_array_size(services) > 0 && answer_at(json_array_get(services, 0), "server"))
        return admin_refuse_agent(error); /* those that its servers announce */
    return list_services(display, services, error);
}

static int list(struct admin_context *context, void *arguments, struct error *error) {
    (void)arguments;
    return admin_show(context, "/v1/services", print_services, error);
}

const struct admin_command service_list_command = {
    .spec = {.program = "munnel service list",
             .usage = "munnel service list prints the services of the running server: state, agents\n"
                      "that can serve of those that may, relays, new ones, and bytes of the last ten\n"
                      "seconds.\n\n"
                      "usage: munnel service list [OPTION]...\n"},
    .run = list,
};

/* ---- show ---- */

static const struct detail service_details[] = {
    {"state", "state", VALUE_STATE},
    {"since", "since", VALUE_TIME},
    {"paused by", "paused_by", VALUE_TEXT},
    {"protocol", "protocol", VALUE_TEXT},
    {"listens at", "listen", VALUE_LIST},
    {"visitors", "visitors", VALUE_LIST},
    {"end to end", "configuration.end_to_end", VALUE_FLAG},
    {"hosts", "hosts", VALUE_LIST},
    {"groups", "groups", VALUE_LIST},
    {"destination", "connect", VALUE_LIST},
    {"PROXY protocol", "proxy_protocol", VALUE_TEXT},
    {"connects from", "settings.connect_from", VALUE_TEXT},
    {"health check", "settings.check", VALUE_TEXT},
    {"balancers in front", "accept_proxy", VALUE_LIST},
    {"agents that can serve", "able", VALUE_COUNT},
    {"agents that may", "known", VALUE_COUNT},
    {"relays", "relays", VALUE_COUNT},
    {"most in 24 hours", "peak", VALUE_COUNT},
    {"waiting clients", "waiting", VALUE_COUNT},
    {"new clients", "new_rate", VALUE_RATE},
    {"from clients", "in_rate", VALUE_BIT_RATE},
    {"to clients", "out_rate", VALUE_BIT_RATE},
    {"datagrams", "datagrams.rate", VALUE_RATE},
    {"dropped", "datagrams.dropped_rate", VALUE_RATE},
    {"datagrams from clients", "datagrams.in", VALUE_COUNT},
    {"datagrams to clients", "datagrams.out", VALUE_COUNT},
    {"answer timeout", "settings.answer_timeout", VALUE_TEXT},
    {"replies at most", "settings.reply_factor", VALUE_TEXT},
    {"clients at most", "settings.max_clients", VALUE_COUNT},
    {"of an address at most", "settings.max_per_source", VALUE_COUNT},
    {"new of an address", "settings.max_rate", VALUE_RATE},
    {"limit from clients", "bandwidth_in", VALUE_BIT_RATE},
    {"limit to clients", "bandwidth_out", VALUE_BIT_RATE},
    {"limit from an address", "settings.bandwidth_per_source_in", VALUE_BIT_RATE},
    {"limit to an address", "settings.bandwidth_per_source_out", VALUE_BIT_RATE},
    {"TLS protocols", "configuration.tls.alpn", VALUE_LIST},
    {"client certificates", "configuration.tls.client_auth", VALUE_TEXT},
    {"agent chosen, median", "wait.p50_ms", VALUE_MS},
    {"agent chosen, 99 %", "wait.p99_ms", VALUE_MS},
    {"destination, median", "dial.p50_ms", VALUE_MS},
    {"destination, 99 %", "dial.p99_ms", VALUE_MS},
    {"first byte, median", "first_byte.p50_ms", VALUE_MS},
    {"first byte, 99 %", "first_byte.p99_ms", VALUE_MS},
    {"TLS certificate ends", "tls.expires", VALUE_CLOCK},
    {"TLS files not in use", "tls.refused", VALUE_TEXT},
    {"configured in", "origin.file", VALUE_TEXT},
    {"published by agent", "published_by.agent", VALUE_TEXT},
    {"its agent gone since", "published_by.gone_since", VALUE_CLOCK},
};

static unsigned count_health(const json_t *keys, const char *state) {
    unsigned count = 0;

    for (size_t i = 0; i < json_array_size(keys); i++)
        count += answer_is(json_array_get(keys, i), "health.state", state);
    return count;
}

/* "http /health, each 10 s: healthy at 2 agents, unhealthy at 1". NULL: it is not checked. */
static json_t *check_text(const json_t *service) {
    const json_t *check = answer_at(service, "configuration.check"), *keys = answer_at(service, "keys");
    bool is_http = answer_is(check, "type", "http");
    unsigned healthy = count_health(keys, "healthy"), unhealthy = count_health(keys, "unhealthy");

    if (!check || answer_is(check, "type", "none"))
        return NULL;
    return json_sprintf("%s%s%s, each %.0f s: healthy at %u agent%s, unhealthy at %u", answer_text(check, "type", ""),
                        is_http ? " " : "", is_http ? answer_text(check, "path", "") : "",
                        answer_number(check, "interval"), healthy, healthy == 1 ? "" : "s", unhealthy);
}

/* Of the configuration what differs from its default, and is not among the numbers. */
static json_t *settings_of(const json_t *service) {
    static const char *const limits[] = {"bandwidth_per_source_in", "bandwidth_per_source_out", "max_clients",
                                         "max_per_source", "max_rate"};
    const json_t *configuration = answer_at(service, "configuration");
    double answer_s = answer_number(configuration, "answer_timeout"),
           factor = answer_number(configuration, "reply_factor");
    json_t *settings = json_object(), *check = check_text(service);

    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        if (answer_number(configuration, limits[i]) > 0)
            json_object_set(settings, limits[i], answer_at(configuration, limits[i]));
    if (!answer_is(configuration, "connect_from", "any"))
        json_object_set(settings, "connect_from", answer_at(configuration, "connect_from"));
    if (answer_s > 0)
        json_object_set_new(settings, "answer_timeout", json_sprintf("%.0f s", answer_s));
    if (factor > 0)
        json_object_set_new(settings, "reply_factor", json_sprintf("%.0f times what an address sent", factor));
    if (check)
        json_object_set_new(settings, "check", check);
    return settings;
}

static void print_counts(const struct display *display, const char *title, json_t *counts) {
    const char *reason;
    json_t *count;

    if (json_object_size(counts) == 0)
        return;
    display_tone(display, TONE_TITLE, "\n%s\n", title);
    json_object_foreach (counts, reason, count) {
        char number[NUMBER_TEXT];
        fprintf(display->file, "  %10s  %s\n", number_count(number, json_number_value(count)), reason);
    }
}

static int print_service(const struct display *display, const json_t *service, struct error *error) {
    json_t *shown = json_copy((json_t *)(uintptr_t)service); /* with the same members, and one more */

    if (!shown || json_object_set_new(shown, "settings", settings_of(service))) {
        json_decref(shown);
        return error_set(error, "out of memory");
    }
    details_print(display, answer_text(service, "name", ""), shown, service_details,
                  sizeof service_details / sizeof *service_details);
    json_decref(shown);
    print_counts(display, "refused clients", answer_at(service, "refused"));
    print_counts(display, "dropped datagrams from clients", answer_at(service, "datagrams.dropped_in"));
    print_counts(display, "dropped datagrams to clients", answer_at(service, "datagrams.dropped_out"));
    fputc('\n', display->file);
    return list_keys(display, answer_at(service, "keys"), error);
}

static int show(struct admin_context *context, void *arguments, struct error *error) {
    char target[ADMIN_TARGET];

    (void)arguments;
    if (!admin_target(target, "/v1/services/", context->line->words[0], "", error))
        return -1;
    return admin_show(context, target, print_service, error);
}

const struct admin_command service_show_command = {
    .spec = {.program = "munnel service show",
             .usage = "munnel service show prints one service: its numbers, refused clients and dropped\n"
                      "datagrams by reason, and what the server and each agent permit.\n\n"
                      "usage: munnel service show [OPTION]... NAME\n"},
    .fewest = 1,
    .most = 1,
    .run = show,
};

/* ---- pause, resume ---- */

static int pause_service(struct admin_context *context, void *arguments, struct error *error) {
    (void)arguments;
    return admin_do(context, "POST", "/v1/services/", "/pause",
                    "new clients are refused until it is resumed; relays go on", error);
}

static int resume_service(struct admin_context *context, void *arguments, struct error *error) {
    (void)arguments;
    return admin_do(context, "POST", "/v1/services/", "/resume", "takes clients again", error);
}

const struct admin_command service_pause_command = {
    .spec = {.program = "munnel service pause",
             .usage = "munnel service pause lets a service take no new clients, until it is resumed or\n"
                      "the server starts anew. Relays go on.\n\n"
                      "usage: munnel service pause [OPTION]... NAME\n"},
    .fewest = 1,
    .most = 1,
    .run = pause_service,
};

const struct admin_command service_resume_command = {
    .spec = {.program = "munnel service resume",
             .usage = "munnel service resume lets a paused service take clients again.\n\n"
                      "usage: munnel service resume [OPTION]... NAME\n"},
    .fewest = 1,
    .most = 1,
    .run = resume_service,
};
