# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# Completion for bash: munnel, munneld and munnel-agent. Commands, and the names that a running server knows, come from
# "munnel complete", options from --help; both are made from the program's tables, so that nothing here has to follow a
# change of them.

# _munnel_options PROGRAM WORD...: a line "--OPTION VALUE" each.
_munnel_options() {
    "$@" --help 2>/dev/null | sed -n 's/^  \(-., \|    \)\(--[a-z0-9-]*\)\( [^ ][^ ]*\)\{0,1\} .*/\2\3/p'
}

# _munnel_offer: those lines of standard input that begin as what is typed. Not by compgen -W, which expands its words: an
# agent chooses its name, and "$(COMMAND)" in it would be run. Quoted for the same reason.
_munnel_offer() {
    local word
    while read -r word; do
        [[ -z $word || $word != "$current"* ]] || COMPREPLY+=("$(printf %q "$word")")
    done
}

# _munnel_names WORD...: the names that may follow these words of munnel.
_munnel_names() {
    _munnel_offer < <("$program" complete "$@" 2>/dev/null | cut -f 1)
}

# _munnel_value VALUE: words for a value that --help calls so.
_munnel_value() {
    case $1 in
    FILE* | PATH*) mapfile -t COMPREPLY < <(compgen -f -- "$current") && compopt -o filenames 2>/dev/null ;;
    SERVICE) _munnel_names check ;;
    AGENT) _munnel_names agent drain ;;
    DIR*) mapfile -t COMPREPLY < <(compgen -d -- "$current") && compopt -o filenames 2>/dev/null ;;
    [a-z]*\|*) mapfile -t COMPREPLY < <(compgen -W "${1//|/ }" -- "$current") ;;
    esac
}

_munnel() {
    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} options= line
    local program=${COMP_WORDS[0]}
    local -a path=() typed=("${COMP_WORDS[@]:1:COMP_CWORD-1}")
    COMPREPLY=()
    [[ ${program##*/} != munnel ]] || mapfile -t path < <("$program" complete --path "${typed[@]}" 2>/dev/null)
    while read -r line; do
        if [[ $before == "${line%% *}" && $line == *' '* ]]; then
            _munnel_value "${line#* }"
            return
        fi
        options+=${line%% *}$'\n'
    done < <(_munnel_options "$program" "${path[@]}")
    if [[ $current == -* ]]; then
        _munnel_offer <<<"$options"
    elif [[ ${program##*/} == munnel ]]; then
        _munnel_names "${typed[@]}"
    fi
}

complete -o default -F _munnel munnel munneld munnel-agent
