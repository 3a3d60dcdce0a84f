/*
 * trap.c: what a trap is reported as, and a trap while one is reported.
 */
#include "common/trap.c"
#include "common/text.c"

#include "check.h"
#include "printed.h"

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
