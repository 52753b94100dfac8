/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Vectors: NIST, FIPS 180-4 examples with intermediate values (SHA256.pdf). */
#include "base/sha256.h"
#include "tests/check.h"

static void the_examples_of_the_standard_come_out(void **state)
{
    static const struct {
        const char *text, *hex;
    } cases[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(csin_sha256(cases[i].text, strlen(cases[i].text)).hex, cases[i].hex);
}

static void pieces_give_the_digest_of_the_whole(void **state)
{
    struct csin_sha256_stream *stream = csin_sha256_start();
    char a[1000];
    (void)state;
    memset(a, 'a', sizeof a);
    for (int i = 0; i < 1000; i++)
        csin_sha256_add(stream, a, sizeof a);
    csin_sha256_add(stream, NULL, 0);
    assert_string_equal(csin_sha256_finish(stream).hex,
                        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void no_stream_gives_an_empty_text(void **state)
{
    (void)state;
    csin_sha256_add(NULL, "abc", 3);
    assert_string_equal(csin_sha256_finish(NULL).hex, "");
}

CHECK_MAIN(cmocka_unit_test(the_examples_of_the_standard_come_out),
           cmocka_unit_test(pieces_give_the_digest_of_the_whole),
           cmocka_unit_test(no_stream_gives_an_empty_text))
