"""How long a question takes among so many passages: `python benchmarks/knowledge.py [PASSAGES]`.

The passages are made up, of words as frequent as in a language (Zipf's law): a question's words are in many of them.
"""

from __future__ import annotations

import random
import statistics
import sys
import time

from phoneagent.knowledge.index import Index
from phoneagent.knowledge.passage import Passage

VOCABULARY = 20_000
WORDS = 120  # of a passage of 800 characters
QUESTIONS = 300


def main(count: int) -> None:
    """Print the percentiles."""
    chance = random.Random(7)
    letters = "etaoinshrdlu"
    words = list(dict.fromkeys("".join(chance.choices(letters, k=chance.randint(3, 10))) for _ in range(VOCABULARY)))
    weights = [1 / rank for rank in range(1, len(words) + 1)]
    passages = [
        Passage(
            f"document-{number // 50}.md", (f"heading {number}",), " ".join(chance.choices(words, weights, k=WORDS))
        )
        for number in range(count)
    ]
    for language in ("en", "de"):
        began = time.perf_counter()
        index = Index(passages, language=language)
        built = time.perf_counter() - began
        took = []
        for _ in range(QUESTIONS):
            question = " ".join(chance.choices(words, weights, k=10))
            began = time.perf_counter()
            index.search(question, most=4)
            took.append((time.perf_counter() - began) * 1000)
        index.close()
        cuts = statistics.quantiles(took, n=100)
        print(  # noqa: T201 - it is a command
            f"{language}: {count:,} passages indexed in {built:.1f} s; a question of ten words takes "
            f"{cuts[49]:.1f} ms (p95 {cuts[94]:.1f}, longest {max(took):.1f})"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
