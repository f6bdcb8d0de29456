/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * tool: see tool.h.
 */
#include "config.h"

#include "ctl/tool.h"

#include "conf/credentials.h"
#include "conf/provision.h"
#include "proto/auth_proof.h"
#include "unit.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARGUMENTS = 16 };

struct capture printed;

void tool_set_up(void) {
    char host[] = "munnel.example", *names[] = {host};
    struct error error = {{0}};
    bool made;
    const struct provision all = {.folder = unit_path("s"), .names = {names, 1}, .with_configuration = true};
    ck_assert_msg(provision_server(&all, &made, &error) == 0, "%s", error.text);
}

void tool_forget(void) {
    capture_done(&printed);
}

int tool_run(command what, const char *word, ...) {
    char *argv[ARGUMENTS + 1] = {NULL};
    int argc = 0;
    va_list list;
    capture_done(&printed);
    argv[argc++] = strdup("x");
    argv[argc++] = strdup("--agents");
    argv[argc++] = strdup(unit_path("s/agents.json"));
    va_start(list, word);
    for (; word && argc < ARGUMENTS; word = va_arg(list, const char *))
        argv[argc++] = strdup(word);
    va_end(list);
    char *sorted[ARGUMENTS + 1];
    memcpy(sorted, argv, sizeof sorted); /* getopt changes the order */
    capture_begin(&printed);
    int code = what("munnel", argc, sorted);
    fflush(stdout);
    capture_end(&printed);
    for (int i = 0; i < argc; i++)
        free(argv[i]);
    return code;
}

struct join_code tool_code(void) {
    struct join_code code;
    struct error error = {{0}};
    ck_assert_int_eq(strcspn(printed.text[0], "\n") + 1, strlen(printed.text[0])); /* the code alone, one line */
    ck_assert_msg(join_code_parse(&code, printed.text[0], &error) == 0, "%s", error.text);
    return code;
}

bool tool_admits(const struct join_code *code, time_t now, const char *group) {
    uint8_t key[SECRET_SIZE], channel[SECRET_SIZE] = {3}, proof[SECRET_SIZE];
    const struct credential *found;
    const uint8_t *server_key;
    struct error error = {{0}};
    struct credentials *credentials = credentials_read(unit_path("s/agents.json"), &error);
    ck_assert_msg(credentials, "%s", error.text);
    auth_token_key(&code->token, key);
    ck_assert_int_eq(auth_proof_make(proof, key, AUTH_PROOF_AGENT, channel), 0);
    bool in = credentials_check(credentials, code->token.name, proof, channel, now, &found, &server_key) &&
              credential_carries(found, group);
    credentials_free(credentials);
    return in;
}
