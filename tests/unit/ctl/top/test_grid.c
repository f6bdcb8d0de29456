/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/* test_grid: text in cells, cut, wrapped, and never outside. */
#include "config.h"

#include "ctl/top/grid.h"

#include "unit.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

static struct grid grid;

static void set_up(void) {
    ck_assert(setlocale(LC_CTYPE, "C.UTF-8"));
    ck_assert(grid_make(&grid, 10, 3, false));
}

static void tear_down(void) {
    grid_done(&grid);
}

static void expect(const char *wanted) {
    char *text = grid_text(&grid);

    ck_assert_str_eq(text, wanted);
    free(text);
}

START_TEST(text_is_put_left_and_right) {
    ck_assert_uint_eq(grid_put(&grid, (struct place){0, 0, 10}, STYLE_PLAIN, "ab"), 2);
    ck_assert_uint_eq(grid_put_right(&grid, (struct place){0, 1, 10}, STYLE_PLAIN, "12"), 2);
    expect("ab\n        12\n\n");
}
END_TEST

START_TEST(text_that_is_too_wide_ends_with_an_ellipsis) {
    ck_assert_uint_eq(grid_put(&grid, (struct place){0, 0, 4}, STYLE_PLAIN, "abcdef"), 4);
    ck_assert_uint_eq(grid_put(&grid, (struct place){0, 1, 4}, STYLE_PLAIN, "東京都"),
                      3); /* half of one does not fit */
    expect("abc…\n東…\n\n");
}
END_TEST

START_TEST(nothing_is_put_outside) {
    ck_assert_uint_eq(grid_put(&grid, (struct place){8, 0, 90}, STYLE_PLAIN, "abcdef"), 2);
    ck_assert_uint_eq(grid_put(&grid, (struct place){10, 0, 1}, STYLE_PLAIN, "x"), 0);
    ck_assert_uint_eq(grid_put(&grid, (struct place){0, 3, 5}, STYLE_PLAIN, "x"), 0);
    ck_assert_uint_eq(grid_put(&grid, (struct place){0, 2, 0}, STYLE_PLAIN, "x"), 0);
    expect("        a…\n\n\n");
}
END_TEST

START_TEST(wide_characters_take_two_cells) {
    (void)grid_put(&grid, (struct place){0, 0, 10}, STYLE_BAD, "東a");
    ck_assert_str_eq(grid.cells[0].text, "東");
    ck_assert_str_eq(grid.cells[1].text, "");
    ck_assert_str_eq(grid.cells[2].text, "a");
    ck_assert_uint_eq(grid.cells[1].style, STYLE_BAD);
}
END_TEST

/* A character with a hundred marks on it is one cell, which has an end. */
START_TEST(combining_characters_without_end_fit_a_cell) {
    char text[512] = "u";

    for (size_t i = 1; i + 2 < sizeof text; i += 2)
        text[i] = (char)0xcc, text[i + 1] = (char)0x88;
    ck_assert_uint_eq(grid_put(&grid, (struct place){0, 0, 10}, STYLE_PLAIN, text), 1);
    ck_assert_uint_lt(strlen(grid.cells[0].text), GRID_CELL);
    ck_assert_str_eq(grid.cells[1].text, " ");
}
END_TEST

START_TEST(words_are_wrapped) {
    ck_assert_uint_eq(grid_wrap_height(&grid, 10, "one two three four"), 2);
    ck_assert_uint_eq(grid_wrap(&grid, (struct place){0, 0, 10}, 3, STYLE_PLAIN, "one two three four"), 2);
    expect("one two\nthree four\n\n");
    ck_assert_uint_eq(grid_wrap(&grid, (struct place){0, 2, 10}, 1, STYLE_PLAIN, "one two three four"), 1);
    expect("one two\nthree four\none two t…\n");
}
END_TEST

START_TEST(lines_are_copied_and_cleared) {
    struct grid other;
    ck_assert(grid_make(&other, 10, 2, false));
    (void)grid_put(&other, (struct place){0, 1, 10}, STYLE_PLAIN, "other");
    grid_copy(&grid, 2, &other, 1, 5); /* only one is there */
    expect("\n\nother\n");
    grid_clear(&grid, 2);
    expect("\n\n\n");
    grid_done(&other);
}
END_TEST

START_TEST(styles_are_added) {
    (void)grid_put(&grid, (struct place){0, 0, 10}, STYLE_WARN, "a");
    grid_add_style(&grid, (struct place){0, 0, 99}, STYLE_REVERSE);
    ck_assert_uint_eq(grid.cells[0].style, STYLE_WARN | STYLE_REVERSE);
    ck_assert_uint_eq(grid.cells[9].style, STYLE_REVERSE);
    ck_assert_uint_eq(grid.cells[10].style, 0);
}
END_TEST

static TCase *putting(void) {
    TCase *group = tcase_create("putting");
    tcase_add_checked_fixture(group, set_up, tear_down);
    tcase_add_test(group, text_is_put_left_and_right);
    tcase_add_test(group, text_that_is_too_wide_ends_with_an_ellipsis);
    tcase_add_test(group, nothing_is_put_outside);
    tcase_add_test(group, wide_characters_take_two_cells);
    tcase_add_test(group, combining_characters_without_end_fit_a_cell);
    tcase_add_test(group, words_are_wrapped);
    tcase_add_test(group, lines_are_copied_and_cleared);
    tcase_add_test(group, styles_are_added);
    return group;
}

UNIT_MAIN("ctl/top/grid", putting)
