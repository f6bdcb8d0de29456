/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * relay_open: see relay_open.h.
 */
#include "config.h"

#include "relay/relay_open.h"

#include "relay/datagram/relay_agent_udp.h"
#include "relay/service_table.h"
#include "relay/stream/relay.h"
#include "relay/thread_session.h"

int relay_open(struct thread_session *session, uint32_t number, const uint8_t *payload, size_t length,
               struct error *error) {
    struct open_request open;
    if (open_parse(&open, payload, length, error))
        return -1;
    bool is_visit = open.flags & OPEN_FLAG_VISIT; /* then the id is a ticket */
    struct served_service *service =
        is_visit ? NULL : service_table_find(thread_session_services(session), open.service);
    if (service && service->protocol == SERVICE_UDP)
        relay_open_udp(session, number, &open, service);
    else
        relay_open_tcp(session, number, &open, service);
    return 0;
}
