/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * question: asks the person at the terminal before something is taken away.
 * Runs on: the tool's only thread. Owns: nothing.
 */
#ifndef MUNNEL_CTL_QUESTION_H
#define MUNNEL_CTL_QUESTION_H

#include "lib/base/error.h"

/* Writes the question to standard error. 0: "y" or "yes" was answered; -1 with error: it was not, or there is no
 * terminal, where --yes has to be written. */
int question_ask(const char *question, struct error *error);

#endif
