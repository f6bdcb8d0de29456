/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * system_store_posix: the file and the folder that OpenSSL was built with; where the file is missing, the file that
 * other distributions have. A static program runs on systems that it was not built for.
 */
#include "config.h"

#include "lib/tls/system_store.h"

#include "lib/base/hash.h"
#include "lib/tls/pem.h"
#include "lib/tls/system_store_priv.h"

#include <openssl/x509.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef __APPLE__ /* the only one that has another name for it */
#define st_mtim st_mtimespec
#endif

static const char *const known_bundles[] = {
    "/etc/ssl/certs/ca-certificates.crt",                /* Debian, Ubuntu, Alpine, Arch, Gentoo, NixOS */
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", /* Fedora, RHEL */
    "/etc/pki/tls/certs/ca-bundle.crt",                  /* older ones of them */
    "/var/lib/ca-certificates/ca-bundle.pem",            /* openSUSE */
    "/etc/ssl/cert.pem",                                 /* the BSDs, macOS */
    NULL,
};

/* Debian leaves an empty file where all authorities were deselected. */
static bool has_text(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 && status.st_size > 0 && access(path, R_OK) == 0;
}

/* OpenSSL's folder is not looked at: RHEL keeps all authorities in a file, and an administrator who has put one of his
 * own into the folder, with its hash as name, would lose those. */
const char *system_store_bundle(const struct system_store_places *places) {
    if (has_text(places->file))
        return NULL;
    for (const char *const *bundle = places->bundles; *bundle; bundle++)
        if (has_text(*bundle))
            return *bundle;
    return NULL;
}

/* OpenSSL takes a file and a folder from the environment in place of its own: nothing is added to such a choice. */
static bool is_chosen_by_user(void) {
    return getenv(X509_get_default_cert_file_env()) || getenv(X509_get_default_cert_dir_env());
}

/* The distribution's file that is read too, or NULL. */
static const char *find_bundle(void) {
    const struct system_store_places places = {.file = X509_get_default_cert_file(), .bundles = known_bundles};
    return is_chosen_by_user() ? NULL : system_store_bundle(&places);
}

/* OpenSSL's own file if it is there, or the one that the environment names. */
static const char *find_own(void) {
    const char *chosen = getenv(X509_get_default_cert_file_env()), *usual = X509_get_default_cert_file();
    return chosen ? chosen : has_text(usual) ? usual : NULL;
}

static int use_file(SSL_CTX *context, const char *path, struct error *error) {
    return !path || SSL_CTX_load_verify_file(context, path) == 1
               ? 0
               : pem_failed(error, path, "its certificates cannot be read");
}

/* OpenSSL passes over a default file that it cannot read, here an error: without it no server would be verified. */
int system_store_use(SSL_CTX *context, struct error *error) {
    if (SSL_CTX_set_default_verify_paths(context) != 1)
        return pem_failed(error, "TLS", "the system's store is unusable");
    return use_file(context, find_own(), error) || use_file(context, find_bundle(), error) ? -1 : 0;
}

/* ---- has it changed? ---- */

const unsigned system_store_look_ms = 0; /* a few calls of stat() */

static uint64_t add_file(uint64_t stamp, const char *path) {
    struct stat status;
    if (!path || stat(path, &status) != 0)
        return hash_bytes(stamp, "", 1);
    const uint64_t parts[] = {(uint64_t)status.st_dev, (uint64_t)status.st_ino, (uint64_t)status.st_size,
                              (uint64_t)status.st_mtim.tv_sec, (uint64_t)status.st_mtim.tv_nsec};
    return hash_bytes(stamp, parts, sizeof parts);
}

uint64_t system_store_stamp(void) {
    const char *chosen = getenv(X509_get_default_cert_file_env());
    return add_file(add_file(HASH_START, chosen ? chosen : X509_get_default_cert_file()), find_bundle());
}
