#!/usr/bin/env python3
"""Times the hook against what it cannot beat, and prints ratios. It asserts nothing about time.

usage: tests/bench/run.py PROGRAM REPOSITORY [REPOSITORY ...]

Each repository is cloned, and one file that sets better-auth up is changed and staged. Then these run in turn, round by
round, so that a busy machine is busy for all of them:
  floor   /bin/true: what starting any process costs
  diff    git diff --cached --name-only: what git itself needs to know what is staged
  warm    the hook, answered by the daemon
  cold    the staged review in one process, without daemon and cache
"""

import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROUNDS = 60


def git(directory, *arguments):
    return subprocess.run(["git", "-C", directory, *arguments], check=True, capture_output=True, text=True).stdout


def stage_a_change(directory):
    """Appends a comment to the first file that calls betterAuth(), stages it, and gives its path."""
    found = subprocess.run(
        ["git", "-C", directory, "grep", "-l", "-F", "betterAuth(", "--", "*.ts"], capture_output=True, text=True
    ).stdout.split("\n")
    if not found[0]:
        sys.exit(f"error: no file in {directory} calls betterAuth()")
    with open(pathlib.Path(directory, found[0]), "a", encoding="utf-8") as file:
        file.write("\n// a change to review\n")
    git(directory, "add", "--", found[0])
    return found[0]


def milliseconds(command, directory, environment):
    start = time.perf_counter_ns()
    subprocess.run(command, cwd=directory, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return (time.perf_counter_ns() - start) / 1e6


def answered_by(program, directory, environment):
    run = subprocess.run(
        [program, "check", "--staged", "--verbose"], cwd=directory, env=environment, capture_output=True, text=True
    )
    return "daemon" if "by=Daemon" in run.stderr else "this process"


def bench(program, repository, scratch):
    directory = os.path.join(scratch, pathlib.Path(repository).name)
    clone = subprocess.run(["git", "clone", "--quiet", "--local", repository, directory], capture_output=True, text=True)
    if clone.returncode != 0:
        sys.exit(f"error: {repository} cannot be cloned: {clone.stderr.strip()}")
    environment = {key: value for key, value in os.environ.items() if key != "CI" and not key.startswith("GIT_")}
    changed = stage_a_change(directory)
    commands = {
        "floor": ["/bin/true"],
        "diff": ["git", "diff", "--cached", "--name-only"],
        "warm": [program, "hook", "pre-commit"],
        "cold": [program, "check", "--staged", "--no-daemon", "--quiet"],
    }
    subprocess.run([program, "daemon", "start"], cwd=directory, env=environment, check=True, capture_output=True)
    try:
        for command in commands.values():
            milliseconds(command, directory, environment)
        before = answered_by(program, directory, environment)
        times = {name: [] for name in commands}
        for _ in range(ROUNDS):
            for name, command in commands.items():
                times[name].append(milliseconds(command, directory, environment))
        after = answered_by(program, directory, environment)
    finally:
        subprocess.run([program, "daemon", "stop"], cwd=directory, env=environment, capture_output=True)

    files = len(git(directory, "ls-files").splitlines())
    print(f"\n{pathlib.Path(repository).name}: {files} files, {changed} staged, {ROUNDS} rounds")
    if (before, after) != ("daemon", "daemon"):
        print(f"  the daemon did not answer throughout (before: {before}, after: {after}): `warm` is not warm")
    medians = {name: statistics.median(values) for name, values in times.items()}
    print(f"  {'':6} {'median':>10} {'best':>10} {'x floor':>8} {'x diff':>8}")
    for name, median in medians.items():
        floor, diff = median / medians["floor"], median / medians["diff"]
        print(f"  {name:6} {median:7.2f} ms {min(times[name]):7.2f} ms {floor:8.2f} {diff:8.2f}")


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    program = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="auth-review-bench-") as scratch:
        for repository in sys.argv[2:]:
            bench(program, os.path.abspath(repository), scratch)


if __name__ == "__main__":
    main()
