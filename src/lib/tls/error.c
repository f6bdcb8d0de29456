/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * error: tls_explain(), the reason of a failed handshake or a cut connection.
 *
 * The peer's first bytes, its alert and OpenSSL's first error are noted when they occur, because libevent may have
 * emptied OpenSSL's error queue before tls_explain() is called.
 * Runs on: the session's thread. Owns: nothing.
 */
#include "config.h"

#include "lib/tls/tls.h"
#include "lib/tls/tls_priv.h"

#include <openssl/err.h>
#include <string.h>

/* From OpenSSL 3.2 on the record layer is a part of its own; its caller adds this error, and the cause is before it. */
enum { RECORD_LAYER_FAILURE = 313 };

/* The last error is of this session; an earlier one may be of another. */
static unsigned long peek_cause(void) {
    unsigned long last = ERR_peek_last_error();
    bool is_general = ERR_GET_LIB(last) == ERR_LIB_SSL && ERR_GET_REASON(last) == RECORD_LAYER_FAILURE;
    return is_general ? ERR_peek_error() : last;
}

static void on_info(const SSL *ssl, int where, int value) {
    struct tls_notes *notes = tls_notes_of(ssl);
    if (!notes)
        return;
    if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT) {
        if ((value & 0xff) != SSL_AD_CLOSE_NOTIFY)
            notes->alert_received = value & 0xff;
    } else if ((where & SSL_CB_EXIT) && value > 0 && SSL_is_init_finished(ssl))
        notes->is_open = true;
    else if ((where & SSL_CB_EXIT) && value <= 0 && notes->error == 0)
        notes->error = peek_cause();
}

static void on_record(int writing, int version, int type, const void *bytes, size_t length, SSL *ssl, void *context) {
    (void)version, (void)context;
    if (writing || type != SSL3_RT_HEADER || length < TLS_RECORD_HEADER)
        return;
    struct tls_notes *notes = tls_notes_of(ssl);
    if (notes) {
        memcpy(notes->first, bytes, TLS_RECORD_HEADER);
        notes->has_first = true;
    }
    SSL_set_msg_callback(ssl, NULL); /* the first is enough, and this is called for each record */
}

void tls_notes_watch(SSL *ssl) {
    SSL_set_info_callback(ssl, on_info);
    SSL_set_msg_callback(ssl, on_record);
}

/* First bytes of protocols that scanners and misdirected programs speak. */
static const struct {
    const char *begins;
    size_t length;
    const char *name;
} protocols[] = {
    {"GET ", 4, "HTTP"},          {"POST", 4, "HTTP"},      {"HEAD", 4, "HTTP"},        {"PUT ", 4, "HTTP"},
    {"OPTIO", 5, "HTTP"},         {"CONNE", 5, "HTTP"},     {"DELET", 5, "HTTP"},       {"PATCH", 5, "HTTP"},
    {"PRI *", 5, "HTTP/2"},       {"HTTP/", 5, "HTTP"},     {"SSH-", 4, "SSH"},         {"RFB 0", 5, "VNC"},
    {"EHLO", 4, "SMTP"},          {"HELO", 4, "SMTP"},      {"220 ", 4, "SMTP or FTP"}, {"220-", 4, "SMTP or FTP"},
    {"USER ", 5, "FTP or POP3"},  {"+OK ", 4, "POP3"},      {"* OK ", 5, "IMAP"},       {"\x03\x00\x00", 3, "RDP"},
    {"\x05\x01\x00", 3, "SOCKS"}, {"\x04\x01", 2, "SOCKS"}, {"{", 1, "JSON"},
};

static bool looks_like_tls(const unsigned char first[TLS_RECORD_HEADER]) {
    return first[0] >= SSL3_RT_CHANGE_CIPHER_SPEC && first[0] <= SSL3_RT_APPLICATION_DATA && first[1] == 3;
}

/* NULL: none of these. */
static const char *find_protocol(const unsigned char first[TLS_RECORD_HEADER]) {
    for (size_t i = 0; i < sizeof protocols / sizeof protocols[0]; i++)
        if (memcmp(first, protocols[i].begins, protocols[i].length) == 0)
            return protocols[i].name;
    return NULL;
}

static void name_protocol(const unsigned char first[TLS_RECORD_HEADER], struct error *error) {
    const char *name = find_protocol(first);
    if (name)
        error_set(error, "this is not TLS: it looks like %s", name);
    else
        error_set(error, "this is not TLS (it begins with %02x %02x %02x %02x %02x)", first[0], first[1], first[2],
                  first[3], first[4]);
}

struct meaning {
    int code;
    const char *text;
};

/* Alerts of the other side. */
static const struct meaning alerts[] = {
    {SSL_AD_BAD_CERTIFICATE, "the other side refused our certificate (alert bad_certificate); its log has the reason"},
    {SSL_AD_UNSUPPORTED_CERTIFICATE,
     "the other side refused our certificate: unsupported, or wrong purpose (alert unsupported_certificate)"},
    {SSL_AD_CERTIFICATE_REVOKED, "the other side refused our certificate: revoked (alert certificate_revoked)"},
    {SSL_AD_CERTIFICATE_EXPIRED,
     "the other side refused our certificate: expired, or its clock is wrong (alert certificate_expired)"},
    {SSL_AD_CERTIFICATE_UNKNOWN,
     "the other side refused our certificate (alert certificate_unknown); its log has the reason"},
    {SSL_AD_UNKNOWN_CA, "the other side refused our certificate: it does not know who signed it (alert unknown_ca)"},
    {SSL_AD_CERTIFICATE_REQUIRED, "the other side asks for a certificate and we have none"},
    {SSL_AD_HANDSHAKE_FAILURE, "the other side found no common ground (handshake failure)"},
    {SSL_AD_PROTOCOL_VERSION, "the other side does not speak our version of TLS"},
    {SSL_AD_INSUFFICIENT_SECURITY, "the other side wants stronger ciphers"},
    {SSL_AD_NO_APPLICATION_PROTOCOL,
     "the other side speaks TLS but not Munnel, or a newer version than ours (" TLS_ALPN ")" TLS_CHECK_ADDRESS},
    {SSL_AD_UNRECOGNIZED_NAME, "the other side does not know the name that we asked for"},
    {SSL_AD_INTERNAL_ERROR, "the other side had an internal error in TLS"},
};

static const char wants_compression[] = "the other side wants compression, which is not allowed here";

/* Reasons of our own OpenSSL. */
static const struct meaning reasons[] = {
    {SSL_R_HTTP_REQUEST, "this is not TLS: it looks like HTTP"},
    {SSL_R_HTTPS_PROXY_REQUEST, "this is not TLS: it looks like HTTP"},
    {SSL_R_UNSUPPORTED_PROTOCOL, "the other side speaks only versions of TLS that are not allowed here"},
    {SSL_R_VERSION_TOO_LOW, "the other side speaks only versions of TLS that are not allowed here"},
    {SSL_R_UNKNOWN_PROTOCOL, "the other side speaks only versions of TLS that are not allowed here"},
    {SSL_R_NO_SHARED_CIPHER, "the other side has no cipher that is allowed here"},
    {SSL_R_NO_SUITABLE_KEY_SHARE, "the other side has no key exchange that is allowed here"},
    {SSL_R_NO_SHARED_GROUPS, "the other side has no key exchange that is allowed here"},
    {SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM, "the other side has no signature that is allowed here"},
    {SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE, "the other side shows no certificate, and one is required"},
    {SSL_R_EXCESSIVE_MESSAGE_SIZE, "the other side sends a larger message than TLS may have here"},
    {SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC, "a record was changed on the way"},
    {SSL_R_PACKET_LENGTH_TOO_LONG, "this is not TLS any more: a record is too long"},
    {SSL_R_DATA_LENGTH_TOO_LONG, "this is not TLS any more: a record is too long"},
    {SSL_R_ENCRYPTED_LENGTH_TOO_LONG, "this is not TLS any more: a record is too long"},
    {SSL_R_UNEXPECTED_MESSAGE, "the other side sends a message that has no place there: it may not speak TLS"},
    {SSL_R_BINDER_DOES_NOT_VERIFY, "the other side names a key that it does not have"},
    {SSL_R_NO_COMPRESSION_SPECIFIED, wants_compression},
    {SSL_R_REQUIRED_COMPRESSION_ALGORITHM_MISSING, wants_compression},
    {SSL_R_INVALID_COMPRESSION_ALGORITHM, wants_compression},
    {SSL_R_NO_RENEGOTIATION, "the other side tried to renegotiate"},
    {SSL_R_UNSAFE_LEGACY_RENEGOTIATION_DISABLED, "the other side does not know secure renegotiation: too old"},
};

static const char *find_meaning(const struct meaning *meanings, size_t count, int code) {
    for (size_t i = 0; i < count; i++)
        if (meanings[i].code == code)
            return meanings[i].text;
    return NULL;
}

static void describe_alert(int alert, struct error *error) {
    const char *text = find_meaning(alerts, sizeof alerts / sizeof alerts[0], alert);
    if (text)
        error_set(error, "%s", text);
    else
        error_set(error, "the other side ended TLS with the alert \"%s\"", SSL_alert_desc_string_long(alert));
}

static void describe_reason(unsigned long code, struct error *error) {
    const char *text = NULL;
    if (ERR_GET_LIB(code) == ERR_LIB_SSL)
        text = find_meaning(reasons, sizeof reasons / sizeof reasons[0], ERR_GET_REASON(code));
    if (!text)
        text = ERR_reason_error_string(code);
    if (text)
        error_set(error, "%s", text);
    else
        error_set(error, "TLS failed (OpenSSL's error %lx)", code);
}

static void describe_cut(const struct tls_notes *notes, struct error *error) {
    if (!notes || notes->is_open)
        error_set(error, "the connection was cut");
    else if (!notes->has_first)
        error_set(error, "the connection was cut before the other side said anything");
    else
        error_set(error, "the connection was cut during the TLS handshake");
}

static bool is_cut(unsigned long code) {
    return code == 0 || ERR_SYSTEM_ERROR(code) ||
           (ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING);
}

static enum tls_verdict judge_alert(const struct tls_notes *notes, bool is_server) {
    switch (notes->alert_received) {
    case SSL_AD_INTERNAL_ERROR:
        return TLS_CUT;
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_REVOKED:
    case SSL_AD_UNKNOWN_CA:
    case SSL_AD_CERTIFICATE_REQUIRED: /* before the server is verified, anything on the way may send an alert in clear
                                       */
        return notes->is_open && !is_server ? TLS_UNTRUSTED_BY_PEER : TLS_REFUSED_BY_PEER;
    default:
        return TLS_REFUSED_BY_PEER;
    }
}

bool tls_received_nothing(const SSL *ssl) {
    const struct tls_notes *notes = tls_notes_of(ssl);
    return notes && !notes->has_first;
}

bool tls_is_no_tls(const SSL *ssl) {
    const struct tls_notes *notes = tls_notes_of(ssl);
    return notes && notes->has_first && !looks_like_tls(notes->first);
}

bool tls_is_http(const SSL *ssl) {
    const struct tls_notes *notes = tls_notes_of(ssl);
    const char *name = notes && notes->has_first ? find_protocol(notes->first) : NULL;
    return name && strcmp(name, "HTTP") == 0;
}

bool tls_is_wrong_version(const SSL *ssl) {
    const struct tls_notes *notes = tls_notes_of(ssl);
    int reason = notes && ERR_GET_LIB(notes->error) == ERR_LIB_SSL ? ERR_GET_REASON(notes->error) : 0;
    return reason == SSL_R_UNSUPPORTED_PROTOCOL || reason == SSL_R_VERSION_TOO_LOW || reason == SSL_R_UNKNOWN_PROTOCOL;
}

enum tls_verdict tls_explain(const SSL *ssl, struct error *error) {
    const struct tls_notes *notes = tls_notes_of(ssl);
    unsigned long queued = peek_cause();
    unsigned long code = notes && notes->error ? notes->error : queued;
    ERR_clear_error();
    if (notes && notes->refusal) {
        error_set(error, "%s", notes->refusal);
        return notes->is_untrusted ? TLS_UNTRUSTED : TLS_REFUSED;
    } else if (notes && notes->alert_received >= 0) {
        describe_alert(notes->alert_received, error);
        return judge_alert(notes, SSL_is_server(ssl));
    } else if (notes && notes->has_first && !looks_like_tls(notes->first)) {
        name_protocol(notes->first, error);
        if (!SSL_is_server(ssl) && tls_trust_of(SSL_get_SSL_CTX(ssl))) /* a probe's has none */
            error_set(error, "%s%s", error->text, TLS_CHECK_ADDRESS);
    } else if (is_cut(code)) {
        describe_cut(notes, error);
        return TLS_CUT;
    } else {
        describe_reason(code, error);
    }
    return TLS_REFUSED;
}
