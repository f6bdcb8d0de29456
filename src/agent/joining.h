/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * joining: takes a join code, from a file, the standard input or a person at the terminal; never from an argument.
 * Runs on: start. Owns: nothing; what held the code is wiped.
 */
#ifndef MUNNEL_AGENT_JOINING_H
#define MUNNEL_AGENT_JOINING_H

#include "agent/joined.h"

/*
 * Puts the servers of `code` into `joined`, and with the same pins and token those of `named` (the command line's own
 * words for them, which need not be the code's). 0 or -1 with `error`, which quotes nothing of the code.
 */
int joining_take(struct joined *joined, const char *code, const struct conf_list *named, struct error *error);

/* The same with the code in a file, or "-": the standard input, without echo if that is a terminal. */
int joining_read(struct joined *joined, const char *path, const struct conf_list *named, struct error *error);

enum joining_answer { JOINING_TAKEN, JOINING_DECLINED };

/* Asks the person at the terminal for the code of the server at `address`, three times if need be. */
enum joining_answer joining_ask(struct joined *joined, const char *address);

#endif
