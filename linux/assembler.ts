/**
 * An assembler for the few pieces of machine code that this project has: bytes as they are, with the
 * instruction beside them as a comment, and labels, so that nobody counts distances by hand.
 *
 * @module
 */

/** The place in the code that a label names. */
interface Label {
  readonly label: string;
}

/** Bytes that depend on where a label is. */
export interface Reference {
  /** The label. */
  readonly to: string;
  /** How many bytes, from 1 to 4. */
  readonly size: number;
  /**
   * Makes a number of them, the lowest byte first.
   *
   * @param distance from the first of these bytes to the label, in bytes
   */
  encode(distance: number): number;
}

/** A part of a program: a byte, several bytes, a label, or bytes that depend on one. */
export type Part = number | Uint8Array | Label | Reference;

/** Names a place in the code, once in a program. */
export function label(name: string): Part {
  return { label: name };
}

/** The last operand of an instruction of x86_64: the distance to a label, in a byte. */
export function near(to: string): Part {
  return {
    to,
    size: 1,
    encode: (distance) => {
      const operand = distance - 1;
      if (operand === operand << 24 >> 24) return operand;
      throw new RangeError(`label ${to} is ${operand} bytes away`);
    },
  };
}

/** The last operand of an instruction of x86_64: the distance to a label, in 4 bytes. */
export function far(to: string): Part {
  return { to, size: 4, encode: (distance) => distance - 4 };
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
 * @param outside labels that are not in these parts: where each is, in bytes from their beginning
 * @throws {RangeError} if a label is missing, stands twice, or is too far away
 */
export function assemble(
  parts: readonly Part[],
  outside: Readonly<Record<string, number>> = {},
): MachineCode {
  const labels: Record<string, number> = { ...outside };
  let size = 0;
  for (const part of parts) {
    if (typeof part === "object" && "label" in part) {
      if (part.label in labels) throw new RangeError(`label ${part.label} stands twice`);
      labels[part.label] = size;
    } else size += sizeOf(part);
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    if (typeof part === "number") bytes[at] = part;
    else if (part instanceof Uint8Array) bytes.set(part, at);
    else if ("to" in part) {
      const place = labels[part.to];
      if (place === undefined) throw new RangeError(`no label ${part.to}`);
      const number = part.encode(place - at);
      for (let byte = 0; byte < part.size; byte++) bytes[at + byte] = number >> 8 * byte;
    }
    at += sizeOf(part);
  }
  return { bytes, labels };
}

/** How many bytes a part becomes. */
export function sizeOf(part: Part): number {
  if (typeof part === "number") return 1;
  if (part instanceof Uint8Array) return part.length;
  return "to" in part ? part.size : 0;
}
