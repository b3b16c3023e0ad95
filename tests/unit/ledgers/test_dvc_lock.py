"""dvc.lock as a killed DVC leaves it: cut short anywhere."""

import pytest
from dvc.schema import COMPILED_LOCKFILE_SCHEMA
from dvc.utils.serialize import parse_yaml

from exoflow.errors import UserError
from exoflow.ledgers.dvc_lock import read_dvc_lock

WHOLE = """\
schema: '2.0'
stages:
  trial:
    cmd: exoflow stage trial
    deps:
    - path: data/trials
      hash: md5
      md5: 097c39e2b1d3a0f64c2a2f1f3a5d7b11.dir
      size: 2512
      nfiles: 7
    - path: rules/trial.smk
      hash: md5
      md5: 53e2b1d3a0f64c2a2f1f3a5d7b11097c
      size: 766
    params:
      params.yaml:
        trial:
          studies:
          - barati
    outs:
    - path: results/trial
      hash: md5
      md5: 1e42b1d3a0f64c2a2f1f3a5d7b11097c.dir
      size: 3
      nfiles: 1
"""


def dvc_reads(text: str) -> bool:
    """Whether DVC itself takes a lock file; it refuses every command otherwise."""
    try:
        COMPILED_LOCKFILE_SCHEMA(parse_yaml(text, "dvc.lock"))
        return True
    except Exception:
        return False


def we_read(folder, text: str) -> bool:
    """Whether recovery lets a lock file stand."""
    (folder / "dvc.lock").write_text(text)
    try:
        read_dvc_lock(folder)
        return True
    except UserError:
        return False


def test_what_dvc_refuses_counts_as_damaged_wherever_the_file_was_cut(tmp_path):
    cuts = [WHOLE[:length] for length in range(len(WHOLE))]
    passed_over = [cut for cut in cuts if we_read(tmp_path, cut) and not dvc_reads(cut)]
    assert [cut[-40:] for cut in passed_over] == []
    assert we_read(tmp_path, WHOLE)
    assert dvc_reads(WHOLE)


@pytest.mark.parametrize("rest", ["", "schema: '2.0'\n", "schema: '2.0'\nstages: {}\n"])
def test_a_lock_without_stages_is_taken_only_if_dvc_does(tmp_path, rest):
    assert we_read(tmp_path, rest) <= dvc_reads(rest)
