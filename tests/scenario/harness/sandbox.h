/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * sandbox: a test's folder, its certificates and the programs that run in it.
 *
 * Begin with sandbox_new(__func__), end with sandbox_free(), which ends every program that still runs, looks whether
 * each ended well, and removes the folder. A test that fails never gets there: its programs are killed, its folder is
 * kept. Runs on: a test's main thread. Owns: all that its functions return, until sandbox_free.
 */
#ifndef MUNNEL_SCENARIO_SANDBOX_H
#define MUNNEL_SCENARIO_SANDBOX_H

#include "harness/process.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct sandbox;

struct sandbox *sandbox_new(const char *name);
void sandbox_free(struct sandbox *sandbox);

/* Strings and paths that live as long as the sandbox. */
const char *sandbox_text(struct sandbox *sandbox, const char *format, ...) __attribute__((format(printf, 2, 3)));
const char *sandbox_path(struct sandbox *sandbox, const char *format, ...) __attribute__((format(printf, 2, 3)));
const char *sandbox_program(struct sandbox *sandbox, const char *name); /* munneld, munnel-agent, munnel */
const char *sandbox_folder(const struct sandbox *sandbox);

/* Writes a file of the sandbox's folder (mode 0600); ' becomes " when `quotes`, so that JSON reads well in C. */
const char *sandbox_write(struct sandbox *sandbox, const char *name, const char *text, bool quotes);

/* Gives a file to root and a group. */
void sandbox_share(const char *path, gid_t group, mode_t mode);

/* A folder with what `munnel init` makes (ca.pem, server.pem, server.key, agents.json, agent.token); made at need. */
const char *sandbox_pki(struct sandbox *sandbox, const char *name);

/* Starts a program. Arguments: the program first, NULL last. */
struct process *sandbox_run(struct sandbox *sandbox, const char *name, ...) __attribute__((sentinel));
struct process *sandbox_run_plan(struct sandbox *sandbox, struct process_plan plan);
/* Runs a program to its end, within 30 s; returns its exit code. */
int sandbox_do(struct sandbox *sandbox, const char *name, ...) __attribute__((sentinel));
/* The output of a program that has run by that name. */
const char *sandbox_output(struct sandbox *sandbox, const char *name);
/* Ends one program now, with the same look at how it ended. */
void sandbox_end(struct sandbox *sandbox, struct process *process);
/* Kills a program and takes it out of the sandbox without looking at how it ended. */
void sandbox_kill(struct sandbox *sandbox, struct process *process);

/* Looks for a program that the test needs. Prints a note and returns NULL where it is not installed; with CI=true that
 * fails the test.
 */
const char *sandbox_peer(struct sandbox *sandbox, const char *program);

#endif
