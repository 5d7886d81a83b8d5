"""`python -m tests.mutations [WORD …]`: make each edit (or those with a word in them) and see its tests go red."""

from __future__ import annotations

import argparse
import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor

from tests.mutations.copied import FOLDER, judge
from tests.mutations.listed import PAGE, Mutation, mutations, page, unfit


def main() -> int:
    """0 when every edit was noticed by every test that it names."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutations", description=__doc__)
    parser.add_argument("words", nargs="*", help="only mutations with one of these in their room, words, file or duties")
    parser.add_argument("--processes", type=int, default=1, help="how many copies of the tree, each with its clusters")
    parser.add_argument("--page", action="store_true", help="only write docs/mutations.md")
    asked = parser.parse_args()
    PAGE.write_text(page(), encoding="utf-8")
    if asked.page:
        return 0
    chosen = [one for one in mutations() if not asked.words or any(word in _about(one) for word in asked.words)]
    stale = [reason for one in chosen for reason in unfit(one)]
    if stale or not chosen:
        print("\n".join(stale) or "no such mutation", file=sys.stderr)
        return 2
    shares = [chosen[number :: asked.processes] for number in range(min(asked.processes, len(chosen)))]
    FOLDER.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(len(shares), mp_context=multiprocessing.get_context("spawn")) as pool:
        unnoticed = sum(pool.map(judge, range(len(shares)), shares))
    print(f"{len(chosen) - unnoticed} of {len(chosen)} mutations were noticed by every test that they name")
    return 1 if unnoticed else 0


def _about(one: Mutation) -> str:
    return " ".join((one.room, one.words, *(edit.file for edit in one.edits), *one.duties))


if __name__ == "__main__":
    sys.exit(main())
