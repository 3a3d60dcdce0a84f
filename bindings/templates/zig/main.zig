//! A unikernel. solo5.zig has every call that it can make.
const std = @import("std");
const solo5 = @import("solo5.zig");

pub const panic = solo5.panic;

comptime {
    // It has the entry point, which calls `main`.
    _ = solo5;
}

/// What the unikernel does. `arguments` is its command line, `memory` allocates from all its memory.
/// An error is printed, and ends it with status 1.
pub fn main(arguments: []const u8, memory: std.mem.Allocator) !void {
    try solo5.print("Hello from NAME!\n", .{});
    if (arguments.len == 0) return;
    const line = try std.fmt.allocPrint(memory, "Arguments: {s}\n", .{arguments});
    defer memory.free(line);
    solo5.write(line);
}
