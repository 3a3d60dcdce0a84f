/* As interpreters in images do: begins, and behind the mark shows its words, its script, its
 * packages. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void show_file(const char *path) {
    char text[4096];
    int file = open(path, O_RDONLY);
    ssize_t size = read(file, text, sizeof text);
    close(file);
    printf("script: %.*s", (int)(size < 0 ? 0 : size), text);
}

int main(void) {
    printf("begins\n");
    fflush(stdout);
    open("/dev/soloden/ready", O_RDONLY);
    char line[8192];
    int file = open("/proc/self/cmdline", O_RDONLY);
    ssize_t size = read(file, line, sizeof line);
    close(file);
    const char *script = line + strlen(line) + 1;
    for (const char *word = script; word < line + size; word += strlen(word) + 1)
        printf("[%s]\n", word);
    show_file(script);
    DIR *packages = opendir("/packages");
    for (struct dirent *entry; packages != NULL && (entry = readdir(packages)) != NULL;) {
        if (entry->d_name[0] != '.')
            printf("package %s\n", entry->d_name);
    }
    return 7;
}
