/**
 * System calls on other threads, of this process: the runtime has some.
 */
import { deepEqual, throws } from "node:assert/strict";
import { onOtherThreads } from "../../linux/other_threads.ts";

/** Numbers of x86_64. */
const CALLS = { close: 3, prctl: 157 };
const PR_SET_NO_NEW_PRIVS = 38;

Deno.test("other threads: where a call fails on one of them that is an error, and ends its list", () => {
  const before = privileges();
  const fails = () => onOtherThreads([[CALLS.close, -1], [CALLS.prctl, PR_SET_NO_NEW_PRIVS, 1]]);
  throws(fails, /^SystemError: thread \d+: system call: Bad file descriptor$/);
  deepEqual(privileges(), before);
});

/** Whether there is a thread that can, and one that cannot, gain new privileges. */
function privileges(): Set<string> {
  const threads = [...Deno.readDirSync("/proc/self/task")].map(({ name }) => name);
  return new Set(threads.map((thread) => {
    const status = Deno.readTextFileSync(`/proc/self/task/${thread}/status`);
    return /^NoNewPrivs:.*$/m.exec(status)![0];
  }));
}
