/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * sources: /v1/sources: what the agent port refuses for a time, because attempts from there have failed.
 * Runs on: the control thread. Owns: nothing.
 */
#include "config.h"

#include "lib/base/clock.h"
#include "lib/net/addr.h"
#include "server/admin/admin_priv.h"
#include "server/admin/values.h"
#include "server/auth/agent_listener.h"
#include "server/auth/penalty_box.h"

#include <stdio.h>

void admin_list_sources(struct http_request *request, void *context) {
    const struct admin *admin = context;
    const struct penalty_box *box = agent_listener_penalties(admin->options.agent_listener);
    json_t *list = json_array();
    struct penalty penalty;
    size_t at = 0;

    while (json_array_size(list) < ADMIN_LISTED_MOST && penalty_box_next(box, &at, clock_us(), &penalty))
        json_array_append_new(list, json_pack("{s:o,s:o,s:I,s:o}", "address", value_text(penalty.name), "until",
                                              value_time(value_wall_ms() + (int64_t)penalty.left_s * 1000), "failures",
                                              (json_int_t)penalty.failures, "last", value_text(penalty.reason)));
    http_answer_json(request, 200, json_pack("{s:o}", "sources", list));
}

void admin_forgive_source(struct http_request *request, void *context) {
    const struct admin *admin = context;
    const char *address = http_request_param(request, "address");
    struct endpoint endpoint = {.port = 0};
    struct addr addr;

    snprintf(endpoint.host, sizeof endpoint.host, "%s", address);
    if (!addr_from_endpoint(&addr, &endpoint))
        http_answer_error(request, 400, "not an IP address: %s", address);
    else if (!agent_listener_forgive(admin->options.agent_listener, &addr))
        http_answer_error(request, 404, "%s is not under a penalty", address);
    else
        http_answer_empty(request, 204);
}
