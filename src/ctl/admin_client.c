/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * admin_client: see admin_client.h.
 */
#include "config.h"

#include "ctl/admin_client.h"

#include "conf/admin_places.h"
#include "ctl/admin_socket.h"
#include "ctl/answer.h"
#include "lib/display/display.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_TEXT = 512, AGENTS_MOST = 64 };

/* ---- which socket ---- */

static int refuse_none(struct error *error) {
    return error_set(error, "no munneld and no munnel-agent can be asked here: neither " ADMIN_SERVER_PLACE
                            " nor " ADMIN_AGENT_PLACES " exists. Is it running? If its socket is elsewhere "
                            "(admin.socket of its configuration), name it: --socket PATH, or MUNNEL_SOCKET");
}

static int refuse_many(const struct strlist *found, struct error *error) {
    return error_set(error, "%zu agents run here; name the one that is meant: --socket %s, or --socket %s%s",
                     found->count, found->items[0], found->items[1], found->count > 2 ? ", or another" : "");
}

/* Units of munnel-agent@NAME each have one. */
static char *find_agent(enum admin_program program, const char *root, struct error *error) {
    struct strlist found = {0};
    char *path = NULL;

    if (admin_socket_list(root, ADMIN_AGENT_PLACES, AGENTS_MOST, &found, error) == 0) {
        if (found.count == 1 && !(path = strdup(found.items[0])))
            error_set(error, "out of memory");
        if (found.count == 0 && program == ADMIN_ANY)
            refuse_none(error);
        if (found.count > 1)
            refuse_many(&found, error);
    }
    strlist_done(&found);
    return path;
}

static char *copy(const char *path, struct error *error) {
    char *text = strdup(path);

    if (!text)
        error_set(error, "out of memory");
    return text;
}

const char *admin_chosen_socket(const struct admin_place *place) {
    const char *chosen = getenv("MUNNEL_SOCKET");

    return place->socket ? place->socket : chosen && *chosen ? chosen : NULL;
}

char *admin_find_socket(const struct admin_place *place, enum admin_program program, const char *root,
                        struct error *error) {
    static const char *const defaults[] = {ADMIN_SERVER_PLACE, ADMIN_AGENT_PLACE};
    const char *chosen = admin_chosen_socket(place);

    if (chosen)
        return copy(chosen, error);
    for (size_t i = program; i < sizeof defaults / sizeof *defaults; i++) {
        char path[PATH_TEXT];
        snprintf(path, sizeof path, "%s%s", root, defaults[i]);
        if (admin_socket_exists(root, defaults[i]))
            return copy(path, error);
    }
    return find_agent(program, root, error);
}

struct http_client *admin_connect(const struct admin_place *place, unsigned timeout_ms, struct error *error) {
    char *path = admin_find_socket(place, ADMIN_ANY, "", error);
    struct http_client *client = path ? http_client_new(path, timeout_ms, error) : NULL;

    free(path);
    return client;
}

/* ---- asking ---- */

/* What a program refuses as a part of a path. */
static bool is_no_segment(const char *name) {
    return !*name || strchr(name, '/') || strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

bool admin_target(char target[ADMIN_TARGET], const char *before, const char *name, const char *after,
                  struct error *error) {
    size_t length = strlen(before);

    if (length && before[length - 1] == '/' && is_no_segment(name)) {
        error_set(error, "\"%.40s\" can be no name here: it must not be empty, \".\" or \"..\", nor have a \"/\"",
                  name);
        return false;
    }
    if (length < ADMIN_TARGET) {
        memcpy(target, before, length);
        if (http_client_encode(target + length, ADMIN_TARGET - length, name)) {
            length += strlen(target + length);
            if (length + strlen(after) < ADMIN_TARGET) {
                memcpy(target + length, after, strlen(after) + 1);
                return true;
            }
        }
    }
    error_set(error, "\"%.40s...\" is too long", name);
    return false;
}

/* "FILE:LINE: WHAT; REMEDY" of what is wrong in a file of the server; its text may begin with the file, and the line.
 */
static int explain_file(const struct http_reply *reply, struct error *error) {
    const char *file = json_string_value(json_object_get(reply->json, "file"));
    const char *detail = json_string_value(json_object_get(reply->json, "detail"));
    const char *remedy = json_string_value(json_object_get(reply->json, "remedy"));
    char line[24] = "";

    if (!file || !detail)
        return http_reply_explain(reply, error);
    if (json_integer_value(json_object_get(reply->json, "line")) > 0)
        snprintf(line, sizeof line, ":%lld", (long long)json_integer_value(json_object_get(reply->json, "line")));
    if (strncmp(detail, file, strlen(file)) == 0 && detail[strlen(file)] == ':') {
        detail += strlen(file) + 1;
        if (*detail != ' ') /* a line and a column */
            return error_set(error, "%s:%s%s%s", file, detail, remedy ? "; " : "", remedy ? remedy : "");
        detail++;
    }
    return error_set(error, "%s%s: %s%s%s", file, line, detail, remedy ? "; " : "", remedy ? remedy : "");
}

/* Where the names are that are right. "": nothing is known of it. */
static const char *remedy_of_name(const char *target) {
    static const char *const remedies[][2] = {
        {"/v1/services/", "; munnel service list has their names"},
        {"/v1/agents/", "; munnel agent list has their names"},
        {"/v1/relays/", "; munnel relay list has their ids, and --state ended those of the last that ended"},
        {"/v1/sources/", "; munnel source list has those that are"}};

    for (size_t i = 0; i < sizeof remedies / sizeof *remedies; i++)
        if (strncmp(target, remedies[i][0], strlen(remedies[i][0])) == 0)
            return remedies[i][1];
    return "";
}

/* A parameter of the query is the option of its name. */
static int explain(const struct http_reply *reply, const struct http_ask *ask, struct error *error) {
    static const char parameter[] = "the parameter \"";
    const char *detail = answer_text(reply->json, "detail", "");
    bool is_bare = reply->status == 404 && !answer_at(reply->json, "remedy");

    if (strncmp(detail, parameter, sizeof parameter - 1) == 0) {
        const char *name = detail + sizeof parameter - 1;
        size_t length = strcspn(name, "\"");
        return error_set(error, "--%.*s%s", (int)length, name, name[length] ? name + length + 1 : "");
    }
    if (is_bare && *detail)
        return error_set(error, "%s%s", detail, remedy_of_name(ask->target));
    return explain_file(reply, error);
}

/* With JSON that is clean for a terminal. */
static int ask_cleanly(struct http_client *client, const struct http_ask *ask, struct http_reply *reply,
                       struct error *error) {
    if (http_client_ask(client, ask, reply, error) != 0)
        return -1;
    bool has_json = reply->json;
    reply->json = has_json ? display_clean_json(reply->json) : NULL;
    return has_json && !reply->json ? error_set(error, "out of memory") : 0;
}

int admin_refuse_agent(struct error *error) {
    return error_set(error,
                     "a munnel-agent answers here, and this command is for munneld: name its socket by --socket, "
                     "or use status, top, events, relay, log-level or diag");
}

/* Both programs have an API, and an agent's is the smaller one. */
static bool is_agent(struct http_client *client) {
    struct http_reply reply = {0};
    struct error error = {{0}};
    bool result = ask_cleanly(client, &(struct http_ask){.method = "GET", .target = "/v1/status"}, &reply, &error) == 0;

    result = result && reply.status < 300 && answer_is(reply.json, "program", "munnel-agent");
    http_reply_done(&reply);
    return result;
}

int admin_ask(struct http_client *client, const struct http_ask *ask, struct http_reply *reply, struct error *error) {
    if (ask_cleanly(client, ask, reply, error) != 0)
        return -1;
    if (reply->status >= 200 && reply->status < 300)
        return 0;
    if (reply->status == 404 && strncmp(answer_text(reply->json, "detail", ""), "there is nothing at ", 20) == 0 &&
        is_agent(client))
        return admin_refuse_agent(error);
    return explain(reply, ask, error);
}

int admin_call(struct http_client *client, const char *method, const char *target, struct http_reply *reply,
               struct error *error) {
    return admin_ask(client, &(struct http_ask){.method = method, .target = target}, reply, error);
}
