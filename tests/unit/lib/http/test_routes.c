/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_routes: paths, methods, parameters, bodies, versions, assets and answers (routes.c, query.c, body.c, version.c,
 * assets.c, answer.c).
 */
#include "config.h"

#include "http_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct fixture fixture;

static void setup(void) {
    fixture_defaults(&fixture);
    fixture_start(&fixture);
}

static void teardown(void) {
    fixture_stop(&fixture);
}

static unsigned request(const char *line, const char *headers, const char *body) {
    char text[4096];
    snprintf(text, sizeof text, "%s HTTP/1.1\r\n" HOST "%sContent-Length: %zu\r\n\r\n%s", line, headers, strlen(body),
             body);
    return ask(&fixture, false, text);
}

/* Also that it has every piece. */
static void expect(const char *line, const char *headers, const char *const *pieces) {
    char text[1024];
    snprintf(text, sizeof text, "%s HTTP/1.1\r\n" HOST "%s\r\n", line, headers);
    char *answer = ask_all(&fixture, false, text);
    for (; *pieces; pieces++)
        ck_assert_msg(strstr(answer, *pieces), "%s not in:\n%s", *pieces, answer);
    free(answer);
}
#define EXPECT(line, headers, ...) expect(line, headers, (const char *const[]){__VA_ARGS__, NULL})

START_TEST(a_path_has_a_handler_or_404) {
    static const char *const nothing[] = {"/v1",          "/v1/",          "/v1/status/",      "/v1//status",
                                          "/v1/services", "/v1/services/", "/v1/services/a/b", "//v1/status",
                                          "/v1/STATUS",   "/v1/%73tatus",  "/app.js/"};
    for (size_t i = 0; i < sizeof nothing / sizeof nothing[0]; i++) {
        char line[128];
        snprintf(line, sizeof line, "GET %s", nothing[i]);
        unsigned status = request(line, "", "");
        ck_assert_msg(status == 404 || (i == 5 && status == 400), "%s: %u", nothing[i], status);
    }
    ck_assert_uint_eq(request("GET /v1/status", "", ""), 200);
    ck_assert_uint_eq(request("GET /v1/services/ssh", "", ""), 200);
    ck_assert_str_eq(fixture.last_param, "ssh");
}
END_TEST

START_TEST(a_parameter_is_decoded_and_checked) {
    static const char *const bad[] = {"a%00b",  "a%0ab", "%2f",    "a%2Fb",     "%2e", "..",    ".",
                                      "%2e%2E", "%ff",   "%c0%af", "%ed%a0%80", "%7f", "%c2%80"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char line[128];
        snprintf(line, sizeof line, "GET /v1/services/%s", bad[i]);
        ck_assert_msg(request(line, "", "") == 400, "%s", bad[i]);
    }
    ck_assert_uint_eq(request("GET /v1/services/a%20b%2B+%C3%A4", "", ""), 200);
    ck_assert_str_eq(fixture.last_param, "a b++\xc3\xa4");
}
END_TEST

START_TEST(another_method_is_told_what_is_allowed) {
    EXPECT("DELETE /v1/status", "", "HTTP/1.1 405 ", "Allow: GET, HEAD\r\n", "application/problem+json");
    EXPECT("POST /v1/services/a", "", "405 ", "Allow: GET, HEAD, PUT, DELETE\r\n");
    EXPECT("OPTIONS /v1/pause", "", "405 ", "Allow: POST\r\n");
    EXPECT("BREW /v1/pause", "", "405 ");
    EXPECT("TRACE /v1/status", "", "405 ");
    EXPECT("POST /app.js", "", "405 ", "Allow: GET, HEAD\r\n");
    ck_assert_uint_eq(ask(&fixture, false, "CONNECT example.org:443 HTTP/1.1\r\n" HOST "\r\n"), 405);
}
END_TEST

START_TEST(head_is_get_without_content) {
    char *answer = ask_all(&fixture, false, "HEAD /v1/status HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n");
    ck_assert_msg(strstr(answer, "HTTP/1.1 200 ") && strstr(answer, "Content-Length: 14\r\n"), "%s", answer);
    ck_assert_str_eq(strstr(answer, "\r\n\r\n"), "\r\n\r\n");
    free(answer);
}
END_TEST

START_TEST(each_answer_has_the_security_headers) {
#define SECURE                                                                                                         \
    "Content-Security-Policy: default-src 'none'", "frame-ancestors 'none'", "X-Content-Type-Options: nosniff",        \
        "Referrer-Policy: no-referrer", "X-Frame-Options: DENY"
    EXPECT("GET /v1/status", "", "Cache-Control: no-store", SECURE, "{\"state\":\"ok\"}");
    EXPECT("GET /nothing", "", "Cache-Control: no-store", SECURE, "\"type\":\"about:blank\"",
           "\"title\":\"Not Found\"");
    EXPECT("GET /", "", "Cache-Control: no-cache", "script-src 'self'", "X-Content-Type-Options: nosniff");
    char *answer = ask_all(&fixture, false, "GET /v1/status HTTP/1.1\r\n" HOST "Origin: http://a.example\r\n\r\n");
    ck_assert_ptr_null(strstr(answer, "Access-Control"));
    ck_assert_ptr_null(strstr(answer, "Set-Cookie"));
    free(answer);
}
END_TEST

START_TEST(an_asset_has_a_tag_and_a_gzip_variant) {
    EXPECT("GET /app.js", "", "200 ", "ETag: \"app1\"\r\n", "Vary: Accept-Encoding", "let a = 1;");
    EXPECT("GET /app.js", "Accept-Encoding: br, gzip\r\n", "ETag: \"app1-gzip\"\r\n", "Content-Encoding: gzip",
           "packed");
    EXPECT("GET /app.js", "Accept-Encoding: gzip;q=0.5\r\n", "ETag: \"app1-gzip\"\r\n");
    EXPECT("GET /app.js", "Accept-Encoding: gzip; q=0.0, br\r\n", "ETag: \"app1\"\r\n", "let a = 1;");
    EXPECT("GET /app.js", "If-None-Match: \"x\", \"app1\"\r\n", "304 Not Modified", "ETag: \"app1\"");
    EXPECT("GET /", "", "<!doctype html>");
}
END_TEST

START_TEST(a_version_that_is_not_the_present_one_is_refused) {
    static const char json[] = "Content-Type: application/json\r\n";
    char headers[128];
    ck_assert_uint_eq(request("PUT /v1/services/a", json, "{}"), 428);
    static const struct {
        const char *tags;
        unsigned status;
    } cases[] = {{"\"v1\"", 201}, {"\"v0\", \"v1\"", 201}, {"*", 201}, {"\"v2\"", 412}, {"W/\"v1\"", 412}, {"v1", 412},
                 {"\"v1", 412}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        snprintf(headers, sizeof headers, "%sIf-Match: %s\r\n", json, cases[i].tags);
        ck_assert_msg(request("PUT /v1/services/a", headers, "{}") == cases[i].status, "%s", cases[i].tags);
    }
    EXPECT("GET /v1/services/a", "If-None-Match: \"v1\"\r\n", "304 ");
}
END_TEST

START_TEST(a_body_is_one_json_object) {
    static const char json[] = "If-Match: *\r\nContent-Type: application/json\r\n";
    char deep[200] = "{\"a\":";
    memset(deep + 5, '[', 60);
    static const struct {
        const char *body;
        unsigned status;
    } cases[] = {{"{\"a\":[1,{}]}", 201},
                 {"", 400},
                 {"[]", 400},
                 {"{", 400},
                 {"{}{}", 400},
                 {"{\"a\":1,\"a\":2}", 400},
                 {"{\"a\":\"\xff\"}", 400},
                 {"{\"a\":\"\\u0000\"}", 400}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ck_assert_msg(request("PUT /v1/services/a", json, cases[i].body) == cases[i].status, "%s", cases[i].body);
    ck_assert_uint_eq(request("PUT /v1/services/a", json, deep), 400);
    ck_assert_uint_eq(request("PUT /v1/services/a", "If-Match: *\r\nContent-Type: text/plain\r\n", "{}"), 415);
    ck_assert_uint_eq(request("PUT /v1/services/a", "If-Match: *\r\n", "{}"), 415);
    ck_assert_uint_eq(request("PUT /v1/services/a", "If-Match: *\r\nContent-Type: application/jsonx\r\n", "{}"), 415);
    ck_assert_uint_eq(request("PUT /v1/services/a", "If-Match: *\r\nContent-Type: Application/JSON; charset=UTF-8\r\n",
                              "{}"),
                      201);
    ck_assert_uint_eq(request("DELETE /v1/services/a", json, "{}"), 400);
}
END_TEST

/* A PUT whose content has this size. */
static char *with_content(size_t size) {
    char *text = malloc(size + 256);
    int head = snprintf(text, 256,
                        "PUT /v1/services/a HTTP/1.1\r\n" HOST "If-Match: *\r\nContent-Type: application/json\r\n"
                        "Content-Length: %zu\r\n\r\n{\"a\":\"",
                        size);
    char *end = strstr(text, "\r\n\r\n") + 4 + size;
    memset(text + head, 'x', (size_t)(end - text - head));
    memcpy(end - 2, "\"}", 3);
    return text;
}

START_TEST(a_body_that_is_too_long_is_refused) {
    static const size_t sizes[] = {65536, 65537, 200000, 300000};
    static const unsigned statuses[] = {201, 413, 413, 413};
    for (size_t i = 0; i < 4; i++) {
        char *text = with_content(sizes[i]);
        ck_assert_uint_eq(ask(&fixture, false, text), statuses[i]);
        free(text);
    }
}
END_TEST

START_TEST(a_query_is_what_the_route_takes) {
    static const struct {
        const char *query;
        unsigned status;
    } cases[] = {{"?limit=5&sort=-rate", 200},
                 {"?", 200},
                 {"?&&", 200},
                 {"?dry_run", 200},
                 {"?dry_run=1", 200},
                 {"?dryrun=1", 400},
                 {"?limit=0", 400},
                 {"?limit=1001", 400},
                 {"?limit=5x", 400},
                 {"?limit=-5", 400},
                 {"?limit=+5", 400},
                 {"?limit=", 400},
                 {"?limit=99999999999999999999", 400},
                 {"?sort=size", 400},
                 {"?limit=1&limit=2", 400},
                 {"?dry_run=maybe", 400},
                 {"?limit=%00", 400},
                 {"?so%72t=rate", 200},
                 {"?a=1&b=1&c=1&d=1&e=1&f=1&g=1&h=1&i=1&j=1&k=1&l=1&m=1&n=1&o=1&p=1&q=1", 400}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char line[256];
        snprintf(line, sizeof line, "GET /query%s", cases[i].query);
        ck_assert_msg(request(line, "", "") == cases[i].status, "%s", cases[i].query);
    }
    EXPECT("GET /query?limit=7&dry_run", "", "\"limit\":7", "\"dry_run\":true", "\"sort\":\"rate\"");
    ck_assert_uint_eq(request("GET /v1/status?x=1", "", ""), 400);
}
END_TEST

static TCase *routes(void) {
    TCase *group = tcase_create("routes");
    tcase_add_checked_fixture(group, setup, teardown);
    tcase_add_test(group, a_path_has_a_handler_or_404);
    tcase_add_test(group, a_parameter_is_decoded_and_checked);
    tcase_add_test(group, another_method_is_told_what_is_allowed);
    tcase_add_test(group, head_is_get_without_content);
    tcase_add_test(group, each_answer_has_the_security_headers);
    tcase_add_test(group, an_asset_has_a_tag_and_a_gzip_variant);
    tcase_add_test(group, a_version_that_is_not_the_present_one_is_refused);
    tcase_add_test(group, a_body_is_one_json_object);
    tcase_add_test(group, a_body_that_is_too_long_is_refused);
    tcase_add_test(group, a_query_is_what_the_route_takes);
    return group;
}

static void handle(struct http_request *handled, void *context) {
    (void)handled, (void)context;
}

START_TEST(a_table_with_a_mistake_is_refused) {
    static const struct http_route tables[][2] = {
        {{HTTP_METHOD_GET, "a", HTTP_ROLE_VIEW, HTTP_BODY_NONE, NULL, handle},
         {HTTP_METHOD_GET, "/b", HTTP_ROLE_VIEW, HTTP_BODY_NONE, NULL, handle}},
        {{HTTP_METHOD_GET, "/a", HTTP_ROLE_VIEW, HTTP_BODY_NONE, NULL, handle},
         {HTTP_METHOD_GET, "/a", HTTP_ROLE_VIEW, HTTP_BODY_NONE, NULL, handle}},
        {{HTTP_METHOD_GET, "/a", HTTP_ROLE_VIEW, HTTP_BODY_NONE, NULL, NULL},
         {HTTP_METHOD_GET, "/b", HTTP_ROLE_VIEW, HTTP_BODY_NONE, NULL, handle}},
        {{HTTP_METHOD_GET, "/a{b}", HTTP_ROLE_VIEW, HTTP_BODY_NONE, NULL, handle},
         {HTTP_METHOD_GET, "/b", HTTP_ROLE_VIEW, HTTP_BODY_NONE, NULL, handle}},
        {{HTTP_METHOD_GET, "/{a}/{b}/{c}/{d}/{e}", HTTP_ROLE_VIEW, HTTP_BODY_NONE, NULL, handle},
         {HTTP_METHOD_GET, "/b", HTTP_ROLE_VIEW, HTTP_BODY_NONE, NULL, handle}},
    };
    struct event_base *base = event_base_new();
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        struct error error = {""};
        ck_assert_ptr_null(
            http_server_new(base, &(struct http_options){.routes = tables[i], .route_count = 2}, &error));
        ck_assert_str_ne(error.text, "");
    }
    event_base_free(base);
}
END_TEST

static TCase *tables(void) {
    TCase *group = tcase_create("tables");
    tcase_add_test(group, a_table_with_a_mistake_is_refused);
    return group;
}

UNIT_MAIN("lib/http/routes", routes, tables)
