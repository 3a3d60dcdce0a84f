/**
 * The hypercalls of devices. All that a guest asks for is checked here, so that a device gets only
 * requests that fit it, and whose memory the guest may use so.
 *
 * @module
 */
import { BlockIo, type Hypercall, NetIo } from "../../abi/hvt.ts";
import { i32, usize } from "../../abi/layout.ts";
import { RESULT } from "../../abi/solo5.ts";
import type { Result } from "../devices/result.ts";
import { badRange, type Handler } from "./answer.ts";

/** Fills guest memory with a block. */
export const blockRead = deviceCall("block_read", { offsets: BlockIo.offsets, access: "write" });
/** Stores a block of guest memory. */
export const blockWrite = deviceCall("block_write", { offsets: BlockIo.offsets, access: "read" });
/** Fills guest memory with a frame, where one has come. */
export const netRead = deviceCall("net_read", { offsets: NetIo.offsets, access: "write" });
/** Sends a frame of guest memory. */
export const netWrite = deviceCall("net_write", { offsets: NetIo.offsets, access: "read" });

/** An argument block, and what the call does to the guest's memory. */
interface Form {
  readonly offsets: Record<"handle" | "data" | "len" | "ret", number> & {
    readonly offset?: number;
  };
  readonly access: "read" | "write";
}

function deviceCall(name: Hypercall, { offsets, access }: Form): Handler {
  return ({ guest, world }, block) => {
    const { view } = guest;
    const finish = (result: Result): undefined => void i32.set(view, block + offsets.ret, result);
    const device = world.devices[usize.get(view, block + offsets.handle) - 1];
    if (device?.hypercalls[access === "read" ? "write" : "read"] !== name) {
      return finish(RESULT.EINVAL);
    }
    const address = usize.get(view, block + offsets.data);
    const length = usize.get(view, block + offsets.len);
    if (!guest.allows(access, { address, length })) {
      return badRange(`${name}: data`, access, { address, length });
    }
    const offset = offsets.offset === undefined ? 0 : usize.get(view, block + offsets.offset);
    if (!device.accepts(offset, length)) return finish(RESULT.EINVAL);
    const data = guest.bytes.subarray(address, address + length);
    if (access === "read") return finish(device.write(data, offset));
    const count = device.read(data, offset);
    if (count < 0) return finish(-count as Result);
    usize.set(view, block + offsets.len, count);
    return finish(RESULT.OK);
  };
}
