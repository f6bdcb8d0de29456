# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# Completions for bash, zsh and fish, where these look for them below a prefix: bash and fish by the program's name.
bashcompletiondir = $(datadir)/bash-completion/completions
zshcompletiondir = $(datadir)/zsh/site-functions
fishcompletiondir = $(datadir)/fish/vendor_completions.d
completed = munnel munneld munnel-agent
dist_zshcompletion_DATA = contrib/completion/_munnel
EXTRA_DIST += contrib/completion/munnel.bash contrib/completion/munnel.fish

install-data-local:
	$(MKDIR_P) '$(DESTDIR)$(bashcompletiondir)' '$(DESTDIR)$(fishcompletiondir)'
	for name in $(completed); do \
		$(INSTALL_DATA) $(srcdir)/contrib/completion/munnel.bash "$(DESTDIR)$(bashcompletiondir)/$$name" && \
		$(INSTALL_DATA) $(srcdir)/contrib/completion/munnel.fish "$(DESTDIR)$(fishcompletiondir)/$$name.fish" || exit 1; \
	done
uninstall-local:
	for name in $(completed); do \
		rm -f "$(DESTDIR)$(bashcompletiondir)/$$name" "$(DESTDIR)$(fishcompletiondir)/$$name.fish"; \
	done
