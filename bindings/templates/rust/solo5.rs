//! Every call that a unikernel can make: Solo5's `solo5.h`, as safe Rust.
use crate::{heap, println};
use core::ffi::{c_int, CStr};
use core::fmt;
use core::panic::PanicInfo;
use core::time::Duration;

/// Exit status of a unikernel that succeeded.
pub const EXIT_SUCCESS: i32 = 0;

/// Exit status of a unikernel that failed.
pub const EXIT_FAILURE: i32 = 1;

/// The declarations of `solo5.h`.
mod sys {
    use core::ffi::{c_char, c_int};

    #[repr(C)]
    pub struct StartInfo {
        pub cmdline: *const c_char,
        pub heap_start: usize,
        pub heap_size: usize,
    }

    #[repr(C)]
    #[derive(Default)]
    pub struct NetInfo {
        pub mac_address: [u8; 6],
        pub mtu: usize,
    }

    #[repr(C)]
    #[derive(Default)]
    pub struct BlockInfo {
        pub capacity: u64,
        pub block_size: u64,
    }

    extern "C" {
        pub fn solo5_exit(status: c_int) -> !;
        pub fn solo5_abort() -> !;
        pub fn solo5_clock_monotonic() -> u64;
        pub fn solo5_clock_wall() -> u64;
        pub fn solo5_yield(deadline: u64, ready: *mut u64);
        pub fn solo5_console_write(text: *const u8, size: usize);
        pub fn solo5_net_acquire(
            name: *const c_char,
            handle: *mut u64,
            info: *mut NetInfo,
        ) -> c_int;
        pub fn solo5_net_read(
            handle: u64,
            buffer: *mut u8,
            size: usize,
            read_size: *mut usize,
        ) -> c_int;
        pub fn solo5_net_write(handle: u64, frame: *const u8, size: usize) -> c_int;
        pub fn solo5_block_acquire(
            name: *const c_char,
            handle: *mut u64,
            info: *mut BlockInfo,
        ) -> c_int;
        pub fn solo5_block_read(handle: u64, offset: u64, buffer: *mut u8, size: usize) -> c_int;
        pub fn solo5_block_write(handle: u64, offset: u64, data: *const u8, size: usize) -> c_int;
    }
}

/// Why a call failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// Not possible now: [`wait`], then try again.
    Again,
    /// The arguments break the call's contract; nothing was done.
    Invalid,
    /// The host failed; the reason is not given.
    Unspecified,
}

fn checked(result: c_int) -> Result<(), Error> {
    match result {
        0 => Ok(()),
        1 => Err(Error::Again),
        2 => Err(Error::Invalid),
        _ => Err(Error::Unspecified),
    }
}

/// Bytes at the end of memory that are kept for the stack.
const STACK_SIZE: usize = 1 << 20;

#[no_mangle]
extern "C" fn solo5_app_main(info: &sys::StartInfo) -> c_int {
    let stack = STACK_SIZE.min(info.heap_size / 2);
    // Safety: all of it is the application's; the command line lies elsewhere, and is never NULL.
    let arguments = unsafe {
        heap::add(info.heap_start, info.heap_size - stack);
        CStr::from_ptr(info.cmdline)
    };
    match arguments.to_str() {
        Ok(arguments) => crate::main(arguments),
        Err(_) => {
            println!("the arguments are not UTF-8");
            EXIT_FAILURE
        }
    }
}

/// Ends the unikernel with a status from 0 to 254.
pub fn exit(status: i32) -> ! {
    unsafe { sys::solo5_exit(status) }
}

/// Ends the unikernel after a fatal error: status 255, and a core dump if the tender makes one.
pub fn abort() -> ! {
    unsafe { sys::solo5_abort() }
}

#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    println!("{info}");
    abort()
}

/// The precompiled libraries refer to this function and the next. If panics abort, neither is called.
#[no_mangle]
extern "C" fn rust_eh_personality() {
    abort()
}

#[export_name = "_Unwind_Resume"]
extern "C" fn unwind_resume() {
    abort()
}

/// The console, for `write!`; [`println!`] is shorter.
pub struct Console;

impl fmt::Write for Console {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        unsafe { sys::solo5_console_write(text.as_ptr(), text.len()) };
        Ok(())
    }
}

/// Prints a line on the console.
#[macro_export]
macro_rules! println {
    ($($argument:tt)*) => {{
        use core::fmt::Write;
        let _ = writeln!($crate::solo5::Console, $($argument)*);
    }};
}

/// Time since some moment before the start; never goes backwards.
pub fn monotonic() -> Duration {
    Duration::from_nanos(unsafe { sys::solo5_clock_monotonic() })
}

/// Time since the Unix epoch, UTC, as the host has it; may jump.
pub fn wall_clock() -> Duration {
    Duration::from_nanos(unsafe { sys::solo5_clock_wall() })
}

/// The devices that have something to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ready(u64);

impl Ready {
    /// Whether no device has.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether this device has.
    pub fn contains(self, device: &Net) -> bool {
        self.0 & (1 << device.handle) != 0
    }
}

/// Waits until [`monotonic`] time is `deadline`, or a network device has something to read.
pub fn wait(deadline: Duration) -> Ready {
    let deadline = u64::try_from(deadline.as_nanos()).unwrap_or(u64::MAX);
    let mut ready = 0;
    unsafe { sys::solo5_yield(deadline, &mut ready) };
    Ready(ready)
}

/// A network device.
#[derive(Debug)]
pub struct Net {
    handle: u64,
    mac_address: [u8; 6],
    mtu: usize,
}

impl Net {
    /// Length of an Ethernet header, which the MTU does not include.
    pub const HEADER_LENGTH: usize = 14;

    /// Takes the device that the manifest declares by this name, which can be taken once.
    pub fn acquire(name: &CStr) -> Result<Self, Error> {
        let mut handle = 0;
        let mut info = sys::NetInfo::default();
        checked(unsafe { sys::solo5_net_acquire(name.as_ptr(), &mut handle, &mut info) })?;
        Ok(Self {
            handle,
            mac_address: info.mac_address,
            mtu: info.mtu,
        })
    }

    /// Its Ethernet address.
    pub fn mac_address(&self) -> [u8; 6] {
        self.mac_address
    }

    /// Largest payload of a frame in bytes, without the Ethernet header.
    pub fn mtu(&self) -> usize {
        self.mtu
    }

    /// Reads a frame with its header into a buffer that should have room for [`Net::mtu`] +
    /// [`Net::HEADER_LENGTH`] bytes; [`Error::Again`] if none has arrived.
    pub fn read<'a>(&mut self, buffer: &'a mut [u8]) -> Result<&'a [u8], Error> {
        let mut size = 0;
        let result = unsafe {
            sys::solo5_net_read(self.handle, buffer.as_mut_ptr(), buffer.len(), &mut size)
        };
        checked(result).map(|()| &buffer[..size])
    }

    /// Sends a frame with its header.
    pub fn write(&mut self, frame: &[u8]) -> Result<(), Error> {
        checked(unsafe { sys::solo5_net_write(self.handle, frame.as_ptr(), frame.len()) })
    }
}

/// A block device.
#[derive(Debug)]
pub struct Block {
    handle: u64,
    capacity: u64,
    block_size: usize,
}

impl Block {
    /// Takes the device that the manifest declares by this name, which can be taken once.
    pub fn acquire(name: &CStr) -> Result<Self, Error> {
        let mut handle = 0;
        let mut info = sys::BlockInfo::default();
        checked(unsafe { sys::solo5_block_acquire(name.as_ptr(), &mut handle, &mut info) })?;
        Ok(Self {
            handle,
            capacity: info.capacity,
            block_size: info.block_size as usize,
        })
    }

    /// Its size in bytes, a multiple of [`Block::block_size`].
    pub fn capacity(&self) -> u64 {
        self.capacity
    }

    /// Size of a block in bytes, a power of two, at least 512.
    pub fn block_size(&self) -> usize {
        self.block_size
    }

    /// Reads the block at `offset`, in bytes, into a buffer of its size.
    pub fn read(&mut self, offset: u64, block: &mut [u8]) -> Result<(), Error> {
        let (data, size) = (block.as_mut_ptr(), block.len());
        checked(unsafe { sys::solo5_block_read(self.handle, offset, data, size) })
    }

    /// Writes the block at `offset`, in bytes, from a buffer of its size.
    pub fn write(&mut self, offset: u64, block: &[u8]) -> Result<(), Error> {
        let (data, size) = (block.as_ptr(), block.len());
        checked(unsafe { sys::solo5_block_write(self.handle, offset, data, size) })
    }
}
