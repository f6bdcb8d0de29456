/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * service_probe: which connection is a check's, and what the check learns of it; see struct service_probe.
 *
 * Runs on: the control thread. Owns: nothing.
 */
#include "config.h"

#include "server/service/service_priv.h"

#include "lib/net/sock.h"

#include <string.h>
#include <unistd.h>

#define PROBE_IS_OVER UINT64_MAX /* no client has this number */

static bool is_from(const struct service_probe *probe, evutil_socket_t fd, const struct addr *peer) {
    struct open_address from = open_address_of(peer);

    if (addr_is_unix(peer))
        return probe->is_unix && sock_peer_process(fd) == getpid();
    return from.port && from.port == probe->from.port && memcmp(from.host, probe->from.host, sizeof from.host) == 0;
}

bool service_is_probe(const struct service *service, evutil_socket_t fd, const struct addr *peer) {
    return service->probe.on_end && !service->probed && is_from(&service->probe, fd, peer);
}

void service_note_probe(struct service *service, struct client *client) {
    client->is_check = true;
    service->probed = client->number;
    service->probe.on_accept(service->probe.context);
}

bool service_begin_probe(struct service *service, const struct service_probe *probe) {
    if (service->probe.on_end)
        return false;
    service->probe = *probe;
    service->probed = 0;
    return true;
}

void service_end_probe(struct service *service) {
    service->probe = (struct service_probe){.on_end = NULL};
}

void service_probe_opened(struct service *service, const struct check_opened *opened) {
    if (service->probe.on_end && service->probed == opened->client->number)
        service->probe.on_opened(service->probe.context, opened);
}

void service_finish_probe(struct service *service, const struct client *client) {
    struct service_probe probe = service->probe;

    if (!probe.on_end || (client && service->probed != client->number))
        return;
    service->probed = PROBE_IS_OVER;
    probe.on_end(probe.context, client);
}
