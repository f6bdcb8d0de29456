/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_events_follow: "munnel events --follow" in a child, against a server that this test plays.
 */
#include "config.h"

#include "ctl/commands.h"
#include "unit.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WAIT_MS = 10000, TEXT = 4096 };

static int listener, peer = -1, output;
static pid_t tool;
static char printed[TEXT];

static void listen_at(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    (void)unlink(path);
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(listener, 4), 0);
}

static void run_tool(const char *kind) {
    char name[] = "events", follow[] = "-f", *argv[] = {name, follow, kind ? strdup(kind) : NULL, NULL};
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    output = ends[0];
    setenv("MUNNEL_SOCKET", unit_path("s.sock"), 1);
    tool = fork();
    if (tool == 0) {
        dup2(ends[1], STDOUT_FILENO);
        dup2(ends[1], STDERR_FILENO);
        close(listener);
        _exit(admin_command_main(&events_command, kind ? 3 : 2, argv));
    }
    close(ends[1]);
    free(argv[2]);
}

static void set_up(void) {
    listen_at(unit_path("s.sock"));
    *printed = '\0';
}

static void tear_down(void) {
    if (tool > 0) {
        kill(tool, SIGKILL);
        waitpid(tool, NULL, 0);
    }
    close(output);
    close(listener);
}

/* ---- the server's part ---- */

static bool is_readable(int fd) {
    struct pollfd polled = {.fd = fd, .events = POLLIN};

    return poll(&polled, 1, WAIT_MS) == 1;
}

/* A request on a new connection, or on that which there is. */
static void expect_request(bool is_new, const char *text) {
    char got[TEXT] = "";

    if (is_new) {
        ck_assert(is_readable(listener));
        close(peer);
        peer = accept(listener, NULL, NULL);
    }
    ck_assert(is_readable(peer));
    ck_assert_int_gt(read(peer, got, sizeof got - 1), 0);
    ck_assert_msg(strstr(got, text), "no \"%s\" in: %s", text, got);
}

static void send_text(const char *text) {
    ck_assert_int_eq(write(peer, text, strlen(text)), (ssize_t)strlen(text));
}

static void answer(const char *json) {
    char text[TEXT];

    snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
             strlen(json), json);
    send_text(text);
}

static void begin_stream(void) {
    send_text("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
}

static void send_event(const char *id, const char *word) {
    char event[256], text[300];

    snprintf(event, sizeof event,
             "id: %s\nevent: event\ndata: {\"kind\":\"agent\",\"subject\":\"web\",\"text\":\"%s\"}\n\n", id, word);
    snprintf(text, sizeof text, "%zx\r\n%s\r\n", strlen(event), event);
    send_text(text);
}

static void break_off(void) {
    close(peer);
    peer = -1;
}

/* ---- what the tool prints ---- */

static void await(const char *text) {
    while (!strstr(printed, text)) {
        size_t length = strlen(printed);
        ck_assert_msg(is_readable(output), "no \"%s\" in: %s", text, printed);
        ssize_t got = read(output, printed + length, sizeof printed - length - 1);
        ck_assert_msg(got > 0, "no \"%s\" in: %s", text, printed);
        printed[length + (size_t)got] = '\0';
    }
}

/* The list, then a stream from its last event on. */
static void begin(const char *kind) {
    run_tool(kind);
    expect_request(true, "GET /v1/events?limit=50");
    answer("{\"events\":[{\"id\":16,\"kind\":\"agent\",\"subject\":\"web\",\"text\":\"sixteen\"}]}");
    expect_request(true, "Last-Event-ID: 16\r\n");
    begin_stream();
}

START_TEST(the_stream_goes_on_behind_the_newest_event) {
    begin(NULL);
    send_event("17-abc", "seventeen");
    send_event("18-abc", "eighteen");
    send_event("17-abc", "again"); /* repeated: its number is an old one */
    await("agent web: again");
    break_off();
    await("the server has closed the event stream; trying again");
    expect_request(true, "Last-Event-ID: 18-abc\r\n");
    begin_stream();
    send_event("19-abc", "nineteen");
    await("agent web: nineteen");
    ck_assert_ptr_nonnull(strstr(printed, "munnel events: connected again\n"));
    ck_assert_ptr_null(strstr(printed, "lost"));
}
END_TEST

START_TEST(what_the_program_does_not_keep_is_told_as_lost) {
    begin(NULL);
    send_event("19-abc", "nineteen");
    await("agent web: nineteen");
    ck_assert_ptr_nonnull(strstr(printed, "munnel events: 2 events before this one are lost"));
    break_off();
    expect_request(true, "Last-Event-ID: 19-abc\r\n");
    begin_stream();
    send_event("5-def", "five"); /* of a process that was started since: it counts anew */
    await("agent web: five");
    ck_assert_ptr_null(strstr(strstr(printed, "lost") + 1, "lost"));
    break_off();
    expect_request(true, "Last-Event-ID: 5-def\r\n");
}
END_TEST

START_TEST(of_one_kind_the_numbers_between_are_not_lost) {
    char kind[] = "--kind=agent";

    begin(kind);
    send_event("19-abc", "nineteen");
    await("agent web: nineteen");
    ck_assert_ptr_null(strstr(printed, "lost"));
}
END_TEST

START_TEST(a_server_that_is_gone_is_waited_for_and_each_reason_told_once) {
    begin(NULL);
    close(listener);
    break_off();
    await("no program listens there");
    await("; trying again\nmunnel events: cannot connect");
    listen_at(unit_path("s.sock"));
    expect_request(true, "Last-Event-ID: 16\r\n");
    begin_stream();
    send_event("1-def", "one");
    await("agent web: one");
    const char *first = strstr(printed, "cannot connect");
    ck_assert_ptr_null(strstr(first + 1, "cannot connect"));
}
END_TEST

START_TEST(the_first_attempt_must_succeed) {
    int status = 0;

    close(listener);
    run_tool(NULL);
    await("munnel events: cannot connect to ");
    ck_assert_int_eq(waitpid(tool, &status, 0), tool);
    ck_assert_int_eq(WEXITSTATUS(status), 1);
    tool = 0;
}
END_TEST

static TCase *following(void) {
    TCase *group = tcase_create("following");
    tcase_add_checked_fixture(group, set_up, tear_down);
    tcase_set_timeout(group, 60);
    tcase_add_test(group, the_stream_goes_on_behind_the_newest_event);
    tcase_add_test(group, what_the_program_does_not_keep_is_told_as_lost);
    tcase_add_test(group, of_one_kind_the_numbers_between_are_not_lost);
    tcase_add_test(group, a_server_that_is_gone_is_waited_for_and_each_reason_told_once);
    tcase_add_test(group, the_first_attempt_must_succeed);
    return group;
}

UNIT_MAIN("ctl/events_follow", following)
