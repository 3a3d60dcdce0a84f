/*
 * trace.c: prints system calls, as strace(1) does.
 */
#include "trace.h"

#include "call_names.h"
#include "console.h"
#include "text.h"

/* Names lie in the table itself: nothing in the personality may be an address. */
static const struct {
    uint16_t number;
    char name[14];
} errors[] = {
    {EPERM, "EPERM"},
    {ENOENT, "ENOENT"},
    {ESRCH, "ESRCH"},
    {EINTR, "EINTR"},
    {EIO, "EIO"},
    {E2BIG, "E2BIG"},
    {EBADF, "EBADF"},
    {ECHILD, "ECHILD"},
    {EAGAIN, "EAGAIN"},
    {ENOMEM, "ENOMEM"},
    {EACCES, "EACCES"},
    {EFAULT, "EFAULT"},
    {EBUSY, "EBUSY"},
    {EEXIST, "EEXIST"},
    {EXDEV, "EXDEV"},
    {ENODEV, "ENODEV"},
    {ENOTDIR, "ENOTDIR"},
    {EISDIR, "EISDIR"},
    {EINVAL, "EINVAL"},
    {EMFILE, "EMFILE"},
    {ENOTTY, "ENOTTY"},
    {EFBIG, "EFBIG"},
    {ENOSPC, "ENOSPC"},
    {ESPIPE, "ESPIPE"},
    {EROFS, "EROFS"},
    {EMLINK, "EMLINK"},
    {ERANGE, "ERANGE"},
    {ENAMETOOLONG, "ENAMETOOLONG"},
    {ENOSYS, "ENOSYS"},
    {ENOTEMPTY, "ENOTEMPTY"},
    {ELOOP, "ELOOP"},
    {EOVERFLOW, "EOVERFLOW"},
    {EOPNOTSUPP, "EOPNOTSUPP"},
};

static char *put_value(char *out, uint64_t value) {
    return text_hex(text_put(out, "0x"), value, 1);
}

static char *put_call(char *out, uint64_t number) {
    const char *name = call_name(number);
    if (name != NULL)
        return text_put(out, name);
    return text_decimal(text_put(out, "syscall_"), (long)number);
}

static char *put_result(char *out, long result) {
    if (result >= 0 || result <= -4096)
        return put_value(out, (uint64_t)result);
    for (size_t at = 0; at < sizeof errors / sizeof *errors; at++) {
        if (errors[at].number == -result)
            return text_put(text_put(out, "-1 "), errors[at].name);
    }
    return text_decimal(out, result);
}

void trace_call(const struct registers *registers, long result) {
    const uint64_t arguments[] = {registers->rdi, registers->rsi, registers->rdx,
                                  registers->r10, registers->r8,  registers->r9};
    char line[192];
    char *out = put_call(line, registers->rax);
    for (int number = 0; number < 6; number++) {
        out = text_put(out, number == 0 ? "(" : ", ");
        out = put_value(out, arguments[number]);
    }
    out = put_result(text_put(out, ") = "), result);
    *out++ = '\n';
    console_write(line, (size_t)(out - line));
}
