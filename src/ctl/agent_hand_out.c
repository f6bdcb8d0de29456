/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * agent_hand_out: the token exists here for a moment, and in the join code; the file keeps only its key.
 * Runs on: the tool's only thread. Owns: nothing; wipes what it held.
 */
#include "config.h"

#include "ctl/agent_hand_out.h"

#include "lib/base/date.h"

#include <stdio.h>
#include <string.h>

static void put_key_first(struct credential *credential, const uint8_t key[SECRET_SIZE]) {
    credential->keys[1] = credential->keys[0]; /* of three keys the oldest goes */
    memcpy(credential->keys[0].key, key, SECRET_SIZE);
    credential->keys[0].until = 0;
    if (credential->key_count < CREDENTIAL_KEYS)
        credential->key_count++;
}

/* Read from the code itself: a wrong guess is to be seen here, and not only by the agent. */
static void print_servers(const char *text) {
    struct join_code code;
    if (join_code_parse(&code, text, NULL) != 0)
        return;
    fprintf(stderr, "It tells the agent to find the server at ");
    for (size_t i = 0; i < code.server_count; i++)
        fprintf(stderr, "%s%s", i ? ", " : "", code.servers[i]);
    fprintf(stderr, " (--server changes that)\n");
    join_code_wipe(&code);
}

static int print_code(const char *code, const struct credential *credential) {
    fprintf(stderr,
            "The join code of %s; it holds the agent's secret. On the agent's machine:\n"
            "  munnel-agent --join -\n"
            "and paste the line that is printed alone.\n",
            credential->name);
    print_servers(code);
    return printf("%s\n", code) > 0 && fflush(stdout) == 0 ? 0 : -1;
}

int agent_hand_out(struct agent_store *store, struct credential *credential, const struct strlist *servers,
                   struct error *error) {
    struct auth_token token;
    uint8_t key[SECRET_SIZE];
    char code[JOIN_CODE_TEXT] = "";
    int result = auth_token_make(&token, credential->name) == 0
                     ? 0
                     : error_set(error, "the system's random generator failed; nothing was changed");
    if (result == 0) {
        auth_token_key(&token, key);
        put_key_first(credential, key);
        result = agent_store_join_code(store, servers, &token, code, error);
    }
    if (result == 0)
        result = credentials_put(store->credentials, credential, error);
    if (result == 0)
        result = agent_store_save(store, error);
    if (result == 0 && print_code(code, credential) != 0)
        result = error_set(error, "the join code could not be printed; munnel agent rotate %s makes another",
                           credential->name);
    secret_wipe(&token, sizeof token);
    secret_wipe(key, sizeof key);
    secret_wipe(code, sizeof code);
    return result;
}

int agent_take_date(time_t *moment, const char *text, struct error *error) {
    time_t span;
    if (date_parse_span(&span, text)) {
        *moment = time(NULL) + span;
        return 0;
    }
    if (date_parse(moment, text))
        return *moment > time(NULL)
                   ? 0
                   : error_set(error, "%s is in the past; write a later date, or a span like \"90d\"", text);
    return error_set(error, "\"%.40s\" is not a date; write one like \"2027-01-31\", or a span like \"90d\"", text);
}

int agent_check_date(const char *text, struct error *error) {
    time_t moment;
    return agent_take_date(&moment, text, error);
}
