/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Upgrades (plan/upgrade.h) for people and for programs. */
#ifndef CSIN_REPORTS_UPGRADE_REPORT_H
#define CSIN_REPORTS_UPGRADE_REPORT_H

#include <stdio.h>

#include "plan/upgrade.h"

void csin_upgrades_write_text(const struct csin_upgrades *upgrades, FILE *out); /* 80 columns */
void csin_upgrades_write_json(const struct csin_upgrades *upgrades, FILE *out);

#endif
