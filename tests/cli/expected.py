#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The scenarios that ship give the results that ship with them.

    tests/cli/expected.py CSIN ROOT [NAME...]      UPDATE=1 rewrites what is in scenarios/NAME

The result of scenario.yaml is in expected.json; a variant beside it, such as isolated.yaml, has expected-isolated.json.

expected.json is the JSON result of csin sim without what may change although the numbers do not:
- provenance.csin, the version;
- provenance.engine_settings, which names the version of SimGrid: another one has to give the same numbers;
- the SHA-256 of the inputs, which a comment changes; they are compared with the files instead.

Numbers have to agree to TOLERANCE, whole ones and all else exactly. A result of more than LARGE_BYTES, such as
the flagship's, is cut down to stay readable in a review: of its arcs the WORST are kept, longest congested
first, and sums over all of them ("arcs_in_all"), and of more than WORST resources inside hosts the sums alone ("inside_in_all").
"""
import hashlib
import json
import math
import os
import subprocess
import sys
import time
from pathlib import Path

CSIN, ROOT = os.path.abspath(sys.argv[1]), Path(sys.argv[2]).resolve()
TOLERANCE = 1e-9
LARGE_BYTES, WORST = 200_000, 50


def simulate(path):
    done = subprocess.run([CSIN, "sim", "--no-cache", "-f", "json", path], capture_output=True, check=False, timeout=1200)
    if done.returncode != 0 or done.stderr:
        raise RuntimeError(f"exit {done.returncode}\n{done.stderr.decode()}")
    return done.stdout


def name_of(arc):
    return arc["from"], arc["to"], arc["from_port"]


def cut_down(result):
    arcs = result.pop("arcs")
    result["arcs_in_all"] = {"arcs": len(arcs), **{key: math.fsum(arc[key] for arc in arcs) for key in (
        "bytes", "utilisation_mean", "utilisation_peak", "saturated_s", "congested_s")}}
    result["worst_arcs"] = sorted(arcs, key=lambda arc: (-arc["congested_s"], -arc["utilisation_mean"], name_of(arc)))[:WORST]
    return arcs


def cut_insides(result):
    inside = result.pop("inside")
    result["inside_in_all"] = {"resources": len(inside), **{key: math.fsum(it[key] for it in inside) for key in (
        "bytes", "utilisation_mean", "utilisation_peak", "saturated_s")}}


def kept(text):
    """What is compared, the arcs of the result, and the digests of its inputs."""
    result = json.loads(text)
    del result["provenance"]["csin"], result["provenance"]["engine_settings"]
    digests = [entry.pop("sha256") for entry in result["provenance"]["inputs"]]
    if len(result.get("inside", ())) > WORST:
        cut_insides(result)
    arcs = cut_down(result) if len(text) > LARGE_BYTES else result["arcs"]
    return result, arcs, digests


def compare(want, got, path=""):
    """Yields what differs."""
    if isinstance(want, dict) and isinstance(got, dict):
        if list(want) != list(got):
            yield f"{path}: the keys are {', '.join(got)}, not {', '.join(want)}"
        for key in want.keys() & got.keys():
            yield from compare(want[key], got[key], f"{path}.{key}" if path else key)
    elif isinstance(want, list) and isinstance(got, list):
        if len(want) != len(got):
            yield f"{path}: {len(got)} items, not {len(want)}"
        for i, (one, other) in enumerate(zip(want, got)):
            yield from compare(one, other, f"{path}[{i}]")
    elif isinstance(want, float) or isinstance(got, float):
        if not all(isinstance(x, (int, float)) for x in (want, got)) or not math.isclose(want, got, rel_tol=TOLERANCE):
            yield f"{path}: {got!r}, not {want!r}"
    elif want != got or type(want) is not type(got):
        yield f"{path}: {got!r}, not {want!r}"


def digests_of(scenario, result):
    fabric = result["provenance"]["inputs"][1]["name"]
    file = scenario.parent / fabric
    return [hashlib.sha256(scenario.read_bytes()).hexdigest(),
            hashlib.sha256(file.read_bytes() if file.exists() else fabric.encode()).hexdigest()]


def dump(result):
    """One line for each job, stream and arc."""
    def value(x):
        if isinstance(x, list) and x:
            return "[\n" + ",\n".join("    " + json.dumps(item) for item in x) + "\n  ]"
        return json.dumps(x)
    return "{\n" + ",\n".join(f"  {json.dumps(key)}: {value(x)}" for key, x in result.items()) + "\n}\n"


def wrong(scenario):
    variant = "" if scenario.stem == "scenario" else f"-{scenario.stem}"
    path = scenario.parent / f"expected{variant}.json"
    begun = time.monotonic()
    got, arcs, digests = kept(simulate(scenario))
    print(f"{name_of_scenario(scenario)}: {time.monotonic() - begun:.1f} s")
    if digests != digests_of(scenario, got):
        return "the SHA-256 of its inputs"
    want = json.loads(path.read_text(encoding="ascii")) if path.exists() else {}
    if "worst_arcs" in want and "worst_arcs" in got:
        # Those that were worst then: rounding may change the order of equals.
        by_name = {name_of(arc): arc for arc in arcs}
        got = {**got, "worst_arcs": [by_name.get(name_of(arc), {}) for arc in want["worst_arcs"]]}
    differences = list(compare(want, got))
    if not differences:
        return None
    if os.environ.get("UPDATE"):
        path.write_text(dump(kept_again(got, arcs)), encoding="ascii")
        print(f"{path.relative_to(ROOT)} rewritten, {path.stat().st_size:,} bytes")
        return None
    more = [f"and {len(differences) - 20} more"] if len(differences) > 20 else []
    return "\n  ".join(["", *differences[:20], *more, "UPDATE=1 rewrites it, if this is right"])


def name_of_scenario(scenario):
    return f"{scenario.parent.name}/{scenario.stem}"


def kept_again(got, arcs):
    if "worst_arcs" not in got:
        return got
    fresh = {key: value for key, value in got.items() if key not in ("arcs_in_all", "worst_arcs")}
    fresh["arcs"] = arcs
    cut_down(fresh)
    return fresh


def main():
    n_passed, n_skipped, failures = 0, 0, []
    for scenario in sorted((ROOT / "scenarios").glob("*/*.yaml")):
        if scenario.name == "requirements.yaml":  # of csin plan --size; tests/cli/size.py
            continue
        if sys.argv[3:] and scenario.parent.name not in sys.argv[3:]:
            continue
        if os.environ.get("CSIN_QUICK") and scenario.parent.name.startswith("fire-flyer-2"):
            n_skipped += 1
            continue
        try:
            why = wrong(scenario)
        except (RuntimeError, subprocess.TimeoutExpired, ValueError, KeyError) as e:
            why = f"{type(e).__name__}: {e}"
        if why:
            failures.append(f"{name_of_scenario(scenario)}: {why}")
        else:
            n_passed += 1
    for failure in failures:
        print(failure)
    print(f"{n_passed} passed, {len(failures)} failed, {n_skipped} skipped")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
