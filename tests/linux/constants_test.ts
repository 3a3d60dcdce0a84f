/**
 * The constants of Linux against the C library's own headers, asked by a compiler.
 */
import { equal } from "node:assert/strict";
import * as constants from "../../linux/constants.ts";
import { ERRNO } from "../../linux/libc.ts";
import { testUnless } from "../needs.ts";

/** Those whose C name differs from ours, or that are several of C's. */
const EXPRESSIONS: Readonly<Record<string, string>> = {
  ALL_SEALS: "F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE",
  MAP_NEW_PRIVATE: "MAP_PRIVATE | MAP_FIXED_NOREPLACE",
  MAP_NEW_ZEROS: "MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE",
  RESERVED: "MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE",
  NO_DESCRIPTOR: "(unsigned)-1",
  CAPABILITY_VERSION: "_LINUX_CAPABILITY_VERSION_3",
  SIGNAL_SET_SIZE: "sizeof(sigset_t)",
  SIGACTION_SIZE: "sizeof(struct sigaction)",
  SIGNAL_EVENT_SIZE: "sizeof(struct sigevent)",
};

/** Those that headers of older kernels lack. */
const YOUNG = ["MFD_EXEC"];

const HEADERS = [
  ...["errno", "fcntl", "poll", "sched", "signal", "time", "unistd"],
  ...[
    "netinet/in",
    "netinet/tcp",
    "sys/epoll",
    "sys/eventfd",
    "sys/ioctl",
    "sys/mman",
    "sys/prctl",
    "sys/socket",
    "sys/timerfd",
    "sys/wait",
  ],
  ...["asm/prctl", "elf", "linux/capability", "linux/memfd", "linux/ptrace", "linux/seccomp"],
];

testUnless(
  missing(),
  "constants: a compiler has the same value for every one of them, and for every errno",
  () => {
    const values = Object.entries<number>({ ...constants, ...ERRNO });
    const asserted = values.map(([name, value]) => {
      const line = `_Static_assert((${EXPRESSIONS[name] ?? name}) == ${value}, "${name}");`;
      return YOUNG.includes(name) ? `#ifdef ${name}\n${line}\n#endif` : line;
    });
    const includes = HEADERS.map((header) => `#include <${header}.h>`);
    const text = ["#define _GNU_SOURCE", ...includes, ...asserted, ""].join("\n");
    const path = Deno.makeTempFileSync({ suffix: ".c" });
    try {
      Deno.writeTextFileSync(path, text);
      const args = ["-fsyntax-only", path];
      const { stderr } = new Deno.Command("gcc", { args }).outputSync();
      const said = new TextDecoder().decode(stderr);
      equal(said.split("\n").filter((line) => line.includes("error")).join("\n"), "");
    } finally {
      Deno.removeSync(path);
    }
  },
);

function missing(): string | undefined {
  if (Deno.build.arch !== "x86_64") return "some of them are of x86_64 alone";
  const found = new Deno.Command("sh", { args: ["-c", "command -v gcc"] }).outputSync();
  return found.success ? undefined : "gcc is missing (apt-get install gcc)";
}
