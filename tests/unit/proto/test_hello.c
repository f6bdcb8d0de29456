/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_hello: HELLO, WELCOME and REJECT there and back, and what a hostile peer may make of them.
 */
#include "config.h"

#include "proto/hello.h"
#include "proto/limits.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INSTANCE "00112233445566778899aabbccddeeff"
#define SESSION  "ffeeddccbbaa99887766554433221100"
#define PROOF    "0101010101010101010101010101010101010101010101010101010101010101"

static void fill(uint8_t bytes[SECRET_SIZE], uint8_t with) {
    memset(bytes, with, SECRET_SIZE);
}

START_TEST(hello_comes_back_as_it_was_sent) {
    struct hello sent = {.kind = HELLO_KIND_DATA,
                         .protocol = PROTO_VERSION,
                         .credential = "default",
                         .name = "web-1.example_x",
                         .group = "Group",
                         .instance = INSTANCE,
                         .session = SESSION,
                         .server_thread = 63,
                         .is_exclusive = true};
    fill(sent.proof, 0xa5);
    char *without = hello_format(&sent);
    ck_assert_ptr_nonnull(without);
    char *text = hello_add_proof(without, sent.proof);
    ck_assert_ptr_nonnull(text);
    struct hello got;
    struct error error = {{0}};
    ck_assert_msg(hello_parse(&got, text, strlen(text), &error) == 0, "%s", error.text);
    ck_assert_int_eq(got.kind, sent.kind);
    ck_assert_uint_eq(got.protocol, PROTO_VERSION);
    ck_assert_str_eq(got.credential, sent.credential);
    ck_assert_str_eq(got.name, sent.name);
    ck_assert_str_eq(got.group, sent.group);
    ck_assert_str_eq(got.instance, INSTANCE);
    ck_assert_str_eq(got.session, SESSION);
    ck_assert_uint_eq(got.server_thread, 63);
    ck_assert(got.is_exclusive);
    ck_assert(got.has_proof);
    ck_assert_mem_eq(got.proof, sent.proof, SECRET_SIZE);
    hello_done(&got);
    ck_assert_int_eq(hello_parse(&got, without, strlen(without), &error), 0);
    ck_assert(!got.has_proof);
    hello_done(&got);
    free(text);
    free(without);
}
END_TEST

START_TEST(a_control_hello_names_the_session_to_go_on_with) {
    struct hello sent = {.protocol = PROTO_VERSION,
                         .name = "web",
                         .instance = INSTANCE,
                         .resume = SESSION,
                         .version = "1.2.3~rc1"},
                 got;
    struct error error = {{0}};
    char *text = hello_format(&sent);
    ck_assert_msg(hello_parse(&got, text, strlen(text), &error) == 0, "%s", error.text);
    ck_assert_str_eq(got.resume, SESSION);
    ck_assert_str_eq(got.version, "1.2.3~rc1");
    ck_assert_str_eq(got.session, "");
    hello_done(&got);
    free(text);
}
END_TEST

START_TEST(a_shared_link_is_what_is_not_called_exclusive) {
    struct hello sent = {
        .kind = HELLO_KIND_DATA, .protocol = PROTO_VERSION, .name = "web", .instance = INSTANCE, .session = SESSION};
    struct hello got;
    char *text = hello_format(&sent);
    ck_assert_ptr_null(strstr(text, "exclusive"));
    ck_assert_int_eq(hello_parse(&got, text, strlen(text), NULL), 0);
    ck_assert_uint_eq(got.server_thread, 0);
    ck_assert(!got.is_exclusive);
    hello_done(&got);
    free(text);
}
END_TEST

START_TEST(what_a_hello_leaves_out_is_empty) {
    static const char text[] =
        "{\"protocol\":2,\"kind\":\"control\",\"name\":\"a\",\"instance\":\"" INSTANCE "\",\"from the future\":[1,2]}";
    struct hello got;
    struct error error = {{0}};
    ck_assert_msg(hello_parse(&got, text, sizeof text - 1, &error) == 0, "%s", error.text);
    ck_assert_str_eq(got.credential, "");
    ck_assert_str_eq(got.group, "");
    ck_assert_str_eq(got.session, "");
    ck_assert_str_eq(got.resume, "");
    ck_assert(!got.has_proof);
    hello_done(&got);
    hello_done(&got); /* again is harmless */
}
END_TEST

START_TEST(another_protocol_is_told_by_its_number_alone) {
    static const char text[] = "{\"protocol\":7,\"kind\":{\"new\":1}}";
    struct hello got;
    ck_assert_int_eq(hello_parse(&got, text, sizeof text - 1, NULL), 0);
    ck_assert_uint_eq(got.protocol, 7);
    ck_assert_str_eq(got.name, "");
    hello_done(&got);
}
END_TEST

#define NAMED(name) "\"protocol\":2,\"kind\":\"control\",\"name\":\"" name "\",\"instance\":\"" INSTANCE "\""
#define GOOD        NAMED("a")
#define DATA        "\"protocol\":2,\"kind\":\"data\",\"name\":\"a\",\"instance\":\"" INSTANCE "\""
static const struct {
    const char *text, *says;
} bad_hellos[] = {
    {"", ""},
    {"[]", ""},
    {"{", ""},
    {"{" GOOD "} ,", ""},
    {"{},{},{},{}", ""},
    {"{\"protocol\":1e400}", ""},
    {"{\"protocol\":2,\"protocol\":2}", ""},
    {"{\"protocol\":\"2\"}", "\"protocol\""},
    {"{\"protocol\":2.0}", "\"protocol\""},
    {"{\"protocol\":-1}", "\"protocol\""},
    {"{\"protocol\":null}", "\"protocol\""},
    {"{\"kind\":\"control\"}", "\"protocol\" is missing"},
    {"{\"protocol\":2,\"name\":\"a\",\"instance\":\"" INSTANCE "\"}", "\"kind\" is missing"},
    {"{\"protocol\":2,\"kind\":\"visit\",\"name\":\"a\",\"instance\":\"" INSTANCE "\"}", "\"kind\""},
    {"{\"protocol\":2,\"kind\":\"control\",\"instance\":\"" INSTANCE "\"}", "\"name\" is missing"},
    {"{\"protocol\":2,\"kind\":\"control\",\"name\":\"\",\"instance\":\"" INSTANCE "\"}", "\"name\" is empty"},
    {"{\"protocol\":2,\"kind\":\"control\",\"name\":\"a\\u001b[2J\",\"instance\":\"" INSTANCE "\"}",
     "control character"},
    {"{\"protocol\":2,\"kind\":\"control\",\"name\":\"a\\n\",\"instance\":\"" INSTANCE "\"}", "control character"},
    {"{\"protocol\":2,\"kind\":\"control\",\"name\":\"a\\u007f\",\"instance\":\"" INSTANCE "\"}", "control character"},
    {"{\"protocol\":2,\"kind\":\"control\",\"name\":\"a\\u009b\",\"instance\":\"" INSTANCE "\"}", "control character"},
    {"{\"protocol\":2,\"kind\":\"control\",\"name\":\"a\\u0000b\",\"instance\":\"" INSTANCE "\"}", ""},
    {"{\"protocol\":2,\"kind\":\"control\",\"name\":\"\xff\xfe\",\"instance\":\"" INSTANCE "\"}", ""},
    {"{\"protocol\":2,\"kind\":\"control\",\"name\":"
     "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\",\"instance\":\"" INSTANCE "\"}",
     "longer than 64"},
    {"{\"protocol\":2,\"kind\":\"control\",\"name\":\"a\",\"instance\":\"0011\"}", "32 hexadecimal digits"},
    {"{\"protocol\":2,\"kind\":\"control\",\"name\":\"a\",\"instance\":\"0011223344556677889 aabbccddeeff\"}",
     "hexadecimal digits"},
    {"{\"protocol\":2,\"kind\":\"data\",\"name\":\"a\",\"instance\":\"" INSTANCE "\"}", "\"session\" is missing"},
    {"{" DATA ",\"session\":5}", "\"session\""},
    {"{" DATA ",\"session\":\"" SESSION "\"}", "\"thread\" is missing"},
    {"{" DATA ",\"session\":\"" SESSION "\",\"thread\":64}", "\"thread\" is not between 0 and 63"},
    {"{" DATA ",\"session\":\"" SESSION "\",\"thread\":-1}", "\"thread\""},
    {"{" DATA ",\"session\":\"" SESSION "\",\"thread\":\"0\"}", "\"thread\""},
    {"{" DATA ",\"session\":\"" SESSION "\",\"thread\":0,\"exclusive\":1}", "\"exclusive\" is neither"},
    {"{" NAMED(".") "}", "\"name\" is not a name"}, /* the admin API could not address it */
    {"{" NAMED("..") "}", "\"name\" is not a name"},
    {"{" NAMED("a/b") "}", "\"name\" is not a name"},
    {"{" NAMED("a#0011") "}", "\"name\" is not a name"}, /* the label of another one */
    {"{" GOOD ",\"group\":\"..\"}", "\"group\" is not a name"},
    {"{" GOOD ",\"group\":\"*\"}", "\"group\" is not a name"},
    {"{" GOOD ",\"credential\":\"..\"}", "\"credential\" is not a name"},
    {"{" GOOD ",\"resume\":5}", "\"resume\""},
    {"{" GOOD ",\"resume\":\"" SESSION "0\"}", "\"resume\""},
    {"{" GOOD ",\"version\":1}", "\"version\""},
    {"{" GOOD ",\"version\":\"1\\u001b[2J\"}", "control character"},
    {"{" GOOD ",\"version\":\"11111111111111111111111111111111111111111111111111111111111111111\"}", "longer than 64"},
    {"{" GOOD ",\"group\":[]}", "\"group\""},
    {"{" GOOD ",\"credential\":null}", "\"credential\""},
    {"{" GOOD ",\"proof\":\"00\"}", "\"proof\""},
    {"{" GOOD ",\"proof\":\"" PROOF "00\"}", "\"proof\""},
    {"{" GOOD ",\"proof\":12}", "\"proof\""},
};

START_TEST(a_bad_hello_is_refused_in_words) {
    struct hello got;
    struct error error = {{0}};
    const char *text = bad_hellos[_i].text;
    ck_assert_msg(hello_parse(&got, text, strlen(text), &error) == -1, "taken: %s", text);
    ck_assert_msg(strstr(error.text, bad_hellos[_i].says) && *error.text, "%s: %s", text, error.text);
    ck_assert_ptr_null(got.json);
    ck_assert_str_eq(got.name, "");
}
END_TEST

START_TEST(bytes_behind_a_nul_and_too_many_bytes_are_refused) {
    struct hello got;
    static const char with_nul[] = "{" GOOD "}\0garbage";
    ck_assert_int_eq(hello_parse(&got, with_nul, sizeof with_nul - 1, NULL), -1);
    char large[5000];
    memset(large, ' ', sizeof large);
    memcpy(large, "{" GOOD "}", strlen("{" GOOD "}"));
    ck_assert_int_eq(hello_parse(&got, large, 4096, NULL), 0);
    hello_done(&got);
    ck_assert_int_eq(hello_parse(&got, large, 4097, NULL), -1);
}
END_TEST

START_TEST(a_proof_fits_behind_any_object) {
    uint8_t proof[SECRET_SIZE];
    fill(proof, 1);
    char *text = hello_add_proof("{}", proof);
    ck_assert_str_eq(text, "{\"proof\":\"" PROOF "\"}");
    free(text);
    text = hello_add_proof("{\"a\":1}", proof);
    ck_assert_str_eq(text, "{\"a\":1,\"proof\":\"" PROOF "\"}");
    free(text);
    ck_assert_ptr_null(hello_add_proof("", proof));
    ck_assert_ptr_null(hello_add_proof("{\"a\":1", proof));
}
END_TEST

START_TEST(welcome_comes_back_as_it_was_sent) {
    struct welcome sent = {.session = SESSION,
                           .server = INSTANCE,
                           .ping_s = 10,
                           .dead_after_s = 30,
                           .threads = PROTO_THREADS_MAX,
                           .resume_s = PROTO_RESUME_MAX_S,
                           .has_proof = true};
    struct welcome got;
    struct error error = {{0}};
    fill(sent.session_key, 0x11);
    fill(sent.proof, 0x22);
    char *text = welcome_format(&sent);
    ck_assert_msg(welcome_parse(&got, text, strlen(text), &error) == 0, "%s", error.text);
    ck_assert_str_eq(got.session, SESSION);
    ck_assert_str_eq(got.server, INSTANCE);
    ck_assert_mem_eq(got.session_key, sent.session_key, SECRET_SIZE);
    ck_assert_mem_eq(got.proof, sent.proof, SECRET_SIZE);
    ck_assert_uint_eq(got.ping_s, 10);
    ck_assert_uint_eq(got.dead_after_s, 30);
    ck_assert_uint_eq(got.threads, PROTO_THREADS_MAX);
    ck_assert_uint_eq(got.resume_s, PROTO_RESUME_MAX_S);
    welcome_done(&got);
    ck_assert_str_eq(got.session, "");
    free(text);
}
END_TEST

START_TEST(a_session_that_is_not_resumed_has_no_resume_in_its_welcome) {
    struct welcome sent = {.session = SESSION, .server = INSTANCE, .threads = 1}, got;
    char *text = welcome_format(&sent);
    ck_assert_ptr_null(strstr(text, "resume"));
    ck_assert_int_eq(welcome_parse(&got, text, strlen(text), NULL), 0);
    ck_assert_uint_eq(got.threads, 1);
    ck_assert_uint_eq(got.resume_s, 0);
    ck_assert(!got.has_proof);
    welcome_done(&got);
    free(text);
}
END_TEST

START_TEST(the_welcome_of_a_data_link_carries_a_proof) {
    uint8_t sent[SECRET_SIZE], got[SECRET_SIZE];
    fill(sent, 0x11);
    char *text = hello_add_proof("{}", sent);
    ck_assert_int_eq(welcome_parse_data(got, text, strlen(text), NULL), 0);
    ck_assert_mem_eq(got, sent, SECRET_SIZE);
    free(text);
}
END_TEST

static const char *const bad_data_welcomes[] = {
    "",
    "{}",
    "[]",
    "{\"proof\":true}",
    "{\"proof\":\"\"}",
    "{\"proof\":\"" PROOF "0\"}",
    "{\"proof\":\"" PROOF "\",\"proof\":\"" PROOF "\"}",
};

START_TEST(a_data_welcome_without_a_proof_is_refused) {
    uint8_t got[SECRET_SIZE];
    struct error error = {{0}};
    const char *text = bad_data_welcomes[_i];
    ck_assert_msg(welcome_parse_data(got, text, strlen(text), &error) == -1, "taken: %s", text);
    ck_assert_str_ne(error.text, "");
}
END_TEST

#define KEYED   "\"session\":\"" SESSION "\",\"session_key\":\"" PROOF "\""
#define WELCOME "\"server\":\"" INSTANCE "\"," KEYED
static const char *const bad_welcomes[] = {
    "{}",
    "{\"server\":\"" INSTANCE "\",\"threads\":1}",
    "{\"threads\":1,\"server\":1," KEYED "}",
    "{\"threads\":1,\"server\":\"\"," KEYED "}",
    "{\"threads\":1,\"server\":\"" INSTANCE "\",\"session\":\"" SESSION "\"}",
    "{\"threads\":1,\"server\":\"" INSTANCE "\",\"session\":\"" SESSION "\",\"session_key\":\"12\"}",
    "{\"threads\":1,\"server\":\"" INSTANCE "\",\"session_key\":\"" PROOF "\"}",
    "{" WELCOME "}",
    "{" WELCOME ",\"threads\":0}",
    "{" WELCOME ",\"threads\":65}",
    "{" WELCOME ",\"threads\":\"2\"}",
    "{" WELCOME ",\"threads\":1,\"resume\":3601}",
    "{" WELCOME ",\"threads\":1,\"resume\":-1}",
    "{" WELCOME ",\"threads\":1,\"resume\":true}",
    "{" WELCOME ",\"threads\":1,\"ping\":-1}",
    "{" WELCOME ",\"threads\":1,\"ping\":9999999999}",
    "{" WELCOME ",\"threads\":1,\"dead_after\":\"30\"}",
    "{" WELCOME ",\"threads\":1,\"proof\":true}",
};

START_TEST(the_bad_welcomes_are_bad_by_one_member) {
    struct welcome got;
    struct error error = {{0}};
    static const char good[] = "{" WELCOME ",\"threads\":1}";
    ck_assert_msg(welcome_parse(&got, good, sizeof good - 1, &error) == 0, "%s", error.text);
    welcome_done(&got);
}
END_TEST

START_TEST(a_bad_welcome_is_refused) {
    struct welcome got;
    struct error error = {{0}};
    ck_assert_int_eq(welcome_parse(&got, bad_welcomes[_i], strlen(bad_welcomes[_i]), &error), -1);
    ck_assert_str_ne(error.text, "");
    ck_assert_ptr_null(got.json);
}
END_TEST

START_TEST(each_reject_keeps_its_code_and_its_reason) {
    for (int code = REJECT_PROTOCOL; code <= REJECT_MALFORMED; code++) {
        struct reject got;
        char *text = reject_format((enum reject_code)code, "no \"such\" agent\n", 60);
        ck_assert_int_eq(reject_parse(&got, text, strlen(text), NULL), 0);
        ck_assert_int_eq(got.code, code);
        ck_assert_str_eq(got.reason, "no \"such\" agent?");
        ck_assert_uint_eq(got.retry_after_s, 60);
        reject_done(&got);
        free(text);
    }
}
END_TEST

START_TEST(only_what_cannot_mend_itself_is_final) {
    ck_assert_str_eq(reject_code_name(REJECT_CREDENTIAL), "credential");
    ck_assert(reject_is_final(REJECT_CREDENTIAL));
    ck_assert(reject_is_final(REJECT_PROTOCOL));
    ck_assert(!reject_is_final(REJECT_BUSY));
    ck_assert(!reject_is_final(REJECT_STOPPING));
}
END_TEST

START_TEST(a_code_of_a_later_version_is_not_final) {
    struct reject got;
    static const char text[] = "{\"code\":\"tuesday\",\"reason\":\"closed\"}";
    ck_assert_int_eq(reject_parse(&got, text, sizeof text - 1, NULL), 0);
    ck_assert(!reject_is_final(got.code));
    reject_done(&got);
}
END_TEST

START_TEST(a_reason_of_any_length_is_cut_between_characters) {
    char words[2001];
    for (size_t i = 0; i + 1 < sizeof words; i += 2)
        memcpy(words + i, "\xc3\xa9", 2);
    words[sizeof words - 1] = '\0';
    char *text = reject_format(REJECT_BUSY, words, 0);
    struct reject got;
    ck_assert_int_eq(reject_parse(&got, text, strlen(text), NULL), 0);
    ck_assert_uint_eq(strlen(got.reason), 256);
    reject_done(&got);
    free(text);
}
END_TEST

static TCase *hello(void) {
    TCase *group = tcase_create("hello");
    tcase_add_test(group, hello_comes_back_as_it_was_sent);
    tcase_add_test(group, a_control_hello_names_the_session_to_go_on_with);
    tcase_add_test(group, a_shared_link_is_what_is_not_called_exclusive);
    tcase_add_test(group, what_a_hello_leaves_out_is_empty);
    tcase_add_test(group, another_protocol_is_told_by_its_number_alone);
    tcase_add_loop_test(group, a_bad_hello_is_refused_in_words, 0, (int)(sizeof bad_hellos / sizeof bad_hellos[0]));
    tcase_add_test(group, bytes_behind_a_nul_and_too_many_bytes_are_refused);
    tcase_add_test(group, a_proof_fits_behind_any_object);
    return group;
}

static TCase *welcome(void) {
    TCase *group = tcase_create("welcome");
    tcase_add_test(group, welcome_comes_back_as_it_was_sent);
    tcase_add_test(group, the_welcome_of_a_data_link_carries_a_proof);
    tcase_add_loop_test(group, a_data_welcome_without_a_proof_is_refused, 0,
                        sizeof bad_data_welcomes / sizeof bad_data_welcomes[0]);
    tcase_add_test(group, a_session_that_is_not_resumed_has_no_resume_in_its_welcome);
    tcase_add_test(group, the_bad_welcomes_are_bad_by_one_member);
    tcase_add_loop_test(group, a_bad_welcome_is_refused, 0, (int)(sizeof bad_welcomes / sizeof bad_welcomes[0]));
    return group;
}

static TCase *reject(void) {
    TCase *group = tcase_create("reject");
    tcase_add_test(group, each_reject_keeps_its_code_and_its_reason);
    tcase_add_test(group, only_what_cannot_mend_itself_is_final);
    tcase_add_test(group, a_code_of_a_later_version_is_not_final);
    tcase_add_test(group, a_reason_of_any_length_is_cut_between_characters);
    return group;
}

UNIT_MAIN("proto/hello", hello, welcome, reject)
