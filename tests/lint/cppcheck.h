/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * cppcheck: what cppcheck, which reads no header of the system, needs of the macros there. Never compiled.
 */
#ifndef MUNNEL_TESTS_CPPCHECK_H
#define MUNNEL_TESTS_CPPCHECK_H

#define json_array_foreach(array, index, value)                                                                        \
    for (index = 0; index < json_array_size(array) && (value = json_array_get(array, index)); index++)
#define json_object_foreach(object, key, value)                                                                        \
    for (key = next_key(object); key && (value = json_object_get(object, key)); key = next_key(object))

#endif
