/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * SHA-256 (FIPS 180-4), by libcrypto. */
#ifndef CSIN_BASE_SHA256_H
#define CSIN_BASE_SHA256_H

#include <stddef.h>

struct csin_sha256 {
    char hex[65]; /* lower case, NUL at the end */
};

struct csin_sha256_stream;                          /* opaque; NULL-safe */
struct csin_sha256_stream *csin_sha256_start(void); /* NULL when there is no memory */
void csin_sha256_add(struct csin_sha256_stream *stream, const void *data, size_t bytes);
/* Gives the digest of all that was added and frees the stream. NULL gives an empty text. */
struct csin_sha256 csin_sha256_finish(struct csin_sha256_stream *stream);

/* The digest of one block; an empty text when there is no memory. */
struct csin_sha256 csin_sha256(const void *data, size_t bytes);

#endif
