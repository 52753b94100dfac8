#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What docs/ci hands out works: the commands of the workflow and of the GitLab job, the hooks.

    tests/cli/ci.py CSIN ROOT [WORD]     only the cases whose name holds WORD

The hosting services are not here. Their files are read as YAML, and the commands in them that run csin are run, in a
git repository with two scenarios of the project.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

import yaml

CSIN, ROOT = os.path.abspath(sys.argv[1]), Path(sys.argv[2]).resolve()
ENGINE_FASTER = ("chunk: 4MiB", "chunk: 2MiB")  # a change of first-steps that gives other numbers


class Repository:
    """A repository with the files of docs/ci and two scenarios, all committed."""

    def __init__(self, folder):
        self.folder = folder / "repository"
        programs = folder / "bin"
        programs.mkdir()
        (programs / "csin").symlink_to(CSIN)
        self.environment = {**{k: v for k, v in os.environ.items() if not k.startswith("GIT_")},
                            "PATH": f"{programs}:{os.environ['PATH']}", "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
        for name in ("docs/ci", "scenarios/incast", "scenarios/first-steps", ".github"):
            shutil.copytree(ROOT / name, self.folder / name)
        shutil.copy(ROOT / ".pre-commit-hooks.yaml", self.folder)
        self.git("init", "-q", "-b", "main")
        self.git("config", "user.name", "A Person")
        self.git("config", "user.email", "person@example.org")
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "first")

    def run(self, *command, **variables):
        return subprocess.run(command, cwd=self.folder, env={**self.environment, **variables}, capture_output=True, text=True,
                              check=False, timeout=120)

    def git(self, *arguments):
        done = self.run("git", *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def shell(self, script, **variables):
        """As the services do it: bash -e, stopping at the first command that fails."""
        return self.run("bash", "-eo", "pipefail", "-c", script, **variables)

    def path(self, name="scenarios/first-steps/scenario.yaml"):
        return self.folder / name

    def change(self, name="scenarios/first-steps/scenario.yaml", old=ENGINE_FASTER[0], new=ENGINE_FASTER[1]):
        text = self.path(name).read_text(encoding="utf-8")
        assert old in text
        self.path(name).write_text(text.replace(old, new), encoding="utf-8")

    def hook(self):
        target = self.folder / ".git/hooks/pre-commit"
        target.parent.mkdir(exist_ok=True)
        target.symlink_to("../../docs/ci/pre-commit")

    def commit(self):
        self.git("add", "-A")
        return self.run("git", "commit", "-q", "-m", "a change")


def workflow_steps():
    workflow = yaml.safe_load((ROOT / ".github/workflows/csin.yml").read_text(encoding="utf-8"))
    return {step["name"]: step for step in workflow["jobs"]["scenarios"]["steps"] if "name" in step}


def gitlab_job():
    return yaml.safe_load((ROOT / "docs/ci/gitlab-ci.yml").read_text(encoding="utf-8"))["csin"]


def worse(repository):
    """The branch that a request asks to merge: slower, with the expected result that it gives."""
    base = repository.git("rev-parse", "HEAD").strip()
    repository.change(old="compute: 2ms", new="compute: 4ms")
    assert repository.run("csin", "check", "--run", "--update", "scenarios/").returncode == 0
    assert repository.commit().returncode == 0
    return base


def test_workflow_and_job_install_what_is_built_with(_repository):
    packages = re.search(r"build_packages=\(([^)]*)\)", (ROOT / "dev").read_text(encoding="utf-8"))[1].split()
    for text in (workflow_steps()["install what git and csin need"]["run"], " ".join(gitlab_job()["before_script"])):
        missing = set(packages) - set(text.split())
        assert not missing, missing


def test_workflow_passes_on_the_scenarios_and_fails_on_others(repository):
    command = workflow_steps()["run the scenarios"]["run"]
    done = repository.shell(command)
    assert done.returncode == 0 and repository.path("csin-junit.xml").exists(), done.stdout
    assert workflow_steps()["keep the report"]["with"]["path"] == "csin-junit.xml"
    repository.change()
    done = repository.shell(command)
    assert done.returncode == 4 and "DIFFERS  scenarios/first-steps/scenario.yaml" in done.stdout, done.stdout
    assert "<failure" in repository.path("csin-junit.xml").read_text(encoding="utf-8")


def test_workflow_says_what_a_request_makes_worse(repository):
    step = workflow_steps()["say what changed"]
    summary = repository.folder / "summary.md"
    base = worse(repository)
    assert step["env"] == {"BASE": "${{ github.event.pull_request.base.sha }}"}
    done = repository.shell(step["run"], BASE=base, GITHUB_STEP_SUMMARY=str(summary))
    text = summary.read_text(encoding="utf-8")
    assert done.returncode == 4 and "### first-steps: worse" in text and "| job train | time&#95;s |" in text, (done, text)
    summary.unlink()
    done = repository.shell(step["run"], BASE=repository.git("rev-parse", "HEAD").strip(), GITHUB_STEP_SUMMARY=str(summary))
    assert done.returncode == 0 and not summary.read_text(encoding="utf-8"), done


def test_gitlab_job_passes_and_fails_alike(repository):
    job = gitlab_job()
    script = "\n".join(job["script"])
    assert job["artifacts"]["reports"]["junit"] == "csin-junit.xml"
    assert repository.shell(script).returncode == 0
    base = worse(repository)
    done = repository.shell(script, CI_MERGE_REQUEST_DIFF_BASE_SHA=base)
    assert done.returncode == 4 and "first-steps: worse" in done.stdout, done.stdout


def test_hook_lets_pass_what_is_right_and_stops_what_is_not(repository):
    repository.hook()
    repository.change(old="# A first scenario", new="# The first scenario")
    assert repository.commit().returncode == 0, "a comment changes no result"
    repository.change()
    done = repository.commit()
    assert done.returncode != 0 and "--update scenarios/first-steps" in done.stderr + done.stdout, done
    assert repository.run("csin", "check", "--run", "--update", "scenarios/first-steps").returncode == 0
    assert repository.commit().returncode == 0


def test_hook_looks_at_what_is_staged(repository):
    repository.hook()
    repository.change()
    repository.git("add", "-A")
    repository.change(old=ENGINE_FASTER[1], new=ENGINE_FASTER[0])  # good again, in the working tree alone
    assert repository.run("git", "commit", "-q", "-m", "a change").returncode != 0
    assert repository.git("status", "--porcelain"), "nothing was committed or lost"


def test_hook_runs_all_where_a_fabric_elsewhere_changed(repository):
    repository.change("scenarios/incast/expected.json", '"congestion_free": "yes"', '"congestion_free": "no"')
    assert repository.commit().returncode == 0, "without the hook"
    repository.hook()
    (repository.folder / "notes.txt").write_text("x", encoding="utf-8")
    assert repository.commit().returncode == 0, "nothing that csin reads changed"
    (repository.folder / "fabric.yaml").write_text("fabric: x\n", encoding="utf-8")
    assert repository.commit().returncode != 0, "incast does not give what it is said to give"


def test_hooks_of_the_framework_run(repository):
    hooks = {hook["id"]: hook for hook in yaml.safe_load(repository.path(".pre-commit-hooks.yaml").read_text(encoding="utf-8"))}
    names = repository.git("ls-files").split()
    check, everything = hooks["csin-check"], hooks["csin-check-run"]
    files = [name for name in names if re.search(check["files"], name)]
    assert len(files) == 2 and repository.run(*check["entry"].split(), *files).returncode == 0, files
    assert everything["pass_filenames"] is False and re.search(everything["files"], "scenarios/incast/expected.json")
    assert repository.run(*everything["entry"].split()).returncode == 0
    repository.change()
    assert repository.run(*everything["entry"].split()).returncode == 4


def main():
    word = sys.argv[3] if len(sys.argv) > 3 else ""
    passed = failed = 0
    for name, case in [(n, c) for n, c in globals().items() if n.startswith("test_") and word in n]:
        with tempfile.TemporaryDirectory(prefix="csin-ci-") as folder:
            try:
                case(Repository(Path(folder)))
                passed += 1
            except Exception:  # pylint: disable=broad-except
                failed += 1
                print(f"FAILED  {name[5:].replace('_', ' ')}\n{traceback.format_exc()[-2500:]}")
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
