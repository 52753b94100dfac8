/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * UTF-8 (RFC 3629), one character at a time, whatever the locale. */
#ifndef CSIN_BASE_UTF8_H
#define CSIN_BASE_UTF8_H

#include <stddef.h>

/* Bytes (1..4) of the character at the start of the NUL-terminated text `s`; 0 where there is none:
 * at its end, in the middle of a character, at an overlong form, a surrogate or a number above
 * 0x10FFFF. */
static inline size_t csin_utf8_length(const char *s)
{
    const unsigned char *u = (const unsigned char *)s;
    unsigned char low = 0x80, high = 0xbf;
    size_t n;
    if (u[0] < 0x80)
        return u[0] != 0;
    if (u[0] < 0xc2 || u[0] > 0xf4)
        return 0;
    n = u[0] < 0xe0 ? 2 : u[0] < 0xf0 ? 3 : 4;
    /* RFC 3629, section 4: the second byte has a narrower range after these. */
    if (u[0] == 0xe0)
        low = 0xa0;
    else if (u[0] == 0xed)
        high = 0x9f;
    else if (u[0] == 0xf0)
        low = 0x90;
    else if (u[0] == 0xf4)
        high = 0x8f;
    if (u[1] < low || u[1] > high)
        return 0;
    for (size_t i = 2; i < n; i++)
        if ((u[i] & 0xc0) != 0x80)
            return 0;
    return n;
}

#endif
