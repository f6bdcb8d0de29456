/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * version: what --version prints. Runs on: start or a tool. Owns: nothing.
 */
#ifndef MUNNEL_CONF_VERSION_H
#define MUNNEL_CONF_VERSION_H

#include <stdio.h>

/* "PROGRAM 0.1.0", and the libraries that it runs with, a line each. */
void version_print(FILE *file, const char *program);

#endif
