/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_suggest: which words are taken for a slip of another, and which are not.
 * Runs on: make check. Owns: nothing.
 */
#include "config.h"

#include "conf/suggest.h"
#include "unit.h"

static const struct {
    const char *word, *best;
} words[] = {
    {"listen", "listen"},  {"lisen", "listen"},
    {"listne", "listen"},  {"listens", "listen"},
    {"lsiten", "listen"},  {"conect", "connect"},
    {"keys", "key"},       {"kye", "key"},
    {"k", NULL},           {"", NULL},
    {"xyz", NULL},         {"foo", NULL}, /* "top" is two slips away: nothing of it is right but the middle */
    {"tpo", "top"},        {"gruop", "group"},
    {"grroop", "group"},   {"lst", "list"},
    {"con", "connect"}, /* it begins so */
    {"ban", NULL},         {"bandwidth", "bandwidth_in"},
    {"certificate", NULL}, {"a word that is longer than any option could ever be, and more", NULL},
};

START_TEST(a_slip_finds_its_word) {
    static const char *const known[] = {"key", "listen", "connect", "group", "top", "list", "bandwidth_in"};
    struct suggestion nearest = suggest_for(words[_i].word);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        suggest_consider(&nearest, known[i]);
    ck_assert_pstr_eq(nearest.best, words[_i].best);
}
END_TEST

START_TEST(the_first_of_two_equals_wins) {
    struct suggestion nearest = suggest_for("cat");
    suggest_consider(&nearest, "cart");
    suggest_consider(&nearest, "coat");
    ck_assert_str_eq(nearest.best, "cart");
}
END_TEST

static TCase *slips(void) {
    TCase *group = tcase_create("slips");
    tcase_add_loop_test(group, a_slip_finds_its_word, 0, (int)(sizeof words / sizeof *words));
    tcase_add_test(group, the_first_of_two_equals_wins);
    return group;
}

UNIT_MAIN("conf/suggest", slips)
