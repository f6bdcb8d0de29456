/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * join_code: the join code: all that a new agent needs, in one line.
 *
 * "munnel1." and the base64url of {"s":["host:10001"],"p":["HEX of the server's key"],"t":"NAME:DIGITS"}. It holds the
 * token: it is a secret, read from a file or a terminal and never an argument.
 * Runs on: start or a tool. Owns: nothing; join_code_wipe() when done.
 */
#ifndef MUNNEL_PROTO_JOIN_CODE_H
#define MUNNEL_PROTO_JOIN_CODE_H

#include "lib/base/error.h"
#include "proto/auth_proof.h"

#include <stddef.h>

enum {
    JOIN_CODE_SERVERS = 8,
    JOIN_CODE_SERVER_TEXT = 264,
    JOIN_CODE_PINS = 2,
    JOIN_CODE_PIN_TEXT = 72,
    JOIN_CODE_TEXT = 4096
};

struct join_code {
    char servers[JOIN_CODE_SERVERS]
                [JOIN_CODE_SERVER_TEXT]; /* "host:port"; each another server, not another name of the same */
    size_t server_count;
    char pins[JOIN_CODE_PINS][JOIN_CODE_PIN_TEXT]; /* "sha256:" and 64 digits; two while a key is being renewed */
    size_t pin_count;
    struct auth_token token;
};

int join_code_format(const struct join_code *code, char text[JOIN_CODE_TEXT], struct error *error);
/* White space around it, and line breaks that a mail program put in, are ignored. 0 or -1; no error quotes the code.
 */
int join_code_parse(struct join_code *code, const char *text, struct error *error);
void join_code_wipe(struct join_code *code);

#endif
