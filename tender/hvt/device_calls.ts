/**
 * The hypercalls of devices. All that a guest asks for is checked here, so that the world gets only
 * requests to a device that exists, that fit it, and whose memory the guest may use so.
 *
 * @module
 */
import { BlockIo, NetIo } from "../../abi/hvt.ts";
import { i32, usize } from "../../abi/layout.ts";
import { RESULT } from "../../abi/solo5.ts";
import type { BlockProperties } from "../devices/device.ts";
import type { Result } from "../devices/result.ts";
import { badRange, type Handler } from "./answer.ts";

/** Fills guest memory with a block. */
export const blockRead = blockCall("block_read", "write");
/** Stores a block of guest memory. */
export const blockWrite = blockCall("block_write", "read");
/** Fills guest memory with a frame, where one has come. */
export const netRead = netCall("net_read", "write");
/** Sends a frame of guest memory. */
export const netWrite = netCall("net_write", "read");

/** `access`: what the call does to the guest's memory. */
function blockCall(name: string, access: "read" | "write"): Handler {
  const { offsets } = BlockIo;
  return ({ guest, world }, block) => {
    const { view } = guest;
    const finish = (result: Result): undefined => void i32.set(view, block + offsets.ret, result);
    const handle = usize.get(view, block + offsets.handle);
    const device = world.devices[handle - 1];
    if (device?.type !== "BLOCK_BASIC") return finish(RESULT.EINVAL);
    const address = usize.get(view, block + offsets.data);
    const length = usize.get(view, block + offsets.len);
    if (!guest.allows(access, { address, length })) {
      return badRange(`${name}: data`, access, { address, length });
    }
    const offset = usize.get(view, block + offsets.offset);
    if (!fits(device, { offset, length })) return finish(RESULT.EINVAL);
    const data = guest.bytes.subarray(address, address + length);
    if (access === "read") return finish(world.blockWrite(handle, data, { offset }));
    return finish(world.blockRead(handle, data, { offset }));
  };
}

/** Whether a request is for one whole block of the device. */
function fits(
  { capacity, blockSize }: BlockProperties,
  { offset, length }: { offset: number; length: number },
): boolean {
  return length === blockSize && offset % blockSize === 0 && offset <= capacity - length;
}

/** `access`: what the call does to the guest's memory. */
function netCall(name: string, access: "read" | "write"): Handler {
  const { offsets } = NetIo;
  return ({ guest, world }, block) => {
    const { view } = guest;
    const finish = (result: Result): undefined => void i32.set(view, block + offsets.ret, result);
    const handle = usize.get(view, block + offsets.handle);
    if (world.devices[handle - 1]?.type !== "NET_BASIC") return finish(RESULT.EINVAL);
    const address = usize.get(view, block + offsets.data);
    const length = usize.get(view, block + offsets.len);
    if (!guest.allows(access, { address, length })) {
      return badRange(`${name}: data`, access, { address, length });
    }
    const data = guest.bytes.subarray(address, address + length);
    if (access === "read") return finish(world.netWrite(handle, data));
    const count = world.netRead(handle, data);
    if (count < 0) return finish(-count as Result);
    usize.set(view, block + offsets.len, count);
    return finish(RESULT.OK);
  };
}
