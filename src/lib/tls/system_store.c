/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * system_store: see system_store.h.
 */
#include "config.h"

#include "lib/tls/system_store.h"

#include "lib/base/clock.h"
#include "lib/tls/system_store_priv.h"

void system_store_watch(struct system_store_watch *watch) {
    *watch = (struct system_store_watch){.stamp = system_store_stamp(), .looked_ms = clock_ms()};
}

bool system_store_has_changed(struct system_store_watch *watch) {
    if (clock_ms() - watch->looked_ms < system_store_look_ms)
        return false;
    uint64_t before = watch->stamp;
    system_store_watch(watch);
    return watch->stamp != before;
}
