/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * system_store_posix: the file and the folder that OpenSSL was built with; where nothing is there, the file that other
 * distributions have. A static program runs on systems that it was not built for.
 */
#include "config.h"

#include "lib/tls/system_store.h"

#include "lib/tls/pem.h"
#include "lib/tls/system_store_priv.h"

#include <dirent.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const known_bundles[] = {
    "/etc/ssl/certs/ca-certificates.crt",                /* Debian, Ubuntu, Alpine, Arch, Gentoo, NixOS */
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", /* Fedora, RHEL */
    "/etc/pki/tls/certs/ca-bundle.crt",                  /* older ones of them */
    "/var/lib/ca-certificates/ca-bundle.pem",            /* openSUSE */
    "/etc/ssl/cert.pem",                                 /* the BSDs, macOS */
    NULL,
};

/* As OpenSSL finds an authority in a folder: eight digits of its name's digest, a period, a number. */
static bool is_hashed(const char *name) {
    return strspn(name, "0123456789abcdef") == 8 && name[8] == '.' && strspn(name + 9, "0123456789") > 0;
}

static bool has_hashed(const char *path) {
    DIR *folder = opendir(path);
    if (!folder)
        return false;
    bool found = false;
    for (struct dirent *entry; !found && (entry = readdir(folder));)
        found = is_hashed(entry->d_name);
    closedir(folder);
    return found;
}

const char *system_store_bundle(const struct system_store_places *places) {
    if (access(places->file, R_OK) == 0 || has_hashed(places->folder))
        return NULL;
    for (const char *const *bundle = places->bundles; *bundle; bundle++)
        if (access(*bundle, R_OK) == 0)
            return *bundle;
    return NULL;
}

/* OpenSSL takes a file and a folder from the environment in place of its own: nothing is added to such a choice. */
static bool is_chosen_by_user(void) {
    return getenv(X509_get_default_cert_file_env()) || getenv(X509_get_default_cert_dir_env());
}

int system_store_use(SSL_CTX *context, struct error *error) {
    const struct system_store_places places = {.file = X509_get_default_cert_file(),
                                               .folder = X509_get_default_cert_dir(),
                                               .bundles = known_bundles};
    if (SSL_CTX_set_default_verify_paths(context) != 1)
        return pem_failed(error, "TLS", "the system's store is unusable");
    const char *bundle = is_chosen_by_user() ? NULL : system_store_bundle(&places);
    if (bundle && SSL_CTX_load_verify_file(context, bundle) != 1)
        return pem_failed(error, bundle, "its certificates cannot be read");
    return 0;
}
