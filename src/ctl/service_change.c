/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * service_change: "munnel service add" and "remove": services that the server keeps in files of its own. The options
 * are those of the configuration's table.
 * Runs on: the tool's only thread. Owns: nothing.
 */
#include "config.h"

#include "ctl/service_change.h"

#include "conf/server_config.h"
#include "conf/suggest.h"
#include "ctl/answer.h"
#include "ctl/commands.h"
#include "ctl/difference.h"
#include "ctl/question.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { QUESTION_TEXT = 256 };

/* ---- the options ---- */

struct add_arguments {
    struct admin_place place;
    struct service_config service;
    struct strlist settings;
};

/* Help is shorter than in the manual, so that all of it fits a screen; what is rarely wanted has no flag but --set. */
static const struct {
    const char *name, *flag, *argument, *help;
} option_flags[] = {{"listen", "listen", "ADDR:PORT", "where clients connect; may be repeated"},
                    {"protocol", "protocol", "tcp|udp", "connections, or datagrams [tcp]"},
                    {"connect", "connect", "HOST:PORT", "where the agent connects to; of several the first"},
                    {"group", "group", "GROUP", "whose agents serve it [any agent]"},
                    {"proxy_protocol", "proxy-protocol", "off|v1|v2", "the client's address to the destination [off]"},
                    {"balance", "balance", "round-robin|least-connections|source", "how an agent is picked"},
                    {"no_agent", "no-agent", "wait|refuse|close", "what clients meet without an agent"},
                    {"pending_timeout", "pending-timeout", "S", "a client may wait so long for an agent [10]"},
                    {"connect_timeout", "connect-timeout", "S", "for all attempts to reach the destination [10]"},
                    {"idle_timeout", "idle-timeout", "S", "without a byte a relay ends [0: never]"},
                    {"half_close_timeout", "half-close-timeout", "S", "once one side has finished [300]"},
                    {"max_clients", "max-clients", "COUNT", "at once [0: no limit]"},
                    {"max_per_source", "max-per-source", "COUNT", "at once from one address [0: no limit]"},
                    {"max_rate", "max-rate", "COUNT", "new ones per second and address [0: no limit]"},
                    {"allow", "allow", "ADDR", "the only clients that are served; 10.0.0.0/8"},
                    {"deny", "deny", "ADDR", "clients that are not served"}};
enum { OPTION_FLAGS = sizeof option_flags / sizeof *option_flags, SPECS = OPTION_FLAGS + 2, SETTING_KEY = 64 };

const char *service_change_flag(const char *option) {
    for (size_t i = 0; i < OPTION_FLAGS; i++)
        if (strcmp(option_flags[i].name, option) == 0)
            return option_flags[i].flag;
    return NULL;
}

/* "KEY=VALUE" of an option that has no flag. */
static int check_setting(const char *text, struct error *error) {
    char key[SETTING_KEY];
    struct suggestion nearest;

    snprintf(key, sizeof key, "%.*s", (int)strcspn(text, "="), text);
    nearest = suggest_for(key);
    if (!strchr(text, '='))
        return error_set(error, "\"%.80s\" has no value; write %.40s=VALUE", text, key);
    if (strcmp(key, "name") != 0 && option_find(&service_option_table, key))
        return 0;
    for (size_t i = 0; i < service_option_table.count; i++)
        suggest_consider(&nearest, service_option_table.specs[i].name);
    return nearest.best ? error_set(error, "a service has no option \"%s\"; did you mean \"%s\"?", key, nearest.best)
                        : error_set(error, "a service has no option \"%s\"; see munnel.json(5)", key);
}

static const struct option_spec settings_spec = {"set",
                                                 OPTION_TEXTS,
                                                 offsetof(struct add_arguments, settings),
                                                 "null",
                                                 .check = check_setting,
                                                 .wanted = "a setting like \"backlog=100\"",
                                                 .flag = "set",
                                                 .argument = "KEY=VALUE",
                                                 .help = "of munnel.json(5), like visitors=office"};

/* Those of a service, for a struct add_arguments; the name is a word of the command line. */
static size_t make_specs(struct option_spec specs[SPECS]) {
    static const struct option_spec place = ADMIN_PLACE_SPECS(struct add_arguments, place);
    size_t count = 0;

    for (size_t i = 0; i < OPTION_FLAGS; i++) {
        const struct option_spec *spec = option_find(&service_option_table, option_flags[i].name);
        if (!spec)
            continue;
        specs[count] = *spec;
        specs[count].offset += offsetof(struct add_arguments, service);
        specs[count].flag = option_flags[i].flag;
        specs[count].argument = option_flags[i].argument;
        specs[count].help = option_flags[i].help;
        specs[count].resolve = NULL; /* the server's folder counts, not this one */
        count++;
    }
    specs[count++] = settings_spec;
    specs[count++] = place;
    return count;
}

/* ---- what is sent ---- */

/* What looks as the option's kind does is of it; the rest is a text, with which the server says what would be right. */
static json_t *value_of(const struct option_spec *spec, const char *text) {
    bool is_number = *text && strlen(text) < 10 && strspn(text, "0123456789") == strlen(text);

    if (spec->kind == OPTION_NUMBER && is_number)
        return json_integer((json_int_t)strtoul(text, NULL, 10));
    if (spec->kind == OPTION_FLAG && (strcmp(text, "true") == 0 || strcmp(text, "false") == 0))
        return json_boolean(*text == 't');
    return strcmp(text, "null") == 0 ? json_null() : json_string(text);
}

/* Of several values of one option a list. */
static int add_value(json_t *object, const char *key, const struct option_spec *spec, const char *text) {
    json_t *before = json_object_get(object, key), *value = value_of(spec, text);

    if (!before || spec->kind != OPTION_TEXTS)
        return json_object_set_new(object, key, value);
    if (json_is_array(before))
        return json_array_append_new(before, value);
    return json_object_set_new(object, key, json_pack("[O,o]", before, value));
}

/* "tls.cert" is a member of the object "tls". */
static int add_option(json_t *object, const struct option_spec *spec, const char *text) {
    const char *name = spec->name, *dot;
    char key[SETTING_KEY];

    while (object && (dot = strchr(name, '.'))) {
        snprintf(key, sizeof key, "%.*s", (int)(dot - name), name);
        if (!json_object_get(object, key) && json_object_set_new(object, key, json_object()))
            return -1;
        object = json_object_get(object, key);
        name = dot + 1;
    }
    return object ? add_value(object, name, spec, text) : -1;
}

static bool is_setting(const struct cmdline_given *given) {
    return given->spec && strcmp(given->spec->name, settings_spec.name) == 0;
}

/* The service's option that was written, by a flag or by --set; NULL: it is none of a service. */
static const struct option_spec *spec_given(const struct cmdline_given *given) {
    char key[SETTING_KEY];

    if (!is_setting(given))
        return given->spec && service_change_flag(given->spec->name) ? given->spec : NULL;
    snprintf(key, sizeof key, "%.*s", (int)strcspn(given->value, "="), given->value);
    return option_find(&service_option_table, key);
}

/* What was written, by the names of the configuration. */
static int add_given(json_t *body, const struct cmdline_given *given) {
    const struct option_spec *spec = spec_given(given);

    if (!spec)
        return 0;
    return add_option(body, spec, is_setting(given) ? strchr(given->value, '=') + 1 : given->value);
}

json_t *service_change_body(const struct cmdline *line) {
    json_t *body = json_object();
    bool is_whole = body;

    for (size_t i = 0; i < line->count && is_whole; i++)
        is_whole = add_given(body, &line->given[i]) == 0;
    if (is_whole)
        return body;
    json_decref(body);
    return NULL;
}

/* ---- asking ---- */

static bool has_service(const json_t *configuration, const char *name) {
    const json_t *services = answer_at(configuration, "running.services"), *service;
    size_t i;

    json_array_foreach (services, i, service)
        if (answer_is(service, "name", name))
            return true;
    return false;
}

/* The version that the change is made for; and whether the service is there. 0, or -1 with error. */
static int read_version(struct admin_context *context, char *version, size_t size, bool *is_there,
                        struct error *error) {
    struct http_reply reply = {0};
    int result = admin_call(context->client, "GET", "/v1/config", &reply, error);

    if (result == 0) {
        snprintf(version, size, "%s", reply.version);
        *is_there = has_service(reply.json, context->line->words[0]);
    }
    http_reply_done(&reply);
    return result;
}

/* A pointer into the content is the option that was written: "/listen/0" is --listen, "/check/type" --set check.type.
 */
void service_change_explain(const char *pointer, const char *detail, struct error *error) {
    char option[SETTING_KEY];

    snprintf(option, sizeof option, "%s", *pointer == '/' ? pointer + 1 : "");
    for (char *at = option; (at = strchr(at, '/')); at++)
        *at = at[1] >= '0' && at[1] <= '9' ? '\0' : '.'; /* an item of a list is not named */
    size_t length = strlen(option);
    const char *flag = service_change_flag(option);
    if (!option_find(&service_option_table, option))
        return;
    if (strncmp(detail, option, length) == 0 && strncmp(detail + length, ": ", 2) == 0)
        detail += length + 2;
    error_set(error, flag ? "--%s: %s" : "--set %s: %s", flag ? flag : option, detail);
}

/* PUT or DELETE. With `done` NULL it is a dry run. */
static int change(struct admin_context *context, const char *method, const json_t *body, const char *version,
                  const char *done, struct error *error) {
    char target[ADMIN_TARGET];
    struct http_reply reply = {0};
    int result = -1;

    if (admin_target(target, "/v1/services/", context->line->words[0], done ? "" : "?dry_run=true", error)) {
        const struct http_ask ask = {method, target, body, version};
        result = admin_ask(context->client, &ask, &reply, error);
        if (result != 0 && !answer_at(reply.json, "file"))
            service_change_explain(answer_text(reply.json, "pointer", ""), answer_text(reply.json, "detail", ""),
                                   error);
    }
    if (result == 0 && context->is_json)
        result = admin_print_json(context, &reply);
    else if (result == 0) {
        result = difference_print(&context->display, answer_at(reply.json, "difference"), error);
        fprintf(context->display.file, "%s\n", done ? done : "Nothing has been changed: this was a dry run.");
    }
    http_reply_done(&reply);
    return result;
}

/* What --set writes once more would be no list, and one of the two would be lost. NULL: there is none. */
static const struct option_spec *find_twice(const struct cmdline *line) {
    for (size_t i = 0; i < line->count; i++)
        for (size_t j = 0; j < i; j++) {
            const struct option_spec *a = spec_given(&line->given[i]), *b = spec_given(&line->given[j]);
            bool is_set = is_setting(&line->given[i]) || is_setting(&line->given[j]);
            if (is_set && a && b && a->kind != OPTION_TEXTS && strcmp(a->name, b->name) == 0)
                return a;
        }
    return NULL;
}

static bool has_option(const struct cmdline *line, const char *name) {
    for (size_t i = 0; i < line->count; i++) {
        const struct option_spec *spec = spec_given(&line->given[i]);
        if (spec && strcmp(spec->name, name) == 0)
            return true;
    }
    return false;
}

static int check_added(const struct cmdline *line, const void *arguments) {
    const struct option_spec *twice = find_twice(line);

    (void)arguments;
    if (twice)
        return admin_refuse("munnel service add", "%s is written twice, and has one value; leave one out", twice->name);
    if ((has_option(line, "listen") || has_option(line, "visitors")) && has_option(line, "connect"))
        return 0;
    return admin_refuse("munnel service add",
                        "a service needs --listen :2222, or --set visitors=GROUP, and --connect localhost:22");
}

static int add(struct admin_context *context, void *arguments, struct error *error) {
    const char *name = context->line->words[0];
    bool is_dry = cmdline_has(context->line, "dry-run"), is_there = false;
    char version[sizeof((struct http_reply *)NULL)->version] = "";

    (void)arguments;
    if (read_version(context, version, sizeof version, &is_there, error) != 0)
        return -1;
    if (is_there && !cmdline_has(context->line, "replace"))
        return error_set(error, "there is a service %.64s; with --replace it becomes what is written here", name);
    json_t *body = service_change_body(context->line);
    int result = body ? change(context, "PUT", body, version,
                               is_dry     ? NULL
                               : is_there ? "Changed."
                                          : "Added.",
                               error)
                      : error_set(error, "an option is not UTF-8, or memory is lacking");
    json_decref(body);
    return result;
}

static int ask_about(struct admin_context *context, struct error *error) {
    char target[ADMIN_TARGET], question[QUESTION_TEXT];
    struct http_reply reply = {0};
    int result = -1;

    if (admin_target(target, "/v1/services/", context->line->words[0], "", error))
        result = admin_call(context->client, "GET", target, &reply, error);
    if (result == 0) {
        double relays = answer_number(reply.json, "relays");
        snprintf(question, sizeof question, "Remove service %.64s? It takes no more clients; %.0f relay%s will finish.",
                 context->line->words[0], relays, relays > 0 && relays < 2 ? "" : "s");
        result = question_ask(question, error);
    }
    http_reply_done(&reply);
    return result;
}

static int remove_service(struct admin_context *context, void *arguments, struct error *error) {
    bool is_dry = cmdline_has(context->line, "dry-run"), is_there;
    char version[sizeof((struct http_reply *)NULL)->version] = "";

    (void)arguments;
    if (read_version(context, version, sizeof version, &is_there, error) != 0)
        return -1;
    if (!is_dry && !cmdline_has(context->line, "yes") && ask_about(context, error) != 0)
        return -1;
    return change(context, "DELETE", NULL, version, is_dry ? NULL : "Removed.", error);
}

/* ---- the commands ---- */

#define DRY_RUN_FLAG                                                                                                   \
    { "dry-run", 0, NULL, "show what would change; change nothing", NULL }

int service_add_run(const char *self, int argc, char **argv) {
    static const struct cmdline_flag flags[] = {{"replace", 0, NULL, "it may be there already", NULL},
                                                DRY_RUN_FLAG,
                                                ADMIN_JSON_FLAG};
    struct option_spec specs[SPECS];
    const struct option_table table = {specs, make_specs(specs), sizeof(struct add_arguments)};
    const struct admin_command command = {
        .spec = {.program = "munnel service add",
                 .usage = "munnel service add adds a service to the running server; see munnel.json(5).\n"
                          "usage: munnel service add [OPTION]... NAME",
                 .table = &table,
                 .flags = flags,
                 .flag_count = sizeof flags / sizeof *flags,
                 .settable = &service_option_table},
        .fewest = 1,
        .most = 1,
        .check = check_added,
        .run = add};

    (void)self;
    return admin_command_main(&command, argc, argv);
}

static const struct cmdline_flag remove_flags[] = {{"yes", 'y', NULL, "do not ask", NULL},
                                                   DRY_RUN_FLAG,
                                                   ADMIN_JSON_FLAG};

const struct admin_command service_remove_command = {
    .spec = {.program = "munnel service remove",
             .usage = "munnel service remove removes a service that munnel service add or the page has\n"
                      "made. Its relays finish.\n\n"
                      "usage: munnel service remove [OPTION]... NAME\n",
             .flags = remove_flags,
             .flag_count = sizeof remove_flags / sizeof *remove_flags},
    .fewest = 1,
    .most = 1,
    .run = remove_service};
