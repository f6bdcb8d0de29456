/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * problems: what is wrong, why, and what to do: a list of checks, each of which looks at one kind of thing. Those of
 * services and certificates are in files of their own.
 * Runs on: the control thread. Owns: nothing.
 */
#include "config.h"

#include "admin/values.h"
#include "lib/base/clock.h"
#include "server/admin/problems_priv.h"
#include "server/service/client_table.h"
#include "server/service/published.h"

/* ---- agents ---- */

static void check_session(struct problems *problems, const struct session *session) {
    struct problem problem = {.kind = "agent", .subject = session_label(session)};

    problem.since_ms = problem_since(session_state_since_us(session));
    if (!session_is_connected(session)) {
        PROBLEM_SAY(what, "agent %s has lost its connection", problem.subject);
        unsigned relays = session_client_count(session);
        if (relays == 0)
            PROBLEM_SAY(why, "it has no relays; new clients go to other agents");
        else
            PROBLEM_SAY(why, "its %u relay%s by their links if these are left; new clients go to other agents", relays,
                        relays == 1 ? " goes on" : "s go on");
        PROBLEM_SAY(remedy, "It connects again by itself; if not, look at its machine: systemctl status munnel-agent");
    } else if (session_is_silent(session)) {
        problem.since_ms = 0;
        PROBLEM_SAY(what, "agent %s does not answer", problem.subject);
        PROBLEM_SAY(why, "its connection is there, but its process does not respond; clients go to other agents first");
        PROBLEM_SAY(remedy, "Look at its machine: load, memory, and the log of munnel-agent");
    } else {
        return;
    }
    problem_list_add(&problems->list, &problem);
}

static void check_sessions(struct problems *problems) {
    const struct session_table *sessions = problems->admin->options.sessions;

    for (struct session *session = session_table_first(sessions); session;
         session = session_table_after(sessions, session))
        check_session(problems, session);
}

/* One that has not been here since the start may be meant for another day. */
static void check_offline(struct problems *problems, const struct credential *credential) {
    struct problem problem = {.kind = "agent",
                              .subject = credential->name,
                              .since_ms = admin_last_seen_ms(problems->admin, credential->name)};

    if (!problem.since_ms || json_object_get(problems->present, credential->name))
        return;
    PROBLEM_SAY(what, "agent %s is offline", problem.subject);
    PROBLEM_SAY(why, "it was connected, and has not come back: %s",
                admin_left_because(problems->admin, credential->name));
    PROBLEM_SAY(remedy, "On its machine: systemctl status munnel-agent. If it is not needed: munnel agent revoke %s",
                problem.subject);
    problem_list_add(&problems->list, &problem);
}

static void check_expiry(struct problems *problems, const struct credential *credential, time_t now) {
    struct problem problem = {.kind = "credential", .subject = credential->name};

    if (!credential->expires || credential->expires - now > PROBLEMS_SOON_DAYS * PROBLEMS_DAY_S)
        return;
    if (credential->expires <= now)
        PROBLEM_SAY(what, "the credential of agent %s has expired", problem.subject);
    else
        PROBLEM_SAY(what, "the credential of agent %s expires in %lld days", problem.subject,
                    (long long)(credential->expires - now) / PROBLEMS_DAY_S);
    PROBLEM_SAY(why, "from then on it cannot connect, and its relays are ended");
    PROBLEM_SAY(remedy,
                "Give it another date or a new credential, see munnel(8), \"agent add\"; or munnel agent revoke %s",
                problem.subject);
    problem.is_bad = credential->expires <= now && json_object_get(problems->present, credential->name);
    problem_list_add(&problems->list, &problem);
}

static void check_credentials(struct problems *problems) {
    const struct credentials *credentials = problems->admin->options.policy->credentials;
    time_t now = clock_wall();

    for (size_t i = 0; credentials && i < credentials_count(credentials); i++) {
        check_offline(problems, credentials_at(credentials, i));
        check_expiry(problems, credentials_at(credentials, i), now);
    }
}

/* ---- the server ---- */

static void check_waiting(struct problems *problems, const struct config_state *state) {
    struct problem problem = {.kind = "configuration", .subject = "munneld", .since_ms = state->loaded_ms};

    PROBLEM_SAY(what, "the configuration waits for its confirmation");
    PROBLEM_SAY(why, "%lld s are left; then the configuration before comes back",
                (long long)(state->confirm_until_ms - value_wall_ms()) / 1000);
    PROBLEM_SAY(remedy, "Keep it: munnel reload confirm");
    problem_list_add(&problems->list, &problem);
}

static void check_configuration(struct problems *problems) {
    const struct config_state *state = problems->admin->options.config.state;
    const char *file = problems->admin->options.policy->conf->path;
    struct problem problem = {.kind = "configuration", .subject = file ? file : "munneld"};

    if (state->confirm_until_ms)
        check_waiting(problems, state);
    if (state->was_refused) {
        problem.since_ms = state->reloaded_ms;
        PROBLEM_SAY(what, "the last reload was refused; what ran before it runs on");
        PROBLEM_SAY(why, "%.390s", state->error.text);
        PROBLEM_SAY(remedy, "Mend the file, then: munnel reload --dry-run, and munnel reload");
        problem_list_add(&problems->list, &problem);
    } else if (state->is_changed && !state->confirm_until_ms) {
        problem.since_ms = state->changed_ms;
        PROBLEM_SAY(what, "the configuration files differ from what runs");
        PROBLEM_SAY(why, "they were changed, and not reloaded since; the next start will read them");
        PROBLEM_SAY(remedy, "See the difference: munnel reload --dry-run; apply it: munnel reload");
        problem_list_add(&problems->list, &problem);
    }
}

static void check_publishing(struct problems *problems) {
    const struct published_table *published = problems->admin->options.published;
    const struct published_trouble *trouble = published ? published_trouble(published, clock_us()) : NULL;
    static const char *const remedies[PUBLISH_REFUSAL_COUNT] = {
        [PUBLISH_NOT_PERMITTED] =
            "Permit it by \"publish\" in the entry of the agents file, or have the agent offer it no longer",
        [PUBLISH_TAKEN] = "Have one of the two offer it by another name, port or host",
        [PUBLISH_TOO_MANY] = "Raise publish.max, or have its agents offer fewer",
        [PUBLISH_INVALID] = "Correct what the agent offers: its publish, or munnel share there",
        [PUBLISH_FAILED] = "See with ss -tlnp which program has the port, or permit other ports"};
    struct problem problem = {.kind = "agent"};

    if (!trouble)
        return;
    problem.subject = strncmp(trouble->who, "agent ", 6) == 0 ? trouble->who + 6 : trouble->who;
    problem.since_ms = problem_since(trouble->first_us);
    PROBLEM_SAY(what, "services that agents offer were refused %u times; the last is %s", trouble->count,
                trouble->name);
    PROBLEM_SAY(why, "%s", trouble->detail);
    PROBLEM_SAY(remedy, "%s",
                remedies[trouble->refusal] ? remedies[trouble->refusal] : remedies[PUBLISH_NOT_PERMITTED]);
    problem_list_add(&problems->list, &problem);
}

static void check_room(struct problems *problems) {
    const struct admin_options *options = &problems->admin->options;
    struct problem problem = {.is_bad = true, .kind = "descriptors", .subject = "munneld"};
    size_t clients = client_table_connections(options->clients);

    if (clients < client_table_limit(options->clients))
        return;
    PROBLEM_SAY(what, "new clients are not accepted: %zu are connected", clients);
    PROBLEM_SAY(why, "that is the most for the descriptors that this process may open");
    PROBLEM_SAY(remedy, "Raise the limit: LimitNOFILE= in munneld.service, or ulimit -n; then restart");
    problem_list_add(&problems->list, &problem);
}

static void check_process(struct problems *problems) {
    process_watch_add_problems(&problems->admin->shared.process, &problems->list);
}

json_t *admin_problems(const struct admin *admin, bool *has_bad) {
    static void (*const checks[])(struct problems * problems) = {problems_check_services,
                                                                 check_sessions,
                                                                 check_credentials,
                                                                 problems_check_certificate,
                                                                 problems_check_service_certificates,
                                                                 problems_check_trust,
                                                                 check_configuration,
                                                                 check_publishing,
                                                                 check_room,
                                                                 check_process};
    struct problems problems = {.admin = admin, .list = problem_list_begin(), .present = admin_present(admin)};

    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
        checks[i](&problems);
    json_decref(problems.present);
    return problem_list_take(&problems.list, has_bad);
}
