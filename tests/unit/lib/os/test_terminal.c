/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_terminal: where there is none, none is found and nothing is asked. Questions on a terminal of POSIX are asked in
 * tests/unit/agent/identity/test_join.c: answers, echo and Ctrl-C.
 */
#include "config.h"

#include "lib/os/terminal.h"
#include "unit.h"

#include <fcntl.h>
#include <unistd.h>

/* In place of the standard input. */
static int read_from_file(void) {
    int kept = dup(STDIN_FILENO), file = open(unit_text_file("input", "typed before\n"), O_RDONLY);

    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(terminal_width(file), 0);
    ck_assert_int_ge(dup2(file, STDIN_FILENO), 0);
    close(file);
    return kept;
}

START_TEST(a_file_is_no_terminal) {
    char answer[80] = "as before";
    int kept = read_from_file();

    ck_assert(!terminal_is_there());
    ck_assert(!terminal_ask_secret("Join code: ", answer, sizeof answer));
    ck_assert_str_eq(answer, "as before");
    if (kept >= 0)
        dup2(kept, STDIN_FILENO);
}
END_TEST

static TCase *terminals(void) {
    TCase *group = tcase_create("terminals");

    tcase_add_test(group, a_file_is_no_terminal);
    return group;
}

UNIT_MAIN("lib/os/terminal", terminals)
