/*
 * The personality's wall time over clocks of this program's: it is asked for from time to time, and
 * reckoned between.
 */
#include <assert.h>

#include "personality/clock.c"

static uint64_t monotonic = 5, wall = 100000 * SECOND;
static unsigned times_asked;

solo5_time_t solo5_clock_monotonic(void) {
    return monotonic;
}

solo5_time_t solo5_clock_wall(void) {
    times_asked++;
    return wall;
}

uint64_t channels_waited;

void channels_wait(uint64_t deadline) {
    (void)deadline;
}

bool memory_readable(uintptr_t address, size_t size) {
    return address != 0 && size != 0;
}

bool memory_writable(uintptr_t address, size_t size) {
    return memory_readable(address, size);
}

static void pass(uint64_t time) {
    monotonic += time;
    wall += time;
}

int main(void) {
    struct linux_timespec now;
    /* All that is made before the program begins has the same time. */
    clock_start();
    pass(SECOND);
    assert(clock_now() == wall - SECOND && times_asked == 1);
    clock_run();
    clock_forget();
    times_asked = 0;

    /* For as long as it asks no more, it adds what has passed. */
    assert(clock_now() == wall && times_asked == 1);
    for (unsigned i = 0; i < 9; i++) {
        pass(1000000);
        assert(call_clock_gettime(REALTIME, (uintptr_t)&now) == 0);
        assert((uint64_t)now.seconds * SECOND + (uint64_t)now.nanoseconds == wall);
    }
    assert(times_asked == 1);
    pass(1000000);
    assert(clock_now() == wall && times_asked == 2);

    /* A clock that was set is seen then, forwards and back. */
    wall += 3600 * SECOND;
    pass(9999999);
    assert(clock_now() == wall - 3600 * SECOND);
    pass(1);
    assert(clock_now() == wall);
    wall -= 7200 * SECOND;
    pass(10000000);
    assert(clock_now() == wall && times_asked == 4);

    /* Where the clocks do not agree, time stands still rather than going back by a little. */
    pass(9999999);
    uint64_t before = clock_now();
    monotonic += 1;
    wall -= 2000;
    assert(clock_now() == before && times_asked == 5);
    pass(1999);
    assert(clock_now() == before);
    pass(2);
    assert(clock_now() == before + 1);

    /* A snapshot goes on at another time, and the monotonic clock where it was. */
    wall += 86400 * SECOND;
    clock_forget();
    assert(clock_now() == wall);
    wall -= 500000;
    clock_forget();
    assert(clock_now() == wall);
    return 0;
}
