/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_housekeeping: what the service manager gets of an agent, and what is looked at every second.
 */
#include "config.h"

#include "agent/housekeeping.h"
#include "agent/one_harness.h"
#include "lib/tls/cert_issue.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { LIMIT_MS = 5000 };

static struct {
    int manager; /* the service manager's socket */
    char received[8192];
    struct agent_options options;
    struct identity_set *identities;
    struct service_keys *keys; /* none */
    struct housekeeping *housekeeping;
} world;

static void listen_as_manager(void) {
    struct sockaddr_un place = {.sun_family = AF_UNIX};

    snprintf(place.sun_path, sizeof place.sun_path, "%s", unit_path("notify"));
    unlink(place.sun_path);
    world.manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    ck_assert_int_eq(bind(world.manager, (struct sockaddr *)&place, sizeof place), 0);
    setenv("NOTIFY_SOCKET", place.sun_path, 1);
}

static void make_identities(void) {
    static char ca[512];
    const struct cert_request request = {.common_name = "CA", .days = 1, .use = CERT_CA};
    struct error error = {""};
    struct known_servers *none = known_servers_read(NULL, &error);

    snprintf(ca, sizeof ca, "%s", unit_path("ca.pem"));
    ck_assert_int_eq(cert_issue(&request, NULL, NULL, ca, unit_path("ca.key"), &error), 0);
    world.options = (struct agent_options){.ca = ca};
    strlist_add(&world.options.servers, NUMERIC[0]);
    world.identities = identity_make(&world.options, none, NULL, &error);
    ck_assert_msg(world.identities, "%s", error.text);
    world.keys = service_keys_new(NULL, &error);
    known_servers_free(none);
}

static void begin(void) {
    listen_as_manager();
    make_identities();
    harness_start(&harness);
    world.housekeeping =
        housekeeping_new(harness.settings.loop, harness.agent, world.identities, world.keys, harness.settings.log);
    ck_assert_ptr_nonnull(world.housekeeping);
}

static void set_up(void) {
    unsetenv("WATCHDOG_USEC");
    set_up_numeric();
    begin();
}

static void set_up_watched(void) {
    setenv("WATCHDOG_USEC", "20000", 1);
    unsetenv("WATCHDOG_PID");
    set_up_numeric();
    begin();
}

static void end(void) {
    housekeeping_free(world.housekeeping);
    identity_free(world.identities);
    service_keys_free(world.keys);
    strlist_done(&world.options.servers);
    close(world.manager);
    tear_down();
}

static bool has_received(void *text) {
    char part[600];
    ssize_t got;

    while ((got = recv(world.manager, part, sizeof part - 1, 0)) > 0) {
        size_t used = strlen(world.received);

        part[got] = '\0';
        snprintf(world.received + used, sizeof world.received - used, "%s\n", part);
    }
    return strstr(world.received, text);
}

static void await_received(char *text) {
    ck_assert_msg(unit_run_until(loop_base(harness.settings.loop), has_received, text, LIMIT_MS), "no %s in:\n%s", text,
                  world.received);
}

START_TEST(ready_does_not_wait_for_a_server_and_the_status_follows_it) {
    char ready[] = "READY=1", none[] = "STATUS=serves 0 of 1 server\n", one[] = "STATUS=serves 1 of 1 server\n";

    housekeeping_start(world.housekeeping);
    await_received(ready);
    await_received(none);
    fake_welcome(0, NULL);
    await_received(one); /* by the next tick */
    fake_gone(0, "cut");
    world.received[0] = '\0';
    await_received(none);
}
END_TEST

static bool has_logged(void *words) {
    char *text = unit_read(unit_path("log"), NULL);
    bool has = strstr(text, words);

    free(text);
    return has;
}

static bool log_is_there(void *context) {
    (void)context;
    return access(unit_path("log"), F_OK) == 0;
}

START_TEST(a_reload_opens_the_log_file_again_and_is_over_at_once) {
    char reloading[] = "RELOADING=1\nMONOTONIC_USEC=", ready[] = "READY=1";

    ck_assert_int_eq(rename(unit_path("log"), unit_path("log.1")), 0);
    housekeeping_reload(world.housekeeping);
    await_received(reloading);
    await_received(ready);
    log_write(harness.settings.log, LOG_LEVEL_INFO, "test", "after the rotation");
    ck_assert(unit_wait_until(log_is_there, NULL, LIMIT_MS));
}
END_TEST

START_TEST(the_end_is_announced) {
    char stopping[] = "STOPPING=1";

    housekeeping_stop(world.housekeeping);
    await_received(stopping);
}
END_TEST

static void refuse_first(void) {
    fake_gone(0, "connection refused");
}

START_TEST(an_attempt_whose_timer_was_lost_is_made_within_a_second) {
    harness_call_without_timers(harness.settings.loop, refuse_first);
    harness_await_dials(&harness, 2);
}
END_TEST

/* The certificates are looked at also while no connection is made. */
START_TEST(certificates_are_rechecked) {
    char reason[] = "the old ones stay in use";

    unit_text_file("ca.pem", "no certificate");
    ck_assert(unit_run_until(loop_base(harness.settings.loop), has_logged, reason, LIMIT_MS));
}
END_TEST

START_TEST(a_stuck_relay_thread_is_logged_and_the_watchdog_is_not_served) {
    char alive[] = "WATCHDOG=1", stuck[] = "a relay thread does not answer";

    await_received(alive);
    fake_plane()->is_stuck = true;
    has_received(alive); /* what was sent before */
    world.received[0] = '\0';
    ck_assert(unit_run_until(loop_base(harness.settings.loop), has_logged, stuck, LIMIT_MS));
    ck_assert(!has_received(alive));
    fake_plane()->is_stuck = false;
    await_received(alive);
}
END_TEST

static TCase *reports(void) {
    TCase *group = tcase_create("reports");

    tcase_add_checked_fixture(group, set_up, end);
    tcase_add_test(group, ready_does_not_wait_for_a_server_and_the_status_follows_it);
    tcase_add_test(group, a_reload_opens_the_log_file_again_and_is_over_at_once);
    tcase_add_test(group, the_end_is_announced);
    tcase_add_test(group, an_attempt_whose_timer_was_lost_is_made_within_a_second);
    tcase_add_test(group, certificates_are_rechecked);
    return group;
}

static TCase *watchdog(void) {
    TCase *group = tcase_create("watchdog");

    tcase_add_checked_fixture(group, set_up_watched, end);
    tcase_add_test(group, a_stuck_relay_thread_is_logged_and_the_watchdog_is_not_served);
    return group;
}

UNIT_MAIN("agent/housekeeping", reports, watchdog)
