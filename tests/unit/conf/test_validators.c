/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_validators: what each text may be, and the answer to the usual slips. What an answer proposes would be taken.
 */
#include "config.h"

#include "conf/admin_places.h"
#include "conf/validators.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#define DIGITS "0123456789abcdef0123456789abcdef0123456789abcdef0123456789ABCDEF"

static const struct {
    int (*validate)(const char *text, struct error *error);
    const char *text;
} right[] = {
    {validate_listen, "0.0.0.0:80"},
    {validate_listen, ":80"},
    {validate_listen, "*:80"},
    {validate_listen, "[::]:80"},
    {validate_listen, "unix:agents.sock"},
    {validate_listen_ports, "0.0.0.0:20000-20099"},
    {validate_listen_ports, "[::]:80"},
    {validate_interface, "eth0"},
    {validate_interface, "br-0123456789ab"},
    {validate_destination, "localhost:80"},
    {validate_destination, "localhost:+0"},
    {validate_destination, "localhost:+65534"},
    {validate_destination, "[::1]:-65534"},
    {validate_destination, "[::1]:65535"},
    {validate_destination, "unix:/run/x.sock"},
    {validate_destination, "unix:C:/run/x.sock"}, /* on an agent for Windows */
    {validate_destination, "unix:c:\\x.sock"},
    {validate_server, "example.org:10001"},
    {validate_server, "[2001:db8::1]:1"},
    {validate_name, "WinVNC-1_.x"},
    {validate_name, "..."},
    {validate_name, ".x"},
    {validate_group, "web"},
    {validate_source, "*"},
    {validate_source, "10.1.2.3"},
    {validate_source, "10.0.0.0/8"},
    {validate_source, "fd00::/8"},
    {validate_source, "[::1]"},
    {validate_mode, "0660"},
    {validate_mode, "600"},
    {validate_socket, ADMIN_SERVER_PLACE},
    {validate_socket, ""},
    {validate_rule, "db.example:5432"},
    {validate_rule, "10.0.0.0/8"},
    {validate_pin, "sha256:" DIGITS},
};

START_TEST(what_is_right_is_taken) {
    struct error error = {""};
    ck_assert_msg(right[_i].validate(right[_i].text, &error) == 0, "%s: %s", right[_i].text, error.text);
}
END_TEST

#define NO_NAME   " is not a name; write 1 to 64 letters, digits and . _ -, not \".\" or \"..\""
#define NO_SOURCE " is no address of clients; write \"10.1.2.3\" or \"10.0.0.0/8\""
#define NO_MODE   " is no mode; write octal digits like \"0660\": owner and group may connect"
#define NO_PIN    " is no pin; write \"sha256:\" and 64 hexadecimal digits, as munnel init prints it"

static const struct {
    int (*validate)(const char *text, struct error *error);
    const char *text, *error;
} slips[] = {
    {validate_listen, "5900", "\"5900\" has no address; write \"0.0.0.0:5900\""},
    {validate_listen, "localhost", "\"localhost\" has no port; write \"localhost:5900\", say"},
    {validate_listen, "99999", "\"0.0.0.0:99999\" has \"99999\" for a port; a port is a number from 1 to 65535"},
    {validate_listen, "[fe80::1%none9]:1", "\"[fe80::1%none9]:1\": this machine has no interface \"none9\""},
    {validate_listen, "*:1-2", "\"*:1-2\" is a range of ports; write one port"},
    {validate_listen_ports, "*:2-1", "\"*:2-1\" ends before it begins; write the lower port first"},
    {validate_destination, "h:+65535", "\"h:+65535\" makes the port 65536 of 1; a port is a number from 1 to 65535"},
    {validate_destination, "h:1-2", "\"h:1-2\" has \"1-2\" for a port; a port is a number from 1 to 65535"},
    {validate_interface, "", "\"\" is no interface's name; write 1 to 15 characters without blanks, / and :"},
    {validate_interface, "br-0123456789abc",
     "\"br-0123456789abc\" is no interface's name; write 1 to 15 characters without blanks, / and :"},
    {validate_interface, "a/b", "\"a/b\" is no interface's name; write 1 to 15 characters without blanks, / and :"},
    {validate_destination, "5900", "\"5900\" has no host; write \"localhost:5900\""},
    {validate_destination, "*:5900", "\"*:5900\" has no host; write \"localhost:5900\""},
    {validate_destination, "h", "\"h\" has no port; write \"h:5900\", say"},
    {validate_destination, "h 22", "\"h 22\" has a space for the colon; write \"h:22\""},
    {validate_destination, "/run/x.sock", "\"/run/x.sock\" is a path; write \"unix:/run/x.sock\""},
    {validate_destination, "10.0.0.300",
     "\"10.0.0.300\" is neither an IPv4 address (four numbers up to 255) nor a name"},
    {validate_destination, "web_1..example",
     "\"web_1..example\" is not a host's name: letters, digits, '-', '_' and single dots are"},
    {validate_destination, "", "an address is empty; write HOST:PORT, as in localhost:80"},
    {validate_destination, "h:0", "\"h:0\" has \"0\" for a port; a port is a number from 1 to 65535"},
    {validate_destination, "unix:x",
     "\"unix:x\" is relative, but the agent has no folder of yours; write \"unix:/...\""},
    {validate_destination, "unix:C:x",
     "\"unix:C:x\" is relative, but the agent has no folder of yours; write \"unix:/...\""},
    {validate_server, "", "\"\" is no server; write \"HOST:PORT\""},
    {validate_server, "example.org", "\"example.org\" has no port; write \"example.org:10001\""},
    {validate_server, "10001", "\"10001\" has no host; write \"HOST:10001\""},
    {validate_server, ":443", "\":443\" has no host; write \"HOST:443\""},
    {validate_server, "unix:/run/x", "\"unix:/run/x\" is a socket of this machine; write the server as \"HOST:PORT\""},
    {validate_server, "/run/x", "\"/run/x\" is a socket of this machine; write the server as \"HOST:PORT\""},
    {validate_name, "a b", "\"a b\"" NO_NAME},
    {validate_name, "", "\"\"" NO_NAME},
    {validate_name, ".", "\".\"" NO_NAME}, /* no client of HTTP sends it in a path */
    {validate_name, "..", "\"..\"" NO_NAME},
    {validate_group, "..", "\"..\"" NO_NAME},
    {validate_group, "a/b", "\"a/b\"" NO_NAME},
    {validate_group, "*", "\"*\" is no group; leave it out to take every agent"},
    {validate_source, "web.example", "\"web.example\"" NO_SOURCE},
    {validate_source, "dead.beef", "\"dead.beef\"" NO_SOURCE},
    {validate_source, "10.1.2.4:22", "\"10.1.2.4:22\"" NO_SOURCE},
    {validate_source, "[::1]:22", "\"[::1]:22\"" NO_SOURCE},
    {validate_source, "10", "\"10\"" NO_SOURCE},
    {validate_mode, "rw", "\"rw\"" NO_MODE},
    {validate_mode, "0680", "\"0680\"" NO_MODE},
    {validate_mode, "06600", "\"06600\"" NO_MODE},
    {validate_mode, "0000", "\"0000\"" NO_MODE},
    {validate_pin, "sha256:12", "\"sha256:12\"" NO_PIN},
    {validate_pin, DIGITS, "\"" DIGITS "\"" NO_PIN},
};

START_TEST(a_slip_is_answered_with_what_is_right) {
    struct error error = {""};
    ck_assert_int_eq(slips[_i].validate(slips[_i].text, &error), -1);
    ck_assert_str_eq(error.text, slips[_i].error);
}
END_TEST

START_TEST(a_path_of_this_system_is_no_address) {
    const char *path = unit_path("x.sock");
    struct error error = {""};
    ck_assert_int_eq(validate_destination(path, &error), -1);
    ck_assert_msg(strstr(error.text, "\" is a path; write \"unix:"), "%s", error.text);
    ck_assert_int_eq(validate_server(path, &error), -1);
    ck_assert_msg(strstr(error.text, "\" is a socket of this machine; write the server as"), "%s", error.text);
}
END_TEST

START_TEST(a_rule_that_cannot_be_is_refused) {
    struct error error = {""};
    ck_assert_int_eq(validate_rule("10.0.0.0/33", &error), -1);
    ck_assert_str_ne(error.text, "");
}
END_TEST

START_TEST(networks_of_ipv6_get_the_brackets_of_rules) {
    static const char *const pairs[][2] = {{"fd00::/8", "[fd00::]/8"},
                                           {"::1", "[::1]"},
                                           {"[fd00::]/8", "[fd00::]/8"},
                                           {"10.0.0.0/8", "10.0.0.0/8"},
                                           {"*", "*"}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        char *pattern = validate_resolve_source(pairs[i][0], NULL);
        ck_assert_str_eq(pattern, pairs[i][1]);
        free(pattern);
    }
}
END_TEST

static TCase *texts(void) {
    TCase *group = tcase_create("texts");
    tcase_add_loop_test(group, what_is_right_is_taken, 0, sizeof right / sizeof *right);
    tcase_add_loop_test(group, a_slip_is_answered_with_what_is_right, 0, sizeof slips / sizeof *slips);
    tcase_add_test(group, a_path_of_this_system_is_no_address);
    tcase_add_test(group, a_rule_that_cannot_be_is_refused);
    tcase_add_test(group, networks_of_ipv6_get_the_brackets_of_rules);
    return group;
}

UNIT_MAIN("conf/validators", texts)
