/*
 * mappings.c: the system calls about memory. Nothing is executable but the program itself.
 */
#include "mappings.h"

#include "content.h"
#include "descriptors.h"
#include "pages.h"
#include "sharing.h"

long call_brk(uintptr_t end) {
    if (end < memory_stack_end() || end > address_of(pages_count()))
        return (long)memory_break;
    size_t old = page_of(page_up(memory_break)), new = page_of(page_up(end));
    if (new > old) {
        if (!pages_are_free(old, new - old))
            return (long)memory_break;
        pages_claim(old, new - old, USED);
    } else if (new < old)
        pages_release(new, old - new);
    memory_break = end;
    return (long)end;
}

/* The state of pages with a protection. */
static uint8_t state_of(long protection) {
    if (protection & PROT_WRITE)
        return USED;
    return protection & PROT_READ ? USED | READ_ONLY : USED | NO_ACCESS;
}

/* Whether a range consists of whole pages that programs may map. */
static bool is_range(uintptr_t address, size_t size) {
    return address % PAGE_SIZE == 0 && address >= memory_stack_end() && address + size >= address &&
           address + size <= address_of(pages_count());
}

/* Frees what a program has in a range. */
static void unmap(uintptr_t address, size_t size) {
    size_t end = page_of(address + size);
    for (size_t page = page_of(address); page < end; page++) {
        if ((page_state(page) & SHARED) != 0)
            sharing_unmap(page, page + 1);
        else if ((page_state(page) & USED) != 0)
            pages_release(page, 1);
    }
}

/* Where a mapping goes: a page, or an error. */
static long place_of(uintptr_t address, size_t size, long flags) {
    size_t number = size / PAGE_SIZE;
    if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) {
        if (address % PAGE_SIZE != 0)
            return -EINVAL;
        if (!is_range(address, size))
            return -ENOMEM;
        if ((flags & MAP_FIXED_NOREPLACE) && !pages_are_free(page_of(address), number))
            return -EEXIST;
        unmap(address, size);
        /* What is left is the personality's. */
        return pages_are_free(page_of(address), number) ? (long)page_of(address) : -ENOMEM;
    }
    address = page_down(address);
    if (address >= page_up(memory_break) && is_range(address, size) &&
        pages_are_free(page_of(address), number))
        return (long)page_of(address);
    size_t page = pages_find(number);
    return page == pages_count() ? -ENOMEM : (long)page;
}

/* Whether a file can be mapped so: 0 or an error. */
static long check_file(const struct file *file, long protection, long type) {
    bool writes = type != MAP_PRIVATE && (protection & PROT_WRITE) != 0;
    if ((file->flags & O_ACCMODE) == O_WRONLY || (writes && (file->flags & O_ACCMODE) != O_RDWR))
        return -EACCES;
    if (node_type(file->node) == S_IFCHR)
        return file->node->device == DEVICE_ZERO ? 0 : -ENODEV;
    return node_type(file->node) == S_IFREG ? 0 : -ENODEV;
}

/* Whether what is written to the mapping, or by others to the file, has to be seen in both. */
static bool is_shared(const struct file *file, long type) {
    return type != MAP_PRIVATE && node_type(file->node) == S_IFREG &&
           (file->flags & O_ACCMODE) == O_RDWR && file->node->content.refresh == NULL;
}

long call_mmap(uintptr_t address, size_t size, long protection, long flags, int fd,
               uint64_t offset) {
    long type = flags & MAP_TYPE;
    const struct file *file = flags & MAP_ANONYMOUS ? NULL : descriptor_opened(fd);
    if (offset % PAGE_SIZE != 0)
        return -EINVAL;
    if (!(flags & MAP_ANONYMOUS) && file == NULL)
        return -EBADF;
    if (size == 0 || type < MAP_SHARED || type > MAP_SHARED_VALIDATE)
        return -EINVAL;
    if (page_up(size) == 0)
        return -ENOMEM;
    size = page_up(size);
    long error = file == NULL ? 0 : check_file(file, protection, type);
    if (error != 0)
        return error;
    if (protection & PROT_EXEC)
        return -EACCES;
    if (file != NULL && is_shared(file, type))
        return flags & MAP_FIXED ? -ENOMEM
                                 : sharing_map(file->node, size, offset, state_of(protection));
    long page = place_of(address, size, flags);
    if (page < 0)
        return page;
    uint8_t state = state_of(protection);
    if (file != NULL && node_type(file->node) == S_IFREG)
        state |= type == MAP_PRIVATE || (file->flags & O_ACCMODE) == O_RDWR ? OF_FILE
                                                                            : OF_FILE | NO_WRITE;
    pages_claim((size_t)page, size / PAGE_SIZE, state);
    void *start = (void *)address_of((size_t)page);
    if (state & OF_FILE)
        content_read(&(struct part){.node = file->node, .offset = offset}, start, size);
    return (long)start;
}

long call_munmap(uintptr_t address, size_t size) {
    if (address % PAGE_SIZE != 0 || size == 0 || address + size < address)
        return -EINVAL;
    size = page_up(size);
    uintptr_t end = address + size;
    if (address < memory_stack_end())
        address = memory_stack_end();
    if (end > address_of(pages_count()))
        end = address_of(pages_count());
    if (address < end)
        unmap(address, end - address);
    return 0;
}

/* What pages are whatever their protection is. */
#define KEPT (OF_FILE | SHARED | NO_WRITE)

long call_mprotect(uintptr_t address, size_t size, long protection) {
    if (address % PAGE_SIZE != 0)
        return -EINVAL;
    if (size == 0)
        return 0;
    size = page_up(size);
    /* The image keeps its protection; it may be asked for what it has. */
    if (address < address_of(0)) {
        if (!memory_readable(address, 1))
            return -ENOMEM;
        bool writable = memory_writable(address, 1);
        return writable == ((protection & PROT_EXEC) == 0) ||
                       !(protection & (PROT_EXEC | PROT_WRITE))
                   ? 0
                   : -EACCES;
    }
    if (!pages_allow(address, size, 0))
        return -ENOMEM;
    if ((protection & PROT_EXEC) ||
        ((protection & PROT_WRITE) && !pages_allow(address, size, NO_WRITE)))
        return -EACCES;
    for (size_t page = page_of(address); page < page_of(address + size); page++)
        page_set(page, (uint8_t)(state_of(protection) | (page_state(page) & KEPT)));
    return 0;
}

/* Moves a mapping to a larger place. */
static long move(size_t page, size_t number, size_t wanted) {
    size_t target = pages_find(wanted);
    if (target == pages_count())
        return -ENOMEM;
    uint8_t state = page_state(page);
    pages_claim(target, wanted, state);
    memcpy((void *)address_of(target), (void *)address_of(page), number * PAGE_SIZE);
    pages_release(page, number);
    return (long)address_of(target);
}

long call_mremap(uintptr_t address, size_t size, size_t new_size, long flags, uintptr_t target) {
    (void)target;
    if (address % PAGE_SIZE != 0 || (flags & ~MREMAP_MAYMOVE) || new_size == 0 || size == 0)
        return -EINVAL;
    if (page_up(new_size) < new_size)
        return -ENOMEM;
    size_t number = page_up(size) / PAGE_SIZE, wanted = page_up(new_size) / PAGE_SIZE;
    if (!is_range(address, number * PAGE_SIZE) || !pages_allow(address, number * PAGE_SIZE, 0))
        return -EFAULT;
    /* What is a file's content stays where it is. */
    if (!pages_allow(address, number * PAGE_SIZE, SHARED))
        return wanted == number ? (long)address : -ENOMEM;
    size_t page = page_of(address);
    if (wanted < number)
        pages_release(page + wanted, number - wanted);
    else if (wanted > number && pages_are_free(page + number, wanted - number))
        pages_claim(page + number, wanted - number, page_state(page));
    else if (wanted > number)
        return flags & MREMAP_MAYMOVE ? move(page, number, wanted) : -ENOMEM;
    return (long)address;
}

long call_madvise(uintptr_t address, size_t size, long advice) {
    if (address % PAGE_SIZE != 0 || address + size < address)
        return -EINVAL;
    if (size == 0)
        return 0;
    size = page_up(size);
    if (advice < 0 || (advice > 25 && advice != 100 && advice != 101))
        return -EINVAL;
    if (advice != MADV_DONTNEED)
        return memory_readable(address, 1) || address >= address_of(0) ? 0 : -ENOMEM;
    if (address < address_of(0) || !pages_allow(address, size, 0))
        return -ENOMEM;
    if (!pages_allow(address, size, SHARED))
        return 0;
    /* A file's content would have to come back. */
    if (!pages_allow(address, size, OF_FILE))
        return -EINVAL;
    memset((void *)address, 0, size);
    return 0;
}

long call_msync(uintptr_t address, size_t size, long flags) {
    if (address % PAGE_SIZE != 0 || (flags & ~7) || (flags & 5) == 5)
        return -EINVAL;
    size = page_up(size);
    bool mapped = address < address_of(0) ? memory_readable(address, size)
                                          : size == 0 || pages_allow(address, size, 0);
    return mapped ? 0 : -ENOMEM;
}

/* Everything always lies in memory. */
long call_mincore(uintptr_t address, size_t size, uintptr_t result) {
    if (address % PAGE_SIZE != 0)
        return -EINVAL;
    size = page_up(size);
    if (!memory_writable(result, size / PAGE_SIZE))
        return -EFAULT;
    for (uintptr_t at = address; at < address + size; at += PAGE_SIZE) {
        if (!memory_readable(at, 1) && (at < address_of(0) || !pages_allow(at, 1, 0)))
            return -ENOMEM;
    }
    memset((void *)result, 1, size / PAGE_SIZE);
    return 0;
}

long call_mlock(uintptr_t address, size_t size) {
    size = page_up(size + address % PAGE_SIZE);
    address = page_down(address);
    return size == 0 || memory_readable(address, size) ? 0 : -ENOMEM;
}
