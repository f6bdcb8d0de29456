/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_agent_cmdline: munnel-agent's command line and its file, which have the same options.
 * Runs on: make check. Owns: its files.
 */
#include "config.h"

#include "capture.h"
#include "conf/admin_places.h"
#include "conf/agent_cmdline.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

#define PIN "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

enum { WORDS = 40, RUNS_ON = -1, USAGE_ERROR = 2 };

static struct agent_options options;
static struct capture capture;

/* Reads "munnel-agent" and these words, which end with NULL. */
static int read_words(const char *const *words) {
    static char copies[WORDS][256];
    char *argv[WORDS + 1] = {copies[0]};
    int argc = 1;
    snprintf(copies[0], sizeof copies[0], "munnel-agent");
    for (; words[argc - 1]; argc++) {
        ck_assert_int_lt(argc, WORDS);
        snprintf(copies[argc], sizeof copies[argc], "%s", words[argc - 1]);
        argv[argc] = copies[argc];
    }
    capture_begin(&capture);
    int code = agent_options_read(&options, argc, argv);
    capture_end(&capture);
    return code;
}
#define READ(...) read_words((const char *const[]){__VA_ARGS__, NULL})

START_TEST(the_command_line_of_the_manual) {
    ck_assert_int_eq(READ("--ca", "ca.pem", "host:10001", "grp"), RUNS_ON);
    ck_assert_str_eq(capture.text[1], "");
    ck_assert_uint_eq(options.servers.count, 1);
    ck_assert_str_eq(options.servers.items[0], "host:10001");
    ck_assert_str_eq(options.group, "grp");
    ck_assert_str_eq(options.ca, "ca.pem");
    capture_done(&capture);
    agent_options_done(&options);
}
END_TEST

START_TEST(defaults) {
    ck_assert_int_eq(READ("10.0.0.143:10001"), RUNS_ON);
    ck_assert_ptr_null(options.group);
    ck_assert_ptr_null(options.name);
    ck_assert_ptr_null(options.ca);
    ck_assert_uint_eq(options.pins.count, 0);
    ck_assert_uint_eq(options.allow.count, 0);
    ck_assert_ptr_null(options.token_file);
    ck_assert_ptr_null(options.certificate);
    ck_assert_ptr_null(options.key);
    ck_assert_ptr_null(options.join);
    ck_assert_uint_eq(options.retry_s, 5);
    ck_assert_uint_eq(options.threads, 0);
    ck_assert_int_eq(options.log.format, LOG_FORMAT_AUTO);
    ck_assert_int_eq(options.log.level, LOG_LEVEL_INFO);
    ck_assert_str_eq(options.log.to, "stderr");
    capture_done(&capture);
    agent_options_done(&options);
}
END_TEST

static void expect_socket(const char *file, const char *socket) {
    ck_assert_int_eq(file ? READ("--config", file, "a:1") : READ("a:1"), RUNS_ON);
    ck_assert_str_eq(options.admin_socket, socket);
    capture_done(&capture);
    agent_options_done(&options);
}

static void expect_named(const char *file, const char *text, const char *name) {
    char socket[sizeof ADMIN_AGENT_PLACE_OF + 64];
    snprintf(socket, sizeof socket, ADMIN_AGENT_PLACE_OF, (int)strlen(name), name);
    expect_socket(unit_text_file(file, text), socket);
}

/* Two agents of a machine would take each other's socket. */
START_TEST(socket_is_named_after_the_file) {
    expect_socket(NULL, ADMIN_AGENT_PLACE);
    expect_named("munnel-agent.json", "{}", "munnel-agent");
    expect_named("web1.json", "{ \"admin\": {} }", "web1");
    expect_named("db.example.org.json", "{}", "db.example.org");
    expect_named("agent", "{}", "agent");
    expect_socket(unit_text_file("web2.json", "{ \"admin\": { \"socket\": " ADMIN_SERVER_QUOTED " } }"),
                  ADMIN_SERVER_PLACE);
    expect_socket(unit_text_file("web3.json", "{ \"admin\": { \"socket\": \"\" } }"), "");
}
END_TEST

START_TEST(it_is_known_what_the_command_line_said_itself) {
    const char *file = unit_text_file("agent.json", "{ \"ca\": \"a\", \"token_file\": \"b\" }");
    ck_assert_int_eq(READ("--config", file, "--token-file", "t", "--cert", "c", "--key=k", "a:1"), RUNS_ON);
    ck_assert_str_eq(options.file, file);
    ck_assert(!options.by_flag.ca && options.by_flag.token_file);
    ck_assert(options.by_flag.certificate && options.by_flag.key);
    capture_done(&capture);
    agent_options_done(&options);
}
END_TEST

START_TEST(every_option) {
    ck_assert_int_eq(READ("--pin", PIN, "--token-file=t", "--cert", "c", "--key", "k", "--name", "web1", "--allow",
                          "localhost:22", "--allow=10.0.0.0/8", "--retry", "3", "--threads", "2", "-v", "--log-format",
                          "json", "--join", "-", "a:1,[::1]:2,c:3"),
                     RUNS_ON);
    ck_assert_uint_eq(options.servers.count, 3);
    ck_assert_str_eq(options.servers.items[1], "[::1]:2");
    ck_assert_str_eq(options.pins.items[0], PIN);
    ck_assert_str_eq(options.token_file, "t");
    ck_assert_str_eq(options.certificate, "c");
    ck_assert_str_eq(options.key, "k");
    ck_assert_str_eq(options.name, "web1");
    ck_assert_uint_eq(options.allow.count, 2);
    ck_assert_str_eq(options.allow.items[1], "10.0.0.0/8");
    ck_assert_uint_eq(options.retry_s, 3);
    ck_assert_uint_eq(options.threads, 2);
    ck_assert_int_eq(options.log.level, LOG_LEVEL_DEBUG);
    ck_assert_int_eq(options.log.format, LOG_FORMAT_JSON);
    ck_assert_str_eq(options.join, "-");
    capture_done(&capture);
    agent_options_done(&options);
}
END_TEST

static const char agent_file[] =
    "{ \"servers\": [\"a:1\", \"b:2\"], \"group\": \"g\", \"name\": \"n\", \"ca\": \"ca.pem\", \"pins\": \"" PIN "\",\n"
    "  \"token_file\": \"t\", \"cert\": \"/c\", \"key\": \"k\", \"allow\": [\"localhost:1\"], \"retry\": 9, // slowly\n"
    "  \"threads\": 4, \"log\": { \"format\": \"json\", \"level\": \"error\", \"to\": \"agent.log\" } }";

START_TEST(the_file_says_the_same) {
    ck_assert_int_eq(READ("--config", unit_text_file("agent.json", agent_file)), RUNS_ON);
    ck_assert_uint_eq(options.servers.count, 2);
    ck_assert_str_eq(options.group, "g");
    ck_assert_str_eq(options.name, "n");
    ck_assert_str_eq(options.ca, unit_path("ca.pem"));
    ck_assert_str_eq(options.pins.items[0], PIN);
    ck_assert_str_eq(options.token_file, unit_path("t"));
    ck_assert_str_eq(options.certificate, "/c");
    ck_assert_str_eq(options.key, unit_path("k"));
    ck_assert_str_eq(options.allow.items[0], "localhost:1");
    ck_assert_uint_eq(options.retry_s, 9);
    ck_assert_uint_eq(options.threads, 4);
    ck_assert_int_eq(options.log.format, LOG_FORMAT_JSON);
    ck_assert_int_eq(options.log.level, LOG_LEVEL_ERROR);
    ck_assert_str_eq(options.log.to, unit_path("agent.log"));
    capture_done(&capture);
    agent_options_done(&options);
}
END_TEST

START_TEST(the_command_line_goes_over_the_file) {
    const char *file = unit_text_file("agent.json", agent_file);
    ck_assert_int_eq(READ("--retry=2", "--allow", "h:1", "--ca", "other.pem", "--config", file, "c:3", "other"),
                     RUNS_ON);
    ck_assert_uint_eq(options.servers.count, 1);
    ck_assert_str_eq(options.servers.items[0], "c:3");
    ck_assert_str_eq(options.group, "other");
    ck_assert_uint_eq(options.retry_s, 2);
    ck_assert_uint_eq(options.allow.count, 1);
    ck_assert_str_eq(options.allow.items[0], "h:1");
    ck_assert_str_eq(options.ca, "other.pem");
    ck_assert_str_eq(options.name, "n");
    capture_done(&capture);
    agent_options_done(&options);
}
END_TEST

START_TEST(a_join_code_needs_no_server) {
    ck_assert_int_eq(READ("--join", "code.txt"), RUNS_ON);
    ck_assert_str_eq(options.join, "code.txt");
    ck_assert_uint_eq(options.servers.count, 0);
    capture_done(&capture);
    agent_options_done(&options);
}
END_TEST

START_TEST(a_check_keeps_nothing) {
    ck_assert_int_eq(READ("--check", "--join", "-"), RUNS_ON);
    ck_assert(options.check && !options.join_only);
    capture_done(&capture);
    agent_options_done(&options);
    ck_assert_int_eq(READ("--check", "--join-only", "-"), 2);
    ck_assert_ptr_nonnull(strstr(capture.text[1], "write --check --join -"));
    capture_done(&capture);
}
END_TEST

START_TEST(a_join_code_may_only_be_kept) {
    ck_assert_int_eq(READ("--join-only", "-", "host:1"), RUNS_ON);
    ck_assert_str_eq(options.join, "-");
    ck_assert(options.join_only);
    capture_done(&capture);
    agent_options_done(&options);
    ck_assert_int_eq(READ("--join-only", "-", "--join", "file"), 2);
    ck_assert_ptr_nonnull(strstr(capture.text[1], "one of them"));
    capture_done(&capture);
}
END_TEST

#define SECRET_REFUSED                                                                                                 \
    "a secret is no argument, since everybody on this machine could read it; put it into a file and write "            \
    "--token-file FILE\n"

static const struct {
    const char *words[5];
    const char *error;
} slips[] = {
    {{"--token", "xyz", "h:1"}, "munnel-agent: --token: " SECRET_REFUSED},
    {{"h:1", "--token=xyz"}, "munnel-agent: --token: " SECRET_REFUSED},
    {{"--password", "xyz", "h:1"}, "munnel-agent: --password: " SECRET_REFUSED},
    {{"--secret=xyz", "h:1"}, "munnel-agent: --secret: " SECRET_REFUSED},
    {{"--phrase", "xyz", "h:1"}, "munnel-agent: there is no option --phrase; see munnel-agent --help\n"},
    {{"--toke", "xyz", "h:1"}, "munnel-agent: there is no option --toke; did you mean --token-file?\n"},
    {{"--token-fil=x", "h:1"}, "munnel-agent: there is no option --token-fil; did you mean --token-file?\n"},
    {{"host"}, "munnel-agent: SERVER: \"host\" has no port; write \"host:10001\"\n"},
    {{"10001"}, "munnel-agent: SERVER: \"10001\" has no host; write \"HOST:10001\"\n"},
    {{"a:1,"}, "munnel-agent: SERVER: \"\" is no server; write \"HOST:PORT\"\n"},
    {{"10.0.0.300"},
     "munnel-agent: SERVER: \"10.0.0.300\" is neither an IPv4 address (four numbers up to 255) nor a name\n"},
    {{"host 10001"}, "munnel-agent: SERVER: \"host 10001\" has a space for the colon; write \"host:10001\"\n"},
    {{":10001"}, "munnel-agent: SERVER: \":10001\" has no host; write \"HOST:10001\"\n"},
    {{"a:1,a:1"}, "munnel-agent: SERVER: \"a:1\" is written twice; leave one out\n"},
    {{"unix:/x"}, "munnel-agent: SERVER: \"unix:/x\" is a socket of this machine; write the server as \"HOST:PORT\"\n"},
    {{"a:1", "b:1"},
     "munnel-agent: \"b:1\" is no group; write several servers as one argument, with commas: a:1,b:1\n"},
    {{"a:1", "g", "x"},
     "munnel-agent: \"x\" is one argument too many; write munnel-agent SERVER:PORT[,SERVER:PORT...] [GROUP]\n"},
    {{"a:1", "*"},
     "munnel-agent: GROUP: \"*\" is not a name; write 1 to 64 letters, digits and . _ -, not \".\" or \"..\"\n"},
    {{"a:1", "--cert", "c"},
     "munnel-agent: --cert: a certificate proves nothing without its key; name that with --key FILE\n"},
    {{"a:1", "--key", "k"},
     "munnel-agent: --key: a key is of no use without its certificate; name that with --cert FILE\n"},
    {{"a:1", "--threads", "four"},
     "munnel-agent: --threads: \"four\" is not right here; write a whole number from 0 to 64\n"},
    {{"a:1", "--threads", "99999999999999999999"},
     "munnel-agent: --threads: \"99999999999999999999\" is not right here; write a whole number from 0 to 64\n"},
    {{"a:1", "--ca", ""}, "munnel-agent: --ca: \"\" is not right here; write a PEM file's path\n"},
    {{"a:1", "--pin", "sha256:12"},
     "munnel-agent: --pin: \"sha256:12\" is no pin; write \"sha256:\" and 64 hexadecimal digits, as munnel init prints "
     "it\n"},
    {{"a:1", "--retry", "0"}, "munnel-agent: --retry: 0 is out of range; write a whole number from 1 to 3600\n"},
    {{"a:1", "--name", "web 1"},
     "munnel-agent: --name: \"web 1\" is not a name; write 1 to 64 letters, digits and . _ -, not \".\" or \"..\"\n"},
};

START_TEST(a_usage_error_is_one_line_that_helps) {
    ck_assert_int_eq(read_words(slips[_i].words), USAGE_ERROR);
    ck_assert_str_eq(capture.text[0], "");
    ck_assert_str_eq(capture.text[1], slips[_i].error);
    capture_done(&capture);
}
END_TEST

static const struct {
    const char *text, *error; /* behind the file's name */
} file_slips[] = {
    {"{ \"servers\": [\"a:1\", \"b\"] }", ": servers[1]: \"b\" has no port; write \"b:10001\"\n"},
    {"{ \"servers\": 10001 }",
     ": servers: 10001 is not right here; write a server like \"example.org:10001\", or a list of them, or null\n"},
    {"{ \"retry\": \"5\" }", ": retry: \"5\" is not right here; write a whole number from 1 to 3600, without quotes\n"},
    {"{ \"cert\": \"c\" }", ": cert: a certificate proves nothing without its key; write \"key\" too\n"},
    {"{ \"key\": \"k\" }", ": key: a key is of no use without its certificate; write \"cert\" too\n"},
    {"{ \"server\": \"a:1\" }", ": server: there is no such option; did you mean \"servers\"?\n"},
    {"{ \"servers\": \"a:1\",\n \"retry\": }", ":2:11: a value is missing before '}'\n"},
    {"{ \"token\": \"xyz\" }", ": token: there is no such option; did you mean \"token_file\"?\n"},
    {"{ \"phrase\": \"xyz\" }", ": phrase: there is no such option; there are: servers, group, name, ca, pins, "
                                "token_file, cert, key, proxy, "
                                "proxy_password_file, end_to_end_keys, allow, publish, visit, retry, "
                                "threads, admin, log\n"},
};

START_TEST(an_error_in_the_file_begins_with_the_file) {
    const char *file = unit_text_file("agent.json", file_slips[_i].text);
    ck_assert_int_eq(READ("--config", file), USAGE_ERROR);
    ck_assert_msg(strncmp(capture.text[1], file, strlen(file)) == 0, "%s", capture.text[1]);
    ck_assert_str_eq(capture.text[1] + strlen(file), file_slips[_i].error);
    capture_done(&capture);
}
END_TEST

START_TEST(what_only_shares_is_no_agent_of_the_machine) {
    const char *file = unit_text_file("agent.json", "{\"publish\": \"a=b:1\", \"visit\": \"vnc=127.0.0.1:5900\", "
                                                    "\"admin\": {\"socket\": " ADMIN_AGENT_QUOTED "}}");
    ck_assert_int_eq(READ("--config", file, "--share", "--publish", "web=localhost:80", "--json", "a:1"), -1);
    ck_assert(options.is_share && options.is_json && !options.admin_socket);
    ck_assert_uint_eq(options.visits.count, 0);
    ck_assert_uint_eq(options.publish.count, 1);
    ck_assert_str_eq(options.publish.items[0], "web=localhost:80");
    ck_assert_int_eq(options.log.level, LOG_LEVEL_WARNING);
    agent_options_done(&options);
    capture_done(&capture);
}
END_TEST

START_TEST(sharing_needs_what_is_published) {
    ck_assert_int_eq(READ("--share", "a:1"), USAGE_ERROR);
    ck_assert_str_eq(capture.text[1], "munnel-agent: --share is for --publish; write munnel share PORT\n");
    capture_done(&capture);
}
END_TEST

START_TEST(name_is_published_once) {
    const char *file = unit_text_file("agent.json", "{\"publish\": [\"a=b:1\", \"a=b:2\"]}");
    ck_assert_int_eq(READ("--config", file, "a:1"), USAGE_ERROR);
    ck_assert_ptr_nonnull(strstr(capture.text[1], "agent.json: publish: \"a\" is there twice"));
    capture_done(&capture);
}
END_TEST

START_TEST(help_fits_a_screen) {
    size_t lines = 0;
    ck_assert_int_eq(READ("-h"), 0);
    for (const char *at = capture.text[0]; *at; lines++) {
        size_t length = strcspn(at, "\n");
        ck_assert_uint_le(length, 80);
        at += length + 1;
    }
    ck_assert_uint_le(lines, 24);
    static const char *const all[] = {"--config FILE",
                                      "--ca FILE",
                                      "--pin sha256:HEX",
                                      "--token-file FILE",
                                      "--cert FILE",
                                      "--proxy URL",
                                      "--proxy-password-file FILE",
                                      "--key FILE",
                                      "--name NAME",
                                      "--allow HOST:PORT",
                                      "--join FILE|-",
                                      "--retry SECONDS",
                                      "--threads N",
                                      "--log-format auto|text|json",
                                      "--version",
                                      "SERVER:PORT[,SER",
                                      "[GROUP]",
                                      "--join-only FILE|-",
                                      "--check"};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        ck_assert_msg(strstr(capture.text[0], all[i]), "%s", all[i]);
    capture_done(&capture);
}
END_TEST

static TCase *taking(void) {
    TCase *group = tcase_create("taking");
    tcase_add_test(group, the_command_line_of_the_manual);
    tcase_add_test(group, defaults);
    tcase_add_test(group, socket_is_named_after_the_file);
    tcase_add_test(group, it_is_known_what_the_command_line_said_itself);
    tcase_add_test(group, every_option);
    tcase_add_test(group, the_file_says_the_same);
    tcase_add_test(group, the_command_line_goes_over_the_file);
    tcase_add_test(group, a_join_code_needs_no_server);
    tcase_add_test(group, a_join_code_may_only_be_kept);
    tcase_add_test(group, a_check_keeps_nothing);
    tcase_add_test(group, what_only_shares_is_no_agent_of_the_machine);
    tcase_add_test(group, sharing_needs_what_is_published);
    tcase_add_test(group, name_is_published_once);
    tcase_add_test(group, help_fits_a_screen);
    return group;
}

static TCase *errors(void) {
    TCase *group = tcase_create("errors");
    tcase_add_loop_test(group, a_usage_error_is_one_line_that_helps, 0, (int)(sizeof slips / sizeof *slips));
    tcase_add_loop_test(group, an_error_in_the_file_begins_with_the_file, 0,
                        (int)(sizeof file_slips / sizeof *file_slips));
    return group;
}

UNIT_MAIN("conf/agent_cmdline", taking, errors)
