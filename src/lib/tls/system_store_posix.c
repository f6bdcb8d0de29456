/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * system_store_posix: the file and the folder that OpenSSL was built with; where the file is missing, the file that
 * other distributions have. A static program runs on systems that it was not built for.
 */
#include "config.h"

#include "lib/tls/system_store.h"

#include "lib/tls/pem.h"
#include "lib/tls/system_store_priv.h"

#include <openssl/x509.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* The folder does not count: a single authority in it that somebody linked there would hide all others. */
const char *system_store_bundle(const struct system_store_places *places) {
    if (access(places->file, R_OK) == 0)
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

int system_store_use(SSL_CTX *context, struct error *error) {
    const struct system_store_places places = {.file = X509_get_default_cert_file(), .bundles = known_bundles};
    if (SSL_CTX_set_default_verify_paths(context) != 1)
        return pem_failed(error, "TLS", "the system's store is unusable");
    const char *bundle = is_chosen_by_user() ? NULL : system_store_bundle(&places);
    if (bundle && SSL_CTX_load_verify_file(context, bundle) != 1)
        return pem_failed(error, bundle, "its certificates cannot be read");
    return 0;
}
