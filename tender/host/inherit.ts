/**
 * Descriptors that a program gets from this process.
 *
 * @module
 */
import { TenderError } from "../error.ts";
import { errno, errorText, seldom } from "./libc.ts";

const c = seldom({ fcntl: { parameters: ["i32", "i32", "i32"], result: "i32" } });

const F_SETFD = 2;

/**
 * Keeps a descriptor open in programs that this process becomes or spawns.
 *
 * @throws {TenderError} if there is no such descriptor
 */
export function makeInheritable(fd: number): void {
  if (c.fcntl(fd, F_SETFD, 0) < 0) {
    throw new TenderError("device", `Could not use descriptor ${fd}: ${errorText(errno())}`);
  }
}
