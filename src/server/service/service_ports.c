/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * service_ports: when the ports of a service let clients in.
 *
 * States: bound <-> open -> shut. With no_agent "close" they are open only while there is an agent that is not
 * unhealthy, and never while the service is paused.
 *
 * Runs on: the control thread. Owns: nothing.
 */
#include "config.h"

#include "server/service/service_priv.h"

#include "lib/base/clock.h"
#include "lib/base/strbuf.h"

enum { LINES_A_MINUTE = 40 };

/* Agents may come and go, or say so of their destinations, as often as they like. */
static bool may_log(struct service *service) {
    return log_limit_allows(&service->port_lines, LINES_A_MINUTE, NULL);
}

static int start_listening(struct service *service, struct error *error) {
    if (service->is_open || service->is_shut || service->is_paused)
        return 0;
    service->should_be_open = true;
    if (listener_group_open(service->listeners, error))
        return -1;
    service->is_open = true;
    if (may_log(service))
        listener_group_log(service->listeners, "listening for clients on");
    return 0;
}

int service_open(struct service *service, struct error *error) {
    if (service->is_paused) {
        listener_group_shut(service->listeners); /* they may be another service's, which listened */
        return 0;
    }
    if (service->conf->no_agent == CONFIG_CLOSE && !balance_usable(service->balance)) {
        listener_group_log(service->listeners, "not listening until an agent is available:");
        listener_group_shut(service->listeners); /* those of the service manager, or of another service, may be open */
        return 0;
    }
    return start_listening(service, error);
}

void service_listen(struct service *service) {
    struct error error;

    if (start_listening(service, &error) && log_limit_allows(&service->open_lines, 1, NULL))
        log_write(service->options.log, LOG_LEVEL_ERROR, service->who, "%s; retrying", error.text);
}

static void stop_listening(struct service *service, const char *why) {
    if (!service->should_be_open) /* it may be true without is_open: then some ports are open, or none */
        return;
    service->should_be_open = service->is_open = false;
    listener_group_shut(service->listeners);
    if (may_log(service))
        log_write(service->options.log, LOG_LEVEL_WARNING, service->who, "%s", why);
}

void service_close_without_agent(struct service *service) {
    if (service->conf->no_agent == CONFIG_CLOSE && !balance_usable(service->balance) && !service->asked)
        stop_listening(service, "not listening until an agent is available");
}

void service_note_usable(struct service *service, size_t was, const struct session *session, const char *lost,
                         bool has_event) {
    size_t is = balance_usable(service->balance);

    if (!was == !is)
        return;
    if (!service->is_paused)
        service->since_us = clock_us();
    if (is && has_event)
        service_add_event(service, EVENT_INFO, "reachable by agent", session_label(session));
    else if (has_event && !service->is_shut)
        service_add_event(service, EVENT_WARNING, lost, session_label(session));
    if (is && service->conf->no_agent == CONFIG_CLOSE)
        service_listen(service);
}

void service_settle(struct service *service) {
    if (service->is_shut)
        return;
    if (service->conf->no_agent != CONFIG_CLOSE || balance_usable(service->balance))
        service_listen(service);
    else
        service_close_without_agent(service);
}

bool service_pause(struct service *service, const char *by) {
    if (service->is_paused || service->is_shut)
        return false;
    service->is_paused = true;
    service->since_us = clock_us();
    strbuf_copy(service->paused_by, sizeof service->paused_by, by);
    stop_listening(service, "paused: not listening until it is resumed");
    inspect_drop(service->options.inspect, &service->port);
    service_add_event(service, EVENT_WARNING, "paused by", by);
    return true;
}

bool service_resume(struct service *service, const char *by) {
    if (!service->is_paused || service->is_shut)
        return false;
    service->is_paused = false;
    service->since_us = clock_us();
    service_settle(service);
    service_add_event(service, EVENT_INFO, "resumed by", by);
    return true;
}
