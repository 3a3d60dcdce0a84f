/*
 * common.c: what the bindings of every target share, on a platform that counts its calls and keeps
 * what is printed. A function for each test of common_test.ts, whose names the program is given.
 */
#include "common/block.c"
#include "common/devices.c"
#include "common/log.c"
#include "common/memory.c"
#include "common/net.c"
#include "common/text.c"

#include "check.h"
#include "printed.h"

/* A program whose end is not the end of a page. */
const struct portable_program program = {.application.end = 0x234567};

static unsigned calls;

solo5_result_t platform_net_read(solo5_handle_t h, uint8_t *b, size_t s, size_t *r) {
    (void)h, (void)b, (void)s, *r = 0;
    calls++;
    return SOLO5_R_OK;
}
solo5_result_t platform_net_write(solo5_handle_t h, const uint8_t *b, size_t s) {
    (void)h, (void)b, (void)s;
    calls++;
    return SOLO5_R_OK;
}
solo5_result_t platform_block_read(solo5_handle_t h, uint64_t o, uint8_t *b, size_t s) {
    (void)h, (void)o, (void)b, (void)s;
    calls++;
    return SOLO5_R_OK;
}
solo5_result_t platform_block_write(solo5_handle_t h, uint64_t o, const uint8_t *b, size_t s) {
    (void)h, (void)o, (void)b, (void)s;
    calls++;
    return SOLO5_R_OK;
}

/* Three devices: storage of a block and a half, a network, and storage that is not attached. */
static void attach(void) {
    struct mft *mft = calloc(1, sizeof *mft + 4 * sizeof *mft->e);
    mft->version = MFT_VERSION;
    mft->entries = 4;
    mft->e[0] = (struct mft_entry){.type = MFT_RESERVED_FIRST};
    mft->e[1] = (struct mft_entry){.name = "disk", .type = MFT_DEV_BLOCK_BASIC, .attached = true};
    mft->e[1].u.block_basic = (struct mft_block_basic){.capacity = 768, .block_size = 512};
    mft->e[2] = (struct mft_entry){.name = "net", .type = MFT_DEV_NET_BASIC, .attached = true};
    mft->e[3] = (struct mft_entry){.name = "absent", .type = MFT_DEV_BLOCK_BASIC};
    devices_init(mft);
}

static int devices(void) {
    attach();
    solo5_handle_t handle = 7;
    struct solo5_block_info disk;
    struct solo5_net_info net;
    CHECK(solo5_block_acquire("absent", &handle, &disk) == SOLO5_R_EINVAL && handle == 7);
    CHECK(solo5_block_acquire("dis", &handle, &disk) == SOLO5_R_EINVAL);
    CHECK(solo5_block_acquire("disks", &handle, &disk) == SOLO5_R_EINVAL);
    CHECK(solo5_block_acquire("net", &handle, &disk) == SOLO5_R_EINVAL);
    CHECK(solo5_net_acquire("disk", &handle, &net) == SOLO5_R_EINVAL);
    CHECK(solo5_net_acquire("", &handle, &net) == SOLO5_R_EINVAL);
    CHECK(solo5_block_acquire("disk", &handle, &disk) == SOLO5_R_OK && handle == 1);
    CHECK(disk.capacity == 768 && disk.block_size == 512);
    CHECK(solo5_block_acquire("disk", &handle, &disk) == SOLO5_R_EINVAL);
    CHECK(solo5_net_acquire("net", &handle, &net) == SOLO5_R_OK && handle == 2);
    return 0;
}

static int handles(void) {
    attach();
    static uint8_t buffer[512];
    solo5_handle_t handle;
    struct solo5_block_info disk;
    struct solo5_net_info net;
    size_t size;
    static const solo5_handle_t none[] = {0,  2,  3,    63,         64,
                                          65, 66, 1000, UINT64_MAX, (UINT64_C(1) << 32) + 1};
    CHECK(solo5_block_read(1, 0, buffer, 512) == SOLO5_R_EINVAL);
    CHECK(solo5_net_write(2, buffer, 60) == SOLO5_R_EINVAL);
    CHECK(solo5_net_read(2, buffer, 60, &size) == SOLO5_R_EINVAL);
    solo5_block_acquire("disk", &handle, &disk);
    solo5_net_acquire("net", &handle, &net);
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        CHECK(solo5_block_read(none[i], 0, buffer, 512) == SOLO5_R_EINVAL);
        CHECK(solo5_block_write(none[i], 0, buffer, 512) == SOLO5_R_EINVAL);
        if (none[i] == 2)
            continue;
        CHECK(solo5_net_read(none[i], buffer, 60, &size) == SOLO5_R_EINVAL);
        CHECK(solo5_net_write(none[i], buffer, 60) == SOLO5_R_EINVAL);
    }
    CHECK(solo5_net_write(1, buffer, 60) == SOLO5_R_EINVAL && calls == 0);
    CHECK(solo5_net_write(2, buffer, 60) == SOLO5_R_OK && calls == 1);
    CHECK(solo5_net_read(2, buffer, 60, &size) == SOLO5_R_OK && calls == 2);
    return 0;
}

/* The half block at the end of the device is no block. */
static int blocks(void) {
    attach();
    static uint8_t buffer[1024];
    solo5_handle_t handle;
    struct solo5_block_info disk;
    solo5_block_acquire("disk", &handle, &disk);
    CHECK(solo5_block_write(1, 0, buffer, 512) == SOLO5_R_OK && calls == 1);
    static const uint64_t offsets[] = {512, 256, 1, 768, 1024, -UINT64_C(512), UINT64_C(1) << 32};
    for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++) {
        CHECK(solo5_block_read(1, offsets[i], buffer, 512) == SOLO5_R_EINVAL);
        CHECK(solo5_block_write(1, offsets[i], buffer, 512) == SOLO5_R_EINVAL);
    }
    CHECK(solo5_block_read(1, 0, buffer, 0) == SOLO5_R_EINVAL);
    CHECK(solo5_block_read(1, 0, buffer, 1024) == SOLO5_R_EINVAL);
    CHECK(calls == 1);
    return 0;
}

/* What is left of a command line, and the highest level that is printed. */
static bool leaves(const char *line, const char *rest, enum log_level level) {
    log_threshold = LOG_INFO;
    return strcmp(log_options(line), rest) == 0 && log_enabled(level) &&
           (level == LOG_DEBUG || !log_enabled(level + 1));
}

static int options_of_the_log(void) {
    CHECK(leaves("", "", LOG_INFO));
    CHECK(leaves("word --solo5:debug", "word --solo5:debug", LOG_INFO));
    CHECK(leaves("--solo5:quiet", "", LOG_ERROR));
    CHECK(leaves("--solo5:error  rest ", "rest ", LOG_ERROR));
    CHECK(leaves("--solo5:warn x", "x", LOG_WARN));
    CHECK(leaves("--solo5:quiet --solo5:info x", "x", LOG_INFO));
    CHECK(leaves("--solo5:quiet --solo5:debug --x", "--x", LOG_DEBUG));
    CHECK(leaves("--solo5:quietly", "--solo5:quietly", LOG_INFO));
    CHECK(leaves("--solo5:debug=1", "--solo5:debug=1", LOG_INFO));
    CHECK(leaves("--solo5:", "--solo5:", LOG_INFO));
    return 0;
}

static int memory(void) {
    uint64_t end = 0x235000;
    /* Of the tender's end of the image and the program's own, the higher one counts. */
    struct boot boot = {.kernel_end = 0x1000, .mem_size = end + 0x80000};
    struct solo5_start_info info = memory_init(&boot);
    CHECK(info.heap_start == end && info.heap_size == 0x80000);
    boot = (struct boot){.kernel_end = end + 0x3000, .mem_size = end + 0x83000};
    info = memory_init(&boot);
    CHECK(info.heap_start == end + 0x3000 && info.heap_size == 0x80000);
    /* What the bindings take comes off the beginning, as long as enough is left. */
    boot = (struct boot){.kernel_end = 0x1000, .mem_size = end + 0x81000};
    CHECK(memory_reserve(&boot, 0x2000) == 0 && memory_init(&boot).heap_size == 0x81000);
    CHECK(memory_reserve(&boot, 0x1000) == end);
    info = memory_init(&boot);
    CHECK(info.heap_start == end + 0x1000 && info.heap_size == 0x80000);
    CHECK(memory_reserve(&boot, 0x1000) == 0);
    boot.mem_size = 0x1000;
    CHECK(memory_reserve(&boot, 0x1000) == 0);
    boot = (struct boot){.kernel_end = end + 0x3000};
    static const uint64_t small[] = {0x82fff, 0x3000, 0x2fff, 0};
    static volatile size_t i;
    for (i = 0; i < sizeof small / sizeof *small; i++) {
        boot.mem_size = end + small[i];
        if (setjmp(ended) == 0) {
            memory_init(&boot);
            CHECK(!"too little memory is refused");
        }
    }
    CHECK(strstr(printed, "Solo5: ABORT: Not enough memory\n") == printed);
    return 0;
}

static int texts(void) {
    char data[8] = "-------";
    struct text text = {data, 4, 0};
    text_string(&text, "abcdef");
    text_decimal(&text, 1);
    CHECK(text.used == 4 && memcmp(data, "abcd---", 8) == 0);
    char room[128];
    text = (struct text){room, sizeof room, 0};
    text_decimal(&text, 0), text_string(&text, " ");
    text_decimal(&text, -1), text_string(&text, " ");
    text_decimal(&text, INT64_MIN), text_string(&text, " ");
    text_decimal(&text, INT64_MAX), text_string(&text, " ");
    text_hex(&text, UINT64_MAX), text_string(&text, " ");
    text_hex(&text, 0), text_string(&text, "");
    text_print(&text);
    CHECK(strcmp(printed, "0 -1 -9223372036854775808 9223372036854775807 0xffffffffffffffff 0x0") ==
          0);
    return 0;
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        int (*run)(void);
    } tests[] = {
        {"devices", devices}, {"handles", handles},
        {"blocks", blocks},   {"options", options_of_the_log},
        {"memory", memory},   {"texts", texts},
    };
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        if (argc == 2 && strcmp(argv[1], tests[i].name) == 0)
            return tests[i].run();
    }
    return 2;
}
