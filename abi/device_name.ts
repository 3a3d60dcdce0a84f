/**
 * How devices may be named, wherever a name comes from: manifest source, binary manifest, command
 * line. Source: spec/solo5-abi.md, section 1.
 *
 * @module
 */
import { MAX_NAME } from "./manifest.ts";

/** A device name: 1 to {@linkcode MAX_NAME} alphanumeric characters. */
export const DEVICE_NAME: RegExp = new RegExp(`^[0-9A-Za-z]{1,${MAX_NAME}}$`);

/** The rule of {@linkcode DEVICE_NAME} in words. */
export const DEVICE_NAME_RULE = `must be 1 to ${MAX_NAME} alphanumeric characters`;
