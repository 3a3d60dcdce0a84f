/**
 * Confinement seen from another thread, for a test: `confined_threads.ts rights|all FILE [GUEST.hvt]`.
 * A thread that is there before opens the file, then tries again when the process has given up its
 * rights, with `all` the filter included. With a guest, KVM's own thread is there as well. Prints what
 * came of each attempt, as JSON: 0, or an `errno`.
 */
import { parseUnikernel } from "../../../elftool/unikernel.ts";
import { bind } from "../../../tender/guest.ts";
import { closeDescriptor, cstr, errno, libc } from "../../../tender/host/libc.ts";
import { confine, giveUpRights } from "../../../tender/hvt/confine.ts";
import { createVm } from "../../../tender/hvt/vm.ts";
import { hostWorld } from "../../../tender/hvt/world.ts";

const [what, file, guest] = Deno.args as ["rights" | "all", string, string?];
const scope = globalThis as unknown as { onmessage?: () => void; postMessage(value: number): void };

function tryToOpen(): number {
  const { open } = libc({ open: { parameters: ["buffer", "i32"], result: "i32" } });
  const fd = open(cstr(file), 0);
  if (fd < 0) return errno();
  closeDescriptor(fd);
  return 0;
}

async function main(): Promise<void> {
  using vm = guest === undefined ? undefined : createVm(
    bind(parseUnikernel(Deno.readFileSync(guest), { name: guest }), "hvt", { memorySize: 4 << 20 }),
    { ...hostWorld(), write: () => true },
  );
  vm?.step();
  const worker = new Worker(import.meta.url, { type: "module" });
  const attempt = () =>
    new Promise<number>((resolve) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.postMessage(undefined);
    });
  const before = await attempt();
  if (what === "all") confine({ vcpu: 0 });
  else giveUpRights();
  const after = await attempt();
  console.log(JSON.stringify({ before, after, here: tryToOpen() }));
  worker.terminate();
}

// The worker is this file, too.
if (self.constructor.name === "Window") await main();
else scope.onmessage = () => scope.postMessage(tryToOpen());
