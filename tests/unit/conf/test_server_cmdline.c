/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_server_cmdline: munneld's command line: what it takes, what it lays over the file, and each usage error.
 * Runs on: make check. Owns: its files.
 */
#include "config.h"

#include "capture.h"
#include "conf/places.h"
#include "conf/provision.h"
#include "conf/server_cmdline.h"
#include "lib/base/file.h"
#include "lib/base/path.h"
#include "lib/tls/cert_issue.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS = 12, RUNS_ON = -1, USAGE_ERROR = 2 };

/* Reads "munneld" and these words, which end with NULL. */
static int read_words(struct server_options *options, struct capture *capture, const char *const *words) {
    static char copies[WORDS][256];
    char *argv[WORDS + 1] = {copies[0]};
    int argc = 1;
    unit_set_environment("STATE_DIRECTORY", unit_folder());
    snprintf(copies[0], sizeof copies[0], "munneld");
    for (; words[argc - 1]; argc++) {
        ck_assert_int_lt(argc, WORDS);
        snprintf(copies[argc], sizeof copies[argc], "%s", words[argc - 1]);
        argv[argc] = copies[argc];
    }
    capture_begin(capture);
    int code = server_options_read(options, argc, argv);
    capture_end(capture);
    return code;
}
#define READ(...) read_words(&options, &capture, (const char *const[]){__VA_ARGS__, NULL})

static struct server_options options;
static struct capture capture;

static void expect_silence(void) {
    ck_assert_str_eq(capture.text[0], "");
    ck_assert_str_eq(capture.text[1], "");
    capture_done(&capture);
}

START_TEST(the_original_command_line) {
    ck_assert_int_eq(READ("--listen", "0.0.0.0:10001", "WinVNC WinVNCGroup 0.0.0.0:5900 localhost:5900"), RUNS_ON);
    expect_silence();
    ck_assert(options.needs_setup);
    ck_assert_str_eq(options.conf->agents.listen.items[0], "0.0.0.0:10001");
    ck_assert_str_eq(options.conf->services[0].connect.items[0], "localhost:5900");
    ck_assert_str_eq(options.conf->agents.certificate, unit_path("server.pem"));
    server_options_done(&options);
}
END_TEST

START_TEST(options_may_stand_anywhere_and_with_an_equals_sign) {
    ck_assert_int_eq(READ("a :1 h:1", "--listen=[::1]:443", "--threads", "7", "-v", "b :2 h:1", "--listen", "unix:x",
                          "--log-format=json"),
                     RUNS_ON);
    expect_silence();
    ck_assert_uint_eq(options.conf->service_count, 2);
    ck_assert_uint_eq(options.conf->agents.listen.count, 2);
    ck_assert_str_eq(options.conf->agents.listen.items[0], "[::1]:443");
    ck_assert_str_eq(options.conf->agents.listen.items[1], "unix:x");
    ck_assert_uint_eq(options.conf->threads, 7);
    ck_assert_int_eq(options.conf->log.level, LOG_LEVEL_DEBUG);
    ck_assert_int_eq(options.conf->log.format, LOG_FORMAT_JSON);
    server_options_done(&options);
}
END_TEST

START_TEST(a_service_whose_words_are_lines_is_no_file) {
    ck_assert_int_eq(READ("--listen", ":9", "web\n:80\nunix:/run/web.sock"), RUNS_ON);
    expect_silence();
    ck_assert_str_eq(options.conf->services[0].connect.items[0], "unix:/run/web.sock");
    server_options_done(&options);
}
END_TEST

START_TEST(the_command_line_goes_over_the_file) {
    const char *file =
        unit_text_file("munnel.json",
                       "{ \"agents\": { \"listen\": [\":1\", \":2\"], \"ping\": 4 }, \"threads\": 2,\n"
                       "\"services\": [ { \"name\": \"a\", \"listen\": \":3\", \"connect\": \"h:1\" } ] }");
    ck_assert_int_eq(READ("--config", file, "--threads=3", "--listen", ":9", "b :4 h:1"), RUNS_ON);
    expect_silence();
    ck_assert(!options.needs_setup);
    ck_assert_str_eq(options.conf->path, file);
    ck_assert_uint_eq(options.conf->threads, 3);
    ck_assert_uint_eq(options.conf->agents.ping_s, 4);
    ck_assert_uint_eq(options.conf->agents.listen.count, 1);
    ck_assert_str_eq(options.conf->agents.listen.items[0], ":9");
    ck_assert_uint_eq(options.conf->service_count, 2);
    ck_assert_uint_eq(options.conf->file_service_count, 1);
    ck_assert_str_eq(options.conf->services[1].name, "b");
    server_options_done(&options);
}
END_TEST

static const struct {
    const char *words[4];
    const char *error;
} slips[] = {
    {{"--thread", "2"}, "munneld: there is no option --thread; did you mean --threads?\n"},
    {{"--conf=x"}, "munneld: there is no option --conf; did you mean --config?\n"},
    {{"-vx"}, "munneld: there is no option -x; see munneld --help\n"},
    {{"--listen"}, "munneld: --listen needs a value: --listen ADDR:PORT\n"},
    {{"--listen", "10001"}, "munneld: --listen: \"10001\" has no address; write \"0.0.0.0:10001\"\n"},
    {{"--listen=:1", "--listen=:1"}, "munneld: --listen: \":1\" is written twice; leave one out\n"},
    {{"--threads", "many", "a :1 h:1"},
     "munneld: --threads: \"many\" is not right here; write a whole number from 0 to 64\n"},
    {{"--threads=999", "a :1 h:1"}, "munneld: --threads: 999 is out of range; write a whole number from 0 to 64\n"},
    {{"--log-format", "xml", "a :1 h:1"},
     "munneld: --log-format: \"xml\" is not right here; write \"auto\", \"text\" or \"json\"\n"},
    {{"--log-format", "\xff", "a :1 h:1"}, "munneld: --log-format: this is not UTF-8 text\n"},
    {{"--listen", ":1"}, "munneld: no service is configured; name one, like \"WinVNC 0.0.0.0:5900 localhost:5900\"\n"},
    {{"/etc/munnel.json"},
     "munneld: \"/etc/munnel.json\" is no service; to read it as the configuration, write --config /etc/munnel.json\n"},
    {{"my.json"}, "munneld: \"my.json\" is no service; to read it as the configuration, write --config my.json\n"},
    {{"a", ":1", "h:1"},
     "munneld: service \"a\" has 1 word; put the whole service in quotes, \"NAME [GROUP] LISTEN:PORT DEST:PORT\"\n"},
    {{"--token", "xyz"},
     "munneld: --token: a secret is no argument, since everybody on this machine could read it; keys and tokens are in "
     "the files that munnel.json names\n"},
};

START_TEST(a_usage_error_is_one_line_that_helps) {
    ck_assert_int_eq(read_words(&options, &capture, slips[_i].words), USAGE_ERROR);
    ck_assert_str_eq(capture.text[0], "");
    ck_assert_str_eq(capture.text[1], slips[_i].error);
    ck_assert_ptr_null(options.conf);
    capture_done(&capture);
}
END_TEST

START_TEST(a_path_of_this_system_is_no_service) {
    char path[] = "conf/munnel";
    path[4] = path_separator();
    ck_assert_int_eq(READ(path), USAGE_ERROR);
    ck_assert_ptr_nonnull(strstr(capture.text[1], "munnel\" is no service; to read it as the configuration, write "));
    capture_done(&capture);
}
END_TEST

START_TEST(with_nothing_said_it_tells_which_files_it_looked_for) {
    char *there = places_configuration();
    free(there);
    if (there)
        return; /* this machine has one */
    ck_assert_int_eq(READ("-v"), USAGE_ERROR);
    ck_assert_str_eq(capture.text[1], "munneld: " PLACES_NO_CONFIGURATION "; \"munnel init " PLACES_FOLDER
                                      "\" makes one, --config FILE names another, or name a service, like \"WinVNC "
                                      "0.0.0.0:5900 localhost:5900\"\n");
    capture_done(&capture);
}
END_TEST

START_TEST(an_error_in_the_file_begins_with_the_file) {
    char expected[512];
    const char *file = unit_text_file("munnel.json", "{ \"threads\": \"x\" }");
    ck_assert_int_eq(READ("--config", file), USAGE_ERROR);
    snprintf(expected, sizeof expected, "%s: threads: \"x\" is not right here; write a whole number from 0 to 64\n",
             file);
    ck_assert_str_eq(capture.text[1], expected);
    capture_done(&capture);
}
END_TEST

START_TEST(help_fits_a_screen) {
    size_t lines = 0;
    ck_assert_int_eq(READ("--help", "--zork"), 0);
    for (const char *at = capture.text[0]; *at; lines++) {
        size_t length = strcspn(at, "\n");
        ck_assert_uint_le(length, 80);
        at += length + 1;
    }
    ck_assert_uint_le(lines, 24);
    static const char *const all[] = {"--config FILE", "--check", "--listen ADDR:PORT",
                                      "--threads N",   "-v",      "--log-format",
                                      "--version",     "--help",  "SERVICE",
                                      "NAME [GROUP]"};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        ck_assert_ptr_nonnull(strstr(capture.text[0], all[i]));
    ck_assert_ptr_null(strstr(capture.text[0], "--token"));
    capture_done(&capture);
}
END_TEST

START_TEST(check_without_a_file_says_where_the_certificate_will_be) {
    char expected[512];
    ck_assert_int_eq(READ("--check", "a :1 h:1"), 0);
    snprintf(expected, sizeof expected,
             "munneld: configuration OK: 1 service, agents on 0.0.0.0:10001, certificate and token in %s\n",
             unit_folder());
    ck_assert_str_eq(capture.text[0], expected);
    ck_assert_str_eq(capture.text[1], "");
    capture_done(&capture);
}
END_TEST

START_TEST(check_misses_the_certificate) {
    const char *file =
        unit_text_file("munnel.json",
                       "{ \"services\": [ { \"name\": \"a\", \"listen\": \":3\", \"connect\": \"h:1\" } ] }");
    ck_assert_int_eq(READ("--config", file, "--check"), USAGE_ERROR);
    ck_assert_str_eq(capture.text[0], "");
    const char *rest = capture.text[1] + strlen(file);
    ck_assert_msg(strncmp(capture.text[1], file, strlen(file)) == 0, "%s", capture.text[1]);
    ck_assert_msg(strncmp(rest, ": agents.tls.cert: ", strlen(": agents.tls.cert: ")) == 0, "%s", rest);
    ck_assert_ptr_nonnull(strstr(rest, unit_path("server.pem")));
    capture_done(&capture);
}
END_TEST

/* A folder as `munnel init` leaves it; returns its configuration. */
static const char *make_server(void) {
    bool made;
    struct error error = {""};
    struct provision setup = {.folder = unit_folder(), .with_configuration = true};
    ck_assert_msg(provision_server(&setup, &made, &error) == 0, "%s", error.text);
    return unit_path("munnel.json");
}

START_TEST(check_is_content_with_what_init_makes) {
    char expected[512];
    const char *file = make_server();
    ck_assert_int_eq(READ("--config", file, "--check"), 0);
    snprintf(expected, sizeof expected, "%s: configuration OK: 1 service, agents on 0.0.0.0:10001, 1 agent may join\n",
             file);
    ck_assert_str_eq(capture.text[1], "");
    ck_assert_str_eq(capture.text[0], expected);
    capture_done(&capture);
}
END_TEST

START_TEST(check_warns_of_a_certificate_that_has_expired) {
    char expected[512];
    const char *file = make_server();
    const struct cert_request request = {.common_name = "a", .days = 0, .use = CERT_SERVER};
    ck_assert_int_eq(cert_issue(&request, unit_path("ca.pem"), unit_path("ca.key"), unit_path("server.pem"),
                                unit_path("server.key"), NULL),
                     0);
    ck_assert_int_eq(READ("--config", file, "--check"), 0);
    ck_assert_ptr_nonnull(strstr(capture.text[0], "configuration OK"));
    snprintf(expected, sizeof expected, "munneld: warning: %s: agents.tls.cert: %s has expired: it ended on ", file,
             unit_path("server.pem"));
    ck_assert_msg(strncmp(capture.text[1], expected, strlen(expected)) == 0, "%s", capture.text[1]);
    capture_done(&capture);
}
END_TEST

/* Behind another one: agents by the second are refused. */
START_TEST(check_warns_of_an_authority_of_agents_that_has_expired) {
    char expected[512], text[1024];
    make_server();
    const struct cert_request request = {.common_name = "a", .days = 0, .use = CERT_CA};
    ck_assert_int_eq(cert_issue(&request, NULL, NULL, unit_path("old.pem"), unit_path("old.key"), NULL), 0);
    char *valid = unit_read(unit_path("ca.pem"), NULL), *old = unit_read(unit_path("old.pem"), NULL);
    size_t size = strlen(valid) + strlen(old) + 1;
    char *both = malloc(size);
    snprintf(both, size, "%s%s", valid, old);
    unit_text_file("authorities.pem", both);
    snprintf(text, sizeof text, "%s",
             "{ \"agents\": { \"tls\": { \"client_ca\": \"authorities.pem\" }, \"auth\": { "
             "\"tokens\": \"agents.json\", \"require\": \"either\" } }, \"services\": [{ "
             "\"name\": \"a\", \"listen\": \":1\", \"connect\": \"h:1\" }] }");
    const char *file = unit_text_file("expired.json", text);
    ck_assert_int_eq(READ("--config", file, "--check"), 0);
    snprintf(expected, sizeof expected, "munneld: warning: %s: agents.tls.client_ca: %s has expired: it ended on ",
             file, unit_path("authorities.pem"));
    ck_assert_msg(strncmp(capture.text[1], expected, strlen(expected)) == 0, "%s", capture.text[1]);
    capture_done(&capture);
    free(valid);
    free(old);
    free(both);
}
END_TEST

START_TEST(check_finds_the_key_of_another_certificate) {
    const char *file = make_server();
    char *key = unit_read(unit_path("ca.key"), NULL);
    unit_text_file("server.key", key);
    free(key);
    ck_assert_int_eq(READ("--config", file, "--check"), USAGE_ERROR);
    ck_assert_str_eq(capture.text[0], "");
    ck_assert_ptr_nonnull(strstr(capture.text[1], unit_path("server.key")));
    capture_done(&capture);
}
END_TEST

START_TEST(check_finds_a_secret_that_all_can_read) {
    static const char *const secrets[] = {"server.key", "agents.json"};
    const char *file = make_server();
    unit_let_others_read(unit_path(secrets[_i]));
    ck_assert_int_eq(READ("--config", file, "--check"), USAGE_ERROR);
    ck_assert_str_eq(capture.text[0], "");
    ck_assert_ptr_nonnull(strstr(capture.text[1], unit_path(secrets[_i])));
    capture_done(&capture);
}
END_TEST

static TCase *taking(void) {
    TCase *group = tcase_create("taking");
    tcase_add_test(group, the_original_command_line);
    tcase_add_test(group, options_may_stand_anywhere_and_with_an_equals_sign);
    tcase_add_test(group, a_service_whose_words_are_lines_is_no_file);
    tcase_add_test(group, the_command_line_goes_over_the_file);
    return group;
}

static TCase *errors(void) {
    TCase *group = tcase_create("errors");
    tcase_add_loop_test(group, a_usage_error_is_one_line_that_helps, 0, (int)(sizeof slips / sizeof *slips));
    tcase_add_test(group, a_path_of_this_system_is_no_service);
    tcase_add_test(group, with_nothing_said_it_tells_which_files_it_looked_for);
    tcase_add_test(group, an_error_in_the_file_begins_with_the_file);
    return group;
}

static TCase *printing(void) {
    TCase *group = tcase_create("printing");
    tcase_add_test(group, help_fits_a_screen);
    tcase_add_test(group, check_without_a_file_says_where_the_certificate_will_be);
    tcase_add_test(group, check_misses_the_certificate);
    tcase_add_test(group, check_is_content_with_what_init_makes);
    tcase_add_test(group, check_warns_of_a_certificate_that_has_expired);
    tcase_add_test(group, check_warns_of_an_authority_of_agents_that_has_expired);
    tcase_add_test(group, check_finds_the_key_of_another_certificate);
    tcase_add_loop_test(group, check_finds_a_secret_that_all_can_read, 0, 2);
    return group;
}

UNIT_MAIN("conf/server_cmdline", taking, errors, printing)
