/**
 * Standard input as a network device: a stream of bytes for `bindings/include/soloden_channel.h`.
 *
 * @module
 */
import { Invocation } from "../../../linux/child.ts";
import { openDescriptor } from "../../../linux/descriptor.ts";
import { memoryFile } from "../../../linux/exec.ts";
import { makeInheritable } from "../../../linux/inherit.ts";
import { closeDescriptor } from "../../../linux/libc.ts";
import { packetPair } from "../../../linux/packet_pair.ts";
import { pumpProgram } from "../../../linux/pump.ts";
import { TenderError } from "../../error.ts";
import { LARGEST_MTU, type NetDevice } from "./backing.ts";
import { net } from "./device.ts";
import { INPUT_MAC } from "./input_mac.ts";

/** Number of standard input. */
const STDIN = 0;

/** See `MakeInput`. A process of its own reads standard input, and ends with the guest. */
export function netInput(name: string, { empty }: { empty: boolean }): Promise<NetDevice> {
  if (Deno.build.arch !== "x86_64") {
    const rule = `device '${name}': standard input is a network device on x86_64 alone`;
    throw new TenderError("device", rule);
  }
  const [device, own] = net.pair({ mtu: LARGEST_MTU, macs: [INPUT_MAC] });
  const socket = own.backing.take(packetPair);
  try {
    pump(socket, empty);
  } finally {
    closeDescriptor(socket);
  }
  return Promise.resolve(device);
}

function pump(socket: number, empty: boolean): void {
  makeInheritable(socket);
  const file = memoryFile("soloden-input", pumpProgram(socket));
  const nothing = openDescriptor("/dev/null");
  try {
    const input = empty ? nothing : STDIN;
    // Nobody waits for it: it ends after the guest, which its parent is or serves.
    const { descriptor } = new Invocation(["soloden-input"])
      .start(file.descriptor, { input, output: nothing, error: nothing });
    closeDescriptor(descriptor);
  } finally {
    closeDescriptor(nothing);
    file.close();
  }
}
