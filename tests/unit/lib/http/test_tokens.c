/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_tokens: the file, the comparison.
 */
#include "config.h"

#include "lib/http/tokens.h"

#include "unit.h"

#include <string.h>
#include <sys/stat.h>

#define TOKEN "0123456789abcdef0123456789abcdef"

static enum http_role find(const struct http_tokens *tokens, const char *token, const char **name) {
    uint8_t digest[SECRET_SIZE];
    ck_assert(http_token_digest(digest, token));
    return http_tokens_find_digest(tokens, digest, name);
}

START_TEST(a_token_has_a_role_and_a_name) {
    struct error error = {""};
    const char *name;
    struct http_tokens *tokens =
        http_tokens_read(unit_text_file("tokens", "# comment\n\n  view\tgrafana  " TOKEN "a\r\noperate desk " TOKEN
                                                  "b\nadmin x.y-z " TOKEN "c"),
                         &error);
    ck_assert_msg(tokens, "%s", error.text);
    ck_assert_uint_eq(http_tokens_count(tokens), 3);
    ck_assert_int_eq(find(tokens, TOKEN "a", &name), HTTP_ROLE_VIEW);
    ck_assert_str_eq(name, "grafana");
    ck_assert_int_eq(find(tokens, TOKEN "b", &name), HTTP_ROLE_OPERATE);
    ck_assert_int_eq(find(tokens, TOKEN "c", &name), HTTP_ROLE_ADMIN);
    static const char *const wrong[] = {"", TOKEN, TOKEN "aa", TOKEN "A", "view"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_int_eq(find(tokens, wrong[i], &name), HTTP_ROLE_NONE);
        ck_assert_ptr_null(name);
    }
    ck_assert_int_eq(find(NULL, TOKEN, &name), HTTP_ROLE_NONE);
    http_tokens_free(tokens);
}
END_TEST

START_TEST(a_file_with_a_mistake_is_refused_with_its_line) {
    static const char *const texts[] = {"view a " TOKEN "\nroot b " TOKEN "c\n",
                                        "view a " TOKEN "\nview a " TOKEN "c\n",
                                        "view a " TOKEN "\nadmin b " TOKEN "\n",
                                        "view a " TOKEN "\nview b short\n",
                                        "view a " TOKEN "\nview b\n",
                                        "view a " TOKEN "\nview b xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n",
                                        "view a " TOKEN "\nview b 12345671234567123456712345671234567\n",
                                        "view a " TOKEN "\nview b " TOKEN "c d\n",
                                        "view a " TOKEN "\nview b! " TOKEN "c\n",
                                        "view a " TOKEN "\nview b " TOKEN "\xc3\xa4\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct error error = {""};
        ck_assert_msg(!http_tokens_read(unit_text_file("tokens", texts[i]), &error), "%s", texts[i]);
        ck_assert_msg(strstr(error.text, "tokens:2: "), "%s", error.text);
        ck_assert_msg(!strstr(error.text, TOKEN), "%s", error.text);
    }
    struct error error = {""};
    ck_assert_ptr_null(http_tokens_read(unit_text_file("tokens", "# none\n"), &error));
    ck_assert_msg(strstr(error.text, "there is no token"), "%s", error.text);
    static const char with_nul[] = "view a " TOKEN "\0x";
    ck_assert_ptr_null(http_tokens_read(unit_file("tokens", with_nul, sizeof with_nul - 1), &error));
    ck_assert_msg(strstr(error.text, "NUL"), "%s", error.text);
}
END_TEST

START_TEST(a_file_that_others_can_read_is_refused) {
    struct error error = {""};
    const char *path = unit_text_file("tokens", "view a " TOKEN "\n");
    unit_let_others_read(path);
    ck_assert_ptr_null(http_tokens_read(path, &error));
    ck_assert_msg(strstr(error.text, "tokens"), "%s", error.text);
}
END_TEST

static TCase *tokens(void) {
    TCase *group = tcase_create("tokens");
    tcase_add_test(group, a_token_has_a_role_and_a_name);
    tcase_add_test(group, a_file_with_a_mistake_is_refused_with_its_line);
    tcase_add_test(group, a_file_that_others_can_read_is_refused);
    return group;
}

UNIT_MAIN("lib/http/tokens", tokens)
