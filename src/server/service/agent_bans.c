/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * agent_bans: see agent_bans.h.
 */
#include "config.h"

#include "server/service/agent_bans.h"

#include "admin/recent_events.h"
#include "lib/base/clock.h"
#include "lib/net/source_key.h"
#include "proto/ban_changes.h"
#include "server/session/session.h"

#include <stdio.h>

enum { LINES_A_MINUTE = 100 /* of bans and lifts of an agent, which may ask for as many as it likes */ };

/* By which its bans are its own: nobody else has its credential, while it chooses its name itself. */
static const char *owner_of(const struct session *session) {
    const char *credential = session_credential(session);

    return credential && *credential ? credential : session_name(session);
}

/* False, with why. */
static bool may_ban(const struct service *service, const struct session *session, enum ban_ignored *why) {
    struct service_agent agent = {false};

    if (service)
        service_read_agent(service, session, &agent);
    *why = agent.is_permitted ? BAN_NOT_ALLOWED : BAN_NOT_SERVED;
    return agent.is_permitted && service_config(service)->agent_bans;
}

static void ignore(const struct agent_bans *agent_bans, const struct session *session, enum ban_ignored why) {
    unsigned left_out = 0;

    if (bans_note_ignored(agent_bans->bans, why, &left_out))
        log_event(agent_bans->log, LOG_LEVEL_WARNING, session_who(session), "its ban is ignored",
                  LOG_FIELDS(LOG_TEXT("detail", ban_ignored_detail(why)), LOG_NUMBER("left_out", left_out)));
}

/* One line and one event; `more` is the reason of a ban, or "". */
static void note(const struct agent_bans *agent_bans, struct session *session, const char *address, const char *what,
                 const char *service, const char *more) {
    char detail[RECENT_EVENT_TEXT], left_out[32] = "";
    unsigned skipped = 0;

    if (!log_limit_allows(session_ban_lines(session), LINES_A_MINUTE, &skipped))
        return;
    snprintf(detail, sizeof detail, "service %.80s, by %.80s%s%s", service, session_who(session), *more ? ": " : "",
             more);
    if (skipped)
        snprintf(left_out, sizeof left_out, " left_out=%u", skipped);
    log_write(agent_bans->log, LOG_LEVEL_INFO, "server", "%s is %s: %s%s", address, what, detail, left_out);
    recent_events_add(agent_bans->events, EVENT_KIND_ACCESS, EVENT_INFO, address, what, detail);
}

static void add(const struct agent_bans *agent_bans, struct session *session, const struct ban_change *change) {
    const struct service *service = service_list_find(agent_bans->services, change->service);
    const struct ban *ban;
    enum ban_ignored why;

    if (!may_ban(service, session, &why)) {
        ignore(agent_bans, session, why);
        return;
    }
    const struct ban_order order = {.address = change->address,
                                    .service = service_config(service)->name,
                                    .agent = owner_of(session),
                                    .by = session_who(session),
                                    .reason = change->reason,
                                    .seconds = change->seconds};
    switch (bans_add(agent_bans->bans, &order, clock_us(), &ban)) {
    case BANS_ADDED:
        note(agent_bans, session, ban->address, "banned", ban->service, ban->reason);
        break;
    case BANS_CHANGED:
        break;
    case BANS_FULL:
    case BANS_MEMORY:
        ignore(agent_bans, session, BAN_NO_ROOM);
    }
}

static void lift(const struct agent_bans *agent_bans, struct session *session, const struct ban_change *change) {
    const struct service *service = service_list_find(agent_bans->services, change->service);
    char address[ADDR_TEXT];
    enum ban_ignored why;

    if (!may_ban(service, session, &why)) {
        ignore(agent_bans, session, why);
        return;
    }
    const char *name = service_config(service)->name;
    if (bans_remove(agent_bans->bans, &change->address, name, owner_of(session)))
        note(agent_bans, session, source_name(&change->address, address, sizeof address), "no longer banned", name, "");
}

int agent_bans_take(const struct agent_bans *agent_bans, struct session *session, const json_t *json,
                    struct error *error) {
    struct ban_changes changes;
    struct ban_change change;

    if (ban_changes_parse(&changes, json, error))
        return -1;
    for (size_t i = 0; i < changes.remove_count; i++) {
        ban_changes_removed(&changes, i, &change);
        lift(agent_bans, session, &change);
    }
    for (size_t i = 0; i < changes.add_count; i++) {
        ban_changes_added(&changes, i, &change);
        add(agent_bans, session, &change);
    }
    return 0;
}
