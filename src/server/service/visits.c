/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * visits: see visits.h. Here is what agents ask for, and what they are told.
 */
#include "config.h"

#include "server/service/visits_priv.h"

#include "lib/base/clock.h"
#include "proto/features.h"
#include "server/service/service_priv.h"

#include <stdlib.h>
#include <string.h>

enum { CLIENTS_A_SECOND = 4000, LIST_COST = 256 /* a list of visits counts for as many clients */ };

struct visits *visits_new(const struct visits_options *options) {
    struct visits *visits = calloc(1, sizeof *visits);

    if (!visits)
        return NULL;
    visits->options = *options;
    visits->listener = -1;
    TAILQ_INIT(&visits->connecting);
    TAILQ_INIT(&visits->running);
    return visits;
}

/* ---- what agents are told ---- */

/*
 * What runs by a permission that is withdrawn ends, as with a credential that is revoked, also while the session has no
 * control link. A service that was removed lets its clients finish. Without memory the next look tries again.
 */
static void end_withdrawn(struct visits *visits, struct session *session) {
    struct visiting *visiting = session_visiting(session);
    static const char detail[] = "the service no longer permits this visitor";

    for (size_t i = 0; i < visiting->count; i++) {
        struct visiting_entry *entry = &visiting->entries[i];
        struct service *service = NULL;
        bool is_permitted = visits_judge(visits, session, entry, &service) != VISIT_NOT_PERMITTED;
        if (is_permitted || !service || !entry->terms ||
            !plane_end_relays(visits->options.plane, session_tag(session), entry->terms, REASON_DENIED, detail))
            continue;
        service_terms_release(entry->terms);
        entry->terms = NULL;
    }
}

/* Those that are new for the agent; all: also those that it knows. */
static void tell(struct visits *visits, struct session *session, bool all) {
    struct visiting *visiting = session_visiting(session);
    struct visit_state states[VISITS_MAX];
    size_t count = 0;

    for (size_t i = 0; i < visiting->count; i++) {
        struct visiting_entry *entry = &visiting->entries[i];
        struct service *service = NULL;
        enum visit_verdict verdict = visits_judge(visits, session, entry, &service);
        bool end_to_end = verdict == VISIT_ACCEPTED && service->conf->end_to_end;
        if (verdict == VISIT_NO_LINK && !entry->is_told && !session_is_draining(session))
            continue; /* its data links are about to come */
        if (!all && entry->is_told && entry->told == verdict && entry->told_end_to_end == end_to_end)
            continue;
        entry->is_told = true;
        entry->told = verdict;
        entry->told_end_to_end = end_to_end;
        states[count++] = (struct visit_state){entry->id, verdict ? visits_detail(verdict) : NULL, end_to_end};
    }
    char *json = count || all ? visit_states_format(states, count) : NULL;
    if (json)
        plane_send_control(visits->options.plane, session_control(session), json);
    free(json);
}

void visits_update(struct visits *visits) {
    visits_expire(visits);
    for (struct session *session = session_table_first_any(visits->options.sessions); session;
         session = session_table_after_any(visits->options.sessions, session)) {
        if (!session_visiting(session)->count)
            continue;
        end_withdrawn(visits, session);
        if (session_is_connected(session))
            tell(visits, session, false);
    }
}

/* ---- messages ---- */

/* Both cost more than they are long. */
static int check_rate(struct session *session, size_t clients, struct error *error) {
    struct visiting *visiting = session_visiting(session);
    uint64_t second = clock_us() / 1000000;

    if (!(session_features(session) & 1U << FEATURE_VISIT))
        return error_set(error, "the agent has not named the feature \"visit\"");
    if (visiting->second != second)
        visiting->in_second = 0;
    visiting->second = second;
    visiting->in_second += (unsigned)clients;
    return visiting->in_second <= CLIENTS_A_SECOND ? 0
                                                   : error_set(error, "more visits in a second than a server takes");
}

/* False: out of memory; then there are as many as there was memory for. */
static bool fill(struct visiting *visiting, const struct visit_name *names, size_t count) {
    visiting->entries = calloc(count ? count : 1, sizeof *visiting->entries);
    for (size_t i = 0; visiting->entries && i < count; i++) {
        char *name = strdup(names[i].name);
        if (!name)
            return false;
        visiting->entries[visiting->count++] = (struct visiting_entry){.id = names[i].id, .name = name};
    }
    return visiting->entries;
}

/* Relays go on by the new entry of their service; those of none, which a withdrawal could not end any more, do not. */
static void hand_over(struct visits *visits, const struct session *session, struct visiting *before,
                      struct visiting *after) {
    static const char detail[] = "its agent does not visit the service any more";

    for (size_t i = 0; i < before->count; i++) {
        struct visiting_entry *from = &before->entries[i];
        size_t at = 0;
        while (at < after->count && strcmp(after->entries[at].name, from->name) != 0)
            at++;
        if (from->terms && at < after->count && !after->entries[at].terms)
            after->entries[at].terms = from->terms;
        else if (from->terms) {
            plane_end_relays(visits->options.plane, session_tag(session), from->terms, REASON_DENIED, detail);
            service_terms_release(from->terms);
        }
        from->terms = NULL;
    }
}

int visits_take(struct visits *visits, struct session *session, const json_t *json, struct error *error) {
    struct visit_name names[VISITS_MAX];
    size_t count = 0;

    if (check_rate(session, LIST_COST, error) || visit_names_parse(names, &count, json, error))
        return -1;
    struct visiting *visiting = session_visiting(session), before = *visiting;
    visiting->entries = NULL;
    visiting->count = 0;
    bool is_complete = fill(visiting, names, count);
    hand_over(visits, session, &before, visiting);
    visiting_clear(&before);
    tell(visits, session, true);
    return is_complete ? 0 : error_set(error, "the server is out of memory");
}

int visits_open(struct visits *visits, struct session *session, const json_t *json, struct error *error) {
    struct visit_open open;
    struct service *service = NULL;

    if (visit_open_parse(&open, json, error) || check_rate(session, open.count, error))
        return -1;
    enum visit_verdict verdict = visits_judge(visits, session, visits_find_entry(session, open.visit), &service);
    for (size_t i = 0; i < open.count; i++)
        if (verdict == VISIT_ACCEPTED)
            visits_begin(visits, session, &open, &open.arrivals[i]);
        else
            visits_refuse(visits, session, open.arrivals[i].ticket, verdict, NULL);
    visits_send_refusals(visits);
    return 0;
}
