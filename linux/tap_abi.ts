/**
 * How Linux speaks of network interfaces and TAP devices, as data. Source: netdevice(7),
 * `<linux/if.h>`, `<linux/if_tun.h>`, `<linux/ethtool.h>`; the same on x86_64 and aarch64.
 *
 * @module
 */
import { at, bytes, i32, struct, u16, u32, u64 } from "../abi/layout.ts";

/** Where the kernel offers TAP devices. */
export const TUN_PATH = "/dev/net/tun";

/** Room for an interface's name with its NUL, in bytes (`IFNAMSIZ`). */
export const INTERFACE_NAME_SIZE = 16;

/** `struct ifreq`: a name, then a union of what is asked or told. */
export const Ifreq = struct({
  name: bytes(INTERFACE_NAME_SIZE),
  flags: at(16, u16),
  mtu: at(16, i32),
  data: at(16, u64),
}, { size: 40 });

/** `struct ethtool_value`, which `ifreq.data` points to. */
export const EthtoolValue = struct({ cmd: u32, data: u32 });

/** Requests of `ioctl`; all but those of TAP devices, `TUN…`, go to any socket. */
export const REQUEST = {
  SIOCGIFFLAGS: 0x8913,
  SIOCGIFMTU: 0x8921,
  SIOCETHTOOL: 0x8946,
  TUNSETIFF: 0x4004_54ca,
  TUNGETIFF: 0x8004_54d2,
} as const;

/** Flags of an interface, from `SIOCGIFFLAGS`. */
export const IFF_UP = 1;
/** Flags for `TUNSETIFF`: whole Ethernet frames, and nothing before them. */
export const IFF_TAP = 2;
/** See {@linkcode IFF_TAP}. */
export const IFF_NO_PI = 0x1000;

/** Commands of `SIOCETHTOOL` that set generic segmentation and receive offload. */
export const ETHTOOL = { SGSO: 0x24, SGRO: 0x2c } as const;
