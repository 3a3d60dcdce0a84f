/* Prints a file, before the mark of soloden_ready() and behind it, and what lies beside it then. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void show(const char *when) {
    char text[64] = "";
    int file = open("/app/text", O_RDONLY);
    if (file >= 0) {
        read(file, text, sizeof text - 1);
        close(file);
    }
    printf("%s: %s\n", when, file < 0 ? "none" : text);
}

int main(void) {
    show("before");
    fflush(stdout);
    open("/dev/soloden/ready", O_RDONLY);
    show("behind");
    DIR *directory = opendir("/app");
    for (struct dirent *entry; directory != NULL && (entry = readdir(directory)) != NULL;) {
        if (entry->d_name[0] != '.')
            printf("%s\n", entry->d_name);
    }
    return 0;
}
