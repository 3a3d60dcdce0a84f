/**
 * The worker that validates values: a schema may have it compute for hours, so that whoever started it kills
 * it.
 *
 * @module
 */
import { CfWorkerJsonSchemaValidator } from "@modelcontextprotocol/server/validators/cf-worker";

/** What the worker is asked. */
export interface Question {
  readonly number: number;
  readonly schema: Record<string, unknown>;
  readonly value: unknown;
}

/** What it answers: what is wrong, if anything. The first reply, when it has started, is to no question. */
export interface Reply {
  readonly number: number;
  readonly wrong?: string;
  /** Its directory below `/proc`, in the first reply. */
  readonly thread?: string;
}

const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<Question>) => void;
  postMessage(reply: Reply): void;
};

function validate(schema: Record<string, unknown>, value: unknown): string | undefined {
  const result = new CfWorkerJsonSchemaValidator().getValidator(schema)(value);
  return result.valid ? undefined : result.errorMessage;
}

scope.onmessage = ({ data: { number, schema, value } }) => {
  try {
    scope.postMessage({ number, wrong: validate(schema, value) });
  } catch (error) {
    scope.postMessage({ number, wrong: `its schema is not valid: ${(error as Error).message}` });
  }
};
// The first validation is slow.
validate({ type: "object", properties: { n: { type: "integer" } } }, { n: 1 });
scope.postMessage({ number: 0, thread: `/proc/${Deno.readLinkSync("/proc/thread-self")}` });
