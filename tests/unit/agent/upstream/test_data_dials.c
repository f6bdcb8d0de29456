/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_data_dials: what a data link is dialled with, and how many are under way.
 */
#include "config.h"

#include "agent/fake_plane.h"
#include "agent/upstream/data_dials.h"
#include "proto/hello.h"
#include "unit.h"

#include <string.h>

enum { SESSION = 17 };

static struct data_dials dials;
static struct data_target target;
static const struct carrier_role SHARED = {SESSION, 0, false}, EXCLUSIVE = {SESSION, 63, true};

static void set_up(void) {
    dials = (struct data_dials){.plane = fake_plane(), .dials = {.limit = DATA_DIALS_MAX}};
    target = (struct data_target){.who = "server",
                                  .session = SESSION,
                                  .id = "00112233445566778899aabbccddeeff",
                                  .name = "tester",
                                  .instance = "ffeeddccbbaa99887766554433221100",
                                  .trust = fake_trust(),
                                  .server_name = "relay.example",
                                  .key = {1, 2, 3},
                                  .resume_ms = 30000};
}

static void tear_down(void) {
    data_dials_done(&dials);
    trust_free(target.trust);
    fake_plane_forget();
}

static const struct dial_order *order(unsigned index) {
    ck_assert_uint_lt(index, fake_plane()->link_count);
    return &fake_plane()->links[index].order;
}

START_TEST(a_dial_proves_the_session_and_names_the_thread) {
    struct hello hello;
    struct error error = {""};

    ck_assert(data_dials_begin(&dials, &target, &EXCLUSIVE));
    ck_assert(!order(0)->is_control && order(0)->has_key);
    ck_assert_int_eq(order(0)->proof_role, DIAL_PROOF_DATA);
    ck_assert_mem_eq(order(0)->key, target.key, SECRET_SIZE);
    ck_assert_str_eq(order(0)->server_name, "relay.example");
    ck_assert_uint_eq(order(0)->resume_ms, 30000);
    ck_assert_uint_eq(order(0)->role.session, SESSION);
    ck_assert_uint_eq(order(0)->role.server_thread, 63);
    ck_assert(order(0)->role.is_exclusive);
    ck_assert_msg(hello_parse(&hello, order(0)->hello, strlen(order(0)->hello), &error) == 0, "%s", error.text);
    ck_assert_int_eq(hello.kind, HELLO_KIND_DATA);
    ck_assert_str_eq(hello.session, target.id);
    ck_assert_str_eq(hello.name, "tester");
    ck_assert_str_eq(hello.instance, target.instance);
    ck_assert_uint_eq(hello.server_thread, 63);
    ck_assert(hello.is_exclusive);
    hello_done(&hello);
}
END_TEST

START_TEST(a_tag_finds_its_dial_until_that_has_ended) {
    ck_assert(data_dials_begin(&dials, &target, &SHARED));
    ck_assert(data_dials_begin(&dials, &target, &EXCLUSIVE));
    ck_assert(data_dials_made(order(0)->tag));
    ck_assert_uint_ne(order(0)->tag, order(1)->tag);
    ck_assert(data_dials_find(&dials, order(1)->tag)->role.is_exclusive);
    ck_assert(!data_dials_find(&dials, order(0)->tag)->role.is_exclusive);
    data_dials_end(&dials, order(0)->tag);
    ck_assert(data_dials_begin(&dials, &target, &EXCLUSIVE));
    ck_assert_ptr_null(data_dials_find(&dials, order(0)->tag));
    ck_assert_ptr_nonnull(data_dials_find(&dials, order(2)->tag));
}
END_TEST

START_TEST(tags_are_never_those_of_control_links) {
    ck_assert(!data_dials_made(0));
    ck_assert(!data_dials_made(UINT64_MAX >> 1));
}
END_TEST

START_TEST(exclusive_links_take_no_more_than_their_share) {
    for (unsigned i = 0; i < DATA_DIALS_EXCLUSIVE_MAX; i++) {
        ck_assert(data_dials_have_room(&dials, true));
        ck_assert(data_dials_begin(&dials, &target, &EXCLUSIVE));
    }
    ck_assert(!data_dials_have_room(&dials, true));
    for (unsigned i = DATA_DIALS_EXCLUSIVE_MAX; i < DATA_DIALS_MAX; i++) {
        ck_assert(data_dials_have_room(&dials, false));
        ck_assert(data_dials_begin(&dials, &target, &SHARED));
    }
    ck_assert(!data_dials_have_room(&dials, false));
    data_dials_end(&dials, order(0)->tag);
    ck_assert(data_dials_have_room(&dials, false) && data_dials_have_room(&dials, true));
}
END_TEST

static TCase *under_way(void) {
    TCase *group = tcase_create("under_way");

    tcase_add_checked_fixture(group, set_up, tear_down);
    tcase_add_test(group, a_dial_proves_the_session_and_names_the_thread);
    tcase_add_test(group, a_tag_finds_its_dial_until_that_has_ended);
    tcase_add_test(group, tags_are_never_those_of_control_links);
    tcase_add_test(group, exclusive_links_take_no_more_than_their_share);
    return group;
}

UNIT_MAIN("agent/upstream/data_dials", under_way)
