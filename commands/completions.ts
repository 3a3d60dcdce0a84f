/**
 * Completion scripts. They contain no command and no option: they ask `soloden complete` for
 * proposals, and do only what differs between shells.
 *
 * A script passes the number of words up to the cursor, those words, then all words of the line.
 *
 * @module
 */
import { type Proposal, propose } from "./propose.ts";
import type { Routes } from "./table.ts";

/** A shell that completes. */
export type Shell = "bash" | "zsh" | "fish";

/** Bash ends a word at `:` and `=`, which our words contain, and replaces only what follows the last one. */
const BASH = `# soloden: completions for bash. Use: source <(soloden completions bash)
_soloden() {
    local -a words others
    local current head
    # The x holds the place of a word that is still empty.
    read -a words <<< "\${COMP_LINE:0:COMP_POINT}x"
    read -a others <<< "$COMP_LINE"
    current=\${words[-1]%x}
    words[-1]=$current
    head=\${current%"\${current##*[:=]}"}
    COMPREPLY=()
    local reply
    while IFS=$'\\t' read -r reply _; do
        printf -v reply %q "\${reply#"$head"}"
        COMPREPLY+=("$reply")
        [[ $reply == *[:=/] ]] && compopt -o nospace 2> /dev/null
    done < <("\${words[0]}" complete -- $((\${#words[@]} - 1)) \\
        "\${words[@]:1}" "\${others[@]:1}" 2> /dev/null)
}
complete -F _soloden soloden
`;

const ZSH = `#compdef soloden
# soloden: completions for zsh. Use: source <(soloden completions zsh)
_soloden() {
    local -a before others spaced open
    local reply
    before=("\${(@Q)words[2,CURRENT-1]}" "$PREFIX")
    others=("\${(@Q)words[2,-1]}")
    for reply in "\${(@f)$("\${words[1]}" complete -- \${#before} "$before[@]" "$others[@]" 2> /dev/null)}"; do
        reply=\${reply%%$'\\t'*}
        case $reply in
            '') ;;
            *[:=/]) open+=("$reply") ;;
            *) spaced+=("$reply") ;;
        esac
    done
    (( \${#open} )) && compadd -S '' -- "$open[@]"
    (( \${#spaced} )) && compadd -- "$spaced[@]"
}
if [[ \${funcstack[1]} == _soloden ]]; then
    _soloden
else
    (( \${+functions[compdef]} )) || { autoload -Uz compinit && compinit -i; }
    compdef _soloden soloden
fi
`;

const FISH = `# soloden: completions for fish. Use: soloden completions fish | source
function __soloden_complete
    set -l before (commandline -opc) (commandline -ct)
    soloden complete -- (math (count $before) - 1) $before[2..] (commandline -o)[2..] 2> /dev/null
end
complete -c soloden -f -a '(__soloden_complete)'
`;

const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH };

/** The script for a shell. */
export function completionScript(shell: Shell): string {
  return SCRIPTS[shell];
}

/**
 * Answers a completion script.
 *
 * @param words as the comment of this module describes them
 * @returns a line for each proposal: the word, and after a tab what it is for
 */
export function answer(routes: Routes, words: readonly string[]): string {
  const [count, ...line] = words;
  const end = Number(count);
  const proposals = propose(routes, { before: line.slice(0, end), others: line.slice(end) });
  return proposals.map(format).join("");
}

function format({ text, brief }: Proposal): string {
  return brief === "" ? `${text}\n` : `${text}\t${brief}\n`;
}
