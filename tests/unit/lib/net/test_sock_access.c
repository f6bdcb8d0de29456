/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_sock_access: the mode and owner of a Unix socket's path, owners that do not exist, and who has connected.
 */
#include "config.h"

#include "net_fixture.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct addr bound_socket(int *fd) {
    struct error error = {{0}};
    struct addr addr = unix_addr(unit_path("socket"));
    *fd = sock_bind(&addr, &error);
    ck_assert_msg(*fd >= 0, "%s", error.text);
    return addr;
}

static mode_t mode_of(const char *path) {
    struct stat status;

    ck_assert_int_eq(stat(path, &status), 0);
    return status.st_mode & 07777;
}

START_TEST(the_mode_is_set_and_zero_leaves_it) {
    struct error error = {{0}};
    int fd;
    struct addr addr = bound_socket(&fd);

    ck_assert_msg(sock_set_access(&addr, NULL, 0660, &error) == 0, "%s", error.text);
    ck_assert_uint_eq(mode_of(unit_path("socket")), 0660);
    ck_assert_int_eq(sock_set_access(&addr, NULL, 0, &error), 0);
    ck_assert_uint_eq(mode_of(unit_path("socket")), 0660);
    sock_close(fd);
}
END_TEST

START_TEST(addresses_of_other_families_have_no_mode) {
    struct addr addr = addr_of("127.0.0.1:80");

    ck_assert_int_eq(sock_set_access(&addr, NULL, 0600, NULL), 0);
}
END_TEST

/* A reload comes to these after the process has given up root. */
START_TEST(owner_and_mode_that_are_right_need_no_right_to_change_them) {
    struct error error = {{0}};
    struct addr addr = addr_of("unix:/dev/null");
    const struct passwd *other = getpwnam("nobody");

    if (geteuid() == 0 && (!other || setuid(other->pw_uid)))
        return;
    ck_assert_msg(sock_set_access(&addr, "root", 0666, &error) == 0, "%s", error.text);
    ck_assert_int_eq(sock_set_access(&addr, "root", 0600, &error), -1);
}
END_TEST

START_TEST(what_only_root_may_give_is_found_before_it_is_tried) {
    struct error error = {{0}};
    struct addr addr = addr_of("unix:/dev/null");
    const struct passwd *other = getpwnam("nobody");

    if (geteuid() == 0) {
        ck_assert_int_eq(sock_check_access(&addr, "nobody", 0600, &error), 0);
        if (!other || setgroups(0, NULL) || setgid(other->pw_gid) || setuid(other->pw_uid))
            return;
    }
    ck_assert_int_eq(sock_check_access(&addr, "root", 0666, &error), 0);
    ck_assert_int_eq(sock_check_access(&addr, "nobody", 0666, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "cannot make \"nobody\" the owner of unix:/dev/null"));
    ck_assert_int_eq(sock_check_access(&addr, NULL, 0600, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "the mode 0600"));
    addr = addr_of("unix:/nonexistent/socket");
    ck_assert_int_eq(sock_check_access(&addr, "nobody", 0600, &error), 0);
}
END_TEST

START_TEST(a_missing_socket_is_an_error_that_names_path_and_mode) {
    struct error error = {{0}};
    struct addr addr = addr_of("unix:/nonexistent/socket");

    ck_assert_int_eq(sock_set_access(&addr, NULL, 0660, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "cannot give unix:/nonexistent/socket the mode 0660: No such file"));
}
END_TEST

static const struct {
    const char *owner, *error; /* NULL: right */
} owners[] = {
    {"root", NULL},
    {"root:root", NULL},
    {":root", NULL},
    {"", "write \"USER\", \"USER:GROUP\" or \":GROUP\""},
    {":", "write \"USER\", \"USER:GROUP\" or \":GROUP\""},
    {"root:", "write \"USER\", \"USER:GROUP\" or \":GROUP\""},
    {"munnel-no-such-user", "there is no user \"munnel-no-such-user\" on this machine"},
    {"root:munnel-no-such-group", "there is no group \"munnel-no-such-group\" on this machine"},
};
enum { OWNERS = sizeof owners / sizeof *owners };

START_TEST(owners_are_checked) {
    struct error error = {{0}};

    ck_assert_int_eq(sock_check_owner(owners[_i].owner, &error), owners[_i].error ? -1 : 0);
    ck_assert_msg(!owners[_i].error || strstr(error.text, owners[_i].error), "%s", error.text);
}
END_TEST

START_TEST(a_peer_has_its_user_and_all_its_groups) {
    enum { ONE = 40001, OTHER = 40002, NEITHER = 40003 };
    int ends[2];
    uid_t user = 1;
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    ck_assert(sock_peer_user(ends[0], &user));
    ck_assert(sock_peer_process(ends[0]) == getpid() || sock_peer_process(ends[0]) == 0); /* where it is not known */
    ck_assert_uint_eq(user, geteuid());
    ck_assert(sock_peer_is_in(ends[0], getegid()));
    ck_assert(!sock_peer_is_in(ends[0], NEITHER));
    if (geteuid() == 0) { /* which may give itself groups; a pair has the credentials of its making */
        int others[2];
        ck_assert_int_eq(setgroups(2, (const gid_t[]){ONE, OTHER}), 0);
        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, others), 0);
        ck_assert(sock_peer_is_in(others[0], ONE) && sock_peer_is_in(others[0], OTHER));
        ck_assert(!sock_peer_is_in(others[0], NEITHER));
        ck_assert(!sock_peer_is_in(ends[0], ONE));
        sock_close(others[0]);
        sock_close(others[1]);
    }
    sock_close(ends[0]);
    sock_close(ends[1]);
}
END_TEST

START_TEST(tcp_has_no_peer_user) {
    int here, there;
    uid_t user;
    unit_tcp_pair(&here, &there);
    ck_assert(!sock_peer_user(here, &user) || user == (uid_t)-1);
    ck_assert(!sock_peer_is_in(here, getegid()));
    sock_close(here);
    sock_close(there);
}
END_TEST

static TCase *access_rights(void) {
    TCase *group = tcase_create("access");

    tcase_add_test(group, the_mode_is_set_and_zero_leaves_it);
    tcase_add_test(group, addresses_of_other_families_have_no_mode);
    tcase_add_test(group, owner_and_mode_that_are_right_need_no_right_to_change_them);
    tcase_add_test(group, what_only_root_may_give_is_found_before_it_is_tried);
    tcase_add_test(group, a_missing_socket_is_an_error_that_names_path_and_mode);
    tcase_add_loop_test(group, owners_are_checked, 0, OWNERS);
    tcase_add_test(group, a_peer_has_its_user_and_all_its_groups);
    tcase_add_test(group, tcp_has_no_peer_user);
    return group;
}

UNIT_MAIN("lib/net/sock_access", access_rights)
