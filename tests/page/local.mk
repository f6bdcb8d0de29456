# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# The management page in a browser: make check-page. Not a part of "make check": it takes a browser and, once, npm.
page_tests = tests/page/test_page.sh

EXTRA_DIST += $(page_tests) \
	tests/page/browser.mjs \
	tests/page/look.mjs \
	tests/page/package.json \
	tests/page/package-lock.json \
	tests/page/pictures.mjs \
	tests/page/rig.mjs \
	tests/page/tap.mjs \
	tests/page/test_page.mjs

.PHONY: check-page clean-page
check-page: all
	$(MAKE) $(AM_MAKEFLAGS) check-TESTS TESTS='$(page_tests)'
clean-page:
	rm -rf page-modules
