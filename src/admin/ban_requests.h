/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * ban_requests: what a request about bans asks for, checked. What is wrong has been answered when one of these returns
 * false. Texts are borrowed from the request.
 * Runs on: the control thread. Owns: nothing.
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
/* An address outside of the body. False: it is none, and 400 has been answered. */
bool ban_request_read_address(struct http_request *request, const char *text, struct addr *address);
/* Of "/v1/bans/{address}?service=". */
bool ban_request_take_path(struct http_request *request, struct addr *address, const char **service);

#endif
