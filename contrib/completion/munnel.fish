# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# Completion for fish: munnel, munneld and munnel-agent. Commands, and the names that a running server knows, come from
# "munnel complete", options from --help; both are made from the program's tables, so that nothing here has to follow a
# change of them.

# The words typed so far that are commands, the program first.
function __munnel_path
    set -l words (commandline -opc)
    echo $words[1]
    if test (basename $words[1]) = munnel
        $words[1] complete --path $words[2..] 2>/dev/null
    end
end

# "WORD<TAB>HELP" of what may follow.
function __munnel_next
    set -l words (commandline -opc)
    if test (basename $words[1]) = munnel
        $words[1] complete $words[2..] 2>/dev/null
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
        case SERVICE
            $path[1] complete check 2>/dev/null
        case AGENT
            $path[1] complete agent drain 2>/dev/null
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
