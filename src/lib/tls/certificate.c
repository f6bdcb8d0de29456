/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * certificate: see certificate.h. Names are compared with their lengths: one with a NUL in it is no other one.
 * Runs on: any thread. Owns: nothing.
 */
#include "config.h"

#include "lib/tls/certificate.h"

#include "lib/tls/pem.h"

#include <event2/util.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

static const char pin_prefix[] = "sha256:";
enum { PIN_PREFIX = sizeof pin_prefix - 1, SHOWN_NAME = 100, DAY_TEXT = 32 };

static bool is_pin(const char *text) {
    return strncmp(text, pin_prefix, PIN_PREFIX) == 0;
}

int certificate_check_name(const char *text, struct error *error) {
    uint8_t digest[SECRET_SIZE];
    size_t length = strlen(text);
    if (is_pin(text))
        return secret_from_hex(digest, SECRET_SIZE, text + PIN_PREFIX)
                   ? 0
                   : error_set(error, "\"%.80s\" is not a pin: sha256: and 64 hexadecimal digits are expected", text);
    if (length == 0 || length >= CERTIFICATE_NAME)
        return error_set(error, "a certificate's name has 1 to %d characters", CERTIFICATE_NAME - 1);
    for (const char *at = text; *at; at++)
        if ((unsigned char)*at < 0x20 || (unsigned char)*at > 0x7e)
            return error_set(error, "a certificate's name holds nothing but printable ASCII");
    if (strchr(text, '*'))
        return error_set(error, "\"%.80s\": a certificate is named in full, without *", text);
    return 0;
}

int certificate_pin(X509 *certificate, uint8_t pin[SECRET_SIZE]) {
    unsigned char *key = NULL;
    int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &key);
    int result = length > 0 ? secret_sha256(pin, key, (size_t)length, NULL, 0) : -1;
    OPENSSL_free(key);
    return result;
}

struct name {
    const char *text; /* not terminated */
    size_t length;
    bool is_dns;
};

/* Calls `each` with every name until it returns true; returns whether it did. */
static bool any_name(X509 *certificate, bool (*each)(const struct name *name, void *context), void *context) {
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    bool found = false, has_names = false;
    for (int i = 0; !found && i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *general = sk_GENERAL_NAME_value(names, i);
        if (general->type != GEN_DNS && general->type != GEN_URI)
            continue;
        const ASN1_IA5STRING *value = general->d.ia5;
        has_names = true;
        found = each(&(struct name){(const char *)ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value),
                                    general->type == GEN_DNS},
                     context);
    }
    GENERAL_NAMES_free(names);
    if (has_names)
        return found;
    const X509_NAME *subject = X509_get_subject_name(certificate);
    int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (at < 0 || X509_NAME_get_index_by_NID(subject, NID_commonName, at) >= 0)
        return false; /* none, or two, of which either may be meant */
    unsigned char *text = NULL;
    int length = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    if (length >= 0)
        found = each(&(struct name){(const char *)text, (size_t)length, false}, context);
    OPENSSL_free(text);
    return found;
}

static bool is_called(const struct name *name, void *context) {
    const char *wanted = context;
    if (strlen(wanted) != name->length)
        return false;
    return name->is_dns ? evutil_ascii_strncasecmp(wanted, name->text, name->length) == 0
                        : memcmp(wanted, name->text, name->length) == 0;
}

static bool has_key(X509 *certificate, const char *digits) {
    uint8_t wanted[SECRET_SIZE], is[SECRET_SIZE];
    return secret_from_hex(wanted, SECRET_SIZE, digits) && certificate_pin(certificate, is) == 0 &&
           secret_equal(wanted, is, SECRET_SIZE);
}

bool certificate_is(X509 *certificate, const char *name) {
    return is_pin(name) ? has_key(certificate, name + PIN_PREFIX) : any_name(certificate, is_called, (void *)name);
}

/* Printable ASCII only: the certificate may come from an unauthenticated peer. */
static bool show_name(const struct name *name, void *context) {
    char *text = context;
    size_t length = name->length < SHOWN_NAME ? name->length : SHOWN_NAME - 1;
    for (size_t i = 0; i < length; i++)
        text[i] = name->text[i] >= 0x20 && name->text[i] < 0x7f ? name->text[i] : '?';
    text[length] = '\0';
    return true;
}

char *certificate_describe(X509 *certificate, char text[CERTIFICATE_TEXT]) {
    char name[SHOWN_NAME] = "without a name", digits[SECRET_HEX] = "?";
    uint8_t pin[SECRET_SIZE];
    any_name(certificate, show_name, name);
    if (certificate_pin(certificate, pin) == 0)
        secret_to_hex(pin, SECRET_SIZE, digits);
    snprintf(text, CERTIFICATE_TEXT, "%s (%s%s)", name, pin_prefix, digits);
    return text;
}

X509 *certificate_read(const char *path, struct error *error) {
    BIO *file = pem_open(path, PEM_CERTIFICATE, error);
    if (!file)
        return NULL;
    X509 *certificate = PEM_read_bio_X509(file, NULL, pem_no_passphrase, NULL);
    if (!certificate)
        pem_failed(error, path, "its certificate cannot be read");
    BIO_free(file);
    return certificate;
}

int certificate_check_file_dates(const char *path, struct error *error) {
    BIO *file = pem_open(path, PEM_CERTIFICATE, error);
    X509 *certificate;
    int result = 0;
    while (file && result == 0 && (certificate = PEM_read_bio_X509(file, NULL, pem_no_passphrase, NULL))) {
        result = certificate_check_dates(certificate, path, error);
        X509_free(certificate);
    }
    BIO_free(file);
    ERR_clear_error(); /* of the end of the file */
    return result;
}

int certificate_read_pin(const char *path, char pin[CERTIFICATE_PIN], struct error *error) {
    X509 *certificate = certificate_read(path, error);
    uint8_t digest[SECRET_SIZE];
    if (!certificate)
        return -1;
    int result = certificate_pin(certificate, digest);
    X509_free(certificate);
    if (result != 0)
        return error_set(error, "%s: its key cannot be read", path);
    memcpy(pin, pin_prefix, PIN_PREFIX);
    secret_to_hex(digest, sizeof digest, pin + PIN_PREFIX);
    return 0;
}

long certificate_days_left(const X509 *certificate) {
    int days = 0, seconds = 0;
    if (ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(certificate)) != 1)
        return 0;
    return seconds < 0 ? (long)days - 1 : days;
}

time_t certificate_expires_at(const X509 *certificate) {
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    int days = 0, seconds = 0;
    bool is_known = epoch && ASN1_TIME_diff(&days, &seconds, epoch, X509_get0_notAfter(certificate)) == 1;

    ASN1_TIME_free(epoch);
    ERR_clear_error();
    return is_known ? (time_t)days * 86400 + seconds : 0;
}

static void name_date(const ASN1_TIME *time, char *text, size_t size) {
    struct tm date = {0};
    if (ASN1_TIME_to_tm(time, &date) != 1 || strftime(text, size, "%Y-%m-%d", &date) == 0)
        snprintf(text, size, "an unreadable date");
}

static void name_today(char *text, size_t size) {
    time_t now = time(NULL);
    struct tm date = {0};
    if (!gmtime_r(&now, &date) || strftime(text, size, "%Y-%m-%d", &date) == 0)
        snprintf(text, size, "no date");
}

void certificate_describe_expired(const X509 *certificate, const char *whose, struct error *error) {
    char date[DAY_TEXT], today[DAY_TEXT];
    name_date(X509_get0_notAfter(certificate), date, sizeof date);
    name_today(today, sizeof today);
    error_set(error, "%s has expired: it ended on %s, and this machine's clock says %s: renew it, or set the clock",
              whose, date, today);
}

void certificate_describe_too_early(const X509 *certificate, const char *whose, struct error *error) {
    char date[DAY_TEXT], today[DAY_TEXT];
    name_date(X509_get0_notBefore(certificate), date, sizeof date);
    name_today(today, sizeof today);
    error_set(error, "%s is not yet valid: it begins on %s, and this machine's clock says %s: set the clock", whose,
              date, today);
}

int certificate_check_dates(const X509 *certificate, const char *whose, struct error *error) {
    bool is_early = X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0;
    bool is_late = X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0;
    if (is_early)
        certificate_describe_too_early(certificate, whose, error);
    else if (is_late)
        certificate_describe_expired(certificate, whose, error);
    return is_early || is_late ? -1 : 0;
}
