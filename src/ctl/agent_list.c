/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * agent_list: "munnel agent list": who may join, as a table for people or as JSON for programs. Never a key. A running
 * server is asked, and knows also how they are; without one, or of files that are named, these are read. Both are JSON
 * of the same form, but that of a file has less.
 * Runs on: the tool's only thread. Owns: nothing.
 */
#include "config.h"

#include "ctl/admin_command.h"
#include "ctl/agent_store.h"
#include "ctl/answer.h"
#include "ctl/commands.h"
#include "ctl/lists.h"
#include "ctl/subcommand.h"
#include "lib/base/date.h"
#include "lib/base/json.h"
#include "lib/display/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct list_arguments {
    struct agent_place place;
    struct admin_place server;
};

static const struct option_spec specs[] = {AGENT_PLACE_SPECS(struct list_arguments, place),
                                           ADMIN_PLACE_SPECS(struct list_arguments, server)};
static const struct option_table list_table = {specs, sizeof specs / sizeof *specs, sizeof(struct list_arguments)};
static const struct cmdline_flag flags[] = {{"json", 0, NULL, "print JSON", NULL}};
static const struct cmdline_spec command = {
    .program = "munnel agent list",
    .usage = "munnel agent list prints who may join, in which groups, and until when; and how\n"
             "they are, if a server runs that can be asked. Else the agents file is read.\n\n"
             "usage: munnel agent list [OPTION]...\n",
    .table = &list_table,
    .flags = flags,
    .flag_count = sizeof flags / sizeof *flags,
};

enum { CELL = 160, SOON_S = 2 * 86400, PATIENCE_MS = 1000 };
enum { DAY_LENGTH = 10, MINUTE_LENGTH = 16 }; /* of "2027-01-31T12:00:00Z", to the day and to the minute */

/* ---- cells ---- */

/* A date of the answer or the file; 0: none, that is for ever. */
static time_t moment_of(const json_t *json, const char *name) {
    int64_t ms = 0;
    return number_read_time(&ms, answer_text(json, name, NULL)) ? (time_t)(ms / 1000) : 0;
}

/* The day is enough for people, except of what ends soon. */
static const char *date_of(time_t moment, time_t now, char text[DATE_TEXT]) {
    char *date = date_format(moment, text);
    bool is_soon = now < moment && moment - now < SOON_S;
    date[DAY_LENGTH] = is_soon ? ' ' : '\0';
    if (is_soon)
        memcpy(date + MINUTE_LENGTH, " UTC", sizeof " UTC");
    return date;
}

static void write_names(const json_t *names, char *text, size_t size) {
    size_t used = 0, i;
    const json_t *element;
    text[0] = '\0';
    json_array_foreach (names, i, element) {
        const char *name = json_string_value(element) ? json_string_value(element) : "";
        bool is_pin = strncmp(name, "sha256:", 7) == 0; /* its first digits are enough for people */
        if (used < size)
            used += (size_t)snprintf(text + used, size - used, is_pin ? "%s%.15s..." : "%s%s", i ? "," : "", name);
    }
}

static void write_tokens(const json_t *tokens, time_t now, char *text, size_t size) {
    char date[DATE_TEXT];
    int valid = 0;
    time_t until = 0; /* of the oldest, which is the last */
    const json_t *token;
    size_t i;
    json_array_foreach (tokens, i, token) {
        time_t end = moment_of(token, "until");
        bool is_valid = !end || end > now;
        valid += is_valid;
        until = is_valid ? end : until;
    }
    if (valid == 0)
        snprintf(text, size, json_array_size(tokens) ? "none is valid" : "none");
    else if (valid == 1)
        snprintf(text, size, "1%s%s", until ? ", until " : "", until ? date_of(until, now, date) : "");
    else
        snprintf(text, size, "%d, the %s %s%s", valid, valid == 2 ? "old one" : "oldest", until ? "until " : "for ever",
                 until ? date_of(until, now, date) : "");
}

static void write_end(time_t end, time_t now, char *text, size_t size) {
    char date[DATE_TEXT];
    snprintf(text, size, "%s%s", !end ? "never" : end <= now ? "expired " : "", end ? date_of(end, now, date) : "");
}

/* By which ports and hosts it may offer services. */
static void write_permit(const json_t *agent, char *text, size_t size) {
    write_names(answer_at(agent, "publish.ports"), text, size);
    size_t used = strlen(text);
    if (used && used + 1 < size && json_array_size(answer_at(agent, "publish.hosts")))
        text[used++] = ',';
    write_names(answer_at(agent, "publish.hosts"), text + used, size - used);
}

/* ---- the table ---- */

static void add_row(struct table *table, const json_t *agent, bool has_states, bool has_permits, time_t now) {
    char text[CELL];
    const char *state = answer_text(agent, "state", "");
    table_add(table, TONE_PLAIN, answer_text(agent, "name", ""));
    if (has_states)
        table_add(table, list_tone(state), state);
    write_names(answer_at(agent, "groups"), text, CELL);
    table_add(table, TONE_PLAIN, text);
    write_tokens(answer_at(agent, "tokens"), now, text, CELL);
    table_add(table, TONE_PLAIN, text);
    write_names(answer_at(agent, "certificates"), text, CELL);
    table_add(table, TONE_PLAIN, text);
    write_end(moment_of(agent, "expires"), now, text, CELL);
    table_add(table, TONE_PLAIN, text);
    write_permit(agent, text, CELL);
    if (has_permits)
        table_add(table, TONE_PLAIN, text);
}

static bool have_permits(const json_t *agents) {
    size_t i = 0;
    while (i < json_array_size(agents) && !json_is_object(answer_at(json_array_get(agents, i), "publish")))
        i++;
    return i < json_array_size(agents);
}

/* `agents`: clean for a terminal. */
static int print_table(const json_t *agents, bool has_states, struct error *error) {
    static const struct table_column with_state[] = {{.title = "NAME"},        {.title = "STATE", .is_whole = true},
                                                     {.title = "GROUPS"},      {.title = "TOKENS"},
                                                     {.title = "CERTIFICATE"}, {.title = "EXPIRES", .is_whole = true},
                                                     {.title = "PUBLISHES"}};
    static const struct table_column columns[] = {{.title = "NAME"},
                                                  {.title = "GROUPS"},
                                                  {.title = "TOKENS"},
                                                  {.title = "CERTIFICATE"},
                                                  {.title = "EXPIRES", .is_whole = true},
                                                  {.title = "PUBLISHES"}};
    const struct display display = display_of(stdout);
    bool has_permits = have_permits(agents);
    struct table rows = has_states ? table_begin(with_state, sizeof with_state / sizeof *with_state - !has_permits)
                                   : table_begin(columns, sizeof columns / sizeof *columns - !has_permits);
    const json_t *agent;
    size_t i;
    json_array_foreach (agents, i, agent)
        add_row(&rows, agent, has_states, has_permits, time(NULL));
    int result = table_print(&rows, &display) == 0 ? 0 : error_set(error, "out of memory");
    table_done(&rows);
    return result;
}

/* ---- of a server ---- */

/* 0 with the answer printed; -1 with error. */
static int print_of_server(const struct admin_place *place, bool as_json, struct error *error) {
    struct http_client *client = admin_connect(place, PATIENCE_MS, error);
    struct http_reply reply = {0};
    int result = client ? admin_call(client, "GET", "/v1/agents", &reply, error) : -1;
    if (result == 0 && as_json)
        printf("%s\n", reply.text);
    else if (result == 0)
        result = print_table(answer_at(reply.json, "agents"), true, error);
    http_reply_done(&reply);
    http_client_free(client);
    return result;
}

/* ---- of a file ---- */

static json_t *date_json(time_t moment) {
    char text[DATE_TEXT];
    return moment ? json_string(date_format(moment, text)) : json_null();
}

static json_t *list_of(const struct strlist *list) {
    json_t *json = json_array();
    for (size_t i = 0; json && i < list->count; i++)
        (void)json_array_append_new(json, json_string(list->items[i]));
    return json;
}

static json_t *publish_json(const struct publish_permit *permit) {
    if (publish_permit_is_empty(permit))
        return json_null();
    return json_pack("{s:o, s:o}", "ports", list_of(&permit->ports), "hosts", list_of(&permit->hosts));
}

static json_t *agent_json(const struct credential *credential) {
    json_t *agent = json_pack("{s:s, s:[], s:[], s:[], s:o}", "name", credential->name, "groups", "tokens",
                              "certificates", "expires", date_json(credential->expires));
    bool whole = agent;
    for (size_t i = 0; whole && i < credential->groups.count; i++)
        whole = json_array_append_new(json_object_get(agent, "groups"), json_string(credential->groups.items[i])) == 0;
    for (int i = 0; whole && i < credential->key_count; i++)
        whole = json_array_append_new(json_object_get(agent, "tokens"),
                                      json_pack("{s:o}", "until", date_json(credential->keys[i].until))) == 0;
    for (size_t i = 0; whole && i < credential->certificates.count; i++)
        whole = json_array_append_new(json_object_get(agent, "certificates"),
                                      json_string(credential->certificates.items[i])) == 0;
    whole = whole && json_object_set_new(agent, "publish", publish_json(&credential->publish)) == 0;
    if (whole)
        return agent;
    json_decref(agent);
    return NULL;
}

static json_t *list_json(const struct credentials *credentials) {
    json_t *json = json_pack("{s:[]}", "agents");
    bool whole = json;
    for (size_t i = 0; whole && i < credentials_count(credentials); i++)
        whole = json_array_append_new(json_object_get(json, "agents"), agent_json(credentials_at(credentials, i))) == 0;
    if (whole)
        return json;
    json_decref(json);
    return NULL;
}

/* The file may be written by hand: control characters must not reach the terminal. */
static int print_of_file(const struct credentials *credentials, bool as_json, struct error *error) {
    json_t *list = list_json(credentials), *clean = as_json || !list ? NULL : display_clean_json(json_incref(list));
    char *text = as_json && list ? json_dumps(list, JSON_INDENT(2)) : NULL;
    int result = text || clean ? 0 : error_set(error, "out of memory");
    if (text)
        printf("%s\n", text);
    else if (clean)
        result = print_table(answer_at(clean, "agents"), false, error);
    free(text);
    json_decref(clean);
    json_decref(list);
    return result;
}

/* ---- the command ---- */

static int print_of_files(const struct agent_place *place, bool as_json, struct error *error) {
    struct agent_store store = AGENT_STORE_NONE;
    struct error unused;
    int result = agent_store_open(&store, place, AGENT_STORE_READ, error);
    const struct admin_place server = {store.admin_socket}; /* that of the configuration which was named */
    bool is_done = result == 0 && place->config && server.socket && print_of_server(&server, as_json, &unused) == 0;
    if (result == 0 && !is_done)
        result = print_of_file(store.credentials, as_json, error);
    agent_store_close(&store);
    return result;
}

/* Without a name the server that runs here is meant, and without it the files that it would read. */
static int print_of_here(bool as_json, struct error *error) {
    struct error server = {{0}}, files = {{0}};
    if (print_of_server(&(struct admin_place){NULL}, as_json, &server) == 0 ||
        print_of_files(&(struct agent_place){NULL, NULL}, as_json, &files) == 0)
        return 0;
    return error_set(error, "neither can a server be asked: %.240s; nor are its files here: %.240s", server.text,
                     files.text);
}

static int print(const struct list_arguments *arguments, bool as_json, struct error *error) {
    int result = 0;
    if (arguments->server.socket)
        result = print_of_server(&arguments->server, as_json, error);
    else if (arguments->place.agents || arguments->place.config)
        result = print_of_files(&arguments->place, as_json, error);
    else
        result = print_of_here(as_json, error);
    return result == 0 && fflush(stdout) != 0 ? error_set(error, "standard output cannot be written") : result;
}

int agent_list_run(const char *self, int argc, char **argv) {
    struct list_arguments arguments = {.place = {NULL, NULL}};
    struct cmdline line;
    struct error error = {{0}};
    (void)self;
    int code = subcommand_read(&line, &command, &arguments, 0, 0, argc, argv);
    if (code < 0 && arguments.server.socket && (arguments.place.agents || arguments.place.config))
        code = admin_refuse(command.program, "--socket is of a server that runs, --config and --agents are of files; "
                                             "write one of them");
    if (code < 0)
        code = print(&arguments, cmdline_has(&line, "json"), &error) == 0 ? 0 : subcommand_fail(&command, &error);
    cmdline_done(&line);
    option_done(&list_table, &arguments);
    return code;
}
