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

check_limits() {
  @CHECKS@
}

# The runtime obeys many variables. It is given those that the command reads, and all of them by
# other names, for what the command starts.
hide_variables() {
  IFS='
'
  for soloden_line in $(export -p); do
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

# find_file DIRECTORY NAME: sets found to the file of a package that modules in the directory get.
find_file() {
  directory=$1/
  while directory=${directory%/*}; do
    found=$directory/node_modules/$2
    [ ! -e "$found" ] || return 0
    [ -n "$directory" ] || return 1
  done
}

# shellcheck disable=SC2046 # A word each.
check_limits $(@LIMITS@)
hide_variables
script=$(readlink -f -- "$0" 2> /dev/null) || fail "readlink does not say where $0 is"
package=${script%/*/*}
find_file "$package" deno/package.json || fail "the npm package deno is missing: install it"
directory=${found%/package.json}
# Some package managers put links there, and what a package needs beside what they lead to.
[ ! -L "$directory" ] || directory=$(readlink -f -- "$directory")
find_file "$directory" @deno/linux-x64-glibc/deno ||
  fail "the npm package @deno/linux-x64-glibc is missing: install it, or deno without --omit=optional"
export @ENVIRONMENT@
exec "$found" run @FLAGS@ @LOADER@ "$package" "$0" "$@"
