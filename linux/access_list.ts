/**
 * POSIX access lists (`setfacl`): permissions of further users and groups, which Deno knows nothing of.
 *
 * @module
 */
import { cstr, seldom } from "./libc.ts";

/** The extended attribute that a file's list is. */
const NAME = cstr("system.posix_acl_access");
/** Most bytes that Linux lets an extended attribute have. */
const LONGEST = 65536;

/**
 * Gives a file the access list of another; none where that has none, though the directory's default
 * may have given it one.
 *
 * @returns whether it now has the same, or neither file can have any
 */
export function copyAccessList(from: string, to: string): boolean {
  const c = seldom({
    getxattr: { parameters: ["buffer", "buffer", "buffer", "usize"], result: "isize" },
    setxattr: { parameters: ["buffer", "buffer", "buffer", "usize", "i32"], result: "i32" },
    removexattr: { parameters: ["buffer", "buffer"], result: "i32" },
  });
  const [source, target] = [cstr(from), cstr(to)];
  const list = new Uint8Array(LONGEST);
  const size = c.getxattr(source, NAME, list, BigInt(list.length));
  if (size > 0) return c.setxattr(target, NAME, list, BigInt(size), 0) === 0;
  return c.removexattr(target, NAME) === 0 || c.getxattr(target, NAME, list, 0n) < 0;
}
