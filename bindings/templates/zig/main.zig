//! A unikernel. All that it can ask of the world is in solo5.zig.
const std = @import("std");
const solo5 = @import("solo5.zig");

pub const panic = solo5.panic;

comptime {
    // The entry point is there, and calls `main`.
    _ = solo5;
}

/// What the unikernel does. `arguments` are those of its command line, `memory` is all that it has;
/// an error is printed, and ends it with status 1.
pub fn main(arguments: []const u8, memory: std.mem.Allocator) !void {
    try solo5.print("Hello from NAME!\n", .{});
    if (arguments.len == 0) return;
    const line = try std.fmt.allocPrint(memory, "Arguments: {s}\n", .{arguments});
    defer memory.free(line);
    solo5.write(line);
}
