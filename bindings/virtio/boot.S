/*
 * boot.S: from the boot loader to C: the multiboot header, and the way from 32 to 64 bits.
 *
 * The loader obeys the header's addresses and not ELF's: the file is flat from _stext to _edata.
 */
#define INTERRUPTS 16
#include "../common/tables_x86_64.S"

/* ---- Multiboot ---- */

#define HEADER_MAGIC 0x1badb002
#define LOADER_MAGIC 0x2badb002
/* Modules on pages, tell about memory, addresses are in the header. */
#define HEADER_FLAGS 0x10003

    .section .text.solo5.first, "ax", @progbits
    .p2align 2
multiboot_header:
    .long   HEADER_MAGIC
    .long   HEADER_FLAGS
    .long   -(HEADER_MAGIC + HEADER_FLAGS)
    .long   multiboot_header
    .long   _stext
    .long   _edata
    .long   _end
    .long   _start

/* ---- The first tables of pages: 4 GiB as they are, writable ---- */

#define PRESENT_WRITABLE 3
#define LARGE            0x80
#define LARGE_SIZE       0x200000
#define PAGE_SIZE        0x1000

    .section .bss.solo5.pages, "aw", @nobits
    .p2align 12
    .globl  page_directories
page_directories:
    .zero   4 * PAGE_SIZE
directory_pointers:
    .zero   PAGE_SIZE
page_root:
    .zero   PAGE_SIZE

    .section .bss.solo5.boot_stack, "aw", @nobits
    .p2align 4
    .zero   8192
boot_stack_end:

/* ---- Registers ---- */

#define CR0_VALUE      0x80010021 /* PG, WP, NE, PE */
#define CR4_VALUE      0x620      /* OSXMMEXCPT, OSFXSR, PAE */
#define EFER           0xc0000080
#define EFER_LME       0x100
#define EFER_NXE       0x800
#define CPUID_EXTENDED 0x80000000
#define CPUID_NX       20

/* eax: LOADER_MAGIC; ebx: a struct multiboot_info. Paging is off, segments are flat. */
    .section .text.solo5.boot, "ax", @progbits
    .code32
    .globl  _start
    .type   _start, @function
_start:
    cli
    cld
    cmpl    $LOADER_MAGIC, %eax
    jne     stop
    movl    $boot_stack_end, %esp
    movl    %ebx, %ebp

    movl    $page_directories, %edi
    movl    $(LARGE + PRESENT_WRITABLE), %eax
1:  movl    %eax, (%edi)
    addl    $8, %edi
    addl    $LARGE_SIZE, %eax
    jnc     1b
    movl    $(page_directories + PRESENT_WRITABLE), directory_pointers
    movl    $(page_directories + PAGE_SIZE + PRESENT_WRITABLE), directory_pointers + 8
    movl    $(page_directories + 2 * PAGE_SIZE + PRESENT_WRITABLE), directory_pointers + 16
    movl    $(page_directories + 3 * PAGE_SIZE + PRESENT_WRITABLE), directory_pointers + 24
    movl    $(directory_pointers + PRESENT_WRITABLE), page_root

    movl    $CPUID_EXTENDED, %eax
    cpuid
    movl    $EFER_LME, %edi
    cmpl    $(CPUID_EXTENDED + 1), %eax
    jb      2f
    movl    $(CPUID_EXTENDED + 1), %eax
    cpuid
    btl     $CPUID_NX, %edx
    jnc     2f
    orl     $EFER_NXE, %edi
2:  movl    $CR4_VALUE, %eax
    movl    %eax, %cr4
    movl    $page_root, %eax
    movl    %eax, %cr3
    movl    $EFER, %ecx
    movl    %edi, %eax
    xorl    %edx, %edx
    wrmsr
    movl    $CR0_VALUE, %eax
    movl    %eax, %cr0
    lgdt    gdt_register
    ljmpl   $CODE_SELECTOR, $long_mode
stop:
    hlt
    jmp     stop
    .size   _start, . - _start

    .code64
long_mode:
    movl    $DATA_SELECTOR, %eax
    movl    %eax, %ds
    movl    %eax, %es
    movl    %eax, %fs
    movl    %eax, %gs
    movl    %eax, %ss
    fninit
    call    cpu_init
    movl    %ebp, %edi
    call    machine_init
/* The stack as a call leaves it, at memory's end. */
    leaq    -8(%rax), %rsp
    xorl    %ebp, %ebp
    jmp     machine_start

/* A trap has been reported. */
trap_end:
    movl    $255, %edi
    call    platform_exit

/* ---- Interrupts ---- */

#define PIC1_COMMAND     0x20
#define PIC1_MASK        0x21
#define PIC2_COMMAND     0xa0
#define PIC2_MASK        0xa1
#define END_OF_INTERRUPT 0x20

/* Its only use is to wake the CPU: whoever sleeps looks for the cause, and allows the next one. */
    .section .text.solo5.first, "ax", @progbits
    .p2align 4
interrupt:
    pushq   %rax
    movb    $0xff, %al
    outb    %al, $PIC1_MASK
    outb    %al, $PIC2_MASK
    movb    $END_OF_INTERRUPT, %al
    outb    %al, $PIC2_COMMAND
    outb    %al, $PIC1_COMMAND
    popq    %rax
    iretq
