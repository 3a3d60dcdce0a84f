/**
 * Structures of a C ABI, declared once as data: offsets follow from the fields' sizes and natural
 * alignment, as a C compiler for x86_64 and aarch64 would place them. Everything is little-endian.
 *
 * ```ts
 * import { i32, struct, u64 } from "./layout.ts";
 * const Halt = struct({ cookie: u64, exitStatus: i32 });
 * const view = new DataView(new ArrayBuffer(Halt.size));
 * Halt.write(view, 0, { exitStatus: 7 });
 * if (Halt.offsets.exitStatus !== 8 || Halt.size !== 16) throw new Error("layout");
 * if (Halt.read(view, 0).exitStatus !== 7) throw new Error("value");
 * ```
 *
 * @module
 */

/** One field's type: its size and alignment in bytes, and how to read and write it in a view. */
export interface Field<T> {
  readonly size: number;
  readonly align: number;
  get(view: DataView, at: number): T;
  set(view: DataView, at: number, value: T): void;
}

/** Unsigned 8-bit integer. */
export const u8: Field<number> = {
  size: 1,
  align: 1,
  get: (view, at) => view.getUint8(at),
  set: (view, at, value) => view.setUint8(at, value),
};

/** Unsigned 16-bit integer. */
export const u16: Field<number> = {
  size: 2,
  align: 2,
  get: (view, at) => view.getUint16(at, true),
  set: (view, at, value) => view.setUint16(at, value, true),
};

/** Unsigned 32-bit integer. */
export const u32: Field<number> = {
  size: 4,
  align: 4,
  get: (view, at) => view.getUint32(at, true),
  set: (view, at, value) => view.setUint32(at, value, true),
};

/** Signed 32-bit integer. */
export const i32: Field<number> = {
  size: 4,
  align: 4,
  get: (view, at) => view.getInt32(at, true),
  set: (view, at, value) => view.setInt32(at, value, true),
};

/** Unsigned 64-bit integer, exact. */
export const u64: Field<bigint> = {
  size: 8,
  align: 8,
  get: (view, at) => view.getBigUint64(at, true),
  set: (view, at, value) => view.setBigUint64(at, value, true),
};

/**
 * Unsigned 64-bit address or length as a number. Exact below 2^53; a larger value comes out rounded
 * but never below 2^53, so a comparison with any real bound (memory, a file) still decides rightly.
 */
export const usize: Field<number> = {
  size: 8,
  align: 8,
  get: (view, at) => view.getUint32(at + 4, true) * 0x1_0000_0000 + view.getUint32(at, true),
  set: (view, at, value) => {
    view.setUint32(at, value % 0x1_0000_0000, true);
    view.setUint32(at + 4, Math.floor(value / 0x1_0000_0000), true);
  },
};

/** A fixed run of bytes; reading gives a copy, and writing a shorter run pads it with zeros. */
export function bytes(size: number): Field<Uint8Array> {
  return {
    size,
    align: 1,
    get: (view, at) => window(view, at, size).slice(),
    set: (view, at, value) => {
      if (value.length > size) throw new RangeError(`${value.length} bytes in a field of ${size}`);
      const target = window(view, at, size);
      target.fill(0);
      target.set(value);
    },
  };
}

/** A field kept at an offset of its own instead of the next aligned one (unions, reserved gaps). */
export interface Placed<T> {
  readonly at: number;
  readonly field: Field<T>;
}

/** Places a field at a fixed offset from the structure's start, in bytes. */
export function at<T>(offset: number, field: Field<T>): Placed<T> {
  return { at: offset, field };
}

/** The declaration of a structure: names to field types, in order. */
// deno-lint-ignore ban-types
export type Fields = Record<string, Field<{}> | Placed<{}>>;

/** The values of a structure, by field name. */
export type Values<F extends Fields> = {
  -readonly [K in keyof F]: F[K] extends Field<infer T> ? T
    : F[K] extends Placed<infer T> ? T
    : never;
};

/** A structure: its size and alignment, where each field lies, and how to read and write it whole. */
export interface Struct<F extends Fields> {
  /** Size in bytes, padded to the alignment. */
  readonly size: number;
  /** Alignment in bytes. */
  readonly align: number;
  /** Offset of each field from the start, in bytes. */
  readonly offsets: { readonly [K in keyof F]: number };
  /** Size of each field in bytes. */
  readonly sizes: { readonly [K in keyof F]: number };
  /** Reads every field of the structure that lies at `at` in the view. */
  read(view: DataView, at: number): Values<F>;
  /** Writes the given fields of the structure that lies at `at`; the others stay as they are. */
  write(view: DataView, at: number, values: Partial<Values<F>>): void;
  /** The structure's bytes with the given fields set and all else zero. */
  encode(values: Partial<Values<F>>): Uint8Array<ArrayBuffer>;
}

/**
 * Declares a structure.
 *
 * @param fields the fields in order; each is placed at the next offset of its alignment, or where {@linkcode at} says
 * @param options `size`: the size in bytes where it is more than what the fields need
 */
export function struct<F extends Fields>(fields: F, options: { size?: number } = {}): Struct<F> {
  // Plain loops: dozens of structures are declared while a command starts.
  const placed: PlacedField[] = [];
  const offsets: Record<string, number> = {};
  const sizes: Record<string, number> = {};
  let end = 0;
  let align = 1;
  for (const name in fields) {
    const declared = fields[name]! as Field<unknown> | Placed<unknown>;
    const field = "field" in declared ? declared.field : declared;
    const offset = "field" in declared ? declared.at : alignUp(end, field.align);
    placed.push({ name, offset, field });
    offsets[name] = offset;
    sizes[name] = field.size;
    end = Math.max(end, offset + field.size);
    align = Math.max(align, field.align);
  }
  const size = Math.max(alignUp(end, align), options.size ?? 0);
  const write = (view: DataView, base: number, values: Partial<Values<F>>) => {
    for (const { name, offset, field } of placed) {
      if (values[name] !== undefined) field.set(view, base + offset, values[name]);
    }
  };
  return {
    size,
    align,
    offsets: offsets as { [K in keyof F]: number },
    sizes: sizes as { [K in keyof F]: number },
    read: (view, base) => {
      const values: Record<string, unknown> = {};
      for (const { name, offset, field } of placed) values[name] = field.get(view, base + offset);
      return values as Values<F>;
    },
    write,
    encode: (values) => {
      const result = new Uint8Array(size);
      write(viewOf(result), 0, values);
      return result;
    },
  };
}

interface PlacedField {
  readonly name: string;
  readonly offset: number;
  readonly field: Field<unknown>;
}

/** The least multiple of `align` (a power of two) that is not below `value`. */
export function alignUp(value: number, align: number): number {
  return Math.ceil(value / align) * align;
}

/** The greatest multiple of `align` (a power of two) that is not above `value`. */
export function alignDown(value: number, align: number): number {
  return Math.floor(value / align) * align;
}

/** A view of the same bytes. */
export function viewOf(data: Uint8Array): DataView {
  return new DataView(data.buffer, data.byteOffset, data.byteLength);
}

/** The bytes of a field whose contents are text up to the first NUL, decoded as Latin-1. */
export function cString(data: Uint8Array): string {
  const end = data.indexOf(0);
  return String.fromCharCode(...data.subarray(0, end < 0 ? data.length : end));
}

/** The bytes of a 32-bit number, signed or not: an operand of an instruction. */
export function word32(value: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, value, true);
  return bytes;
}

/** The name that a table of numbers has for one of them; undefined if it has none. */
export function nameOf<const N extends string>(
  table: Readonly<Record<N, number>>,
  wanted: number,
): N | undefined {
  return (Object.keys(table) as N[]).find((name) => table[name] === wanted);
}

function window(view: DataView, at: number, size: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + at, size);
}
