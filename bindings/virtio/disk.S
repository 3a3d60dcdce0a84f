/*
 * disk.S: the boot loader of a disk image: it loads one unikernel, which lies behind it in one
 * piece.
 *
 * The image begins with this program, linked at 0x7c00, where the BIOS loads its first sector. That
 * loads the other sectors, which load the unikernel and enter it as multiboot wants. Whoever makes
 * the image fills in the table of partitions, the record below and the command line behind that.
 */
#define BASE        0x7c00
#define SECTORS     32 /* Of this program, with the record and the command line. */
#define SECTOR_SIZE 512
#define RECORD      (BASE + 0x800)
#define CMDLINE     (BASE + 0x840)

/* The record. */
#define SECTOR   (RECORD + 0)  /* Where the unikernel begins on the disk. */
#define COUNT    (RECORD + 4)  /* Its sectors. */
#define ADDRESS  (RECORD + 8)  /* Where it is loaded to. */
#define FILE_END (RECORD + 12) /* Where it ends there, */
#define END      (RECORD + 16) /* and where the memory ends that has to be zero behind it. */
#define ENTRY    (RECORD + 20)

/* Memory that is free: for pieces of the unikernel, and for what is told to it. */
#define BUFFER         0x10000
#define BUFFER_SECTORS 64
#define MAP            0x5000
#define MAP_END        0x6000
#define INFO           0x4000

#define INFO_SIZE    52
#define INFO_FLAGS   0x44 /* Command line, map of memory. */
#define LOADER_MAGIC 0x2badb002

#define CODE32 8
#define DATA32 16
#define CODE16 24
#define DATA16 32

    .text
    .code16
    .globl  _start
_start:
    ljmp    $0, $1f
1:  cli
    cld
    xorw    %ax, %ax
    movw    %ax, %ds
    movw    %ax, %es
    movw    %ax, %ss
    movw    $BASE, %sp
    sti
    movb    %dl, drive
    movl    $1, packet_sector
    movw    $(SECTORS - 1), packet_count
    movw    $(BASE + SECTOR_SIZE), packet_offset
    call    read_disk
    jmp     load

/* Reads what the packet says. */
read_disk:
    movb    $0x42, %ah
    movb    drive, %dl
    movw    $packet, %si
    int     $0x13
    jc      failed
    ret

failed:
    movw    $message, %si
1:  lodsb
    testb   %al, %al
    jz      2f
    movb    $0x0e, %ah
    movw    $7, %bx
    int     $0x10
    jmp     1b
2:  hlt
    jmp     2b

message:
    .asciz  "soloden: cannot read the disk\r\n"
drive:
    .byte   0
    .p2align 2
packet:
    .byte   16, 0
packet_count:
    .word   0
packet_offset:
    .word   0
packet_segment:
    .word   0
packet_sector:
    .quad   0

/* The disk's signature and the table of partitions. */
    .org    440
    .zero   70
    .word   0xaa55

/* ---- The second sector on ---- */

load:
/* Lets address line 20 through: by the BIOS, then by the chip set. */
    movw    $0x2401, %ax
    int     $0x15
    inb     $0x92, %al
    orb     $2, %al
    andb    $0xfe, %al
    outb    %al, $0x92

    movw    $BUFFER_SECTORS, packet_count
    movw    $0, packet_offset
    movw    $(BUFFER >> 4), packet_segment
    movl    SECTOR, %eax
    movl    %eax, packet_sector
    movl    ADDRESS, %ebp
1:  movl    COUNT, %eax
    testl   %eax, %eax
    jz      3f
    cmpl    $BUFFER_SECTORS, %eax
    jbe     2f
    movl    $BUFFER_SECTORS, %eax
2:  movw    %ax, packet_count
    subl    %eax, COUNT
    pushl   %eax
    call    read_disk
    popl    %eax
    addl    %eax, packet_sector
    shll    $7, %eax
    movl    %eax, %ecx
    call    copy_up
    jmp     1b

/* The map of memory as the BIOS has it, with each entry's size before it. */
3:  movw    $MAP, %di
    xorl    %ebx, %ebx
4:  movl    $20, (%di)
    addw    $4, %di
    movl    $0xe820, %eax
    movl    $20, %ecx
    movl    $0x534d4150, %edx
    int     $0x15
    jc      5f
    cmpl    $0x534d4150, %eax
    jne     5f
    addw    $20, %di
    testl   %ebx, %ebx
    jz      6f
    cmpw    $(MAP_END - 48), %di
    jb      4b
    jmp     6f
5:  subw    $4, %di
6:  movzwl  %di, %ebx
    subl    $MAP, %ebx

    movw    $INFO, %di
    movw    $(INFO_SIZE / 2), %cx
    xorw    %ax, %ax
    rep stosw
    movl    $INFO_FLAGS, INFO
    movl    $CMDLINE, INFO + 16
    movl    %ebx, INFO + 44
    movl    $MAP, INFO + 48

    cli
    lgdt    gdt_register
    movl    %cr0, %eax
    orb     $1, %al
    movl    %eax, %cr0
    ljmp    $CODE32, $enter

/*
 * Copies the buffer to where ebp points, ecx words of four bytes, and moves ebp on. Memory beyond
 * the first MiB is within reach in protected mode alone; the BIOS is not within reach there.
 */
copy_up:
    cli
    lgdt    gdt_register
    movl    %cr0, %eax
    orb     $1, %al
    movl    %eax, %cr0
    ljmp    $CODE32, $1f
    .code32
1:  movw    $DATA32, %ax
    movw    %ax, %ds
    movw    %ax, %es
    movl    $BUFFER, %esi
    movl    %ebp, %edi
    rep movsl
    movl    %edi, %ebp
    ljmp    $CODE16, $2f
    .code16
2:  movw    $DATA16, %ax
    movw    %ax, %ds
    movw    %ax, %es
    movl    %cr0, %eax
    andb    $0xfe, %al
    movl    %eax, %cr0
    ljmp    $0, $3f
3:  xorw    %ax, %ax
    movw    %ax, %ds
    movw    %ax, %es
    sti
    ret

    .code32
enter:
    movw    $DATA32, %ax
    movw    %ax, %ds
    movw    %ax, %es
    movw    %ax, %fs
    movw    %ax, %gs
    movw    %ax, %ss
    movl    FILE_END, %edi
    movl    END, %ecx
    subl    %edi, %ecx
    xorl    %eax, %eax
    rep stosb
    movl    $LOADER_MAGIC, %eax
    movl    $INFO, %ebx
    jmp     *ENTRY

    .p2align 3
gdt:
    .quad   0
    .quad   0x00cf9b000000ffff
    .quad   0x00cf93000000ffff
    .quad   0x00009b000000ffff
    .quad   0x000093000000ffff
gdt_end:
gdt_register:
    .word   gdt_end - gdt - 1
    .long   gdt

    .org    SECTORS * SECTOR_SIZE

    .section .note.GNU-stack, "", @progbits
