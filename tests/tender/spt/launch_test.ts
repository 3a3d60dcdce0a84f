/**
 * The launch code against an independent reader of machine code.
 */
import { LAUNCH_X86_64 } from "../../../tender/spt/launch_x86_64.ts";
import { NAME_SLOT, REASONS_AT, RECORDS_SLOT } from "../../../tender/spt/page.ts";
import { checkListing } from "../../linux/machine_code.ts";

Deno.test("launch: objdump reads the instructions that the comments name, with their operands", async () => {
  await checkListing("tender/spt/launch_x86_64.ts", LAUNCH_X86_64, {
    names: { NAME_SLOT, REASONS_AT, RECORDS_SLOT },
    least: 91,
  });
});
