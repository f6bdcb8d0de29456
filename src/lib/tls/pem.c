/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * pem: see pem.h. OpenSSL's error is "no start line" for a directory, a DER file and a key where a certificate is
 * wanted; the first bytes and the labels of the blocks distinguish them.
 */
#include "config.h"

#include "lib/tls/pem.h"

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/secret.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PEM_MOST = 64 * 1024 * 1024 /* a public authority's revocation list may have several */,
    LABEL_LONGEST = 40,
    NO_KIND = -1
};

static const struct {
    const char *name, *label, *from_der, *from_pkcs12;
} kinds[] = {
    [PEM_CERTIFICATE] = {"a certificate", "CERTIFICATE", "x509", "-nokeys"},
    [PEM_PRIVATE_KEY] = {"a private key", "PRIVATE KEY", "pkey", "-nocerts -nodes"},
    [PEM_CRL] = {"a revocation list", "X509 CRL", "crl", NULL},
};

static const struct label {
    const char *label;
    int kind;
    const char *name; /* of a kind that is never wanted, and what to do with it */
} labels[] = {
    {"CERTIFICATE", PEM_CERTIFICATE, NULL},
    {"X509 CERTIFICATE", PEM_CERTIFICATE, NULL},
    {"TRUSTED CERTIFICATE", PEM_CERTIFICATE, NULL},
    {"PRIVATE KEY", PEM_PRIVATE_KEY, NULL},
    {"RSA PRIVATE KEY", PEM_PRIVATE_KEY, NULL},
    {"EC PRIVATE KEY", PEM_PRIVATE_KEY, NULL},
    {"DSA PRIVATE KEY", PEM_PRIVATE_KEY, NULL},
    {"ENCRYPTED PRIVATE KEY", PEM_PRIVATE_KEY, NULL},
    {"X509 CRL", PEM_CRL, NULL},
    {"CERTIFICATE REQUEST", NO_KIND, "a certificate request (CSR), from which an authority makes the certificate"},
    {"NEW CERTIFICATE REQUEST", NO_KIND, "a certificate request (CSR), from which an authority makes the certificate"},
    {"PUBLIC KEY", NO_KIND, "a public key"},
    {"OPENSSH PRIVATE KEY", NO_KIND, "a key in OpenSSH's own form, which TLS does not use"},
    {"PKCS7", NO_KIND, "a PKCS#7 bundle; openssl pkcs7 -print_certs takes the certificates out of it"},
};

static const char begin[] = "-----BEGIN ";

struct content {
    const char *path;
    enum pem_kind kind; /* which is wanted */
    char *text;         /* terminated */
    size_t length;
};

/* ---- what is no PEM file at all ---- */

static int fail_der(const struct content *content, struct error *error) {
    static const char number[] = "\x02\x01\x03"; /* the version with which a PKCS#12 file begins */
    bool is_pkcs12 = content->length > 7 && memcmp(content->text + 4, number, 3) == 0;
    if (is_pkcs12 && kinds[content->kind].from_pkcs12)
        return error_set(error, "%s: is a PKCS#12 file, not PEM; convert it: openssl pkcs12 -in %s %s -out NEW.pem",
                         content->path, content->path, kinds[content->kind].from_pkcs12);
    return error_set(error, "%s: is in DER form, not PEM; convert it: openssl %s -inform DER -in %s -out NEW.pem",
                     content->path, kinds[content->kind].from_der, content->path);
}

/* A DER sequence; '0' begins a text too, so the byte after it decides: a length of more than 127 bytes. */
static bool is_der(const struct content *content) {
    return content->length > 4 && content->text[0] == 0x30 && (content->text[1] & 0x80);
}

static bool begins_with(const struct content *content, const char *bytes) {
    return strncmp(content->text, bytes, strlen(bytes)) == 0;
}

static int fail_no_block(const struct content *content, struct error *error) {
    const char *name = kinds[content->kind].name, *label = kinds[content->kind].label;
    if (content->length == 0)
        return error_set(error, "%s: is empty; %s in PEM form is wanted", content->path, name);
    if (is_der(content))
        return fail_der(content, error);
    if (begins_with(content, "\xff\xfe") || begins_with(content, "\xfe\xff"))
        return error_set(error, "%s: is UTF-16 text; save it as ASCII", content->path);
    if (begins_with(content, "\xef\xbb\xbf"))
        return error_set(error, "%s: begins with a byte order mark; save it as ASCII or UTF-8 without one",
                         content->path);
    if (strstr(content->text, begin))
        return error_set(error,
                         "%s: no line -----BEGIN %s----- stands alone; remove what is beside it, or name the file "
                         "that holds %s",
                         content->path, label, name);
    return error_set(error, "%s: holds no PEM block; %s in PEM form begins with the line -----BEGIN %s-----",
                     content->path, name, label);
}

/* ---- blocks ---- */

/* Is this the end of a line that begins a block? OpenSSL lets blanks and control characters follow, and passes over a
 * line with anything else. */
static bool ends_begin(const char *at) {
    static const char dashes[] = "-----";
    if (strncmp(at, dashes, sizeof dashes - 1) != 0)
        return false;
    for (at += sizeof dashes - 1; *at && *at != '\n'; at++)
        if ((unsigned char)*at > ' ')
            return false;
    return true;
}

/* The next line that begins a block, from `text` on, and the block's label; NULL: there is none. */
static const char *next_block(const char *text, const char *start, char label[LABEL_LONGEST]) {
    for (const char *at = text; (at = strstr(at, begin)); at++) {
        const char *name = at + sizeof begin - 1;
        size_t length = strcspn(name, "-\r\n");
        if ((at > start && at[-1] != '\n') || !ends_begin(name + length))
            continue;
        snprintf(label, LABEL_LONGEST, "%.*s", (int)length, name);
        return name + length;
    }
    return NULL;
}

static const struct label *find_label(const char *text) {
    for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++)
        if (strcmp(labels[i].label, text) == 0)
            return &labels[i];
    return NULL;
}

static int check_block(const struct content *content, const char *label, const char *block, struct error *error) {
    char end[LABEL_LONGEST + 16];
    snprintf(end, sizeof end, "-----END %s-----", label);
    const char *last = strstr(block, end);
    if (!last)
        return error_set(error, "%s: is cut off: the line %s is missing; copy the file again", content->path, end);
    const char *encrypted = strstr(block, "Proc-Type: 4,ENCRYPTED");
    if (strcmp(label, "ENCRYPTED PRIVATE KEY") == 0 || (encrypted && encrypted < last))
        return error_set(error,
                         "%s: the private key is encrypted, and its passphrase cannot be entered here; decrypt it: "
                         "openssl pkey -in %s -out NEW.key",
                         content->path, content->path);
    return 0;
}

static int fail_other(const struct content *content, const struct label *other, struct error *error) {
    const char *wanted = kinds[content->kind].name;
    if (other->kind == NO_KIND)
        return error_set(error, "%s: %s is wanted, and this is %s", content->path, wanted, other->name);
    return error_set(error, "%s: holds %s where %s is wanted%s", content->path, kinds[other->kind].name, wanted,
                     other->kind + (int)content->kind == PEM_CERTIFICATE + PEM_PRIVATE_KEY
                         ? "; is the other file of the pair meant?"
                         : "");
}

static int check_content(const struct content *content, struct error *error) {
    const struct label *other = NULL;
    char text[LABEL_LONGEST];
    for (const char *at = content->text; (at = next_block(at, content->text, text));) {
        const struct label *label = find_label(text);
        if (label && label->kind == (int)content->kind)
            return check_block(content, text, at, error);
        if (!other)
            other = label;
    }
    return other ? fail_other(content, other, error) : fail_no_block(content, error);
}

/* ---- the file ---- */

typedef char *read_file(const char *path, size_t limit, size_t *length, struct error *error);

static int check_kind_of_file(const struct content *content, struct error *error) {
    enum file_kind what;
    char unused[1];
    if (file_peek(content->path, unused, 0, &what) < 0)
        return error_set(error, "%s: cannot be read: %s", content->path, error_text(errno));
    return what == FILE_FOLDER ? error_set(error, "%s: is a directory; name the file in it that holds %s",
                                           content->path, kinds[content->kind].name)
                               : 0;
}

static void content_end(struct content *content) {
    if (content->text)
        secret_wipe(content->text, content->length);
    free(content->text);
    content->text = NULL;
}

static int content_read(struct content *content, read_file *read, struct error *error) {
    content->text = read(content->path, PEM_MOST, &content->length, error);
    if (content->text && check_content(content, error) == 0)
        return 0;
    content_end(content);
    return -1;
}

/* Who may read a key is asked of the file that is read. Of a wrong file the rights do not matter: what it is is said.
 */
static int content_open(struct content *content, struct error *error) {
    struct error wrong = {""};
    bool is_key = content->kind == PEM_PRIVATE_KEY;
    if (check_kind_of_file(content, error))
        return -1;
    if (content_read(content, is_key ? file_read_secret : file_read, error) == 0)
        return 0;
    if (is_key && file_kind(content->path) == FILE_REGULAR) { /* a pipe is read only once */
        if (content_read(content, file_read, &wrong))
            *error = wrong;
        content_end(content);
    }
    return -1;
}

/* Its memory grows and is freed by calls of OpenSSL that wipe it. */
static BIO *copy(const char *text, size_t length, struct error *error) {
    BIO *bytes = BIO_new(BIO_s_mem());
    if (bytes && BIO_write(bytes, text, (int)length) == (int)length)
        return bytes;
    BIO_free(bytes);
    ERR_clear_error();
    error_set(error, "out of memory");
    return NULL;
}

BIO *pem_open(const char *path, enum pem_kind kind, struct error *error) {
    struct content content = {.path = path, .kind = kind};
    if (content_open(&content, error))
        return NULL;
    BIO *bytes = copy(content.text, content.length, error);
    content_end(&content);
    return bytes;
}

int pem_no_passphrase(char *text, int size, int writing, void *context) {
    (void)text, (void)size, (void)writing, (void)context;
    return -1;
}

bool pem_has_ended(void) {
    unsigned long code = ERR_peek_last_error();
    bool has_ended = ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE;
    if (has_ended)
        ERR_clear_error();
    return has_ended;
}

/* The first error in the queue is the cause; OpenSSL's callers add the later ones. */
int pem_failed(struct error *error, const char *path, const char *what) {
    unsigned long code = ERR_get_error();
    ERR_clear_error();
    const char *reason = ERR_reason_error_string(code);
    return reason ? error_set(error, "%s: %s (%s)", path, what, reason) : error_set(error, "%s: %s", path, what);
}
