# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# Unit tests of src/relay; tests/unit/local.mk says how to add one.
unit_relay_tests =

unit_tests += $(unit_relay_tests)
