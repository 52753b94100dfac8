/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What differs between two documents that csin wrote, or between two fabrics, and whether that is
 * worse. The documents are walked side by side: objects by key, arrays of objects by what names
 * their elements (jobs by name, arcs by their ends), numbers by the table of directions
 * (reports/compare_rules.c). A key that the table does not know goes by its unit: more seconds are
 * worse, more bytes per second are better. So what a later csin adds is compared as well.
 *
 *     base document --.
 *                      >-- csin_compare --> csin_comparison --> text, Markdown, JSON, JUnit XML
 *     new document  --'
 *
 * What compares with what, and which differences fail, is written down in docs/comparing.md. */
#ifndef CSIN_REPORTS_COMPARE_H
#define CSIN_REPORTS_COMPARE_H

#include "base/json_read.h"
#include "topo/cabling.h"

enum csin_trend { CSIN_WORSE, CSIN_BETTER, CSIN_CHANGED, CSIN_NEW, CSIN_GONE, CSIN_N_TRENDS };
extern const char *const csin_trend_names[]; /* "worse", ..; NULL at the end */

enum csin_dimension {
    CSIN_UNIT_NONE, /* a number */
    CSIN_UNIT_S,
    CSIN_UNIT_BPS,
    CSIN_UNIT_BYTES,
    CSIN_UNIT_FACTOR, /* 1.47x */
    CSIN_UNIT_SHARE,  /* 1 is 100 % */
    CSIN_UNIT_W,
    CSIN_UNIT_M,
    CSIN_UNIT_TEXT
};

/* One thing that differs. */
struct csin_difference {
    enum csin_trend trend;
    bool weighs;         /* decides between better and worse, rather than something to know */
    bool fails;          /* a regression */
    bool main;           /* what a person looks at first; the others say the same in other words */
    const char *noun;    /* "job", "step", "arc", "cable"; "run" of the document as a whole */
    const char *subject; /* "train", "spine1 > leaf1"; "" of the document as a whole */
    const char *metric;  /* its key, "effective.bytes"; NULL where the subject is new, gone, or told
                          * in words alone */
    enum csin_dimension unit;
    double was, is;                 /* NAN where they are no numbers */
    const char *was_text, *is_text; /* as they are shown */
    const char *words;              /* a sentence: why, or what; NULL where there is none */
};

struct csin_document_kind;

/* A document as it was read. */
struct csin_document {
    const char *path;
    const struct csin_document_kind *kind;
    const struct csin_json_value *top;
    struct csin_cabling cabling;
    bool has_cabling;
};

struct csin_tolerances {
    double share; /* 0.02: differences up to 2 % of what it was are noise */
    struct csin_tolerance {
        const char *metric; /* the key, or the last part of it */
        double share;
    } each[32];
    uint32_t n;
};

struct csin_comparison {
    const char *what, *name, *base, *now; /* "result"; of the scenario or fabric; files */
    struct csin_difference *provenance;   /* [n_provenance] named first */
    uint32_t n_provenance;
    struct csin_difference *list; /* [n] what fails first, then by trend, subject as in the file */
    uint32_t n, n_fails, n_compared; /* numbers and texts that were looked at */
    uint32_t n_of[CSIN_N_TRENDS];
    uint32_t n_better; /* of those that weigh */
};

/* Takes `text` for a document of csin (by its key 'schema') and reads it. Reports (CSIN-865) where
 * it is none. `path` is borrowed. */
enum csin_status csin_document_read(struct csin_arena *arena, struct csin_diag *diag,
                                    const char *path, const char *text, size_t bytes,
                                    struct csin_document *ret);
/* A fabric as a document: what csin topo --format json says of it, with its cabling. */
enum csin_status csin_document_of_fabric(struct csin_arena *arena, struct csin_diag *diag,
                                         const char *path, const struct csin_fabric *fabric,
                                         struct csin_document *ret);

/* Compares. Documents of different kinds are refused (CSIN-866), and so are those of different
 * scenarios (CSIN-867), the latter not with `anyway`. Everything in *ret belongs to `arena`.
 * O(values log values). */
enum csin_status csin_compare(const struct csin_document *base, const struct csin_document *now,
                              const struct csin_tolerances *tolerances, bool anyway,
                              struct csin_arena *arena, struct csin_diag *diag,
                              struct csin_comparison *ret);

struct csin_compare_writer {
    const char *name, *extension, *what;
    void (*write)(const struct csin_comparison *c, bool all, FILE *out);
};
extern const struct csin_compare_writer csin_compare_writers[]; /* ends with name NULL */

/* `all`: every difference, not only the main ones. */
void csin_compare_text(const struct csin_comparison *c, bool all, FILE *out);
void csin_compare_markdown(const struct csin_comparison *c, bool all, FILE *out);
void csin_compare_json(const struct csin_comparison *c, bool all, FILE *out); /* always all */
void csin_compare_junit(const struct csin_comparison *c, bool all, FILE *out);

/* "train slowdown 1.47x -> 1.61x (+9.8 %)", on one line, without a line feed. */
void csin_difference_words(const struct csin_difference *d, FILE *out);

/* A JUnit report of cases (tests/cli/junit.xsd). Text is escaped; characters that XML does not have
 * become U+FFFD. */
struct csin_junit_case {
    const char *classname, *name;
    double time_s;
    const char *failure; /* NULL: none */
    const char *error;   /* NULL: none */
};
void csin_junit_write(const char *suite, const struct csin_junit_case *cases, uint32_t n,
                      FILE *out);

#endif
