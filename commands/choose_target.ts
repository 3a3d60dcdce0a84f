/**
 * Chooses the target of a portable unikernel. Other unikernels have the one that they were built for.
 *
 * @module
 */
import { bindTo } from "../bindings/bind_to.ts";
import type { Unikernel } from "../elftool/unikernel.ts";
import { TenderError } from "../tender/error.ts";
import type { TenderTarget } from "../tender/guest.ts";
import type { OpenOptions } from "../tender/target.ts";
import { preferredTarget, TENDERS } from "../tender/targets.ts";
import type { GuestRequest } from "./guest_words.ts";

/**
 * Binds a unikernel to the target that is asked for, or to the one that suits this host.
 *
 * @throws {TenderError} "option" for a target that is none, or "target" if the unikernel was built for
 * another one
 * @throws {ElfError} "portable" if it is for another version of the window
 */
export async function forRunning(
  unikernel: Unikernel,
  { target, verbose, asked: { observe, machine } }: Pick<
    GuestRequest,
    "target" | "verbose" | "asked"
  >,
): Promise<Unikernel> {
  const id = unikernel.portable === undefined
    ? checkBuiltFor(unikernel, target && known(target))
    : await targetFor({ target });
  if (verbose) {
    const { readMachine } = await import("./machine_words.ts");
    const debugged = observe.some((word) => word.startsWith("--gdb"));
    await say(unikernel.name, id, { ...readMachine(machine), debugged });
  }
  return unikernel.portable === undefined ? unikernel : await bindTo(unikernel, id as TenderTarget);
}

/**
 * The target that a portable unikernel gets.
 *
 * @param request `target`: what is asked for; `output`: whether it is packed
 * @throws {TenderError} "option" for a target that is none
 */
export async function targetFor(
  { target, output }: Pick<GuestRequest, "target" | "output">,
): Promise<TenderTarget> {
  if (output !== undefined) return Object.values(TENDERS).find(({ pack }) => pack)!.id;
  return target === undefined ? await preferredTarget() : known(target);
}

/** Says what a unikernel runs on. */
async function say(name: string, target: string, options: OpenOptions): Promise<void> {
  const more = Object.hasOwn(TENDERS, target)
    ? await TENDERS[target as TenderTarget].about?.(options)
    : undefined;
  console.error(`soloden: ${name}: runs on ${target}${more === undefined ? "" : `, ${more}`}`);
}

/** Makes a unikernel of the target that can be packed. */
export async function forPacking(unikernel: Unikernel): Promise<Unikernel> {
  return await bindTo(unikernel, await targetFor({ output: unikernel.name }));
}

function known(target: string): TenderTarget {
  if (Object.hasOwn(TENDERS, target)) return target as TenderTarget;
  const names = Object.keys(TENDERS).join(", ");
  throw new TenderError("option", `--target=${target}: expected one of ${names}`);
}

function checkBuiltFor({ name, abi }: Unikernel, asked: string | undefined): string {
  if (asked === undefined || asked === abi.target) return abi.target;
  throw new TenderError(
    "target",
    `${name}: was built for ${abi.target}, not for ${asked}; soloden build -t any makes one that runs on each of them`,
  );
}
