/**
 * Block devices on virtio (virtio 1.2, section 5.2): a request is a header, whole blocks, and a byte that
 * says what came of it.
 *
 * @module
 */
import { at, struct, u32, u64, usize, viewOf } from "../../../abi/layout.ts";
import { RESULT } from "../../../abi/solo5.ts";
import type { GuestBytes, OpenDevice, VirtioKind } from "../kind.ts";
import { gather, scatter, sizeOf } from "../pieces.ts";
import type { BlockProperties } from "./device.ts";

const FEATURE_BLOCK_SIZE = 1 << 6;

/** The unit of capacities and places, whatever the block size is, in bytes. */
const SECTOR_SIZE = 512;

/** `capacity`: in sectors; `blockSize`: in bytes. */
const Config = struct({ capacity: u64, blockSize: at(20, u32) });
const Header = struct({ type: u32, reserved: u32, sector: usize });

/** The longest transfer of one request, in bytes. A guest can name its memory more than once. */
const TRANSFER_MAX = 0x10_0000;

/** Types of requests. */
const READ = 0;
const WRITE = 1;

/** What came of a request. */
const STATUS = { ok: 0, failed: 1, unknown: 2 } as const;
type Status = typeof STATUS[keyof typeof STATUS];

/** See {@linkcode VirtioKind}. */
export const virtioBlock: VirtioKind<BlockProperties> = {
  type: 2,
  queues: 1,
  describe: ({ capacity, blockSize }) => ({
    features: FEATURE_BLOCK_SIZE,
    config: Config.encode({ capacity: BigInt(capacity / SECTOR_SIZE), blockSize }),
  }),
  serve(device, { readable, writable }) {
    const size = sizeOf(writable);
    // Without a byte for the status there is no way to tell.
    if (size === 0) return 0;
    const { data, status } = transfer(device, readable, size - 1);
    scatter(writable, data);
    const last = writable.findLast(({ length }) => length > 0)!;
    last[last.length - 1] = status;
    return size;
  },
};

/** Carries out a request for as many bytes as the guest has left room for, or sent. */
function transfer(
  device: OpenDevice<BlockProperties>,
  readable: readonly GuestBytes[],
  room: number,
): { data: GuestBytes; status: Status } {
  const none = new Uint8Array();
  if (Math.max(sizeOf(readable) - Header.size, room) > TRANSFER_MAX) {
    return { data: none, status: STATUS.failed };
  }
  const request = gather(readable);
  if (request.length < Header.size) return { data: none, status: STATUS.failed };
  const { type, sector } = Header.read(viewOf(request), 0);
  if (type !== READ && type !== WRITE) return { data: none, status: STATUS.unknown };
  const data = type === READ ? new Uint8Array(room) : request.subarray(Header.size);
  const done = eachBlock(device, data, (block, index) => {
    const offset = sector * SECTOR_SIZE + index;
    if (!device.accepts(offset, block.length)) return false;
    if (type === WRITE) return device.write(block, offset) === RESULT.OK;
    return device.read(block, offset) === block.length;
  });
  return { data: type === READ ? data : none, status: done ? STATUS.ok : STATUS.failed };
}

/** Does something with each block, until it fails. */
function eachBlock(
  { properties: { blockSize } }: OpenDevice<BlockProperties>,
  data: GuestBytes,
  action: (block: GuestBytes, index: number) => boolean,
): boolean {
  for (let index = 0; index < data.length; index += blockSize) {
    if (!action(data.subarray(index, index + blockSize), index)) return false;
  }
  return true;
}
