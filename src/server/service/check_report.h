/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * check_report: makes of what a check has met (service_check.h) the report for people.
 * Runs on: the control thread. Owns: nothing.
 */
#ifndef MUNNEL_SERVER_SERVICE_CHECK_REPORT_H
#define MUNNEL_SERVER_SERVICE_CHECK_REPORT_H

#include "server/service/service.h"
#include "server/session/session_table.h"

enum { CHECK_MOST_MS = 15000, CHECK_SILENCE_MS = 2000, CHECK_SLOW_MS = 1000, CHECK_TEXT = 256 };

/* HOP(name, label): in the order in which a connection takes them */
#define CHECK_HOPS(H)                                                                                                  \
    H(LISTENER, "listener")                                                                                            \
    H(GROUP, "group")           /* agents of the service's groups are connected */                                     \
    H(AGENT, "agent")           /* one of them answers */                                                              \
    H(LINK, "link")             /* and has a data link */                                                              \
    H(RULES, "rules")           /* its own rules permit the destination */                                             \
    H(LOOKUP, "name lookup")    /* of the destination, at the agent */                                                 \
    H(CONNECT, "connect")       /* to the destination */                                                               \
    H(FIRST_BYTE, "first byte") /* from the destination */

enum check_hop {
#define CHECK_HOP_ENUM(name, label) CHECK_HOP_##name,
    CHECK_HOPS(CHECK_HOP_ENUM)
#undef CHECK_HOP_ENUM
        CHECK_HOP_COUNT
};
const char *check_hop_label(enum check_hop hop);

enum check_result { CHECK_SKIP, CHECK_PASS, CHECK_FAIL };

struct check_report {
    bool has_passed;
    bool is_untried; /* nothing has failed, but it could not be tried from here */
    struct {
        enum check_result result;
        double ms;                                   /* negative: not measured */
        char detail[CHECK_TEXT], remedy[CHECK_TEXT]; /* "": none */
    } hops[CHECK_HOP_COUNT];
    char summary[CHECK_TEXT + 64];
};

struct check_facts {
    uint64_t begun_us, accepted_us, opened_us, first_us, ended_us; /* clock_us(); 0: did not happen */
    int connect_error; /* errno of the service's own port; 0: none. ENOTSUP: it could not know the check's client */
    bool has_port;     /* the service listens */
    bool got_byte, got_end; /* what came first; an end may be the destination's or not */
    char first[32];         /* the first line or bytes, for people; "": none */
    bool is_over;           /* the client has ended, as the next have it */
    enum relay_reason reason;
    enum refusal refusal;
    char port[ADDR_TEXT];
    unsigned dial_ms, lookup_ms;
    char address[PROTO_DETAIL_SIZE], detail[PROTO_DETAIL_SIZE], agent[RECORD_AGENT];
    char
        loop[PROTO_DETAIL_SIZE]; /* why the connection came back to the service and was refused there; "": it did not */
};

void check_report_make(struct check_report *report, const struct check_facts *facts, const struct service *service,
                       const struct session_table *sessions);

#endif
