/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "topo/stray.h"

#include <stdio.h>
#include <string.h>

#include "base/units.h"

enum { FIRST_LINES = 8 };

static bool begins(const char *text, const char *word)
{
    return strncmp(text, word, strlen(word)) == 0;
}

/* SW     1  3 0x0c42a10000001001 4x HDR - CA     5  1 0x... ( 'leaf01' - 'node0001 mlx5_0' ) */
static bool is_port_line(const char *line)
{
    unsigned lid, port;
    int used = 0;
    char kind[4], guid[4];
    return (begins(line, "SW ") || begins(line, "CA ") || begins(line, "RT ")) &&
           sscanf(line, "%3s %9u %9u %2s%n", kind, &lid, &port, guid, &used) == 4 && used &&
           strcmp(guid, "0x") == 0;
}

/* { "schema": "csin-topo-1", .. */
static bool is_json(const char *text)
{
    static const char blanks[] = " \t\r\n";
    text += strspn(text, blanks);
    if (*text++ != '{')
        return false;
    text += strspn(text, blanks);
    if (!begins(text, "\"schema\""))
        return false;
    text += strlen("\"schema\"");
    text += strspn(text, ": \t\r\n");
    return begins(text, "\"csin-");
}

enum csin_stray csin_stray_kind(const char *text)
{
    const char *line = text;
    if (is_json(text))
        return CSIN_STRAY_JSON;
    for (unsigned i = 0; line && i < FIRST_LINES; i++) {
        if (begins(line, "Unicast lids "))
            return CSIN_STRAY_TABLES;
        if (is_port_line(line))
            return CSIN_STRAY_PORTS;
        line = strchr(line, '\n');
        if (line)
            line++;
    }
    return CSIN_NOT_STRAY;
}

enum csin_status csin_stray_refuse(struct csin_diag *diag, const char *file, const char *text)
{
    struct csin_loc loc = {file, 1, 1};
    switch (csin_stray_kind(text)) {
    case CSIN_STRAY_TABLES:
        csin_error(diag, CSIN_E_INPUT, 636, loc, "these are forwarding tables, not a fabric");
        csin_note(diag, loc, "csin topo FABRIC --routing lft:%s reads them with their fabric",
                  csin_brief(file, SIZE_MAX).s);
        return CSIN_E_INPUT;
    case CSIN_STRAY_PORTS:
        csin_error(diag, CSIN_E_INPUT, 637, loc,
                   "this is the list of ports that ibnetdiscover -p prints");
        csin_note(diag, loc, "run it without -p: ibnetdiscover > FILE");
        return CSIN_E_INPUT;
    case CSIN_STRAY_JSON:
        csin_error(diag, CSIN_E_INPUT, 638, loc,
                   "this is JSON that csin wrote, which it does not read");
        csin_note(diag, loc, "csin topo --format yaml writes a fabric that reads back");
        return CSIN_E_INPUT;
    case CSIN_NOT_STRAY:
        break;
    }
    return CSIN_OK;
}
