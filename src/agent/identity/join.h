/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * join: takes a join code, from a file, the standard input or a person at the terminal; never from an argument.
 * Runs on: start. Owns: nothing; what held the code is wiped.
 */
#ifndef MUNNEL_AGENT_IDENTITY_JOIN_H
#define MUNNEL_AGENT_IDENTITY_JOIN_H

#include "agent/identity/known_servers.h"
#include "conf/agent_cmdline.h"

/*
 * Puts the servers of `code` into `joined`, and with the same pins and token those of `named` (the addresses of the
 * command line, which need not be the code's); these replace the address of a code that has only one. 0 or -1 with
 * `error`, which quotes nothing of the code.
 */
int join_take(struct known_servers *joined, const char *code, const struct strlist *named, struct error *error);

/* The same with the code in a file, or "-": the standard input, without echo if that is a terminal. */
int join_read(struct known_servers *joined, const char *path, const struct strlist *named, struct error *error);

enum join_answer { JOIN_TAKEN, JOIN_DECLINED };

/* Asks the person at the terminal for the code of the server at `address`, three times if need be. */
enum join_answer join_ask(struct known_servers *joined, const char *address);

/*
 * For --join-only: keeps the code that options->join names in the state folder, and prints on stdout which servers will
 * be served from there, and on stderr a warning of a token file that goes before the code. 0 or -1.
 */
int join_keep(const struct agent_options *options, struct error *error);

#endif
