/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_agent_certificate: "munnel agent add, rotate" with certificates; whom they let in, and what is refused.
 */
#include "config.h"

#include "unit.h"

#include "conf/credentials.h"
#include "ctl/tool.h"
#include "lib/tls/tls.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static X509 *load(const char *name) {
    FILE *file = fopen(unit_path(name), "r");
    ck_assert_msg(file, "%s is missing", name);
    X509 *certificate = PEM_read_X509(file, NULL, NULL, NULL);
    fclose(file);
    return certificate;
}

/* Whom the agents file lets in by the certificate in this file. */
static const char *owner(const char *name, char text[65]) {
    struct credentials *credentials = credentials_read(unit_path("s/agents.json"), NULL);
    X509 *certificate = load(name);
    const struct credential *found = credentials_find_certificate(credentials, certificate, time(NULL));
    snprintf(text, 65, "%s", found ? found->name : "nobody");
    credentials_free(credentials);
    X509_free(certificate);
    return text;
}

START_TEST(a_certificate_is_signed_and_lets_in_its_key_alone) {
    struct error error = {{0}};
    char text[65], other[65];
    ck_assert_msg(tool_run(agent_add_run, "web1", "--certificate", unit_path("c1"), NULL) == 0, "%s", printed.text[1]);
    ck_assert_str_eq(printed.text[0], ""); /* no code: the certificate is enough */
    ck_assert_ptr_nonnull(strstr(printed.text[1], "munnel-agent --ca ca.pem munnel.example:10001"));
    struct stat status;
    ck_assert(stat(unit_path("c1/agent.key"), &status) == 0 && (status.st_mode & 077) == 0);
    const struct tls_client_options options = {.ca = unit_path("c1/ca.pem"),
                                               .certificate = unit_path("c1/agent.pem"),
                                               .key = unit_path("c1/agent.key")};
    SSL_CTX *context = tls_client_context(&options, &error);
    ck_assert_msg(context, "%s", error.text);
    SSL_CTX_free(context);
    X509 *certificate = load("c1/agent.pem");
    ck_assert_int_eq(X509_check_purpose(certificate, X509_PURPOSE_SSL_CLIENT, 0), 1);
    ck_assert_int_eq(X509_check_purpose(certificate, X509_PURPOSE_SSL_SERVER, 0), 0);
    X509_free(certificate);
    ck_assert_str_eq(owner("c1/agent.pem", text), "web1");
    /* The key of a revoked agent is not accepted for the next agent of its name. */
    ck_assert_int_eq(tool_run(agent_revoke_run, "web1", NULL), 0);
    ck_assert_int_eq(tool_run(agent_add_run, "web1", "--certificate", unit_path("c2"), NULL), 0);
    ck_assert_str_eq(owner("c1/agent.pem", text), "nobody");
    ck_assert_str_eq(owner("c2/agent.pem", other), "web1");
}
END_TEST

START_TEST(rotation_keeps_the_certificate_before_until_it_is_said_to_be_old) {
    char text[65];
    ck_assert_int_eq(tool_run(agent_add_run, "web1", "--certificate", unit_path("c1"), NULL), 0);
    ck_assert_int_eq(tool_run(agent_rotate_run, "web1", NULL), 1);
    ck_assert_ptr_nonnull(strstr(printed.text[1], "--certificate"));
    ck_assert_int_eq(tool_run(agent_rotate_run, "web1", "--certificate", unit_path("c2"), NULL), 0);
    ck_assert_str_eq(owner("c1/agent.pem", text), "web1");
    ck_assert_str_eq(owner("c2/agent.pem", text), "web1");
    ck_assert_int_eq(tool_run(agent_rotate_run, "web1", "--certificate", unit_path("c3"), NULL), 1);
    ck_assert_ptr_nonnull(strstr(printed.text[1], "web1 may join by 2 certificates"));
    ck_assert_ptr_nonnull(strstr(printed.text[1], "--drop-old"));
    ck_assert_int_ne(access(unit_path("c3"), F_OK), 0);
    ck_assert_str_eq(owner("c1/agent.pem", text), "web1"); /* by which it joins, if the second was lost */
    ck_assert_int_eq(tool_run(agent_rotate_run, "web1", "--drop-old", "--certificate", unit_path("c3"), NULL), 0);
    ck_assert_str_eq(owner("c1/agent.pem", text), "nobody");
    ck_assert_str_eq(owner("c2/agent.pem", text), "web1");
    ck_assert_str_eq(owner("c3/agent.pem", text), "web1");
}
END_TEST

START_TEST(nothing_is_signed_over_something_or_without_the_key) {
    ck_assert_int_eq(tool_run(agent_add_run, "web1", "--certificate", unit_path("c1"), NULL), 0);
    ck_assert_int_eq(tool_run(agent_add_run, "web2", "--certificate", unit_path("c1"), NULL), 1);
    ck_assert_ptr_nonnull(strstr(printed.text[1], "agent.pem exists already"));
    ck_assert_int_eq(rename(unit_path("s/ca.key"), unit_path("safe.key")), 0);
    ck_assert_int_eq(tool_run(agent_add_run, "web2", "--certificate", unit_path("c2"), NULL), 1);
    ck_assert_ptr_nonnull(strstr(printed.text[1], "--ca-key"));
    ck_assert_int_eq(tool_run(agent_list_run, NULL), 0);
    ck_assert_ptr_null(strstr(printed.text[0], "web2"));
    ck_assert_int_eq(tool_run(agent_add_run, "web2", "--certificate", unit_path("c2"), "--ca-key",
                              unit_path("safe.key"), NULL),
                     0);
}
END_TEST

START_TEST(a_name_of_another_authority_is_registered) {
    ck_assert_int_eq(tool_run(agent_add_run, "web1", "--certificate-name", "web1.example", NULL), 0);
    ck_assert_int_eq(tool_run(agent_add_run, "web2", "--certificate-name", "web1.example", NULL), 1);
    ck_assert_ptr_nonnull(strstr(printed.text[1], "is that of agent web1 already"));
    ck_assert_int_eq(tool_run(agent_add_run, "web3", "--certificate-name", "*.example", NULL), 2);
}
END_TEST

START_TEST(where_both_are_required_there_is_a_code_as_well) {
    unit_text_file("s/munnel.json", "{\"agents\":{\"tls\":{\"client_ca\":\"ca.pem\"},"
                                    "\"auth\":{\"require\":\"both\"}},\"services\":[]}");
    ck_assert_msg(tool_run(agent_add_run, "--config", unit_path("s/munnel.json"), "--certificate", unit_path("c1"),
                           "web1", NULL) == 0,
                  "%s", printed.text[1]);
    struct join_code code = tool_code();
    ck_assert(tool_admits(&code, time(NULL), ""));
    ck_assert_ptr_nonnull(strstr(printed.text[1], "munnel-agent --ca ca.pem --join - munnel.example:10001"));
}
END_TEST

static TCase *certificates(void) {
    TCase *group = tcase_create("certificates");
    tcase_add_checked_fixture(group, tool_set_up, tool_forget);
    tcase_add_test(group, a_certificate_is_signed_and_lets_in_its_key_alone);
    tcase_add_test(group, rotation_keeps_the_certificate_before_until_it_is_said_to_be_old);
    tcase_add_test(group, nothing_is_signed_over_something_or_without_the_key);
    tcase_add_test(group, a_name_of_another_authority_is_registered);
    tcase_add_test(group, where_both_are_required_there_is_a_code_as_well);
    return group;
}

UNIT_MAIN("ctl/agent_certificate", certificates)
