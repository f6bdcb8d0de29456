/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * admin: see admin.h. The table of operations, and where they are served.
 */
#include "config.h"

#include "server/admin/admin_priv.h"

#include "lib/log/log.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- operations ---- */

/* Changes of the configuration. */
#define CHANGE(method, path, body, query, handler)                                                                     \
    { HTTP_METHOD_##method, path, HTTP_ROLE_ADMIN, HTTP_BODY_##body, query, handler }

static const struct http_route routes[] = {
    ADMIN_SHARED_OPERATIONS,
    OPERATION_GET("/v1/services", VIEW, NULL, admin_list_services),
    OPERATION_GET("/v1/services/{service}", VIEW, NULL, admin_get_service),
    CHANGE(PUT, "/v1/services/{service}", REQUIRED, "dry_run", admin_put_service),
    CHANGE(DELETE, "/v1/services/{service}", NONE, "dry_run", admin_delete_service),
    OPERATION_POST("/v1/services/{service}/pause", OPERATE, admin_pause_service),
    OPERATION_POST("/v1/services/{service}/resume", OPERATE, admin_resume_service),
    OPERATION_POST("/v1/services/{service}/check", OPERATE, admin_check_service),
    OPERATION_GET("/v1/agents", VIEW, NULL, admin_list_agents),
    {HTTP_METHOD_POST, "/v1/agents", HTTP_ROLE_ADMIN, HTTP_BODY_REQUIRED, NULL, admin_add_agent},
    OPERATION_GET("/v1/agents/{agent}", VIEW, NULL, admin_get_agent),
    OPERATION_DELETE("/v1/agents/{agent}", ADMIN, admin_revoke_agent),
    {HTTP_METHOD_POST, "/v1/agents/{agent}/rotate", HTTP_ROLE_ADMIN, HTTP_BODY_OPTIONAL, NULL, admin_rotate_agent},
    OPERATION_POST("/v1/agents/{agent}/drain", OPERATE, admin_drain_agent),
    OPERATION_POST("/v1/agents/{agent}/undrain", OPERATE, admin_undrain_agent),
    OPERATION_POST("/v1/agents/{agent}/disconnect", OPERATE, admin_disconnect_agent),
    OPERATION_GET("/v1/history", VIEW, "span service", admin_get_history),
    OPERATION_GET("/v1/sources", VIEW, NULL, admin_list_sources),
    OPERATION_DELETE("/v1/sources/{address}", OPERATE, admin_forgive_source),
    OPERATION_GET("/v1/bans", VIEW, "address service", admin_list_bans),
    {HTTP_METHOD_POST, "/v1/bans", HTTP_ROLE_OPERATE, HTTP_BODY_REQUIRED, NULL, admin_add_ban},
    {HTTP_METHOD_DELETE, "/v1/bans/{address}", HTTP_ROLE_OPERATE, HTTP_BODY_NONE, "service", admin_lift_ban},
    OPERATION_GET("/v1/config", VIEW, NULL, admin_get_config),
    CHANGE(POST, "/v1/reload", NONE, "dry_run confirm", admin_reload),
    CHANGE(POST, "/v1/reload/confirm", NONE, NULL, admin_confirm_reload),
    OPERATION_GET("/readyz", NONE, NULL, admin_get_ready),
};

/* ---- life ---- */

static json_t *status(const void *context) {
    return admin_status(context);
}

static enum log_level configured_level(const void *context) {
    const struct admin *admin = context;

    return admin->options.policy->conf->log.level;
}

static int make_shared(struct admin *admin, struct error *error) {
    static const char *const kinds[] = {"server", "agent", "service", "certificate", "source", NULL};
    const struct admin_options *options = &admin->options;
    const struct admin_shared_options shared = {.loop = options->loop,
                                                .log = options->log,
                                                .plane = options->plane,
                                                .ended = options->ended,
                                                .view_waiting = admin_view_waiting,
                                                .end_waiting = admin_end_waiting,
                                                .events = options->events,
                                                .who = "server",
                                                .program = "munneld",
                                                .configuration = "munnel.json",
                                                .kinds = kinds,
                                                .status = status,
                                                .configured_level = configured_level,
                                                .context = admin,
                                                .write_metrics = options->write_metrics,
                                                .metrics_context = options->context,
                                                .routes = routes,
                                                .route_count = sizeof routes / sizeof *routes,
                                                .assets = options->assets,
                                                .asset_count = options->asset_count};

    return admin_shared_init(&admin->shared, &shared, error);
}

struct admin *admin_new(const struct admin_options *options, struct error *error) {
    struct admin *admin = calloc(1, sizeof *admin);

    if (!admin) {
        error_set(error, "out of memory");
        return NULL;
    }
    admin->options = *options;
    admin->last_seen = json_object();
    if (!admin->last_seen)
        error_set(error, "out of memory");
    else if (make_shared(admin, error) == 0)
        return admin;
    admin_free(admin);
    return NULL;
}

void admin_free(struct admin *admin) {
    if (!admin)
        return;
    admin_cancel_checks(admin);
    admin_shared_done(&admin->shared);
    json_decref(admin->last_seen);
    free(admin);
}

/* ---- events of the data plane ---- */

void admin_on_relay_views(struct admin *admin, const struct relay_answer *answer) {
    if (admin)
        relay_requests_on_views(admin->shared.relays, answer);
}

void admin_on_relay_ended(struct admin *admin, uint64_t ticket, bool found) {
    if (admin)
        relay_requests_on_ended(admin->shared.relays, ticket, found);
}
