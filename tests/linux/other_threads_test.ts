/**
 * System calls on other threads, of this process: the runtime has some.
 */
import { deepEqual, equal, throws } from "node:assert/strict";
import { onOtherThreads } from "../../linux/other_threads.ts";
import { systemCall } from "../../linux/system_call.ts";

/** Numbers of x86_64. */
const CALLS = { close: 3, rt_sigaction: 13, prctl: 157, gettid: 186 };
/** The C library's own signal, which is borrowed. */
const SIGSETXID = 33;
const PR_SET_NO_NEW_PRIVS = 38;

Deno.test("other threads: where a call fails on one of them that is an error, and ends its list", () => {
  const before = privileges();
  const fails = () => onOtherThreads([[CALLS.close, -1], [CALLS.prctl, PR_SET_NO_NEW_PRIVS, 1]]);
  throws(fails, /^SystemError: thread \d+: system call: Bad file descriptor$/);
  deepEqual(privileges(), before);
});

Deno.test("other threads: afterwards the signal does what it did before", () => {
  const action = () => {
    const found = new BigUint64Array(4);
    equal(systemCall(CALLS.rt_sigaction, SIGSETXID, 0, found, 8), 0);
    return found;
  };
  const before = action();
  onOtherThreads([[CALLS.gettid]]);
  deepEqual(action(), before);
});

/** Whether there is a thread that can, and one that cannot, gain new privileges. */
function privileges(): Set<string> {
  const threads = [...Deno.readDirSync("/proc/self/task")].map(({ name }) => name);
  return new Set(threads.map((thread) => {
    const status = Deno.readTextFileSync(`/proc/self/task/${thread}/status`);
    return /^NoNewPrivs:.*$/m.exec(status)![0];
  }));
}
