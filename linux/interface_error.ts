/**
 * The error for a network interface or a descriptor that a guest cannot be attached to.
 *
 * @module
 */

/** A guest cannot be attached to an interface of this host. */
export class InterfaceError extends Error {
  override readonly name = "InterfaceError";
  /** The interface's name, or `@` and the number of a descriptor. */
  readonly subject: string;
  /** What is wrong with it: what the system says, or what it is instead. */
  readonly reason: string;
  /** The system call that failed, where one did, and its `errno`. */
  readonly failure?: { readonly call: string; readonly errno: number };

  constructor(subject: string, reason: string, failure?: { call: string; errno: number }) {
    super(`Could not attach interface: ${subject}: ${reason}`);
    this.subject = subject;
    this.reason = reason;
    this.failure = failure;
  }
}
