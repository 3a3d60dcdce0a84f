/*
 * signals.c: signals that the program sends to itself. A handler runs before the call returns that
 * sent the signal, or that stopped blocking it; the frame on its stack is Linux's.
 */
#include "signals.h"

#include "clock.h"
#include "end.h"
#include "pages.h"

uint64_t signals_blocked;

static struct linux_sigaction actions[SIGNALS + 1];
static struct linux_stack alternative = {.flags = SS_DISABLE};

/* What cannot be blocked or handled. */
#define UNBLOCKABLE (1ul << (SIGKILL - 1) | 1ul << (SIGSTOP - 1))

/* Whether a signal without a handler does nothing. There is nobody who could continue a program. */
static bool is_ignored(int signal) {
    if (actions[signal].handler == SIG_IGN)
        return true;
    if (actions[signal].handler != SIG_DFL)
        return false;
    return signal == SIGCHLD || signal == SIGCONT || (signal >= SIGSTOP && signal <= SIGURG) ||
           signal == SIGWINCH;
}

long call_rt_sigaction(int signal, uintptr_t action, uintptr_t old, size_t size) {
    if (size != 8 || signal < 1 || signal > SIGNALS)
        return -EINVAL;
    if (action != 0 && (signal_bit(signal) & UNBLOCKABLE))
        return -EINVAL;
    if ((action != 0 && !memory_readable(action, sizeof *actions)) ||
        (old != 0 && !memory_writable(old, sizeof *actions)))
        return -EFAULT;
    struct linux_sigaction before = actions[signal];
    if (action != 0) {
        memcpy(&actions[signal], (const void *)action, sizeof *actions);
        actions[signal].mask &= ~UNBLOCKABLE;
        if (is_ignored(signal))
            pending_forget(signal);
    }
    if (old != 0)
        memcpy((void *)old, &before, sizeof before);
    return 0;
}

long call_rt_sigprocmask(int how, uintptr_t set, uintptr_t old, size_t size) {
    if (size != 8)
        return -EINVAL;
    if ((set != 0 && !memory_readable(set, 8)) || (old != 0 && !memory_writable(old, 8)))
        return -EFAULT;
    uint64_t before = signals_blocked;
    if (set != 0) {
        uint64_t given = *(const uint64_t *)set & ~UNBLOCKABLE;
        if (how == 0)
            signals_blocked |= given;
        else if (how == 1)
            signals_blocked &= ~given;
        else if (how == 2)
            signals_blocked = given;
        else
            return -EINVAL;
    }
    if (old != 0)
        *(uint64_t *)old = before;
    return 0;
}

long call_rt_sigpending(uintptr_t set, size_t size) {
    if (size > 8)
        return -EINVAL;
    if (!memory_writable(set, size))
        return -EFAULT;
    uint64_t pending = signals_pending & signals_blocked;
    memcpy((void *)set, &pending, size);
    return 0;
}

static bool on_alternative(uintptr_t sp) {
    return !(alternative.flags & SS_DISABLE) && sp > alternative.sp &&
           sp - alternative.sp <= alternative.size;
}

long call_sigaltstack(uintptr_t stack, uintptr_t old, uintptr_t sp) {
    if ((stack != 0 && !memory_readable(stack, sizeof alternative)) ||
        (old != 0 && !memory_writable(old, sizeof alternative)))
        return -EFAULT;
    struct linux_stack before = alternative;
    if (on_alternative(sp))
        before.flags |= SS_ONSTACK;
    if (stack != 0) {
        struct linux_stack given = *(const struct linux_stack *)stack;
        if (on_alternative(sp))
            return -EPERM;
        if (given.flags & ~(SS_DISABLE | SS_ONSTACK))
            return -EINVAL;
        if (!(given.flags & SS_DISABLE) && given.size < 2048)
            return -ENOMEM;
        alternative = given.flags & SS_DISABLE
                          ? (struct linux_stack){.flags = SS_DISABLE}
                          : (struct linux_stack){.sp = given.sp, .size = given.size};
    }
    if (old != 0)
        *(struct linux_stack *)old = before;
    return 0;
}

/* Sends a signal, to the thread or to the process: 0 or an error. */
static long send(bool to_thread, const struct sent *sent) {
    int signal = sent->signal;
    if (signal < 0 || signal > SIGNALS)
        return -EINVAL;
    if (signal == 0)
        return 0;
    if (signal == SIGKILL)
        process_end(128 + signal);
    if (is_ignored(signal) && !(signals_blocked & signal_bit(signal)))
        return 0;
    return pending_add(to_thread, sent);
}

long signals_send(int signal, int code) {
    return send(code == SI_TKILL, &(struct sent){.signal = signal, .code = code});
}

long signals_queue(int signal, const struct linux_siginfo *info) {
    /* What the kernel says itself, nobody else may say to another; to oneself one may. */
    return send(false, &(struct sent){.signal = signal, .code = info->code, .value = info->value});
}

static struct linux_siginfo info_of(const struct sent *sent) {
    return (struct linux_siginfo){
        .signo = sent->signal,
        .code = sent->code,
        .process = PROCESS,
        .value = sent->value,
    };
}

long call_rt_sigtimedwait(uintptr_t set, uintptr_t info, uintptr_t timeout, size_t size) {
    if (size != 8)
        return -EINVAL;
    if (!memory_readable(set, 8) ||
        (info != 0 && !memory_writable(info, sizeof(struct linux_siginfo))) ||
        (timeout != 0 && !memory_readable(timeout, sizeof(struct linux_timespec))))
        return -EFAULT;
    uint64_t ready = *(const uint64_t *)set & ~UNBLOCKABLE & signals_pending;
    if (ready != 0) {
        struct sent sent = pending_take(ready);
        if (info != 0)
            *(struct linux_siginfo *)info = info_of(&sent);
        return sent.signal;
    }
    if (timeout == 0)
        process_end_waiting("for a signal, which nobody can send");
    long error = call_nanosleep(timeout);
    return error != 0 ? error : -EAGAIN;
}

/* During sigsuspend(), the signals that are blocked afterwards. */
static const uint64_t *blocked_afterwards;

long call_rt_sigsuspend(uintptr_t mask, size_t size) {
    static uint64_t before;
    if (size != 8)
        return -EINVAL;
    if (!memory_readable(mask, 8))
        return -EFAULT;
    before = signals_blocked;
    signals_blocked = *(const uint64_t *)mask & ~UNBLOCKABLE;
    uint64_t ready = signals_pending & ~signals_blocked;
    if (ready == 0)
        process_end_waiting("for a signal, which nobody can send");
    blocked_afterwards = &before;
    return -EINTR;
}

/* ---- Handlers ---- */

/* Room for the vector registers, behind the frame and on a boundary of 64 bytes. */
static size_t vectors_size(void) {
    uint32_t eax = 1, ebx, ecx = 0, edx;
    __asm__("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
    if (!(ecx >> 27 & 1))
        return 512;
    eax = 13, ecx = 0;
    __asm__("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
    return ebx;
}

static void vectors_save(uint8_t *area, size_t size) {
    memset(area, 0, size);
    if (size == 512)
        __asm__ volatile("fxsave64 (%0)" : : "r"(area) : "memory");
    else
        __asm__ volatile("xsave64 (%0)" : : "r"(area), "a"(-1), "d"(-1) : "memory");
}

static void vectors_restore(const uint8_t *area, size_t size) {
    if (size == 512)
        __asm__ volatile("fxrstor64 (%0)" : : "r"(area) : "memory");
    else
        __asm__ volatile("xrstor64 (%0)" : : "r"(area), "a"(-1), "d"(-1) : "memory");
}

#define VECTORS_ALIGN 64ul

/* The flags that a handler begins with, and those that are a program's own to change. */
#define PLAIN_FLAGS   0x202
#define PROGRAM_FLAGS 0xcd5

/*
 * Where the frame goes: its end is where a call would have put a return address. Trampolines have
 * left the red zone above already.
 */
static uintptr_t frame_address(const struct linux_sigaction *action, uintptr_t sp, size_t vectors) {
    uintptr_t top = sp;
    if ((action->flags & SA_ONSTACK) && !(alternative.flags & SS_DISABLE) && !on_alternative(sp))
        top = alternative.sp + alternative.size;
    uintptr_t area = (top - vectors) & -VECTORS_ALIGN;
    return ((area - sizeof(struct linux_signal_frame)) & -16ul) - 8;
}

/* What a handler finds of the program that it interrupts. */
static void fill(struct linux_signal_frame *frame, const struct resumption *at) {
    *frame = (struct linux_signal_frame){
        .context =
            {
                .stack = alternative,
                .r8 = at->r8,
                .r9 = at->r9,
                .r10 = at->r10,
                .r11 = at->r11,
                .r12 = at->r12,
                .r13 = at->r13,
                .r14 = at->r14,
                .r15 = at->r15,
                .rdi = at->rdi,
                .rsi = at->rsi,
                .rbp = at->rbp,
                .rbx = at->rbx,
                .rdx = at->rdx,
                .rax = at->rax,
                .rcx = at->rcx,
                .rsp = at->rsp,
                .rip = at->rip,
                .eflags = at->flags,
                .cs = 0x33,
                .ss = 0x2b,
                .mask = blocked_afterwards != NULL ? *blocked_afterwards : signals_blocked,
            },
    };
}

/* Lets a handler interrupt the program at a place, which becomes the handler's beginning. */
static void interrupt(const struct sent *sent, struct resumption *at) {
    int signal = sent->signal;
    struct linux_sigaction action = actions[signal];
    size_t vectors = vectors_size();
    uintptr_t address = frame_address(&action, at->rsp, vectors);
    struct linux_signal_frame *frame = (void *)address;
    if (!memory_writable(address, sizeof *frame + vectors + VECTORS_ALIGN))
        process_end(128 + SIGSEGV);
    uint8_t *area = (uint8_t *)((address + sizeof *frame + VECTORS_ALIGN - 1) & -VECTORS_ALIGN);
    vectors_save(area, vectors);
    fill(frame, at);
    frame->restorer = action.restorer;
    frame->context.fpstate = (uint64_t)area;
    frame->info = info_of(sent);
    blocked_afterwards = NULL;
    signals_blocked |= action.mask | (action.flags & SA_NODEFER ? 0 : signal_bit(signal));
    if (action.flags & SA_RESETHAND)
        actions[signal].handler = SIG_DFL;
    *at = (struct resumption){
        .rdi = (uint64_t)signal,
        .rsi = (uint64_t)&frame->info,
        .rdx = (uint64_t)&frame->context,
        .rsp = address,
        .rip = action.handler,
        .flags = PLAIN_FLAGS,
    };
}

/*
 * Goes on at a place, after the handlers of all signals that are ready. As under Linux each
 * interrupts the one before at its beginning, so that the last one runs first.
 */
static _Noreturn void go_on(struct resumption *at) {
    for (;;) {
        uint64_t ready = signals_pending & ~signals_blocked;
        if (ready == 0)
            personality_resume(at);
        struct sent sent = pending_take(ready);
        if (is_ignored(sent.signal))
            continue;
        if (actions[sent.signal].handler == SIG_DFL)
            process_end(128 + sent.signal);
        interrupt(&sent, at);
    }
}

_Noreturn void signals_deliver(const struct registers *registers, long result) {
    go_on(&(struct resumption){
        .r8 = registers->r8,
        .r9 = registers->r9,
        .r10 = registers->r10,
        .r12 = registers->r12,
        .r13 = registers->r13,
        .r14 = registers->r14,
        .r15 = registers->r15,
        .rdi = registers->rdi,
        .rsi = registers->rsi,
        .rbp = registers->rbp,
        .rbx = registers->rbx,
        .rdx = registers->rdx,
        .rax = (uint64_t)result,
        .rsp = registers->rsp + 8,
        .rip = *(const uint64_t *)registers->rsp,
        .flags = PLAIN_FLAGS,
    });
}

/* The trampoline called 136 bytes below the stack pointer of a handler that has returned. */
#define TRAMPOLINE_FRAME 136

_Noreturn void signals_return(const struct registers *registers) {
    uintptr_t address = registers->rsp + TRAMPOLINE_FRAME - 8;
    const struct linux_signal_frame *frame = (const void *)address;
    size_t vectors = vectors_size();
    if (!memory_readable(address, sizeof *frame) ||
        !memory_readable(frame->context.fpstate, vectors) ||
        frame->context.fpstate % VECTORS_ALIGN != 0 ||
        !memory_writable(frame->context.rsp - 16, 16))
        process_end(128 + SIGSEGV);
    vectors_restore((const uint8_t *)frame->context.fpstate, vectors);
    signals_blocked = frame->context.mask & ~UNBLOCKABLE;
    go_on(&(struct resumption){
        .r8 = frame->context.r8,
        .r9 = frame->context.r9,
        .r10 = frame->context.r10,
        .r11 = frame->context.r11,
        .r12 = frame->context.r12,
        .r13 = frame->context.r13,
        .r14 = frame->context.r14,
        .r15 = frame->context.r15,
        .rdi = frame->context.rdi,
        .rsi = frame->context.rsi,
        .rbp = frame->context.rbp,
        .rbx = frame->context.rbx,
        .rdx = frame->context.rdx,
        .rax = frame->context.rax,
        .rcx = frame->context.rcx,
        .rsp = frame->context.rsp,
        .rip = frame->context.rip,
        .flags = frame->context.eflags & PROGRAM_FLAGS,
    });
}
