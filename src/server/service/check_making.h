/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * check_making: the report of a check while it is made, and what its facts mean.
 * Runs on: the control thread. Owns: nothing.
 */
#ifndef MUNNEL_SERVER_SERVICE_CHECK_MAKING_H
#define MUNNEL_SERVER_SERVICE_CHECK_MAKING_H

#include "server/service/check_report.h"
#include "server/service/service_priv.h"

struct check_making {
    struct check_report *report;
    const struct check_facts *facts;
    const struct service *service;
    struct service_numbers numbers;
    struct session *agent; /* that the client went to, or would; NULL: it is not connected, or none is */
    bool is_agent_gone;    /* it has the client still, or had it when it was disconnected */
    size_t connected;
    char groups[CHECK_TEXT];
};

#define CHECK_DETAIL(making, hop, ...) snprintf((making)->report->hops[CHECK_HOP_##hop].detail, CHECK_TEXT, __VA_ARGS__)
#define CHECK_REMEDY(making, hop, ...) snprintf((making)->report->hops[CHECK_HOP_##hop].remedy, CHECK_TEXT, __VA_ARGS__)

void check_set(struct check_making *making, enum check_hop hop, enum check_result result, double ms);
const char *check_destination_of(const struct check_making *making);
double check_ms(uint64_t from_us, uint64_t to_us); /* negative: not measured */

bool check_ended_by(const struct check_facts *facts, enum relay_reason reason);
bool check_refused_as(const struct check_facts *facts, enum relay_reason reason); /* before it was opened */
bool check_closed_by_destination(const struct check_facts *facts);
bool check_lost_link(const struct check_facts *facts);

#endif
