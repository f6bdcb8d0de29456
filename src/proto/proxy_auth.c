/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * proxy_auth: see proxy_auth.h.
 */
#include "config.h"

#include "proto/proxy_auth.h"

#include "lib/base/secret.h"
#include "lib/base/strbuf.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* ---- challenges: RFC 9110, 11.6.1 ---- */

struct reader {
    const char *at, *end;
};

static void skip_spaces(struct reader *reader) {
    while (reader->at < reader->end && (*reader->at == ' ' || *reader->at == '\t'))
        reader->at++;
}

static void skip_commas(struct reader *reader) {
    for (skip_spaces(reader); reader->at < reader->end && *reader->at == ','; skip_spaces(reader))
        reader->at++;
}

static bool is_at(const struct reader *reader, char byte) {
    return reader->at < reader->end && *reader->at == byte;
}

static size_t read_set(struct reader *reader, const char *more) {
    const char *from = reader->at;
    for (; reader->at < reader->end; reader->at++) {
        char byte = *reader->at;
        bool is_alphanumeric =
            (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
        if (!is_alphanumeric && (!byte || !strchr(more, byte)))
            break;
    }
    return (size_t)(reader->at - from);
}

static size_t read_token(struct reader *reader) {
    return read_set(reader, "!#$%&'*+-.^_`|~");
}

/* A token68, "Negotiate YII...==": where a parameter would have its "=" and a value. */
static bool skip_token68(struct reader *reader) {
    struct reader ahead = *reader;
    if (read_set(&ahead, "-._~+/") == 0)
        return false;
    while (is_at(&ahead, '='))
        ahead.at++;
    skip_spaces(&ahead);
    if (ahead.at < ahead.end && *ahead.at != ',')
        return false;
    *reader = ahead;
    return true;
}

enum { VALUE_FITS, VALUE_TOO_LONG, VALUE_MALFORMED };

/* A token or a quoted-string, without its quotes and escapes. */
static int read_value(struct reader *reader, char value[PROXY_CHALLENGE_VALUE]) {
    size_t used = 0, length;
    int result = VALUE_FITS;
    if (!is_at(reader, '"')) {
        const char *from = reader->at;
        length = read_token(reader);
        result = length == 0 ? VALUE_MALFORMED : length >= PROXY_CHALLENGE_VALUE ? VALUE_TOO_LONG : VALUE_FITS;
        used = result == VALUE_FITS ? length : 0;
        memcpy(value, from, used);
        value[used] = '\0';
        return result;
    }
    for (reader->at++; !is_at(reader, '"'); reader->at++) {
        if (is_at(reader, '\\'))
            reader->at++;
        if (reader->at >= reader->end)
            return VALUE_MALFORMED;
        if (used == PROXY_CHALLENGE_VALUE - 1)
            result = VALUE_TOO_LONG;
        else
            value[used++] = *reader->at;
    }
    reader->at++;
    value[used] = '\0';
    return result;
}

/* Of a Digest challenge that is being read. */
struct challenge {
    struct proxy_digest digest;
    bool is_digest, is_broken, has_realm, has_nonce, has_algorithm, has_qop, offers_auth, has_stale;
};

static bool lists_auth(const char *qop) {
    for (const char *at = qop; *at;) {
        at += strspn(at, ", \t");
        size_t length = strcspn(at, ", \t");
        if (length == 4 && strncasecmp(at, "auth", 4) == 0)
            return true;
        at += length;
    }
    return false;
}

static void take_algorithm(struct challenge *challenge, const char *value) {
    struct proxy_digest *digest = &challenge->digest;
    if (strcasecmp(value, "MD5") == 0)
        digest->scheme = PROXY_SCHEME_DIGEST_MD5;
    else if (strcasecmp(value, "SHA-256") == 0)
        digest->scheme = PROXY_SCHEME_DIGEST_SHA256;
    else
        challenge->is_broken = true; /* of RFC 7616 with others nothing is known to be in use */
    strbuf_copy(digest->algorithm, sizeof digest->algorithm, value);
}

/* A parameter that comes twice could mean one thing here and another there. */
static bool take_once(struct challenge *challenge, bool *has) {
    challenge->is_broken |= *has;
    *has = true;
    return !challenge->is_broken;
}

static bool is_named(const char *name, size_t length, const char *wanted) {
    return length == strlen(wanted) && strncasecmp(name, wanted, length) == 0;
}

static void take_parameter(struct challenge *challenge, const char *name, size_t length, const char *value) {
    struct proxy_digest *digest = &challenge->digest;
    if (is_named(name, length, "realm") && take_once(challenge, &challenge->has_realm))
        strbuf_copy(digest->realm, sizeof digest->realm, value);
    else if (is_named(name, length, "nonce") && take_once(challenge, &challenge->has_nonce))
        strbuf_copy(digest->nonce, sizeof digest->nonce, value);
    else if (is_named(name, length, "opaque") && take_once(challenge, &digest->has_opaque))
        strbuf_copy(digest->opaque, sizeof digest->opaque, value);
    else if (is_named(name, length, "algorithm") && take_once(challenge, &challenge->has_algorithm))
        take_algorithm(challenge, value);
    else if (is_named(name, length, "qop") && take_once(challenge, &challenge->has_qop))
        challenge->offers_auth = lists_auth(value);
    else if (is_named(name, length, "stale") && take_once(challenge, &challenge->has_stale))
        digest->is_stale = strcasecmp(value, "true") == 0;
}

static void add_name(struct proxy_offer *offer, const char *name, size_t length) {
    size_t used = strlen(offer->names);
    if (used + length + sizeof ", " <= sizeof offer->names)
        snprintf(offer->names + used, sizeof offer->names - used, "%s%.*s", used ? ", " : "", (int)length, name);
}

static void begin_challenge(struct proxy_offer *offer, struct challenge *challenge, const char *name, size_t length) {
    *challenge = (struct challenge){.is_digest = is_named(name, length, "Digest"),
                                    .digest = {.scheme = PROXY_SCHEME_DIGEST_MD5}};
    add_name(offer, name, length);
    if (is_named(name, length, "Basic") && offer->best < PROXY_SCHEME_BASIC)
        offer->best = PROXY_SCHEME_BASIC;
}

static void end_challenge(struct proxy_offer *offer, const struct challenge *challenge) {
    bool is_usable = challenge->is_digest && !challenge->is_broken && challenge->has_realm && challenge->has_nonce &&
                     challenge->offers_auth;
    if (!is_usable || challenge->digest.scheme <= offer->best)
        return;
    offer->best = challenge->digest.scheme;
    offer->digest = challenge->digest;
}

/* NAME = VALUE, with the name read. False: malformed. */
static bool read_parameter(struct reader *reader, struct challenge *challenge, const char *name, size_t length) {
    char value[PROXY_CHALLENGE_VALUE];
    reader->at++; /* = */
    skip_spaces(reader);
    int result = read_value(reader, value);
    if (result == VALUE_FITS)
        take_parameter(challenge, name, length, value);
    challenge->is_broken |= result != VALUE_FITS;
    skip_spaces(reader);
    return result != VALUE_MALFORMED && (reader->at == reader->end || is_at(reader, ','));
}

void proxy_offer_add(struct proxy_offer *offer, const char *value, size_t length) {
    struct reader reader = {value, value + length};
    struct challenge challenge = {.is_digest = false};
    bool is_well = true, has_challenge = false;
    for (skip_commas(&reader); is_well && reader.at < reader.end; skip_commas(&reader)) {
        const char *name = reader.at;
        size_t name_length = read_token(&reader);
        bool has_space = is_at(&reader, ' ') || is_at(&reader, '\t');
        skip_spaces(&reader);
        if (name_length == 0) {
            is_well = false;
        } else if (is_at(&reader, '=') && has_challenge) {
            is_well = read_parameter(&reader, &challenge, name, name_length);
        } else {
            end_challenge(offer, &challenge);
            begin_challenge(offer, &challenge, name, name_length);
            has_challenge = true;
            is_well = reader.at == reader.end || is_at(&reader, ',') || has_space;
            (void)skip_token68(&reader);
        }
    }
    challenge.is_broken |= !is_well;
    end_challenge(offer, &challenge);
}

/* ---- answers ---- */

int proxy_auth_basic(char text[PROXY_AUTHORIZATION], const struct proxy *proxy, struct error *error) {
    char plain[2 * PROXY_USER_SIZE];
    int length = snprintf(plain, sizeof plain, "%s:%s", proxy->user, proxy->password);
    _Static_assert(PROXY_AUTHORIZATION > 6 + 4 * (2 * PROXY_USER_SIZE + 2) / 3 + 1, "base64 of user and password");
    if (length < 0)
        return error_set(error, "user and password cannot be written");
    memcpy(text, "Basic ", 6);
    EVP_EncodeBlock((unsigned char *)text + 6, (const unsigned char *)plain, length);
    secret_wipe(plain, sizeof plain);
    return 0;
}

static const char *digest_name(const struct proxy_digest *digest) {
    return digest->scheme == PROXY_SCHEME_DIGEST_SHA256 ? "SHA256" : "MD5";
}

/* H(one:two:...), in lower-case hexadecimal; the list ends with NULL. */
static int hash(char hex[PROXY_RESPONSE], const struct proxy_digest *digest, const char *const *parts) {
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    EVP_MD *kind = EVP_MD_fetch(NULL, digest_name(digest), NULL);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool is_well = kind && context && EVP_DigestInit_ex2(context, kind, NULL);
    for (size_t i = 0; is_well && parts[i]; i++)
        is_well =
            (i == 0 || EVP_DigestUpdate(context, ":", 1)) && EVP_DigestUpdate(context, parts[i], strlen(parts[i]));
    is_well = is_well && EVP_DigestFinal_ex(context, bytes, &length) && 2 * length < PROXY_RESPONSE;
    if (is_well)
        secret_to_hex(bytes, length, hex);
    EVP_MD_CTX_free(context);
    EVP_MD_free(kind);
    secret_wipe(bytes, sizeof bytes);
    return is_well ? 0 : -1;
}

static const char nonce_count[] = "00000001";

int proxy_auth_respond(char response[PROXY_RESPONSE], const struct proxy_digest *digest,
                       const struct digest_request *request, struct error *error) {
    char a1[PROXY_RESPONSE], a2[PROXY_RESPONSE];
    const char *const first[] = {request->user, digest->realm, request->password, NULL};
    const char *const second[] = {request->method, request->uri, NULL};
    const char *const whole[] = {a1, digest->nonce, nonce_count, request->cnonce, "auth", a2, NULL};
    int failed = hash(a1, digest, first) || hash(a2, digest, second) || hash(response, digest, whole);
    secret_wipe(a1, sizeof a1);
    return failed ? error_set(error, "OpenSSL here does not permit %s, which the proxy's Digest needs",
                              digest_name(digest))
                  : 0;
}

/* As a quoted-string: what a challenge holds must not end it, and so add a parameter. */
static void add_quoted(struct strbuf *text, const char *name, const char *value) {
    strbuf_add(text, name);
    strbuf_add(text, "=\"");
    for (; *value; value++) {
        if (*value == '"' || *value == '\\')
            strbuf_add(text, "\\");
        strbuf_add_part(text, value, 1);
    }
    strbuf_add(text, "\", ");
}

int proxy_auth_digest(char text[PROXY_AUTHORIZATION], const struct proxy_digest *digest, const struct proxy *proxy,
                      const char *target, const char *cnonce, struct error *error) {
    char response[PROXY_RESPONSE];
    struct strbuf out = strbuf_begin(text, PROXY_AUTHORIZATION);
    const struct digest_request request = {
        .user = proxy->user, .password = proxy->password, .method = "CONNECT", .uri = target, .cnonce = cnonce};
    if (proxy_auth_respond(response, digest, &request, error))
        return -1;
    strbuf_add(&out, "Digest ");
    add_quoted(&out, "username", proxy->user);
    add_quoted(&out, "realm", digest->realm);
    add_quoted(&out, "nonce", digest->nonce);
    add_quoted(&out, "uri", target);
    add_quoted(&out, "cnonce", cnonce);
    add_quoted(&out, "response", response);
    if (digest->has_opaque)
        add_quoted(&out, "opaque", digest->opaque);
    if (digest->algorithm[0]) {
        strbuf_add(&out, "algorithm=");
        strbuf_add(&out, digest->algorithm);
        strbuf_add(&out, ", ");
    }
    strbuf_add(&out, "qop=auth, nc=");
    strbuf_add(&out, nonce_count);
    return out.is_cut ? error_set(error, "the proxy's challenge is too long to be answered") : 0;
}
