/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_session_table: sessions are found by tag while they last, and never by the tag of one that is over.
 */
#include "config.h"

#include "server/session/session_table.h"

#include "count_instructions.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

static struct session *add_with(struct session_table *agents, const char *name, const char *instance,
                                const char *credential) {
    static const struct addr peer;
    const struct session_options options = {
        .name = name, .instance = instance, .credential = credential, .threads = 1, .serves_all = true, .peer = &peer};
    struct session *session = session_table_add(agents, &options);

    ck_assert_ptr_nonnull(session);
    return session;
}

static struct session *add_instance(struct session_table *agents, const char *name, const char *instance) {
    return add_with(agents, name, instance, "");
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

/* As of an agent that was started again: its new process is the only one. */
START_TEST(name_of_a_suspended_session_is_free) {
    struct session_table *agents = session_table_new();
    struct session *first = add(agents, "a");
    static const struct addr peer;
    const struct session_options again = {.name = "a",
                                          .instance = "00112233445566778899aabbccddeeff",
                                          .credential = "",
                                          .threads = 1,
                                          .serves_all = true,
                                          .peer = &peer};

    session_table_suspend(agents, first, 0);
    ck_assert_uint_eq(session_table_count(agents), 0);
    ck_assert_str_eq(session_label(add_instance(agents, "a", "abcdef01234567890000000000000000")), "a");
    ck_assert_uint_eq(session_table_count(agents), 1);
    ck_assert(session_table_resume(agents, first, &again));
    ck_assert_str_eq(session_label(first), "a#001122");
    ck_assert_uint_eq(session_table_count(agents), 2);
    session_table_free(agents);
}
END_TEST

START_TEST(retired_session_is_found_for_its_relays_only) {
    struct session_table *agents = session_table_new();
    struct session *session = add(agents, "a");
    uint64_t tag = session_tag(session);

    session_table_suspend(agents, session, 0);
    ck_assert_ptr_eq(session_table_find(agents, tag), session);
    ck_assert_ptr_eq(session_table_client_left(agents, tag), session);
    session_retire(session);
    ck_assert_ptr_null(session_table_find(agents, tag));
    ck_assert_ptr_null(session_table_find_instance(agents, "a", session_instance(session)));
    ck_assert_ptr_null(session_table_first(agents));
    ck_assert_ptr_null(session_table_client_left(agents, tag));
    ck_assert_ptr_eq(session_table_find_any(agents, tag), session);
    ck_assert_ptr_eq(session_table_find_id_any(agents, session_id(session)), session);
    ck_assert_ptr_eq(session_table_first_any(agents), session);
    session_table_remove(agents, session);
    ck_assert_ptr_null(session_table_find_any(agents, tag));
    session_table_free(agents);
}
END_TEST

/* Of a credential, or of all. */
START_TEST(oldest_session_without_clients_is_in_excess) {
    struct session_table *agents = session_table_new();
    static const char *const credentials[] = {"x", "y", "x", "y", "x"};
    struct session *sessions[5];

    for (int i = 0; i < 5; i++)
        sessions[i] = add_with(agents, "a", "00112233445566778899aabbccddeeff", credentials[i]);
    ck_assert_ptr_null(session_table_excess(agents, NULL, 0)); /* all are connected */
    const struct carrier_role role = {.session = session_tag(sessions[1])};
    carriers_accepted(session_carriers(sessions[1]), &role);
    carriers_added(session_carriers(sessions[1]), &role);
    session_take_client(sessions[1]);
    for (unsigned i = 1; i < 5; i++)
        session_table_suspend(agents, sessions[i], 100 - i);
    ck_assert_ptr_null(session_table_excess(agents, "x", 2));
    ck_assert_ptr_eq(session_table_excess(agents, "x", 1), sessions[4]);
    ck_assert_ptr_null(session_table_excess(agents, "y", 1));
    ck_assert_ptr_eq(session_table_excess(agents, NULL, 2), sessions[4]);
    session_retire(sessions[4]);
    ck_assert_ptr_null(session_table_excess(agents, NULL, 2));
    ck_assert_ptr_eq(session_table_excess(agents, NULL, 1), sessions[3]);
    session_client_left(sessions[1]);
    ck_assert_ptr_eq(session_table_excess(agents, NULL, 2), sessions[3]);
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
        ck_assert_ptr_eq(session_table_find_id_any(agents, session_id(session)), session);
        ck_assert_ptr_eq(session_table_find_instance(agents, name, session_instance(session)), session);
    }
    for (const struct session *session = session_table_first(agents); session;
         session = session_table_after(agents, session))
        seen++;
    ck_assert_uint_eq(seen, MANY);
    ck_assert_uint_eq(session_table_count(agents), MANY);
    ck_assert_ptr_null(session_table_find_id_any(agents, "00112233445566778899aabbccddeeff"));
    session_table_free(agents);
}
END_TEST

/* ---- how long a join takes ---- */

enum { FEW = 16, CROWD = 2000 };

static void join(void *context) {
    struct session_table *agents = context;

    ck_assert_ptr_null(session_table_find_instance(agents, "b", "abcdef01234567890000000000000000"));
    session_table_remove(agents, add_instance(agents, "b", "abcdef01234567890000000000000000"));
}

static unsigned long count_join(unsigned crowd) {
    struct session_table *agents = session_table_new();
    char name[16], instance[PROTO_INSTANCE_HEX];

    for (unsigned i = 0; i < crowd; i++) {
        snprintf(name, sizeof name, "a%u", i);
        snprintf(instance, sizeof instance, "%032x", i);
        add_instance(agents, name, instance);
    }
    unsigned long count = count_instructions(join, agents);
    session_table_free(agents);
    return count;
}

START_TEST(a_join_does_not_look_at_every_session) {
    unsigned long few = count_join(FEW), many = count_join(CROWD);

    ck_assert_msg(many < few + CROWD, "%lu instructions for a join among %d sessions, %lu among %d", few, FEW, many,
                  CROWD);
}
END_TEST

/* The one that a join replaces: what is left of those before it is retired already, but where memory was short. */
START_TEST(the_newest_of_an_instance_is_found) {
    struct session_table *agents = session_table_new();
    struct session *first = add(agents, "a"), *second = add(agents, "a");

    ck_assert_ptr_ne(first, second);
    ck_assert_ptr_eq(session_table_find_instance(agents, "a", session_instance(first)), second);
    ck_assert_ptr_null(session_table_find_instance(agents, "b", session_instance(first)));
    session_table_remove(agents, second);
    ck_assert_ptr_eq(session_table_find_instance(agents, "a", session_instance(first)), first);
    session_table_free(agents);
}
END_TEST

/* As of a server before this one, which has given the same tags. */
START_TEST(id_with_the_tag_of_another_session_finds_nothing) {
    struct session_table *agents = session_table_new();
    const struct session *session = add(agents, "a");
    char id[PROTO_INSTANCE_HEX];

    snprintf(id, sizeof id, "%s", session_id(session));
    ck_assert_uint_eq(session_id_tag(id), session_tag(session));
    size_t last = strlen(id) - 1;
    id[last] = id[last] == '0' ? '1' : '0';
    ck_assert_ptr_null(session_table_find_id_any(agents, id));
    ck_assert_ptr_null(session_table_find_id_any(agents, ""));
    session_table_free(agents);
}
END_TEST

static TCase *table(void) {
    TCase *group = tcase_create("table");

    tcase_add_test(group, sessions_of_one_name_have_labels_of_their_own);
    tcase_add_test(group, name_of_a_suspended_session_is_free);
    tcase_add_test(group, retired_session_is_found_for_its_relays_only);
    tcase_add_test(group, oldest_session_without_clients_is_in_excess);
    tcase_add_test(group, stale_tag_finds_nothing);
    tcase_add_test(group, many_sessions_are_all_found);
    tcase_add_test(group, a_join_does_not_look_at_every_session);
    tcase_add_test(group, the_newest_of_an_instance_is_found);
    tcase_add_test(group, id_with_the_tag_of_another_session_finds_nothing);
    return group;
}

UNIT_MAIN("server/session/session_table", table)
