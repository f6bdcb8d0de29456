# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# The manuals, in mdoc: dist_man_MANS += man/munnel.8 ...
