/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/* cert_expiry: see cert_expiry.h. */
#include "config.h"

#include "lib/tls/cert_expiry.h"

static const long steps[] = {30, 7, 1, -1};
enum { STEPS = sizeof steps / sizeof *steps };

static unsigned step_of(long days) {
    unsigned step = 0;

    while (step < STEPS && days <= steps[step])
        step++;
    return step;
}

void cert_expiry_check(struct cert_expiry *expiry, struct log *log, const char *who, const char *what, long days) {
    unsigned step = step_of(days);

    if (step <= expiry->warned)
        return; /* also when the clock was set back */
    expiry->warned = step;
    if (days < 0)
        log_write(log, LOG_LEVEL_ERROR, who, "%s has expired", what);
    else if (days == 0)
        log_write(log, LOG_LEVEL_WARNING, who, "%s expires within a day", what);
    else
        log_write(log, LOG_LEVEL_WARNING, who, "%s expires in %ld day%s", what, days, days == 1 ? "" : "s");
}
