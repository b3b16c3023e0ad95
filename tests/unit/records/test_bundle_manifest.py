"""records/bundle_manifest.py: a bundle is whole, comes from somewhere, and is found again."""

import json
import shutil
import zipfile

import pytest

from exoflow.errors import UserError
from exoflow.records.bundle_manifest import (
    ID_HEADER,
    MANIFEST,
    bundle_id,
    bundle_of_log,
    id_header,
    make_manifest,
    policy_chain,
    seal_zip,
    settings_sha256,
    verify_bundle,
)
from exoflow.records.hashing import content_hash
from exoflow.records.json_io import write_json

WEIGHTS = "ab" * 32


def chain_of(**changes):
    settings = {"export": {"tolerance_Nm": 1e-5}}
    return {
        "policy": {"file": "w.npz", "content_hash": "c0", "weights_sha256": WEIGHTS, "source": {}},
        "training": None,
        "settings": settings,
        "settings_sha256": settings_sha256(settings),
        "data": {"models": "d0"},
        "commit": "1234",
        "dirty": {"code": False},
    } | changes


def make_bundle(path, name="small", chain=None, **files):
    """A zip that says what a bundle must say, and little else."""
    texts = {
        "policy.h": f"#define POLICY_WEIGHTS_SHA256 {WEIGHTS}",
        "policy_weights.c": WEIGHTS,
        "policy_io.yaml": f"weights_sha256: {WEIGHTS}",
        "EXPORT_REPORT.json": json.dumps({"weights_sha256": WEIGHTS}),
    } | files
    content = {file: text.encode() for file, text in texts.items()}
    content[ID_HEADER] = id_header(name, bundle_id(name, content)).encode()
    content[MANIFEST] = make_manifest(name, content, chain or chain_of()).encode()
    write_zip(path, name, content)
    return content


def write_zip(path, name, content):
    with zipfile.ZipFile(path, "w") as archive:
        for file, data in content.items():
            archive.writestr(f"{name}/{file}", data)
    path.write_bytes(seal_zip(path.read_bytes()))


def message(path):
    with pytest.raises(UserError) as caught:
        verify_bundle(path)
    text = str(caught.value)
    assert "\n" not in text
    return text


def test_whole_bundle_is_verified_from_zip_and_folder(tmp_path):
    content = make_bundle(tmp_path / "b.zip")
    bundle = verify_bundle(tmp_path / "b.zip")
    assert (bundle.name, bundle.n_files, bundle.chain["commit"]) == ("small", 5, "1234")
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        archive.extractall(tmp_path)
    (tmp_path / "small/test/build").mkdir(parents=True)
    (tmp_path / "small/test/build/golden").write_text("built")
    assert verify_bundle(tmp_path / "small").id == bundle.id == bundle_id("small", content)


@pytest.mark.parametrize("file", ["policy.h", "policy_weights.c", "EXPORT_REPORT.json", ID_HEADER])
def test_one_changed_byte_is_caught_and_its_file_named(tmp_path, file):
    content = make_bundle(tmp_path / "b.zip")
    changed = bytearray(content[file])
    changed[3] ^= 1
    write_zip(tmp_path / "b.zip", "small", content | {file: bytes(changed)})
    assert message(tmp_path / "b.zip").startswith(f"{tmp_path / 'b.zip'}: {file} has SHA-256 ")


def test_every_changed_byte_of_an_unpacked_bundle_is_caught(tmp_path):
    content = make_bundle(tmp_path / "b.zip")
    for file, data in content.items():
        for at in range(len(data)):
            changed = bytearray(data)
            changed[at] ^= 1
            write_zip(tmp_path / "c.zip", "small", content | {file: bytes(changed)})
            with pytest.raises(UserError):
                verify_bundle(tmp_path / "c.zip")


def test_every_changed_byte_of_a_zip_is_caught_though_it_belongs_to_no_file(tmp_path):
    make_bundle(tmp_path / "b.zip")
    whole = (tmp_path / "b.zip").read_bytes()
    for at in range(len(whole)):
        changed = bytearray(whole)
        changed[at] ^= 1
        (tmp_path / "c.zip").write_bytes(bytes(changed))
        with pytest.raises(UserError):
            verify_bundle(tmp_path / "c.zip")


def test_a_bundle_that_was_packed_again_is_verified_unpacked(tmp_path):
    make_bundle(tmp_path / "b.zip")
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        archive.extractall(tmp_path)
    shutil.make_archive(str(tmp_path / "again"), "zip", tmp_path, "small")
    assert "verify the unpacked folder" in message(tmp_path / "again.zip")
    assert verify_bundle(tmp_path / "small").name == "small"


def test_a_changed_link_of_the_chain_is_caught(tmp_path):
    content = make_bundle(tmp_path / "b.zip")
    other = content[MANIFEST].replace(b'"commit": "1234"', b'"commit": "1235"')
    write_zip(tmp_path / "b.zip", "small", content | {MANIFEST: other})
    assert "b.zip: MANIFEST.json has SHA-256 " in message(tmp_path / "b.zip")


def test_missing_and_added_files_are_named(tmp_path):
    content = make_bundle(tmp_path / "b.zip")
    missing = {name: data for name, data in content.items() if name != "policy_io.yaml"}
    write_zip(tmp_path / "m.zip", "small", missing)
    assert "policy_io.yaml is missing" in message(tmp_path / "m.zip")
    write_zip(tmp_path / "a.zip", "small", content | {"extra.c": b""})
    assert "extra.c is not in MANIFEST.json" in message(tmp_path / "a.zip")


def test_manifest_that_was_made_to_fit_still_breaks_the_chain(tmp_path):
    make_bundle(tmp_path / "b.zip", **{"policy_weights.c": "other weights"})
    assert f"policy_weights.c is not of the policy {WEIGHTS[:16]}" in message(tmp_path / "b.zip")


def test_settings_that_do_not_match_their_hash_are_named(tmp_path):
    chain = chain_of(settings={"export": {"tolerance_Nm": 1.0}})
    make_bundle(tmp_path / "b.zip", chain=chain)
    assert "its settings have SHA-256" in message(tmp_path / "b.zip")


def test_training_record_of_another_policy_is_named(tmp_path):
    settings = {"seed": 1}
    trained = {
        "content_hash": "other", "settings": settings, "settings_sha256": settings_sha256(settings),
    }  # fmt: skip
    make_bundle(tmp_path / "b.zip", chain=chain_of(training=trained))
    assert "the training record is of a policy other" in message(tmp_path / "b.zip")


def test_truncated_zip_and_no_bundle_are_one_line(tmp_path):
    make_bundle(tmp_path / "b.zip")
    whole = (tmp_path / "b.zip").read_bytes()
    (tmp_path / "b.zip").write_bytes(whole[: len(whole) // 2])
    assert "damaged" in message(tmp_path / "b.zip")
    write_zip(tmp_path / "n.zip", "small", {"README.md": b""})
    assert f"holds no {MANIFEST}" in message(tmp_path / "n.zip")
    assert "no such bundle" in message(tmp_path / "missing.zip")


def test_log_is_matched_to_the_bundle_that_it_names(tmp_path):
    make_bundle(tmp_path / "a.zip", "first")
    make_bundle(tmp_path / "b.zip", "second")
    bundles = [tmp_path / "a.zip", tmp_path / "b.zip"]
    wanted = verify_bundle(bundles[1])
    log = tmp_path / "log.csv"
    log.write_text(f"# exoflow bundle second {wanted.id}\ntick,torque_r_Nm\n0,1.0\n")
    assert bundle_of_log(log, bundles) == wanted
    log.write_text(f"# exoflow bundle second {wanted.id[:12]}\n")
    assert bundle_of_log(log, bundles).path == bundles[1]
    with pytest.raises(UserError, match=r"which is not among first [0-9a-f]{12}\. Give"):
        bundle_of_log(log, bundles[:1])
    log.write_text("tick,torque\n")
    with pytest.raises(UserError, match="names no bundle in its first 50 lines"):
        bundle_of_log(log, bundles)


def test_id_and_hash_do_not_depend_on_commit_or_report(tmp_path):
    make_bundle(tmp_path / "a.zip")
    report = json.dumps({"weights_sha256": WEIGHTS, "compiler": "another"})
    other = chain_of(commit="5678")
    make_bundle(tmp_path / "b.zip", chain=other, **{"EXPORT_REPORT.json": report})
    assert verify_bundle(tmp_path / "a.zip").id == verify_bundle(tmp_path / "b.zip").id
    assert content_hash(tmp_path / "a.zip") == content_hash(tmp_path / "b.zip")
    make_bundle(tmp_path / "c.zip", **{"safety.yaml": "torque_limit_Nm: 9"})
    assert content_hash(tmp_path / "a.zip") != content_hash(tmp_path / "c.zip")


def test_chain_finds_the_run_that_trained_the_policy(tmp_path):
    policy = tmp_path / "results/policy/level/seed1.txt"
    policy.parent.mkdir(parents=True)
    policy.write_text("weights")
    record = {
        "commit": "abcd", "dirty": {}, "seed": 1, "settings": {"seed": 1},
        "inputs": {"results/reflex/level.json": "f00"},
        "outputs": {"results/policy/level/seed1.txt": content_hash(policy)},
    }  # fmt: skip
    write_json(tmp_path / "results/runs/policy/level/seed1.run.json", record)
    (tmp_path / "data/models").mkdir(parents=True)
    chain = policy_chain(policy, WEIGHTS, {"seed": 1}, {}, tmp_path)
    assert chain["policy"]["file"] == "results/policy/level/seed1.txt"
    assert chain["training"]["commit"] == "abcd"
    assert chain["training"]["inputs"] == {"results/reflex/level.json": "f00"}
    assert set(chain["data"]) == {"models"}
    policy.write_text("other weights")
    assert policy_chain(policy, WEIGHTS, {}, {}, tmp_path)["training"] is None
