/**
 * Standard input as a network device: a stream of bytes for `bindings/include/soloden_channel.h`.
 *
 * @module
 */
import { memoryFile } from "../../../linux/exec.ts";
import { makeInheritable } from "../../../linux/inherit.ts";
import { closeDescriptor } from "../../../linux/libc.ts";
import { packetPair } from "../../../linux/packet_pair.ts";
import { pumpProgram } from "../../../linux/pump.ts";
import { TenderError } from "../../error.ts";
import type { Input } from "../kind.ts";
import { LARGEST_MTU, type NetDevice } from "./backing.ts";
import { net } from "./device.ts";

/** A snapshot goes on with devices that have the addresses that it knows. */
const MAC = "02:73:74:64:69:6e";

/** See `MakeInput`. A process of its own reads standard input, and ends with the guest. */
export function netInput(name: string, { empty }: { empty: boolean }): Promise<Input<NetDevice>> {
  if (Deno.build.arch !== "x86_64") {
    const rule = `device '${name}': standard input is a network device on x86_64 alone`;
    throw new TenderError("device", rule);
  }
  const [device, own] = net.pair({ mtu: LARGEST_MTU, macs: [MAC] });
  const socket = own.backing.take(packetPair);
  try {
    pump(socket, empty ? "null" : "inherit");
  } finally {
    closeDescriptor(socket);
  }
  return Promise.resolve({ device });
}

function pump(socket: number, stdin: "null" | "inherit"): void {
  makeInheritable(socket);
  const file = memoryFile("soloden-input", pumpProgram(socket));
  try {
    new Deno.Command(file.path, { clearEnv: true, stdin, stdout: "null", stderr: "null" }).spawn()
      .unref();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new TenderError(
      "host",
      "/proc is not mounted: what reads standard input is started there",
    );
  } finally {
    // Deno's spawn returns after the child has executed it.
    file.close();
  }
}
