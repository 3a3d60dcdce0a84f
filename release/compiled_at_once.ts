/**
 * Has the engine compile functions when it reads them. It only looks over a function, and reads it again
 * when it is called for the first time, unless the function is in parentheses. For code most of which runs
 * in each start, that saves the second time.
 *
 * @module
 */
import { parse } from "acorn";

/** What replaces `[start, end)` of the code. */
interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * Puts functions of the first level into parentheses.
 *
 * @param code the body of an async function in strict mode; dynamic imports may be in it
 * @returns code that does the same
 * @throws {SyntaxError} if it is none
 */
export function compiledAtOnce(code: string): string {
  const options = { ecmaVersion: "latest", sourceType: "module" } as const;
  const declared: string[] = [];
  const edits: Edit[] = [];
  for (const statement of parse(code, options).body) {
    if (statement.type === "FunctionDeclaration") {
      const { start, end, id } = statement;
      // Without its name, since a name of its own would be a constant inside.
      const expression = code.slice(start, id.start) + code.slice(id.end, end);
      declared.push(`${id.name}=(${expression})`);
      edits.push({ start, end, text: "" });
    } else if (statement.type === "VariableDeclaration") {
      for (const { init } of statement.declarations) {
        if (init?.type !== "ArrowFunctionExpression" && init?.type !== "FunctionExpression") {
          continue;
        }
        const { start, end } = init;
        edits.push({ start, end: start, text: "(" }, { start: end, end, text: ")" });
      }
    }
  }
  // Declared functions are there from the beginning.
  const before = declared.length === 0 ? "" : `var ${declared.join(",")};`;
  return before + edited(code, edits);
}

function edited(code: string, edits: readonly Edit[]): string {
  let result = "";
  let at = 0;
  for (const { start, end, text } of edits) {
    result += code.slice(at, start) + text;
    at = end;
  }
  return result + code.slice(at);
}
