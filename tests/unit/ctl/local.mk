# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# Unit tests of src/ctl; tests/unit/local.mk says how to add one.
unit_ctl_tests =

unit_tests += $(unit_ctl_tests)
