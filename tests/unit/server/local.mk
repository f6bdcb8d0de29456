# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# Unit tests of src/server; tests/unit/local.mk says how to add one.
unit_server_tests =

unit_tests += $(unit_server_tests)
