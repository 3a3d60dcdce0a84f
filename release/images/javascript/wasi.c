/*
 * wasi.c: the few calls of WASI that the engine makes. What it prints of itself goes to standard
 * error.
 */
#include "quickjs.h"
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

/* Errors of WASI. */
#define SUCCESS 0
#define BADF    8
#define IO      29

typedef struct Z_wasi_snapshot_preview1_instance_t wasi;

static uint8_t *memory(uint32_t address) {
    return quickjs.w2c_memory.data + address;
}

uint32_t Z_wasi_snapshot_preview1Z_clock_time_get(wasi *self, uint32_t clock, uint64_t precision,
                                                  uint32_t result) {
    (void)self, (void)precision;
    struct timespec now;
    clock_gettime(clock == 0 ? CLOCK_REALTIME : CLOCK_MONOTONIC, &now);
    uint64_t nanoseconds = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
    memcpy(memory(result), &nanoseconds, sizeof nanoseconds);
    return SUCCESS;
}

uint32_t Z_wasi_snapshot_preview1Z_random_get(wasi *self, uint32_t buffer, uint32_t size) {
    (void)self;
    return getrandom(memory(buffer), size, 0) == (ssize_t)size ? SUCCESS : IO;
}

uint32_t Z_wasi_snapshot_preview1Z_fd_write(wasi *self, uint32_t file, uint32_t vectors,
                                            uint32_t count, uint32_t result) {
    (void)self;
    if (file != 1 && file != 2)
        return BADF;
    uint32_t total = 0;
    for (uint32_t at = 0; at < count; at++) {
        uint32_t vector[2];
        memcpy(vector, memory(vectors + 8 * at), sizeof vector);
        if (write(2, memory(vector[0]), vector[1]) < 0)
            return IO;
        total += vector[1];
    }
    memcpy(memory(result), &total, sizeof total);
    return SUCCESS;
}

uint32_t Z_wasi_snapshot_preview1Z_fd_close(wasi *self, uint32_t file) {
    (void)self, (void)file;
    return BADF;
}

uint32_t Z_wasi_snapshot_preview1Z_fd_fdstat_get(wasi *self, uint32_t file, uint32_t result) {
    (void)self, (void)file, (void)result;
    return BADF;
}

uint32_t Z_wasi_snapshot_preview1Z_fd_seek(wasi *self, uint32_t file, uint64_t offset,
                                           uint32_t whence, uint32_t result) {
    (void)self, (void)file, (void)offset, (void)whence, (void)result;
    return BADF;
}
