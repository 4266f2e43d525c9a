#!/usr/bin/env python3
"""Times the hook, the daemon and a whole review against what they cannot beat, and prints ratios. It asserts nothing.

usage: tests/bench/run.py [--rounds N] PROGRAM REPOSITORY-OR-NUMBER ...

A number is that many files of tests/bench/generate.py, a repository is cloned. In each, three files of about 1,200 lines in
all are changed and staged, one of them the auth configuration. Commands that are compared run in turn, round by round, so
that a busy machine is busy for all of them; times are medians. Other tools (oxlint, ast-grep, semgrep, eslint) are
compared where they are on PATH; ast-grep is given one rule for each language.
"""

import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import generate

QUIET = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in (0, 1, 2)]
ENVIRONMENT = {
    **{key: value for key, value in os.environ.items() if key != "CI" and not key.startswith("GIT_")},
    "GIT_AUTHOR_NAME": "bench",
    "GIT_AUTHOR_EMAIL": "bench@localhost",
    "GIT_COMMITTER_NAME": "bench",
    "GIT_COMMITTER_EMAIL": "bench@localhost",
}

AST_GREP_RULE = """id: {language}
language: {language}
severity: warning
message: a call that sets better-auth up
rule:
  pattern: betterAuth($$$)
"""


def milliseconds(command):
    """How long a command takes from its start to its end; starting it costs as little as can be."""
    program = shutil.which(command[0])
    start = time.perf_counter_ns()
    process = os.posix_spawn(program, command, ENVIRONMENT, file_actions=QUIET)
    os.waitpid(process, 0)
    return (time.perf_counter_ns() - start) / 1e6


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True, env=ENVIRONMENT).stdout


def measured(commands, rounds, before=lambda: None, after=lambda name: None):
    """The medians of commands that run in turn."""
    times = {name: [] for name in commands}
    for number in range(rounds + 1):
        for name, command in commands.items():
            before()
            taken = milliseconds(command)
            after(name)
            if number > 0:
                times[name].append(taken)
    return {name: statistics.median(taken) for name, taken in times.items()}


def table(title, medians, bases):
    print(f"\n  {title}")
    print("    " + " " * 34 + "      median" + "".join(f"{'x ' + base:>14}" for base in bases))
    for name, median in medians.items():
        ratios = "".join(f"{median / medians[base]:14.3f}" for base in bases)
        print(f"    {name:34}{median:9.2f} ms{ratios}")


class Staged:
    """Three files that are changed and staged: the auth configuration, and two that are about as long as it should be."""

    def __init__(self):
        found = subprocess.run(["git", "grep", "-l", "-F", "betterAuth(", "--", "*.ts"], capture_output=True, text=True).stdout
        if not found:
            sys.exit("error: no file calls betterAuth()")
        listed = [path for path in output("git", "ls-files", "*.ts", "*.tsx").splitlines() if os.path.isfile(path)]
        lines = {path: pathlib.Path(path).read_bytes().count(b"\n") for path in listed}
        auth = found.split("\n", 1)[0]
        others = sorted((path for path in listed if path != auth), key=lambda path: abs(lines[path] - 330))[:2]
        self.paths = [auth, *others]
        self.lines = sum(lines[path] for path in self.paths)
        self.number = 0

    def change(self):
        """Gives the files bytes that nobody has seen before."""
        self.number += 1
        for path in self.paths:
            with open(path, "a", encoding="utf-8") as file:
                file.write(f"// change {os.getpid()}-{self.number}\n")
        subprocess.run(["git", "add", "--", *self.paths], check=True)


def answered_by(program):
    run = subprocess.run([program, "check", "--staged", "--verbose"], env=ENVIRONMENT, capture_output=True, text=True)
    return "daemon" if "by=Daemon" in run.stderr else "this process"


def daemon_process(program):
    words = output(program, "daemon", "status").replace(",", " ").split()
    return int(words[words.index("process") + 1])


def wait_until_quiet(process):
    """Waits until a daemon has read everything and written it down."""
    quiet = 0
    while quiet < 6:
        before = processor_time(process)
        time.sleep(0.5)
        quiet = quiet + 1 if processor_time(process) == before else 0


def processor_time(process):
    """Milliseconds of processor time, to the tick of the kernel's clock."""
    fields = pathlib.Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * 1000 // os.sysconf("SC_CLK_TCK")


def status_line(process, name):
    lines = pathlib.Path(f"/proc/{process}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1])


def wakes(process):
    tasks = pathlib.Path(f"/proc/{process}/task").iterdir()
    return sum(status_line(f"{process}/task/{task.name}", "voluntary_ctxt_switches") for task in tasks)


def peers(paths):
    """Other tools over some paths."""
    found = {}
    if shutil.which("oxlint"):
        found["oxlint"] = ["oxlint", *paths]
    if shutil.which("ast-grep"):
        rules = pathlib.Path(".git/auth-review-bench")
        rules.mkdir(exist_ok=True)
        (rules / "rules.yml").write_text("---\n".join(AST_GREP_RULE.format(language=one) for one in ("typescript", "tsx")))
        found["ast-grep"] = ["ast-grep", "scan", "--rule", str(rules / "rules.yml"), *paths]
    if shutil.which("semgrep"):
        found["semgrep"] = ["semgrep", "--metrics=off", "-e", "betterAuth(...)", "-l", "ts", *paths]
    if shutil.which("eslint"):
        found["eslint"] = ["eslint", *paths]
    return found


def bench(program, rounds):
    hook = [program, "hook", "pre-commit"]
    diff = ["git", "diff", "--cached", "--name-only"]
    staged = Staged()
    files = len(output("git", "ls-files").splitlines())
    print(f"\n{os.path.basename(os.getcwd())}: {files} files, {staged.lines} lines staged in {', '.join(staged.paths)}")
    staged.change()

    few = max(rounds // 10, 3)
    whole = {"first review": [program, "check", "--no-daemon", "--quiet"], **peers(["."])}
    table("the whole repository, nothing known before", measured(whole, few), list(whole))

    cold = {"git diff --cached": diff, "no daemon": [program, "check", "--staged", "--no-daemon", "--quiet"], **peers(staged.paths)}
    table("what is staged, without daemon and cache", measured(cold, rounds // 2), list(cold))

    subprocess.run([program, "daemon", "start"], check=True, capture_output=True, env=ENVIRONMENT)
    try:
        process = daemon_process(program)
        milliseconds(hook)
        wait_until_quiet(process)
        before = answered_by(program)
        warm = measured({"/bin/true": ["/bin/true"], "git diff --cached": diff, "hook, warm": hook}, rounds)
        table("what is staged, by the daemon", warm, ["/bin/true", "git diff --cached"])
        fresh = {"git diff --cached": diff, "hook, never seen": hook}
        table("what was staged just before", measured(fresh, rounds // 2, before=staged.change), ["git diff --cached"])
        commit = ["commit", "--quiet", "--message", "bench"]
        with_hook = pathlib.Path(".git/auth-review-bench-hooks")
        with_hook.mkdir(exist_ok=True)
        (with_hook / "pre-commit").write_text(f'#!/bin/sh\nexec "{program}" hook pre-commit\n')
        (with_hook / "pre-commit").chmod(0o755)
        commits = {
            "git commit, no hook": ["git", "-c", "core.hooksPath=/dev/null", *commit],
            "git commit, hook": ["git", "-c", f"core.hooksPath={with_hook.resolve()}", *commit],
        }
        table("a commit of what is staged", measured(commits, rounds // 2, after=undo), ["git commit, no hook"])
        after = answered_by(program)
        if (before, after) != ("daemon", "daemon"):
            print(f"    the daemon did not answer throughout (before: {before}, after: {after})")
        wait_until_quiet(process)
        print(f"\n  daemon: {status_line(process, 'VmRSS') / 1024:.1f} MiB resident")
        used, woken = processor_time(process), wakes(process)
        time.sleep(10)
        print(f"  idle for 10 s: {processor_time(process) - used} ms of processor time, {wakes(process) - woken} wakes")
        stop = lambda: subprocess.run([program, "daemon", "stop"], capture_output=True, env=ENVIRONMENT)  # noqa: E731
        restart = {
            "git status": ["git", "status", "--short"],
            "daemon start and hook": ["/bin/sh", "-c", f'"{program}" daemon start >/dev/null && exec "{program}" hook pre-commit'],
        }
        table("a restart with a warm cache", measured(restart, few, before=stop), ["git status"])
    finally:
        subprocess.run([program, "daemon", "stop"], capture_output=True, env=ENVIRONMENT)
    return warm["hook, warm"]


def undo(_name):
    subprocess.run(["git", "reset", "--quiet", "--soft", "HEAD~1"], check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("program")
    parser.add_argument("repository", nargs="+")
    arguments = parser.parse_args()
    program = os.path.abspath(arguments.program)
    repositories = [name if name.isdigit() else os.path.abspath(name) for name in arguments.repository]
    warm = {}
    with tempfile.TemporaryDirectory(prefix="auth-review-bench-") as scratch:
        ENVIRONMENT["XDG_CACHE_HOME"] = os.path.join(scratch, "cache")
        for name in repositories:
            directory = os.path.join(scratch, os.path.basename(name))
            if name.isdigit():
                generate.write(directory, int(name))
            else:
                output("git", "clone", "--quiet", "--local", name, directory)
            os.chdir(directory)
            warm[name] = bench(program, arguments.rounds)
            os.chdir("/")
            shutil.rmtree(directory)
    sizes = sorted((int(name) for name in warm if name.isdigit()))
    if len(sizes) > 1:
        print(f"\nwarm hook, {sizes[-1]} files against {sizes[0]}: {warm[str(sizes[-1])] / warm[str(sizes[0])]:.2f} x")


if __name__ == "__main__":
    main()
