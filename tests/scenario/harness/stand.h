/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * stand: what a test stands on: its folder, certificates and the programs that run in it.
 *
 * Begin with stand_new(__func__), end with stand_free(), which ends every program that still runs, looks whether each
 * ended well, and removes the folder. A test that fails never gets there: its programs are killed, its folder is kept.
 * Runs on: a test's main thread. Owns: all that its functions return, until stand_free.
 */
#ifndef MUNNEL_SCENARIO_STAND_H
#define MUNNEL_SCENARIO_STAND_H

#include "harness/process.h"

#include <stdbool.h>
#include <stdint.h>

struct stand;

struct stand *stand_new(const char *name);
void stand_free(struct stand *stand);

/* Strings and paths that live as long as the stand. */
const char *stand_text(struct stand *stand, const char *format, ...) __attribute__((format(printf, 2, 3)));
const char *stand_path(struct stand *stand, const char *format, ...) __attribute__((format(printf, 2, 3)));
const char *stand_program(struct stand *stand, const char *name); /* munneld, munnel-agent, munnel */
const char *stand_folder(const struct stand *stand);

/* Writes a file of the stand's folder (mode 0600); ' becomes " when `quotes`, so that JSON reads well in C. */
const char *stand_write(struct stand *stand, const char *name, const char *text, bool quotes);

/* A folder with what `munnel init` makes (ca.pem, server.pem, server.key, agents.json, agent.token); made at need. */
const char *stand_pki(struct stand *stand, const char *name);

/* Starts a program. Arguments: the program first, NULL last. */
struct process *stand_run(struct stand *stand, const char *name, ...) __attribute__((sentinel));
struct process *stand_run_plan(struct stand *stand, struct process_plan plan);
/* Runs a program to its end, within 30 s; returns its exit code. */
int stand_do(struct stand *stand, const char *name, ...) __attribute__((sentinel));
/* The output of a program that has run by that name. */
const char *stand_output(struct stand *stand, const char *name);
/* Ends one program now, with the same look at how it ended. */
void stand_end(struct stand *stand, struct process *process);
/* Takes a program out of the stand: it was killed on purpose. */
void stand_kill(struct stand *stand, struct process *process);

/* Looks for a program that the test needs. NULL, which is said, where there is none; with CI=true that fails the test.
 */
const char *stand_peer(struct stand *stand, const char *program);

#endif
