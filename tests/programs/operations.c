/*
 * operations.c: makes the system calls that its arguments name, and prints what each returns.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static char *fields[5];

static long number(int field) {
    return strtol(fields[field], NULL, 0);
}

static int compare(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names in a directory, sorted. */
static long list(const char *path) {
    DIR *directory = opendir(path);
    if (directory == NULL)
        return -1;
    char *names[256];
    size_t count = 0;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL && count < 256;) {
        if (asprintf(&names[count], "%s:%d", entry->d_name, entry->d_type) > 0)
            count++;
    }
    closedir(directory);
    qsort(names, count, sizeof *names, compare);
    for (size_t index = 0; index < count; index++)
        printf(" %s", names[index]);
    return (long)count;
}

static long status(const char *path, int flags) {
    struct stat found;
    if (fstatat(AT_FDCWD, path, &found, flags) != 0)
        return -1;
    int directory = S_ISDIR(found.st_mode);
    printf(" %o %ld %ld", found.st_mode, directory ? 0 : (long)found.st_size,
           directory ? 0 : (long)found.st_nlink);
    return 0;
}

static long get(int fd, size_t size, long offset) {
    static char buffer[1 << 16];
    if (size > sizeof buffer)
        size = sizeof buffer;
    long result = offset < 0 ? read(fd, buffer, size) : pread(fd, buffer, size, offset);
    unsigned sum = 0;
    for (long at = 0; at < result; at++)
        sum = sum * 31 + (unsigned char)buffer[at];
    if (result >= 0)
        printf(" %x", sum);
    return result;
}

static long put_two(int fd, const char *text) {
    size_t half = strlen(text) / 2;
    struct iovec parts[] = {{(void *)text, half}, {(void *)(text + half), strlen(text) - half}};
    return writev(fd, parts, 2);
}

static long target(const char *path) {
    char buffer[256];
    long length = readlink(path, buffer, (size_t)number(2));
    if (length >= 0)
        printf(" %.*s", (int)length, buffer);
    return length;
}

static long operate(const char *name) {
    if (strcmp(name, "open") == 0)
        return open(fields[1], (int)number(2), 0640);
    if (strcmp(name, "close") == 0)
        return close((int)number(1));
    if (strcmp(name, "read") == 0)
        return get((int)number(1), (size_t)number(2), -1);
    if (strcmp(name, "pread") == 0)
        return get((int)number(1), (size_t)number(2), number(3));
    if (strcmp(name, "write") == 0)
        return write((int)number(1), fields[2], strlen(fields[2]));
    if (strcmp(name, "writev") == 0)
        return put_two((int)number(1), fields[2]);
    if (strcmp(name, "pwrite") == 0)
        return pwrite((int)number(1), fields[2], strlen(fields[2]), number(3));
    if (strcmp(name, "lseek") == 0)
        return lseek((int)number(1), number(2), (int)number(3));
    if (strcmp(name, "ftruncate") == 0)
        return ftruncate((int)number(1), number(2));
    if (strcmp(name, "truncate") == 0)
        return truncate(fields[1], number(2));
    if (strcmp(name, "dup2") == 0)
        return dup2((int)number(1), (int)number(2));
    if (strcmp(name, "setfl") == 0)
        return fcntl((int)number(1), F_SETFL, (int)number(2));
    if (strcmp(name, "getfl") == 0)
        return fcntl((int)number(1), F_GETFL);
    if (strcmp(name, "mkdir") == 0)
        return mkdir(fields[1], 0750);
    if (strcmp(name, "rmdir") == 0)
        return rmdir(fields[1]);
    if (strcmp(name, "unlink") == 0)
        return unlink(fields[1]);
    if (strcmp(name, "rename") == 0)
        return rename(fields[1], fields[2]);
    if (strcmp(name, "link") == 0)
        return link(fields[1], fields[2]);
    if (strcmp(name, "symlink") == 0)
        return symlink(fields[1], fields[2]);
    if (strcmp(name, "readlink") == 0)
        return target(fields[1]);
    if (strcmp(name, "chmod") == 0)
        return chmod(fields[1], (mode_t)number(2));
    if (strcmp(name, "access") == 0)
        return access(fields[1], (int)number(2));
    if (strcmp(name, "stat") == 0)
        return status(fields[1], 0);
    if (strcmp(name, "lstat") == 0)
        return status(fields[1], AT_SYMLINK_NOFOLLOW);
    if (strcmp(name, "list") == 0)
        return list(fields[1]);
    abort();
}

int main(int count, char **words) {
    umask(022);
    for (int word = 1; word < count; word++) {
        char *rest = words[word];
        printf("%s:", rest);
        for (int field = 0; field < 5; field++) {
            fields[field] = rest == NULL ? "" : strsep(&rest, ",");
        }
        errno = 0;
        long result = operate(fields[0]);
        printf(" = %ld %s\n", result, result < 0 ? strerror(errno) : "");
    }
    return 0;
}
