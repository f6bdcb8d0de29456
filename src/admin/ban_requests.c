/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * ban_requests: see ban_requests.h.
 */
#include "config.h"

#include "admin/ban_requests.h"

#include <stdio.h>
#include <string.h>

static bool refuse(struct http_request *request, const char *pointer, const char *detail, const char *remedy) {
    http_answer_problem(request,
                        &(struct http_problem){.status = 422, .pointer = pointer, .detail = detail, .remedy = remedy});
    return false;
}

/* ---- addresses ---- */

static bool read_address(struct addr *address, const char *text) {
    struct endpoint endpoint = {.port = 0};

    snprintf(endpoint.host, sizeof endpoint.host, "%s", text);
    return *text && strlen(text) < sizeof endpoint.host && addr_from_endpoint(address, &endpoint);
}

static bool is_link_local(const struct addr *address) {
    uint8_t bytes[16];
    bool is_ipv4;

    return addr_host_bytes(address, bytes, &is_ipv4) && !is_ipv4 && bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80;
}

static bool take_address(struct http_request *request, struct addr *address) {
    const json_t *value = json_object_get(http_request_body(request), "address");
    const char *text = json_string_value(value);

    if (!text || !read_address(address, text))
        return refuse(request, "/address", value ? "this is not an IP address" : "this is missing",
                      "Send an IPv4 or IPv6 address, without a port");
    if (is_link_local(address))
        return refuse(request, "/address", "all hosts of a link have the network fe80::/64, which would be banned",
                      "Write the address into the service's \"deny\" instead");
    return true;
}

/* ---- other members ---- */

static bool has_others(struct http_request *request) {
    static const char *const known[] = {"address", "service", "for_s", "reason"};
    const json_t *body = http_request_body(request);
    size_t count = 0;

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        count += !!json_object_get(body, known[i]);
    if (json_object_size(body) == count)
        return false;
    refuse(request, "", "there are other members than \"address\", \"service\", \"for_s\" and \"reason\"", NULL);
    return true;
}

static bool take_service(struct http_request *request, const char **service) {
    const json_t *value = json_object_get(http_request_body(request), "service");

    *service = json_string_value(value);
    if (!value || json_is_null(value) || (*service && **service))
        return true;
    return refuse(request, "/service", "this has to be the name of a service, or null for all of them", NULL);
}

static bool take_seconds(struct http_request *request, unsigned *seconds) {
    const json_t *value = json_object_get(http_request_body(request), "for_s");
    json_int_t number = value && !json_is_null(value) ? json_integer_value(value) : BAN_SECONDS;

    *seconds = (unsigned)number;
    if (number >= 1 && number <= BAN_SECONDS_MOST)
        return true;
    return refuse(request, "/for_s", "this has to be a whole number of seconds from 1 to 2592000, which are 30 days",
                  "For longer write the address into the service's \"deny\"");
}

/* It comes back in logs and lists. */
static bool is_plain(const char *text) {
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return false;
    return true;
}

static bool take_reason(struct http_request *request, const char **reason) {
    const json_t *value = json_object_get(http_request_body(request), "reason");

    *reason = value && !json_is_null(value) ? json_string_value(value) : "";
    if (*reason && strlen(*reason) <= BAN_REASON_MOST && is_plain(*reason))
        return true;
    return refuse(request, "/reason", "this has to be a text of at most 96 bytes, without control characters", NULL);
}

/* ---- requests ---- */

bool ban_request_take(struct http_request *request, struct ban_request *ban) {
    return !has_others(request) && take_address(request, &ban->address) && take_service(request, &ban->service) &&
           take_seconds(request, &ban->seconds) && take_reason(request, &ban->reason);
}

bool ban_request_read_address(struct http_request *request, const char *text, struct addr *address) {
    if (read_address(address, text))
        return true;
    http_answer_error(request, 400, "not an IP address: %s", text);
    return false;
}

bool ban_request_take_path(struct http_request *request, struct addr *address, const char **service) {
    *service = http_request_query(request, "service");
    return ban_request_read_address(request, http_request_param(request, "address"), address);
}
