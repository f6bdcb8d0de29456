# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# The sample configuration, which a test parses: EXTRA_DIST += conf/munnel.json ...
