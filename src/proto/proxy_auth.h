/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * proxy_auth: what an HTTP proxy asks for (Proxy-Authenticate) and the answer to it: Basic (RFC 7617), Digest (RFC
 * 7616) with MD5 or SHA-256 and qop=auth. Other schemes, Negotiate and NTLM say, are known by name only. Runs on: any
 * thread. Owns: nothing.
 */
#ifndef MUNNEL_PROTO_PROXY_AUTH_H
#define MUNNEL_PROTO_PROXY_AUTH_H

#include "proto/proxy.h"

enum {
    PROXY_CHALLENGE_VALUE = 512, /* realm, nonce, opaque; longer ones are not answered */
    PROXY_OFFERS = 120,
    PROXY_CNONCE = 33,
    PROXY_AUTHORIZATION =
        6 * PROXY_CHALLENGE_VALUE /* what an answer takes: values with each byte escaped, and a user */
};

/* From weak to strong: of what a proxy offers, the strongest is answered. */
enum proxy_scheme { PROXY_SCHEME_NONE, PROXY_SCHEME_BASIC, PROXY_SCHEME_DIGEST_MD5, PROXY_SCHEME_DIGEST_SHA256 };

struct proxy_digest { /* a challenge; values without quotes and escapes */
    enum proxy_scheme scheme;
    bool is_stale, has_opaque;
    char algorithm[16]; /* as the proxy wrote it */
    char realm[PROXY_CHALLENGE_VALUE], nonce[PROXY_CHALLENGE_VALUE], opaque[PROXY_CHALLENGE_VALUE];
};

struct proxy_offer { /* all zero: nothing is offered yet */
    enum proxy_scheme best;
    struct proxy_digest digest; /* if `best` is one */
    char names[PROXY_OFFERS];   /* of all schemes, for people: "Negotiate, NTLM" */
};

/* Adds what one field Proxy-Authenticate offers; what is malformed in it ends it. */
void proxy_offer_add(struct proxy_offer *offer, const char *value, size_t length);

/*
 * The value of Proxy-Authorization for CONNECT to `target`: 0, or -1 with `error` (this OpenSSL does not permit MD5, or
 * what would be sent is too long). cnonce: of Digest, new and random for each connection. The nonce counts 1: it is
 * used once.
 */
int proxy_auth_basic(char text[PROXY_AUTHORIZATION], const struct proxy *proxy, struct error *error);
int proxy_auth_digest(char text[PROXY_AUTHORIZATION], const struct proxy_digest *digest, const struct proxy *proxy,
                      const char *target, const char *cnonce, struct error *error);

/* The response of RFC 7616, 3.4.1, with qop=auth: hexadecimal. 0 or -1 likewise. */
struct digest_request {
    const char *user, *password, *method, *uri, *cnonce;
};
enum { PROXY_RESPONSE = 65 };
int proxy_auth_respond(char response[PROXY_RESPONSE], const struct proxy_digest *digest,
                       const struct digest_request *request, struct error *error);

#endif
