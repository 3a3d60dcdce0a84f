/*
 * trap.c: what a trap is reported as, and a trap while one is reported.
 */
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include "common/trap.c"
#include "common/text.c"

static char printed[512];
static jmp_buf ended;

void platform_puts(const char *data, size_t size) {
    strncat(printed, data, size);
}

_Noreturn void platform_exit(int status) {
    longjmp(ended, status);
}

#define CHECK(holds)                                                                               \
    do {                                                                                           \
        if (!(holds)) {                                                                            \
            printf("line %d: %s\n", __LINE__, #holds);                                             \
            return 1;                                                                              \
        }                                                                                          \
    } while (0)

int main(void) {
    static const struct hvt_trap_frame frame = {
        .cr2 = 1, .ec = 2, .rip = 3, .cs = 8, .rflags = 4, .rsp = UINT64_MAX, .ss = 16};
    trap_report(14, &frame);
    CHECK(strcmp(printed, "Solo5: trap: type=#PF ec=0x2 rip=0x3 rsp=0xffffffffffffffff "
                          "rflags=0x4\nSolo5: trap: cr2=0x1\nSolo5: ABORT: Fatal trap\n") == 0);
    printed[0] = '\0';
    int status = setjmp(ended);
    if (status == 0)
        trap_report(13, &frame);
    CHECK(status == SOLO5_EXIT_ABORT && printed[0] == '\0');
    return 0;
}
