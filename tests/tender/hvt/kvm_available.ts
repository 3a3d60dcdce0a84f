/**
 * Tests that need a real KVM: where this process may not use it they are skipped, and say why.
 *
 * @module
 */
import { openKvm } from "../../../tender/kvm/open.ts";

/** Why this host cannot run hvt guests; undefined if it can. */
export const noKvm: string | undefined = reason();

/** A test that is skipped, with its reason printed, where there is no KVM. */
export function kvmTest(name: string, run: () => void | Promise<void>): void {
  if (noKvm !== undefined) console.log(`skipped: ${name}: ${noKvm}`);
  Deno.test({ name, ignore: noKvm !== undefined, fn: run });
}

function reason(): string | undefined {
  if (Deno.build.arch !== "x86_64") return "hvt guests need an x86_64 host";
  try {
    openKvm()[Symbol.dispose]();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
