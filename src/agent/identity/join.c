/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * join: see join.h.
 */
#include "config.h"

#include "agent/identity/join.h"

#include "agent/identity/identity.h"
#include "conf/places.h"
#include "lib/base/file.h"
#include "lib/base/path.h"
#include "lib/os/terminal.h"
#include "proto/join_code.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { QUESTIONS = 3, QUESTION_TEXT = 400 };

/* ---- the code itself ---- */

static int put(struct known_servers *joined, const struct join_code *code, char *token, const char *address,
               struct error *error) {
    struct known_server server = {.address = strdup(address), .token = token};
    int result = server.address ? 0 : -1;

    for (size_t i = 0; i < code->pin_count && result == 0; i++)
        result = strlist_add(&server.pins, code->pins[i]);
    if (result == 0)
        result = known_servers_put(joined, &server, error);
    else
        error_set(error, "out of memory");
    strlist_done(&server.pins);
    free(server.address);
    return result;
}

static int put_all(struct known_servers *joined, const struct join_code *code, const struct strlist *named,
                   struct error *error) {
    /* A single address is the guess of the server's machine; behind a NAT it leads to the same server by another way,
     * or to none. Several were chosen by the server's owner. */
    bool is_guess = named->count > 0 && code->server_count == 1;
    char token[AUTH_TOKEN_TEXT];
    int result = 0;

    auth_token_format(&code->token, token);
    if (is_guess)
        known_servers_remove(joined, code->servers[0]);
    for (size_t i = 0; i < code->server_count && !is_guess && result == 0; i++)
        result = put(joined, code, token, code->servers[i], error);
    for (size_t i = 0; i < named->count && result == 0; i++)
        result = put(joined, code, token, named->items[i], error);
    secret_wipe(token, sizeof token);
    return result;
}

int join_take(struct known_servers *joined, const char *text, const struct strlist *named, struct error *error) {
    struct join_code code;
    int result = join_code_parse(&code, text, error);

    if (result == 0)
        result = put_all(joined, &code, named, error);
    join_code_wipe(&code);
    return result;
}

/* ---- where it comes from ---- */

static int read_input(char text[JOIN_CODE_TEXT], struct error *error) {
    size_t length;

    if (terminal_is_there())
        return terminal_ask_secret("Join code: ", text, JOIN_CODE_TEXT) ? 0
                                                                        : error_set(error, "no join code was entered");
    length = fread(text, 1, JOIN_CODE_TEXT - 1, stdin);
    text[length] = '\0';
    return length > 0 ? 0 : error_set(error, "standard input is empty: pipe the join code in");
}

static int read_file(char text[JOIN_CODE_TEXT], const char *path, struct error *error) {
    size_t length = 0;
    char *content = file_read_secret(path, JOIN_CODE_TEXT - 1, &length, error);

    if (!content)
        return -1;
    memcpy(text, content, length + 1);
    secret_wipe(content, length);
    free(content);
    return 0;
}

int join_read(struct known_servers *joined, const char *path, const struct strlist *named, struct error *error) {
    char text[JOIN_CODE_TEXT];
    struct error detail = {""};
    int result = strcmp(path, "-") == 0 ? read_input(text, error) : read_file(text, path, error);

    if (result == 0) {
        result = join_take(joined, text, named, &detail);
        if (result != 0)
            error_set(error, "%s%s%s", strcmp(path, "-") == 0 ? "" : path, strcmp(path, "-") == 0 ? "" : ": ",
                      detail.text);
    }
    secret_wipe(text, sizeof text);
    return result;
}

enum join_answer join_ask(struct known_servers *joined, const char *address) {
    char question[QUESTION_TEXT], text[JOIN_CODE_TEXT], name[QUESTION_TEXT];
    char *items[] = {name};
    const struct strlist named = {.items = items, .count = 1};
    enum join_answer answer = JOIN_DECLINED;

    snprintf(name, sizeof name, "%s", address);
    snprintf(question, sizeof question,
             "No token for %s is stored here. The server prints a join code at its first start on a "
             "terminal, and by \"munnel agent add NAME\".\nJoin code (input is hidden; Enter to go without): ",
             address);
    for (int i = 0; i < QUESTIONS && answer == JOIN_DECLINED; i++) {
        struct error error = {""};

        if (!terminal_ask_secret(i == 0 ? question : "Join code: ", text, sizeof text) || text[0] == '\0')
            break;
        if (join_take(joined, text, &named, &error) == 0)
            answer = JOIN_TAKEN;
        else
            fprintf(stderr, "munnel-agent: %s\n", error.text);
    }
    secret_wipe(text, sizeof text);
    return answer;
}

/* ---- a code alone ---- */

static void report(const struct known_servers *joined, const char *state_folder) {
    printf("munnel-agent: the join code is kept in %s%cjoined.json; an agent with this state folder serves",
           state_folder, path_separator());
    for (size_t i = 0; i < known_servers_count(joined); i++)
        printf("%s %s", i > 0 ? "," : "", known_servers_at(joined, i)->address);
    printf("\n");
}

/* What an agent with the same options will find. Its errors are left to its start: the code is kept in any case.
 */
static void warn_of_files(const struct known_servers *joined, const char *state_folder,
                          const struct agent_options *options) {
    struct agent_options later = *options;
    struct identity_set *identities;
    struct error ignored = {""};

    later.join = NULL;
    identities = identity_make(&later, joined, state_folder, &ignored);
    for (size_t i = 0; identities && i < identity_count(identities); i++) {
        const struct server_identity *server = &identity_servers(identities)[i];

        if (server->file_before_code[0] != '\0')
            fprintf(stderr,
                    "munnel-agent: warning: %s goes before the join code for %s, which differs; remove the file so "
                    "that the code is used\n",
                    server->file_before_code, server->text);
    }
    identity_free(identities);
}

static int keep_in(const char *state_folder, const struct agent_options *options, struct error *error) {
    struct known_servers *joined = known_servers_read(state_folder, error);
    int result = -1;

    if (joined && join_read(joined, options->join, &options->servers, error) == 0)
        result = known_servers_write(joined, state_folder, error);
    if (result == 0) {
        report(joined, state_folder);
        warn_of_files(joined, state_folder, options);
    }
    known_servers_free(joined);
    return result;
}

int join_keep(const struct agent_options *options, struct error *error) {
    char *state_folder = places_state_folder(error);
    int result = state_folder ? keep_in(state_folder, options, error) : -1;

    free(state_folder);
    return result;
}
