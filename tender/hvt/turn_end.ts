/**
 * Has a guest leave its CPU now and then, however long it computes, so that whoever steps it can look at
 * what else there is to do.
 *
 * @module
 */
import { Alarms } from "../../linux/alarm.ts";
import type { Observer } from "./observer.ts";

/** The longest that a guest keeps its CPU, in nanoseconds. */
const TURN = 20_000_000n;

/** Makes an observer that ends each step after a while. */
export function endTurns(): Observer {
  let alarms: Alarms | undefined;
  return {
    begin(vcpu) {
      vcpu.openToSignals();
      alarms = new Alarms();
      alarms.set("monotonic", TURN, { again: TURN });
    },
    cpu: (cpu) => ({
      registers: () => cpu.registers(),
      run() {
        const exit = cpu.run();
        if (exit.kind === "intr") alarms?.consume();
        return exit;
      },
    }),
    [Symbol.dispose]: () => alarms?.[Symbol.dispose](),
  };
}
