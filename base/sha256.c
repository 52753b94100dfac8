/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/sha256.h"

#include <openssl/evp.h>
#include <stdbool.h>
#include <stdlib.h>

struct csin_sha256_stream {
    EVP_MD_CTX *context;
    bool failed; /* libcrypto may refuse at any step, for want of memory */
};

struct csin_sha256_stream *csin_sha256_start(void)
{
    struct csin_sha256_stream *stream = calloc(1, sizeof *stream);
    if (!stream)
        return NULL;
    stream->context = EVP_MD_CTX_new();
    if (!stream->context || EVP_DigestInit_ex(stream->context, EVP_sha256(), NULL) != 1) {
        EVP_MD_CTX_free(stream->context);
        free(stream);
        return NULL;
    }
    return stream;
}

void csin_sha256_add(struct csin_sha256_stream *stream, const void *data, size_t bytes)
{
    if (stream && bytes > 0 && EVP_DigestUpdate(stream->context, data, bytes) != 1)
        stream->failed = true;
}

struct csin_sha256 csin_sha256_finish(struct csin_sha256_stream *stream)
{
    static const char digits[] = "0123456789abcdef";
    struct csin_sha256 digest = {{0}};
    unsigned char raw[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    if (!stream)
        return digest;
    if (!stream->failed && EVP_DigestFinal_ex(stream->context, raw, &n) == 1) {
        for (unsigned i = 0; i < n; i++) {
            digest.hex[2 * i] = digits[raw[i] >> 4];
            digest.hex[2 * i + 1] = digits[raw[i] & 15];
        }
    }
    EVP_MD_CTX_free(stream->context);
    free(stream);
    return digest;
}

struct csin_sha256 csin_sha256(const void *data, size_t bytes)
{
    struct csin_sha256_stream *stream = csin_sha256_start();
    csin_sha256_add(stream, data, bytes);
    return csin_sha256_finish(stream);
}
