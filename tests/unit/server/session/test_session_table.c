/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_session_table: sessions are found by tag while they last, and never by the tag of one that is over.
 */
#include "config.h"

#include "server/session/session_table.h"
#include "unit.h"

#include <stdio.h>

static struct session *add_instance(struct session_table *agents, const char *name, const char *instance) {
    static const struct addr peer;
    static const uint8_t secret[SECRET_SIZE] = {7};
    const struct session_options options = {
        .name = name, .instance = instance, .credential = "", .secret = secret, .serves_all = true, .peer = &peer};
    struct session *session = session_table_add(agents, &options);

    ck_assert_ptr_nonnull(session);
    return session;
}

static struct session *add(struct session_table *agents, const char *name) {
    return add_instance(agents, name, "00112233445566778899aabbccddeeff");
}

/* In the records and in the log; the first one keeps its plain name. */
START_TEST(sessions_of_one_name_have_labels_of_their_own) {
    struct session_table *agents = session_table_new();
    const struct session *first = add(agents, "a"), *other = add(agents, "b");
    const struct session *second = add_instance(agents, "a", "abcdef01234567890000000000000000");

    ck_assert_str_eq(session_label(first), "a");
    ck_assert_str_eq(session_label(other), "b");
    ck_assert_str_eq(session_label(second), "a#abcdef");
    ck_assert_str_eq(session_who(second), "agent a#abcdef");
    ck_assert_str_eq(session_name(second), "a");
    session_table_free(agents);
}
END_TEST

START_TEST(stale_tag_finds_nothing) {
    struct session_table *agents = session_table_new();
    uint64_t old = session_tag(add(agents, "a"));

    session_table_remove(agents, session_table_find(agents, old));
    ck_assert_ptr_null(session_table_find(agents, old));
    for (int i = 0; i < 1000; i++) { /* the next session in that slot is another one */
        uint64_t tag = session_tag(add(agents, "b"));
        ck_assert_uint_ne(tag, old);
        ck_assert_ptr_null(session_table_find(agents, old));
        session_table_remove(agents, session_table_find(agents, tag));
    }
    ck_assert_ptr_null(session_table_find(agents, 0));
    ck_assert_ptr_null(session_table_find(agents, UINT64_MAX));
    session_table_free(agents);
}
END_TEST

START_TEST(many_sessions_are_all_found) {
    enum { MANY = 1000 };
    struct session_table *agents = session_table_new();
    uint64_t tags[MANY];
    size_t seen = 0;
    char name[16];

    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "a%d", i);
        tags[i] = session_tag(add(agents, name));
    }
    for (int i = 0; i < MANY; i++) {
        struct session *session = session_table_find(agents, tags[i]);
        snprintf(name, sizeof name, "a%d", i);
        ck_assert_str_eq(session_name(session), name);
        ck_assert_ptr_eq(session_table_find_id(agents, session_id(session)), session);
        ck_assert_ptr_eq(session_table_find_instance(agents, name, session_instance(session)), session);
    }
    for (const struct session *session = session_table_first(agents); session;
         session = session_table_after(agents, session))
        seen++;
    ck_assert_uint_eq(seen, MANY);
    ck_assert_uint_eq(session_table_count(agents), MANY);
    ck_assert_ptr_null(session_table_find_id(agents, "00112233445566778899aabbccddeeff"));
    session_table_free(agents);
}
END_TEST

static TCase *table(void) {
    TCase *group = tcase_create("table");

    tcase_add_test(group, sessions_of_one_name_have_labels_of_their_own);
    tcase_add_test(group, stale_tag_finds_nothing);
    tcase_add_test(group, many_sessions_are_all_found);
    return group;
}

UNIT_MAIN("server/session/session_table", table)
