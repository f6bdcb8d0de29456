# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# Completion for bash: munnel, munneld and munnel-agent. It asks the program itself, whose --help is made from its table of
# options, so that nothing here has to follow a change of them.

# _munnel_commands PROGRAM WORD...: what may follow these words as a command, by "munnel help".
_munnel_commands() {
    local program=$1 typed="${*:2}"
    "$program" help 2>/dev/null | sed -n "s/^  munnel ${typed:+$typed }\([a-z][a-z-]*\) .*/\1/p" | sort -u
}

# _munnel_options PROGRAM WORD...: a line "--OPTION VALUE" each.
_munnel_options() {
    "$@" --help 2>/dev/null | sed -n 's/^  \(-., \|    \)\(--[a-z0-9-]*\)\( [^ ][^ ]*\)\{0,1\} .*/\2\3/p'
}

# _munnel_value VALUE: words for a value that --help calls so.
_munnel_value() {
    case $1 in
    FILE* | PATH*) mapfile -t COMPREPLY < <(compgen -f -- "$current") && compopt -o filenames 2>/dev/null ;;
    DIR*) mapfile -t COMPREPLY < <(compgen -d -- "$current") && compopt -o filenames 2>/dev/null ;;
    [a-z]*\|*) mapfile -t COMPREPLY < <(compgen -W "${1//|/ }" -- "$current") ;;
    esac
}

_munnel() {
    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} commands= line i
    local -a command=("${COMP_WORDS[0]}")
    COMPREPLY=()
    if [[ ${COMP_WORDS[0]##*/} == munnel ]]; then
        for ((i = 1; i < COMP_CWORD; i++)); do
            _munnel_commands "${command[@]}" | grep -qx -- "${COMP_WORDS[i]}" || break
            command+=("${COMP_WORDS[i]}")
        done
        [[ ${command[1]-} != help ]] || command=("${COMP_WORDS[0]}" "${command[@]:2}")
        ((i < COMP_CWORD)) || commands=$(_munnel_commands "${command[@]}")
    fi
    while read -r line; do
        if [[ $before == "${line%% *}" && $line == *' '* ]]; then
            _munnel_value "${line#* }"
            return
        fi
        commands+=" ${line%% *}"
    done < <(_munnel_options "${command[@]}")
    [[ $current == -* ]] || commands=${commands%%--*}
    mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$current")
}

complete -o default -F _munnel munnel munneld munnel-agent
