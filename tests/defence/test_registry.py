"""A registry lets in what is pinned, signed and scanned, gives out nothing else, and is never half of anything."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from tests.defence.at_each_step import tries
from unpickled import defence
from unpickled.cli.main import run
from unpickled.defence import gate, publishing, pulling
from unpickled.defence.artifact import TITLE, Blob, digest_of
from unpickled.defence.keys import make_keys
from unpickled.defence.registry import verified
from unpickled.defence.scratch import Scratch
from unpickled.defence.seals import canonical, check_seal, seal
from unpickled.scanners import Verdict, scan
from unpickled.specimens import write

WEIGHTS = save({"layer": np.arange(3, dtype=np.float32)})


class Place:
    """Keys of a publisher, a curator and a stranger, and a model that is pinned and signed."""

    def __init__(self, home, files=None):
        self.home = home
        for whose in ("publisher", "curator", "stranger"):
            if not (home / whose).exists():
                make_keys(home / whose)
        self.model = home / "model"
        for name, data in (files or {"w/model.safetensors": WEIGHTS, "config.json": b"{}"}).items():
            (self.model / name).parent.mkdir(parents=True, exist_ok=True)
            (self.model / name).write_bytes(data)
        self.vouch()
        self.shelf = defence.Shelf(home / "shelf")

    def vouch(self, whose="publisher"):
        """Pin and sign the model as it is."""
        lock = defence.pin_folder(self.model)
        defence.write_whole(self.home / "model.lock", lock.to_bytes(), overwrite=True)
        key = defence.Signer(key=self.home / whose / "signing.key")
        defence.sign_folder(self.model, self.home / "model.sig", key, overwrite=True)

    def trust(self, whose="publisher"):
        return defence.Trust(public_key=self.home / whose / "signing.pub")

    def offer(self, **changes):
        offer = defence.Offer(
            folder=self.model,
            name="team/tiny",
            lock=self.home / "model.lock",
            signature=self.home / "model.sig",
            trust=self.trust(),
            why="Ada read the code",
            unscanned=("*.json",),
        )
        return replace(offer, **changes)

    def publish(self, whose="curator", shelf=None, **changes):
        key = self.home / whose / "signing.key"
        return defence.publish(self.offer(**changes), shelf or self.shelf, key)

    def pull(self, reference, target="out", shelf=None, curator="curator", publisher="publisher"):
        return defence.pull(
            reference,
            self.home / target,
            registry=shelf or self.shelf,
            curator=self.home / curator / "signing.pub",
            trust=self.trust(publisher),
        )


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A place with a model that was published, with the real scanners."""
    place = Place(tmp_path_factory.mktemp("registry"))
    place.done = place.publish()
    return place


@pytest.fixture
def place(made, tmp_path):
    """A copy of it to spoil."""
    shutil.copytree(made.home, tmp_path / "home")
    copy = Place.__new__(Place)
    copy.home, copy.done = tmp_path / "home", made.done
    copy.model, copy.shelf = copy.home / "model", defence.Shelf(copy.home / "shelf")
    return copy


@pytest.fixture
def unscanned(monkeypatch):
    """Leave the scanners out, for what is not about them."""

    def judge(_, names, *, unscanned=()):
        return tuple(defence.Judged(name, "clean", ()) for name in names)

    monkeypatch.setattr(os, "fsync", lambda _: None)  # slow, and no test pulls the plug
    for module in (publishing, pulling):
        monkeypatch.setattr(module, "judge", judge)


def test_what_was_published_is_pulled_whole(made):
    """With the record of who, when, why, and what the scanners said."""
    done = made.pull(made.done.reference)
    assert (made.home / "out/model/w/model.safetensors").read_bytes() == WEIGHTS
    lock = defence.read_lock(made.home / "out/model.lock")
    assert defence.verify_folder(made.home / "out/model", lock).faults == ()
    assert {one.name: one.how for one in done.files} == {
        "config.json": "unscanned",
        "w/model.safetensors": "header",
    }
    record = done.admission
    assert (record.why, record.unscanned) == ("Ada read the code", ("*.json",))
    assert record.key.startswith("key ")
    assert record.signer.startswith("key ")
    assert record.files[1].scanners == ("picklescan 1.0.5", "modelscan 0.8.8")
    shutil.rmtree(made.home / "out")


def test_the_folder_is_an_oci_layout(made):
    """So other tools can read it: layout version, index, blobs that are named by their own SHA-256."""
    root = made.shelf.path
    assert json.loads((root / "oci-layout").read_bytes()) == {"imageLayoutVersion": "1.0.0"}
    blobs = {f"sha256:{path.name}": path.read_bytes() for path in (root / "blobs/sha256").iterdir()}
    assert all(digest_of(data) == digest for digest, data in blobs.items())
    (entry,) = json.loads((root / "index.json").read_bytes())["manifests"]
    manifest = json.loads(blobs[entry["digest"]])
    for part in (manifest["config"], *manifest["layers"]):
        assert part["size"] == len(blobs[part["digest"]])
    named = {part["digest"] for part in (entry, manifest["config"], *manifest["layers"])}
    assert set(blobs) == named


GATES = {
    "changed after the pin": (
        lambda p: (p.model / "config.json").write_bytes(b"[]"),
        {},
        "not as pinned: changed: config.json",
    ),
    "added after the pin": (
        lambda p: (p.model / "x.py").write_bytes(b""),
        {},
        "not as pinned: added: x.py",
    ),
    "pinned anew, not signed anew": (
        lambda p: (
            (p.model / "config.json").write_bytes(b"[]"),
            (p.home / "model.lock").write_bytes(defence.pin_folder(p.model).to_bytes()),
        ),
        {},
        "not what was signed",
    ),
    "signed by a stranger": (lambda p: p.vouch("stranger"), {}, "signed with another key"),
    "dangerous": (
        lambda p: (write("reduce-canary", p.model, marker=p.home / "canary"), p.vouch()),
        {},
        "the scan says dangerous: picklescan .*mkdir",
    ),
    "dangerous, let in by name": (
        lambda p: (write("reduce-canary", p.model, marker=p.home / "canary"), p.vouch()),
        {"unscanned": ("*.json", "*.pkl", "*canary*")},
        "the scan says dangerous",
    ),
    "text, not let in by name": (lambda _: None, {"unscanned": ()}, "no scanner looked at it"),
    "a header that lies": (
        lambda p: (
            (p.model / "w/model.safetensors").write_bytes(WEIGHTS[:-4]),
            p.vouch(),
        ),
        {},
        "w/model.safetensors: ",
    ),
}


@pytest.mark.parametrize("name", GATES)
def test_each_gate_refuses_and_the_registry_stays_as_it_was(place, name):
    """Pin, signature and scan, one by one."""
    spoil, changes, problem = GATES[name]
    before = {path: path.read_bytes() for path in place.shelf.path.rglob("*") if path.is_file()}
    spoil(place)
    with pytest.raises(defence.RefusedError, match=problem):
        place.publish(name="team/other", **changes)
    after = {path: path.read_bytes() for path in place.shelf.path.rglob("*") if path.is_file()}
    assert after == before
    assert not (place.home / "canary").exists()


MISNAMED = {
    "keras-bytecode": "its header does not pass",
    "h5-lambda": "the scan says",
    "tar-canary": "no scanner looked at it",
    "torch-canary": "the scan says dangerous",
    "a picture": "no scanner looked at it",
    "a text that goes on as something else": "no scanner looked at it",
    "a text of megabytes that ends as no text": "no scanner looked at it",
    "a text of megabytes that ends in half a letter": "no scanner looked at it",
}


@pytest.mark.parametrize("what", MISNAMED)
def test_a_pattern_lets_in_text_and_nothing_else(tmp_path, what):
    """A file under the name of a text is still what it holds: it is scanned, and its header read, as that."""
    path = tmp_path / "notes.json"
    if what == "a picture":
        path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(40))
    elif what.startswith("a text of"):
        path.write_bytes(b"text\n" * 500_000 + (b"\xc3" if what.endswith("letter") else b"\xff"))
    elif what.startswith("a text"):
        path.write_bytes(b"text\n" * 20_000 + b"PK\x05\x06" + bytes(18))
    else:
        write(what, tmp_path, marker=tmp_path / "canary").rename(path)
    with pytest.raises(defence.RefusedError, match=MISNAMED[what]):
        gate.judge(tmp_path, ["notes.json"], unscanned=("*.json",))
    assert not (tmp_path / "canary").exists()


def test_a_header_is_read_whatever_a_scanner_or_a_pattern_says(tmp_path, monkeypatch):
    """A scanner that calls a Keras file clean does not spare it; nor does a pattern that fits safetensors."""
    name = write("keras-bytecode", tmp_path, marker=tmp_path / "canary").name
    monkeypatch.setattr(gate, "scan", lambda path: replace(scan(path), verdict=Verdict.CLEAN))
    with pytest.raises(defence.RefusedError, match="its header does not pass"):
        gate.judge(tmp_path, [name], unscanned=("*.keras",))


def test_hdf5_with_a_pickle_that_pytables_runs_is_not_let_in(tmp_path):
    """h5py shows it as an attribute like any other, and no scanner looks into it."""
    import h5py

    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["w"] = np.arange(3.0)
        file["w"].attrs["s"] = np.bytes_(b"cos\nmkdir\n(S'canary'\ntR.")
    with pytest.raises(defence.RefusedError, match="header does not pass: A pickle in an attr"):
        gate.judge(tmp_path, ["a.h5"])


def test_a_name_that_does_not_fit_is_told_as_that(tmp_path):
    """Numbers only, under the name of a text: refused, and not called dangerous."""
    (tmp_path / "numbers.txt").write_bytes(WEIGHTS)
    with pytest.raises(defence.RefusedError, match="Give it a name that fits") as refusal:
        gate.judge(tmp_path, ["numbers.txt"], unscanned=("*.txt",))
    assert refusal.value.verdict == "suspicious"


@pytest.mark.parametrize("verdict", [one for one in Verdict if one not in {"clean", "skipped"}])
def test_only_clean_is_clean(tmp_path, monkeypatch, verdict):
    """What a scanner could not read, or failed on, is let in by no pattern and no header."""
    (tmp_path / "a.safetensors").write_bytes(WEIGHTS)
    monkeypatch.setattr(gate, "scan", lambda path: replace(scan(path), verdict=verdict))
    with pytest.raises(defence.RefusedError, match=f"the scan says {verdict}"):
        gate.judge(tmp_path, ["a.safetensors"], unscanned=("a*",))


def test_where_no_curator_is_nobody_is_told_to_ask_one(tmp_path):
    """`guard load` has no --unscanned."""
    (tmp_path / "a.json").write_bytes(b"{}")
    with pytest.raises(defence.RefusedError) as refusal:
        gate.judge(tmp_path, ["a.json"])
    assert "--unscanned" not in str(refusal.value)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"name": "Team"}, "can have this name"),
        ({"name": "../x"}, "can have this name"),
        ({"name": "a" * 129}, "can have this name"),
        ({"why": " \n"}, "letters"),
        ({"why": "x" * 1001}, "letters"),
        ({"unscanned": ("*",)}, "let every file in"),
        ({"unscanned": ("",)}, "let every file in"),
        ({"unscanned": ("*.json", "*.*")}, "let every file in"),
        ({"unscanned": ("[!/]*",)}, "let every file in"),
        ({"unscanned": ("[a-z]*",)}, "let every file in"),
    ],
)
def test_an_offer_that_says_too_little_is_not_looked_at(place, changes, problem):
    """A name, a reason, and no pattern that fits everything."""
    with pytest.raises(defence.GuardError, match=problem):
        place.publish(**changes)


def test_what_is_judged_is_the_copy_that_is_kept(place, monkeypatch):
    """The model is exchanged once it is copied: signature and scan look at the copy, and the copy is kept."""
    monkeypatch.setattr(os, "fsync", lambda _: None)

    def copy_then_exchange(*args):
        copied(*args)
        evil = write("reduce-canary", place.home, marker=place.home / "canary")
        evil.replace(place.model / "config.json")

    copied = publishing._copy
    monkeypatch.setattr(publishing, "_copy", copy_then_exchange)
    done = place.publish(name="team/other")
    place.pull(done.reference)
    assert (place.home / "out/model/config.json").read_bytes() == b"{}"


def test_what_changes_before_it_is_copied_is_told(place, unscanned, monkeypatch):
    """Pinned a moment ago, and another file now: the copy is hashed on its way."""

    def exchange(*args):
        pinned(*args)
        (place.model / "config.json").write_bytes(b"[]")

    pinned = publishing._require_as_pinned
    monkeypatch.setattr(publishing, "_require_as_pinned", exchange)
    with pytest.raises(defence.RefusedError, match="changed while it was copied"):
        place.publish()


def blob(place, kind):
    """Return the path of a part of the published artifact."""
    root = place.shelf.path / "blobs/sha256"
    manifest = json.loads((root / place.done.reference.digest[7:]).read_bytes())
    (part, *_) = [one for one in manifest["layers"] if kind in one["mediaType"]]
    return root / part["digest"][7:]


def other_index(place, change, whose):
    """Change the index, and seal it with somebody's key."""
    path = place.shelf.path / "index.json"
    index = json.loads(path.read_bytes())
    change(index)
    del index["annotations"]["org.unpickled.seal"]
    kind = "application/vnd.unpickled.index.v1+json"
    index["annotations"]["org.unpickled.seal"] = seal(
        canonical(index), kind, place.home / whose / "signing.key"
    )
    path.write_bytes(canonical(index))


def flip(path):
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


LIES = {
    "a byte of a file": (lambda p: flip(blob(p, "file")), "other bytes for sha256"),
    "a byte of the lock": (lambda p: flip(blob(p, "lock")), "other bytes for sha256"),
    "a byte of the signature": (lambda p: flip(blob(p, "signature")), "other bytes for sha256"),
    "a byte of the record": (lambda p: flip(blob(p, "admission")), "other bytes for sha256"),
    "a shorter file": (
        lambda p: blob(p, "file").write_bytes(blob(p, "file").read_bytes()[:-1]),
        "other bytes for sha256",
    ),
    "a longer file": (
        lambda p: blob(p, "file").write_bytes(blob(p, "file").read_bytes() + b"x"),
        "other bytes for sha256",
    ),
    "a link for a file": (
        lambda p: (
            shutil.move(blob(p, "file"), p.home / "b"),
            blob(p, "file").symlink_to(p.home / "b"),
        ),
        "other bytes for sha256",
    ),
    "a pipe for a file": (
        lambda p: (blob(p, "file").unlink(), os.mkfifo(blob(p, "file"))),
        "other bytes for sha256",
    ),
    "another manifest": (
        lambda p: (p.shelf.path / "blobs/sha256" / p.done.reference.digest[7:]).write_bytes(b"{}"),
        "other bytes for sha256",
    ),
    "a file that is gone": (lambda p: blob(p, "file").unlink(), "does not have sha256"),
    "an index that was edited": (
        lambda p: (p.shelf.path / "index.json").write_bytes(
            later((p.shelf.path / "index.json").read_bytes())
        ),
        "not sealed by this curator",
    ),
    "an index of a stranger's": (
        lambda p: other_index(p, lambda _: None, "stranger"),
        "not sealed by this curator",
    ),
    "another size": (
        lambda p: other_index(p, lambda i: i["manifests"][0].update(size=7), "curator"),
        "other bytes for sha256",
    ),
    "another name": (
        lambda p: other_index(
            p,
            lambda i: i["manifests"][0]["annotations"].update(
                {"org.opencontainers.image.ref.name": "team/other"}
            ),
            "curator",
        ),
        "nobody has let it into",
    ),
    "an index without an end": (
        lambda p: (p.shelf.path / "index.json").write_bytes(b'{"a'),
        "no index of a registry",
    ),
    "no index": (lambda p: (p.shelf.path / "index.json").unlink(), "no registry here"),
}


def later(index):
    """A year later, whatever year it is."""
    year = str(datetime.now(UTC).year)
    return index.replace(year.encode(), str(int(year) + 1).encode())


@pytest.mark.parametrize("name", LIES)
def test_a_registry_that_lies_gives_nothing(place, unscanned, name):
    """Whatever is changed in it, nothing is in the destination, not even unfinished."""
    lie, problem = LIES[name]
    before_lie = (place.shelf.path / "index.json").read_bytes()
    lie(place)
    if name == "an index that was edited":
        assert (place.shelf.path / "index.json").read_bytes() != before_lie
    before = sorted(place.home.iterdir())
    with pytest.raises(defence.GuardError, match=problem):
        place.pull(place.done.reference)
    assert sorted(place.home.iterdir()) == before


def test_what_killed_pulls_left_is_swept(place, unscanned):
    """Beside the target; what another pull still holds stays."""
    (place.home / ".unpickled-draft-pull-left").mkdir()
    held = Scratch(".unpickled-draft-pull-", place.home)
    place.pull(place.done.reference)
    assert [path.name for path in place.home.glob(".unpickled*")] == [held.path.name]
    held.close()


def test_pull_asks_whose_signature_and_whose_registry(place, unscanned):
    """A curator who is a stranger; a publisher who is one."""
    with pytest.raises(defence.RefusedError, match="not sealed by this curator"):
        place.pull(place.done.reference, curator="stranger")
    with pytest.raises(defence.RefusedError, match="signed with another key"):
        place.pull(place.done.reference, publisher="stranger")
    assert not (place.home / "out").exists()


def test_pull_scans_again(place, monkeypatch):
    """A scanner that has learned a name since refuses what was let in before it."""

    def refuses(folder, names, *, unscanned=()):
        assert unscanned == ("*.json",)  # what the curator vouched for, and nothing else
        assert (folder / "w/model.safetensors").exists()
        assert not (place.home / "out").exists()
        raise defence.RefusedError("w/model.safetensors", "the scan says dangerous")

    monkeypatch.setattr(pulling, "judge", refuses)
    with pytest.raises(defence.RefusedError, match="dangerous"):
        place.pull(place.done.reference)
    assert not (place.home / "out").exists()


def exchange(place, other, kind):
    """Put the layer of that kind, out of another artifact, into the first; sealed anew, and refused when pulled."""
    root = place.shelf.path / "blobs/sha256"
    ours, theirs = (
        json.loads((root / done.reference.digest[7:]).read_bytes()) for done in (place.done, other)
    )
    ((at, layer),) = [
        (at, one) for at, one in enumerate(theirs["layers"]) if kind in one["mediaType"]
    ]
    assert ours["layers"][at] != layer
    ours["layers"][at] = layer
    data = canonical(ours)
    (root / digest_of(data)[7:]).write_bytes(data)
    changed = {"digest": digest_of(data), "size": len(data)}
    other_index(place, lambda index: index["manifests"][0].update(changed), "curator")
    with pytest.raises(defence.RefusedError, match="record is that of another artifact"):
        place.pull(defence.Reference("team/tiny", digest_of(data)))


def test_a_record_of_another_artifact_does_not_pass(place, unscanned):
    """The curator sealed it, for other files."""
    (place.model / "config.json").write_bytes(b"[1]")
    place.vouch()
    exchange(place, place.publish(name="team/other"), "admission")


def test_a_record_for_another_signature_does_not_pass(place, unscanned):
    """Of the same files, by the same publisher: it is not the one that the curator saw."""
    place.vouch()
    exchange(place, place.publish(), "signature")


def test_a_registry_whose_blobs_are_a_file(place, unscanned):
    """It is not the disk's fault."""
    blobs = place.shelf.path / "blobs"
    shutil.rmtree(blobs)
    blobs.write_bytes(b"")
    with pytest.raises(defence.GuardError, match=r"does not have sha256.*not whole"):
        place.pull(place.done.reference)


def test_a_file_that_grows_while_it_is_published_is_left(place, unscanned, monkeypatch):
    """It is read as far as it was long, and is another by then."""
    from unpickled.defence import folder

    real = folder.open_file

    def growing(file):
        stream = real(file)
        with Path(file.path).open("ab") as more:
            more.write(b"x" * 1000)
        return stream

    monkeypatch.setattr(publishing, "open_file", growing)
    (file,) = [one for one in folder.list_folder(place.model).files if one.name == "config.json"]
    assert b"".join(publishing._pieces(file, digest_of(b"{}")[7:], "x")) == b"{}"


def test_a_manifest_that_lists_more_than_its_lock_does_not_pass(place, unscanned):
    """Another tool would take the file that no lock, signature or scan has seen."""
    root = place.shelf.path / "blobs/sha256"
    ours = json.loads((root / place.done.reference.digest[7:]).read_bytes())
    ours["layers"].insert(0, {**ours["layers"][0], "annotations": {TITLE: "more.bin"}})
    data = canonical(ours)
    (root / digest_of(data)[7:]).write_bytes(data)
    changed = {"digest": digest_of(data), "size": len(data)}
    other_index(place, lambda index: index["manifests"][0].update(changed), "curator")
    with pytest.raises(defence.RefusedError, match="its manifest and its lock do not agree"):
        place.pull(defence.Reference("team/tiny", digest_of(data)))


def test_no_more_is_read_than_a_blob_has(place):
    """A registry that sends without end is left at once, and gives not a byte too many."""
    asked, given = [], b""
    blob = Blob.of("x", b"12345")
    with pytest.raises(defence.RefusedError, match="other bytes"):  # noqa: PT012 - what came before it counts
        for piece in verified(
            (asked.append(1) or b"12" for _ in range(99)), blob, place.done.reference
        ):
            given += piece
    assert (len(asked), given) == (3, b"1212")


@pytest.mark.parametrize("size", [4, 6])
def test_a_size_beside_the_right_digest_is_a_lie(place, size):
    """Too few bytes, or too many, are others, though their digest is right."""
    blob = replace(Blob.of("x", b"12345"), size=size)
    with pytest.raises(defence.RefusedError, match="other bytes"):
        list(verified([b"12345"], blob, place.done.reference))


def test_a_seal_is_for_one_kind_of_thing(place):
    """As DSSE has it: the kind is signed with the bytes, so a record's seal is none of an index."""
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    keys = place.home / "curator"
    sealed = seal(b"{}", "a/record", keys / "signing.key")
    check_seal(b"{}", "a/record", sealed, keys / "signing.pub", "x")
    with pytest.raises(defence.RefusedError, match="not sealed by this curator"):
        check_seal(b"{}", "an/index", sealed, keys / "signing.pub", "x")
    public = serialization.load_pem_public_key((keys / "signing.pub").read_bytes())
    encoded = b"DSSEv1 8 a/record 2 {}"
    public.verify(base64.b64decode(sealed), encoded, ec.ECDSA(hashes.SHA256()))


def test_what_a_stranger_wrote_into_the_index_is_not_sealed_anew(place, unscanned):
    """The next publisher's seal would have covered it."""
    other_index(place, lambda index: index["manifests"].append(index["manifests"][0]), "stranger")
    with pytest.raises(defence.RefusedError, match="not sealed by this curator"):
        place.publish(name="team/other")


def test_an_index_that_is_gone_is_not_begun_anew(place, unscanned):
    """It would leave out, without a word, what was there."""
    index = place.shelf.path / "index.json"
    kept = index.read_bytes()
    index.unlink()
    with pytest.raises(defence.RefusedError, match="models are there that it named"):
        place.publish(name="team/other")
    assert not index.exists()
    index.write_bytes(kept)
    place.publish(name="team/other")
    assert len(place.shelf.entries(place.home / "curator" / "signing.pub")) == 2


def test_publishing_again_mends_a_damaged_blob(place, unscanned):
    """A blob is written anew, not believed for its name."""
    flip(blob(place, "file"))
    again = place.publish()
    assert place.pull(again.reference).lock.pins


def test_a_folder_with_other_things_is_no_registry(place, unscanned):
    """Nothing is written into it."""
    with pytest.raises(defence.GuardError, match="no registry, and not empty"):
        place.publish(shelf=defence.Shelf(place.model))
    assert sorted(path.name for path in place.model.iterdir()) == ["config.json", "w"]


@pytest.mark.parametrize(
    "text",
    [
        "team/tiny",
        "team/tiny:latest",
        "team/tiny@sha256:12",
        "@sha256:" + "a" * 64,
        "A@sha256:" + "a" * 64,
    ],
)
def test_a_name_alone_is_no_reference(text):
    """What is there today is not what was reviewed."""
    with pytest.raises(defence.GuardError):
        defence.Reference.parse(text)


def small(place):
    """Make the model one file, for fewer writes."""
    shutil.rmtree(place.model / "w")
    (place.model / "config.json").write_bytes(b"[2]")
    place.vouch()


@pytest.mark.parametrize("how", ["killed", "full"])
def test_at_each_write_of_publish_it_is_all_there_or_nothing(place, tmp_path, unscanned, how):
    """Killed, or out of room, at any change to the disk: what was there is whole, what is new is whole or not named."""
    small(place)
    start, work = tmp_path / "start", tmp_path / "work"
    shutil.copytree(place.shelf.path, start)
    pub = place.home / "curator" / "signing.pub"
    count = 0
    for where, ended in tries(
        start, work, lambda folder: place.publish(shelf=defence.Shelf(folder)), how=how
    ):
        count += 1
        shelf = defence.Shelf(work)
        entries = shelf.entries(pub)
        assert len(entries) in ((2,) if ended == "done" else (1, 2)), where
        for entry in entries:
            pulling.described(entry.reference, shelf, pub)
            place.pull(entry.reference, shelf=shelf) if count % 9 == 0 else None
            shutil.rmtree(place.home / "out", ignore_errors=True)
        if count % 9 == 0:
            place.publish(shelf=shelf)
            assert len(shelf.entries(pub)) == 2 + (len(entries) == 2)
            assert not list(work.rglob(".unpickled-draft-*"))
    assert count > 20


@pytest.mark.parametrize("how", ["killed", "full"])
def test_at_each_write_of_pull_the_folder_is_whole_or_not_there(place, tmp_path, unscanned, how):
    """Killed, or out of room, at any change to the disk."""
    start, work = tmp_path / "start", tmp_path / "work"
    start.mkdir()
    for _, ended in tries(
        start, work, lambda folder: place.pull(place.done.reference, folder / "out"), how=how
    ):
        there = work / "out"
        if there.exists():
            lock = defence.read_lock(there / "model.lock")
            assert defence.verify_folder(there / "model", lock).faults == ()
            assert (there / "admission.json").exists()
        assert there.exists() or ended != "done"
        if ended == "error":
            assert list(work.iterdir()) == []


@pytest.mark.long
def test_a_first_publish_killed_anywhere_can_be_done_again(place, tmp_path, unscanned):
    """From an empty folder on, a registry that never came to be is no obstacle."""
    small(place)
    start, work = tmp_path / "start", tmp_path / "work"
    start.mkdir()
    for number, _ in enumerate(
        tries(start, work, lambda f: place.publish(shelf=defence.Shelf(f / "new")), how="killed")
    ):
        if number % 8 == 0:
            place.publish(shelf=defence.Shelf(work / "new"))
            assert not list(work.rglob(".unpickled-draft-*"))


PUBLISHER = """
import sys
from pathlib import Path
from unpickled import defence
from unpickled.defence import publishing
import os; os.fsync = lambda _: None
publishing.judge = lambda _, names, *, unscanned=(): tuple(defence.Judged(n, "clean", ()) for n in names)
home = Path(sys.argv[1])
trust = defence.Trust(public_key=home / "publisher/signing.pub")
offer = defence.Offer(folder=home / "model", name=sys.argv[2], lock=home / "model.lock", signature=home / "model.sig",
    trust=trust, why="two at once", unscanned=("*.json",))
for number in range(2):
    defence.publish(offer, defence.Shelf(home / "new"), home / "curator/signing.key")
"""


def test_two_publishers_at_once_lose_nothing(place):
    """Each waits for the other; the registry, new to both, has what both published."""
    children = [
        subprocess.Popen(
            [sys.executable, "-c", PUBLISHER, str(place.home), name], stderr=subprocess.PIPE
        )
        for name in ("one", "two")
    ]
    for child in children:
        told = child.communicate(timeout=60)[1]
        assert child.returncode == 0, told.decode()
    shelf = defence.Shelf(place.home / "new")
    entries = shelf.entries(place.home / "curator" / "signing.pub")
    assert {entry.reference.name for entry in entries} == {"one", "two"}
    for entry in entries:
        assert pulling.described(entry.reference, shelf, place.home / "curator" / "signing.pub")


def test_a_publisher_that_does_not_end_is_told(place, unscanned, monkeypatch, capsys):
    """That it is waited for, once and soon; and in the end one line with what to do."""
    from filelock import FileLock

    monkeypatch.setattr("unpickled.defence.shelf._SOON", 0.1)
    monkeypatch.setattr("unpickled.defence.shelf._PATIENCE", 0.1)
    monkeypatch.chdir(place.home)
    words = ["guard", "publish", "model", "team/tiny", "--registry", "shelf", "--why", "read"]
    keys = ["--public-key", "publisher/signing.pub", "--curator-key", "curator/signing.key"]
    words += [*keys, "--unscanned", "*.json"]
    with FileLock(place.shelf.path / ".lock"):
        assert run(words) == 2
    first, last = capsys.readouterr().err.splitlines()
    assert first == "unpickled: shelf: another publisher is at work, and is waited for"
    assert "Wait for it to end, then publish again." in last
    assert run(words) == 0
    assert "waited for" not in capsys.readouterr().err


def test_a_signature_over_the_lock_is_told_as_that(place, unscanned):
    """A lock that lay in the folder when it was signed: nobody is accused, and the remedy works."""
    lock = place.model / "model.lock"
    defence.write_whole(lock, (place.home / "model.lock").read_bytes())
    key = defence.Signer(key=place.home / "publisher" / "signing.key")
    sig = place.home / "model.sig"
    defence.sign_folder(place.model, sig, key, overwrite=True)
    with pytest.raises(defence.GuardError, match=r"covers the lock, model\.lock") as error:
        place.publish(lock=lock)
    assert not isinstance(error.value, defence.RefusedError)
    lock.rename(place.home / "model.lock")
    defence.sign_folder(place.model, sig, key, overwrite=True)
    place.publish()
    shutil.copy(place.home / "model.lock", lock)  # after it was signed
    place.publish(lock=lock)


def test_two_pulls_to_one_place_are_told_apart(place, unscanned, monkeypatch):
    """Whoever is second has nothing to make room for: it is there already."""

    def judge(*_, **__):
        (place.home / "out").mkdir()
        (place.home / "out" / "model").mkdir()
        return ()

    monkeypatch.setattr(pulling, "judge", judge)
    with pytest.raises(defence.GuardError, match="it is there already"):
        place.pull(place.done.reference)
    assert [one.name for one in (place.home / "out").iterdir()] == ["model"]


def test_a_pulled_folder_is_on_the_disk_by_its_name(place, unscanned, monkeypatch):
    """The last that is done: the list of names that it stands in."""
    synced = []

    def fsync(file):
        synced.append((os.fstat(file).st_ino, (place.home / "out").exists()))

    monkeypatch.setattr(os, "fsync", fsync)
    place.pull(place.done.reference)
    assert synced[-1] == (place.home.stat().st_ino, True)
