/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_proxy_auth: the examples of RFC 7616, RFC 2617 and RFC 7617, which of several schemes is answered, and
 * challenges that are made to break the answer.
 */
#include "config.h"

#include "unit.h"

#include "proto/proxy_auth.h"

#include <string.h>

static struct proxy_offer offer_of(const char *value) {
    struct proxy_offer offer = {.best = PROXY_SCHEME_NONE};
    proxy_offer_add(&offer, value, strlen(value));
    return offer;
}

static struct proxy proxy_of(const char *url) {
    struct proxy proxy;
    struct error error;
    ck_assert_int_eq(proxy_parse(&proxy, url, &error), 0);
    return proxy;
}

START_TEST(responses_are_those_of_the_rfcs) {
    static const char nonce[] = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v";
    static const char cnonce[] = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
    static const struct {
        const char *realm, *nonce, *password, *cnonce, *response;
        enum proxy_scheme scheme;
    } cases[] = {
        {"http-auth@example.org", nonce, "Circle of Life", cnonce, "8ca523f5e9506fed4657c9700eebdbec",
         PROXY_SCHEME_DIGEST_MD5},
        {"http-auth@example.org", nonce, "Circle of Life", cnonce,
         "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1", PROXY_SCHEME_DIGEST_SHA256},
        {"testrealm@host.com", "dcd98b7102dd2f0e8b11d0f600bfb0c093", "Circle Of Life", "0a4f113b",
         "6629fae49393a05397450978507c4ef1", PROXY_SCHEME_DIGEST_MD5},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char response[PROXY_RESPONSE];
        struct error error;
        struct proxy_digest digest = {.scheme = cases[i].scheme};
        struct digest_request request = {.user = "Mufasa",
                                         .password = cases[i].password,
                                         .method = "GET",
                                         .uri = "/dir/index.html",
                                         .cnonce = cases[i].cnonce};
        snprintf(digest.realm, sizeof digest.realm, "%s", cases[i].realm);
        snprintf(digest.nonce, sizeof digest.nonce, "%s", cases[i].nonce);
        ck_assert_int_eq(proxy_auth_respond(response, &digest, &request, &error), 0);
        ck_assert_str_eq(response, cases[i].response);
    }
}
END_TEST

START_TEST(basic_is_that_of_the_rfc) {
    char text[PROXY_AUTHORIZATION];
    struct error error;
    struct proxy proxy = proxy_of("http://Aladdin:open%20sesame@h:1");
    ck_assert_int_eq(proxy_auth_basic(text, &proxy, &error), 0);
    ck_assert_str_eq(text, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    memset(proxy.user, 'u', sizeof proxy.user - 1);
    memset(proxy.password, 'p', sizeof proxy.password - 1);
    ck_assert_int_eq(proxy_auth_basic(text, &proxy, &error), 0);
    ck_assert_uint_eq(strlen(text), 6 + (2 * 255 + 1 + 2) / 3 * 4);
}
END_TEST

#define DIGEST "Digest realm=\"r\", nonce=\"n\", qop=\"auth\""

START_TEST(the_strongest_scheme_is_chosen) {
    static const struct {
        const char *value, *names;
        enum proxy_scheme best;
    } cases[] = {
        {"", "", PROXY_SCHEME_NONE},
        {",, ,", "", PROXY_SCHEME_NONE},
        {"Negotiate", "Negotiate", PROXY_SCHEME_NONE},
        {"Negotiate, NTLM", "Negotiate, NTLM", PROXY_SCHEME_NONE},
        {"Negotiate YIIabc/+==, NTLM TlRMTVNTUAAC=", "Negotiate, NTLM", PROXY_SCHEME_NONE},
        {"basic realm=\"x\"", "basic", PROXY_SCHEME_BASIC},
        {"NTLM,Basic realm=x,Negotiate", "NTLM, Basic, Negotiate", PROXY_SCHEME_BASIC},
        {DIGEST, "Digest", PROXY_SCHEME_DIGEST_MD5},
        {"Basic realm=\"x, Digest y=\\\"z\\\"\", " DIGEST, "Basic, Digest", PROXY_SCHEME_DIGEST_MD5},
        {DIGEST ", Basic realm=\"x\"", "Digest, Basic", PROXY_SCHEME_DIGEST_MD5},
        {DIGEST ", algorithm=SHA-256, " DIGEST ", algorithm=MD5", "Digest, Digest", PROXY_SCHEME_DIGEST_SHA256},
        {DIGEST ",algorithm=md5 , " DIGEST " ,algorithm = \"sha-256\"", "Digest, Digest", PROXY_SCHEME_DIGEST_SHA256},
        {"Digest realm=\"r\", nonce=\"n\", qop=\"auth-int, auth\"", "Digest", PROXY_SCHEME_DIGEST_MD5},
        /* what is not answered */
        {"Digest realm=\"r\", nonce=\"n\"", "Digest", PROXY_SCHEME_NONE},
        {"Digest realm=\"r\", nonce=\"n\", qop=\"auth-int\"", "Digest", PROXY_SCHEME_NONE},
        {"Digest realm=\"r\", qop=\"auth\"", "Digest", PROXY_SCHEME_NONE},
        {"Digest nonce=\"n\", qop=\"auth\"", "Digest", PROXY_SCHEME_NONE},
        {DIGEST ", algorithm=SHA-512-256", "Digest", PROXY_SCHEME_NONE},
        {DIGEST ", algorithm=MD5-sess", "Digest", PROXY_SCHEME_NONE},
        {DIGEST ", realm=\"other\"", "Digest", PROXY_SCHEME_NONE},
        {DIGEST ", nonce=\"other\"", "Digest", PROXY_SCHEME_NONE},
        {DIGEST ", algorithm=MD5, algorithm=SHA-256", "Digest", PROXY_SCHEME_NONE},
        /* malformed */
        {"Digest realm=\"r, nonce=\"n\", qop=\"auth\"", "Digest", PROXY_SCHEME_NONE},
        {"Digest realm=\"r\\", "Digest", PROXY_SCHEME_NONE},
        {"Digest realm=", "Digest", PROXY_SCHEME_NONE},
        {"=x", "", PROXY_SCHEME_NONE},
        {"\"Basic\"", "", PROXY_SCHEME_NONE},
        {"realm=\"x\", Basic", "realm", PROXY_SCHEME_NONE},
        {DIGEST " junk", "Digest", PROXY_SCHEME_NONE},
        {"Basic realm=\"x\" \x01", "Basic", PROXY_SCHEME_BASIC},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct proxy_offer offer = offer_of(cases[i].value);
        ck_assert_msg(offer.best == cases[i].best, "%s: %d", cases[i].value, offer.best);
        ck_assert_msg(strcmp(offer.names, cases[i].names) == 0, "%s: %s", cases[i].value, offer.names);
    }
}
END_TEST

START_TEST(several_fields_are_one_offer) {
    struct proxy_offer offer = offer_of("Negotiate");
    proxy_offer_add(&offer, "NTLM", 4);
    proxy_offer_add(&offer, DIGEST ", stale=TRUE", sizeof DIGEST ", stale=TRUE" - 1);
    proxy_offer_add(&offer, "Basic realm=x", 13);
    ck_assert_int_eq(offer.best, PROXY_SCHEME_DIGEST_MD5);
    ck_assert(offer.digest.is_stale);
    ck_assert_str_eq(offer.names, "Negotiate, NTLM, Digest, Basic");
}
END_TEST

START_TEST(names_and_values_have_a_limit) {
    char value[4096] = "";
    for (size_t i = 0; i < 400; i++)
        memcpy(value + 7 * i, "Scheme,", 8);
    ck_assert_uint_lt(strlen(offer_of(value).names), PROXY_OFFERS);
    for (int length = PROXY_CHALLENGE_VALUE - 2; length < PROXY_CHALLENGE_VALUE + 2; length++) {
        enum proxy_scheme wanted = length < PROXY_CHALLENGE_VALUE ? PROXY_SCHEME_DIGEST_MD5 : PROXY_SCHEME_NONE;
        snprintf(value, sizeof value, "Digest realm=\"r\", nonce=\"%0*d\", qop=auth", length, 1);
        ck_assert_int_eq(offer_of(value).best, wanted);
        snprintf(value, sizeof value, "Digest realm=\"r\", nonce=%0*d, qop=auth", length, 1);
        ck_assert_int_eq(offer_of(value).best, wanted);
    }
}
END_TEST

static void answer_to(char text[PROXY_AUTHORIZATION], const char *challenge, const char *url) {
    struct proxy_offer offer = offer_of(challenge);
    struct proxy proxy = proxy_of(url);
    struct error error;
    ck_assert_int_ge(offer.best, PROXY_SCHEME_DIGEST_MD5);
    ck_assert_int_eq(proxy_auth_digest(text, &offer.digest, &proxy, "h:443", "0123", &error), 0);
}

START_TEST(an_answer_names_what_it_was_asked) {
    char text[PROXY_AUTHORIZATION];
    answer_to(text, DIGEST ", algorithm=MD5, opaque=\"o\"", "http://bob:pw@h:1");
    ck_assert_ptr_nonnull(strstr(text, "Digest username=\"bob\", realm=\"r\", nonce=\"n\", uri=\"h:443\", "
                                       "cnonce=\"0123\", response=\""));
    ck_assert_ptr_nonnull(strstr(text, "\", opaque=\"o\", algorithm=MD5, qop=auth, nc=00000001"));
    answer_to(text, DIGEST, "http://bob:pw@h:1");
    ck_assert_ptr_null(strstr(text, "algorithm"));
    ck_assert_ptr_null(strstr(text, "opaque"));
}
END_TEST

/* The proxy's text stays within its quotes. */
START_TEST(a_challenge_cannot_add_to_the_answer) {
    char text[PROXY_AUTHORIZATION];
    answer_to(text, "Digest realm=\"r\\\", evil=\\\"1\", nonce=\"n\\\\\", qop=auth", "http://b%22%5c:pw@h:1");
    ck_assert_ptr_nonnull(strstr(text, "username=\"b\\\"\\\\\", realm=\"r\\\", evil=\\\"1\", nonce=\"n\\\\\", uri="));
}
END_TEST

static TCase *authentication(void) {
    TCase *group = tcase_create("authentication");
    tcase_add_test(group, responses_are_those_of_the_rfcs);
    tcase_add_test(group, basic_is_that_of_the_rfc);
    tcase_add_test(group, the_strongest_scheme_is_chosen);
    tcase_add_test(group, several_fields_are_one_offer);
    tcase_add_test(group, names_and_values_have_a_limit);
    tcase_add_test(group, an_answer_names_what_it_was_asked);
    tcase_add_test(group, a_challenge_cannot_add_to_the_answer);
    return group;
}

UNIT_MAIN("proto/proxy_auth", authentication)
