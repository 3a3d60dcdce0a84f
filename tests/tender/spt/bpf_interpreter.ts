/**
 * An interpreter of the classic BPF that seccomp runs, written from `linux/bpf_common.h`, so that
 * tests can put the real bytes of a filter to every question.
 *
 * @module
 */

/** A system call as a filter sees it. */
export interface Call {
  readonly number: number;
  readonly arch?: number;
  readonly args?: readonly (number | bigint)[];
}

const AUDIT_ARCH_X86_64 = 0xc000_003e;
const INSTRUCTION_SIZE = 8;

/** What the filter returns for a call (`SECCOMP_RET_…`). */
export function decide(filter: Uint8Array, call: Call): number {
  const code = new DataView(filter.buffer, filter.byteOffset, filter.length);
  const data = seccompData(call);
  let accumulator = 0;
  for (let pc = 0;; pc++) {
    const at = pc * INSTRUCTION_SIZE;
    const [opcode, jt, jf, k] = [
      code.getUint16(at, true),
      code.getUint8(at + 2),
      code.getUint8(at + 3),
      code.getUint32(at + 4, true),
    ];
    const branch = (holds: boolean) => void (pc += holds ? jt : jf);
    switch (opcode) {
      case 0x20:
        accumulator = data.getUint32(k, true);
        break;
      case 0x05:
        pc += k;
        break;
      case 0x15:
        branch(accumulator === k);
        break;
      case 0x25:
        branch(accumulator > k);
        break;
      case 0x35:
        branch(accumulator >= k);
        break;
      case 0x45:
        branch((accumulator & k) !== 0);
        break;
      case 0x06:
        return k;
      default:
        throw new Error(`unknown instruction 0x${opcode.toString(16)} at ${pc}`);
    }
  }
}

function seccompData({ number, arch, args }: Call): DataView {
  const data = new DataView(new ArrayBuffer(64));
  data.setUint32(0, number, true);
  data.setUint32(4, arch ?? AUDIT_ARCH_X86_64, true);
  (args ?? []).forEach((value, index) =>
    data.setBigUint64(16 + 8 * index, BigInt.asUintN(64, BigInt(value)), true)
  );
  return data;
}
