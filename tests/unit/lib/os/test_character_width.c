/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_character_width: which characters take one column, two or none.
 */
#include "config.h"

#include "lib/os/character_width.h"

#include "unit.h"

#include <locale.h>

static const struct {
    uint32_t character;
    int width;
} characters[] = {
    {'a', 1},    {0xe9, 1},   /* é */
    {0x2026, 1},              /* … */
    {0x301, 0},               /* an acute accent, joined to the letter before */
    {0x4e2d, 2}, {0xac00, 2}, /* Chinese, Korean */
    {0x1b, -1},  {0x9b, -1},  /* controls */
};

START_TEST(width_is_that_of_a_terminal) {
    if (!setlocale(LC_CTYPE, "C.UTF-8"))
        (void)setlocale(LC_CTYPE, ""); /* Windows needs none */
    if (!character_set_is_utf8())
        return; /* a system without a locale for UTF-8 */
    for (size_t i = 0; i < sizeof characters / sizeof *characters; i++)
        ck_assert_msg(character_width(characters[i].character) == characters[i].width, "U+%04X has the width %d",
                      (unsigned)characters[i].character, character_width(characters[i].character));
}
END_TEST

static TCase *widths(void) {
    TCase *group = tcase_create("widths");
    tcase_add_test(group, width_is_that_of_a_terminal);
    return group;
}

UNIT_MAIN("lib/os/character_width", widths)
