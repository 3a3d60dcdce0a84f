/**
 * The recorder, which logs the system calls of a guest of spt inside of it.
 *
 * @module
 */
import type { RecorderImage } from "../../elftool/recorder_image.ts";
import { builtRecorder } from "./build.ts";

/** Undefined where it cannot be built. */
export const recorder: RecorderImage | undefined = await builtRecorder();
