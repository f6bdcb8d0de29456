#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# completion: each option that a program or command has, and each command, is completed by bash, zsh and fish. What there
# is is read from --help, which is made from the table of options. One TAP line each.
number=0
failed=0
folder=$(mktemp -d) || exit 1
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$folder"' EXIT
PATH=$top_builddir:$PATH
HOME=$folder
export PATH HOME
scripts=$top_srcdir/contrib/completion

ask_bash() { # WORD...: what may stand in the place of the last one
    bash --norc -c '. "$0/munnel.bash" && COMP_WORDS=("$@") && COMP_CWORD=$(($# - 1)) && _munnel && printf "%s\n" "${COMPREPLY[@]}"' \
        "$scripts" "$@" 2>/dev/null
}

ask_fish() {
    fish --no-config -c 'source $argv[1]/munnel.fish; complete -C "$argv[2..]"' "$scripts" "$@" | cut -f 1
}

# With the functions of its completion system replaced by what prints the words that they are given.
ask_zsh() {
    zsh -f -c 'scripts=$1; shift; words=("$@"); CURRENT=$#
        _describe() { print -l -- ${${(P)${@[-1]}}%%:*} }
        compadd() { shift; print -l -- "$@" }
        _files() { print files }
        _message() { : }
        source $scripts/_munnel' zsh "$scripts" "$@"
}

# are_all_there SHELL WORD...: the completions of a last word that is "" or "--" are those in $folder/expected.
are_all_there() {
    ask="ask_$1"
    shift
    "$ask" "$@" | grep . | sort -u >"$folder/got"
    if [ -s "$folder/expected" ] && cmp -s "$folder/expected" "$folder/got"; then
        return 0
    fi
    diff "$folder/expected" "$folder/got" | sed 's/^/#   /'
    return 1
}

# rule WORDS SHELL WORD...
rule() {
    number=$((number + 1))
    if ! command -v "$2" >/dev/null 2>&1; then
        echo "ok $number - $1 # SKIP $2 is not installed"
        return
    fi
    words=$1
    shift
    if are_all_there "$@"; then
        echo "ok $number - $words"
    else
        echo "not ok $number - $words"
        failed=1
    fi
}

options_of() { # COMMAND...
    "$@" --help | grep -oE '^ +(-[A-Za-z], )?--[a-z0-9-]+' | grep -oE -e '--[a-z0-9-]+' | sort -u >"$folder/expected"
}

commands_of() { # "" or a command: what munnel help names
    if [ -z "$1" ]; then
        # Some share a line, behind "; ".
        {
            munnel help | sed -n 's/^  \([a-z][a-z-]*\) .*$/\1/p'
            munnel help | grep -oE '; [a-z-]+ ([a-z]+[|]|[A-Z])' | sed 's/^; \([a-z-]*\) .*$/\1/'
        } | grep -v '^munnel$' | sort -u >"$folder/expected"
    else
        munnel help "$1" | sed -n "s/^  munnel $1 \([a-z][a-z-]*\) .*/\1/p" | sort -u >"$folder/expected"
    fi
}

# A server whose names are completed. It takes free ports: there are no clients.
start_server() {
    munnel init "$folder/s" --name localhost >/dev/null || return 1
    cat >"$folder/s/munnel.json" <<EOF
{ "agents": { "listen": "unix:$folder/agents.sock", "tls": { "cert": "server.pem", "key": "server.key" },
              "auth": { "tokens": "agents.json" } },
  "admin": { "socket": "$folder/admin.sock" },
  "services": [ { "name": "ssh", "listen": "unix:$folder/ssh.sock", "connect": "localhost:22" },
                { "name": "web", "listen": "unix:$folder/web.sock", "connect": "localhost:80" } ] }
EOF
    munneld --config "$folder/s/munnel.json" >"$folder/server.log" 2>&1 &
    server=$!
    MUNNEL_SOCKET=$folder/admin.sock
    export MUNNEL_SOCKET
    tries=0
    until munnel status --json 2>/dev/null | grep -q '"state"'; do
        tries=$((tries + 1))
        [ $tries -lt 300 ] || return 1
        sleep 0.1
    done
}

for shell in bash zsh fish; do
    for command in munneld munnel-agent "munnel init" "munnel agent add" "munnel agent list" "munnel agent revoke" \
        "munnel agent rotate" "munnel server" "munnel agent" "munnel status" "munnel relay list" "munnel events" \
        "munnel service pause" "munnel log-level" "munnel share"; do
        # shellcheck disable=SC2086 # a list of words
        options_of $command
        # shellcheck disable=SC2086
        rule "$shell has every option of $command" $shell $command --
    done
    commands_of ""
    rule "$shell has every command" $shell munnel ""
    for command in agent service relay source; do
        commands_of $command
        rule "$shell has every command of munnel $command" $shell munnel $command ""
    done
    printf 'debug\nerror\ninfo\nwarning\n' >"$folder/expected"
    rule "$shell has the levels of munnel log-level" $shell munnel log-level ""
    printf 'auto\njson\ntext\n' >"$folder/expected"
    rule "$shell has the words of --log-format" $shell munneld --log-format ""
done
if start_server; then
    for shell in bash zsh fish; do
        printf 'ssh\nweb\n' >"$folder/expected"
        rule "$shell has the services of the server for munnel service pause" $shell munnel service pause ""
        rule "$shell has the services of the server for --service" $shell munnel relay list --service ""
        printf 'default\n' >"$folder/expected"
        rule "$shell has the agents of the server for munnel agent drain" $shell munnel agent drain ""
        rule "$shell has the agents of the server for --agent" $shell munnel relay list --agent ""
    done
    kill "$server"
    wait "$server"
    server=
else
    number=$((number + 1))
    failed=1
    echo "not ok $number - a server runs"
    sed 's/^/#   /' "$folder/server.log"
fi

number=$((number + 1))
twice=$(munnel complete | cut -f 1 | sort | uniq -d)
if [ -z "$twice" ]; then
    echo "ok $number - each command is named once"
else
    echo "not ok $number - each command is named once: $twice"
    failed=1
fi

# An agent chooses the name that is offered: it must not be run, neither now nor when it is chosen.
mkdir "$folder/fake"
cat >"$folder/fake/munnel" <<EOF
#!/bin/sh
case \$* in
*--help | *--path*) ;;
*) printf '%s\\toffline\\n' '\$(>$folder/run)' 'a;>$folder/run' 'a1' ;;
esac
EOF
chmod +x "$folder/fake/munnel"
PATH=$folder/fake:$PATH
printf '%s\n' "\\\$\(\>$folder/run\)" 'a1' "a\;\>$folder/run" | sort -u >"$folder/expected"
rule "bash quotes what a server calls a name" bash munnel agent drain ""
number=$((number + 1))
if [ -e "$folder/run" ]; then
    echo "not ok $number - bash runs no name"
    failed=1
else
    echo "ok $number - bash runs no name"
fi
echo "1..$number"
exit $failed
