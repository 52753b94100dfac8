/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files of the comparison share. */
#ifndef CSIN_REPORTS_COMPARE_INSIDE_H
#define CSIN_REPORTS_COMPARE_INSIDE_H

#include "reports/compare.h"

struct csin_document_kind {
    const char *schema, *what; /* "csin-result-1", "result" */
    const char *name_key;      /* whose values must agree */
    const char *const *inputs; /* keys at the top that say where it came from */
    bool cables_fail;          /* a lost cable is itself a regression */
};

/* Which way is worse, and how large a difference is small. */
struct csin_metric_rule {
    const char *noun; /* NULL: of any */
    const char *key;
    int better; /* 1: more is better, -1: more is worse, 0: neither */
    enum csin_dimension unit;
    bool main;
};

/* What the elements of an array are, and what names them. */
struct csin_array_rule {
    const char *key, *noun;
    const char *names[4]; /* keys of each element that name it; none: its number */
    const char *between;  /* what stands between the names */
    bool fails, new_fails, gone_fails;
    bool skip;                 /* told in another way, or follows from the rest */
    const char *first_between; /* between the first two; NULL: as between the others */
};

/* Never NULL: what the table does not know goes by the end of its key. */
struct csin_metric_rule csin_metric_rule(const char *noun, const char *key);
/* NULL where the table does not know it. */
const struct csin_array_rule *csin_array_rule(const char *key);
/* Keys that say nothing of their own. */
bool csin_compare_skips(const char *key);

struct csin_compare_walk {
    struct csin_arena *arena;
    const struct csin_tolerances *tolerances;
    double makespan_s; /* of the base: what seconds of an arc are small beside; 0: none */
    bool cables_fail;
    struct csin_difference *list; /* malloc'ed */
    size_t n, room;
    uint32_t n_compared;
    bool no_memory;
};

/* Adds a copy. */
void csin_compare_add(struct csin_compare_walk *walk, const struct csin_difference *d);

/* Where one is: of whom the values speak. */
struct csin_compare_place {
    const char *noun, *subject, *path; /* path: of keys below the subject, "" or "effective." */
    bool fails;
};

/* Compares two values under `key`; either may be NULL: it is not there. */
void csin_compare_values(struct csin_compare_walk *walk, const struct csin_compare_place *place,
                         const char *key, const struct csin_json_value *was,
                         const struct csin_json_value *is);
/* The keys of two objects. */
void csin_compare_objects(struct csin_compare_walk *walk, const struct csin_compare_place *place,
                          const struct csin_json_value *was, const struct csin_json_value *is);
/* Names of the elements of an array, each once: [n], in the arena; NULL without memory. */
const char **csin_compare_names(struct csin_arena *arena, const struct csin_array_rule *rule,
                                const struct csin_json_value *array);

/* Cables that are others. ret_changes: for csin_compare_reasons. */
void csin_compare_cabling(struct csin_compare_walk *walk, const struct csin_document *base,
                          const struct csin_document *now, struct csin_cabling_change **ret_changes,
                          uint32_t *ret_n);
/* Says of jobs and streams that got worse which arc holds them back, and whose routes are others;
 * and that a slowdown that grew because it is faster alone is no regression. */
void csin_compare_reasons(struct csin_compare_walk *walk, const struct csin_document *base,
                          const struct csin_document *now,
                          const struct csin_cabling_change *changes, uint32_t n_changes);

/* A value as it is shown; longer where `exact`. */
struct csin_shown_value {
    char s[120];
};
struct csin_shown_value csin_show_value(enum csin_dimension unit, double x, bool exact);
/* "+9.8 %", "x12", or nothing where it cannot be told. */
struct csin_shown_value csin_show_change(const struct csin_difference *d);

/* What stands together in a report. */
enum csin_section {
    CSIN_SECTION_FABRIC,
    CSIN_SECTION_REGRESSION,
    CSIN_SECTION_WORSE,
    CSIN_SECTION_BETTER,
    CSIN_SECTION_CHANGED,
    CSIN_SECTION_NEW,
    CSIN_SECTION_GONE,
    CSIN_N_SECTIONS
};
enum csin_section csin_section_of(const struct csin_difference *d);
extern const char *const csin_section_titles[];
/* "worse", "better", "changed" or "same". */
const char *csin_comparison_verdict(const struct csin_comparison *c);
/* "leaf07 - spine03: cable is now down; train 1.47x -> 1.61x, because ..": the first changed cable
 * and the first job or stream that it may have slowed; NULL where there is no such pair, malloc'ed.
 */
char *csin_comparison_headline(const struct csin_comparison *c);
/* "fabric sha256: 3f2a91bc0d11.. -> 98.." without a line feed. */
void csin_write_provenance(const struct csin_difference *d, FILE *out);

#endif
