/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * agent_list: "munnel agent list": who may join, as a table for people or as JSON for programs. Never a key.
 * Runs on: the tool's only thread. Owns: nothing.
 */
#include "config.h"

#include "ctl/agent_store.h"
#include "ctl/commands.h"
#include "ctl/subcommand.h"
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
static const struct option_table table = {specs, sizeof specs / sizeof *specs, sizeof(struct list_arguments)};
static const struct cmdline_flag flags[] = {{"json", 0, NULL, "print JSON", NULL}};
static const struct cmdline_spec command = {
    .program = "munnel agent list",
    .usage = "munnel agent list prints who may join, in which groups, and until when.\n\n"
             "usage: munnel agent list [OPTION]...\n",
    .table = &table,
    .flags = flags,
    .flag_count = sizeof flags / sizeof *flags,
};

enum { COLUMNS = 5, CELL = 160, SOON_S = 2 * 86400 };
enum { DAY_LENGTH = 10, MINUTE_LENGTH = 16 }; /* of "2027-01-31T12:00:00Z", to the day and to the minute */

struct row {
    char cells[COLUMNS][CELL];
};

/* The day is enough for people, except of what ends soon. */
static const char *date_of(time_t moment, time_t now, char text[DATE_TEXT]) {
    char *date = date_format(moment, text);
    bool is_soon = now < moment && moment - now < SOON_S;
    date[DAY_LENGTH] = is_soon ? ' ' : '\0';
    if (is_soon)
        memcpy(date + MINUTE_LENGTH, " UTC", sizeof " UTC");
    return date;
}

/* The file may be written by hand: control characters must not reach the terminal. */
static void write_names(const struct strlist *names, char *text, size_t size) {
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < names->count && used < size; i++) {
        bool is_pin = strncmp(names->items[i], "sha256:", 7) == 0; /* its first digits are enough for people */
        used +=
            (size_t)snprintf(text + used, size - used, is_pin ? "%s%.15s..." : "%s%s", i ? "," : "", names->items[i]);
    }
    for (char *at = text; *at; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            *at = '?';
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

static void fill(struct row *row, const struct credential *credential, time_t now) {
    snprintf(row->cells[0], CELL, "%s", credential->name);
    write_names(&credential->groups, row->cells[1], CELL);
    write_tokens(credential, now, row->cells[2], CELL);
    write_names(&credential->certificates, row->cells[3], CELL);
    write_end(credential, now, row->cells[4], CELL);
}

static void print_rows(const struct row *rows, size_t count) {
    int width[COLUMNS] = {0};
    for (size_t i = 0; i < count; i++)
        for (int column = 0; column < COLUMNS; column++) {
            int length = (int)strlen(rows[i].cells[column]);
            width[column] = length > width[column] ? length : width[column];
        }
    for (size_t i = 0; i < count; i++) {
        for (int column = 0; column + 1 < COLUMNS; column++)
            printf("%-*s  ", width[column], rows[i].cells[column]);
        printf("%s\n", rows[i].cells[COLUMNS - 1]);
    }
}

static int print_table(const struct credentials *credentials, struct error *error) {
    size_t count = credentials_count(credentials);
    struct row *rows = calloc(count + 1, sizeof *rows);
    time_t now = time(NULL);
    if (!rows)
        return error_set(error, "out of memory");
    rows[0] = (struct row){{"NAME", "GROUPS", "TOKENS", "CERTIFICATE", "EXPIRES"}};
    for (size_t i = 0; i < count; i++)
        fill(&rows[i + 1], credentials_at(credentials, i), now);
    print_rows(rows, count + 1);
    free(rows);
    return 0;
}

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
    int result = as_json ? print_json(store->credentials, error) : print_table(store->credentials, error);
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
    option_done(&table, &arguments);
    return code;
}
