/**
 * The environment that the user gave the command. The runtime obeys variables of its own, so what starts
 * it hides most of the user's from it. The single executable finds them in `/proc/self/environ`; the npm
 * package's script passes each variable on under another name.
 *
 * @module
 */

/** What the npm package's script puts before the name of each of the user's variables. */
export const HIDDEN_PREFIX = "SOLODEN_USER_";

/** The options of `Deno.Command` that set an environment. */
export type ChildEnvironment = Pick<Deno.CommandOptions, "clearEnv" | "env">;

/**
 * The environment for a program that the command starts for the user, such as a compiler or gdb: all of
 * the user's variables, and none that are for the runtime. Without `/proc`, it is the runtime's own.
 *
 * @returns options for `Deno.Command`
 */
export function childEnvironment(): ChildEnvironment {
  const env = hiddenEnvironment();
  return env === undefined ? {} : { clearEnv: true, env };
}

/** One of the user's variables, if there is one and it is known. */
export function userVariable(name: string): string | undefined {
  return isHidden() ? hiddenEnvironment()?.[name] : Deno.env.get(name);
}

/** The user's home directory (`HOME`), if there is one and it is known. */
export function homeDirectory(): string | undefined {
  return userVariable("HOME");
}

let hidden: Record<string, string> | undefined;

/** The user's environment; undefined if it is not hidden, or cannot be found. */
function hiddenEnvironment(): Record<string, string> | undefined {
  if (!isHidden()) return undefined;
  if ("solodenScript" in globalThis) return hidden ??= renamedEnvironment();
  try {
    return hidden ??= parseEnvironment(Deno.readTextFileSync("/proc/self/environ"));
  } catch {
    return undefined;
  }
}

/** Whether the runtime does not see the user's environment: what hides it also sets this name. */
function isHidden(): boolean {
  return "solodenName" in globalThis;
}

function renamedEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(Deno.env.toObject()).filter(([name]) => name.startsWith(HIDDEN_PREFIX))
      .map(([name, value]) => [name.slice(HIDDEN_PREFIX.length), value]),
  );
}

/**
 * Reads variables as the kernel has them, each with a NUL behind it. The first of several equal names
 * counts, as in C; what has no name is left out.
 */
export function parseEnvironment(text: string): Record<string, string> {
  const variables = text.split("\0").map((variable) => {
    const equals = variable.indexOf("=");
    return [variable.slice(0, Math.max(equals, 0)), variable.slice(equals + 1)] as const;
  });
  return Object.fromEntries(variables.filter(([name]) => name !== "").reverse());
}
