"""Scores `whypull.explain` on labelled failures: a table of ids and verdicts, and one line of totals.

python tests/score.py [--stage auth] [--bad] [--write] [FILE.jsonl]
"""

from __future__ import annotations

import argparse
import collections
import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
CASES = ROOT.parent / "shared" / "cases" / "messages.jsonl"
TABLE = ROOT / "tests" / "score.tsv"


def judge(row, diagnoses):
    """(verdict, answer): exact, named, accepted, missed or wrong, and what was answered."""
    if not diagnoses:
        return "missed", "no failure"
    good = [row["cause"], *row["acceptable"]]
    answers = []
    for one in diagnoses:
        names = [f.cause for f in one.findings]
        certainty = one.findings[0].certainty if names else ""
        text = f"{one.verdict}:{certainty}:{','.join(names)}"
        if not names:
            answers.append(("missed", text))
        elif names[0] == row["cause"]:
            answers.append(("exact", text))
        elif one.verdict == "undecided" and row["cause"] in names[:3]:
            answers.append(("named", text))
        elif names[0] in good:
            answers.append(("accepted", text))
        else:
            answers.append(("wrong", text))
    return answers[0]


def score(rows):
    """Every row's (id, cause, verdict, answer), in the order of the ids."""
    from whypull import explain

    table = []
    for row in rows:
        verdict, answer = judge(row, explain(row["text"]))
        table.append((row["id"], row["cause"], verdict, answer))
    return sorted(table)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--stage", default="")
    parser.add_argument("--bad", action="store_true", help="only rows that are not exact")
    parser.add_argument("--text", action="store_true", help="with their texts")
    parser.add_argument("--write", action="store_true", help="write tests/score.tsv")
    parser.add_argument("file", nargs="?", default=str(CASES))
    args = parser.parse_args()
    rows = [json.loads(line) for line in open(args.file, encoding="utf-8")]
    texts = {r["id"]: r for r in rows}
    rows = [r for r in rows if r["cause"].startswith(args.stage)]
    table = score(rows)
    for line in table:
        if not args.bad or line[2] in {"wrong", "missed", "accepted"}:
            print("\t".join(line))
            if args.text:
                print(
                    "      acceptable:",
                    ",".join(texts[line[0]]["acceptable"]),
                    "| text alone:",
                    texts[line[0]]["from_text_alone"],
                )
                print("     ", texts[line[0]]["text"][:700].replace("\n", "\n      "))
    print_totals(table, texts)
    if args.write:
        TABLE.write_text("".join("\t".join(line) + "\n" for line in table), encoding="utf-8")


def print_totals(table, texts):
    counts = collections.Counter(line[2] for line in table)
    total = len(table) or 1
    good = counts["exact"] + counts["named"] + counts["accepted"]
    can = [line for line in table if texts[line[0]]["from_text_alone"]]
    exact_can = sum(line[2] == "exact" for line in can)
    proved_wrong = [line[0] for line in table if line[2] == "wrong" and ":proved:" in line[3]]
    print(
        f"{total} texts: {dict(counts)}; good {good / total:.1%}, wrong {counts['wrong'] / total:.1%}, "
        f"exact where the text can tell {exact_can / (len(can) or 1):.1%}; proved and wrong: {proved_wrong}",
        file=sys.stderr,
    )


if __name__ == "__main__":
    main()
