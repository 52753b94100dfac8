/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/check.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"

static const struct csin_loc nowhere = {0};

/* Each test runs in an empty folder of its own. */
struct fixture {
    char folder[64];
    int before;
    struct csin_diag *diag;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    strcpy(f->folder, "/tmp/csin-test-file-XXXXXX");
    f->before = open(".", O_RDONLY | O_DIRECTORY);
    f->diag = csin_diag_create();
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
    char got[100] = "";
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_true(fread(got, 1, sizeof got - 1, file) < sizeof got);
    fclose(file);
    assert_string_equal(got, want);
}

/* Names in the folder, hidden ones too. */
static unsigned n_files(void)
{
    DIR *folder = opendir(".");
    unsigned n = 0;
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder));)
        n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(folder);
    return n;
}

static void a_file_is_read_whole_with_a_nul_behind_it(void **state)
{
    struct fixture *f = *state;
    char *text;
    size_t bytes;
    put("in.yaml", "fabric: x\n");
    assert_int_equal(csin_file_read(f->diag, nowhere, "in.yaml", &text, &bytes), CSIN_OK);
    assert_int_equal(bytes, 10);
    assert_string_equal(text, "fabric: x\n");
    free(text);
    put("empty", "");
    assert_int_equal(csin_file_read(f->diag, nowhere, "empty", &text, &bytes), CSIN_OK);
    assert_int_equal(bytes, 0);
    assert_string_equal(text, "");
    free(text);
}

static void what_cannot_be_read_is_told(void **state)
{
    struct fixture *f = *state;
    char *text = NULL;
    size_t bytes = 7;
    assert_int_equal(csin_file_read(f->diag, nowhere, "none.yaml", &text, &bytes), CSIN_E_INPUT);
    assert_says(&f->diag, "none.yaml: error: cannot open 'none.yaml': no such file or directory "
                          "[CSIN-130]\n");
    assert_int_equal(
        csin_file_read(f->diag, (struct csin_loc){"a.yaml", 3, 7}, "none.yaml", &text, &bytes),
        CSIN_E_INPUT);
    assert_says(&f->diag, "a.yaml:3:7: error: cannot open 'none.yaml': no such file or directory "
                          "[CSIN-130]\n");
    assert_int_equal(csin_file_read(f->diag, nowhere, ".", &text, &bytes), CSIN_E_INPUT);
    assert_says(&f->diag, ".: error: '.' is a directory [CSIN-131]\n");
    assert_int_equal(csin_file_read(f->diag, nowhere, "/proc/self/mem", &text, &bytes),
                     CSIN_E_FAILED);
    assert_says(&f->diag, "/proc/self/mem: error: cannot read '/proc/self/mem': input/output error "
                          "[CSIN-133]\n");
    assert_null(text);
    assert_int_equal(bytes, 7);
}

static void a_file_of_the_limit_is_read_and_one_byte_more_is_not(void **state)
{
    struct fixture *f = *state;
    char *text;
    size_t bytes;
    put("big", "");
    assert_int_equal(truncate("big", CSIN_FILE_MAX), 0);
    assert_int_equal(csin_file_read(f->diag, nowhere, "big", &text, &bytes), CSIN_OK);
    assert_int_equal(bytes, CSIN_FILE_MAX);
    free(text);
    assert_int_equal(truncate("big", CSIN_FILE_MAX + 1), 0);
    assert_int_equal(csin_file_read(f->diag, nowhere, "big", &text, &bytes), CSIN_E_INPUT);
    assert_says(&f->diag, "big: error: 'big' is larger than 64 MiB [CSIN-132]\n");
    /* A device promises no size and has no end. */
    assert_int_equal(csin_file_read(f->diag, nowhere, "/dev/zero", &text, &bytes), CSIN_E_INPUT);
    assert_says(&f->diag, "/dev/zero: error: '/dev/zero' is larger than 64 MiB [CSIN-132]\n");
}

static void a_pipe_is_read_to_its_end(void **state)
{
    struct fixture *f = *state;
    char *text;
    size_t bytes;
    pid_t child;
    assert_int_equal(mkfifo("pipe", 0600), 0);
    child = fork();
    if (child == 0) {
        FILE *out = fopen("pipe", "w");
        for (int i = 0; out && i < 30000; i++)
            fputs("0123456789", out);
        _exit(out && fclose(out) == 0 ? 0 : 1);
    }
    assert_int_equal(csin_file_read(f->diag, nowhere, "pipe", &text, &bytes), CSIN_OK);
    assert_int_equal(bytes, 300000);
    free(text);
    waitpid(child, NULL, 0);
}

static void an_output_appears_when_it_is_committed(void **state)
{
    struct fixture *f = *state;
    struct csin_output output;
    put("out.json", "old");
    assert_int_equal(csin_output_open(&output, f->diag, "out.json"), CSIN_OK);
    fputs("new", output.stream);
    fflush(output.stream);
    assert_content("out.json", "old");
    assert_int_equal(csin_output_commit(&output, f->diag), CSIN_OK);
    assert_content("out.json", "new");
    assert_int_equal(n_files(), 1);
    csin_output_abandon(&output); /* nothing left to throw away */
    assert_content("out.json", "new");
}

static void an_abandoned_output_leaves_nothing_behind(void **state)
{
    struct fixture *f = *state;
    struct csin_output output;
    assert_int_equal(mkdir("sub", 0700), 0);
    assert_int_equal(csin_output_open(&output, f->diag, "sub/out.json"), CSIN_OK);
    fputs("half", output.stream);
    csin_output_abandon(&output);
    assert_int_equal(rmdir("sub"), 0); /* it is empty */
}

static void a_new_output_has_the_permissions_of_the_umask(void **state)
{
    struct fixture *f = *state;
    struct csin_output output;
    struct stat st;
    mode_t before = umask(027);
    assert_int_equal(csin_output_open(&output, f->diag, "out"), CSIN_OK);
    assert_int_equal(csin_output_commit(&output, f->diag), CSIN_OK);
    umask(before);
    assert_int_equal(stat("out", &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
}

static void a_replaced_output_keeps_its_permissions(void **state)
{
    struct fixture *f = *state;
    struct csin_output output;
    struct stat st;
    put("out", "old");
    assert_int_equal(chmod("out", 0600), 0);
    assert_int_equal(csin_output_open(&output, f->diag, "out"), CSIN_OK);
    assert_int_equal(csin_output_commit(&output, f->diag), CSIN_OK);
    assert_int_equal(stat("out", &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void a_symbolic_link_stays_one(void **state)
{
    struct fixture *f = *state;
    struct csin_output output;
    struct stat st;
    assert_int_equal(mkdir("sub", 0700), 0);
    put("sub/real", "old");
    assert_int_equal(symlink("sub/real", "link"), 0);
    assert_int_equal(csin_output_open(&output, f->diag, "link"), CSIN_OK);
    fputs("new", output.stream);
    assert_int_equal(csin_output_commit(&output, f->diag), CSIN_OK);
    assert_int_equal(lstat("link", &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_content("sub/real", "new");
}

static void a_name_as_long_as_names_may_be_is_written(void **state)
{
    struct fixture *f = *state;
    struct csin_output output;
    char name[256];
    memset(name, 'n', 255);
    name[255] = '\0';
    assert_int_equal(csin_output_open(&output, f->diag, name), CSIN_OK);
    assert_int_equal(csin_output_commit(&output, f->diag), CSIN_OK);
    assert_content(name, "");
}

static void an_output_that_cannot_be_created_is_told(void **state)
{
    struct fixture *f = *state;
    struct csin_output output;
    assert_int_equal(csin_output_open(&output, f->diag, "no/out.json"), CSIN_E_FAILED);
    assert_says(&f->diag, "no/out.json: error: cannot create 'no/out.json': no such file or "
                          "directory [CSIN-134]\n");
    csin_output_abandon(&output);
    assert_int_equal(csin_output_open(&output, f->diag, "."), CSIN_E_FAILED);
    assert_says(&f->diag, ".: error: cannot create '.': is a directory [CSIN-134]\n");
    assert_int_equal(csin_output_open(&output, f->diag, ""), CSIN_E_FAILED);
    assert_says(&f->diag, "csin: error: cannot create '': no such file or directory [CSIN-134]\n");
}

static void devices_are_written_in_place(void **state)
{
    struct fixture *f = *state;
    struct csin_output output;
    struct stat st;
    assert_int_equal(csin_output_open(&output, f->diag, "/dev/null"), CSIN_OK);
    fputs("gone", output.stream);
    assert_int_equal(csin_output_commit(&output, f->diag), CSIN_OK);
    assert_int_equal(stat("/dev/null", &st), 0);
    assert_true(S_ISCHR(st.st_mode));
}

static void a_full_device_is_told_however_much_was_written(void **state)
{
    struct fixture *f = *state;
    struct csin_output output;
    static const int sizes[] = {1, 100000};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(csin_output_open(&output, f->diag, "/dev/full"), CSIN_OK);
        for (int j = 0; j < sizes[i]; j++)
            fputc('x', output.stream);
        assert_int_equal(csin_output_commit(&output, f->diag), CSIN_E_FAILED);
        assert_says(&f->diag, "/dev/full: error: cannot write '/dev/full': no space left on "
                              "device [CSIN-135]\n");
    }
}

static void a_file_beyond_the_size_limit_is_told_and_removed(void **state)
{
    struct fixture *f = *state;
    struct csin_output output;
    static const int sizes[] = {20000, 16384 + 4096};
    struct rlimit before, limit;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit = (struct rlimit){16384, before.rlim_max};
    for (int i = 0; i < 2; i++) {
        enum csin_status status;
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
        assert_int_equal(csin_output_open(&output, f->diag, "out"), CSIN_OK);
        for (int j = 0; j < sizes[i]; j++)
            fputc('x', output.stream);
        status = csin_output_commit(&output, f->diag);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        assert_int_equal(status, CSIN_E_FAILED);
        assert_says(&f->diag, "out: error: cannot write 'out': file too large [CSIN-135]\n");
        assert_int_equal(n_files(), 0);
    }
}

static void a_broken_pipe_fails_without_a_word(void **state)
{
    struct fixture *f = *state;
    struct csin_output output;
    int reader;
    signal(SIGPIPE, SIG_IGN);
    assert_int_equal(mkfifo("pipe", 0600), 0);
    reader = open("pipe", O_RDONLY | O_NONBLOCK);
    assert_true(reader >= 0);
    assert_int_equal(csin_output_open(&output, f->diag, "pipe"), CSIN_OK);
    close(reader);
    fputs("nobody reads this", output.stream);
    assert_int_equal(csin_output_commit(&output, f->diag), CSIN_E_FAILED);
    assert_says(&f->diag, "");
}

static int with_standard_output_closed(void)
{
    struct csin_diag *diag = csin_diag_create();
    struct csin_output output;
    char *text;
    close(STDOUT_FILENO);
    if (csin_output_open(&output, diag, "-") != CSIN_E_FAILED)
        return 1;
    text = check_diag_text(diag);
    if (strcmp(text, "csin: error: standard output is closed [CSIN-136]\n") != 0)
        return 2;
    /* A named output must not become standard output. */
    if (csin_output_open(&output, diag, "out") != CSIN_OK || fileno(output.stream) <= 2)
        return 3;
    if (csin_output_commit(&output, diag) != CSIN_OK)
        return 4;
    free(text);
    csin_diag_destroy(diag);
    return 0;
}

static void a_closed_standard_output_is_told_and_not_reused(void **state)
{
    int status;
    pid_t child = fork();
    (void)state;
    if (child == 0)
        _exit(with_standard_output_closed());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void standard_output_stays_open(void **state)
{
    struct fixture *f = *state;
    struct csin_output output;
    static const char *const names[] = {NULL, "-"};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(csin_output_open(&output, f->diag, names[i]), CSIN_OK);
        assert_ptr_equal(output.stream, stdout);
        assert_int_equal(csin_output_commit(&output, f->diag), CSIN_OK);
    }
    assert_int_equal(fflush(stdout), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* What a stream hands on: put together again, up to `limit` bytes. */
struct taken {
    char text[300000];
    size_t n, limit;
};

static bool take(void *arg, const char *piece, size_t bytes)
{
    struct taken *taken = arg;
    assert_true(bytes > 0 && taken->n + bytes <= sizeof taken->text);
    memcpy(taken->text + taken->n, piece, bytes);
    taken->n += bytes;
    return taken->n < taken->limit;
}

static void a_stream_hands_on_all_of_a_file_or_as_much_as_is_wanted(void **state)
{
    struct fixture *f = *state;
    static struct taken taken;
    FILE *file = fopen("big", "w");
    assert_non_null(file);
    for (int i = 0; i < 40000; i++)
        fprintf(file, "%05d\n", i);
    assert_int_equal(fclose(file), 0);

    taken = (struct taken){.limit = SIZE_MAX};
    assert_int_equal(csin_file_stream(f->diag, nowhere, "big", 240000, take, &taken), CSIN_OK);
    assert_int_equal(taken.n, 240000);
    for (int i = 0; i < 40000; i++)
        assert_int_equal(atoi(taken.text + 6 * i), i);
    taken = (struct taken){.limit = 1};
    assert_int_equal(csin_file_stream(f->diag, nowhere, "/dev/zero", 1 << 20, take, &taken),
                     CSIN_OK);
    assert_true(taken.n >= 1 && taken.n < 240000);
    assert_says(&f->diag, "");

    taken = (struct taken){.limit = SIZE_MAX};
    assert_int_equal(csin_file_stream(f->diag, nowhere, "big", 239999, take, &taken), CSIN_E_INPUT);
    assert_int_equal(csin_file_stream(f->diag, nowhere, "none", 10, take, &taken), CSIN_E_INPUT);
    assert_int_equal(csin_file_stream(f->diag, nowhere, ".", 10, take, &taken), CSIN_E_INPUT);
    assert_int_equal(taken.n, 0);
    assert_int_equal(csin_file_stream(f->diag, nowhere, "/dev/zero", 200000, take, &taken),
                     CSIN_E_INPUT);
    assert_says(&f->diag, "big: error: 'big' is larger than 0 MiB [CSIN-132]\n"
                          "none: error: cannot open 'none': no such file or directory [CSIN-130]\n"
                          ".: error: '.' is a directory [CSIN-131]\n"
                          "/dev/zero: error: '/dev/zero' is larger than 0 MiB [CSIN-132]\n");
}

CHECK_MAIN(TEST(a_file_is_read_whole_with_a_nul_behind_it), TEST(what_cannot_be_read_is_told),
           TEST(a_file_of_the_limit_is_read_and_one_byte_more_is_not),
           TEST(a_pipe_is_read_to_its_end),
           TEST(a_stream_hands_on_all_of_a_file_or_as_much_as_is_wanted),
           TEST(an_output_appears_when_it_is_committed),
           TEST(an_abandoned_output_leaves_nothing_behind),
           TEST(a_new_output_has_the_permissions_of_the_umask),
           TEST(a_replaced_output_keeps_its_permissions), TEST(a_symbolic_link_stays_one),
           TEST(a_name_as_long_as_names_may_be_is_written),
           TEST(an_output_that_cannot_be_created_is_told), TEST(devices_are_written_in_place),
           TEST(a_full_device_is_told_however_much_was_written),
           TEST(a_file_beyond_the_size_limit_is_told_and_removed),
           TEST(a_broken_pipe_fails_without_a_word),
           TEST(a_closed_standard_output_is_told_and_not_reused), TEST(standard_output_stays_open))
