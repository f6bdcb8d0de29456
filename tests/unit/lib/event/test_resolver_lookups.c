/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_resolver_lookups: the queue of look-ups, and which names may have a thread while others hang.
 */
#include "config.h"

#include "lib/event/resolver_priv.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

static struct resolver *resolver; /* only its list and its counts, without threads */

static void set_up(void) {
    resolver = calloc(1, sizeof *resolver);
    ck_assert_ptr_nonnull(resolver);
    resolver->limits = (struct resolver_limits){.most = 4, .reserved = 2, .slow = 1};
}

static void tear_down(void) {
    while (resolver->lookups)
        resolver_remove_lookup(resolver, resolver->lookups);
    free(resolver);
}

static struct lookup *add(const char *host, enum lookup_state state, enum pace pace) {
    struct lookup *lookup = resolver_add_lookup(resolver, host);
    ck_assert_ptr_nonnull(lookup);
    lookup->state = state;
    lookup->pace = pace;
    return lookup;
}

static int count(void) {
    int found = 0;
    for (const struct lookup *lookup = resolver->lookups; lookup; lookup = lookup->next)
        found++;
    return found;
}

START_TEST(a_name_is_found_in_any_case) {
    struct lookup *a = add("a.example", LOOKUP_QUEUED, PACE_UNKNOWN), *b = add("b.example", LOOKUP_KEPT, PACE_PROMPT);
    ck_assert_ptr_eq(resolver_find_lookup(resolver, "A.Example"), a);
    ck_assert_ptr_eq(resolver_find_lookup(resolver, "b.example"), b);
    ck_assert_ptr_null(resolver_find_lookup(resolver, "a.exampl"));
    resolver_remove_lookup(resolver, a);
    ck_assert_ptr_null(resolver_find_lookup(resolver, "a.example"));
}
END_TEST

START_TEST(the_oldest_that_is_queued_is_next) {
    struct lookup *a = add("a", LOOKUP_QUEUED, PACE_UNKNOWN), *b = add("b", LOOKUP_QUEUED, PACE_UNKNOWN);
    ck_assert_ptr_eq(resolver_next_ready(resolver), a);
    a->state = LOOKUP_RUNNING;
    ck_assert_ptr_eq(resolver_next_ready(resolver), b);
    b->state = LOOKUP_KEPT;
    ck_assert_ptr_null(resolver_next_ready(resolver));
    struct lookup *c = add("c", LOOKUP_QUEUED, PACE_UNKNOWN);
    resolver_queue_again(resolver, b); /* behind c */
    ck_assert_ptr_eq(resolver_next_ready(resolver), c);
    c->state = LOOKUP_RUNNING;
    ck_assert_ptr_eq(resolver_next_ready(resolver), b);
}
END_TEST

/* Of 4 threads 2 are kept for prompt names, and slow ones share 1. */
START_TEST(names_that_hang_leave_threads_to_others) {
    static const struct {
        int running[PACES]; /* of unknown, prompt, slow names */
        bool unknown, prompt, slow;
    } rows[] = {
        {{0, 0, 0}, true, true, true},   {{1, 0, 0}, true, true, true},    {{2, 0, 0}, false, true, false},
        {{0, 2, 0}, false, true, false}, {{0, 0, 1}, true, true, false},   {{1, 0, 1}, false, true, false},
        {{2, 1, 0}, false, true, false}, {{2, 2, 0}, false, false, false}, {{1, 2, 1}, false, false, false},
    };
    const struct lookup *unknown = add("unknown", LOOKUP_QUEUED, PACE_UNKNOWN);
    const struct lookup *prompt = add("prompt", LOOKUP_QUEUED, PACE_PROMPT);
    const struct lookup *slow = add("slow", LOOKUP_QUEUED, PACE_SLOW);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (int pace = 0; pace < PACES; pace++)
            resolver->running[pace] = rows[i].running[pace];
        ck_assert_msg(resolver_is_ready(resolver, unknown) == rows[i].unknown, "row %zu", i);
        ck_assert_msg(resolver_is_ready(resolver, prompt) == rows[i].prompt, "row %zu", i);
        ck_assert_msg(resolver_is_ready(resolver, slow) == rows[i].slow, "row %zu", i);
    }
}
END_TEST

START_TEST(the_oldest_answers_are_forgotten_when_there_are_too_many) {
    char host[16];
    struct lookup *running = add("running", LOOKUP_RUNNING, PACE_SLOW);
    for (int i = 0; i < 256; i++) {
        snprintf(host, sizeof host, "host%d", i);
        add(host, LOOKUP_KEPT, PACE_PROMPT);
    }
    resolver_forget_lookups(resolver);
    ck_assert_int_eq(count(), 255);
    ck_assert_ptr_eq(resolver_find_lookup(resolver, "running"), running);
    ck_assert_ptr_null(resolver_find_lookup(resolver, "host0"));
    ck_assert_ptr_null(resolver_find_lookup(resolver, "host1"));
    ck_assert_ptr_nonnull(resolver_find_lookup(resolver, "host2"));
    resolver_forget_lookups(resolver);
    ck_assert_int_eq(count(), 255);
}
END_TEST

static TCase *queue(void) {
    TCase *group = tcase_create("queue");
    tcase_add_checked_fixture(group, set_up, tear_down);
    tcase_add_test(group, a_name_is_found_in_any_case);
    tcase_add_test(group, the_oldest_that_is_queued_is_next);
    tcase_add_test(group, names_that_hang_leave_threads_to_others);
    tcase_add_test(group, the_oldest_answers_are_forgotten_when_there_are_too_many);
    return group;
}

UNIT_MAIN("lib/event/resolver_lookups", queue)
