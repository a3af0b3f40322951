"""Can the image be built? Ask the package index whether the Dockerfile's install steps can be done, without Docker.

The `pip` commands that reach an index are read out of `infra/Dockerfile`, so that what is checked is what is run.
They are carried out in an environment of their own: the build tools are installed, and of the rest it is only settled
where it comes from (`pip install --dry-run`). The exit status says whether all of it was found, by hash and in a form
that the options allow.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCKERFILE = ROOT / "infra" / "Dockerfile"


def commands(dockerfile: str) -> list[list[str]]:
    """Each command that a RUN instruction of this Dockerfile runs, as words."""
    instructions = dockerfile.replace("\\\n", " ").splitlines()
    runs = [line.removeprefix("RUN ") for line in instructions if line.startswith("RUN ")]
    return [shlex.split(command) for run in runs for command in run.split("&&")]


def fetching(dockerfile: str) -> list[list[str]]:
    """The pip commands among them that fetch packages from an index: their arguments."""
    pip = [words[1:] for words in commands(dockerfile) if words[0] == "pip"]
    return [words for words in pip if "--no-index" not in words]


def dry(arguments: list[str]) -> list[str]:
    """The same options, with nothing kept: `pip wheel` becomes `pip install --dry-run`."""
    if arguments[0] != "wheel":
        return arguments
    place = arguments.index("--wheel-dir")
    return ["install", "--dry-run", *arguments[1:place], *arguments[place + 2 :]]


def main() -> str | None:
    """What is wrong, or nothing."""
    steps = fetching(DOCKERFILE.read_text())
    if not steps:
        return f"expected a pip command that fetches packages, got none; look at {DOCKERFILE}"
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        for step in steps:
            pip = [f"{folder}/bin/python", "-m", "pip", "--disable-pip-version-check", "--no-input", *dry(step), "-qq"]
            if subprocess.run(pip, cwd=ROOT, check=False).returncode:  # noqa: S603  # our own Dockerfile's commands
                return f"the image cannot be built: its step `pip {shlex.join(step)}` fails"
    return None


if __name__ == "__main__":
    sys.exit(main())
