/**
 * The error of a network interface, or a descriptor, that no guest can be attached to.
 *
 * @module
 */

/** An interface of this host that cannot be had. */
export class InterfaceError extends Error {
  override readonly name = "InterfaceError";
  /** The interface's name, or `@` and the number of a descriptor. */
  readonly subject: string;
  /** What is wrong with it: what the system says, or what it is instead. */
  readonly reason: string;

  constructor(subject: string, reason: string) {
    super(`Could not attach interface: ${subject}: ${reason}`);
    this.subject = subject;
    this.reason = reason;
  }
}
