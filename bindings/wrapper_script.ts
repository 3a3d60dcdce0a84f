/**
 * The wrappers as `install` writes them: shell scripts, so that each probe of a configure script costs
 * little more than the compiler itself. They do what wrappers.ts does, by the same rules.
 *
 * @module
 */
import { shellWord } from "./shell_word.ts";
import {
  NO_INPUT,
  NO_TOOL,
  noBindings,
  PREFIX,
  TARGET_OPTION,
  wrapperHelp,
  type WrapperRules,
} from "./wrapper_rules.ts";

/**
 * A wrapper as a script for any POSIX shell. It finds its prefix by where it is itself, so that a tree
 * can be moved.
 *
 * @param options `name`: its file name in `bin/`; `landmark`: a file that every installation has, relative
 * to the prefix
 */
export function wrapperScript(
  rules: WrapperRules,
  { name, landmark }: { name: string; landmark: string },
): string {
  const parts = [
    head(name, rules.tool),
    rules.always.length > 0 ? findPrefix(landmark) : "",
    help(name, rules),
    rules.noLink.length > 0 ? refuseNothing(rules.tool) : "",
    rules.bindings.size === 0 ? "" : readWords(rules),
    choose(rules),
  ];
  return parts.filter((part) => part !== "").join("\n");
}

/** Words as a shell reads them; `$prefix` stands for the prefix. */
function words(all: readonly string[]): string {
  return all.map((word) =>
    word.split(PREFIX).map((part) => part === "" ? "" : shellWord(part)).join('"$prefix"') || "''"
  ).join(" ");
}

function head(name: string, tool: readonly string[]): string {
  return `#!/bin/sh
# ${name}: runs ${tool.join(" ")} with the words that make unikernels.
# Written by \`soloden install\`, and removed by \`soloden uninstall\`.

fail() {
    printf '%s: %s\\n' "\${0##*/}" "$1" >&2
    exit 1
}
run() {
    [ -z "$__V" ] || set -x
    exec "$@"
}
command -v ${shellWord(tool[0]!)} >/dev/null || fail ${shellWord(`${tool[0]}: ${NO_TOOL}`)}
`;
}

/** The script is PREFIX/bin/NAME, or links lead to that. A directory's name may end in newlines, which `$()` drops. */
function findPrefix(landmark: string): string {
  return `case $0 in
*/*) self=$0 ;;
*) self=$(command -v -- "$0") ;;
esac
while [ ! -e "\${self%/*}/../"${shellWord(landmark)} ] && [ -h "$self" ]; do
    link=$(readlink "$self")
    case $link in
    /*) self=$link ;;
    *) self=\${self%/*}/$link ;;
    esac
done
case $self in
/*) ;;
*) here=$(pwd -P && echo .) && self=\${here%??}/$self ;;
esac
case $self in
*/./* | */../* | *//*)
    prefix=$(cd -- "\${self%/*}/.." && pwd && echo .) && prefix=\${prefix%??}
    prefix=\${prefix%/}
    ;;
*) prefix=\${self%/*/*} ;;
esac
`;
}

function help(name: string, rules: WrapperRules): string {
  return `if [ "$#" = 1 ] && [ "$1" = --help ]; then
    printf %s ${words([wrapperHelp(name, rules)])}
fi
`;
}

function refuseNothing(tool: readonly string[]): string {
  return `if [ "$#" = 0 ]; then
    printf '%s: %s\\n' "\${0##*/}" ${shellWord(NO_INPUT)}
    exit 1
fi
# A compiler that is asked about itself must not get anything to link.
if [ "$#" = 1 ] && [ "$1" = -v ]; then
    run ${words(tool)} -v
fi
`;
}

/** Reads the words, and removes those that name the target; of several, the last one counts. */
function readWords({ target, noLink }: WrapperRules): string {
  const option = `${TARGET_OPTION}*`;
  const links = noLink.length === 0 ? "" : "links=1\n";
  const inFile = noLink.map((word) => `*' ${word} '*`).join(" | ");
  const stops = noLink.length === 0 ? "" : `
    ${noLink.join(" | ")}) links= ;;
    @*)
        # A response file stands for the words in it.
        if [ -f "\${word#@}" ]; then
            case " $(tr '\\t\\n\\v\\f\\r' '     ' <"\${word#@}") " in
            ${inFile}) links= ;;
            esac
        fi
        ;;`;
  return `target=${target}
${links}asked=
z=
for word do
    if [ -n "$z" ]; then
        z=
        case $word in
        ${option}) target=\${word#${TARGET_OPTION}} asked=1 ;;
        esac
        continue
    fi
    case $word in
    -z) z=1 ;;${stops}
    esac
done
if [ -n "$asked" ]; then
    z=
    for word do
        shift
        if [ -n "$z" ]; then
            z=
            case $word in
            ${option}) ;;
            *) set -- "$@" -z "$word" ;;
            esac
        else
            case $word in
            -z) z=1 ;;
            *) set -- "$@" "$word" ;;
            esac
        fi
    done
    [ -z "$z" ] || set -- "$@" -z
fi
`;
}

/** Runs the tool, with the bindings where it links with any. */
function choose(rules: WrapperRules): string {
  const { tool, always, link, bindings, noLink } = rules;
  const run = (more: readonly string[]) => `run ${words([...tool, ...always, ...more])} "$@"`;
  if (bindings.size === 0) return `${run([])}\n`;
  const cases = [["''", []] as const, ...bindings].map(([name, more]) =>
    `${name}) ${run([...link, ...more])} ;;`
  );
  const stop = noLink.length === 0 ? "" : `[ -n "$links" ] || ${run([])}\n`;
  const [before, after] = noBindings(rules);
  return `${stop}case $target in
${cases.join("\n")}
*) fail ${shellWord(before)}"$target"${shellWord(after)} ;;
esac
`;
}
