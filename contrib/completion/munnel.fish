# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# Completion for fish: munnel, munneld and munnel-agent. It asks the program itself, whose --help is made from its table of
# options, so that nothing here has to follow a change of them.

# What may follow the words PROGRAM WORD... as a command, by "munnel help".
function __munnel_commands
    set -l typed (string join ' ' -- munnel $argv[2..])
    $argv[1] help 2>/dev/null | string replace --filter --regex "^  $typed ([a-z][a-z-]*) .*" '$1' | sort -u
end

# The words typed so far that are commands, the program first.
function __munnel_path
    set -l words (commandline -opc)
    set -l path $words[1]
    if test (basename $words[1]) = munnel
        for word in $words[2..]
            contains -- $word (__munnel_commands $path); or break
            set -a path $word
        end
        test "$path[2]" = help; and set -e path[2]
    end
    printf '%s\n' $path
end

function __munnel_next
    set -l words (commandline -opc)
    set -l path (__munnel_path)
    if test (count $path) -eq (count $words); or test "$words[2]" = help
        __munnel_commands $path
    end
end

# "--OPTION<TAB>HELP" each; the value's name stands in the help.
function __munnel_options
    set -l path (__munnel_path)
    $path --help 2>/dev/null |
        string replace --filter --regex '^  (?:-., |    )(--[a-z0-9-]+)( [^ ]+)? +(.*)' '$1\t$3$2'
end

# Words for the value of the option before the cursor.
function __munnel_value
    set -l before (commandline -opc)[-1]
    set -l path (__munnel_path)
    set -l value ($path --help 2>/dev/null | string replace --filter --regex "^  (?:-., |    )$before ([^ ]+) .*" '$1')
    switch "$value"
        case 'FILE*' 'PATH*'
            __fish_complete_path (commandline -ct)
        case 'DIR*'
            __fish_complete_directories (commandline -ct) ''
        case '*|*'
            string split '|' -- $value
    end
end

# Installed under each of these names, of which fish loads one when it needs it.
for program in munnel munneld munnel-agent
    complete -e -c $program
    complete -c $program -n 'not string match -q -- "-*" (commandline -opc)[-1]' -f -a '(__munnel_next)'
    complete -c $program -n 'string match -q -- "--*" (commandline -opc)[-1]' -f -a '(__munnel_value)'
    complete -c $program -n 'string match -q -- "-*" (commandline -ct)' -f -a '(__munnel_options)'
end
