/**
 * The command as the npm package has it: a shell script, which finds the runtime among the packages
 * beside it and starts it. Node.js is not used: it takes longer to start than the command.
 *
 * @module
 */
import { shellWord } from "../../bindings/shell_word.ts";
import { HIDDEN_PREFIX } from "../../linux/user_environment.ts";
import type { Linked } from "../link_chunks.ts";
import { fromRoot } from "../paths.ts";
import {
  ALLOWED_VARIABLES,
  RUNTIME_ENVIRONMENT,
  RUNTIME_FLAGS,
  RUNTIME_LIMITS,
  type RuntimeLimit,
} from "../runtime.ts";

/** Where the script is, in the package. */
export const PROGRAM = "bin/soloden";

/** Where the program's texts are, in the package. */
const TEXTS = "lib/command";

/** The program's files, as texts by their paths in the package. */
export function npmProgram({ start, texts }: Linked): Map<string, string> {
  // The first text is empty: `start` contains it.
  const [, ...others] = texts;
  return new Map([
    [PROGRAM, script()],
    ...[start, ...others].map((text, index) => [`${TEXTS}/${index}`, text] as const),
  ]);
}

/** The only module that the runtime loads; its arguments begin with the package's path and the name. */
const LOADER = `const [root, name, ...args] = Deno.args;
Object.defineProperty(Deno, "args", { value: args });
globalThis.solodenName = name;
globalThis.solodenScript = root + "/${PROGRAM}";
const text = (n) => Deno.readTextFileSync(root + "/${TEXTS}/" + n);
await (0, eval)(text(0))(text);`;

/**
 * The script, release/npm/program.sh, for any POSIX shell, with the values that the entry of the single
 * executable (release/splice/entry_code.ts) has, too. It takes 1 ms, and 2 where it has to start `readlink`.
 */
function script(): string {
  const values: Readonly<Record<string, string>> = {
    ALLOWED: ALLOWED_VARIABLES.join(" | "),
    CHECKS: RUNTIME_LIMITS.map(limitCheck).join("\n  "),
    ENVIRONMENT: RUNTIME_ENVIRONMENT.map(quotedVariable).join(" "),
    FLAGS: RUNTIME_FLAGS.join(" "),
    LIMITED: `${RUNTIME_LIMITS.length}`,
    LIMITS: RUNTIME_LIMITS.map(({ option }) => `ulimit ${option}`).join("; "),
    LOADER: shellWord(`data:text/javascript,${encodeURIComponent(LOADER)}`),
    PREFIX: HIDDEN_PREFIX,
  };
  const template = Deno.readTextFileSync(fromRoot("release/npm/program.sh"));
  return template.replace(/@([A-Z]+)@/g, (_, name) => values[name]!);
}

function limitCheck({ says, message }: RuntimeLimit, index: number): string {
  const line = shellWord(message.replace(/^soloden: /, ""));
  return `at_least "$${index + 1}" ${parseInt(says)} ${line}`;
}

/** An assignment, quoted for a shell. */
function quotedVariable(variable: string): string {
  const [name, ...value] = variable.split("=");
  return `${name}=${shellWord(value.join("="))}`;
}
