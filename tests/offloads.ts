/**
 * Prints how the kernel may merge frames of the interface that is its argument, as `{ gso, gro }`.
 *
 * @module
 */
import { check, libc } from "../linux/libc.ts";
import { EthtoolValue, Ifreq, REQUEST } from "../linux/tap_abi.ts";

const AF_INET = 2;
const SOCK_DGRAM = 2;
/** Commands that ask for what those of `ETHTOOL` set. */
const GET = { gso: 0x23, gro: 0x2b } as const;

const c = libc({
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  ioctl: { parameters: ["i32", "u64", "buffer"], result: "i32" },
});

const [name] = Deno.args;
const socket = check(c.socket(AF_INET, SOCK_DGRAM, 0), "socket");
const flags = Object.entries(GET).map(([flag, cmd]) => {
  const value = EthtoolValue.encode({ cmd });
  const data = Deno.UnsafePointer.value(Deno.UnsafePointer.of(value));
  const ifreq = Ifreq.encode({ name: new TextEncoder().encode(name), data });
  check(c.ioctl(socket, BigInt(REQUEST.SIOCETHTOOL), ifreq), "SIOCETHTOOL", name);
  return [flag, new DataView(value.buffer).getUint32(4, true)];
});
console.log(JSON.stringify(Object.fromEntries(flags)));
