# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# Unit tests of src/lib; tests/unit/local.mk says how to add one.
unit_lib_tests =

unit_tests += $(unit_lib_tests)
