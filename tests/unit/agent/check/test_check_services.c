/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_check_services: a destination that connect_from does not permit is named with its own remedy; the rest of
 * --check has real services (tests/scenario/test_agent_check.c).
 */
#include "config.h"

#include "agent/check/check_services.h"
#include "lib/base/clock.h"
#include "unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

START_TEST(address_that_is_no_loopback_is_not_connected_to_from_one) {
    struct error error = {""};
    struct services_part part;
    struct report report = report_begin();
    struct acl *rules = acl_new();
    const struct check_world world = {.report = &report, .rules = rules, .deadline_us = clock_us() + 5000000};
    json_t *json = json_loads("{\"version\":1,\"add\":[{\"id\":1,\"name\":\"ssh\",\"to\":[\"192.0.2.1:22\"],"
                              "\"connect_from\":\"loopback\"}],\"remove\":[]}",
                              0, NULL);

    ck_assert_ptr_nonnull(rules);
    ck_assert_msg(services_parse(&part, json, &error) == 0, "%s", error.text);
    check_services(&world, "a:1", &part);
    char *text = json_dumps(report.hops, JSON_COMPACT);
    ck_assert_msg(strstr(text, "ssh to 192.0.2.1:22: " CONNECT_FROM_REFUSAL), "%s", text);
    ck_assert_msg(strstr(text, "In the service, on the server: " CONNECT_FROM_REMEDY), "%s", text);
    ck_assert_uint_eq(report.counts[HOP_FAIL], 1);
    free(text);
    json_decref(json);
    acl_free(rules);
    report_done(&report);
}
END_TEST

/* Whatever the agent's rules permit to others. */
START_TEST(published_destination_is_tried_by_rules_of_its_own) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    char to[32];
    struct error error;
    struct report report = report_begin();
    struct acl *rules = acl_new();
    const struct check_world world = {.report = &report, .rules = rules, .deadline_us = clock_us() + 5000000};

    ck_assert_int_eq(acl_add(rules, "192.0.2.1", &error), 0);
    ck_assert(fd >= 0 && bind(fd, (struct sockaddr *)&address, size) == 0 &&
              getsockname(fd, (struct sockaddr *)&address, &size) == 0);
    snprintf(to, sizeof to, "127.0.0.1:%u", ntohs(address.sin_port));
    check_published(&world, "web", to);
    ck_assert_uint_eq(report.counts[HOP_FAIL], 1);
    ck_assert_int_eq(listen(fd, 1), 0);
    check_published(&world, "web", to);
    ck_assert_uint_eq(report.counts[HOP_PASS], 1);
    char *text = json_dumps(report.hops, JSON_COMPACT);
    ck_assert_msg(strstr(text, "or correct what this agent publishes"), "%s", text);
    free(text);
    close(fd);
    acl_free(rules);
    report_done(&report);
}
END_TEST

/* A server of TCP on the same port says nothing about it. */
START_TEST(udp_is_not_tried_by_a_connection) {
    static const char *const texts[] = {"{\"version\":1,\"add\":[{\"id\":1,\"name\":\"dns\",\"to\":[\"127.0.0.1:9\"],"
                                        "\"protocol\":\"udp\"}],\"remove\":[]}",
                                        "{\"version\":1,\"add\":[{\"id\":1,\"name\":\"dns\",\"to\":[\"192.0.2.1:9\"],"
                                        "\"protocol\":\"udp\"}],\"remove\":[]}"};
    struct error error = {""};
    struct report report = report_begin();
    struct acl *rules = acl_new();
    const struct check_world world = {.report = &report, .rules = rules, .deadline_us = clock_us() + 5000000};

    ck_assert_int_eq(acl_add(rules, "127.0.0.0/8", &error), 0);
    for (size_t i = 0; i < 2; i++) {
        struct services_part part;
        json_t *json = json_loads(texts[i], 0, NULL);
        ck_assert_msg(services_parse(&part, json, &error) == 0, "%s", error.text);
        check_services(&world, "a:1", &part);
        json_decref(json);
        ck_assert_uint_eq(report.counts[HOP_FAIL], i); /* rules that forbid it count */
    }
    char *text = json_dumps(report.hops, JSON_COMPACT);
    ck_assert_msg(strstr(text, "dns to 127.0.0.1:9: it is one of UDP"), "%s", text);
    free(text);
    acl_free(rules);
    report_done(&report);
}
END_TEST

static TCase *destinations(void) {
    TCase *group = tcase_create("destinations");
    tcase_add_test(group, address_that_is_no_loopback_is_not_connected_to_from_one);
    tcase_add_test(group, published_destination_is_tried_by_rules_of_its_own);
    tcase_add_test(group, udp_is_not_tried_by_a_connection);
    return group;
}

UNIT_MAIN("agent/check/check_services", destinations)
