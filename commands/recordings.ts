/**
 * The sub-command `replay`.
 *
 * @module
 */
import { buildCommand, type Command, type CommandContext } from "@stricli/core";
import { argument, option } from "./options.ts";

interface ReplayFlags {
  readonly target?: string;
  readonly timeout?: string;
  readonly gdb?: string;
}

/** `replay`. */
export const replay: Command<CommandContext> = buildCommand({
  loader: async () => {
    const { replayFile } = await import("./replay.ts");
    return (flags: ReplayFlags, path: string) => replayFile(path, flags);
  },
  parameters: {
    flags: {
      target: option(
        "--target=hvt|spt: Replay a portable unikernel on this target",
        {
          proposed: ["hvt", "spt"],
        },
      ),
      timeout: option("--timeout=SECONDS: Stop the replay after this time, with status 124", {
        proposed: "nothing",
      }),
      gdb: {
        ...option("--gdb[=[ADDRESS:]PORT]: Wait for gdb, which can go back as well (hvt)", {
          proposed: "nothing",
        }),
        inferEmpty: true,
      },
    },
    positional: {
      kind: "tuple",
      parameters: [argument("RECORDING", "A file that run --record has written")],
    },
  },
  docs: {
    brief: "Run a unikernel again as it was recorded",
    customUsage: [
      "[--target=hvt|spt] [--timeout=SECONDS] RECORDING",
      "--gdb[=[ADDRESS:]PORT] RECORDING",
    ],
  },
});
