/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * join: the join code, all that a new agent must be told, in one line.
 *
 * "munnel1." and the base64url of {"s":["host:10001"],"p":["HEX of the server's key"],"t":"NAME:DIGITS"}. It holds the
 * token: it is a secret, read from a file or a terminal and never an argument.
 * Runs on: start or a tool. Owns: nothing; join_wipe() when done.
 */
#ifndef MUNNEL_PROTO_JOIN_H
#define MUNNEL_PROTO_JOIN_H

#include "lib/error.h"
#include "proto/proof.h"

#include <stddef.h>

enum { JOIN_SERVERS = 8, JOIN_SERVER_TEXT = 264, JOIN_PINS = 2, JOIN_PIN_TEXT = 72, JOIN_TEXT = 4096 };

struct join_code {
    char servers[JOIN_SERVERS][JOIN_SERVER_TEXT]; /* "host:port"; each another server, not another name of the same */
    size_t server_count;
    char pins[JOIN_PINS][JOIN_PIN_TEXT]; /* "sha256:" and 64 digits; two while a key is being renewed */
    size_t pin_count;
    struct proof_token token;
};

int join_format(const struct join_code *code, char text[JOIN_TEXT], struct error *error);
/* White space around it, and line breaks that a mail program put in, are forgiven. 0 or -1; no error quotes the code.
 */
int join_parse(struct join_code *code, const char *text, struct error *error);
void join_wipe(struct join_code *code);

#endif
