#!/usr/bin/env python3
"""Compares what `check` says of real commits that added a plugin with what was read in them by hand.

    commits.py BIN CASES_JSONL... CLONES_DIR [PART OF A NAME]

A line of CASES_JSONL is one plugin that one commit added:

    repo, commit   where; CLONES_DIR holds the clones, with their history, as <owner>+<name>
    plugin         its name; where there is none, `note` begins with it and a colon
    expect         "flag" where the commit lacks a part of the schema the plugin needs, "ok" where it does not; where there
                   is none, the line tells of a commit that was read as lacking something

Lines about other rules are left out. Each commit is reviewed against its first parent. The tool said "flag" where a new
finding about the schema, critical or high, names the plugin; "remind" where it is of lower severity; "open" where the
tool could not tell whether the schema is complete; else "ok". An answer is one of

    right    what was said is what was read; "remind" and "open" are right where the reading came to no answer either
    open     the tool does not answer, and the reading did
    differs  the tool says something else than was read

Every line is printed, those that are not right with the note of the reading and the findings; the totals come last.
"""

import collections
import concurrent.futures
import json
import pathlib
import re
import subprocess
import sys

RULE = "migration-not-staged-with-plugin"
OPEN = ("whether the database has the tables", "which tables")


def plugin_of(case):
    """The plugin a line is about, `None` for a line about something else."""
    if case.get("our_rule", RULE) != RULE:
        return None
    return case.get("plugin") or case["note"].split(":")[0]


def review(binary, root, commit):
    """The new findings about the schema, and the questions that stayed open."""
    command = [binary, "check", "--no-daemon", "--format", "json", "--fail-on", "never"]
    command += ["--rev", commit, "--base", f"{commit}^"]
    run = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=600)
    if run.returncode != 0:
        sys.exit(f"{root}: exit code {run.returncode}: {run.stderr.strip()}")
    said = json.loads(run.stdout)
    findings = [one for one in said["findings"] if one["rule"].startswith("migration/") and one["status"] == "new"]
    return findings, [one for one in said["undetermined"] if one["question"].startswith(OPEN)]


def about(finding, plugin):
    """Whether a finding names a plugin, or a related place of it does."""
    labels = [finding["message"], *(place["label"] for place in finding["related"])]
    return any(re.search(rf"`{re.escape(plugin)}[`(]", label) for label in labels)


def verdict(findings, questions):
    """What the tool said."""
    if any(one["severity"] in ("critical", "high") for one in findings):
        return "flag"
    return "remind" if findings else "open" if questions else "ok"


def compare(case, said):
    """What became of a line."""
    expect = case.get("expect", "flag")
    undecided = "not determinable" in case.get("note", "")
    if said == expect or undecided and said in ("remind", "open"):
        return "right"
    return "open" if said in ("remind", "open") else "differs"


def main():
    binary = str(pathlib.Path(sys.argv[1]).resolve())
    last = max(place for place, argument in enumerate(sys.argv) if pathlib.Path(argument).is_dir())
    clones, wanted = pathlib.Path(sys.argv[last]), "".join(sys.argv[last + 1 :])
    cases = [json.loads(line) for file in sys.argv[2:last] for line in pathlib.Path(file).read_text().splitlines()]
    cases = [case for case in cases if plugin_of(case) and wanted in case["repo"]]
    commits = sorted({(case["repo"], case["commit"]) for case in cases})
    there = [(repo, commit) for repo, commit in commits if (clones / repo.replace("/", "+")).is_dir()]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        reviews = pool.map(lambda one: review(binary, clones / one[0].replace("/", "+"), one[1]), there)
        reviews = dict(zip(there, reviews))
    totals = collections.Counter()
    for case in cases:
        plugin = plugin_of(case)
        place = f"{case['repo']} {case['commit'][:10]} {plugin}"
        if (case["repo"], case["commit"]) not in reviews:
            totals["without a clone"] += 1
            print(f"no clone   {place}")
            continue
        findings, questions = reviews[case["repo"], case["commit"]]
        findings = [one for one in findings if about(one, plugin)]
        said = verdict(findings, questions)
        answer = compare(case, said)
        totals[answer] += 1
        print(f"{answer:10} {place}: expected {case.get('expect', 'flag')}, said {said}")
        if answer != "right":
            print(f"           {case.get('note') or case.get('kind')}")
            for one in findings:
                at = f"{one['location']['file']}:{one['location']['line']}"
                print(f"           {one['severity']} {one['rule']} {at}: {one['message']}")
            for one in questions:
                print(f"           open: {one['question']}: {one['reason']}")
    print(f"\n{len(cases)} cases: " + ", ".join(f"{count} {answer}" for answer, count in totals.most_common()))


if __name__ == "__main__":
    main()
