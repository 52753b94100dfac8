/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Lines of ibnetdiscover's text into nodes and links. Every cable is normally told twice, once from
 * each side: each line is a claim, claims are sorted by their ends, and equal ones become a link.
 */
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "topo/ibnet_inside.h"

#define MAX_IB_PORTS 254u /* InfiniBand Architecture Specification, volume 1 */
#define SAY_MOST 5u       /* messages of one kind */

struct parser {
    struct ib_fabric *ib;
    const char *p, *end; /* what is left of the line */
    const char *start;   /* of the line */
    uint32_t line;
    size_t nodes_room, links_room;
    uint32_t node; /* whose ports are being listed; CSIN_NONE between records */
    struct {
        uint64_t guid, system;
        uint32_t device_id;
    } next;              /* what has been said of the next node */
    struct slice *peer;  /* [n_links] who a claim names at the other end */
    struct slice *about; /* [n_links] its description, where told */
    size_t peer_room, about_room;
    uint32_t *slots, n_slots; /* index of nodes by id: 1 + node, 0 empty */
    unsigned n_unknown, n_bad_rates, n_bad_lids;
    bool is_wrong; /* lines were: records may be missing for that reason */
};

void csin_ibnet_no_memory(struct ib_fabric *ib)
{
    ib->status = csin_first(ib->status, csin_no_memory(ib->diag));
}

static struct csin_loc here(const struct parser *p)
{
    return (struct csin_loc){p->ib->file, p->line, (uint32_t)(p->p - p->start) + 1};
}

static struct csin_loc at(const struct parser *p, const char *where)
{
    return (struct csin_loc){p->ib->file, p->line, (uint32_t)(where - p->start) + 1};
}

#define WRONG(parser, code, ...)                                                                   \
    ((parser)->ib->status = csin_first(                                                            \
         (parser)->ib->status,                                                                     \
         csin_error((parser)->ib->diag, CSIN_E_INPUT, code, here(parser), __VA_ARGS__)))

/* ---- words of a line ---- */

static void skip_blanks(struct parser *p)
{
    while (p->p < p->end && (*p->p == ' ' || *p->p == '\t'))
        p->p++;
}

static bool take(struct parser *p, char c)
{
    if (p->p == p->end || *p->p != c)
        return false;
    p->p++;
    return true;
}

static bool begins(const struct parser *p, const char *word)
{
    size_t n = strlen(word);
    return (size_t)(p->end - p->p) >= n && memcmp(p->p, word, n) == 0;
}

/* Digits, at most `max`. */
static bool take_number(struct parser *p, uint32_t max, uint32_t *ret)
{
    uint64_t n = 0;
    const char *from = p->p;
    for (; p->p < p->end && *p->p >= '0' && *p->p <= '9' && n <= max; p->p++)
        n = n * 10 + (uint64_t)(*p->p - '0');
    *ret = (uint32_t)n;
    return p->p > from && n <= max;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool take_hex(struct parser *p, uint64_t *ret)
{
    const char *from = p->p;
    uint64_t n = 0;
    for (; p->p < p->end && hex_digit(*p->p) >= 0; p->p++) {
        if (n >> 60)
            return false;
        n = n << 4 | (uint64_t)hex_digit(*p->p);
    }
    *ret = n;
    return p->p > from;
}

static bool take_quoted(struct parser *p, struct slice *ret)
{
    if (!take(p, '"'))
        return false;
    const char *close = memchr(p->p, '"', (size_t)(p->end - p->p));
    if (!close)
        return false;
    *ret = (struct slice){p->p, (uint32_t)(close - p->p)};
    p->p = close + 1;
    return true;
}

/* [7] */
static bool take_port(struct parser *p, uint32_t *ret)
{
    return take(p, '[') && take_number(p, MAX_IB_PORTS, ret) && *ret > 0 && take(p, ']');
}

/* (c42a10100000011), and what older versions put beside it: [ext 3]. */
static bool take_port_guid(struct parser *p, uint64_t *ret)
{
    for (;;) {
        if (begins(p, "[ext")) {
            const char *close = memchr(p->p, ']', (size_t)(p->end - p->p));
            if (!close)
                return false;
            p->p = close + 1;
        } else if (take(p, '(')) {
            if (begins(p, "0x"))
                p->p += 2;
            if (!take_hex(p, ret) || !take(p, ')'))
                return false;
        } else {
            return true;
        }
    }
}

/* ---- what stands behind a '#' ---- */

struct comment {
    struct slice description;
    uint32_t near_lid, lid; /* in front of the description, behind it */
    double rate_Bps;        /* 0: not told */
};

/* Data rates of one lane [Gb/s]: the signalling rate less 8b/10b or 64b/66b coding (InfiniBand
 * Architecture Specification, volume 2). */
static const struct {
    const char *name;
    double lane_Gbps;
} speeds[] = {{"SDR", 2},  {"DDR", 4},  {"QDR", 8},   {"FDR10", 10}, {"FDR", 14.0625 * 64 / 66},
              {"EDR", 25}, {"HDR", 50}, {"NDR", 100}, {"XDR", 200}};

static bool is_width(unsigned width)
{
    return width == 1 || width == 2 || width == 4 || width == 8 || width == 12;
}

/* 4xHDR; 0 for what is none. ret_wrong: it has the form of a rate and is none. */
static double rate_of(const char *word, size_t n, bool *ret_wrong)
{
    char text[16];
    unsigned width;
    int used = 0;
    if (n >= sizeof text)
        n = sizeof text - 1;
    memcpy(text, word, n);
    text[n] = 0;
    *ret_wrong = false;
    if (*text < '1' || *text > '9' || sscanf(text, "%2ux%n", &width, &used) != 1 || used == 0)
        return 0;
    *ret_wrong = !is_width(width);
    if (*ret_wrong)
        return 0;
    for (size_t i = 0; i < sizeof speeds / sizeof *speeds; i++)
        if (strcmp(text + used, speeds[i].name) == 0)
            return width * speeds[i].lane_Gbps * 125e6;
    *ret_wrong = true;
    return 0;
}

static void tell_lid(struct parser *parser, const char *from, uint32_t value)
{
    if (parser->n_bad_lids++ < SAY_MOST)
        csin_warning(parser->ib->diag, 633, at(parser, from),
                     "%u is no LID of a port: those are 1 to 49151", value);
}

static void tell_rate(struct parser *parser, const char *word, size_t n)
{
    if (parser->n_bad_rates++ >= SAY_MOST)
        return;
    csin_warning(parser->ib->diag, 632, at(parser, word),
                 "'%s' is no width and speed of a cable, such as 4xHDR", csin_brief(word, n).s);
    csin_note(parser->ib->diag, at(parser, word), "it is read as if no rate were told");
}

/* 'lid N' and a rate among the words from `p` to `end`. */
static void read_words(struct parser *parser, const char *p, const char *end, uint32_t *lid,
                       double *rate_Bps)
{
    while (p < end) {
        while (p < end && (*p == ' ' || *p == '\t'))
            p++;
        const char *word = p;
        while (p < end && *p != ' ' && *p != '\t')
            p++;
        size_t n = (size_t)(p - word);
        if (n == 3 && memcmp(word, "lid", 3) == 0) {
            uint32_t value = 0;
            while (p < end && (*p == ' ' || *p == '\t'))
                p++;
            const char *from = p;
            for (; p < end && *p >= '0' && *p <= '9' && value < 100000; p++)
                value = value * 10 + (uint32_t)(*p - '0');
            if (value <= 0xbfff) /* others are no unicast LIDs */
                *lid = value;
            else
                tell_lid(parser, from, value);
        } else if (n > 2 && rate_Bps && *rate_Bps == 0) {
            bool wrong;
            *rate_Bps = rate_of(word, n, &wrong);
            if (wrong)
                tell_rate(parser, word, n);
        }
    }
}

/* A description may itself hold quotes: it goes from the first to the last. */
static struct comment read_comment(struct parser *p)
{
    struct comment c = {.description = {"", 0}}; /* never NULL, for memchr and the like */
    const char *hash = memchr(p->p, '#', (size_t)(p->end - p->p));
    if (!hash)
        return c;
    const char *open = memchr(hash, '"', (size_t)(p->end - hash));
    const char *close = open ? memrchr(open, '"', (size_t)(p->end - open)) : NULL;
    if (!open || close == open) { /* none, or one that was never closed */
        read_words(p, hash + 1, p->end, &c.lid, &c.rate_Bps);
        return c;
    }
    c.description = (struct slice){open + 1, (uint32_t)(close - open - 1)};
    read_words(p, hash + 1, open, &c.near_lid, NULL);
    read_words(p, close + 1, p->end, &c.lid, &c.rate_Bps);
    return c;
}

/* ---- records ---- */

static uint32_t hash_id(struct slice id)
{
    uint64_t h = 0xcbf29ce484222325u; /* FNV-1a */
    for (uint32_t i = 0; i < id.n; i++)
        h = (h ^ (unsigned char)id.s[i]) * 0x100000001b3u;
    return (uint32_t)(h ^ (h >> 32));
}

/* The slot where a node is, or would go. */
static uint32_t *slot_of(const struct parser *p, struct slice id)
{
    uint32_t slot = hash_id(id) & (p->n_slots - 1);
    for (;; slot = (slot + 1) & (p->n_slots - 1)) {
        if (!p->slots[slot])
            return &p->slots[slot];
        const struct ib_node *node = &p->ib->nodes[p->slots[slot] - 1];
        if (node->id.n == id.n && memcmp(node->id.s, id.s, id.n) == 0)
            return &p->slots[slot];
    }
}

/* S-0c42a10000001001; 0 for other ids, which ibsim allows. */
static uint64_t guid_of(struct slice id)
{
    uint64_t guid = 0;
    if (id.n != 18 || id.s[1] != '-')
        return 0;
    for (uint32_t i = 2; i < 18; i++) {
        if (hex_digit(id.s[i]) < 0)
            return 0;
        guid = guid << 4 | (uint64_t)hex_digit(id.s[i]);
    }
    return guid;
}

static uint32_t add_node(struct parser *p, const struct ib_node *node)
{
    struct ib_fabric *ib = p->ib;
    if (!csin_grow(&ib->nodes, &p->nodes_room, ib->n_nodes + 1, sizeof *ib->nodes)) {
        csin_ibnet_no_memory(ib);
        return CSIN_NONE;
    }
    ib->nodes[ib->n_nodes] = *node;
    return ib->n_nodes++;
}

/* Switch 40 "S-0c42a10000001001"   # "leaf01" enhanced port 0 lid 3 lmc 0 */
static void read_record(struct parser *p, enum ib_kind kind)
{
    struct ib_node node = {.kind = kind, .line = p->line, .has_record = true, .zone = CSIN_NONE};
    p->node = CSIN_NONE;
    while (p->p < p->end && *p->p != ' ' && *p->p != '\t')
        p->p++;
    skip_blanks(p);
    if (!take_number(p, MAX_IB_PORTS + 1, &node.n_ports)) {
        WRONG(p, 621, "the number of ports is missing, or above %u", MAX_IB_PORTS);
        return;
    }
    skip_blanks(p);
    if (!take_quoted(p, &node.id) || node.id.n == 0) {
        WRONG(p, 621, "the id of the node is missing");
        csin_note(p->ib->diag, here(p), "it reads \"S-0c42a10000001001\": S or H, and the GUID");
        return;
    }
    struct comment comment = read_comment(p);
    node.description = comment.description;
    node.lid = comment.lid;
    node.guid = guid_of(node.id);
    if (!node.guid)
        node.guid = p->next.guid;
    node.system = p->next.system;
    node.device_id = p->next.device_id;
    memset(&p->next, 0, sizeof p->next);
    p->node = add_node(p, &node);
}

/* [21] "S-0c42a10000002001"[1]   # "spine01" lid 4 4xHDR */
static void read_port(struct parser *p)
{
    struct ib_fabric *ib = p->ib;
    struct ib_link link = {.line = p->line};
    struct slice peer;
    const char *whole = p->p;
    if (p->node == CSIN_NONE) {
        if (p->n_unknown++ < SAY_MOST && ib->status == CSIN_OK)
            WRONG(p, 623, "a port stands here that belongs to no node");
        ib->status = csin_first(ib->status, CSIN_E_INPUT);
        return;
    }
    const struct ib_node *node = &ib->nodes[p->node];
    if (!take_port(p, &link.port[0]) || !take_port_guid(p, &link.guid[0])) {
        WRONG(p, 621, "'%s' is not a port",
              csin_brief(whole, (size_t)(p->end - whole) < 12 ? (size_t)(p->end - whole) : 12).s);
        csin_note(ib->diag, here(p), "it reads [1] or [1](c42a10100000011)");
        return;
    }
    if (link.port[0] > node->n_ports) {
        WRONG(p, 623, "the node has %u port%s; there is no port %u", node->n_ports,
              node->n_ports == 1 ? "" : "s", link.port[0]);
        csin_note(ib->diag, csin_ibnet_loc(ib, node->line), "the node is here");
        return;
    }
    skip_blanks(p);
    if (p->p == p->end || *p->p == '#')
        return; /* nothing is plugged in */
    if (!take_quoted(p, &peer) || peer.n == 0 || !take_port(p, &link.port[1]) ||
        !take_port_guid(p, &link.guid[1])) {
        WRONG(p, 621, "the other end of the cable is missing");
        csin_note(ib->diag, here(p), "it reads \"S-0c42a10000001001\"[1]");
        return;
    }
    struct comment comment = read_comment(p);
    link.rate_Bps = comment.rate_Bps;
    link.lid[0] = comment.near_lid;
    link.lid[1] = comment.lid;
    link.node[0] = p->node;
    if (!csin_grow(&ib->links, &p->links_room, ib->n_links + 1, sizeof *ib->links) ||
        !csin_grow(&p->peer, &p->peer_room, ib->n_links + 1, sizeof *p->peer) ||
        !csin_grow(&p->about, &p->about_room, ib->n_links + 1, sizeof *p->about)) {
        csin_ibnet_no_memory(ib);
        return;
    }
    p->peer[ib->n_links] = peer;
    p->about[ib->n_links] = comment.description;
    ib->links[ib->n_links++] = link;
}

/* sysimgguid=0xc42a10100000010 */
static bool read_attribute(struct parser *p)
{
    static const struct {
        const char *name;
        unsigned what;
    } names[] = {{"vendid=", 0}, {"devid=", 1},  {"sysimgguid=", 2}, {"switchguid=", 3},
                 {"caguid=", 3}, {"rtguid=", 3}, {"nodeguid=", 3}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        uint64_t value;
        if (!begins(p, names[i].name))
            continue;
        p->p += strlen(names[i].name);
        if (begins(p, "0x"))
            p->p += 2;
        if (!take_hex(p, &value)) {
            WRONG(p, 621, "a hexadecimal number of 1 to 16 digits is missing behind '%s'",
                  names[i].name);
            return true;
        }
        p->node = CSIN_NONE;
        if (names[i].what == 1)
            p->next.device_id = (uint32_t)value;
        else if (names[i].what == 2)
            p->next.system = value;
        else if (names[i].what == 3)
            p->next.guid = value;
        return true;
    }
    return false;
}

static bool is_word(const struct parser *p, const char *word)
{
    size_t n = strlen(word);
    return begins(p, word) && p->p + n < p->end && (p->p[n] == ' ' || p->p[n] == '\t');
}

/* Headings of ibnetdiscover -g, and warnings of the tools that got into the file. */
static bool is_aside(const struct parser *p)
{
    static const char *const words[] = {"Chassis", "Non-Chassis", "ibwarn:", "ibpanic:", "src/"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (begins(p, words[i]))
            return true;
    return false;
}

static void read_line(struct parser *p)
{
    skip_blanks(p);
    if (p->p == p->end) {
        p->node = CSIN_NONE; /* a blank line ends a record */
        return;
    }
    if (*p->p == '#' || is_aside(p) || read_attribute(p))
        return;
    if (*p->p == '[')
        read_port(p);
    else if (is_word(p, "Switch"))
        read_record(p, IB_SWITCH);
    else if (is_word(p, "Ca") || is_word(p, "Hca"))
        read_record(p, IB_ADAPTER);
    else if (is_word(p, "Rt") || is_word(p, "Router"))
        read_record(p, IB_ROUTER);
    else if (p->n_unknown++ < SAY_MOST) {
        size_t n = (size_t)(p->end - p->p);
        WRONG(p, 620, "'%s' is no line of ibnetdiscover", csin_brief(p->p, n).s);
        if (p->n_unknown == 1)
            csin_note(p->ib->diag, here(p),
                      "lines begin with Switch, Ca, Rt, [port], switchguid= and the like, or '#'; "
                      "'ibnetdiscover > FILE' makes such a file");
    }
}

static void read_lines(struct parser *p, const char *text, size_t bytes)
{
    const char *end = text + bytes;
    p->node = CSIN_NONE;
    for (const char *next = text; next < end && p->ib->status != CSIN_E_FAILED;) {
        const char *feed = memchr(next, '\n', (size_t)(end - next));
        p->line++;
        p->start = p->p = next;
        p->end = feed ? feed : end;
        next = p->end + 1;
        if (p->end > p->p && p->end[-1] == '\r')
            p->end--;
        unsigned errors = p->ib->diag ? csin_diag_errors(p->ib->diag) : 0;
        read_line(p);
        if (!feed && p->ib->diag && csin_diag_errors(p->ib->diag) > errors)
            csin_note(p->ib->diag, here(p), "the file ends here; it may be cut off");
    }
    if (p->n_unknown > SAY_MOST)
        csin_note(p->ib->diag, csin_ibnet_loc(p->ib, 0), "%u lines more are wrong",
                  p->n_unknown - SAY_MOST);
    if (p->n_bad_rates > SAY_MOST)
        csin_note(p->ib->diag, csin_ibnet_loc(p->ib, 0), "so are %u rates more",
                  p->n_bad_rates - SAY_MOST);
    if (p->n_bad_lids > SAY_MOST)
        csin_note(p->ib->diag, csin_ibnet_loc(p->ib, 0), "so are %u LIDs more",
                  p->n_bad_lids - SAY_MOST);
}

/* ---- links ---- */

/* Ports of a second record of a node are taken for those of the first, so that nothing more is told
 * of them than that. */
static void join_records(struct ib_fabric *ib, const uint32_t *first)
{
    for (uint32_t i = 0; i < ib->n_links; i++)
        ib->links[i].node[0] = first[ib->links[i].node[0]];
}

static void index_nodes(struct parser *p)
{
    struct ib_fabric *ib = p->ib;
    uint32_t *first = malloc((ib->n_nodes + 1u) * sizeof *first);
    unsigned n_twice = 0;
    p->n_slots = 16;
    while (p->n_slots / 2 < ib->n_nodes + ib->n_links)
        p->n_slots *= 2;
    p->slots = calloc(p->n_slots, sizeof *p->slots);
    if (!p->slots || !first) {
        csin_ibnet_no_memory(ib);
        free(first);
        return;
    }
    for (uint32_t i = 0; i < ib->n_nodes; i++) {
        uint32_t *slot = slot_of(p, ib->nodes[i].id);
        first[i] = *slot ? *slot - 1 : i;
        if (!*slot) {
            *slot = i + 1;
            continue;
        }
        ib->nodes[i].guid = ib->nodes[i].lid = 0; /* those of the first */
        n_twice++;
        ib->status = csin_error(ib->diag, CSIN_E_INPUT, 622, csin_ibnet_loc(ib, ib->nodes[i].line),
                                "the node \"%s\" is there twice",
                                csin_brief(ib->nodes[i].id.s, ib->nodes[i].id.n).s);
        csin_note(ib->diag, csin_ibnet_loc(ib, ib->nodes[*slot - 1].line), "it is here first");
    }
    if (n_twice)
        join_records(ib, first);
    free(first);
}

/* The node at the other end of a claim; one without a record is made from what the claim says. */
static uint32_t find_peer(struct parser *p, uint32_t claim, unsigned *n_made)
{
    struct ib_fabric *ib = p->ib;
    const struct ib_link *link = &ib->links[claim];
    struct slice id = p->peer[claim];
    uint32_t *slot = slot_of(p, id);
    if (*slot)
        return *slot - 1;
    bool to_switch = id.n > 1 && id.s[1] == '-' ? *id.s == 'S'
                                                : ib->nodes[link->node[0]].kind == IB_ADAPTER;
    bool to_router = id.n > 1 && id.s[1] == '-' && *id.s == 'R';
    struct ib_node node = {.kind = to_switch   ? IB_SWITCH
                                   : to_router ? IB_ROUTER
                                               : IB_ADAPTER,
                           .id = id,
                           .description = p->about[claim],
                           .guid = guid_of(id),
                           .lid = to_switch ? link->lid[1] : 0,
                           .line = link->line,
                           .zone = CSIN_NONE};
    if (!p->is_wrong && (*n_made)++ < SAY_MOST)
        csin_warning(ib->diag, 626, csin_ibnet_loc(ib, link->line),
                     "\"%s\" has no record of its own; the file may be cut off",
                     csin_brief(id.s, id.n).s);
    uint32_t made = add_node(p, &node);
    if (made != CSIN_NONE)
        *slot = made + 1;
    return made;
}

static void swap_ends(struct ib_link *l)
{
    struct ib_link o = *l;
    for (unsigned e = 0; e < 2; e++) {
        l->node[e] = o.node[!e];
        l->port[e] = o.port[!e];
        l->guid[e] = o.guid[!e];
        l->lid[e] = o.lid[!e];
    }
}

static void find_peers(struct parser *p)
{
    struct ib_fabric *ib = p->ib;
    unsigned n_made = 0;
    for (uint32_t i = 0; i < ib->n_links && ib->status != CSIN_E_FAILED; i++) {
        uint32_t peer = find_peer(p, i, &n_made);
        struct ib_link *l = &ib->links[i];
        if (peer == CSIN_NONE)
            return;
        l->node[1] = peer;
        struct ib_node *node = &ib->nodes[peer];
        if (!node->has_record && l->port[1] > node->n_ports)
            node->n_ports = l->port[1];
        if (node->has_record && l->port[1] > node->n_ports) {
            ib->status = csin_error(ib->diag, CSIN_E_INPUT, 623, csin_ibnet_loc(ib, l->line),
                                    "\"%s\" has %u port%s; there is no port %u",
                                    csin_brief(node->id.s, node->id.n).s, node->n_ports,
                                    node->n_ports == 1 ? "" : "s", l->port[1]);
            csin_note(ib->diag, csin_ibnet_loc(ib, node->line), "the node is here");
        }
        if (l->node[0] > l->node[1] || (l->node[0] == l->node[1] && l->port[0] > l->port[1]))
            swap_ends(l);
    }
    if (n_made > SAY_MOST)
        csin_note(ib->diag, csin_ibnet_loc(ib, 0), "so have %u nodes more", n_made - SAY_MOST);
}

static int by_ends(const void *left, const void *right)
{
    const struct ib_link *x = left, *y = right;
    const uint32_t a[] = {x->node[0], x->port[0], x->node[1], x->port[1], x->line};
    const uint32_t b[] = {y->node[0], y->port[0], y->node[1], y->port[1], y->line};
    for (unsigned i = 0; i < 5; i++)
        if (a[i] != b[i])
            return a[i] < b[i] ? -1 : 1;
    return 0;
}

static bool same_ends(const struct ib_link *x, const struct ib_link *y)
{
    return x->node[0] == y->node[0] && x->port[0] == y->port[0] && x->node[1] == y->node[1] &&
           x->port[1] == y->port[1];
}

/* Two claims of one cable; where they differ in its rate, the slower is what both can do. */
static void merge_claims(struct ib_fabric *ib, struct ib_link *kept, const struct ib_link *other)
{
    if (kept->rate_Bps > 0 && other->rate_Bps > 0 && kept->rate_Bps != other->rate_Bps) {
        csin_warning(ib->diag, 624, csin_ibnet_loc(ib, other->line),
                     "this cable runs at %s seen from here and at %s from the other end",
                     csin_show_linerate(other->rate_Bps).s, csin_show_linerate(kept->rate_Bps).s);
        csin_note(ib->diag, csin_ibnet_loc(ib, kept->line), "the other end is here");
    }
    if (kept->rate_Bps == 0 || (other->rate_Bps > 0 && other->rate_Bps < kept->rate_Bps))
        kept->rate_Bps = other->rate_Bps;
    for (unsigned e = 0; e < 2; e++) {
        kept->guid[e] = kept->guid[e] ? kept->guid[e] : other->guid[e];
        kept->lid[e] = kept->lid[e] ? kept->lid[e] : other->lid[e];
    }
    kept->two_sided = true;
}

static void merge_links(struct ib_fabric *ib)
{
    uint32_t kept = 0;
    if (ib->n_links)
        qsort(ib->links, ib->n_links, sizeof *ib->links, by_ends);
    for (uint32_t i = 0; i < ib->n_links; i++) {
        if (kept && same_ends(&ib->links[kept - 1], &ib->links[i]))
            merge_claims(ib, &ib->links[kept - 1], &ib->links[i]);
        else
            ib->links[kept++] = ib->links[i];
    }
    ib->n_links = kept;
}

/* A port and one of the cables that are said to be in it. */
struct use {
    uint32_t node, port, link, line;
    bool two_sided;
};

/* The cable that stays in a port is first: one that both ends tell of, or the one told first. */
static int by_port(const void *left, const void *right)
{
    const struct use *x = left, *y = right;
    if (x->node != y->node)
        return x->node < y->node ? -1 : 1;
    if (x->port != y->port)
        return x->port < y->port ? -1 : 1;
    if (x->two_sided != y->two_sided)
        return x->two_sided ? -1 : 1;
    return (x->line > y->line) - (x->line < y->line);
}

/* Leaves out cables that are said to be in a port that has another one: the two sides disagree, as
 * they do when a cable is moved while ibnetdiscover runs. */
static void leave_out_conflicts(struct ib_fabric *ib)
{
    struct use *uses = malloc((2u * ib->n_links + 1) * sizeof *uses);
    unsigned n_said = 0;
    if (!uses) {
        csin_ibnet_no_memory(ib);
        return;
    }
    for (uint32_t i = 0; i < 2 * ib->n_links; i++) {
        const struct ib_link *l = &ib->links[i / 2];
        uses[i] = (struct use){l->node[i % 2], l->port[i % 2], i / 2, l->line, l->two_sided};
    }
    qsort(uses, 2u * ib->n_links, sizeof *uses, by_port);
    for (uint32_t i = 1, first = 0; i < 2 * ib->n_links; i++) {
        if (uses[i].node != uses[first].node || uses[i].port != uses[first].port ||
            ib->links[uses[first].link].is_left_out) {
            first = i;
            continue;
        }
        struct ib_link *l = &ib->links[uses[i].link];
        if (l->is_left_out || uses[i].link == uses[first].link)
            continue;
        l->is_left_out = true;
        if (n_said++ >= SAY_MOST)
            continue;
        csin_warning(ib->diag, 624, csin_ibnet_loc(ib, l->line),
                     "port %u of \"%s\" is said to have another cable; this one is left out",
                     uses[i].port, csin_brief(ib->nodes[uses[i].node].id.s, 18).s);
        csin_note(ib->diag, csin_ibnet_loc(ib, uses[first].line), "the other one is here");
    }
    if (n_said > SAY_MOST)
        csin_note(ib->diag, csin_ibnet_loc(ib, 0), "so are %u cables more", n_said - SAY_MOST);
    free(uses);
}

/* Why csin has no use for a cable; NULL where it has. */
static const char *useless(const struct ib_fabric *ib, const struct ib_link *l)
{
    enum ib_kind a = ib->nodes[l->node[0]].kind, b = ib->nodes[l->node[1]].kind;
    if (l->node[0] == l->node[1])
        return "goes from a node to itself";
    if (a == IB_ROUTER || b == IB_ROUTER)
        return "goes to a router";
    return a == IB_ADAPTER && b == IB_ADAPTER ? "joins two hosts without a switch" : NULL;
}

static void look_at_links(struct ib_fabric *ib)
{
    unsigned n_left_out = 0, n_one_sided = 0;
    for (uint32_t i = 0; i < ib->n_links; i++) {
        struct ib_link *l = &ib->links[i];
        const char *why = l->is_left_out ? NULL : useless(ib, l);
        if (why && n_left_out++ < SAY_MOST)
            csin_warning(ib->diag, 628, csin_ibnet_loc(ib, l->line),
                         "this cable %s and is left out", why);
        l->is_left_out = l->is_left_out || why;
        if (ib->status != CSIN_OK || l->is_left_out || l->two_sided ||
            !ib->nodes[l->node[0]].has_record || !ib->nodes[l->node[1]].has_record)
            continue;
        if (n_one_sided++ < SAY_MOST)
            csin_warning(ib->diag, 625, csin_ibnet_loc(ib, l->line),
                         "this cable is told of from one of its ends only");
    }
    if (n_left_out > SAY_MOST)
        csin_note(ib->diag, csin_ibnet_loc(ib, 0), "%u cables more are left out",
                  n_left_out - SAY_MOST);
    if (n_one_sided > SAY_MOST)
        csin_note(ib->diag, csin_ibnet_loc(ib, 0), "so are %u cables more", n_one_sided - SAY_MOST);
}

void csin_ibnet_parse(struct ib_fabric *ib, const char *text, size_t bytes)
{
    struct parser p = {.ib = ib};
    if (bytes >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3;
        bytes -= 3;
    }
    read_lines(&p, text, bytes);
    p.is_wrong = ib->status != CSIN_OK;
    /* What can be read is looked at even so: one run tells all. */
    if (ib->status != CSIN_E_FAILED)
        index_nodes(&p);
    if (ib->status != CSIN_E_FAILED)
        find_peers(&p);
    if (ib->status != CSIN_E_FAILED) {
        merge_links(ib);
        leave_out_conflicts(ib);
    }
    if (ib->status != CSIN_E_FAILED)
        look_at_links(ib);
    if (ib->status != CSIN_E_FAILED)
        csin_ibnet_check(ib);
    free(p.peer);
    free(p.about);
    free(p.slots);
}

bool csin_ibnet_is(const char *text, size_t bytes)
{
    static const char *const words[] = {"vendid=",  "devid=",  "sysimgguid=", "switchguid=",
                                        "caguid=",  "rtguid=", "nodeguid=",   "Non-Chassis Nodes",
                                        "Chassis ", "ibwarn:"};
    static const char heading[] = "# Topology file: generated";
    struct parser p = {.start = text, .p = text, .end = text + bytes};
    if (bytes >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        p.p += 3;
    while (p.p < p.end) {
        skip_blanks(&p);
        if (begins(&p, heading))
            return true;
        if (p.p < p.end && !strchr("#\r\n", *p.p))
            break;
        const char *feed = memchr(p.p, '\n', (size_t)(p.end - p.p));
        p.p = feed ? feed + 1 : p.end;
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (begins(&p, words[i]))
            return true;
    return is_word(&p, "Switch") || is_word(&p, "Ca") || is_word(&p, "Hca") || is_word(&p, "Rt");
}
