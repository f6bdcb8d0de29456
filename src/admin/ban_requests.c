/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * ban_requests: see ban_requests.h.
 */
#include "config.h"

#include "admin/ban_requests.h"

#include "admin/values.h"
#include "lib/net/source_key.h"

#include <string.h>

static bool refuse(struct http_request *request, const char *pointer, const char *detail, const char *remedy) {
    http_answer_problem(request,
                        &(struct http_problem){.status = 422, .pointer = pointer, .detail = detail, .remedy = remedy});
    return false;
}

/* ---- addresses ---- */

static bool take_address(struct http_request *request, struct addr *address) {
    const json_t *value = json_object_get(http_request_body(request), "address");
    const char *text = json_string_value(value);

    struct error error = {""};

    if (!text)
        error_set(&error, value ? "this is not a string" : "this is missing");
    else if (source_parse(address, text, &error) == 0)
        return true;
    return refuse(request, "/address", error.text, "Send an IPv4 or IPv6 address, without a port");
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
    if (!value || json_is_null(value) || (*service && value_is_name(*service)))
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
    const unsigned char *at = (const unsigned char *)text;

    for (; *at; at++)
        if (*at < ' ' || *at == 0x7f || (*at == 0xc2 && at[1] < 0xa0))
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

static bool read_address(struct http_request *request, const char *text, struct addr *address) {
    struct error error;

    if (source_parse(address, text, &error) == 0)
        return true;
    http_answer_error(request, 400, "%s: %s", text, error.text);
    return false;
}

/* False: it cannot be a name, and 400 has been answered. */
static bool take_queried_service(struct http_request *request, const char **service) {
    *service = http_request_query(request, "service");
    if (!*service || value_is_name(*service))
        return true;
    http_answer_error(request, 400, "service: not a name: %s", *service);
    return false;
}

bool ban_request_take_path(struct http_request *request, struct addr *address, const char **service) {
    return take_queried_service(request, service) &&
           read_address(request, http_request_param(request, "address"), address);
}

/* ---- lists ---- */

json_t *ban_shown_json(const struct ban_shown *ban, uint64_t now_us) {
    uint64_t left_us = ban->until_us - now_us;

    return json_pack("{s:o,s:o,s:o,s:I,s:o,s:o}", "address", value_text(ban->address), "service",
                     value_text(ban->service), "until", value_time(value_wall_ms() + (int64_t)(left_us / 1000)),
                     "left_s", (json_int_t)((left_us + 999999) / 1000000), "by", value_text(ban->by), "reason",
                     value_text(*ban->reason ? ban->reason : NULL));
}

bool ban_filter_take(struct http_request *request, struct ban_filter *filter) {
    const char *text = http_request_query(request, "address");
    struct addr address;

    *filter = (struct ban_filter){.service = NULL};
    if (!take_queried_service(request, &filter->service))
        return false;
    if (!text)
        return true;
    if (!read_address(request, text, &address))
        return false;
    source_name(&address, filter->address, sizeof filter->address);
    return true;
}

bool ban_filter_matches(const struct ban_filter *filter, const struct ban_shown *ban) {
    return (!*filter->address || strcmp(ban->address, filter->address) == 0) &&
           (!filter->service || !ban->service || strcmp(ban->service, filter->service) == 0);
}
