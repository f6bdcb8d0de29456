/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_advertised_addr: which of its names a server is most probably reached by.
 */
#include "config.h"

#include "unit.h"

#include "conf/advertised_addr.h"
#include "lib/tls/cert_issue.h"

#include <string.h>

static const struct {
    const char *names[6], *best;
} certificates[] = {
    {{"vm", "vm.munnel.example", "localhost", "127.0.0.1", "::1", "10.0.0.143"}, "vm.munnel.example:10001"},
    {{"vm", "localhost", "127.0.0.1", "::1", "fd00::7", "10.0.0.143"}, "10.0.0.143:10001"},
    {{"vm", "localhost", "127.0.0.1", "::1", "fd00::7", NULL}, "[fd00::7]:10001"},
    {{"localhost", "127.0.0.1", "::1", "vm", NULL}, "vm:10001"},
    {{"localhost", "localhost.localdomain", "127.0.0.1", NULL}, "localhost:10001"},
    {{"10.0.0.143", "10.0.0.144", NULL}, "10.0.0.143:10001"},
    {{"*.munnel.example", "10.0.0.143", NULL}, "10.0.0.143:10001"},
    {{"*.munnel.example", NULL}, "localhost:10001"},
    {{NULL}, "localhost:10001"},
};

static void make(const char *const *names) {
    struct error error = {{0}};
    size_t count = 0;
    while (count < 6 && names[count])
        count++;
    const struct cert_request ca = {.common_name = "CA", .days = 2, .use = CERT_CA};
    const struct cert_request server = {
        .common_name = "x", .names = names, .name_count = count, .days = 2, .use = CERT_SERVER};
    ck_assert_int_eq(cert_issue(&ca, NULL, NULL, unit_path("ca.pem"), unit_path("ca.key"), &error), 0);
    ck_assert_msg(cert_issue(&server, unit_path("ca.pem"), unit_path("ca.key"), unit_path("s.pem"), unit_path("s.key"),
                             &error) == 0,
                  "%s", error.text);
}

START_TEST(the_best_of_the_certificates_names_is_taken) {
    char text[ADVERTISED_ADDR_TEXT];
    make(certificates[_i].names);
    advertised_addr("0.0.0.0:10001", NULL, unit_path("s.pem"), text);
    ck_assert_str_eq(text, certificates[_i].best);
}
END_TEST

START_TEST(an_address_of_its_own_stays_and_a_name_given_counts) {
    static const struct {
        const char *listen, *name, *right;
    } lines[] = {{"10.1.2.3:99", NULL, "10.1.2.3:99"},
                 {"10.1.2.3:99", "munnel.example", "10.1.2.3:99"},
                 {"[::]:99", "munnel.example", "munnel.example:99"},
                 {":99", "fd00::1", "[fd00::1]:99"},
                 {"*:99", "munnel.example", "munnel.example:99"},
                 {"nonsense", "a.b", "a.b:10001"},
                 {"unix:/run/x", "a.b", "a.b:10001"},
                 {":99", NULL, "localhost:99"}};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        char text[ADVERTISED_ADDR_TEXT];
        advertised_addr(lines[i].listen, lines[i].name, unit_path("none.pem"), text);
        ck_assert_str_eq(text, lines[i].right);
    }
}
END_TEST

static TCase *reachable(void) {
    TCase *group = tcase_create("reachable");
    tcase_add_loop_test(group, the_best_of_the_certificates_names_is_taken, 0,
                        (int)(sizeof certificates / sizeof certificates[0]));
    tcase_add_test(group, an_address_of_its_own_stays_and_a_name_given_counts);
    return group;
}

UNIT_MAIN("conf/advertised_addr", reachable)
