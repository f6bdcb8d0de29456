/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_client_hello: what real clients send is read in any pieces, and what is malformed is refused.
 */
#include "config.h"

#include "unit.h"

#include "lib/tls/client_hello.h"
#include "lib/tls_pair.h"

#include <openssl/err.h>
#include <string.h>

enum { MOST = 32768, RECORD_HEADER = 5 };

static uint8_t hello[MOST];
static struct client_hello found;

/* What a client of OpenSSL sends first; returns its length. */
static size_t make_hello(const char *name, const char *alpn, const char *groups) {
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL *ssl = SSL_new(context);
    BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());

    ck_assert(context && ssl && in && out);
    if (name)
        ck_assert_int_eq(SSL_set_tlsext_host_name(ssl, name), 1);
    if (alpn)
        ck_assert_int_eq(SSL_set_alpn_protos(ssl, (const unsigned char *)alpn, (unsigned)strlen(alpn)), 0);
    if (groups)
        ck_assert_int_eq(SSL_set1_groups_list(ssl, groups), 1);
    SSL_set_bio(ssl, in, out);
    ck_assert_int_lt(SSL_connect(ssl), 1);
    int length = BIO_read(out, hello, MOST);
    ck_assert_int_gt(length, 0);
    SSL_free(ssl);
    SSL_CTX_free(context);
    return (size_t)length;
}

static enum client_hello_result read_hello(const uint8_t *bytes, size_t length) {
    struct client_hello_reader *reader = client_hello_reader_new();
    enum client_hello_result result = client_hello_read(reader, bytes, length, &found);

    ck_assert_uint_eq(ERR_peek_error(), 0);
    client_hello_reader_free(reader);
    return result;
}

static const struct {
    const char *name, *alpn;
    bool is_agent;
} clients[] = {
    {"web.example.org", NULL, false},
    {"WEB.Example.org", "\x02h2\x08http/1.1", false},
    {"with_underscore.example", NULL, false},
    {"trailing.example.", NULL, false},
    {NULL, NULL, false},
    {"munnel.example", "\x08munnel/2\x08munnel/1", true},
    {NULL, "\x02h2\x08munnel/3", true},
    {NULL, "\x08munnel/x", false},
};

START_TEST(name_and_protocol_of_a_client_are_found) {
    size_t length = make_hello(clients[_i].name, clients[_i].alpn, NULL);

    ck_assert_int_eq(read_hello(hello, length), CLIENT_HELLO_READ);
    ck_assert_str_eq(found.name, clients[_i].name ? clients[_i].name : "");
    ck_assert_int_eq(found.is_agent, clients[_i].is_agent);
}
END_TEST

START_TEST(each_beginning_of_a_hello_wants_more) {
    size_t length = make_hello("web.example.org", NULL, NULL);

    for (size_t part = 0; part < length; part++)
        ck_assert_int_eq(read_hello(hello, part), CLIENT_HELLO_PART);
    ck_assert_int_eq(read_hello(hello, length), CLIENT_HELLO_READ);
}
END_TEST

/* The same message in records of `piece` bytes. */
static size_t cut(size_t length, size_t piece, uint8_t *bytes) {
    size_t written = 0;

    for (size_t at = RECORD_HEADER; at < length; at += piece) {
        size_t now = length - at < piece ? length - at : piece;
        const uint8_t header[RECORD_HEADER] = {0x16, 3, 1, (uint8_t)(now >> 8), (uint8_t)now};
        memcpy(bytes + written, header, sizeof header);
        memcpy(bytes + written + sizeof header, hello + at, now);
        written += sizeof header + now;
    }
    return written;
}

START_TEST(a_hello_in_several_records_is_read) {
    static const size_t pieces[] = {1, 7, 100};
    static uint8_t bytes[MOST];
    size_t length = make_hello("web.example.org", "\x08munnel/2", NULL);

    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        size_t written = cut(length, pieces[i], bytes);
        ck_assert_int_eq(read_hello(bytes, written - 1), CLIENT_HELLO_PART);
        enum client_hello_result result = read_hello(bytes, written);
        ck_assert_int_eq(result, CLIENT_HELLO_READ);
        ck_assert_str_eq(found.name, "web.example.org");
        ck_assert(found.is_agent);
    }
}
END_TEST

/* The name "web.example.org" in the hello, and what stands before it. */
static uint8_t *find_name(size_t length) {
    size_t at = 0;

    while (at + 15 < length && memcmp(hello + at, "web.example.org", 15) != 0)
        at++;
    ck_assert_uint_lt(at + 15, length);
    return hello + at;
}

START_TEST(a_malformed_name_is_refused) {
    size_t length = make_hello("web.example.org", NULL, NULL);
    uint8_t *name = find_name(length);

    name[3] = '\0';
    ck_assert_int_eq(read_hello(hello, length), CLIENT_HELLO_WRONG);
    name[3] = '.';
    name[-1] = 14; /* its length, within the list's */
    ck_assert_int_eq(read_hello(hello, length), CLIENT_HELLO_WRONG);
    name[-1] = 200;
    ck_assert_int_eq(read_hello(hello, length), CLIENT_HELLO_WRONG);
    name[-1] = 15;
    name[-3] = 1; /* its type */
    ck_assert_int_eq(read_hello(hello, length), CLIENT_HELLO_WRONG);
}
END_TEST

START_TEST(what_is_no_hello_is_refused) {
    static const uint8_t http[] = "GET / HTTP/1.1\r\n\r\n", alert[] = {0x15, 3, 3, 0, 2, 2, 70},
                         finished[] = {0x16, 3, 1, 0, 4, 20, 0, 0, 0};

    ck_assert_int_eq(read_hello(http, sizeof http - 1), CLIENT_HELLO_WRONG);
    ck_assert_int_eq(read_hello(alert, sizeof alert), CLIENT_HELLO_WRONG);
    ck_assert_int_eq(read_hello(finished, sizeof finished), CLIENT_HELLO_WRONG);
}
END_TEST

/* No bit of a hello that is wrong may do harm. */
START_TEST(a_hello_with_any_wrong_byte_is_read_or_refused) {
    size_t length = make_hello("web.example.org", "\x08munnel/2", NULL);

    for (size_t i = 0; i < length; i++) {
        uint8_t was = hello[i];
        hello[i] ^= (uint8_t)(1u << (i % 8));
        (void)read_hello(hello, length);
        ck_assert_uint_lt(strlen(found.name), CLIENT_HELLO_NAME);
        hello[i] = was;
    }
}
END_TEST

static TCase *reading(void) {
    TCase *group = tcase_create("reading");

    tcase_add_loop_test(group, name_and_protocol_of_a_client_are_found, 0, sizeof clients / sizeof *clients);
    tcase_add_test(group, each_beginning_of_a_hello_wants_more);
    tcase_add_test(group, a_hello_in_several_records_is_read);
    tcase_add_test(group, a_malformed_name_is_refused);
    tcase_add_test(group, what_is_no_hello_is_refused);
    tcase_add_test(group, a_hello_with_any_wrong_byte_is_read_or_refused);
    return group;
}

UNIT_MAIN("lib/tls/client_hello", reading)
