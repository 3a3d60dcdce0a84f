//! Every call that a unikernel can make: Solo5's `solo5.h`, as Zig.
const std = @import("std");
const root = @import("root");

/// The declarations of `solo5.h`.
const c = struct {
    const StartInfo = extern struct {
        cmdline: [*:0]const u8,
        heap_start: usize,
        heap_size: usize,
    };
    const NetInfo = extern struct { mac_address: [6]u8, mtu: usize };
    const BlockInfo = extern struct { capacity: u64, block_size: u64 };

    extern fn solo5_exit(status: c_int) noreturn;
    extern fn solo5_abort() noreturn;
    extern fn solo5_clock_monotonic() u64;
    extern fn solo5_clock_wall() u64;
    extern fn solo5_yield(deadline: u64, ready: ?*u64) void;
    extern fn solo5_console_write(text: [*]const u8, size: usize) void;
    extern fn solo5_net_acquire(name: [*:0]const u8, handle: *u64, info: *NetInfo) c_int;
    extern fn solo5_net_read(handle: u64, buffer: [*]u8, size: usize, read_size: *usize) c_int;
    extern fn solo5_net_write(handle: u64, frame: [*]const u8, size: usize) c_int;
    extern fn solo5_block_acquire(name: [*:0]const u8, handle: *u64, info: *BlockInfo) c_int;
    extern fn solo5_block_read(handle: u64, offset: u64, buffer: [*]u8, size: usize) c_int;
    extern fn solo5_block_write(handle: u64, offset: u64, data: [*]const u8, size: usize) c_int;
};

/// Why a call failed.
pub const Error = error{
    /// Not possible now: `wait`, then try again.
    Again,
    /// The arguments break the call's contract; nothing was done.
    Invalid,
    /// The host failed; the reason is not given.
    Unspecified,
};

fn check(result: c_int) Error!void {
    return switch (result) {
        0 => {},
        1 => error.Again,
        2 => error.Invalid,
        else => error.Unspecified,
    };
}

/// Bytes at the end of memory that are kept for the stack.
const stack_size = 1 << 20;

export fn solo5_app_main(info: *const c.StartInfo) c_int {
    const size = info.heap_size - @min(stack_size, info.heap_size / 2);
    const start: [*]u8 = @ptrFromInt(info.heap_start);
    var memory = std.heap.FixedBufferAllocator.init(start[0..size]);
    var length: usize = 0;
    while (info.cmdline[length] != 0) length += 1;
    root.main(info.cmdline[0..length], memory.allocator()) catch |problem| {
        write(@errorName(problem));
        write("\n");
        return 1;
    };
    return 0;
}

/// Ends the unikernel with a status from 0 to 254.
pub fn exit(status: u8) noreturn {
    c.solo5_exit(status);
}

/// Ends the unikernel after a fatal error: status 255, and a core dump if the tender makes one.
pub fn abort() noreturn {
    c.solo5_abort();
}

/// Ends the unikernel on a panic. There is no operating system to print the stack to.
pub fn panic(message: []const u8, _: ?*std.builtin.StackTrace, _: ?usize) noreturn {
    write(message);
    write("\n");
    abort();
}

/// Writes text to the console.
pub fn write(text: []const u8) void {
    c.solo5_console_write(text.ptr, text.len);
}

/// Writes formatted text of up to 1,024 bytes to the console.
pub fn print(comptime format: []const u8, values: anytype) !void {
    var buffer: [1024]u8 = undefined;
    write(try std.fmt.bufPrint(&buffer, format, values));
}

/// Nanoseconds since some moment before the start; never goes backwards.
pub fn monotonic() u64 {
    return c.solo5_clock_monotonic();
}

/// Nanoseconds since the Unix epoch, UTC, as the host has it; may jump.
pub fn wallClock() u64 {
    return c.solo5_clock_wall();
}

/// The devices that have something to read.
pub const Ready = struct {
    handles: u64,

    pub fn contains(self: Ready, device: Net) bool {
        return self.handles >> @intCast(device.handle) & 1 == 1;
    }
};

/// Waits until `monotonic` time is `deadline`, or a network device has something to read.
pub fn wait(deadline: u64) Ready {
    var ready = Ready{ .handles = 0 };
    c.solo5_yield(deadline, &ready.handles);
    return ready;
}

/// A network device.
pub const Net = struct {
    handle: u64,
    mac_address: [6]u8,
    /// Largest payload of a frame in bytes, without the Ethernet header.
    mtu: usize,

    /// Length of an Ethernet header.
    pub const header_length = 14;

    /// Takes the device that the manifest declares by this name, which can be taken once.
    pub fn acquire(name: [*:0]const u8) Error!Net {
        var handle: u64 = 0;
        var info: c.NetInfo = undefined;
        try check(c.solo5_net_acquire(name, &handle, &info));
        return .{ .handle = handle, .mac_address = info.mac_address, .mtu = info.mtu };
    }

    /// Reads a frame with its header into a buffer that should have room for `mtu` + `header_length`
    /// bytes; `error.Again` if none has arrived.
    pub fn read(self: Net, buffer: []u8) Error![]u8 {
        var size: usize = 0;
        try check(c.solo5_net_read(self.handle, buffer.ptr, buffer.len, &size));
        return buffer[0..size];
    }

    /// Sends a frame with its header.
    pub fn write(self: Net, frame: []const u8) Error!void {
        try check(c.solo5_net_write(self.handle, frame.ptr, frame.len));
    }
};

/// A block device.
pub const Block = struct {
    handle: u64,
    /// In bytes, a multiple of `block_size`.
    capacity: u64,
    /// In bytes, a power of two, at least 512.
    block_size: u64,

    /// Takes the device that the manifest declares by this name, which can be taken once.
    pub fn acquire(name: [*:0]const u8) Error!Block {
        var handle: u64 = 0;
        var info: c.BlockInfo = undefined;
        try check(c.solo5_block_acquire(name, &handle, &info));
        return .{ .handle = handle, .capacity = info.capacity, .block_size = info.block_size };
    }

    /// Reads the block at `offset`, in bytes, into a buffer of its size.
    pub fn read(self: Block, offset: u64, block: []u8) Error!void {
        try check(c.solo5_block_read(self.handle, offset, block.ptr, block.len));
    }

    /// Writes the block at `offset`, in bytes, from a buffer of its size.
    pub fn write(self: Block, offset: u64, block: []const u8) Error!void {
        try check(c.solo5_block_write(self.handle, offset, block.ptr, block.len));
    }
};
