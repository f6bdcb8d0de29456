/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * unit_system: what unit.c needs of the system; unit_posix.c, unit_windows.c.
 */
#ifndef MUNNEL_TESTS_UNIT_SYSTEM_H
#define MUNNEL_TESTS_UNIT_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>

/* At the start of the program, before anything else: what a write to a closed connection or a crash must not do. */
void unit_system_begin(void);

/* Where temporary folders are made; with "/" between its parts and none at its end. */
const char *unit_system_temporary(char *path, size_t size);

/* Makes a folder "PARENT/PREFIXsomething" that was not there, mode 0700; its path. false with errno. */
bool unit_system_make_folder(char *path, size_t size, const char *parent, const char *prefix);

/* NULL: the variable is gone. */
bool unit_system_set_environment(const char *name, const char *value);

#endif
