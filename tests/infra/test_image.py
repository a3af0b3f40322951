"""The image, as far as can be known without Docker and without a network. `make image-check` asks the package index."""

from __future__ import annotations

import hashlib
import re
import runpy
import subprocess
import tarfile
import venv
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "infra" / "Dockerfile").read_text()


@pytest.fixture(scope="module")
def installable():
    return SimpleNamespace(**runpy.run_path(str(ROOT / "infra" / "installable.py")))


def pinned(lock: str) -> set[str]:
    return set(re.findall(r"^([\w.-]+)==", (ROOT / "requirements" / lock).read_text(), re.MULTILINE))


def test_every_step_that_fetches_checks_hashes_and_takes_only_wheels(installable):
    steps = installable.fetching(DOCKERFILE)
    assert [step[-1] for step in steps] == ["requirements/build.txt", "requirements/runtime.txt"]
    for step in steps:
        assert "--require-hashes" in step
        assert step[step.index("--only-binary") + 1] == ":all:"


def test_what_is_built_from_source_is_built_by_locked_tools(installable):
    *_, packages = installable.fetching(DOCKERFILE)
    from_source = packages[packages.index("--no-binary") + 1].split(",")
    assert set(from_source) <= pinned("runtime.txt"), "an exception for a package that is not there any more"
    assert "--no-build-isolation" in packages, "pip would fetch the build's own tools, of which we know no hash"
    assert "setuptools" in pinned("build.txt")


def test_the_check_runs_the_dockerfiles_own_options(installable):
    dockerfile = (
        "FROM x\nRUN pip wheel --only-binary :all: \\\n    --wheel-dir /w -r a.txt \\\n    && pip wheel --no-index .\n"
    )
    (step,) = installable.fetching(dockerfile)
    assert installable.dry(step) == ["install", "--dry-run", "--only-binary", ":all:", "-r", "a.txt"]


def test_the_check_is_part_of_make_test():
    (needs,) = re.findall(r"^test:(.*?)##", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert "image-check" in needs.split()


@pytest.fixture(scope="module")
def index(tmp_path_factory) -> Path:
    """A package index on disk: one package of which there is only its source."""
    folder: Path = tmp_path_factory.mktemp("index")
    source = folder / "onlysource-1.0"
    source.mkdir()
    (source / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    )
    (source / "PKG-INFO").write_text("Metadata-Version: 2.1\nName: onlysource\nVersion: 1.0\n")
    (source / "backend.py").write_text(
        "from pathlib import Path\n\n"
        "def prepare_metadata_for_build_wheel(folder, config_settings=None):\n"
        "    info = Path(folder, 'onlysource-1.0.dist-info')\n"
        "    info.mkdir()\n"
        "    (info / 'METADATA').write_text('Metadata-Version: 2.1\\nName: onlysource\\nVersion: 1.0\\n')\n"
        "    return info.name\n"
    )
    with tarfile.open(folder / "onlysource-1.0.tar.gz", "w:gz") as archive:
        archive.add(source, arcname=source.name)
    return folder


@pytest.fixture(scope="module")
def pip(tmp_path_factory) -> list[str]:
    """The Python that tests run on may have no pip."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=True)
    return [f"{folder}/bin/python", "-m", "pip", "--isolated"]


@pytest.mark.parametrize(("exception", "found"), [("", False), ("--no-binary onlysource", True)])
def test_a_package_without_a_wheel_fails_unless_the_dockerfile_says_so(
    installable, index, pip, tmp_path, *, exception, found
):
    digest = hashlib.sha256((index / "onlysource-1.0.tar.gz").read_bytes()).hexdigest()
    lock = tmp_path / "lock.txt"
    lock.write_text(f"onlysource==1.0 --hash=sha256:{digest}\n")
    *_, step = installable.fetching(DOCKERFILE)
    step[-1] = str(lock)
    place = step.index("--no-binary")
    step[place : place + 2] = exception.split()
    command = [*pip, *installable.dry(step), "--no-index", "--find-links", index]
    answer = subprocess.run(command, check=False, capture_output=True, text=True, env={})
    assert (answer.returncode == 0) is found, answer.stderr
