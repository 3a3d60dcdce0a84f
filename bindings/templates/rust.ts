/**
 * A new project in Rust: a static library without `std`, which `soloden build` links.
 *
 * @module
 */
import type { LanguagePart } from "./project.ts";

/** A crate. Cargo has `_` in a library's file name where there is `-` in its own. */
export function rustProject(name: string): LanguagePart {
  const library = `target/release/lib${name.replaceAll("-", "_")}.a`;
  return {
    files: {
      "Cargo.toml": CARGO.replaceAll("NAME", name),
      ".cargo/config.toml": CONFIG,
      "src/lib.rs": SOURCE.replaceAll("NAME", name),
      "src/solo5.rs": SOLO5,
      "src/memory.rs": MEMORY,
    },
    build: [
      "cargo build --release",
      `soloden build --manifest manifest.json -o ${name} ${library}`,
    ],
    ignored: ["/target/"],
  };
}

const CARGO = `[package]
name = "NAME"
version = "0.1.0"
edition = "2021"

[lib]
crate-type = ["staticlib"]
test = false

# Nothing unwinds in a unikernel; with LTO nothing is left that would want to.
[profile.release]
panic = "abort"
lto = true
`;

const CONFIG = `[build]
# A unikernel is linked to fixed addresses.
rustflags = ["-Crelocation-model=static"]
`;

const SOURCE = `//! A unikernel. There is no operating system but what the module solo5 declares.
#![no_std]

mod memory;
mod solo5;

use core::ffi::{c_int, CStr};
use core::fmt::Write;
use core::panic::PanicInfo;

#[no_mangle]
pub extern "C" fn solo5_app_main(info: &solo5::StartInfo) -> c_int {
    let arguments = unsafe { CStr::from_ptr(info.cmdline) };
    let _ = writeln!(solo5::Console, "Hello from NAME!");
    if !arguments.to_bytes().is_empty() {
        let _ = writeln!(solo5::Console, "Arguments: {}", arguments.to_str().unwrap_or("?"));
    }
    solo5::EXIT_SUCCESS
}

#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    let _ = writeln!(solo5::Console, "{info}");
    unsafe { solo5::solo5_abort() }
}
`;

const SOLO5 = `//! What solo5.h declares, as far as this unikernel uses it.
use core::ffi::{c_char, c_int};

pub const EXIT_SUCCESS: c_int = 0;

/// \`struct solo5_start_info\`
#[repr(C)]
pub struct StartInfo {
    pub cmdline: *const c_char,
    pub heap_start: usize,
    pub heap_size: usize,
}

extern "C" {
    fn solo5_console_write(text: *const u8, size: usize);
    pub fn solo5_abort() -> !;
}

/// The console, to be written to with \`write!\`.
pub struct Console;

impl core::fmt::Write for Console {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        unsafe { solo5_console_write(text.as_ptr(), text.len()) };
        Ok(())
    }
}
`;

const MEMORY =
  `//! What the compiler calls of its own accord and a C library would have. Partly in assembly, since the
//! compiler would make a call to the very function of a loop that does the same.
use core::arch::asm;

#[no_mangle]
unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, size: usize) -> *mut u8 {
    asm!("rep movsb", inout("rcx") size => _, inout("rdi") to => _, inout("rsi") from => _,
        options(nostack, preserves_flags));
    to
}

#[no_mangle]
unsafe extern "C" fn memmove(to: *mut u8, from: *const u8, size: usize) -> *mut u8 {
    if (to as usize).wrapping_sub(from as usize) >= size {
        return memcpy(to, from, size);
    }
    // \`to\` lies inside of what is copied: the last byte first.
    let last = size.wrapping_sub(1);
    asm!("std", "rep movsb", "cld", inout("rcx") size => _,
        inout("rdi") to.wrapping_add(last) => _, inout("rsi") from.wrapping_add(last) => _,
        options(nostack));
    to
}

#[no_mangle]
unsafe extern "C" fn memset(to: *mut u8, byte: i32, size: usize) -> *mut u8 {
    asm!("rep stosb", inout("rcx") size => _, inout("rdi") to => _, in("al") byte as u8,
        options(nostack, preserves_flags));
    to
}

#[no_mangle]
unsafe extern "C" fn memcmp(a: *const u8, b: *const u8, size: usize) -> i32 {
    for i in 0..size {
        let (x, y) = (a.add(i).read_volatile(), b.add(i).read_volatile());
        if x != y {
            return i32::from(x) - i32::from(y);
        }
    }
    0
}

#[no_mangle]
unsafe extern "C" fn bcmp(a: *const u8, b: *const u8, size: usize) -> i32 {
    memcmp(a, b, size)
}

#[no_mangle]
unsafe extern "C" fn strlen(text: *const u8) -> usize {
    let mut size = 0;
    while text.add(size).read_volatile() != 0 {
        size += 1;
    }
    size
}
`;
