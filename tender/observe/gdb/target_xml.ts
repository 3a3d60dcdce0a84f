/**
 * The target description: tells gdb which registers there are, so that it needs no flags.
 *
 * @module
 */
import { FEATURES } from "./registers.ts";

/** A 128-bit register as the vectors that it may hold. */
const VECTOR_TYPES = `
<vector id="v4f" type="ieee_single" count="4"/>
<vector id="v2d" type="ieee_double" count="2"/>
<vector id="v16i8" type="int8" count="16"/>
<vector id="v8i16" type="int16" count="8"/>
<vector id="v4i32" type="int32" count="4"/>
<vector id="v2i64" type="int64" count="2"/>
<union id="vec128">
<field name="v4_float" type="v4f"/><field name="v2_double" type="v2d"/>
<field name="v16_int8" type="v16i8"/><field name="v8_int16" type="v8i16"/>
<field name="v4_int32" type="v4i32"/><field name="v2_int64" type="v2i64"/>
<field name="uint128" type="uint128"/>
</union>`;

/** The description of an hvt guest on x86_64. */
export function targetXml(): string {
  const features = FEATURES.map(({ name, registers }) => {
    const lines = registers.map(({ name, size, type }) =>
      `<reg name="${name}" bitsize="${size}" type="${type}"/>`
    );
    const types = name.endsWith(".sse") ? VECTOR_TYPES : "";
    return `<feature name="${name}">${types}\n${lines.join("\n")}\n</feature>`;
  });
  // Only on this system does gdb ask for the addresses of thread-local variables.
  return `<?xml version="1.0"?>
<!DOCTYPE target SYSTEM "gdb-target.dtd">
<target version="1.0">
<architecture>i386:x86-64</architecture>
<osabi>GNU/Linux</osabi>
${features.join("\n")}
</target>
`;
}
