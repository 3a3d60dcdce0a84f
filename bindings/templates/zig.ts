/**
 * A new project in Zig: it imports the C header, and the compiler makes an object file.
 *
 * @module
 */
import { readAssets } from "../assets.ts";
import type { LanguagePart } from "./project.ts";

const HEADER = "include/solo5.h";

/** A source, the header, and a compilation for no operating system. */
export function zigProject(name: string): LanguagePart {
  const flags = "-target x86_64-freestanding -fno-PIC -O ReleaseSmall";
  return {
    files: {
      [`${name}.zig`]: SOURCE.replaceAll("NAME", name),
      [HEADER]: new TextDecoder().decode(readAssets().get(HEADER)),
    },
    build: [
      `zig build-obj ${flags} -I include ${name}.zig`,
      `soloden build ${name}.o`,
    ],
    ignored: [".zig-cache/", "zig-cache/"],
  };
}

const SOURCE = `//! A unikernel. There is no operating system but solo5.h.
const solo5 = @cImport(@cInclude("solo5.h"));

fn print(text: []const u8) void {
    solo5.solo5_console_write(text.ptr, text.len);
}

export fn solo5_app_main(info: *const solo5.struct_solo5_start_info) c_int {
    print("Hello from NAME!\\n");
    var length: usize = 0;
    while (info.cmdline[length] != 0) length += 1;
    if (length > 0) {
        print("Arguments: ");
        print(info.cmdline[0..length]);
        print("\\n");
    }
    return solo5.SOLO5_EXIT_SUCCESS;
}
`;
