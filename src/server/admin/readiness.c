/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * readiness: /readyz.
 * Runs on: the control thread. Owns: nothing.
 */
#include "config.h"

#include "server/admin/admin_priv.h"

static bool can_serve(const struct service *service) {
    struct service_numbers numbers;

    service_read(service, &numbers);
    return numbers.is_open && numbers.agents && !numbers.paused_by;
}

void admin_get_ready(struct http_request *request, void *context) {
    const struct admin *admin = context;
    const struct service_list *services = admin->options.services;
    bool is_ready = false;

    for (size_t i = 0; i < services->count && !*admin->options.is_stopping; i++)
        is_ready |= can_serve(services->items[i]);
    if (is_ready)
        http_answer_text(request, 200, "ready\n");
    else
        http_answer_error(request, 503,
                          *admin->options.is_stopping ? "the server is stopping"
                                                      : "no service has an agent and listens");
}
