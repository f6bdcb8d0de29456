/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * service_text: the shortest service that can be written, for the texts of munnel.json in tests.
 */
#ifndef MUNNEL_TESTS_SERVICE_TEXT_H
#define MUNNEL_TESTS_SERVICE_TEXT_H

#define SERVICE     "{ \"name\": \"a\", \"listen\": \":5900\", \"connect\": \"h:1\" }"
#define ONE_SERVICE "\"services\": [ " SERVICE " ]"

#endif
