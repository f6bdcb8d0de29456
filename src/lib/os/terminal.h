/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * terminal: how wide it is; and it asks the person there for something that must not be seen. One .c per system behind
 * it. Runs on: start. Owns: nothing; the terminal is left as it was, also when a signal ends the program meanwhile.
 */
#ifndef MUNNEL_LIB_OS_TERMINAL_H
#define MUNNEL_LIB_OS_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

bool terminal_is_there(void); /* standard input and standard error are one, so that a question can be asked */

unsigned terminal_width(int fd); /* in columns; 0: it is no terminal */

/* One line, without its end; what does not fit is lost. False: end of input, or the terminal failed. */
bool terminal_ask_secret(const char *question, char *text, size_t size);

#endif
