"""A signature holds for the very files that were signed, by the very key or CA that is trusted, and nothing else."""

from __future__ import annotations

import base64
import contextlib
import errno
import json
import os
import shutil
import signal
import socket
import stat

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.defence.at_each_step import tries
from unpickled import defence
from unpickled.defence.keys import key_name, make_keys
from unpickled.defence.scratch import Scratch
from unpickled.defence.seals import check_seal, seal
from unpickled.defence.statement import parse_statement

WAYS = ("key", "ca")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Two sets of keys, ours and a stranger's, and a model signed in both ways by each."""
    home = tmp_path_factory.mktemp("sign")
    model = home / "model"
    for name, data in {"config.json": b"{}", "w/a.bin": b"aaa", ".gitattributes": b"*"}.items():
        (model / name).parent.mkdir(parents=True, exist_ok=True)
        (model / name).write_bytes(data)
    for whose in ("ours", "theirs"):
        make_keys(home / whose, ca=f"{whose} CA", name=f"{whose} signer")
        for way in WAYS:
            defence.sign_folder(model, home / f"{whose}-{way}.sig", signer(home / whose, way))
    return home


def signer(keys, way):
    certificate = keys / "signing.crt" if way == "ca" else None
    return defence.Signer(key=keys / "signing.key", certificate=certificate)


def trust(keys, way):
    if way == "ca":
        return defence.Trust(roots=(keys / "ca.crt",))
    return defence.Trust(public_key=keys / "signing.pub")


@pytest.fixture
def model(home, tmp_path):
    return shutil.copytree(
        home / "model", tmp_path / "renamed"
    )  # the folder's own name is not signed


@pytest.mark.parametrize("way", WAYS)
def test_an_untouched_model_is_as_signed(home, model, way):
    """And says by whom."""
    signed = defence.check_signature(model, home / f"ours-{way}.sig", trust(home / "ours", way))
    assert signed.files == 3
    assert signed.who.startswith("CN=ours signer" if way == "ca" else "key ")


ATTACKS = {
    "a byte": lambda m: (m / "w/a.bin").write_bytes(b"aab"),
    "longer": lambda m: (m / "w/a.bin").write_bytes(b"aaaa"),
    "added": lambda m: (m / "w/b.bin").write_bytes(b"b"),
    "added, hidden": lambda m: (m / ".b").write_bytes(b"b"),
    "added where git keeps its own": lambda m: (
        (m / ".git").mkdir(),
        (m / ".git/hook").write_bytes(b"b"),
    ),
    "added as .gitignore": lambda m: (m / ".gitignore").write_bytes(b"b"),
    "git's file changed": lambda m: (m / ".gitattributes").write_bytes(b"+"),
    "removed": lambda m: (m / "w/a.bin").unlink(),
    "renamed": lambda m: (m / "w/a.bin").rename(m / "w/b.bin"),
    "a link": lambda m: (
        (m / "w/a.bin").rename(m.parent / "a"),
        (m / "w/a.bin").symlink_to(m.parent / "a"),
    ),
    "a pipe": lambda m: os.mkfifo(m / "p"),
    "emptied": lambda m: (shutil.rmtree(m), m.mkdir()),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("attack", ATTACKS)
def test_each_change_is_refused(home, model, way, attack):
    """Changed, added, removed, renamed, a link: also where the package by itself looks away."""
    ATTACKS[attack](model)
    with pytest.raises(defence.RefusedError) as refusal:
        defence.check_signature(model, home / f"ours-{way}.sig", trust(home / "ours", way))
    assert len(str(refusal.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("way", "problem"),
    [("key", "signed with another key"), ("ca", "not one of a CA that is trusted")],
)
def test_a_strangers_signature_is_refused(home, model, way, problem):
    """A wrong key, a foreign CA: the signature itself is in order."""
    stranger = home / f"theirs-{way}.sig"
    assert defence.check_signature(model, stranger, trust(home / "theirs", way)).files == 3
    with pytest.raises(defence.RefusedError, match=problem):
        defence.check_signature(model, stranger, trust(home / "ours", way))


def test_what_was_parsed_is_what_is_verified(home, model, tmp_path, monkeypatch):
    """The signature's file is exchanged in between: nobody looks at it a second time."""
    from unpickled.defence import signing

    def exchange(*args):
        (tmp_path / "model.sig").write_bytes((home / "theirs-key.sig").read_bytes())
        return checker(*args)

    checker = signing._checker
    monkeypatch.setattr(signing, "_checker", exchange)
    shutil.copy(home / "ours-key.sig", tmp_path / "model.sig")
    signed = defence.check_signature(model, tmp_path / "model.sig", trust(home / "ours", "key"))
    assert signed.files == 3


def test_the_ways_do_not_pass_for_each_other(home, model):
    """A signature by key is none of a CA's, nor the other way round."""
    for way, other in (WAYS, WAYS[::-1]):
        with pytest.raises(defence.RefusedError, match="it is signed with a") as error:
            defence.check_signature(model, home / f"ours-{way}.sig", trust(home / "ours", other))
        assert "NoneType" not in str(error.value)


def test_what_is_called_something_else_is_told_by_that(home, model):
    """A pull checks a copy, under a name that is gone when the error is read."""
    (model / "w/b.bin").write_bytes(b"b")
    for way in WAYS:
        with pytest.raises(defence.RefusedError) as error:
            defence.check_signature(
                model, home / f"ours-{way}.sig", trust(home / "ours", way), called="team/tiny"
            )
        assert error.value.place == "team/tiny"


def test_a_full_temporary_place_is_told_with_a_remedy(home, model, monkeypatch):
    """Not the model is to blame."""
    from unpickled.defence import signing

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(signing, "_checker", full)
    with pytest.raises(defence.GuardError, match="TMPDIR"):
        defence.check_signature(model, home / "ours-key.sig", trust(home / "ours", "key"))


def changed(path, change):
    bundle = json.loads(path.read_text())
    change(bundle)
    return json.dumps(bundle).encode()


def resigned(bundle):
    """Exchange what is signed, and keep the signature."""
    payload = json.loads(base64.b64decode(bundle["dsseEnvelope"]["payload"]))
    payload["predicate"]["resources"][0]["digest"] = "0" * 64
    bundle["dsseEnvelope"]["payload"] = base64.b64encode(json.dumps(payload).encode()).decode()


def forged_hint(bundle, home):
    """A stranger's signature with the name of our key."""
    ours = json.loads((home / "ours-key.sig").read_text())
    bundle["verificationMaterial"] = ours["verificationMaterial"]


def test_a_forged_signature_is_refused(home, model, tmp_path):
    """The list of files exchanged; a stranger's signature under the name of our key."""
    path = tmp_path / "model.sig"
    for way in WAYS:
        path.write_bytes(changed(home / f"ours-{way}.sig", resigned))
        with pytest.raises(
            defence.RefusedError, match="not of this key, or what it signs was changed"
        ):
            defence.check_signature(model, path, trust(home / "ours", way))
    path.write_bytes(changed(home / "theirs-key.sig", lambda bundle: forged_hint(bundle, home)))
    with pytest.raises(defence.RefusedError, match="not of this key"):
        defence.check_signature(model, path, trust(home / "ours", "key"))


def test_a_certificate_from_a_signer_is_no_ca(home, model, tmp_path):
    """Who has a certificate to sign models cannot make more of them."""
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization

    from unpickled.defence import keys

    ours = home / "ours"
    root = serialization.load_pem_private_key((ours / "signing.key").read_bytes(), None)
    issuer = x509.load_pem_x509_certificate((ours / "signing.crt").read_bytes()).subject
    key = keys.ec.generate_private_key(keys.ec.SECP256R1())
    (tmp_path / "k").write_bytes(keys._private(key))
    forged = keys._certificate(key.public_key(), keys._named("x"), issuer, root, years=1)
    (tmp_path / "c").write_bytes(forged)
    signing = defence.Signer(
        key=tmp_path / "k", certificate=tmp_path / "c", chain=(ours / "signing.crt",)
    )
    defence.sign_folder(model, tmp_path / "s", signing)
    with pytest.raises(defence.RefusedError, match="not one of a CA"):
        defence.check_signature(model, tmp_path / "s", trust(ours, "ca"))


def test_trust_is_said_once():
    """With no root at all, the package would trust the CAs of the web."""
    for wrong in (
        {},
        {"roots": ()},
        {"identity": "ada@example.org"},
        {"public_key": "a", "roots": ("b",)},
    ):
        with pytest.raises(defence.GuardError, match="whose signature"):
            defence.Trust(**wrong)


@given(st.data())
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_damaged_signature_holds_for_another_folder(home, tmp_path, data):
    """One byte of a signature changed, or its end cut off: refused, or it still says the very same."""
    whole = (home / "ours-key.sig").read_bytes()
    at = data.draw(st.integers(0, len(whole) - 1))
    byte = bytes([data.draw(st.integers(0, 255))])
    path = tmp_path / "damaged.sig"
    for damaged in (whole[:at], whole[:at] + byte + whole[at + 1 :]):
        path.write_bytes(damaged)
        try:
            signed = defence.check_signature(home / "model", path, trust(home / "ours", "key"))
        except defence.GuardError as error:
            told = str(error)
            assert len(told.splitlines()) == 1
        else:
            same = parse_statement(damaged, "s") == parse_statement(whole, "s")
            assert same
            assert signed.files == 3


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"\xff",
        b"[" * 100_000,
        b'{"mediaType": 1, "verificationMaterial": 2, "dsseEnvelope": 3}',
    ],
    ids=["empty", "no keys", "a list", "null", "no text", "deep", "no objects"],
)
def test_what_is_no_signature_is_one_line(home, model, tmp_path, data):
    """Exit 2: it could not be judged."""
    path = tmp_path / "model.sig"
    path.write_bytes(data)
    with pytest.raises(defence.GuardError, match="is no signature") as error:
        defence.check_signature(model, path, trust(home / "ours", "key"))
    assert error.value.exit_code == 2


def no_whole_number(bundle):
    """Let the statement say `Infinity`, which JSON does not have and Python reads."""
    payload = json.loads(base64.b64decode(bundle["dsseEnvelope"]["payload"]))
    payload["predicate"]["serialization"].update(method="shards", shard_size=float("inf"))
    bundle["dsseEnvelope"]["payload"] = base64.b64encode(json.dumps(payload).encode()).decode()


@pytest.mark.parametrize(
    "change",
    [
        no_whole_number,
        lambda b: b["verificationMaterial"].update(x509CertificateChain={"certificates": []}),
        lambda b: b["dsseEnvelope"].update(more=1),
        lambda b: b["dsseEnvelope"]["signatures"].extend(b["dsseEnvelope"]["signatures"]),
        lambda b: b["dsseEnvelope"]["signatures"].clear(),
        lambda b: b["verificationMaterial"].update(more=1),
        lambda b: b.update(more=1),
    ],
    ids=[
        "no whole number",
        "no certificate",
        "envelope",
        "two signatures",
        "no signature",
        "material",
        "bundle",
    ],
)
def test_what_signing_never_writes_is_no_signature(home, change):
    """A number without an end, a chain of nothing, a key that nobody knows: at each level, one line."""
    data = changed(home / "ours-ca.sig", change)
    with pytest.raises(defence.GuardError, match="is no signature") as error:
        parse_statement(data, "model.sig")
    assert error.value.exit_code == 2


def test_a_certificate_that_names_nobody(home, model, tmp_path):
    """It signs, and is told by its number."""
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization

    from unpickled.defence import keys

    ours = home / "ours"
    root = serialization.load_pem_private_key((ours / "ca.key").read_bytes(), None)
    issuer = x509.load_pem_x509_certificate((ours / "ca.crt").read_bytes()).subject
    key = keys.ec.generate_private_key(keys.ec.SECP256R1())
    (tmp_path / "k").write_bytes(keys._private(key))
    nobody = keys._certificate(key.public_key(), x509.Name([]), issuer, root, years=1)
    (tmp_path / "c").write_bytes(nobody)
    signing = defence.Signer(key=tmp_path / "k", certificate=tmp_path / "c")
    for signed in (
        defence.sign_folder(model, tmp_path / "s", signing),
        defence.check_signature(model, tmp_path / "s", trust(ours, "ca")),
    ):
        assert signed.who.startswith("a certificate that names nobody")


def test_a_bundle_with_a_second_spelling_is_refused(home, model, tmp_path):
    """`dsse_envelope` beside `dsseEnvelope`: two readers could take one each."""
    path = tmp_path / "model.sig"
    path.write_bytes(
        changed(home / "ours-key.sig", lambda b: b.update(dsse_envelope=b["dsseEnvelope"]))
    )
    with pytest.raises(defence.GuardError, match="is no signature"):
        defence.check_signature(model, path, trust(home / "ours", "key"))


def test_what_the_package_signed_by_its_defaults_is_checked(home, model, tmp_path):
    """It leaves git's files out; then they are refused, and the rest is taken once they are gone."""
    import model_signing

    sig, keys = tmp_path / "model.sig", home / "ours"
    config = model_signing.signing.Config()
    config.use_elliptic_key_signer(private_key=keys / "signing.key").sign(model, sig)
    with pytest.raises(defence.RefusedError, match=r"does not cover \.gitattributes") as error:
        defence.check_signature(model, sig, trust(keys, "key"), called="team/tiny")
    assert error.value.place == "team/tiny"
    (model / ".gitattributes").unlink()
    assert defence.check_signature(model, sig, trust(keys, "key")).files == 2


def test_what_we_signed_is_checked_by_the_package(home, model, tmp_path):
    """The same file serves an engineer who has only that; and this is what it overlooks, and we do not."""
    import model_signing

    (model / ".gitattributes").unlink()
    sig, keys = tmp_path / "model.sig", home / "ours"
    defence.sign_folder(model, sig, signer(keys, "ca"))
    theirs = model_signing.verifying.Config()
    theirs.use_certificate_verifier(certificate_chain=[keys / "ca.crt"])
    theirs.verify(model, sig)
    (model / ".gitignore").write_bytes(b"added")
    theirs.verify(model, sig)
    with pytest.raises(defence.RefusedError):
        defence.check_signature(model, sig, trust(keys, "ca"))


def test_keys_that_cannot_sign(home, model, tmp_path):
    """Missing, rubbish, another kind, not the certificate's: one line, and no signature."""
    (tmp_path / "rubbish").write_text("x")
    out = tmp_path / "s"
    keys = home / "ours"
    for wrong in (
        defence.Signer(key=tmp_path / "none"),
        defence.Signer(key=tmp_path / "rubbish"),
        defence.Signer(key=keys / "signing.pub"),
        defence.Signer(key=home / "theirs/signing.key", certificate=keys / "signing.crt"),
    ):
        with pytest.raises(defence.GuardError) as error:
            defence.sign_folder(model, out, wrong)
        assert error.value.exit_code == 2
        assert not out.exists()
    for trusted in (
        defence.Trust(public_key=tmp_path / "rubbish"),
        defence.Trust(roots=(tmp_path / "rubbish",)),
    ):
        with pytest.raises(defence.GuardError, match="cannot be used") as error:
            defence.check_signature(model, home / "ours-key.sig", trusted)
        assert error.value.exit_code == 2


def test_a_signature_does_not_lie_in_what_it_signs(home, model):
    """It would be a file that it does not cover."""
    with pytest.raises(defence.GuardError, match="lies in the folder"):
        defence.sign_folder(model, model / "w/model.sig", signer(home / "ours", "key"))
    (model / os.fsdecode(b"\xff")).write_bytes(b"")
    with pytest.raises(defence.RefusedError, match="no UTF-8"):
        defence.sign_folder(model, model.parent / "s", signer(home / "ours", "key"))


def test_keyless_says_that_there_is_no_network(home, model, tmp_path, monkeypatch):
    """One line with the remedy, and no signature."""

    def refused(*_):
        raise OSError(101, "Network is unreachable")

    monkeypatch.setattr(socket, "getaddrinfo", refused)
    monkeypatch.setattr(socket.socket, "connect", refused)
    account = defence.Trust(identity="ada@example.org", issuer="https://accounts.example.org")
    for call in (
        lambda: defence.sign_folder(model, tmp_path / "s", defence.Signer()),
        lambda: defence.check_signature(model, home / "ours-key.sig", account),
    ):
        with pytest.raises(defence.GuardError, match="no network, or it does not answer") as error:
            call()
        assert (error.value.exit_code, (tmp_path / "s").exists()) == (2, False)


def test_secret_keys_are_their_owners(tmp_path):
    """And a folder that is there is not written into."""
    old = os.umask(0)
    try:
        files = make_keys(tmp_path / "keys", ca="CA")
    finally:
        os.umask(old)
    assert files == ("ca.crt", "ca.key", "signing.crt", "signing.key", "signing.pub")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "keys").iterdir()}
    assert {modes["ca.key"], modes["signing.key"]} == {0o600}
    with pytest.raises(defence.GuardError, match="there already") as refusal:
        make_keys(tmp_path / "keys")
    assert "--overwrite" not in str(refusal.value)  # which `keys` and `pull` do not have
    for wrong in ({"ca": "x" * 65}, {"name": "a\nb"}, {"ca": "x", "name": ""}):
        with pytest.raises(defence.GuardError, match=r"printable letters|needs a name"):
            make_keys(tmp_path / "more", **wrong)


def test_what_a_killed_process_left_beside_the_keys_is_swept(tmp_path):
    """Secret keys, at that; what another process still holds stays."""
    (tmp_path / ".unpickled-draft-keys-left").mkdir()
    held = Scratch(".unpickled-draft-keys-", tmp_path)
    make_keys(tmp_path / "keys")
    assert sorted(path.name for path in tmp_path.iterdir()) == [held.path.name, "keys"]
    held.close()


def written(key, folder):
    """Write both halves of a key; returns where."""
    from cryptography.hazmat.primitives import serialization

    encoding, no_password = serialization.Encoding.PEM, serialization.NoEncryption()
    secret, public = folder / "k", folder / "p"
    secret.write_bytes(key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, no_password))
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    public.write_bytes(key.public_key().public_bytes(encoding, form))
    return secret, public


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_a_key_of_another_kind_is_one_line(home, model, tmp_path, kind):
    """Only elliptic curves sign models: as a curator's key, to sign with, and to check with."""
    from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

    key = rsa.generate_private_key(65537, 2048) if kind == "rsa" else ed25519.Ed25519PrivateKey.generate()  # fmt: skip
    secret, public = written(key, tmp_path)
    for call in (
        lambda: key_name(secret),
        lambda: key_name(public),
        lambda: defence.sign_folder(model, tmp_path / "s", defence.Signer(key=secret)),
        lambda: defence.check_signature(
            model, home / "ours-key.sig", defence.Trust(public_key=public)
        ),
    ):
        with pytest.raises(defence.GuardError, match="cannot be used") as error:
            call()
        assert "elliptic curve" in error.value.remedy
        assert error.value.exit_code == 2
        assert "attribute" not in str(error.value)


@pytest.mark.parametrize("curve", ["SECP256K1", "SECP224R1", "BrainpoolP256R1", "BrainpoolP512R1"])
def test_one_rule_for_the_curves_of_all_keys(home, model, tmp_path, curve):
    """What cannot sign a model seals nothing either, and opens no seal."""
    from cryptography.hazmat.primitives.asymmetric import ec

    secret, public = written(ec.generate_private_key(getattr(ec, curve)()), tmp_path)
    for call in (
        lambda: seal(b"{}", "kind", secret),
        lambda: check_seal(b"{}", "kind", "", public, "x"),
        lambda: check_seal(b"{}", "kind", "", secret, "x"),
        lambda: key_name(public),
        lambda: defence.sign_folder(model, tmp_path / "s", defence.Signer(key=secret)),
        lambda: defence.check_signature(
            model, home / "ours-key.sig", defence.Trust(public_key=public)
        ),
    ):
        with pytest.raises(defence.GuardError, match=r"cannot be used: .*urve") as error:
            call()
        assert curve.lower() in str(error.value).lower()


@pytest.mark.parametrize("curve", ["SECP256R1", "SECP384R1", "SECP521R1"])
def test_a_seal_of_each_curve_that_signs(tmp_path, curve):
    """With the hash that fits its size."""
    from cryptography.hazmat.primitives.asymmetric import ec

    secret, public = written(ec.generate_private_key(getattr(ec, curve)()), tmp_path)
    check_seal(b"{}", "kind", seal(b"{}", "kind", secret), public, "x")


@contextlib.contextmanager
def soon(seconds=20):
    """End what hangs: a test fails rather than wait for ever."""

    def late(*_):
        raise TimeoutError("it hangs")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


KEYS = {
    "to sign": lambda k, p, m, h: defence.sign_folder(m, p.parent / "s", defence.Signer(key=p)),
    "a certificate": lambda k, p, m, h: defence.sign_folder(
        m, p.parent / "s", defence.Signer(key=k / "signing.key", certificate=p)
    ),
    "a chain": lambda k, p, m, h: defence.sign_folder(
        m,
        p.parent / "s",
        defence.Signer(key=k / "signing.key", certificate=k / "signing.crt", chain=(p,)),
    ),
    "a public key": lambda k, p, m, h: defence.check_signature(
        m, h / "ours-key.sig", defence.Trust(public_key=p)
    ),
    "a CA": lambda k, p, m, h: defence.check_signature(
        m, h / "ours-ca.sig", defence.Trust(roots=(k / "ca.crt", p))
    ),
    "to seal": lambda k, p, m, h: seal(b"", "kind", p),
    "of a curator": lambda k, p, m, h: check_seal(b"", "kind", "", p, "x"),
    "by name": lambda k, p, m, h: key_name(p),
}


@pytest.mark.parametrize("what", KEYS)
def test_no_pipe_is_waited_for_as_a_key(home, model, tmp_path, what):
    """Nor a device read, whose bytes do not end."""
    os.mkfifo(tmp_path / "pipe")
    with soon(), pytest.raises(defence.GuardError, match="named pipe, which is not opened"):
        KEYS[what](home / "ours", tmp_path / "pipe", model, home)
    assert not (tmp_path / "s").exists()


@pytest.mark.parametrize("how", ["killed", "full"])
def test_at_each_write_there_are_all_keys_or_none(tmp_path, how):
    """Killed, or out of room, at any change to the disk."""
    start, work = tmp_path / "start", tmp_path / "work"
    start.mkdir()
    for _, ended in tries(start, work, lambda folder: make_keys(folder / "keys"), how=how):
        whole = [p.name for p in sorted((work / "keys").glob("*"))] == [
            "signing.key",
            "signing.pub",
        ]
        assert whole or not (work / "keys").exists()
        assert whole or ended != "done"
        if ended == "error":
            assert list(work.iterdir()) == []
