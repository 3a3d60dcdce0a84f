//! Uses everything that the template's modules offer, and says what is wrong; given `devices`, without the
//! parts that take many instructions.
const std = @import("std");
const solo5 = @import("solo5.zig");

pub const panic = solo5.panic;

comptime {
    _ = solo5;
}

pub fn main(arguments: []const u8, memory: std.mem.Allocator) !void {
    if (!std.mem.eql(u8, arguments, "devices")) {
        try expect(std.mem.eql(u8, arguments, "a b"));
        for (0..3) |_| {
            const large = try memory.alloc(u8, 5 << 20);
            @memset(large, 1);
            memory.free(large);
        }
    }
    const aligned = try memory.alignedAlloc(u8, 4096, 100);
    try expect(@intFromPtr(aligned.ptr) % 4096 == 0);
    memory.free(aligned);
    try expect(memory.alloc(u8, 1 << 40) == error.OutOfMemory);

    const disk = try solo5.Block.acquire("storage");
    try expect(solo5.Block.acquire("storage") == error.Invalid);
    try expect(disk.capacity == 1024 and disk.block_size == 512);
    const block = try memory.alloc(u8, disk.block_size);
    try disk.read(0, block);
    std.mem.reverse(u8, block);
    try disk.write(512, block);
    try expect(disk.write(1, block) == error.Invalid);

    const net = try solo5.Net.acquire("service");
    try expect(std.mem.eql(u8, &net.mac_address, &[_]u8{ 2, 0, 0, 0, 0, 7 }) and net.mtu == 1500);
    const buffer = try memory.alloc(u8, net.mtu + solo5.Net.header_length);
    try solo5.print("ready\n", .{});
    try expect(solo5.wait(solo5.monotonic() + 60_000_000_000).contains(net));
    const frame = try net.read(buffer);
    std.mem.reverse(u8, frame);
    try net.write(frame);
    try expect(net.read(buffer) == error.Again);

    const deadline = solo5.monotonic() + 2_000_000;
    try expect(solo5.wait(deadline).handles == 0);
    try expect(solo5.monotonic() >= deadline);
    try expect(solo5.wallClock() > 1_600_000_000_000_000_000);
}

fn expect(holds: bool) !void {
    if (!holds) {
        try solo5.print("wrong: {x}\n", .{@returnAddress()});
        return error.Wrong;
    }
}
