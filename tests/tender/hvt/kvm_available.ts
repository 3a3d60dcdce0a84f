/**
 * Tests that need a real KVM.
 *
 * @module
 */
import { testUnless } from "../../needs.ts";
import { openKvm } from "../../../tender/kvm/open.ts";

/** Why this host cannot run hvt guests; undefined if it can. */
export const noKvm: string | undefined = reason();

/** A test that is ignored where there is no KVM. */
export function kvmTest(name: string, run: (test: Deno.TestContext) => void | Promise<void>): void {
  testUnless(noKvm, name, run);
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
