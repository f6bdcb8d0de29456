/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * port: free TCP ports.
 *
 * They lie below the range from which the kernel takes ports for outgoing connections, and each is marked as taken
 * until the test program ends, so that test programs can run side by side.
 * Runs on: a test's main thread. Owns: the marks (abstract Unix sockets; the kernel drops them with the process).
 */
#ifndef MUNNEL_SCENARIO_PORT_H
#define MUNNEL_SCENARIO_PORT_H

#include <stdint.h>

uint16_t port_take(void);                 /* fails the test when there is none */
uint16_t port_take_range(unsigned count); /* the first of so many that follow each other */

#endif
