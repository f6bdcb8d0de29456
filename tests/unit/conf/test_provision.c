/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_provision: what a new server gets fits together, and nothing that is there is touched.
 */
#include "config.h"

#include "unit.h"

#include "conf/credentials.h"
#include "conf/provision.h"
#include "lib/base/file.h"
#include "lib/tls/certificate.h"
#include "lib/tls/tls.h"
#include "proto/auth_proof.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const all[] = {"ca.pem",      "ca.key",      "server.pem", "server.key",
                                  "agent.token", "agents.json", "munnel.json"};
enum { FILES = sizeof all / sizeof all[0] };

static char host[] = "munnel.example", address[] = "10.0.0.143";
static char *names[] = {host, address};

static struct provision standard(void) {
    return (struct provision){.folder = unit_path("state/munnel"), .names = {names, 2}, .with_configuration = true};
}

static const char *in_folder(const char *name) {
    char text[64];
    snprintf(text, sizeof text, "state/munnel/%s", name);
    return unit_path(text);
}

static bool run(const struct provision *setup) {
    struct error error = {{0}};
    bool made = false;
    ck_assert_msg(provision_server(setup, &made, &error) == 0, "%s", error.text);
    return made;
}

static void fails(const struct provision *setup, const char *says) {
    struct error error = {{0}};
    bool made;
    ck_assert_int_eq(provision_server(setup, &made, &error), -1);
    ck_assert_msg(strstr(error.text, says), "%s", error.text);
}

START_TEST(all_is_made_with_the_right_rights) {
    static const unsigned modes[FILES] = {0644, 0600, 0644, 0600, 0600, 0640, 0640};
    struct provision setup = standard();
    ck_assert(run(&setup));
    for (int i = 0; i < FILES; i++)
        ck_assert_msg(unit_has_mode(in_folder(all[i]), modes[i]), "%s", all[i]);
    ck_assert(unit_has_mode(setup.folder, 0700));
    struct stat services;
    ck_assert_int_eq(stat(in_folder("services.d"), &services), 0);
    ck_assert(S_ISDIR(services.st_mode));
    ck_assert(unit_has_mode(in_folder("services.d"), 0750));
}
END_TEST

START_TEST(token_and_agents_file_fit_each_other) {
    struct provision setup = standard();
    run(&setup);
    struct auth_token token;
    struct error error = {{0}};
    char *text = unit_read(in_folder("agent.token"), NULL);
    ck_assert_msg(auth_token_parse(&token, text, &error) == 0, "%s", error.text);
    free(text);
    ck_assert_str_eq(token.name, "default");
    uint8_t key[SECRET_SIZE], channel[SECRET_SIZE] = {1}, proof[SECRET_SIZE];
    const uint8_t *server_key;
    const struct credential *found;
    auth_token_key(&token, key);
    auth_proof_make(proof, key, AUTH_PROOF_AGENT, channel);
    struct credentials *credentials = credentials_read(in_folder("agents.json"), &error);
    ck_assert_msg(credentials, "%s", error.text);
    ck_assert(credentials_check(credentials, "default", proof, channel, 1, &found, &server_key));
    ck_assert(credential_carries(found, "AnyGroup"));
    text = unit_read(in_folder("agents.json"), NULL);
    char digits[SECRET_HEX];
    ck_assert_ptr_null(strstr(text, secret_to_hex(token.secret, SECRET_SIZE, digits)));
    free(text);
    credentials_free(credentials);
}
END_TEST

static X509 *load(const char *path) {
    FILE *file = fopen(path, "r");
    X509 *certificate = PEM_read_X509(file, NULL, NULL, NULL);
    fclose(file);
    ck_assert_ptr_nonnull(certificate);
    return certificate;
}

START_TEST(the_certificate_is_for_the_names_given) {
    struct provision setup = standard();
    run(&setup);
    X509 *certificate = load(in_folder("server.pem"));
    ck_assert_int_eq(X509_check_host(certificate, host, 0, 0, NULL), 1);
    ck_assert_int_eq(X509_check_ip_asc(certificate, address, 0), 1);
    ck_assert_int_eq(X509_check_host(certificate, "localhost", 0, 0, NULL), 0);
    X509_free(certificate);
    const struct tls_server_options options = {.certificate = in_folder("server.pem"), .key = in_folder("server.key")};
    struct error error = {{0}};
    SSL_CTX *context = tls_server_context(&options, &error);
    ck_assert_msg(context, "%s", error.text);
    ck_assert_int_ge(tls_days_left(context), 824);
    ck_assert_int_le(tls_days_left(context), 825);
    SSL_CTX_free(context);
}
END_TEST

START_TEST(without_names_it_is_for_this_machine) {
    struct provision setup = standard();
    setup.names = (struct strlist){NULL, 0};
    run(&setup);
    X509 *certificate = load(in_folder("server.pem"));
    char own[256] = "";
    gethostname(own, sizeof own - 1);
    ck_assert_int_eq(X509_check_host(certificate, "localhost", 0, 0, NULL), 1);
    ck_assert_int_eq(X509_check_host(certificate, own, 0, 0, NULL), 1);
    ck_assert_int_eq(X509_check_ip_asc(certificate, "127.0.0.1", 0), 1);
    ck_assert_int_eq(X509_check_ip_asc(certificate, "::1", 0), 1);
    X509_free(certificate);
}
END_TEST

START_TEST(the_configuration_is_read_as_it_stands) {
    struct provision setup = standard();
    setup.listen = "127.0.0.1:4711";
    run(&setup);
    struct error error = {{0}};
    struct server_config *conf = server_config_read(in_folder("munnel.json"), &error);
    ck_assert_msg(conf, "%s", error.text);
    ck_assert_uint_eq(conf->service_count, 1);
    ck_assert_str_eq(conf->agents.listen.items[0], "127.0.0.1:4711");
    ck_assert_str_eq(conf->agents.certificate, in_folder("server.pem"));
    ck_assert_str_eq(conf->agents.tokens, in_folder("agents.json"));
    server_config_free(conf);
}
END_TEST

START_TEST(an_agents_file_elsewhere_is_named_by_the_configuration) {
    struct provision setup = standard();
    struct error error = {{0}};
    setup.agents = unit_path("elsewhere/of/agents.json");
    ck_assert(run(&setup));
    ck_assert(provision_first_agent_can_join(&setup));
    ck_assert(!file_exists(in_folder("agents.json")));
    struct server_config *conf = server_config_read(in_folder("munnel.json"), &error);
    ck_assert_msg(conf, "%s", error.text);
    ck_assert_str_eq(conf->agents.tokens, setup.agents);
    server_config_free(conf);
    ck_assert(!run(&setup));
}
END_TEST

START_TEST(a_second_time_changes_nothing) {
    struct provision setup = standard();
    char *before[FILES];
    run(&setup);
    for (int i = 0; i < FILES; i++)
        before[i] = unit_read(in_folder(all[i]), NULL);
    ck_assert(!run(&setup));
    for (int i = 0; i < FILES; i++) {
        char *after = unit_read(in_folder(all[i]), NULL);
        ck_assert_str_eq(before[i], after);
        free(after);
        free(before[i]);
    }
}
END_TEST

START_TEST(only_what_is_missing_is_made_and_it_fits) {
    struct provision setup = standard();
    run(&setup);
    char *token = unit_read(in_folder("agent.token"), NULL);
    unlink(in_folder("agents.json"));
    unlink(in_folder("server.pem"));
    unlink(in_folder("server.key"));
    ck_assert(run(&setup));
    char *after = unit_read(in_folder("agent.token"), NULL);
    ck_assert_str_eq(token, after);
    struct auth_token parsed;
    uint8_t key[SECRET_SIZE];
    ck_assert_int_eq(auth_token_parse(&parsed, after, NULL), 0);
    auth_token_key(&parsed, key);
    struct credentials *credentials = credentials_read(in_folder("agents.json"), NULL);
    ck_assert_mem_eq(credentials_find(credentials, "default")->keys[0].key, key, SECRET_SIZE);
    credentials_free(credentials);
    X509 *ca = load(in_folder("ca.pem")), *server = load(in_folder("server.pem"));
    ck_assert_int_eq(X509_verify(server, X509_get0_pubkey(ca)), 1);
    X509_free(ca);
    X509_free(server);
    free(after);
    free(token);
}
END_TEST

START_TEST(a_token_that_was_moved_to_its_agent_is_not_replaced) {
    struct provision setup = standard();
    run(&setup);
    unlink(in_folder("agent.token"));
    ck_assert(!run(&setup));
    ck_assert(!file_exists(in_folder("agent.token")));
}
END_TEST

START_TEST(a_ca_key_that_is_kept_elsewhere_is_not_missed_until_it_is_needed) {
    struct provision setup = standard();
    run(&setup);
    unlink(in_folder("ca.key"));
    ck_assert(!run(&setup));
    unlink(in_folder("server.pem"));
    unlink(in_folder("server.key"));
    fails(&setup, "ca.key is missing");
}
END_TEST

START_TEST(half_a_pair_is_an_error_and_is_left_alone) {
    struct provision setup = standard();
    run(&setup);
    unlink(in_folder("server.key"));
    fails(&setup,
          "server.key; put server.key back, or remove server.pem as well (agents that joined by a code then need a "
          "new one)");
    ck_assert(file_exists(in_folder("server.pem")));
    ck_assert(!file_exists(in_folder("server.key")));
    setup.folder = unit_path("other");
    unit_make_folder(setup.folder);
    unit_text_file("other/ca.key", "something");
    fails(&setup, "ca.pem; put ca.pem back, or remove ca.key as well (every agent then needs the new ca.pem)");
}
END_TEST

START_TEST(without_configuration_none_is_written) {
    struct provision setup = standard();
    setup.with_configuration = false;
    run(&setup);
    ck_assert(!file_exists(in_folder("munnel.json")));
}
END_TEST

START_TEST(a_folder_that_cannot_be_is_an_error) {
    struct provision setup = standard();
    setup.folder = unit_text_file("file", "x");
    fails(&setup, "file");
}
END_TEST

START_TEST(the_join_code_is_the_first_agents_while_its_token_is_there) {
    const struct provision setup = standard();
    struct error error = {{0}};
    struct join_code code;
    char text[JOIN_CODE_TEXT], pin[72];
    bool made;
    ck_assert_int_eq(provision_server(&setup, &made, &error), 0);
    ck_assert_msg(provision_join_code(&setup, text, &error) == 0, "%s", error.text);
    ck_assert_int_eq(join_code_parse(&code, text, &error), 0);
    ck_assert_uint_eq(code.server_count, 1);
    ck_assert_str_eq(code.servers[0], "munnel.example:10001");
    ck_assert_int_eq(certificate_read_pin(in_folder("server.pem"), pin, NULL), 0);
    ck_assert_str_eq(code.pins[0], pin);
    ck_assert_str_eq(code.token.name, "default");
    ck_assert_int_eq(unlink(in_folder("agent.token")), 0);
    ck_assert_int_eq(provision_join_code(&setup, text, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "agent.token"));
}
END_TEST

static void write_first_agent(const char *name, const struct auth_token *token, const char *until,
                              const char *expires) {
    char digits[SECRET_HEX], text[512];
    uint8_t key[SECRET_SIZE];
    auth_token_key(token, key);
    snprintf(
        text, sizeof text,
        "{\"agents\":[{\"name\":\"%s\",\"groups\":[\"*\"],\"keys\":[{\"key\":\"%s\",\"until\":%s}],\"expires\":%s}]}",
        name, secret_to_hex(key, sizeof key, digits), until, expires);
    ck_assert_int_eq(file_write(in_folder("agents.json"), text, strlen(text), 0600, NULL), 0);
}

START_TEST(the_first_agent_can_join_while_its_key_is_valid) {
    static const char later[] = "\"2099-01-01\"", earlier[] = "\"2020-01-01\"", never[] = "null";
    const struct provision setup = standard();
    struct auth_token token, other;
    run(&setup);
    ck_assert(provision_first_agent_can_join(&setup));
    char *text = unit_read(in_folder("agent.token"), NULL);
    ck_assert_int_eq(auth_token_parse(&token, text, NULL), 0);
    free(text);
    write_first_agent("default", &token, later, later);
    ck_assert(provision_first_agent_can_join(&setup));
    write_first_agent("default", &token, earlier, never);
    ck_assert(!provision_first_agent_can_join(&setup));
    write_first_agent("default", &token, never, earlier);
    ck_assert(!provision_first_agent_can_join(&setup));
    write_first_agent("other", &token, never, never);
    ck_assert(!provision_first_agent_can_join(&setup));
    ck_assert_int_eq(auth_token_make(&other, "default"), 0);
    write_first_agent("default", &other, never, never);
    ck_assert(!provision_first_agent_can_join(&setup));
    ck_assert_int_eq(unlink(in_folder("agent.token")), 0); /* that of its agent may have been replaced */
    ck_assert(provision_first_agent_can_join(&setup));
}
END_TEST

START_TEST(the_agents_line_can_be_typed) {
    struct provision setup = standard();
    char *line = provision_agent_line(&setup, "WinVNCGroup"), right[512];
    snprintf(right, sizeof right, "munnel-agent --ca %s/ca.pem munnel.example:10001 WinVNCGroup", setup.folder);
    ck_assert_str_eq(line, right);
    free(line);
    setup.listen = "[::1]:4711";
    line = provision_agent_line(&setup, NULL);
    snprintf(right, sizeof right, "munnel-agent --ca %s/ca.pem [::1]:4711", setup.folder);
    ck_assert_str_eq(line, right);
    free(line);
}
END_TEST

static TCase *making(void) {
    TCase *group = tcase_create("making");
    tcase_add_test(group, all_is_made_with_the_right_rights);
    tcase_add_test(group, token_and_agents_file_fit_each_other);
    tcase_add_test(group, the_certificate_is_for_the_names_given);
    tcase_add_test(group, without_names_it_is_for_this_machine);
    tcase_add_test(group, the_configuration_is_read_as_it_stands);
    tcase_add_test(group, an_agents_file_elsewhere_is_named_by_the_configuration);
    tcase_add_test(group, without_configuration_none_is_written);
    tcase_add_test(group, a_folder_that_cannot_be_is_an_error);
    tcase_add_test(group, the_join_code_is_the_first_agents_while_its_token_is_there);
    tcase_add_test(group, the_first_agent_can_join_while_its_key_is_valid);
    tcase_add_test(group, the_agents_line_can_be_typed);
    return group;
}

static TCase *keeping(void) {
    TCase *group = tcase_create("keeping");
    tcase_add_test(group, a_second_time_changes_nothing);
    tcase_add_test(group, only_what_is_missing_is_made_and_it_fits);
    tcase_add_test(group, a_token_that_was_moved_to_its_agent_is_not_replaced);
    tcase_add_test(group, a_ca_key_that_is_kept_elsewhere_is_not_missed_until_it_is_needed);
    tcase_add_test(group, half_a_pair_is_an_error_and_is_left_alone);
    return group;
}

UNIT_MAIN("conf/provision", making, keeping)
