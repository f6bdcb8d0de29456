/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * credential_issue: a new token for a new agent or a known one: what "munnel agent add" and "rotate", and a server that
 * is asked over HTTP, do to a credential before the agents file is written.
 * Runs on: a tool's only thread, the server's control thread. Owns: nothing; tokens are secrets, the caller wipes them.
 */
#ifndef MUNNEL_CONF_CREDENTIAL_ISSUE_H
#define MUNNEL_CONF_CREDENTIAL_ISSUE_H

#include "conf/credentials.h"
#include "proto/auth_proof.h"

/* "90d" from now, or a date that is to come. 0 or -1. */
int credential_parse_end(time_t *moment, const char *text, struct error *error);
/* Room for one more key: those that have ended go, none that is valid does, and the newest is valid until `until` at
 * most. `path`, the agents file, is for the error. 0 or -1. */
int credential_make_room(struct credential *credential, time_t until, const char *path, struct error *error);
/* A token by the credential's name; its key goes in front of those it has, for which there is room. 0 or -1. */
int credential_add_token(struct credential *credential, struct auth_token *token, struct error *error);

#endif
