/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * agent_admin: see agent_admin.h. The table of operations, and where they are served.
 */
#include "config.h"

#include "agent/admin/agent_admin_priv.h"

#include <stdlib.h>

/* ---- operations ---- */

static void get_ready(struct http_request *request, void *context) {
    const struct agent_admin *admin = context;

    if (agent_working(admin->options.agent) > 0 && !agent_is_draining(admin->options.agent))
        http_answer_text(request, 200, "ready\n");
    else
        http_answer_error(request, 503,
                          agent_is_draining(admin->options.agent) ? "the agent is stopping" : "no server is connected");
}

static const struct http_route routes[] = {
    ADMIN_SHARED_OPERATIONS,
    OPERATION_GET("/v1/services", VIEW, NULL, agent_admin_list_services),
    OPERATION_GET("/v1/published", VIEW, NULL, agent_admin_list_published),
    {HTTP_METHOD_POST, "/v1/published", HTTP_ROLE_OPERATE, HTTP_BODY_REQUIRED, NULL, agent_admin_publish},
    OPERATION_PUT("/v1/published/{lease}", OPERATE, agent_admin_renew),
    OPERATION_DELETE("/v1/published/{lease}", OPERATE, agent_admin_withdraw),
    OPERATION_GET("/v1/bans", VIEW, "address service", agent_admin_list_bans),
    {HTTP_METHOD_POST, "/v1/bans", HTTP_ROLE_OPERATE, HTTP_BODY_REQUIRED, NULL, agent_admin_add_ban},
    {HTTP_METHOD_DELETE, "/v1/bans/{address}", HTTP_ROLE_OPERATE, HTTP_BODY_NONE, "service", agent_admin_lift_ban},
    OPERATION_GET("/readyz", NONE, NULL, get_ready),
};

static struct operations_socket socket_of(const struct agent_admin *admin) {
    const struct agent_options *configuration = admin->options.configuration;

    return (struct operations_socket){.path = configuration->admin_socket,
                                      .preset = configuration->admin_preset,
                                      .program = "munnel-agent"};
}

/* Not once it drains: the agent that follows this one is to have the socket. */
static void take_socket_over(struct agent_admin *admin) {
    const struct operations_socket at = socket_of(admin);
    struct error error = {""};

    if (agent_is_draining(admin->options.agent) || operations_is_taken(&at))
        return;
    admin->awaits_socket = false;
    if (operations_listen(admin->shared.http, admin->options.log, &at, &error))
        log_event(admin->options.log, LOG_LEVEL_WARNING, "admin", "munnel cannot ask this agent",
                  LOG_FIELDS(LOG_TEXT("detail", error.text)));
    else
        log_event(admin->options.log, LOG_LEVEL_INFO, "admin", "has taken over the socket of the agent before",
                  LOG_FIELDS(LOG_TEXT("socket", at.path)));
}

static void on_second(void *context) {
    struct agent_admin *admin = context;

    rates_add(&admin->rates, agent_plane(admin->options.agent));
    if (admin->awaits_socket)
        take_socket_over(admin);
}

void agent_admin_on_relay_views(struct agent_admin *admin, const struct relay_answer *answer) {
    if (admin)
        relay_requests_on_views(admin->shared.relays, answer);
}

void agent_admin_on_relay_ended(struct agent_admin *admin, uint64_t ticket, bool found) {
    if (admin)
        relay_requests_on_ended(admin->shared.relays, ticket, found);
}

/* ---- life ---- */

static enum log_level configured_level(const void *context) {
    const struct agent_admin *admin = context;

    return admin->options.configuration->log.level;
}

static int make_shared(struct agent_admin *admin, struct error *error) {
    static const char *const kinds[] = {"server", "agent", "service", "certificate", NULL}; /* no other is added */
    const struct agent_admin_options *options = &admin->options;
    const struct admin_shared_options shared = {.loop = options->loop,
                                                .log = options->log,
                                                .plane = agent_plane(options->agent),
                                                .events = options->events,
                                                .who = "agent",
                                                .program = "munnel-agent",
                                                .configuration = "the agent's file",
                                                .kinds = kinds,
                                                .status = agent_admin_status,
                                                .configured_level = configured_level,
                                                .context = admin,
                                                .write_metrics = agent_admin_write_metrics,
                                                .metrics_context = admin,
                                                .routes = routes,
                                                .route_count = sizeof routes / sizeof *routes,
                                                .on_second = on_second};

    return admin_shared_init(&admin->shared, &shared, error);
}

struct agent_admin *agent_admin_new(const struct agent_admin_options *options, struct error *error) {
    struct agent_admin *admin = calloc(1, sizeof *admin);

    if (!admin) {
        error_set(error, "out of memory");
        return NULL;
    }
    admin->options = *options;
    if (make_shared(admin, error) == 0)
        return admin;
    agent_admin_free(admin);
    return NULL;
}

void agent_admin_free(struct agent_admin *admin) {
    if (!admin)
        return;
    admin_shared_done(&admin->shared);
    free(admin);
}

int agent_admin_listen(struct agent_admin *admin, struct error *error) {
    const struct operations_socket at = socket_of(admin);

    admin->awaits_socket = operations_is_taken(&at);
    if (admin->awaits_socket) {
        log_event(admin->options.log, LOG_LEVEL_WARNING, "admin",
                  "another process has the socket of this agent, which takes it when that one ends",
                  LOG_FIELDS(LOG_TEXT("socket", at.path)));
        return 0;
    }
    return operations_listen(admin->shared.http, admin->options.log, &at, error);
}
