/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * agent_list: "munnel agent list": who may join, as a table for people or as JSON for programs. Never a key. If the
 * server of the configuration runs, also how they are.
 * Runs on: the tool's only thread. Owns: nothing.
 */
#include "config.h"

#include "ctl/admin_client.h"
#include "ctl/agent_store.h"
#include "ctl/answer.h"
#include "ctl/commands.h"
#include "ctl/lists.h"
#include "ctl/subcommand.h"
#include "ctl/table.h"
#include "lib/base/date.h"
#include "lib/base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct list_arguments {
    struct agent_place place;
};

static const struct option_spec specs[] = {AGENT_PLACE_SPECS(struct list_arguments, place)};
static const struct option_table list_table = {specs, sizeof specs / sizeof *specs, sizeof(struct list_arguments)};
static const struct cmdline_flag flags[] = {{"json", 0, NULL, "print JSON", NULL}};
static const struct cmdline_spec command = {
    .program = "munnel agent list",
    .usage = "munnel agent list prints who may join, in which groups, and until when; and how\n"
             "they are, if the server of the configuration runs.\n\n"
             "usage: munnel agent list [OPTION]...\n",
    .table = &list_table,
    .flags = flags,
    .flag_count = sizeof flags / sizeof *flags,
};

enum { CELL = 160, SOON_S = 2 * 86400, PATIENCE_MS = 1000 };
enum { DAY_LENGTH = 10, MINUTE_LENGTH = 16 }; /* of "2027-01-31T12:00:00Z", to the day and to the minute */

/* The day is enough for people, except of what ends soon. */
static const char *date_of(time_t moment, time_t now, char text[DATE_TEXT]) {
    char *date = date_format(moment, text);
    bool is_soon = now < moment && moment - now < SOON_S;
    date[DAY_LENGTH] = is_soon ? ' ' : '\0';
    if (is_soon)
        memcpy(date + MINUTE_LENGTH, " UTC", sizeof " UTC");
    return date;
}

static void write_names(const struct strlist *names, char *text, size_t size) {
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < names->count && used < size; i++) {
        bool is_pin = strncmp(names->items[i], "sha256:", 7) == 0; /* its first digits are enough for people */
        used +=
            (size_t)snprintf(text + used, size - used, is_pin ? "%s%.15s..." : "%s%s", i ? "," : "", names->items[i]);
    }
}

static void write_tokens(const struct credential *credential, time_t now, char *text, size_t size) {
    char date[DATE_TEXT];
    int valid = 0, oldest = 0;
    for (int i = 0; i < credential->key_count; i++)
        if (!credential_key_has_ended(credential, i, now)) {
            valid++;
            oldest = i;
        }
    time_t until = valid ? credential->keys[oldest].until : 0;
    if (valid == 0)
        snprintf(text, size, credential->key_count ? "none is valid" : "none");
    else if (valid == 1)
        snprintf(text, size, "1%s%s", until ? ", until " : "", until ? date_of(until, now, date) : "");
    else
        snprintf(text, size, "%d, the %s %s%s", valid, valid == 2 ? "old one" : "oldest", until ? "until " : "for ever",
                 until ? date_of(until, now, date) : "");
}

static void write_end(const struct credential *credential, time_t now, char *text, size_t size) {
    char date[DATE_TEXT];
    time_t end = credential->expires;
    snprintf(text, size, "%s%s", !end ? "never" : end <= now ? "expired " : "", end ? date_of(end, now, date) : "");
}

/* ---- the table ---- */

/* The answer to /v1/agents; NULL: no server of this configuration runs, or it may not be asked. */
static json_t *ask_agents(char *socket) {
    const struct admin_place place = {socket};
    struct error error;
    struct http_reply reply = {0};
    struct http_client *client = socket ? admin_connect(&place, PATIENCE_MS, &error) : NULL;
    json_t *agents = NULL;
    if (client && admin_call(client, "GET", "/v1/agents", &reply, &error) == 0)
        agents = json_incref(reply.json);
    http_reply_done(&reply);
    http_client_free(client);
    return agents;
}

/* Of the agent that was let in by a credential; of several that share it the first. */
static const char *state_of(const json_t *answer, const char *credential) {
    const json_t *agents = answer_at(answer, "agents"), *agent;
    size_t i;
    json_array_foreach (agents, i, agent)
        if (answer_is(agent, "credential", credential))
            return answer_text(agent, "state", "");
    return "offline";
}

/* The file may be written by hand: control characters must not reach the terminal. */
static void add_clean(struct table *table, enum tone tone, const char *text) {
    char *clean = display_clean(text);
    table->lacks_memory |= !clean;
    table_add(table, tone, clean ? clean : "");
    free(clean);
}

static void add_row(struct table *table, const struct credential *credential, const json_t *agents, time_t now) {
    char text[CELL];
    add_clean(table, TONE_PLAIN, credential->name);
    if (agents)
        add_clean(table, list_tone(state_of(agents, credential->name)), state_of(agents, credential->name));
    write_names(&credential->groups, text, CELL);
    add_clean(table, TONE_PLAIN, text);
    write_tokens(credential, now, text, CELL);
    add_clean(table, TONE_PLAIN, text);
    write_names(&credential->certificates, text, CELL);
    add_clean(table, TONE_PLAIN, text);
    write_end(credential, now, text, CELL);
    add_clean(table, TONE_PLAIN, text);
}

static int print_table(const struct agent_store *store, struct error *error) {
    static const struct table_column with_state[] = {{.title = "NAME"},        {.title = "STATE", .is_whole = true},
                                                     {.title = "GROUPS"},      {.title = "TOKENS"},
                                                     {.title = "CERTIFICATE"}, {.title = "EXPIRES", .is_whole = true}};
    static const struct table_column columns[] = {{.title = "NAME"},
                                                  {.title = "GROUPS"},
                                                  {.title = "TOKENS"},
                                                  {.title = "CERTIFICATE"},
                                                  {.title = "EXPIRES", .is_whole = true}};
    json_t *agents = ask_agents(store->admin_socket);
    const struct display display = display_of(stdout);
    struct table rows = agents ? table_begin(with_state, sizeof with_state / sizeof *with_state)
                               : table_begin(columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < credentials_count(store->credentials); i++)
        add_row(&rows, credentials_at(store->credentials, i), agents, time(NULL));
    int result = table_print(&rows, &display) == 0 ? 0 : error_set(error, "out of memory");
    table_done(&rows);
    json_decref(agents);
    return result;
}

/* ---- JSON ---- */

static json_t *date_json(time_t moment) {
    char text[DATE_TEXT];
    return moment ? json_string(date_format(moment, text)) : json_null();
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
    if (whole)
        return agent;
    json_decref(agent);
    return NULL;
}

static int print_json(const struct credentials *credentials, struct error *error) {
    json_t *json = json_pack("{s:[]}", "agents");
    bool whole = json;
    for (size_t i = 0; whole && i < credentials_count(credentials); i++)
        whole = json_array_append_new(json_object_get(json, "agents"), agent_json(credentials_at(credentials, i))) == 0;
    char *text = whole ? json_dumps(json, JSON_INDENT(2)) : NULL;
    json_decref(json);
    if (!text)
        return error_set(error, "out of memory");
    printf("%s\n", text);
    free(text);
    return 0;
}

static int print(const struct agent_store *store, bool as_json, struct error *error) {
    int result = as_json ? print_json(store->credentials, error) : print_table(store, error);
    return result == 0 && fflush(stdout) != 0 ? error_set(error, "standard output cannot be written") : result;
}

int agent_list_run(const char *self, int argc, char **argv) {
    struct list_arguments arguments = {.place = {NULL, NULL}};
    struct agent_store store = AGENT_STORE_NONE;
    struct cmdline line;
    struct error error = {{0}};
    (void)self;
    int code = subcommand_read(&line, &command, &arguments, 0, 0, argc, argv);
    if (code < 0)
        code = agent_store_open(&store, &arguments.place, AGENT_STORE_READ, &error) == 0 &&
                       print(&store, cmdline_has(&line, "json"), &error) == 0
                   ? 0
                   : subcommand_fail(&command, &error);
    agent_store_close(&store);
    cmdline_done(&line);
    option_done(&list_table, &arguments);
    return code;
}
