/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_credentials_file: the agents file there and back, and what is wrong in one.
 */
#include "config.h"

#include "unit.h"

#include "conf/credentials.h"

#include <string.h>

enum { NOW = 1800000000 };

static struct credential named(const char *name, char *const *groups, size_t count, uint8_t key) {
    struct credential made = {.name = (char *)name, .key_count = 1, .groups = {(char **)groups, count}};
    memset(made.keys[0].key, key, SECRET_SIZE);
    return made;
}

START_TEST(the_file_comes_back) {
    char web[] = "web", db[] = "d\"b", star[] = "*", *some[] = {web, db}, *all[] = {star};
    struct credentials *credentials = credentials_new();
    struct credential a = named("a", some, 2, 1), b = named("b", all, 1, 2);
    a.key_count = 2;
    memset(a.keys[1].key, 3, SECRET_SIZE);
    a.keys[0].until = NOW;
    a.expires = NOW + 1;
    a.bandwidth_in = (struct credential_rate){true, 3000000000};
    b.bandwidth_out = (struct credential_rate){true, 0};
    char range[] = "20000-20099", host[] = "*.dev.example", *ranges[] = {range}, *hosts[] = {host};
    a.publish = (struct publish_permit){{ranges, 1}, {hosts, 1}};
    char first[] = "a.example", second[] = "spiffe://x/\"a", only[] = "b.example", *two[] = {first, second},
         *one[] = {only};
    a.certificates = (struct strlist){two, 2};
    b.certificates = (struct strlist){one, 1};
    struct error error = {{0}};
    ck_assert_int_eq(credentials_put(credentials, &a, &error), 0);
    ck_assert_int_eq(credentials_put(credentials, &b, &error), 0);
    const char *path = unit_path("agents.json");
    ck_assert_msg(credentials_write(credentials, path, &error) == 0, "%s", error.text);
    credentials_free(credentials);
    ck_assert(unit_has_mode(path, 0640));
    credentials = credentials_read(path, &error);
    ck_assert_msg(credentials, "%s", error.text);
    ck_assert_uint_eq(credentials_count(credentials), 2);
    const struct credential *got = credentials_find(credentials, "a");
    ck_assert_int_eq(got->key_count, 2);
    ck_assert_int_eq(got->keys[0].until, NOW);
    ck_assert_int_eq(got->keys[1].until, 0);
    ck_assert_int_eq(got->expires, NOW + 1);
    ck_assert(got->bandwidth_in.is_set && !got->bandwidth_out.is_set);
    ck_assert_uint_eq(got->bandwidth_in.bytes, 3000000000);
    ck_assert(credentials_find(credentials, "b")->bandwidth_out.is_set);
    ck_assert(publish_permit_has_port(&got->publish, 20099) && publish_permit_has_host(&got->publish, "x.dev.example"));
    ck_assert(publish_permit_is_empty(&credentials_find(credentials, "b")->publish));
    ck_assert_uint_eq(got->groups.count, 2);
    ck_assert_str_eq(got->groups.items[1], "d\"b");
    ck_assert_mem_eq(got->keys[1].key, a.keys[1].key, SECRET_SIZE);
    ck_assert_uint_eq(got->certificates.count, 2);
    ck_assert_str_eq(got->certificates.items[1], "spiffe://x/\"a");
    ck_assert_str_eq(credentials_find(credentials, "b")->certificates.items[0], "b.example");
    ck_assert_mem_eq(credentials_find(credentials, "b")->keys[0].key, b.keys[0].key, SECRET_SIZE);
    credentials_free(credentials);
}
END_TEST

START_TEST(an_empty_file_of_agents_lets_none_in) {
    struct credentials *credentials = credentials_read(unit_text_file("a.json", "{\"agents\": []}"), NULL);
    ck_assert_ptr_nonnull(credentials);
    ck_assert_uint_eq(credentials_count(credentials), 0);
    credentials_free(credentials);
}
END_TEST

START_TEST(a_file_that_others_can_read_is_refused) {
    const char *path = unit_text_file("a.json", "{\"agents\": []}");
    struct error error = {{0}};
    unit_let_others_read(path);
    ck_assert_ptr_null(credentials_read(path, &error));
    ck_assert_ptr_nonnull(strstr(error.text, path));
    ck_assert_ptr_null(credentials_read(unit_path("none.json"), &error));
    ck_assert_ptr_nonnull(strstr(error.text, "none.json"));
}
END_TEST

#define KEY "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define ONE "{\"name\":\"a\",\"keys\":[{\"key\":\"" KEY "\"}],\"groups\":[\"*\"]}"
static const struct {
    const char *text, *says;
} bad[] = {
    {"", ""},
    {"{\n\"agents\": [,]}", ":2:"},
    {"[]", ""},
    {"{}", ": agents: is missing; write a list [{...}, {...}]"},
    {"{\"agents\":{}}", ": agents: an object is not right here; write a list [{...}, {...}]"},
    {"{\"agents\":{\"name\":\"a\",\"keys\":[{\"key\":\"" KEY "\"}]}}", ": agents: an object is not right here"},
    {"{\"agents\":[],\"agent\":1}", ": there is no key \"agent\"; did you mean \"agents\"?"},
    {"{\"agents\":[1]}", "agents[0]: 1 is not right here; write an object"},
    {"{\"agents\":[{}]}", "agents[0].name: is missing; write a name like \"web1\""},
    {"{\"agents\":[" ONE "," ONE "]}", "agents[1].name: \"a\" is the name of an earlier agent; write another"},
    {"{\"agents\":[{\"name\":\"a b\"}]}", "agents[0].name: \"a b\" is not a name; write 1 to 64 letters"},
    {"{\"agents\":[{\"name\":\"..\"}]}", "agents[0].name: \"..\" is not a name; write 1 to 64 letters"},
    {"{\"agents\":[{\"name\":\"a\",\"groups\":[\"*\"]}]}", "agents[0]: agent a has neither a key nor a certificate"},
    {"{\"agents\":[{\"name\":\"a\",\"groups\":[\"*\"],\"certificate\":[]}]}",
     "agents[0]: agent a has neither a key nor a certificate"},
    {"{\"agents\":[{\"name\":\"a\",\"groups\":[\"*\"],\"certificate\":7}]}",
     "agents[0].certificate: 7 is not right here; write a certificate's name"},
    {"{\"agents\":[{\"name\":\"a\",\"groups\":[\"*\"],\"certificate\":[\"x\",null]}]}",
     "agents[0].certificate[1]: null is not right here; write a certificate's name"},
    {"{\"agents\":[{\"name\":\"a\",\"groups\":[\"*\"],\"certificate\":\"*.example\"}]}", "named in full"},
    {"{\"agents\":[{\"name\":\"a\",\"groups\":[\"*\"],\"certificate\":\"\"}]}", "1 to 255 characters"},
    {"{\"agents\":[{\"name\":\"a\",\"groups\":[\"*\"],\"certificate\":\"sha256:12\"}]}", "is not a pin"},
    {"{\"agents\":[{\"name\":\"a\",\"groups\":[\"*\"],\"certificate\":\"w.example\"},"
     "{\"name\":\"b\",\"groups\":[\"*\"],\"certificate\":\"W.example\"}]}",
     "agents[1]: the certificate \"W.example\" is that of agent a already"},
    {"{\"agents\":[{\"name\":\"a\",\"keys\":[\"" KEY "\"],\"groups\":[\"*\"]}]}",
     "agents[0].keys[0]: this is not an object"},
    {"{\"agents\":[{\"name\":\"a\",\"keys\":[],\"groups\":[\"*\"]}]}", "agents[0].keys: write a list of 1 to 4 keys"},
    {"{\"agents\":[{\"name\":\"a\",\"keys\":[{},{},{},{},{}],\"groups\":[\"*\"]}]}",
     "agents[0].keys: write a list of 1 to 4 keys"},
    {"{\"agents\":[{\"name\":\"a\",\"keys\":[{\"key\":\"00\"}],\"groups\":[\"*\"]}]}", "agents[0].keys[0]: \"key\""},
    {"{\"agents\":[{\"name\":\"a\",\"keys\":[{\"key\":\"" KEY "\",\"untl\":1}],\"groups\":[\"*\"]}]}",
     "agents[0].keys[0]: there is no key \"untl\"; did you mean \"until\"?"},
    {"{\"agents\":[{\"name\":\"a\",\"keys\":[{\"key\":\"" KEY "\",\"until\":\"soon\"}],\"groups\":[\"*\"]}]}",
     "agents[0].keys[0].until: \"soon\" is not right here; write a date like"},
    {"{\"agents\":[{\"name\":\"a\",\"keys\":[{\"key\":\"" KEY "\"}],\"groups\":[\"*\"],\"bandwidth_in\":\"1M\"}]}",
     "agents[0].bandwidth_in: \"1M\" is not right here; write bytes from 0 to 4294967295, or with a unit"},
    {"{\"agents\":[{\"name\":\"a\",\"keys\":[{\"key\":\"" KEY "\"}]}]}",
     "agents[0].groups: is missing; write a list of groups"},
    {"{\"agents\":[{\"name\":\"a\",\"keys\":[{\"key\":\"" KEY "\"}],\"groups\":[]}]}",
     "agents[0].groups: this list is not right here"},
    {"{\"agents\":[{\"name\":\"a\",\"keys\":[{\"key\":\"" KEY "\"}],\"groups\":[7]}]}",
     "agents[0].groups[0]: 7 is not right here"},
    {"{\"agents\":[{\"name\":\"a\",\"keys\":[{\"key\":\"" KEY "\"}],\"groups\":[\"*\"],\"expires\":5}]}",
     "agents[0].expires: 5 is not right here; write a date like"},
    {"{\"agents\":[{\"name\":\"a\",\"keys\":[{\"key\":\"" KEY "\"}],\"groups\":[\"*\"],\"group\":5}]}",
     "agents[0]: there is no key \"group\"; did you mean \"groups\"?"},
};

START_TEST(a_wrong_file_says_where) {
    struct error error = {{0}};
    const char *path = unit_text_file("agents.json", bad[_i].text);
    ck_assert_msg(!credentials_read(path, &error), "taken: %s", bad[_i].text);
    ck_assert_msg(strstr(error.text, path) && strstr(error.text, bad[_i].says), "%s", error.text);
    ck_assert_msg(!strstr(error.text, "0123456789abcdef"), "shows a key: %s", error.text);
    ck_assert_ptr_null(strstr(error.text, KEY));
}
END_TEST

static TCase *files(void) {
    TCase *group = tcase_create("files");
    tcase_add_test(group, the_file_comes_back);
    tcase_add_test(group, an_empty_file_of_agents_lets_none_in);
    tcase_add_test(group, a_file_that_others_can_read_is_refused);
    tcase_add_loop_test(group, a_wrong_file_says_where, 0, (int)(sizeof bad / sizeof bad[0]));
    return group;
}

UNIT_MAIN("conf/credentials_file", files)
