/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * status_agent: what "munnel status" prints of an agent, by its own socket.
 * Runs on: the tool's only thread. Owns: nothing.
 */
#include "config.h"

#include "ctl/status.h"

#include "ctl/answer.h"
#include "ctl/lists.h"

#include <string.h>

enum { SENTENCE = 512 };

static void add_services(char *text, size_t size, const json_t *status) {
    double refused = answer_number(status, "services.refused");
    double unreachable = answer_number(status, "services.unreachable");
    double unhealthy = answer_number(status, "services.unhealthy");
    char more[3 * NUMBER_TEXT] = "";

    if (refused > 0)
        snprintf(more, sizeof more, ", %.0f refused", refused);
    if (unreachable > 0)
        snprintf(more + strlen(more), sizeof more - strlen(more), ", %.0f not reached", unreachable);
    if (unhealthy > 0)
        snprintf(more + strlen(more), sizeof more - strlen(more), ", %.0f unhealthy", unhealthy);
    double count = answer_number(status, "services.count");
    snprintf(text, size, "%.0f of %.0f service%s permitted%s", answer_number(status, "services.permitted"), count,
             status_plural(count), more);
}

static void make_sentence(const json_t *status, char *text, size_t size) {
    const json_t *servers = answer_at(status, "servers"), *server;
    char services[128], relays[NUMBER_TEXT], in[NUMBER_TEXT], out[NUMBER_TEXT], up[NUMBER_TEXT];
    double relayed = answer_number(status, "relays.now");
    size_t connected = 0, i;
    int64_t now_ms = 0;

    json_array_foreach (servers, i, server)
        connected += answer_is(server, "state", "connected");
    add_services(services, sizeof services, status);
    (void)number_read_time(&now_ms, answer_text(status, "now", ""));
    snprintf(text, size, "%zu of %zu server%s connected, %s, %s relay%s, %s in and %s out, up %s", connected,
             json_array_size(servers), status_plural((double)json_array_size(servers)), services,
             number_count(relays, relayed), status_plural(relayed), number_bit_rate(in, answer_rate(status, "in_rate")),
             number_bit_rate(out, answer_rate(status, "out_rate")),
             number_age(up, answer_text(status, "started", ""), now_ms));
}

/* Nothing of an agent that publishes nothing, or is older. */
static int print_published(struct admin_context *context, const json_t *status, struct error *error) {
    struct http_reply reply = {0};

    if (answer_number(status, "published.count") <= 0)
        return 0;
    int result = admin_call(context->client, "GET", "/v1/published", &reply, error);
    if (result == 0) {
        fputc('\n', context->display.file);
        result = list_published(&context->display, answer_at(reply.json, "published"), error);
    }
    http_reply_done(&reply);
    return result;
}

int status_print_agent(struct admin_context *context, const json_t *status, struct error *error) {
    const struct display *display = &context->display;
    struct http_reply services = {0};
    char sentence[SENTENCE];

    make_sentence(status, sentence, sizeof sentence);
    status_print_head(display, status, sentence);
    status_print_problems(display, status, admin_now_ms());
    fputc('\n', display->file);
    int result = list_servers(display, answer_at(status, "servers"), error);
    if (result == 0 && json_array_size(answer_at(status, "visits")) > 0) {
        fputc('\n', display->file);
        result = list_visits(display, answer_at(status, "visits"), error);
    }
    if (result == 0)
        result = print_published(context, status, error);
    if (result == 0)
        result = admin_call(context->client, "GET", "/v1/services", &services, error);
    if (result == 0) {
        const json_t *list = answer_at(services.json, "services");
        json_t *part = status_part(list, "ok");
        fputc('\n', display->file);
        result = part ? list_asked_services(display, part, error) : error_set(error, "out of memory");
        status_done_part(display, part, list, "munnel top --once");
    }
    http_reply_done(&services);
    return result == 0 ? status_code(status) : -1;
}
