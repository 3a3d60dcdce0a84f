/**
 * How a user gets access to a device, without access for everybody.
 *
 * @module
 */

/** A way to get access to a device. */
export interface Permit {
  /** The command that gives it, for a shell. */
  readonly command: string;
  /** Whether the command takes effect only after the next login. */
  readonly login: boolean;
}

/** The bits of a mode by which a group may read and write. */
const GROUP_RW = 0o060;

/**
 * Says how a user gets access to a device: by joining its group, where a group other than root's may open
 * it, and otherwise by an entry for this user alone in its access list.
 *
 * @param path of the device
 * @param device its mode and group; as they are if not given
 */
export function permit(
  path: string,
  device: Pick<Deno.FileInfo, "mode" | "gid"> = Deno.statSync(path),
): Permit {
  const mayOpen = ((device.mode ?? 0) & GROUP_RW) === GROUP_RW;
  const group = mayOpen && device.gid ? groupName(device.gid) : undefined;
  return group === undefined
    ? { command: `sudo setfacl -m u:"$USER":rw ${path}`, login: false }
    : { command: `sudo usermod -aG ${group} "$USER"`, login: true };
}

function groupName(gid: number): string | undefined {
  try {
    const lines = Deno.readTextFileSync("/etc/group").split("\n").map((line) => line.split(":"));
    return lines.find(([, , number]) => number === `${gid}`)?.[0];
  } catch {
    return undefined;
  }
}
