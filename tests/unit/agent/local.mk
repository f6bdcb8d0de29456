# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# Unit tests of src/agent; tests/unit/local.mk says how to add one.
unit_agent_tests =

unit_tests += $(unit_agent_tests)
