/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * question: see question.h.
 */
#include "config.h"

#include "ctl/question.h"

#include "lib/os/terminal.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

int question_ask(const char *question, struct error *error) {
    char answer[16] = "";

    if (!terminal_is_there())
        return error_set(error, "this is no terminal, so that it cannot be asked whether that is meant: write --yes");
    fprintf(stderr, "%s [y/N] ", question);
    fflush(stderr);
    if (fgets(answer, sizeof answer, stdin))
        answer[strcspn(answer, "\r\n")] = '\0';
    if (strcasecmp(answer, "y") == 0 || strcasecmp(answer, "yes") == 0)
        return 0;
    return error_set(error, "nothing has been changed");
}
