# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# Unit tests of src/conf; tests/unit/local.mk says how to add one.
unit_conf_tests =

unit_tests += $(unit_conf_tests)
