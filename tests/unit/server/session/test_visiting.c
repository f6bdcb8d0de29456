/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_visiting: a list of visits is forgotten with what it holds, while what opens still counts.
 */
#include "config.h"

#include "server/session/visiting.h"

#include "relay/plane.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

START_TEST(list_is_forgotten_with_its_names_and_terms) {
    struct service_terms *terms =
        service_terms_new(&(struct service_terms_plan){.service = "s", .destination = "visitor"});
    struct visiting visiting = {.entries = calloc(2, sizeof *visiting.entries), .count = 2, .opening = 3};

    ck_assert(terms && visiting.entries);
    visiting.entries[0] = (struct visiting_entry){.id = 1, .name = strdup("a"), .terms = service_terms_hold(terms)};
    visiting.entries[1] = (struct visiting_entry){.id = 2, .name = strdup("b")};
    visiting_clear(&visiting);
    ck_assert(!visiting.entries && visiting.count == 0);
    ck_assert_uint_eq(visiting.opening, 3);
    visiting_clear(&visiting);             /* of nothing */
    ck_assert_str_eq(terms->service, "s"); /* a relay may have them still */
    service_terms_release(terms);
}
END_TEST

static TCase *visiting_group(void) {
    TCase *group = tcase_create("visiting");

    tcase_add_test(group, list_is_forgotten_with_its_names_and_terms);
    return group;
}

UNIT_MAIN("server/session/visiting", visiting_group)
