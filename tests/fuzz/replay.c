/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Feeds every file of the given folders, in the order of their names, to a fuzz target: what
 * libFuzzer found once is tried again by every test run, with compilers that have no libFuzzer. */
#include <dirent.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void feed(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0) {
        perror(path);
        exit(1);
    }
    size_t size = (size_t)ftell(file);
    rewind(file);
    /* Exactly as large as the input, so that reading past its end is noticed. */
    uint8_t *data = malloc(size ? size : 1);
    if (!data || fread(data, 1, size, file) != size) {
        perror(path);
        exit(1);
    }
    fclose(file);
    LLVMFuzzerTestOneInput(data, size);
    free(data);
}

static int visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

int main(int argc, char **argv)
{
    int fed = 0;
    for (int i = 1; i < argc; i++) {
        struct dirent **entries;
        int n = scandir(argv[i], &entries, visible, alphasort);
        if (n < 0) {
            perror(argv[i]);
            return 1;
        }
        for (int e = 0; e < n; e++) {
            char path[PATH_MAX];
            snprintf(path, sizeof path, "%s/%s", argv[i], entries[e]->d_name);
            fprintf(stderr, "%s\n", path);
            feed(path);
            free(entries[e]);
            fed++;
        }
        free(entries);
    }
    printf("%d inputs\n", fed);
    return fed ? 0 : 1; /* an empty corpus tests nothing */
}
