/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * ban_requests: what a request about bans asks for, checked, and how bans are shown, on a server and an agent. What is
 * wrong has been answered when one of these returns false. Texts are borrowed from the request. Runs on: the control
 * thread. Owns: nothing.
 */
#ifndef MUNNEL_ADMIN_BAN_REQUESTS_H
#define MUNNEL_ADMIN_BAN_REQUESTS_H

#include "lib/http/request.h"
#include "lib/net/addr.h"

enum { BAN_SECONDS = 3600, BAN_SECONDS_MOST = 30 * 86400, BAN_REASON_MOST = 96 };

struct ban_request {
    struct addr address;
    const char *service; /* NULL: not given */
    const char *reason;  /* "": none */
    unsigned seconds;
};

/* Of the body {"address", "service", "for_s", "reason"}, of which the first alone must be there. */
bool ban_request_take(struct http_request *request, struct ban_request *ban);
/* Of "/v1/bans/{address}?service=". */
bool ban_request_take_path(struct http_request *request, struct addr *address, const char **service);

/* ---- lists ---- */

struct ban_shown {
    const char *address, *service, *by, *reason; /* service NULL: each; reason "": none */
    uint64_t until_us;                           /* clock_us(), not over */
};
json_t *ban_shown_json(const struct ban_shown *ban, uint64_t now_us);

struct ban_filter { /* of the query "address service"; of a service are those of all services, too */
    char address[ADDR_TEXT];
    const char *service;
};
bool ban_filter_take(struct http_request *request, struct ban_filter *filter);
bool ban_filter_matches(const struct ban_filter *filter, const struct ban_shown *ban);

#endif
