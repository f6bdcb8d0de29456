/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_same_path: a wrong proof costs the same however much of it is right, and whether or not its name is known.
 */
#include "config.h"

#include "count_instructions.h"
#include "unit.h"

#include "conf/credentials.h"
#include "proto/auth_proof.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NOW = 1800000000, AGENTS = 100 };

static const uint8_t channel[SECRET_SIZE] = {7};
static const size_t prefixes[] = {0, 16, 31};
enum { PREFIXES = sizeof prefixes / sizeof *prefixes };

/* ---- the comparison alone ---- */

struct two {
    uint8_t right[SECRET_SIZE], shown[SECRET_SIZE];
    bool (*same)(const void *a, const void *b, size_t size);
    volatile bool are_same;
};

static void compare(void *context) {
    struct two *two = context;
    two->are_same = two->same(two->right, two->shown, SECRET_SIZE);
}

/* What is to be found, to see that it would be. */
static bool stop_at_the_first_difference(const void *a, const void *b, size_t size) {
    const volatile uint8_t *one = a, *other = b;
    for (size_t i = 0; i < size; i++)
        if (one[i] != other[i])
            return false;
    return true;
}

static unsigned long steps_of_comparison(bool (*same)(const void *, const void *, size_t), size_t prefix) {
    struct two two = {.same = same};
    for (size_t i = 0; i < SECRET_SIZE; i++)
        two.shown[i] = i < prefix ? 0 : 0xff;
    return count_instructions(compare, &two);
}

START_TEST(a_comparison_tells_nothing_of_how_far_it_came) {
    unsigned long none = steps_of_comparison(secret_equal, 0);
    for (size_t i = 0; i < PREFIXES; i++)
        ck_assert_uint_eq(steps_of_comparison(secret_equal, prefixes[i]), none);
    ck_assert_uint_eq(steps_of_comparison(secret_equal, SECRET_SIZE), none); /* nor that it is right */
}
END_TEST

START_TEST(a_comparison_that_stops_early_would_be_seen) {
    unsigned long none = steps_of_comparison(stop_at_the_first_difference, 0);
    for (size_t i = 1; i < PREFIXES && none > 0; i++)
        ck_assert_uint_gt(steps_of_comparison(stop_at_the_first_difference, prefixes[i]), none);
}
END_TEST

/* ---- the check of a proof against the table of agents ---- */

struct claimed {
    struct credentials *credentials;
    const char *name;
    uint8_t proof[SECRET_SIZE];
    volatile bool is_let_in;
};

static void check(void *context) {
    struct claimed *claimed = context;
    const struct credential *found;
    const uint8_t *key;
    claimed->is_let_in =
        credentials_check(claimed->credentials, claimed->name, claimed->proof, channel, NOW, &found, &key);
}

/* Agents a000 to a099. */
static struct credentials *many_agents(void) {
    struct credentials *credentials = credentials_new();
    char group[] = "*", *groups[] = {group}, name[8];
    for (int i = 0; i < AGENTS; i++) {
        struct credential made = {.name = name, .key_count = 1, .groups = {groups, 1}};
        snprintf(name, sizeof name, "a%03d", i);
        memset(made.keys[0].key, 1, SECRET_SIZE);
        ck_assert_int_eq(credentials_put(credentials, &made, NULL), 0);
    }
    return credentials;
}

/* With so many right bytes in front. */
static unsigned long steps_of_check(struct credentials *credentials, const char *name, size_t prefix) {
    struct claimed claimed = {.credentials = credentials, .name = name};
    uint8_t key[SECRET_SIZE];
    memset(key, 1, sizeof key);
    ck_assert_int_eq(auth_proof_make(claimed.proof, key, AUTH_PROOF_AGENT, channel), 0);
    for (size_t i = prefix; i < SECRET_SIZE; i++)
        claimed.proof[i] ^= 0xff;
    check(&claimed);
    ck_assert_int_eq(claimed.is_let_in, prefix == SECRET_SIZE && name[0] == 'a');
    return count_instructions(check, &claimed);
}

START_TEST(a_proof_that_is_nearly_right_costs_what_any_other_does) {
    struct credentials *credentials = many_agents();
    unsigned long none = steps_of_check(credentials, "a000", 0);
    printf("# %lu instructions\n", none);
    for (size_t i = 0; i < PREFIXES; i++)
        ck_assert_uint_eq(steps_of_check(credentials, "a000", prefixes[i]), none);
    credentials_free(credentials);
}
END_TEST

/* Not to the instruction: a name is compared as any text is. But neither an HMAC nor the way through a table is saved.
 */
START_TEST(an_unknown_name_costs_what_a_known_one_does) {
    static const char *const names[] = {"a099", "nobody", ""};
    struct credentials *credentials = many_agents();
    unsigned long known = steps_of_check(credentials, "a000", 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        unsigned long steps = steps_of_check(credentials, names[i], 0);
        unsigned long apart = steps > known ? steps - known : known - steps;
        printf("# \"%s\": %lu instructions\n", names[i], steps);
        ck_assert_msg(apart <= known / 25, "\"%s\" takes %lu instructions, and \"a000\" %lu", names[i], steps, known);
    }
    credentials_free(credentials);
}
END_TEST

static TCase *comparing(void) {
    TCase *group = tcase_create("comparing");
    tcase_add_test(group, a_comparison_tells_nothing_of_how_far_it_came);
    tcase_add_test(group, a_comparison_that_stops_early_would_be_seen);
    return group;
}

static TCase *checking(void) {
    TCase *group = tcase_create("checking");
    tcase_add_test(group, a_proof_that_is_nearly_right_costs_what_any_other_does);
    tcase_add_test(group, an_unknown_name_costs_what_a_known_one_does);
    return group;
}

UNIT_MAIN("conf/same_path", comparing, checking)
