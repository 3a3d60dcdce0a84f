/**
 * Ends a run when the guest says that it has initialised, and copies its memory then. The guest says so by
 * writing zero bytes to the console, at the address of a record.
 *
 * @module
 */
import { HYPERCALL, Puts } from "../../abi/hvt.ts";
import { usize } from "../../abi/layout.ts";
import { RESULT } from "../../abi/solo5.ts";
import { MarkRecord } from "../../abi/snapshot.ts";
import { readMark, SnapshotMemory } from "../../elftool/snapshot.ts";
import { memoryContent } from "../../linux/memory_content.ts";
import type { OpenDevice } from "../devices/kind.ts";
import type { StartOptions } from "../target.ts";
import { ended } from "./answer.ts";
import { featuresOf } from "./cpu_features.ts";
import type { GuestView } from "./guest_view.ts";
import type { HostFacts } from "./machine.ts";
import type { Observer } from "./observer.ts";

/** Makes the observer that takes a guest's memory at the mark. */
export function takeMark(
  take: NonNullable<StartOptions["mark"]>,
  { devices, cpuid }: Pick<HostFacts, "devices" | "cpuid">,
): Observer {
  const written = new Set<number>();
  let mark: { record: number; acquired: bigint } | undefined;
  return {
    world: (world) => ({
      ...world,
      devices: world.devices.map((device, index) => telling(device, () => written.add(index + 1))),
    }),
    calls: ({ hypercall, ...others }) => ({
      ...others,
      hypercall(number, block, context) {
        const answer = hypercall(number, block, context);
        if (number !== HYPERCALL.puts || answer !== undefined) return answer;
        mark = markAt(context.guest, block);
        return mark && ended({ kind: "exit", status: 0 });
      },
    }),
    ended(_, { mapping }) {
      if (mark === undefined) return;
      const content = new SnapshotMemory();
      memoryContent(mapping, (offset, bytes) => content.add(offset, bytes));
      take({ ...mark, written, content, devices, cpu: featuresOf(cpuid) });
    },
  };
}

/** The mark that the argument block of a `puts` makes, if it makes one. */
function markAt(guest: GuestView, block: number): { record: number; acquired: bigint } | undefined {
  const args = guest.at(block, Puts.size);
  if (usize.get(args, Puts.offsets.len) !== 0) return undefined;
  const record = usize.get(args, Puts.offsets.data);
  const range = { address: record, length: MarkRecord.size };
  if (!guest.allows("read", range)) return undefined;
  const found = readMark(guest.part(record, MarkRecord.size), record);
  return found && { record, acquired: found.acquired };
}

function telling(device: OpenDevice, tell: () => void): OpenDevice {
  return {
    ...device,
    write(data, offset) {
      const result = device.write(data, offset);
      if (result === RESULT.OK) tell();
      return result;
    },
  };
}
