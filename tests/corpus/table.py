#!/usr/bin/env python3
"""Compares what `inspect` understands of real repositories with what was read in them by hand.

    table.py BIN CORPUS_JSONL CLONES_DIR [PART OF A NAME]

CORPUS_JSONL has one repository a line; CLONES_DIR holds the work trees as <owner>+<name>. For each call of betterAuth()
and createAuthClient() an answer is one of

    right         the tool says it is certain, and it is what was read
    undetermined  the tool says that it does not know, and names the expression
    more          the tool says it is certain where nothing was read, or the reading stopped at an expression: look at it
    wrong         the tool says it is certain, and it is something else
    not found     the tool has no such call

Every answer but `right` is printed with its place and the two values; the totals come last.
"""

import collections
import concurrent.futures
import json
import pathlib
import re
import subprocess
import sys

ANSWERS = ["right", "undetermined", "more", "wrong", "not found"]
QUESTIONS = ["server plugins", "adapter", "dialect", "version", "schema files", "client plugins"]

ADAPTERS = {
    "drizzle": "drizzle",
    "prisma": "prisma",
    "kysely": "kysely",
    "mongodb": "mongodb",
    "memory": "memory",
}
DIALECTS = {"pg": "postgres", "postgresql": "postgres", "sqlite": "sqlite", "mysql": "mysql"}


def adapter(read):
    """The name the tool has for an adapter as it was read."""
    if "built-in kysely" in read:
        return "kysely"
    return ADAPTERS.get(read.split("/")[-1], "other")


def plain(read):
    """The name of a plugin as it was read, `None` where the reading stopped."""
    if read.startswith("..."):
        return None
    name = re.sub(r"\(local\)$|<-.*$", "", read, flags=re.S)
    inline = re.fullmatch(r'inline:"(.*)"', name)
    if inline:
        return inline[1]
    return name if re.fullmatch(r"[\w.$-]+", name) else None


class Source:
    """The text of a repository by line and column."""

    def __init__(self, root):
        self.root, self.lines = root, {}

    def at(self, place):
        """The identifier at a place."""
        file = place["file"]
        if file not in self.lines:
            self.lines[file] = (self.root / file).read_text(errors="replace").splitlines()
        lines = self.lines[file]
        line = lines[place["line"] - 1] if place["line"] <= len(lines) else ""
        word = re.match(r"[\w$.]+", line[place["column"] - 1 :])
        return word[0] if word else ""

    def declares(self, place, name):
        """Whether the file of a place declares a name."""
        self.at(place)
        pattern = re.compile(rf"\b(?:function|const|let)\s+{re.escape(name)}\b")
        return any(pattern.search(line) for line in self.lines[place["file"]])


def compare_plugins(call, found, source):
    """What became of a list of plugins."""
    said = [plugin for plugin in found["plugins"] if plugin["certainty"] != "unknown"]
    opened = [plugin for plugin in found["plugins"] if plugin["certainty"] == "unknown"]
    read = [plain(name) for name in call["plugins"] or []]
    left, extra = [name for name in read if name], []
    for plugin in said:
        names = {plugin["name"], plugin["id"], source.at(plugin["location"])}
        match = next((name for name in left if name in names), None)
        # A plugin of the repository has the name of its id, or of what it wraps: its maker is declared beside it.
        match = match or next((name for name in left if source.declares(plugin["location"], name)), None)
        if match:
            left.remove(match)
        else:
            extra.append(plugin["name"])
    values = f"read {call['plugins']}, said {[plugin['name'] for plugin in said]}"
    for plugin in opened:
        place = plugin["location"]
        values += f"\n      open: {place['file']}:{place['line']}: {plugin['options']['$unknown']}"
    if opened:
        return "undetermined", values
    if not left and not extra:
        return ("more" if None in read else "right"), values
    # The options may come from elsewhere, where the reading did not go.
    wrapped = any(tag.startswith("config-wrapped-call") for tag in call.get("tags", []))
    if not left and (None in read or wrapped or (call.get("spreads") and not read)):
        return "more", values
    return "wrong", f"{values}\n      lacks {left}, has {extra}"


def compare_one(said, read, unknown, is_primary):
    """What became of a single value; it was read for the primary instance of a repository only."""
    values = f"read {sorted(read)}, said {said}"
    if said in read or (said in unknown and not read):
        return "right", values
    if said in unknown:
        return "undetermined", values
    return ("wrong" if read and is_primary else "more"), values


def review(binary, row, root):
    """All answers for one repository: (question, answer, place, values)."""
    run = subprocess.run(
        [binary, "inspect", "--no-daemon", "--format", "json"], cwd=root, capture_output=True, text=True, timeout=600
    )
    if run.returncode != 0:
        return [("server plugins", "not found", row["repo"], f"exit code {run.returncode}: {run.stderr.strip()}")]
    model = json.loads(run.stdout)
    source, answers = Source(root), []

    def paired(calls, found):
        by_place = {(one["location"]["file"], one["location"]["line"]): one for one in found}
        for call in calls:
            yield f"{row['repo']} {call['file']}:{call['line']}", call, by_place.pop((call["file"], call["line"]), None)
        for file, line in by_place:
            print(f"  only said: {row['repo']} {file}:{line}")

    for place, call, found in paired(row["auth_calls"], model["servers"]):
        if not found:
            answers.append(("server plugins", "not found", place, f"read {call['plugins']}"))
            continue
        is_primary = (call["file"], call["line"]) == (row["primary"]["file"], row["primary"]["line"])
        answers.append(("server plugins", *compare(place, compare_plugins(call, found, source))))
        kinds = {adapter(name) for name in row["adapter"]}
        answers.append(("adapter", *compare(place, compare_one(found["adapter"]["kind"], kinds, {"unknown"}, is_primary))))
        dialects = {DIALECTS[name] for name in row["dialect"]}
        answers.append(("dialect", *compare(place, compare_one(found["adapter"]["dialect"], dialects, {None}, is_primary))))
        versions = set(row["better_auth"]["resolved"])
        answers.append(("version", *compare(place, compare_one(found["better_auth"]["resolved"], versions, {None}, is_primary))))
        if is_primary:
            said, read = found["schema_sources"], row["schema"]["files"]
            values = f"read {read}, said {said}"
            if not said:
                answer = "undetermined" if read else "right"
            else:
                answer = "right" if set(said) & set(read) else "wrong" if read else "more"
            answers.append(("schema files", answer, place, values))

    for place, call, found in paired(row["client_calls"], model["clients"]):
        if found:
            answers.append(("client plugins", *compare(place, compare_plugins(call, found, source))))
        else:
            answers.append(("client plugins", "not found", place, f"read {call['plugins']}"))
    return answers


def compare(place, answer):
    kind, values = answer
    return kind, place, values


def main():
    binary, corpus, clones = (str(pathlib.Path(sys.argv[1]).resolve()), *map(pathlib.Path, sys.argv[2:4]))
    wanted = sys.argv[4] if len(sys.argv) > 4 else ""
    rows = [json.loads(line) for line in corpus.read_text().splitlines()]
    roots = [(row, clones / row["repo"].replace("/", "+")) for row in rows if wanted in row["repo"]]
    there = [(row, root) for row, root in roots if root.is_dir()]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        answers = [one for all in pool.map(lambda pair: review(binary, *pair), there) for one in all]

    totals = {question: collections.Counter() for question in QUESTIONS}
    for question, answer, _, _ in answers:
        totals[question][answer] += 1
    for question in QUESTIONS:
        for asked, answer, place, values in answers:
            if asked == question and answer != "right":
                print(f"{question}: {answer}\n  {place}\n      {values}")
    print(f"\n{len(there)} of {len(roots)} repositories\n")
    print(f"{'':16}{'asked':>8}" + "".join(f"{answer:>20}" for answer in ANSWERS))
    for question, counts in totals.items():
        asked = sum(counts.values())
        cells = (f"{counts[answer]:>11} {100 * counts[answer] / max(asked, 1):>6.1f} %" for answer in ANSWERS)
        print(f"{question:16}{asked:>8}" + "".join(cells))


if __name__ == "__main__":
    main()
