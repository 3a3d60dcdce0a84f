#!/bin/sh
# soloden on the runtime of the npm package deno.
set -f

fail() {
  printf '%s\n' "soloden: $1" >&2
  exit 1
}

# at_least LIMIT LEAST LINE
at_least() {
  [ "$1" = unlimited ] || [ "$1" -ge "$2" ] || fail "$3"
}

# prepare LIMIT... LINE...: checks the limits, and hides variables of the listed environment. The runtime
# obeys many: it is given those that the command reads, and all of them by other names, for what the
# command starts.
prepare() {
  @CHECKS@
  shift @LIMITED@
  for soloden_line; do
    case $soloden_line in
      "export "[A-Za-z_]*) ;;
      *) continue ;;
    esac
    soloden_name=${soloden_line#export }
    soloden_name=${soloden_name%%=*}
    case $soloden_name in
      *[!A-Za-z0-9_]* | @PREFIX@*) continue ;;
    esac
    # A line of a long value may look like a variable that is not there.
    eval "[ -z \"\${$soloden_name+set}\" ]" && continue
    eval "export @PREFIX@$soloden_name=\"\$$soloden_name\""
    case $soloden_name in
      @ALLOWED@) ;;
      # Shells refuse to take some of their own.
      *) command unset "$soloden_name" 2> /dev/null ;;
    esac
  done
}

# Sets package to this package's directory. To ask a program is half of what this script takes, so it looks
# first at where npm puts it.
find_package() {
  case $0 in
    /*/*/*)
      prefix=${0%/*/*}
      for package in "$prefix/soloden" "$prefix/lib/node_modules/soloden"; do
        [ "$package/bin/soloden" -ef "$0" ] && [ ! -L "$package" ] && return
      done 2> /dev/null
      ;;
  esac
  package=$(readlink -f -- "$0" 2> /dev/null) || fail "readlink does not say where $0 is"
  package=${package%/*/*}
}

# find_file DIRECTORY NAME: sets found to the file of a package that modules in the directory get.
find_file() {
  directory=$1/
  while directory=${directory%/*}; do
    found=$directory/node_modules/$2
    [ ! -e "$found" ] || return 0
    [ -n "$directory" ] || return 1
  done
}

IFS='
'
# shellcheck disable=SC2046 # A word for each line.
prepare $(@LIMITS@; export -p)
find_package
find_file "$package" deno/package.json || fail "the npm package deno is missing: install it"
directory=${found%/package.json}
# Some package managers put links there, and what a package needs beside what they lead to.
[ ! -L "$directory" ] || directory=$(readlink -f -- "$directory")
find_file "$directory" @deno/linux-x64-glibc/deno ||
  fail "the npm package @deno/linux-x64-glibc is missing: install it, or deno without --omit=optional"
export @ENVIRONMENT@
exec "$found" run @FLAGS@ @LOADER@ "$package" "$0" "$@"
