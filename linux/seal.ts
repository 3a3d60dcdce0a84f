/**
 * Files in memory that nobody changes any more.
 *
 * @module
 */
import { ALL_SEALS, F_ADD_SEALS } from "./constants.ts";
import { check, seldom } from "./libc.ts";

const c = seldom({ fcntl: { parameters: ["i32", "i32", "i32"], result: "i32" } });

/**
 * Keeps a file in memory as it is, for as long as it exists. What maps it privately may still write there.
 *
 * @throws {SystemError} if somebody has mapped it to write to it
 */
export function seal(fd: number): void {
  check(c.fcntl(fd, F_ADD_SEALS, ALL_SEALS), "fcntl");
}
