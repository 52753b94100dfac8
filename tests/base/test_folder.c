/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Folders of outputs: whole or not at all, and nobody's work lost. */
#include "tests/check.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/folder.h"

/* Each test runs in an empty folder of its own. */
struct fixture {
    char folder[64];
    int before;
    struct csin_diag *diag;
    struct csin_arena *arena;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    strcpy(f->folder, "/tmp/csin-test-folder-XXXXXX");
    f->before = open(".", O_RDONLY | O_DIRECTORY);
    f->diag = csin_diag_create();
    f->arena = csin_arena_create();
    *state = f;
    return mkdtemp(f->folder) && chdir(f->folder) == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    char *command = NULL;
    int failed = fchdir(f->before) != 0 || asprintf(&command, "rm -rf %s", f->folder) < 0 ||
                 system(command) != 0;
    free(command);
    close(f->before);
    csin_diag_destroy(f->diag);
    csin_arena_destroy(f->arena);
    free(f);
    return failed ? -1 : 0;
}

static void put(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void assert_content(const char *path, const char *want)
{
    char got[200] = "";
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_true(fread(got, 1, sizeof got - 1, file) < sizeof got);
    fclose(file);
    assert_string_equal(got, want);
}

static unsigned entries(const char *path)
{
    unsigned n = 0;
    DIR *folder = opendir(path);
    assert_non_null(folder);
    while (readdir(folder))
        n++;
    closedir(folder);
    return n - 2; /* . and .. */
}

/* Writes a folder with one file; gives what came of it. */
static enum csin_status write_one(struct fixture *f, const char *path, const char *name,
                                  const char *text)
{
    struct csin_folder folder;
    FILE *out = NULL;
    enum csin_status status = csin_folder_open(&folder, f->arena, f->diag, path);
    if (status != CSIN_OK)
        return status;
    status = csin_folder_begin(&folder, f->diag, name, &out);
    if (status == CSIN_OK) {
        fputs(text, out);
        status = csin_folder_end(&folder, f->diag);
    }
    if (status == CSIN_OK)
        return csin_folder_commit(&folder, f->diag);
    csin_folder_abandon(&folder);
    return status;
}

static void a_folder_appears_whole_with_the_list_of_its_files(void **state)
{
    struct fixture *f = *state;
    struct csin_folder folder;
    FILE *out;
    assert_int_equal(csin_folder_open(&folder, f->arena, f->diag, "out//"), CSIN_OK);
    for (int i = 0; i < 3; i++) {
        char name[8];
        snprintf(name, sizeof name, "f%d", i);
        assert_int_equal(csin_folder_begin(&folder, f->diag, name, &out), CSIN_OK);
        fprintf(out, "text %d", i);
        assert_int_equal(csin_folder_end(&folder, f->diag), CSIN_OK);
        assert_int_equal(access("out", F_OK), -1);
    }
    assert_int_equal(csin_folder_commit(&folder, f->diag), CSIN_OK);
    assert_content("out/f2", "text 2");
    assert_content("out/" CSIN_FOLDER_MARKER,
                   "written by csin, which may replace this folder\nf0\nf1\nf2\n");
    assert_int_equal(entries("out"), 4);
    assert_int_equal(entries("."), 1);
}

static void a_folder_of_csins_is_replaced_whole(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(write_one(f, "out", "old", "1"), CSIN_OK);
    assert_int_equal(chmod("out", 0750), 0);
    assert_int_equal(write_one(f, "out", "new", "2"), CSIN_OK);
    struct stat st;
    assert_int_equal(stat("out", &st), 0);
    assert_int_equal(st.st_mode & 0777, 0750);
    assert_int_equal(access("out/old", F_OK), -1);
    assert_content("out/new", "2");
    assert_int_equal(entries("out"), 2);
    assert_int_equal(entries("."), 1);
    assert_int_equal(symlink("out", "link"),
                     0); /* what a link leads to is replaced, not the link */
    assert_int_equal(write_one(f, "link", "newer", "3"), CSIN_OK);
    assert_content("out/newer", "3");
    char to[10];
    assert_int_equal(readlink("link", to, sizeof to), 3);
}

static void an_empty_folder_is_filled_and_any_other_is_refused(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(mkdir("empty", 0777), 0);
    assert_int_equal(write_one(f, "empty", "a", "1"), CSIN_OK);
    assert_content("empty/a", "1");
    assert_int_equal(mkdir("mine", 0777), 0);
    put("mine/work", "years");
    assert_int_equal(write_one(f, "mine", "a", "1"), CSIN_E_USAGE);
    assert_says(&f->diag,
                "mine: error: the folder 'mine' is there and not of csin's making [CSIN-735]\n"
                "mine: note: name a new folder or an empty one\n");
    assert_content("mine/work", "years");
    put("empty/notes", "mine");
    assert_int_equal(write_one(f, "empty", "a", "2"), CSIN_E_USAGE);
    assert_says(&f->diag, "empty: error: the folder 'empty' holds 'notes', which csin did not "
                          "write [CSIN-735]\n"
                          "empty: note: name a new folder or an empty one\n");
    assert_content("empty/a", "1");
    unlink("empty/notes");
    unlink("empty/a"); /* a folder in place of a file is no file of csin's */
    assert_int_equal(mkdir("empty/a", 0777), 0);
    assert_int_equal(write_one(f, "empty", "a", "2"), CSIN_E_USAGE);
    put("file", "");
    assert_int_equal(write_one(f, "file", "a", "2"), CSIN_E_FAILED);
    assert_int_equal(write_one(f, "", "a", "2"), CSIN_E_FAILED);
    assert_int_equal(write_one(f, "no/such", "a", "2"), CSIN_E_FAILED);
    assert_int_equal(entries("."), 3);
}

static void what_cannot_be_written_leaves_the_old_folder(void **state)
{
    struct fixture *f = *state;
    struct rlimit old, none = {0};
    assert_int_equal(write_one(f, "out", "a", "1"), CSIN_OK);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    none.rlim_max = old.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    enum csin_status status = write_one(f, "out", "a", "2");
    enum csin_status fresh = write_one(f, "fresh", "a", "2");
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(status, CSIN_E_FAILED);
    assert_int_equal(fresh, CSIN_E_FAILED);
    assert_says(&f->diag, "out/a: error: cannot write 'out/a': file too large [CSIN-135]\n"
                          "fresh/a: error: cannot write 'fresh/a': file too large [CSIN-135]\n");
    assert_content("out/a", "1");
    assert_int_equal(entries("."), 1);
}

static void signals_wait_until_it_is_in_its_place_or_gone(void **state)
{
    struct fixture *f = *state;
    struct csin_folder folder;
    sigset_t pending, before, after;
    pthread_sigmask(SIG_BLOCK, NULL, &before);
    assert_int_equal(csin_folder_open(&folder, f->arena, f->diag, "out"), CSIN_OK);
    signal(SIGINT, SIG_IGN);
    pthread_sigmask(SIG_BLOCK, NULL, &pending);
    assert_true(sigismember(&pending, SIGINT) && sigismember(&pending, SIGTERM));
    csin_folder_abandon(&folder);
    pthread_sigmask(SIG_BLOCK, NULL, &after);
    assert_int_equal(sigismember(&after, SIGINT), sigismember(&before, SIGINT));
    signal(SIGINT, SIG_DFL);
    assert_int_equal(entries("."), 0);
    csin_folder_abandon(&folder); /* once more does nothing */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

CHECK_MAIN(TEST(a_folder_appears_whole_with_the_list_of_its_files),
           TEST(a_folder_of_csins_is_replaced_whole),
           TEST(an_empty_folder_is_filled_and_any_other_is_refused),
           TEST(what_cannot_be_written_leaves_the_old_folder),
           TEST(signals_wait_until_it_is_in_its_place_or_gone))
