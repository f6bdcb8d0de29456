/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_server_posix: the Unix socket in its folder, its clients' addresses, and running out of descriptors.
 */
#include "config.h"

#include "http_fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static struct fixture fixture;

static void setup(void) {
    fixture_defaults(&fixture);
    fixture.options.request_ms = 300;
    fixture_start(&fixture);
}

static void teardown(void) {
    fixture_stop(&fixture);
}

static bool never(void *context) {
    (void)context;
    return false;
}

START_TEST(the_socket_is_removed_unless_it_is_anothers) {
    struct stat status;
    const char *path = unit_path("http.sock");
    http_server_free(fixture.server);
    ck_assert_int_eq(stat(path, &status), -1);
    fixture_stop(&(struct fixture){.base = fixture.base});
    setup();
    ck_assert_int_eq(unlink(unit_path("http.sock")), 0);
    path = unit_text_file("http.sock", "another");
    http_server_free(fixture.server);
    fixture.server = NULL;
    ck_assert_int_eq(stat(path, &status), 0);
}
END_TEST

START_TEST(without_descriptors_clients_wait) {
    struct rlimit before, none;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    struct peer peer = peer_connect(&fixture, true);
    none = before;
    none.rlim_cur = (rlim_t)peer.fd + 1;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    peer_text(&peer, "GET /open HTTP/1.1\r\n" HOST "\r\n");
    clock_t begin = clock(); /* CPU time: without a descriptor the listener is readable all the time */
    (void)unit_run_until(fixture.base, never, NULL, 600);
    ck_assert_int_lt(clock() - begin, CLOCKS_PER_SEC / 5);
    peer_take(&peer);
    ck_assert_uint_eq(peer.length, 0);
    ck_assert(!peer.has_ended);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    ck_assert_uint_eq(peer_wait_answer(&peer), 200);
    peer_close(&peer);
}
END_TEST

/* CVE-2026-63388: libevent without its mend ends the process, or writes beyond its buffer. */
START_TEST(a_unix_client_with_the_longest_address_is_served) {
    struct sockaddr_un own = {.sun_family = AF_UNIX};
    snprintf(own.sun_path, sizeof own.sun_path, "%s", unit_path("client"));
    for (size_t length = strlen(own.sun_path); length < sizeof own.sun_path; length++)
        own.sun_path[length] = 'x';
    struct peer peer = {.fixture = &fixture, .fd = socket(AF_UNIX, SOCK_STREAM, 0), .bytes = calloc(1, 1)};
    ck_assert_int_eq(bind(peer.fd, (struct sockaddr *)&own, sizeof own), 0);
    ck_assert_int_eq(connect(peer.fd, (struct sockaddr *)&fixture.unix_addr.storage, fixture.unix_addr.length), 0);
    ck_assert_int_eq(fcntl(peer.fd, F_SETFL, O_NONBLOCK), 0);
    peer_text(&peer, "GET /v1/status HTTP/1.1\r\n" HOST "\r\n");
    ck_assert_uint_eq(peer_wait_answer(&peer), 200);
    peer_close(&peer);
}
END_TEST

static TCase *listening(void) {
    TCase *group = tcase_create("listening");
    tcase_add_checked_fixture(group, setup, teardown);
    tcase_add_test(group, the_socket_is_removed_unless_it_is_anothers);
    tcase_add_test(group, without_descriptors_clients_wait);
    tcase_add_test(group, a_unix_client_with_the_longest_address_is_served);
    return group;
}

UNIT_MAIN("lib/http/server_posix", listening)
