/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * health: how an agent checks the destination of a service, and what it reports of it.
 *
 * A server sends the check with the service (services.h). The agent reports changes by CONTROL `health`, and what it
 * knows already with its `services_ack`: both have a list `reports`.
 * Runs on: any thread. Owns: nothing; parsed strings live in the message's JSON.
 */
#ifndef MUNNEL_PROTO_HEALTH_H
#define MUNNEL_PROTO_HEALTH_H

#include "lib/base/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HEALTH_PATH_MAX = 1024, /* bytes */
    HEALTH_HOST_MAX = 255,
    HEALTH_STATUS_TEXT_MAX = 64,
    HEALTH_INTERVAL_MAX_S = 3600,
    HEALTH_TIMEOUT_MAX_S = 600,
    HEALTH_IN_A_ROW_MAX = 100,
    HEALTH_DETAIL_SIZE = 160, /* of a report, with NUL */
    HEALTH_REPORTS_MAX = 64   /* in a message */
};

/* HEALTH_CHECK(name, word) */
#define HEALTH_CHECKS(C)                                                                                               \
    C(NONE, "none")                                                                                                    \
    C(TCP, "tcp")   /* a connection is made */                                                                         \
    C(TLS, "tls")   /* and a TLS handshake is completed on it */                                                       \
    C(HTTP, "http") /* or a GET is answered on it, with a status that is expected */
enum health_check_type {
#define HEALTH_CHECK_ENUM(name, word) HEALTH_CHECK_##name,
    HEALTH_CHECKS(HEALTH_CHECK_ENUM)
#undef HEALTH_CHECK_ENUM
        HEALTH_CHECK_COUNT
};
const char *health_check_word(enum health_check_type type);

struct health_check {
    enum health_check_type type; /* NONE: the service is not checked, and nothing else here is set */
    unsigned interval_s, timeout_s;
    unsigned rise, fall; /* checks in a row that change what the destination is taken for */
    const char *path;    /* HTTP */
    const char *host;    /* HTTP: Host; TLS: SNI; "": that of the destination */
    const char *status;  /* HTTP: "200-399,401" */
};

/* The member `check` of a service; absent: NONE. 0, or -1 with `error`. */
int health_check_take(struct health_check *check, const json_t *service, struct error *error);
bool health_check_put(json_t *service, const struct health_check *check); /* false: out of memory */
size_t health_check_size(const struct health_check *check);               /* of that JSON, at most */

/* Codes from 100 to 599, and ranges of them: "200-399,401". 0, or -1 with `error`. */
int health_status_check(const char *expected, struct error *error);
bool health_status_matches(const char *expected, unsigned status); /* of such a text */
/* Can they stand in a request? 0, or -1 with `error`. */
int health_path_check(const char *path, struct error *error);
int health_host_check(const char *host, struct error *error);

struct health_report {
    uint32_t id; /* of the service */
    bool is_healthy;
    const char *detail; /* why not; "" if it is */
};
struct health_reports { /* parsed */
    const json_t *list;
    size_t count;
};
/* The member `reports`; absent: none. Checks all of it. 0, or -1 with `error`. */
int health_reports_take(struct health_reports *reports, const json_t *json, struct error *error);
void health_reports_get(const struct health_reports *reports, size_t index, struct health_report *report);
/* Into the member `reports`, with growing ids, HEALTH_REPORTS_MAX at most; the detail is cleaned. False: out of memory.
 */
bool health_report_put(json_t *json, const struct health_report *report);
/* CONTROL `health` without reports. NULL: out of memory. */
json_t *health_message_new(void);

#endif
