/**
 * The environment that the user gave the command. What starts the runtime hides most of it, since the
 * runtime obeys variables of its own. Of the single executable, the kernel still has all of it; the npm
 * package's script gives each variable on under another name.
 *
 * @module
 */

/** What the npm package's script puts before the name of each of the user's variables. */
export const HIDDEN_PREFIX = "SOLODEN_USER_";

/** What `Deno.Command` takes of an environment. */
export type ChildEnvironment = Pick<Deno.CommandOptions, "clearEnv" | "env">;

/**
 * The environment for a program that the command starts for the user, such as a compiler or gdb: all of
 * the user's variables, and none that are for the runtime. Without `/proc`, it is what the runtime has.
 *
 * @returns options for `Deno.Command`
 */
export function childEnvironment(): ChildEnvironment {
  const env = hiddenEnvironment();
  return env === undefined ? {} : { clearEnv: true, env };
}

/** The user's home directory (`HOME`), if there is one and it is known. */
export function homeDirectory(): string | undefined {
  return isHidden() ? hiddenEnvironment()?.HOME : Deno.env.get("HOME");
}

let hidden: Record<string, string> | undefined;

/** The user's environment, where this process hides it and the kernel tells it. */
function hiddenEnvironment(): Record<string, string> | undefined {
  if (!isHidden()) return undefined;
  if ("solodenScript" in globalThis) return hidden ??= renamedEnvironment();
  try {
    return hidden ??= parseEnvironment(Deno.readTextFileSync("/proc/self/environ"));
  } catch {
    return undefined;
  }
}

/** What starts the runtime leaves the name that the command was called by. */
function isHidden(): boolean {
  return "solodenName" in globalThis;
}

function renamedEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(Deno.env.toObject()).filter(([name]) => name.startsWith(HIDDEN_PREFIX))
      .map(([name, value]) => [name.slice(HIDDEN_PREFIX.length), value]),
  );
}

/** The first of several equal names counts, as in C; what has no name is left out. */
function parseEnvironment(text: string): Record<string, string> {
  const variables = text.split("\0").map((variable) => {
    const equals = variable.indexOf("=");
    return [variable.slice(0, Math.max(equals, 0)), variable.slice(equals + 1)] as const;
  });
  return Object.fromEntries(variables.filter(([name]) => name !== "").reverse());
}
