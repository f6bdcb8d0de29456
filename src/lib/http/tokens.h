/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * tokens: who may come over TCP, out of a file with a line for each:
 *
 *     # role  name    token
 *     admin   laptop  ab3f01...   (32 to 128 of A-Z a-z 0-9 - _)
 *     view    grafana 9cc07e...
 *
 * Kept as SHA-256, compared in constant time with every entry. That a token has 128 random bits or more is what keeps
 * it from being guessed; that wrong ones are slow to be answered (access.c) is for those that a person thought out.
 *
 * Runs on: one thread. Owns: the digests.
 */
#ifndef MUNNEL_LIB_HTTP_TOKENS_H
#define MUNNEL_LIB_HTTP_TOKENS_H

#include "lib/base/error.h"
#include "lib/base/secret.h"
#include "lib/http/request.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HTTP_TOKEN_NAME = 65, HTTP_TOKEN_SHORTEST = 32, HTTP_TOKEN_LONGEST = 128, HTTP_TOKENS_MOST = 256 };

struct http_tokens;

/* Refuses a file that others can read, and names file:line of what is wrong. NULL with error. Reads a file: at the
 * start and for a reload. */
struct http_tokens *http_tokens_read(const char *path, struct error *error);
void http_tokens_free(struct http_tokens *tokens); /* NULL is fine */
size_t http_tokens_count(const struct http_tokens *tokens);

/* In two steps, for a connection that outlives a change of the tokens. False: out of memory. */
bool http_token_digest(uint8_t digest[SECRET_SIZE], const char *token);
/* The role of a token, and the name of its entry; HTTP_ROLE_NONE if there is none. In constant time. */
enum http_role http_tokens_find_digest(const struct http_tokens *tokens, const uint8_t digest[SECRET_SIZE],
                                       const char **name);
const char *http_role_name(enum http_role role); /* "view" ... */

#endif
