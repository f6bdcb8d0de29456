/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * status: "munnel status": is it well, what is wrong and what to do; then services and agents. As a health check its
 * exit code is enough: 0 well, 1 degraded, 2 down or not reachable.
 * Runs on: the tool's only thread. Owns: nothing.
 */
#include "config.h"

#include "ctl/status.h"

#include "ctl/answer.h"
#include "ctl/commands.h"
#include "ctl/lists.h"
#include "ctl/subcommand.h"

#include <string.h>

enum { SENTENCE = 512 };

static void add_services(char *text, size_t size, const json_t *status) {
    double count = answer_number(status, "services.count"), unreachable = answer_number(status, "services.unreachable");
    double paused = answer_number(status, "services.paused");
    char number[NUMBER_TEXT], more[2 * NUMBER_TEXT] = "";

    if (paused > 0)
        snprintf(more, sizeof more, " (%s paused)", number_count(number, paused));
    if (unreachable > 0)
        snprintf(text, size, "%.0f of %.0f service%s cannot be served%s", unreachable, count, status_plural(count),
                 more);
    else
        snprintf(text, size, "%s service%s can be served%s", number_count(number, count - (paused > 0 ? paused : 0)),
                 status_plural(count - (paused > 0 ? paused : 0)), more);
}

static void make_sentence(const json_t *status, char *text, size_t size) {
    char services[128], relays[NUMBER_TEXT], in[NUMBER_TEXT], out[NUMBER_TEXT], up[NUMBER_TEXT];
    double connected = answer_number(status, "agents.connected"), known = answer_number(status, "agents.known");
    double now = answer_number(status, "relays.now");
    int64_t now_ms = 0;

    add_services(services, sizeof services, status);
    (void)number_read_time(&now_ms, answer_text(status, "now", ""));
    snprintf(text, size, "%s, %.0f of %.0f agent%s connected, %s relay%s, %s in and %s out, up %s", services, connected,
             known, status_plural(known), number_count(relays, now), status_plural(now),
             number_bit_rate(in, answer_rate(status, "in_rate")), number_bit_rate(out, answer_rate(status, "out_rate")),
             number_age(up, answer_text(status, "started", ""), now_ms));
}

typedef int print_list(const struct display *display, const json_t *list, struct error *error);

/* The member `name` of the answer to /v1/NAME. */
static int print_part(struct admin_context *context, const char *name, print_list *print, const char *well,
                      const char *where, struct error *error) {
    struct http_reply reply = {0};
    char target[64];

    snprintf(target, sizeof target, "/v1/%s", name);
    int result = admin_call(context->client, "GET", target, &reply, error);
    if (result == 0) {
        const json_t *list = answer_at(reply.json, name);
        json_t *part = status_part(list, well);
        fputc('\n', context->display.file);
        result = part ? print(&context->display, part, error) : error_set(error, "out of memory");
        status_done_part(&context->display, part, list, where);
    }
    http_reply_done(&reply);
    return result;
}

static int print_lists(struct admin_context *context, struct error *error) {
    if (print_part(context, "services", list_services, "ok", "munnel service list", error) != 0)
        return -1;
    return print_part(context, "agents", list_agents, "connected", "munnel agent list", error);
}

static int print_server(struct admin_context *context, const json_t *status, struct error *error) {
    char sentence[SENTENCE];

    make_sentence(status, sentence, sizeof sentence);
    status_print_head(&context->display, status, sentence);
    status_print_problems(&context->display, status, admin_now_ms());
    return print_lists(context, error) == 0 ? status_code(status) : -1;
}

static int run(struct admin_context *context, void *arguments, struct error *error) {
    struct http_reply reply = {0};
    int code = admin_call(context->client, "GET", "/v1/status", &reply, error);

    (void)arguments;
    if (code == 0 && context->is_json)
        code = admin_print_json(context, &reply) + status_code(reply.json);
    else if (code == 0 && answer_is(reply.json, "program", "munnel-agent"))
        code = status_print_agent(context, reply.json, error);
    else if (code == 0 && answer_is(reply.json, "program", "munneld"))
        code = print_server(context, reply.json, error);
    else if (code == 0)
        code =
            error_set(error, "what answers there is neither munneld nor munnel-agent; name its socket: --socket PATH");
    http_reply_done(&reply);
    return code;
}

const struct admin_command status_command = {
    .spec = {.program = "munnel status",
             .usage = "munnel status tells whether a running munneld or munnel-agent is well: problems\n"
                      "with what to do, worst first; then services and agents.\n"
                      "Exit status: 0 well, 1 degraded, 2 down or not reachable.\n\n"
                      "usage: munnel status [OPTION]...\n"},
    .run = run,
    .failure = STATUS_DOWN,
};
