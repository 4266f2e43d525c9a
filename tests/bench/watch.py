#!/usr/bin/env python3
"""Times `watch` from the close(2) of a save to the line that tells of it in a pipe. It asserts nothing about time.

usage: tests/bench/watch.py PROGRAM [FILES ...]

For each number of files (10000 when none is given) a repository is made: the application of the demo among components, of
which three in a hundred use its client. The server's file is brought to 600 lines and saved again and again, with a
plugin whose table is missing and without it, never twice the same.
"""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

SAVES = 200
LINES = 600
PAUSE = 0.05
DEMO = pathlib.Path(__file__).resolve().parents[2] / "src" / "cli" / "demo"
SERVER = "src/lib/auth.ts"


def component(number):
    uses_client = number % 33 == 0
    name, hook = ("authClient", "authClient.useSession()") if uses_client else ("useState", "useState(null)")
    source = "../../../../src/lib/auth-client" if uses_client else "react"
    parts = [f'import {{ {name} }} from "{source}";\n']
    for part in range(20):
        parts.append(
            f"export function Component{number}_{part}(props: {{ label: string; count: number }}) {{\n"
            f"  const session = {hook};\n"
            f"  const total = props.count * {part} + {number};\n"
            f'  return <p className="total">{{props.label}} {{total}} {{String(session)}}</p>;\n'
            "}\n"
        )
    return "".join(parts)


def git(directory, *arguments):
    settings = ["-c", "user.name=bench", "-c", "user.email=bench@example.com"]
    subprocess.run(["git", "-C", directory, *settings, *arguments], check=True, capture_output=True)


def make(directory, files):
    application = [path for path in (DEMO / "app").rglob("*") if path.is_file()]
    contents = {path.relative_to(DEMO / "app").as_posix(): path.read_text(encoding="utf-8") for path in application}
    for number in range(files - len(contents)):
        contents[f"packages/p{number // 400}/src/m{number // 20 % 20}/component{number}.tsx"] = component(number)
    for path, content in contents.items():
        target = pathlib.Path(directory, path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8")
    git(directory, "init", "--quiet")
    git(directory, "add", "--all")
    git(directory, "commit", "--quiet", "--message", "bench")


def long(path):
    """The text of a file, with functions behind it up to LINES lines."""
    text = path.read_text(encoding="utf-8")
    number = 0
    while text.count("\n") < LINES:
        text += f"\nexport function helper{number}(value: number): number {{\n  return value + {number};\n}}\n"
        number += 1
    return text.encode()


def save(path, content):
    """Writes a file, and gives the time right before it is closed."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.write(file, content)
    start = time.perf_counter_ns()
    os.close(file)
    return start


def until(stream, *kinds):
    """The next event of some kinds, and when it was there."""
    while True:
        line = stream.readline()
        now = time.perf_counter_ns()
        if not line:
            sys.exit("error: watch has ended")
        event = json.loads(line)
        if event["event"] in kinds:
            return event, now


def show(name, milliseconds):
    ordered = sorted(milliseconds)
    p95 = ordered[int(len(ordered) * 0.95)]
    print(f"  {name:22} {statistics.median(ordered):8.2f} {p95:8.2f} {ordered[-1]:8.2f}")


def bench(program, files, scratch):
    directory = os.path.join(scratch, str(files))
    os.mkdir(directory)
    make(directory, files)
    server = os.path.join(directory, SERVER)
    contents = [long(DEMO / "passkey" / SERVER), long(DEMO / "app" / SERVER)]
    began = time.perf_counter_ns()
    watch = subprocess.Popen([program, "watch", "--format", "json"], cwd=directory, stdout=subprocess.PIPE)
    try:
        _, ready = until(watch.stdout, "ready")
        told, reviewed = [], []
        for number in range(SAVES):
            time.sleep(PAUSE)
            start = save(server, contents[number % 2] + b"// save %d\n" % number)
            _, seen = until(watch.stdout, "appeared", "gone")
            event, _ = until(watch.stdout, "reviewed")
            told.append((seen - start) / 1e6)
            reviewed.append(event["milliseconds"])
    finally:
        watch.kill()
        watch.wait()
    print(f"\n{files} files, {SAVES} saves of {LINES} lines; ready after {(ready - began) / 1e6:.0f} ms")
    print(f"  {'milliseconds':22} {'median':>8} {'p95':>8} {'most':>8}")
    show("close(2) to finding", told)
    show("of that, the review", reviewed)


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    program = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="auth-review-bench-") as scratch:
        for files in [int(number) for number in sys.argv[2:]] or [10_000]:
            bench(program, files, scratch)


if __name__ == "__main__":
    main()
