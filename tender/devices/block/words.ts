/**
 * The options of block devices.
 *
 * @module
 */
import { readInput } from "../../../linux/files.ts";
import { TenderError } from "../../error.ts";
import type { DeviceWords } from "../kind.ts";
import { type Access, block, type BlockDevice } from "./device.ts";
import { inputDisk } from "./input.ts";

/** See {@linkcode DeviceWords}. */
export const blockWords: DeviceWords<BlockDevice> = {
  noun: "a block device",
  options: [
    {
      name: "block",
      value: "PATH[,ro|,overlay|,input]",
      brief:
        "file or disk for the block device NAME; with ,ro its writes fail, with ,overlay they are dropped at the end; with ,input a file of any length is read into memory",
      // An overlay is made at the start of each run, and a packed guest has nobody to make it.
      packed: {
        value: "PATH[,ro]",
        brief: "file or disk for the block device NAME; with ,ro its writes fail",
      },
      proposed: "file",
    },
    {
      name: "block-sector-size",
      value: "BYTES",
      brief: "block size of the block device NAME (default 512)",
      proposed: ["512", "4096"],
    },
  ],
  plainValue: "FILE",
  make(name, values) {
    const [, path, access] = /^(.*?)(?:,(ro|overlay|input))?$/s.exec(values.get("block")!)!;
    if (path === "") throw new TenderError("device", `--block:${name}: expected a path`);
    const size = values.get("block-sector-size");
    if (size !== undefined && !/^[0-9]{1,9}$/.test(size)) {
      throw new TenderError("device", `Not a block size: '${size}'`);
    }
    const blockSize = size === undefined ? undefined : Number(size);
    if (access === "input") return inputDisk(readInput(path!), { name, blockSize });
    return block.file(path!, { blockSize, access: access as Access | undefined });
  },
};
