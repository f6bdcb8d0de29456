/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_path_match: patterns, which mean the same on all systems but for the case of letters and the separator.
 */
#include "config.h"

#include "lib/base/path.h"
#include "unit.h"

static const struct match {
    const char *pattern, *path;
    bool is_match;
} matches[] = {
    {"", "", true},
    {"", "a", false},
    {"a", "", false},
    {"a", "a", true},
    {"*", "", true},
    {"*", "abc", true},
    {"*", "a/b", false},
    {"*.json", "a.json", true},
    {"*.json", ".json", false},
    {".*", ".json", true},
    {"*.json", "a.json~", false},
    {"*a*b*c", "xaxbxbxc", true},
    {"*a*b*c", "xaxbxbx", false},
    {"a*", "a", true},
    {"a**b", "ab", true},
    {"d/?*", "d/a", true},
    {"d/?*", "d/.a", false},
    {"d/?*", "d/e/a", false},
    {"*/a", "d/a", true},
    {"*/a", "d/e/a", false},
    {"*/?*.json", "d/a.json", true},
    {"?", "a", true},
    {"?", "", false},
    {"?", ".", false},
    {"a?c", "a/c", false},
    {"[a-c]x", "bx", true},
    {"[a-c]x", "dx", false},
    {"[!a-c]x", "dx", true},
    {"[!a-c]x", "bx", false},
    {"[]]", "]", true},
    {"[a-]", "-", true},
    {"[*]", "*", true},
    {"[*]", "a", false},
    {"[.]a", ".a", false},
    {"d[/]a", "d/a", false},
    {"[a", "[a", true},
    {"*[0-9].json", "a7.json", true},
    {"*[0-9].json", "a77.json", true},
    {"*[0-9].json", "a7b.json", false},
#ifdef _WIN32
    {"*.JSON", "a.json", true},
    {"d\\*", "d/a", true},
    {"d/?*", "d\\a", true},
    {"*", "a\\b", false},
    {"?", "\xc3\xa4", true},
    {"a?c",
     "a\xe2\x82\xac"
     "c",
     true},
    {"[\xc3\xa0-\xc3\xaf]", "\xc3\xa4", true},
    {"[\xc3\xa0-\xc3\xaf]", "\xc3\xbc", false},
#else
    {"*.JSON", "a.json", false},
    {"\\*", "*", true},
#endif
};
START_TEST(a_pattern_matches_no_separator_and_no_hidden_name) {
    const struct match *match = &matches[_i];
    ck_assert_msg(path_matches(match->pattern, match->path) == match->is_match, "%s, %s", match->pattern, match->path);
}
END_TEST

static TCase *patterns(void) {
    TCase *group = tcase_create("patterns");
    tcase_add_loop_test(group, a_pattern_matches_no_separator_and_no_hidden_name, 0, sizeof matches / sizeof *matches);
    return group;
}

UNIT_MAIN("lib/base/path_match", patterns)
