/**
 * What a program may ask of a guest's virtual machine.
 *
 * @module
 */

/**
 * Which CPU a guest sees: `"host"`, this host's, without what a guest must not have; or `"baseline"`,
 * which is the same on all hosts of one vendor and CPU family that have its features. A guest does not
 * see what its host lacks.
 */
export type CpuModel = "host" | "baseline";

/** What the virtual machine is like; for hvt alone. */
export interface MachineOptions {
  /** The CPU that the guest sees by the instruction CPUID; `"host"` if not given. */
  readonly cpu?: CpuModel;
  /**
   * Whether a guest with a network is offered a ring for its frames. The ring lies above the guest's
   * memory and takes 2 MiB, so it is never offered above 4 GiB. It is offered if not given.
   */
  readonly netRing?: boolean;
}
