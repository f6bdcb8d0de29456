/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/* cert_expiry: see cert_expiry.h. */
#include "config.h"

#include "lib/tls/cert_expiry.h"

#include "lib/tls/certificate.h"

static const long steps[] = {30, 7, 1, -1};
enum { STEPS = sizeof steps / sizeof *steps };

static unsigned step_of(long days) {
    unsigned step = 0;

    while (step < STEPS && days <= steps[step])
        step++;
    return step;
}

static void log_invalid(struct log *log, const char *who, const char *what, const X509 *certificate) {
    struct error detail = {""};

    if (certificate_check_dates(certificate, what, &detail))
        log_write(log, LOG_LEVEL_ERROR, who, "%s", detail.text);
}

static bool is_too_early(const X509 *certificate) {
    return X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0;
}

static void log_step(struct log *log, const char *who, const char *what, const X509 *certificate, long days) {
    if (days < 0)
        log_invalid(log, who, what, certificate);
    else if (days == 0)
        log_write(log, LOG_LEVEL_WARNING, who, "%s expires within a day", what);
    else
        log_write(log, LOG_LEVEL_WARNING, who, "%s expires in %ld day%s", what, days, days == 1 ? "" : "s");
}

void cert_expiry_check(struct cert_expiry *expiry, struct log *log, const char *who, const char *what,
                       const X509 *certificate) {
    if (!certificate)
        return;
    if (is_too_early(certificate)) {
        if (!expiry->warned_too_early)
            log_invalid(log, who, what, certificate);
        expiry->warned_too_early = true;
        return;
    }
    long days = certificate_days_left(certificate);
    unsigned step = step_of(days);
    if (step <= expiry->warned)
        return; /* also when the clock was set back */
    expiry->warned = step;
    log_step(log, who, what, certificate, days);
}
