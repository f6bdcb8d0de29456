/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * tls_tlvs: see tls_tlvs.h.
 */
#include "config.h"

#include "relay/stream/tls_tlvs.h"

#include <openssl/x509.h>
#include <string.h>

static struct proxy_value value_of(const char *text) {
    return (struct proxy_value){(const uint8_t *)text, text ? strlen(text) : 0};
}

/* In UTF-8, to be given to OPENSSL_free(); NULL: it has none, or one with a zero byte, which would be cut by readers.
 */
static unsigned char *common_name(X509 *certificate) {
    unsigned char *text = NULL;
    X509_NAME *subject = X509_get_subject_name(certificate);
    int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (at < 0)
        return NULL;
    int length = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    if (length > 0 && !memchr(text, '\0', (size_t)length))
        return text;
    if (length >= 0)
        OPENSSL_free(text);
    return NULL;
}

static struct proxy_value alpn_of(const SSL *ssl) {
    struct proxy_value alpn = {NULL, 0};
    unsigned length = 0;
    SSL_get0_alpn_selected(ssl, &alpn.bytes, &length);
    alpn.length = length;
    return alpn;
}

/* A certificate that does not verify ends the handshake, so one that is there is verified. */
static struct proxy_tls tls_of(const SSL *ssl, bool has_certificate, const unsigned char *name) {
    return (struct proxy_tls){.is_used = true,
                              .has_certificate = has_certificate,
                              .is_verified = has_certificate && SSL_get_verify_result(ssl) == X509_V_OK,
                              .version = value_of(SSL_get_version(ssl)),
                              .cipher = value_of(SSL_get_cipher_name(ssl)),
                              .common_name = value_of((const char *)name)};
}

struct proxy_tlvs *tls_tlvs_new(const SSL *ssl, const struct proxy_tlvs *before) {
    struct proxy_header header = {.version = PROXY_V2};
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    struct proxy_value alpn = alpn_of(ssl);
    X509 *certificate = SSL_get1_peer_certificate(ssl);
    unsigned char *subject = certificate ? common_name(certificate) : NULL;
    if (before)
        (void)proxy_read_tlvs(&header, before->bytes, before->length, NULL); /* we have written them */
    if (name)
        header.authority = value_of(name);
    if (alpn.length > 0)
        header.alpn = alpn;
    header.tls = tls_of(ssl, certificate, subject);
    struct proxy_tlvs *tlvs = proxy_tlvs_new(&header);
    OPENSSL_free(subject);
    X509_free(certificate);
    return tlvs;
}
