/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * credentials: agents are added and revoked, and get new tokens. The agents file is changed on another thread, since
 * that waits for the disk (agents_change.h); the answer comes when it is in force. A token leaves only in its join
 * code, in the answer.
 * States of a request: taken -> changed -> answered. Runs on: the control thread, but for work(). Owns: requests until
 * they are answered.
 */
#include "config.h"

#include "conf/credential_issue.h"
#include "conf/publish_permit.h"
#include "conf/validators.h"
#include "lib/event/background.h"
#include "proto/host_name.h"
#include "server/admin/admin_priv.h"
#include "server/admin/agents_change.h"
#include "server/admin/body_fields.h"
#include "server/admin/values.h"

#include <stdlib.h>
#include <string.h>

static const char kept[] = "7d"; /* for which an old token stays valid, as with the tool */
static const struct strlist none = {NULL, 0};

struct deed {
    struct admin *admin;
    struct http_request *request;
    struct agents_change *change;
};

static void deed_free(struct deed *deed) {
    agents_change_free(deed->change);
    free(deed);
}

static void refuse(struct http_request *request, unsigned status, const char *detail, const char *remedy) {
    http_answer_problem(request, &(struct http_problem){.status = status, .detail = detail, .remedy = remedy});
}

/* ---- changed -> answered ---- */

static void answer_problem(const struct deed *deed) {
    const struct agents_change *change = deed->change;

    http_answer_problem(deed->request,
                        &(struct http_problem){.status = change->status,
                                               .detail = change->detail,
                                               .remedy = *change->remedy ? change->remedy : NULL,
                                               .pointer = change->pointer,
                                               .file = change->is_of_file ? change->conf->agents.tokens : NULL,
                                               .line = change->line});
}

static bool has_group(const struct server_config *conf, const char *group) {
    for (size_t i = 0; i < conf->service_count; i++)
        if (strlist_has(&conf->services[i].groups, group) || strlist_has(&conf->services[i].visitors, group) ||
            strlist_has(&conf->services[i].visitors, "*"))
            return true;
    return strcmp(group, "*") == 0;
}

/* No error, since services come and go; but an agent of a mistyped group waits for ever. One that may publish need not
 * serve anything else. */
static json_t *warnings_of(const struct agents_change *change, const struct credential *credential) {
    bool publishes = credential && !publish_permit_is_empty(&credential->publish);
    json_t *warnings = json_array();
    char text[160];

    if (change->conf->agents.require == CONFIG_REQUIRE_BOTH)
        json_array_append_new(warnings, json_string("This server asks for the agent's certificate, too, which a join "
                                                    "code does not bring"));
    for (size_t i = 0; i < change->groups.count && !publishes; i++) {
        snprintf(text, sizeof text, "No service has the group %.64s: until one has, the agent serves nothing by it",
                 change->groups.items[i]);
        if (!has_group(change->conf, change->groups.items[i]))
            json_array_append_new(warnings, value_text(text));
    }
    return warnings;
}

static json_t *code_json(const struct agents_change *change, const struct credential *credential) {
    char command[JOIN_CODE_TEXT + 64];
    int64_t expires = credential ? (int64_t)credential->expires * 1000 : 0;

    snprintf(command, sizeof command, "echo %s | munnel-agent --join -", change->code);
    json_t *json = json_pack("{s:s,s:s,s:s,s:o,s:o}", "name", change->name, "code", change->code, "command", command,
                             "expires", value_time(expires), "warnings", warnings_of(change, credential));
    secret_wipe(command, sizeof command);
    return json;
}

static size_t count_relays(const struct admin *admin, const char *credential) {
    const struct session_table *sessions = admin->options.sessions;
    size_t count = 0;

    for (struct session *session = session_table_first_any(sessions); session;
         session = session_table_after_any(sessions, session))
        if (strcmp(session_credential(session), credential) == 0)
            count += session_client_count(session);
    return count;
}

static void answer_done(const struct deed *deed) {
    static const char *const texts[] = {
        [AGENTS_ADD] = "added by", [AGENTS_ROTATE] = "given a new token by", [AGENTS_REVOKE] = "revoked by"};
    const struct admin_options *options = &deed->admin->options;
    const struct agents_change *change = deed->change;
    size_t relays = change->kind == AGENTS_REVOKE ? count_relays(deed->admin, change->name) : 0;

    recent_events_add(options->events, EVENT_KIND_AGENT, EVENT_INFO, change->name, texts[change->kind],
                      http_request_actor(deed->request));
    options->reread_credentials(options->context);
    const struct credentials *all = options->policy->credentials;
    if (change->kind == AGENTS_REVOKE)
        http_answer_json(deed->request, 200, json_pack("{s:I}", "ended_relays", (json_int_t)relays));
    else
        http_answer_json(deed->request, change->kind == AGENTS_ADD ? 201 : 200,
                         code_json(change, all ? credentials_find(all, change->name) : NULL));
}

/* ---- taken -> changed ---- */

static void work(void *context) {
    const struct deed *deed = context;

    agents_change_run(deed->change);
}

static void on_changed(void *context) {
    struct deed *deed = context;

    if (deed->change->status)
        answer_problem(deed);
    else
        answer_done(deed);
    deed_free(deed);
}

/* ---- the requests ---- */

static bool has_file(const struct admin *admin, struct http_request *request) {
    if (!admin->options.policy->conf->agents.auth_none)
        return true;
    refuse(request, 409, "this server lets any agent join, and has no agents file (agents.auth is \"none\")",
           "Write \"auth\": { \"tokens\": \"agents.json\" } in munnel.json, and reload it");
    return false;
}

/* NULL: it has been answered. */
static struct deed *deed_new(struct admin *admin, struct http_request *request, enum agents_change_kind kind,
                             const char *name, const struct strlist *groups, const struct strlist *servers) {
    struct server_config *conf = (struct server_config *)(uintptr_t)admin->options.policy->conf; /* to be held */

    if (!has_file(admin, request))
        return NULL;
    if (strlen(name) > PROTO_NAME_MAX) { /* cut to that it may be another's */
        http_answer_error(request, 404, "there is no credential %s", name);
        return NULL;
    }
    struct deed *deed = calloc(1, sizeof *deed);
    struct agents_change *change = deed ? agents_change_new(kind, conf, name, groups, servers) : NULL;
    if (change) {
        *deed = (struct deed){admin, request, change};
        return deed;
    }
    http_answer_error(request, 500, "out of memory");
    free(deed);
    return NULL;
}

static void deed_begin(struct deed *deed) {
    if (background_run(deed->admin->options.background, work, on_changed, deed) == 0)
        return;
    refuse(deed->request, 503, "too much is being written already", "Try again in a second");
    deed_free(deed);
}

static bool take_servers(struct http_request *request, const char **servers, size_t *count) {
    if (!body_take_list(request, "servers", validate_server, servers, count))
        return false;
    return *count <= JOIN_CODE_SERVERS || body_refuse_member(request, "/servers", "there are more than 8", NULL);
}

static int check_group(const char *text, struct error *error) {
    return strcmp(text, "*") == 0 ? 0 : validate_name(text, error);
}

struct added { /* borrowed from the body */
    const char *name, *groups[BODY_TEXTS_MOST], *servers[BODY_TEXTS_MOST];
    const char *ports[BODY_TEXTS_MOST], *hosts[BODY_TEXTS_MOST]; /* by which it may publish */
    size_t group_count, server_count, port_count, host_count;
    time_t expires;
};

static bool take_publish(struct http_request *request, struct added *added) {
    static const char *const known[] = {"ports", "hosts"};
    const json_t *publish = json_object_get(http_request_body(request), "publish");
    const char *key;
    json_t *value;

    if (!publish || json_is_null(publish))
        return true;
    if (!json_is_object(publish))
        return body_refuse_member(request, "/publish", "this is not an object", NULL);
    json_object_foreach ((json_t *)(uintptr_t)publish, key, value)
        if (strcmp(key, known[0]) != 0 && strcmp(key, known[1]) != 0)
            return body_refuse_member(request, "/publish", "it has ports and hosts, and nothing else", NULL);
    return body_take_list_of(request, "publish", known[0], publish_ports_check, added->ports, &added->port_count) &&
           body_take_list_of(request, "publish", known[1], host_name_check, added->hosts, &added->host_count);
}

static bool take_added(struct http_request *request, struct added *added) {
    static const char *const known[] = {"name", "groups", "expires", "servers", "publish", NULL};

    if (!body_knows_members(request, known) ||
        !body_take_text(request, "/name", json_object_get(http_request_body(request), "name"), validate_name,
                        &added->name) ||
        !body_take_list(request, "groups", check_group, added->groups, &added->group_count) ||
        !body_take_end(request, "expires", NULL, &added->expires) ||
        !take_servers(request, added->servers, &added->server_count) || !take_publish(request, added))
        return false;
    return added->group_count ||
           body_refuse_member(request, "/groups", "there is no group", "Name some, or send [\"*\"] for every one");
}

static struct strlist borrow(const char **items, size_t count) {
    return (struct strlist){(char **)(uintptr_t)items, count};
}

void admin_add_agent(struct http_request *request, void *context) {
    struct added added = {.name = NULL};

    if (!take_added(request, &added))
        return;
    const struct strlist groups = borrow(added.groups, added.group_count);
    const struct strlist servers = borrow(added.servers, added.server_count);
    struct deed *deed = deed_new(context, request, AGENTS_ADD, added.name, &groups, &servers);
    if (!deed)
        return;
    const struct publish_permit permit = {borrow(added.ports, added.port_count), borrow(added.hosts, added.host_count)};
    deed->change->expires = added.expires;
    if (publish_permit_copy(&deed->change->publish, &permit)) {
        http_answer_error(request, 500, "out of memory");
        deed_free(deed);
        return;
    }
    deed_begin(deed);
}

void admin_rotate_agent(struct http_request *request, void *context) {
    static const char *const known[] = {"keep", "servers", NULL};
    const char *items[BODY_TEXTS_MOST];
    size_t count = 0;
    time_t until = 0;

    if (!body_knows_members(request, known) || !body_take_end(request, "keep", kept, &until) ||
        !take_servers(request, items, &count))
        return;
    const struct strlist servers = borrow(items, count);
    struct deed *deed =
        deed_new(context, request, AGENTS_ROTATE, http_request_param(request, "agent"), &none, &servers);
    if (!deed)
        return;
    deed->change->until = until;
    deed_begin(deed);
}

void admin_revoke_agent(struct http_request *request, void *context) {
    struct deed *deed = deed_new(context, request, AGENTS_REVOKE, http_request_param(request, "agent"), &none, &none);

    if (deed)
        deed_begin(deed);
}
