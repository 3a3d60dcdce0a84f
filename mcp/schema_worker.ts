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

/** What it answers: what is wrong, if anything. */
export interface Reply {
  readonly number: number;
  readonly wrong?: string;
}

const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<Question>) => void;
  postMessage(reply: Reply): void;
};

scope.onmessage = ({ data: { number, schema, value } }) => {
  try {
    const result = new CfWorkerJsonSchemaValidator().getValidator(schema)(value);
    scope.postMessage({ number, wrong: result.valid ? undefined : result.errorMessage });
  } catch (error) {
    scope.postMessage({ number, wrong: `its schema is none: ${(error as Error).message}` });
  }
};
scope.postMessage({ number: 0 });
