/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * service_flows: from the first datagram of a UDP client to client: rules, bans and limits as for connections.
 *
 * Who is refused gets no answer, as from a firewall, and its datagrams are dropped for a while where they come in.
 * Runs on: the control thread. Owns: nothing; a flow is refused, or its client's.
 */
#include "config.h"

#include "server/service/service_priv.h"

#include "server/service/client_table.h"

static void refuse(struct service *service, struct udp_flow *flow, const struct addr *peer,
                   enum access_verdict verdict) {
    service_note_refusal(service, peer, verdict, access_verdict_detail(verdict));
    plane_flow_refuse(flow);
}

void service_on_flow(void *context, struct udp_flow *flow) {
    struct service *service = context;
    const struct addr peer = plane_flow_peer(flow), local = plane_flow_local(flow);
    enum access_verdict verdict = service_judge(service, &peer);

    if (verdict == ACCESS_MAX_CLIENTS && plane_flow_make_room(flow))
        return;
    if (verdict != ACCESS_ADMITTED) {
        refuse(service, flow, &peer, verdict);
        return;
    }
    bool is_counted = access_counts(service->access);
    struct client *client = client_table_take(service->options.clients, -1, &peer, service->terms);
    if (!client) {
        if (is_counted)
            access_left(service->access, &peer);
        refuse(service, flow, &peer, ACCESS_MEMORY);
        return;
    }
    client->flow = flow;
    client->local = open_address_of(&local);
    service_admit(service, client, is_counted);
}
