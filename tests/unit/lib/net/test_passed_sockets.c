/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_passed_sockets: listening sockets that a service manager has opened. They are descriptors 3 and up, which the
 * test itself may use, so that each case runs in a child.
 */
#include "config.h"

#include "lib/net/passed_sockets.h"

#include "net_fixture.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FIRST = 3, HIGH = 100 };

/* Ends the child: its exit code tells the test. */
#define MUST(condition)                                                                                                \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                                            \
            _exit(1);                                                                                                  \
        }                                                                                                              \
    } while (0)

static void assert_in_child(void (*run)(void)) {
    int status;
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        run();
        _exit(0);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child ended with %#x", (unsigned)status);
}

static void promise(const char *count, pid_t pid, const char *names) {
    char process[16];
    snprintf(process, sizeof process, "%d", (int)pid);
    setenv("LISTEN_FDS", count, 1);
    setenv("LISTEN_PID", process, 1);
    if (names)
        setenv("LISTEN_FDNAMES", names, 1);
}

/* Binds and listens on `text`, a port of 0 being any, and makes it descriptor `fd`. */
static struct addr pass(int fd, int family, const char *host, bool ipv6_only, bool listens) {
    struct endpoint endpoint = {.port = 0};
    struct addr addr;
    int yes = ipv6_only, made = socket(family, SOCK_STREAM, 0);
    snprintf(endpoint.host, sizeof endpoint.host, "%s", host);
    MUST(made >= 0 && addr_from_endpoint(&addr, &endpoint));
    if (family == AF_INET6)
        MUST(setsockopt(made, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes) == 0);
    MUST(bind(made, (struct sockaddr *)&addr.storage, addr.length) == 0 && (!listens || listen(made, 1) == 0));
    sock_local_addr(made, &addr);
    MUST(made == fd || (dup2(made, fd) == fd && close(made) == 0));
    return addr;
}

static struct passed_sockets *take(void) {
    struct error error = {""};
    struct passed_sockets *passed = passed_sockets_new(&error);
    if (!passed)
        fprintf(stderr, "%s\n", error.text);
    MUST(passed);
    return passed;
}

struct reports {
    int count;
    char last[1024];
};

static void on_report(void *context, const char *text) {
    struct reports *reports = context;
    reports->count++;
    snprintf(reports->last, sizeof reports->last, "%s", text);
}

static struct reports unused(const struct passed_sockets *passed) {
    struct reports reports = {0};
    passed_sockets_report_unused(passed, on_report, &reports);
    return reports;
}

static void find_two(void) {
    struct addr one = pass(FIRST, AF_INET, "127.0.0.1", false, true),
                two = pass(FIRST + 1, AF_INET, "127.0.0.1", false, true);
    struct error error = {""};
    int fd = -1, again = -1;
    promise("2", getpid(), "web.socket:agents.socket");
    struct passed_sockets *passed = take();
    MUST(!getenv("LISTEN_FDS") && !getenv("LISTEN_PID") && !getenv("LISTEN_FDNAMES"));
    MUST(unused(passed).count == 2);
    MUST(passed_sockets_open(passed, &two, &fd, &error) == 1);
    struct addr found;
    sock_local_addr(fd, &found);
    MUST(addr_port(&found) == addr_port(&two));
    MUST(fcntl(fd, F_GETFL) & O_NONBLOCK && fcntl(fd, F_GETFD) & FD_CLOEXEC && fcntl(FIRST, F_GETFD) & FD_CLOEXEC);
    struct reports left = unused(passed);
    MUST(left.count == 1 && strstr(left.last, "(web.socket)"));
    close(fd);
    MUST(passed_sockets_open(passed, &two, &again, &error) == 1); /* after a reload has given it up */
    MUST(passed_sockets_open(passed, &one, &fd, &error) == 1 && unused(passed).count == 0);
    passed_sockets_free(passed);
}

static void miss_by_little(void) {
    struct addr passed_addr = pass(FIRST, AF_INET, "127.0.0.1", false, true), other = passed_addr;
    struct error error = {""};
    int fd;
    promise("1", getpid(), NULL);
    struct passed_sockets *passed = take();
    ((struct sockaddr_in *)(void *)&other.storage)->sin_addr.s_addr = htonl(INADDR_ANY);
    MUST(passed_sockets_open(passed, &other, &fd, &error) == 0);
    other = passed_addr;
    addr_set_port(&other, (uint16_t)(addr_port(&passed_addr) ^ 1));
    MUST(passed_sockets_open(passed, &other, &fd, &error) == 0);
    struct reports left = unused(passed);
    MUST(left.count == 1 && strstr(left.last, "127.0.0.1:") && strstr(left.last, "(unknown)"));
    MUST(passed_sockets_open(NULL, &other, &fd, &error) == 0);
}

static void take_one_for_both_families(void) {
    struct addr addr = pass(FIRST, AF_INET6, "::", false, true), only_six = pass(FIRST + 1, AF_INET6, "::", true, true);
    struct error error = {""};
    int fd;
    promise("2", getpid(), "both.socket:six.socket");
    struct passed_sockets *passed = take();
    MUST(passed_sockets_open(passed, &addr, &fd, &error) == -1 && strstr(error.text, "BindIPv6Only=ipv6-only"));
    MUST(passed_sockets_open(passed, &only_six, &fd, &error) == 1);
}

static void take_unix_socket(void) {
    struct sockaddr_un place = {.sun_family = AF_UNIX};
    struct endpoint endpoint = {.is_unix = true};
    struct error error = {""};
    struct addr addr;
    int fd, made = socket(AF_UNIX, SOCK_STREAM, 0);
    snprintf(place.sun_path, sizeof place.sun_path, "/tmp/munnel-passed-%d.sock", (int)getpid());
    snprintf(endpoint.host, sizeof endpoint.host, "%s", place.sun_path);
    MUST(bind(made, (struct sockaddr *)&place, sizeof place) == 0 && listen(made, 1) == 0 &&
         dup2(made, FIRST) == FIRST);
    MUST(addr_from_endpoint(&addr, &endpoint));
    promise("1", getpid(), NULL);
    MUST(passed_sockets_open(take(), &addr, &fd, &error) == 1);
    unlink(place.sun_path);
}

static void take_what_does_not_listen(void) {
    struct addr addr = pass(FIRST, AF_INET, "127.0.0.1", false, false);
    struct error error = {""};
    int fd;
    promise("1", getpid(), "inetd.socket");
    struct passed_sockets *passed = take();
    MUST(passed_sockets_open(passed, &addr, &fd, &error) == 0);
    struct reports left = unused(passed);
    MUST(left.count == 1 && strstr(left.last, "Accept=no") && strstr(left.last, "inetd.socket"));
}

static void take_those_of_another_process(void) {
    pass(FIRST, AF_INET, "127.0.0.1", false, true);
    promise("1", getppid(), NULL);
    MUST(unused(take()).count == 0 && !getenv("LISTEN_FDS"));
    MUST(!(fcntl(FIRST, F_GETFD) & FD_CLOEXEC));
}

static void take_wrong_promises(void) {
    static const char *const wrong[] = {"", "x", "1x", "-1", "99999999", "98765432109876543210"};
    struct error error;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        promise(wrong[i], getpid(), NULL);
        error = (struct error){""};
        MUST(!passed_sockets_new(&error) && strstr(error.text, "LISTEN_FDS"));
    }
    char more[8];
    snprintf(more, sizeof more, "%d", HIGH);
    close(HIGH + FIRST - 1);
    promise(more, getpid(), NULL);
    MUST(!passed_sockets_new(&error) && strstr(error.text, "not open"));
}

#define IN_CHILD(name, run)                                                                                            \
    START_TEST(name) {                                                                                                 \
        assert_in_child(run);                                                                                          \
    }                                                                                                                  \
    END_TEST

IN_CHILD(sockets_are_found_by_address_as_often_as_wanted, find_two)
IN_CHILD(another_address_or_port_is_not_taken_for_it, miss_by_little)
IN_CHILD(one_socket_for_ipv4_and_ipv6_is_refused_with_the_remedy, take_one_for_both_families)
IN_CHILD(unix_sockets_are_found_by_path, take_unix_socket)
IN_CHILD(sockets_that_do_not_listen_are_reported, take_what_does_not_listen)
IN_CHILD(sockets_of_another_process_are_left_alone, take_those_of_another_process)
IN_CHILD(wrong_numbers_are_errors, take_wrong_promises)

static TCase *passing(void) {
    TCase *group = tcase_create("passing");
    tcase_add_test(group, sockets_are_found_by_address_as_often_as_wanted);
    tcase_add_test(group, another_address_or_port_is_not_taken_for_it);
    tcase_add_test(group, one_socket_for_ipv4_and_ipv6_is_refused_with_the_remedy);
    tcase_add_test(group, unix_sockets_are_found_by_path);
    tcase_add_test(group, sockets_that_do_not_listen_are_reported);
    tcase_add_test(group, sockets_of_another_process_are_left_alone);
    tcase_add_test(group, wrong_numbers_are_errors);
    return group;
}

UNIT_MAIN("lib/net/passed_sockets", passing)
