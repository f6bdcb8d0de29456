/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * client_bans: /v1/bans: sources whose clients services refuse for a time.
 * Runs on: the control thread. Owns: nothing.
 */
#include "config.h"

#include "server/service/bans.h"

#include "admin/ban_requests.h"
#include "admin/recent_events.h"
#include "lib/base/clock.h"
#include "server/admin/admin_priv.h"
#include "server/admin/values.h"

#include <stdio.h>

/* ---- list ---- */

static struct ban_shown shown(const struct ban *ban) {
    return (struct ban_shown){.address = ban->address,
                              .service = ban->service,
                              .by = ban->by,
                              .reason = ban->reason,
                              .until_us = ban->until_us};
}

void admin_list_bans(struct http_request *request, void *context) {
    const struct admin *admin = context;
    uint64_t now_us = clock_us();
    struct ban_filter filter;
    json_int_t total = 0;

    if (!ban_filter_take(request, &filter))
        return;
    json_t *list = json_array();
    for (const struct ban *ban = bans_first(admin->options.bans); ban; ban = bans_after(ban)) {
        const struct ban_shown as = shown(ban);
        if (ban->until_us <= now_us || !ban_filter_matches(&filter, &as))
            continue;
        if (total++ < ADMIN_LISTED_MOST)
            json_array_append_new(list, ban_shown_json(&as, now_us));
    }
    http_answer_json(request, 200, json_pack("{s:o,s:I}", "bans", list, "total", total));
}

/* ---- changes ---- */

static void note(const struct admin *admin, const char *address, const char *what, const char *service, const char *by,
                 const char *reason) {
    char detail[RECENT_EVENT_TEXT];

    snprintf(detail, sizeof detail, "%s%.80s, by %.80s%s%s", service ? "service " : "all services",
             service ? service : "", by, *reason ? ": " : "", reason);
    log_write(admin->options.log, LOG_LEVEL_INFO, "server", "%s is %s: %s", address, what, detail);
    recent_events_add(admin->options.events, EVENT_KIND_ACCESS, EVENT_INFO, address, what, detail);
}

static bool knows_service(const struct admin *admin, struct http_request *request, const char *service) {
    char detail[160];

    if (!service || admin_find_service(admin, service))
        return true;
    snprintf(detail, sizeof detail, "there is no service %.80s", service);
    http_answer_problem(request, &(struct http_problem){.status = 422, .pointer = "/service", .detail = detail});
    return false;
}

static void answer_unbanned(struct http_request *request, enum bans_result result) {
    if (result == BANS_FULL)
        http_answer_error(request, 409, "there are %d bans already; a network goes into the service's \"deny\"",
                          BANS_MOST);
    else
        http_answer_json(request, 500, NULL);
}

void admin_add_ban(struct http_request *request, void *context) {
    const struct admin *admin = context;
    struct ban_request asked;
    const struct ban *ban;
    uint64_t now_us = clock_us();

    if (!ban_request_take(request, &asked) || !knows_service(admin, request, asked.service))
        return;
    const struct ban_order order = {.address = asked.address,
                                    .service = asked.service,
                                    .by = http_request_actor(request),
                                    .reason = asked.reason,
                                    .seconds = asked.seconds};
    enum bans_result result = bans_add(admin->options.bans, &order, now_us, &ban);
    if (result == BANS_FULL || result == BANS_MEMORY) {
        answer_unbanned(request, result);
        return;
    }
    note(admin, ban->address, "banned", ban->service, ban->by, ban->reason);
    const struct ban_shown as = shown(ban);
    http_answer_json(request, result == BANS_ADDED ? 201 : 200, ban_shown_json(&as, now_us));
}

void admin_lift_ban(struct http_request *request, void *context) {
    const struct admin *admin = context;
    const char *service;
    struct addr address;
    char name[ADDR_TEXT];

    if (!ban_request_take_path(request, &address, &service))
        return;
    source_name(&address, name, sizeof name);
    if (!bans_remove(admin->options.bans, &address, service, NULL)) {
        http_answer_error(request, 404, "%s is not banned%s%s", name, service ? " by service " : "",
                          service ? service : "");
        return;
    }
    note(admin, name, "no longer banned", service, http_request_actor(request), "");
    http_answer_empty(request, 204);
}
