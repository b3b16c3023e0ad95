"""A folder runs its own code, and an experiment keeps its records."""

import os
import subprocess
import sys

import pytest

from exoflow.ledgers.own_code import environment_of, is_installed_here
from exoflow.ledgers.snakemake_records import METADATA
from exoflow.ledgers.stage_guard import hand_over_records
from exoflow.records.checkpoints import PACKAGE


def test_a_command_imports_the_package_of_its_folder_before_any_other(tmp_path, monkeypatch):
    package = tmp_path / "copy/workflow/exoflow"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (tmp_path / "lib").mkdir()
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(PACKAGE.parent), str(tmp_path / "lib")]))
    environment = environment_of(tmp_path / "copy")
    assert environment["PYTHONPATH"].split(os.pathsep) == [
        str(tmp_path / "copy/workflow"),
        str(tmp_path / "lib"),
    ]
    words = [sys.executable, "-c", "import exoflow; print(exoflow.__file__)"]
    done = subprocess.run(words, env=environment, capture_output=True, text=True)
    assert done.stdout.strip() == str(package / "__init__.py")


def test_a_folder_without_a_package_needs_no_other(tmp_path):
    assert is_installed_here(PACKAGE.parents[1])
    assert is_installed_here(tmp_path)
    (tmp_path / "workflow/exoflow").mkdir(parents=True)
    assert not is_installed_here(tmp_path)


def test_a_stage_of_dvc_goes_over_to_the_package_of_its_folder(tmp_path):
    package = tmp_path / "workflow/exoflow"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "__main__.py").write_text("import sys; print('own code', *sys.argv[1:])")
    words = [sys.executable, "-m", "exoflow", "stage", "reflex", "--", "snakemake", "-n"]
    environment = os.environ | {"PYTHONPATH": str(PACKAGE.parent), "PYTHONSAFEPATH": "1"}
    done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.stdout.strip() == "own code stage reflex -- snakemake -n", done.stderr


@pytest.mark.parametrize("ignored", ["", "/.snakemake/\n"])
def test_new_records_are_handed_to_git_unless_it_ignores_them(tmp_path, ignored):
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    hand_over_records(tmp_path)
    (tmp_path / ".gitignore").write_text(ignored)
    (tmp_path / METADATA).mkdir(parents=True)
    (tmp_path / METADATA / "record").write_text("{}")
    hand_over_records(tmp_path)
    listed = subprocess.run(["git", "ls-files"], cwd=tmp_path, capture_output=True, text=True)
    assert listed.stdout.split() == ([] if ignored else [f"{METADATA}/record"])
