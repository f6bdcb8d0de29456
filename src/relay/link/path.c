/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * path: see path.h.
 */
#include "config.h"

#include "relay/link/link_priv.h"

#include "lib/base/clock.h"
#include "lib/base/rtt.h"
#include "lib/net/sock.h"

static void close_for(struct link *link, enum network_event event, const char *what) {
    char detail[ADDR_TEXT + 96];
    snprintf(detail, sizeof detail, "%s: %s", network_event_text(event), what);
    link->path_lost = true;
    link_close(link, LINK_CLOSE_RESET, REASON_LINK_SILENT, detail);
}

/* Most links of a thread come from the same address. */
static bool is_gone(struct path_check *check, const struct addr *here) {
    if (here->length == 0)
        return false;
    if (check->last.length == 0 || !addr_same_host(here, &check->last) || addr_zone(here) != addr_zone(&check->last)) {
        check->last = *here;
        check->last_is_gone = sock_addr_is_gone(here);
    }
    return check->last_is_gone;
}

/* Several times what was usual of late, by the link's own answers and by TCP's: slow is not dead. */
static uint64_t limit_us(const struct link *link) {
    uint64_t tcp_us = sock_round_trip_us(link->fd);
    return rtt_limit_us(link->probe.srtt_us > tcp_us ? link->probe.srtt_us : tcp_us, PATH_PROBE_LEAST_US);
}

/* One that is under way already has its deadline: changes without end must not put it off. */
static void probe(struct link *link, enum network_event event) {
    if (link->probe.sent_us)
        return;
    link->probe.sent_us = clock_us();
    link->probe.deadline_us = link->probe.sent_us + limit_us(link);
    link->probe.event = (uint8_t)event;
    link->probe.is_late = false;
    link->phase->ping(link, link->probe.sent_us);
}

void link_check_path(struct link *link, struct path_check *check) {
    struct addr here;
    if (!link_is_agent(link))
        return;
    sock_local_addr(link->fd, &here);
    if (is_gone(check, &here)) {
        char host[ADDR_TEXT], what[ADDR_TEXT + 32];
        snprintf(what, sizeof what, "address %s is gone", addr_format_host(&here, host, sizeof host));
        close_for(link, check->event, what);
    } else if (link->phase->ping) {
        probe(link, check->event);
    }
}

void link_path_note_pong(struct link *link, uint64_t pinged_us) {
    if (link->pinged_us && pinged_us == link->pinged_us) {
        link->probe.srtt_us = rtt_smooth(link->probe.srtt_us, clock_us() - pinged_us);
        link->pinged_us = 0;
    }
    if (!link->probe.sent_us || pinged_us < link->probe.sent_us)
        return;
    log_event(link->thread->options->log, LOG_LEVEL_DEBUG, link_who(link), "link works",
              LOG_FIELDS(LOG_TEXT("detail", network_event_text((enum network_event)link->probe.event)),
                         LOG_MS("answered_ms", clock_us() - link->probe.sent_us)));
    link->probe.sent_us = 0;
}

bool link_path_sweep(struct link *link, uint64_t now_us, bool is_reading) {
    if (!link->probe.sent_us)
        return true;
    if (!is_reading) /* PONG may have come */
        link->probe.deadline_us = now_us + limit_us(link);
    if (now_us < link->probe.deadline_us)
        return true;
    if (!link->probe.is_late) {
        link->probe.is_late = true;
        return true;
    }
    char what[64];
    snprintf(what, sizeof what, "no PONG for %llu ms", (unsigned long long)(now_us - link->probe.sent_us) / 1000);
    close_for(link, (enum network_event)link->probe.event, what);
    return false;
}
