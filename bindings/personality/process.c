/*
 * process.c: what the program asks about itself. It is the only process, with one thread.
 */
#include "process.h"

#include "arguments.h"
#include "console.h"
#include "end.h"
#include "pages.h"
#include "paths.h"
#include "signals.h"

long call_kill(long process, int signal) {
    if (process != PROCESS && process != 0 && process != -1 && process != -PROCESS)
        return -ESRCH;
    return signals_send(signal, SI_USER);
}

long call_tgkill(long group, long thread, int signal) {
    if (group <= 0 || thread <= 0)
        return -EINVAL;
    if (group != PROCESS || thread != PROCESS)
        return -ESRCH;
    return signals_send(signal, SI_TKILL);
}

long call_rt_sigqueueinfo(long process, int signal, uintptr_t info) {
    if (process != PROCESS)
        return -ESRCH;
    if (!memory_readable(info, sizeof(struct linux_siginfo)))
        return -EFAULT;
    return signals_queue(signal, (const struct linux_siginfo *)info);
}

long call_uname(uintptr_t buffer) {
    static const struct linux_utsname name = {
        "Linux", "soloden", "6.1.0", "#1 soloden", "x86_64", "(none)",
    };
    if (!memory_writable(buffer, sizeof name))
        return -EFAULT;
    memcpy((void *)buffer, &name, sizeof name);
    return 0;
}

static uint64_t thread_pointer;

long call_arch_prctl(long code, uintptr_t address) {
    if (code == ARCH_SET_FS) {
        if (address >> 47 != 0)
            return -EPERM;
        if (solo5_set_tls_base(address) != SOLO5_R_OK)
            return -EINVAL;
        thread_pointer = address;
        return 0;
    }
    if (code != ARCH_GET_FS && code != ARCH_GET_GS)
        return -EINVAL;
    if (!memory_writable(address, 8))
        return -EFAULT;
    *(uint64_t *)address = code == ARCH_GET_FS ? thread_pointer : 0;
    return 0;
}

static char thread_name[16];

const char *process_name(void) {
    /* As exec() sets it: the last part of the program's name. */
    if (thread_name[0] == 0) {
        const char *name = strrchr((const char *)personality_program.path, '/') + 1;
        size_t length = strlen(name);
        memcpy(thread_name, name, length < sizeof thread_name ? length : sizeof thread_name - 1);
    }
    return thread_name;
}

long call_prctl(long option, uintptr_t argument) {
    switch (option) {
    case PR_SET_NAME: {
        long length = memory_string(argument, sizeof thread_name - 1);
        if (length == -EFAULT)
            return length;
        memset(thread_name, 0, sizeof thread_name);
        memcpy(thread_name, (const void *)argument,
               length < 0 ? sizeof thread_name - 1 : (size_t)length);
        return 0;
    }
    case PR_GET_NAME:
        process_name();
        if (!memory_writable(argument, sizeof thread_name))
            return -EFAULT;
        memcpy((void *)argument, thread_name, sizeof thread_name);
        return 0;
    case PR_SET_PDEATHSIG:
    case PR_SET_DUMPABLE:
    case PR_GET_DUMPABLE:
    case PR_SET_NO_NEW_PRIVS:
        return 0;
    case PR_GET_NO_NEW_PRIVS:
        return 1;
    default:
        return -EINVAL;
    }
}

long call_clone(uint64_t flags) {
    console_say(flags & CLONE_THREAD
                    ? "clone: the program starts a thread, and an adopted program has only one"
                    : "fork: the program starts a process, and an adopted program is the only one");
    return -ENOSYS;
}

long call_clone3(uintptr_t arguments, size_t size) {
    if (size < 64)
        return -EINVAL;
    if (!memory_readable(arguments, size))
        return -EFAULT;
    return call_clone(*(const uint64_t *)arguments);
}

long call_execveat(int directory, uintptr_t path) {
    struct node *node;
    long error = path_node(directory, path, LAST_FOLLOWED, &node);
    if (error != 0)
        return error;
    if (node_type(node) != S_IFREG || (node->mode & 0111) == 0)
        return -EACCES;
    console_say("exec: the program starts another one, and an adopted program is the only one");
    return -ENOSYS;
}
