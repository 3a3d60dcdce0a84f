/**
 * An assembler for the few pieces of machine code that this project has: bytes as they are, with the
 * instruction beside them as a comment, and labels, so that nobody counts distances by hand.
 *
 * @module
 */

/** A place in the code that others lead to. */
interface Label {
  readonly label: string;
}

/** The distance to a label from the byte behind it, as jumps of x86_64 and its addresses have it. */
interface Distance {
  readonly to: string;
  /** In bytes. */
  readonly size: 1 | 4;
}

/** A part of a program: a byte, or what the assembler knows of its place. */
export type Part = number | Label | Distance;

/** A place in the code that others lead to, by a name of its own. */
export function label(name: string): Part {
  return { label: name };
}

/** The last operand of an instruction: the distance to a label, in a byte. */
export function near(to: string): Part {
  return { to, size: 1 };
}

/** The last operand of an instruction: the distance to a label, in 4 bytes. */
export function far(to: string): Part {
  return { to, size: 4 };
}

/** Code that runs at any address. */
export interface MachineCode {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Where each label is, in bytes from the beginning. */
  readonly labels: Readonly<Record<string, number>>;
}

/**
 * Puts parts together.
 *
 * @throws {RangeError} if a label is missing, stands twice, or is too far away
 */
export function assemble(parts: readonly Part[]): MachineCode {
  const labels: Record<string, number> = {};
  let size = 0;
  for (const part of parts) {
    if (typeof part === "number") size++;
    else if ("to" in part) size += part.size;
    else {
      if (part.label in labels) throw new RangeError(`label ${part.label} stands twice`);
      labels[part.label] = size;
    }
  }
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const part of parts) {
    if (typeof part === "number") bytes[at++] = part;
    else if ("to" in part) {
      const behind = at + part.size;
      const place = labels[part.to];
      if (place === undefined) throw new RangeError(`no label ${part.to}`);
      const distance = place - behind;
      if (part.size === 4) view.setInt32(at, distance, true);
      else if (distance !== distance << 24 >> 24) {
        throw new RangeError(`label ${part.to} is ${distance} bytes away`);
      } else view.setInt8(at, distance);
      at = behind;
    }
  }
  return { bytes, labels };
}
