/*
 * own_files.c: what a program finds about itself where its image brings nothing. Ends with how many
 * things are not as under Linux.
 */
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int wrong;

static void check(int holds, const char *what) {
    if (!holds) {
        wrong++;
        printf("%s\n", what);
    }
}

/* What the map of memory says of an address: its rights, or NULL. */
static const char *rights(const void *address) {
    static char line[512], found[5];
    unsigned long start, end;
    FILE *file = fopen("/proc/self/maps", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "%lx-%lx %4s", &start, &end, found) == 3 &&
            (unsigned long)address >= start && (unsigned long)address < end) {
            fclose(file);
            return found;
        }
    }
    fclose(file);
    return "none";
}

static int variable;

int main(void) {
    char *page = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    check(strcmp(rights((void *)main), "r-xp") == 0, "code is executable");
    check(strcmp(rights(&variable), "rw-p") == 0, "variables can be written");
    check(strcmp(rights(&page), "rw-p") == 0, "the stack can be written");
    check(strcmp(rights(page), "r--p") == 0, "a page is read-only");
    mprotect(page, 4096, PROT_NONE);
    check(strcmp(rights(page), "---p") == 0, "a page is protected");
    check(strcmp(rights(page + 4096), "r--p") == 0, "the next one is not");
    munmap(page, 8192);
    check(strcmp(rights(page), "none") == 0, "nothing is left there");
    const struct passwd *root = getpwuid(0);
    check(root != NULL && strcmp(root->pw_name, "root") == 0, "root has a name");
    check(getpwuid(4242) == NULL, "nobody else has one");
    char target[64] = "";
    check(readlink("/proc/self/exe", target, sizeof target - 1) > 0, "the program has a path");
    check(open("/proc/self/maps", O_WRONLY) == -1, "the map cannot be written");
    check(access("/proc/1/status", R_OK) == 0, "the program is number 1");
    return wrong;
}
