/**
 * The filter of a confined tender, without the numbers that differ from tender to tender. The bundle
 * contains its words instead of the code that makes them.
 *
 * @module
 */
import { assembleTemplate, type Instruction } from "../../linux/bpf.ts";
import { allowIf, confineProgram } from "./confine_filter.ts";

/** Instructions in the kernel's form, as words of 32 bits, and which words are to be filled in. */
interface Template<Blank extends string> {
  readonly words: readonly number[];
  readonly blanks: Readonly<Record<Blank, readonly number[]>>;
}

/** The filter of a guest without devices. */
export const CONFINE_FILTER: Template<"vcpu" | "pid"> = template(
  confineProgram({ vcpu: "vcpu", pid: "pid", devices: [] }),
);

/** The instructions for each device, which come before the filter's last instruction. */
export const ALLOW_DEVICE: Template<"device"> = template(allowIf("device"));

function template<Blank extends string>(program: readonly Instruction[]): Template<Blank> {
  const { words, blanks } = assembleTemplate(program);
  return { words: [...words], blanks };
}
