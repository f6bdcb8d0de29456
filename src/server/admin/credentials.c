/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * credentials: agents are added and revoked, and get new tokens: what "munnel agent add", "revoke" and "rotate" do to
 * the agents file, under the same lock, and in force when it is answered.
 *
 * The file is read again for each change, since a tool may have changed it a moment ago. A token leaves only in its
 * join code, in the answer. Runs on: the control thread, which waits for the disk and never for the lock. Owns:
 * nothing.
 */
#include "config.h"

#include "conf/advertised_addr.h"
#include "conf/credential_issue.h"
#include "conf/join_code_issue.h"
#include "conf/lock.h"
#include "conf/validators.h"
#include "server/admin/admin_priv.h"
#include "server/admin/body_fields.h"
#include "server/admin/values.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char kept[] = "7d"; /* for which an old token stays valid, as with the tool */

struct change { /* of the agents file */
    struct admin *admin;
    struct http_request *request;
    int lock;
    struct credentials *credentials;
};

/* ---- the agents file ---- */

static const struct server_config *config_of(const struct change *change) {
    return change->admin->options.policy->conf;
}

static void refuse(struct http_request *request, unsigned status, const char *detail, const char *remedy) {
    http_answer_problem(request, &(struct http_problem){.status = status, .detail = detail, .remedy = remedy});
}

static bool has_file(const struct change *change) {
    if (!config_of(change)->agents.auth_none)
        return true;
    refuse(change->request, 409, "this server lets any agent join, and has no agents file (agents.auth is \"none\")",
           "Write \"auth\": { \"tokens\": \"agents.json\" } in munnel.json, and reload it");
    return false;
}

static bool take_lock(struct change *change) {
    struct error error = {""};
    bool is_busy = false;

    change->lock = lock_try_folder_of(config_of(change)->agents.tokens, &is_busy, &error);
    if (change->lock != LOCK_NONE)
        return true;
    if (is_busy)
        refuse(change->request, 503, "the agents file is being changed by another program", "Try again in a second");
    else
        refuse(change->request, 500, error.text, NULL);
    return false;
}

static bool read_file(struct change *change) {
    struct error error = {""};

    change->credentials = credentials_read(config_of(change)->agents.tokens, &error);
    if (!change->credentials)
        http_answer_problem(change->request,
                            &(struct http_problem){.status = 500,
                                                   .detail = error.text,
                                                   .remedy = "Mend the agents file: until then the agents that it had "
                                                             "stay as they are",
                                                   .file = config_of(change)->agents.tokens});
    return change->credentials;
}

/* False: it has been answered; end() follows in any case. */
static bool begin(struct change *change, struct http_request *request, struct admin *admin) {
    *change = (struct change){.admin = admin, .request = request, .lock = LOCK_NONE};
    return has_file(change) && take_lock(change) && read_file(change);
}

static void end(struct change *change) {
    credentials_free(change->credentials);
    lock_release(change->lock);
}

static void refuse_write(const struct change *change, int failure, const char *detail) {
    bool is_full = failure == ENOSPC || failure == EDQUOT;
    bool is_forbidden = failure == EACCES || failure == EPERM || failure == EROFS;
    struct http_problem problem = {.status = is_full ? 507 : 500,
                                   .detail = detail,
                                   .file = config_of(change)->agents.tokens};

    if (is_full)
        problem.remedy = "Make room on the disk; nothing was changed";
    else if (is_forbidden)
        problem.remedy = "Let the user that munneld runs as write into the folder of the agents file, or use munnel "
                         "agent as root; nothing was changed";
    http_answer_problem(change->request, &problem);
}

/* Writes the file, and takes it into force. False: it has been answered, and nothing was changed. */
static bool save(const struct change *change, const char *name, const char *deed) {
    const struct admin_options *options = &change->admin->options;
    struct error error = {""};

    if (credentials_write(change->credentials, config_of(change)->agents.tokens, &error)) {
        refuse_write(change, errno, error.text);
        return false;
    }
    recent_events_add(options->events, EVENT_KIND_AGENT, EVENT_INFO, name, deed, http_request_actor(change->request));
    options->reread_credentials(options->context);
    return true;
}

/* ---- the join code ---- */

/* Nothing is made that the agent could not use. */
static bool may_use_tokens(const struct change *change, const char *name) {
    char remedy[160];

    if (config_of(change)->agents.require != CONFIG_REQUIRE_CERTIFICATE)
        return true;
    snprintf(remedy, sizeof remedy, "On the server: munnel agent add --certificate FOLDER %.64s", name);
    refuse(change->request, 409, "this server lets agents in by their certificates alone (agents.tls.require)", remedy);
    return false;
}

/* "servers" of the body, else what agents elsewhere would write, if that can be known. */
static bool take_servers(const struct change *change, const char **servers, size_t *count,
                         char guess[ADVERTISED_ADDR_TEXT]) {
    const struct server_config *conf = config_of(change);

    if (!body_take_list(change->request, "servers", validate_server, servers, count))
        return false;
    if (*count > JOIN_CODE_SERVERS)
        return body_refuse_member(change->request, "/servers", "there are more than 8", NULL);
    if (*count)
        return true;
    servers[(*count)++] = guess;
    if (advertised_addr(conf->agents.listen.items[0], NULL, conf->agents.certificate, guess))
        return true;
    refuse(change->request, 409,
           "it is not known by which address agents reach this server: agents.listen is every address, and the "
           "server's certificate has no name but those of this machine alone",
           "Send \"servers\": [\"HOST:PORT\"], or make a certificate with the server's name");
    return false;
}

static bool make_code(const struct change *change, const struct auth_token *token, char code[JOIN_CODE_TEXT]) {
    char guess[ADVERTISED_ADDR_TEXT];
    const char *servers[BODY_TEXTS_MOST];
    struct error error = {""};
    size_t count = 0;

    if (!take_servers(change, servers, &count, guess))
        return false;
    const struct strlist list = {(char **)(uintptr_t)servers, count};
    const struct join_code_request issue = {.certificate = config_of(change)->agents.certificate,
                                            .servers = &list,
                                            .token = token};
    if (join_code_issue(&issue, code, &error) == 0)
        return true;
    refuse(change->request, 500, error.text, NULL);
    return false;
}

static json_t *code_json(const struct credential *credential, const char *code) {
    char command[JOIN_CODE_TEXT + 64];

    snprintf(command, sizeof command, "echo %s | munnel-agent --join -", code);
    json_t *json = json_pack("{s:s,s:s,s:s,s:o,s:[]}", "name", credential->name, "code", code, "command", command,
                             "expires", value_time((int64_t)credential->expires * 1000), "warnings");
    secret_wipe(command, sizeof command);
    return json;
}

static void warn(json_t *answer, const char *text) {
    json_array_append_new(json_object_get(answer, "warnings"), value_text(text));
}

/* With one token more; the credential is the caller's own. NULL: it has been answered. */
static json_t *hand_out(const struct change *change, struct credential *credential, const char *deed) {
    struct error error = {""};
    struct auth_token token;
    char code[JOIN_CODE_TEXT] = "";
    json_t *answer = NULL;

    if (credential_add_token(credential, &token, &error) || credentials_put(change->credentials, credential, &error))
        refuse(change->request, 500, error.text, NULL);
    else if (make_code(change, &token, code) && save(change, credential->name, deed))
        answer = code_json(credential, code);
    secret_wipe(&token, sizeof token);
    secret_wipe(code, sizeof code);
    if (answer && config_of(change)->agents.require == CONFIG_REQUIRE_BOTH)
        warn(answer, "This server asks for the agent's certificate, too, which a join code does not bring");
    return answer;
}

/* ---- add ---- */

static bool has_group(const struct change *change, const char *group) {
    const struct server_config *conf = config_of(change);

    for (size_t i = 0; i < conf->service_count; i++)
        if (strlist_has(&conf->services[i].groups, group))
            return true;
    return strcmp(group, "*") == 0;
}

/* No error, since services come and go; but an agent of a mistyped group waits for ever. */
static void warn_of_groups(const struct change *change, const struct strlist *groups, json_t *answer) {
    char text[160];

    for (size_t i = 0; i < groups->count; i++) {
        snprintf(text, sizeof text, "No service has the group %.64s: until one has, the agent serves nothing by it",
                 groups->items[i]);
        if (!has_group(change, groups->items[i]))
            warn(answer, text);
    }
}

static int check_group(const char *text, struct error *error) {
    return strcmp(text, "*") == 0 ? 0 : validate_name(text, error);
}

struct added { /* borrowed from the body */
    const char *name, *groups[BODY_TEXTS_MOST];
    size_t group_count;
    time_t expires;
};

static bool take_added(struct http_request *request, struct added *added) {
    static const char *const known[] = {"name", "groups", "expires", "servers", NULL};

    if (!body_knows_members(request, known) ||
        !body_take_text(request, "/name", json_object_get(http_request_body(request), "name"), validate_name,
                        &added->name) ||
        !body_take_list(request, "groups", check_group, added->groups, &added->group_count) ||
        !body_take_end(request, "expires", NULL, &added->expires))
        return false;
    return added->group_count ||
           body_refuse_member(request, "/groups", "there is no group", "Name some, or send [\"*\"] for every one");
}

static void refuse_known(const struct change *change, const char *name) {
    char detail[128], remedy[192];

    snprintf(detail, sizeof detail, "agent %.64s exists already", name);
    snprintf(remedy, sizeof remedy, "POST /v1/agents/%.64s/rotate gives it a new token, DELETE removes it", name);
    http_answer_problem(change->request,
                        &(struct http_problem){.status = 409, .pointer = "/name", .detail = detail, .remedy = remedy});
}

static void add(const struct change *change, const struct added *added) {
    struct credential made = {.name = (char *)(uintptr_t)added->name,
                              .groups = {(char **)(uintptr_t)added->groups, added->group_count},
                              .expires = added->expires};

    if (credentials_find(change->credentials, added->name)) {
        refuse_known(change, added->name);
        return;
    }
    json_t *answer = may_use_tokens(change, added->name) ? hand_out(change, &made, "added by") : NULL;
    if (answer) {
        warn_of_groups(change, &made.groups, answer);
        http_answer_json(change->request, 201, answer);
    }
    secret_wipe(&made, sizeof made);
}

void admin_add_agent(struct http_request *request, void *context) {
    struct added added = {.name = NULL};
    struct change change;

    if (!take_added(request, &added))
        return;
    if (begin(&change, request, context))
        add(&change, &added);
    end(&change);
}

/* ---- rotate ---- */

static const struct credential *find(const struct change *change) {
    const char *name = http_request_param(change->request, "agent");
    const struct credential *found = credentials_find(change->credentials, name);

    if (!found)
        http_answer_error(change->request, 404, "there is no credential %s", name);
    return found;
}

static void rotate(const struct change *change, struct credential *changed, time_t until) {
    struct error error = {""};
    json_t *answer = NULL;

    if (!changed->key_count)
        refuse(change->request, 409, "this agent joins by its certificate",
               "On the server: munnel agent rotate --certificate FOLDER gives it a new one");
    else if (credential_make_room(changed, until, config_of(change)->agents.tokens, &error))
        refuse(change->request, 409, error.text, NULL);
    else
        answer = hand_out(change, changed, "given a new token by");
    if (answer)
        http_answer_json(change->request, 200, answer);
}

void admin_rotate_agent(struct http_request *request, void *context) {
    static const char *const known[] = {"keep", "servers", NULL};
    const struct credential *found = NULL;
    struct credential changed;
    struct change change;
    struct error error = {""};
    time_t until = 0;

    if (!body_knows_members(request, known) || !body_take_end(request, "keep", kept, &until))
        return;
    if (begin(&change, request, context))
        found = find(&change);
    if (found && credential_copy(&changed, found, &error)) {
        refuse(request, 500, error.text, NULL);
    } else if (found) {
        rotate(&change, &changed, until);
        credential_done(&changed);
    }
    end(&change);
}

/* ---- revoke ---- */

static size_t count_relays(const struct admin *admin, const char *credential) {
    const struct session_table *sessions = admin->options.sessions;
    size_t count = 0;

    for (struct session *session = session_table_first_any(sessions); session;
         session = session_table_after_any(sessions, session))
        if (strcmp(session_credential(session), credential) == 0)
            count += session_client_count(session);
    return count;
}

void admin_revoke_agent(struct http_request *request, void *context) {
    const char *name = http_request_param(request, "agent");
    struct change change;

    if (begin(&change, request, context) && find(&change)) {
        size_t relays = count_relays(context, name);
        credentials_remove(change.credentials, name);
        if (save(&change, name, "revoked by"))
            http_answer_json(request, 200, json_pack("{s:I}", "ended_relays", (json_int_t)relays));
    }
    end(&change);
}
