/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * config: /v1/config and /v1/reload.
 * Runs on: the control thread. Owns: nothing.
 */
#include "config.h"

#include "admin/values.h"
#include "server/admin/admin_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONFIRM_LEAST_S = 5, CONFIRM_MOST_S = 3600 };

/* ---- refusing ---- */

void admin_refuse_at(struct http_request *request, unsigned status, const char *text,
                     const struct option_fault *fault) {
    char detail[sizeof(struct error)];
    const char *remedy = strstr(text, "; ");

    snprintf(detail, sizeof detail, "%.*s", remedy ? (int)(remedy - text) : (int)strlen(text), text);
    http_answer_problem(request, &(struct http_problem){.status = status,
                                                        .detail = detail,
                                                        .remedy = remedy ? remedy + 2 : NULL,
                                                        .pointer = fault && *fault->pointer ? fault->pointer : NULL,
                                                        .file = fault && *fault->file ? fault->file : NULL,
                                                        .line = fault ? fault->line : 0});
}

void admin_refuse(struct http_request *request, unsigned status, const char *text) {
    admin_refuse_at(request, status, text, NULL);
}

/* Of the request's own content there is no file yet: what remains is the pointer into it. */
static const char *skip_file(const char *text, const char *edited, struct option_fault *fault) {
    size_t length = edited ? strlen(edited) : 0;

    if (!edited || !*fault->file || strncmp(fault->file, edited, sizeof fault->file - 1) != 0) /* it is cut if long */
        return text;
    fault->file[0] = '\0';
    fault->line = fault->column = 0;
    return strncmp(text, edited, length) == 0 && strncmp(text + length, ": ", 2) == 0 ? text + length + 2 : text;
}

void admin_refuse_outcome(struct http_request *request, const struct config_outcome *outcome, const char *edited) {
    static const unsigned statuses[] = {[CONFIG_WRONG] = 422,  [CONFIG_WAITING] = 409, [CONFIG_MIXED] = 409,
                                        [CONFIG_FAILED] = 500, [CONFIG_BUSY] = 503,    [CONFIG_STOPPING] = 503};
    struct option_fault fault = outcome->fault;

    admin_refuse_at(request, statuses[outcome->result], skip_file(outcome->error.text, edited, &fault), &fault);
}

/* ---- what waits for the files to be read ---- */

struct ask {
    const struct admin *admin;
    struct http_request *request;
    bool is_dry_run, is_answered;
};

/* NULL: it has been answered. */
static struct ask *ask_new(const struct admin *admin, struct http_request *request) {
    struct ask *ask = calloc(1, sizeof *ask);

    if (ask)
        *ask = (struct ask){.admin = admin, .request = request};
    else
        http_answer_error(request, 500, "out of memory");
    return ask;
}

/* ---- what runs ---- */

/* Why the files cannot be used; null: they can. */
static json_t *error_json(const struct config_outcome *outcome) {
    const struct option_fault *fault = &outcome->fault;

    if (outcome->result == CONFIG_DONE)
        return json_null();
    return json_pack("{s:o,s:o,s:o,s:o}", "detail", value_text(outcome->error.text), "file",
                     value_text(*fault->file ? fault->file : NULL), "line",
                     fault->line ? json_integer((json_int_t)fault->line) : json_null(), "pointer",
                     value_text(*fault->pointer ? fault->pointer : NULL));
}

static void answer_config(void *context, struct config_outcome *outcome) {
    struct ask *ask = context;
    const struct admin_options *options = &ask->admin->options;
    const char *version = options->config.state->version;

    http_request_set_version(ask->request, version);
    http_answer_json(ask->request, 200,
                     json_pack("{s:s,s:o,s:o,s:o}", "version", version, "running",
                               server_config_json(options->policy->conf, options->config.started), "difference",
                               outcome->difference ? outcome->difference : json_null(), "error", error_json(outcome)));
    free(ask);
}

void admin_get_config(struct http_request *request, void *context) {
    const struct admin *admin = context;
    struct ask *ask = ask_new(admin, request);

    if (ask)
        admin->options.config.compare(admin->options.config.context, answer_config, ask);
}

/* ---- a reload ---- */

void admin_answer_applied(const struct admin *admin, struct http_request *request, unsigned status,
                          const struct config_outcome *outcome, bool is_applied) {
    const struct config_state *state = admin->options.config.state;

    http_request_set_version(request, state->version);
    http_answer_json(request, status,
                     json_pack("{s:s,s:b,s:o,s:o}", "version", outcome->version, "is_applied", (int)is_applied,
                               "difference", outcome->difference, "must_confirm_until",
                               value_time(state->confirm_until_ms)));
}

/* If-Match is not needed here: a reload applies files, which have their own authors. */
static bool matches(struct http_request *request, const struct config_state *state) {
    return http_request_if_match(request, state->version) == HTTP_MATCH_ABSENT ||
           http_request_require_match(request, state->version);
}

/* While the files were read its client may have gone, or another change been made. */
static int check_again(void *context, struct error *error) {
    struct ask *ask = context;

    (void)error;
    ask->is_answered = true;
    if (http_request_is_gone(ask->request))
        http_answer_empty(ask->request, 503);
    else
        ask->is_answered = !matches(ask->request, ask->admin->options.config.state);
    return ask->is_answered ? -1 : 0;
}

static void answer_reload(void *context, struct config_outcome *outcome) {
    struct ask *ask = context;

    if (outcome->result == CONFIG_DONE) {
        admin_answer_applied(ask->admin, ask->request, 200, outcome, !ask->is_dry_run);
    } else {
        json_decref(outcome->difference);
        if (!ask->is_answered)
            admin_refuse_outcome(ask->request, outcome, NULL);
    }
    free(ask);
}

void admin_reload(struct http_request *request, void *context) {
    const struct admin *admin = context;
    const struct config_port *config = &admin->options.config;
    struct config_order order = {.by = http_request_actor(request), .commit = check_again, .done = answer_reload};
    uint64_t seconds = 0;

    if (!http_query_flag(request, "dry_run", &order.is_dry_run) ||
        !http_query_number(request, "confirm", CONFIRM_LEAST_S, CONFIRM_MOST_S, &seconds) ||
        !matches(request, config->state))
        return;
    struct ask *ask = ask_new(admin, request);
    if (!ask)
        return;
    ask->is_dry_run = order.is_dry_run;
    order.confirm_s = (unsigned)seconds;
    order.context = ask;
    config->change(config->context, &order);
}

void admin_confirm_reload(struct http_request *request, void *context) {
    const struct admin *admin = context;
    const struct config_port *config = &admin->options.config;

    if (config->confirm(config->context, http_request_actor(request)))
        http_answer_empty(request, 204);
    else
        admin_refuse(request, 409,
                     "nothing waits for a confirmation: it was confirmed, or the configuration before is back; GET "
                     "/v1/config has what runs");
}
