/*
 * trace.c: prints system calls, as strace(1) does.
 */
#include "trace.h"

#include "call_names.h"
#include "console.h"

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

static char *put_text(char *out, const char *text) {
    size_t length = strlen(text);
    memcpy(out, text, length);
    return out + length;
}

static char *put_hex(char *out, uint64_t value) {
    static const char digits[] = "0123456789abcdef";
    *out++ = '0';
    *out++ = 'x';
    int shift = 60;
    while (shift > 0 && (value >> shift) == 0)
        shift -= 4;
    for (; shift >= 0; shift -= 4)
        *out++ = digits[(value >> shift) & 15];
    return out;
}

static char *put_decimal(char *out, long value) {
    char digits[20];
    int length = 0;
    if (value < 0)
        *out++ = '-';
    uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
    do
        digits[length++] = (char)('0' + rest % 10);
    while ((rest /= 10) != 0);
    while (length > 0)
        *out++ = digits[--length];
    return out;
}

static char *put_call(char *out, uint64_t number) {
    const char *name = call_name(number);
    if (name != NULL)
        return put_text(out, name);
    return put_decimal(put_text(out, "syscall_"), (long)number);
}

static char *put_result(char *out, long result) {
    if (result >= 0 || result <= -4096)
        return put_hex(out, (uint64_t)result);
    for (size_t at = 0; at < sizeof errors / sizeof *errors; at++) {
        if (errors[at].number == -result)
            return put_text(put_text(out, "-1 "), errors[at].name);
    }
    return put_decimal(out, result);
}

void trace_call(const struct registers *registers, long result) {
    const uint64_t arguments[] = {registers->rdi, registers->rsi, registers->rdx,
                                  registers->r10, registers->r8,  registers->r9};
    char line[192];
    char *out = put_call(line, registers->rax);
    for (int number = 0; number < 6; number++) {
        out = put_text(out, number == 0 ? "(" : ", ");
        out = put_hex(out, arguments[number]);
    }
    out = put_result(put_text(out, ") = "), result);
    *out++ = '\n';
    console_write(line, (size_t)(out - line));
}
