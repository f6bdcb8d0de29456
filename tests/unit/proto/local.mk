# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# Unit tests of src/proto; tests/unit/local.mk says how to add one.
unit_proto_tests =

unit_tests += $(unit_proto_tests)
