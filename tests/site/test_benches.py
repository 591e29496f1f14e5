"""`bench/site.py` and `bench/lab.py`: a broken promise is told and fails, and no clock runs while a home is filled."""

from __future__ import annotations

import contextlib
import importlib.util
import sys
from types import SimpleNamespace

import pytest


@pytest.fixture
def bench(root, monkeypatch):
    """A bench as a module, by its name."""

    def load(name):
        monkeypatch.setattr(sys, "path", [*sys.path])
        spec = importlib.util.spec_from_file_location(
            f"bench_{name}", root / "bench" / f"{name}.py"
        )
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, spec.name, module)
        spec.loader.exec_module(module)
        return module

    return load


@pytest.mark.parametrize(
    ("slow", "said"),
    [
        ({}, "Every promise is kept."),
        ({"notebook": 6.0}, "notebook: 6.0 s, and under 6 s are promised"),
        ({"widget": 20.5}, "widget: 20.5 s, and under 20 s are promised"),
        ({"size": 60_000_000}, "site: 60.0 MB, and under 60 MB are promised"),
    ],
)
def test_a_broken_promise_fails_the_bench(bench, monkeypatch, capsys, slow, said):
    """The middle one of the visits decides; what a first visit brings is told, and no promise."""
    site = bench("site")
    seen = {"notebook": 2.0, "widget": 9.0, "brought": 27.0, "size": 34_000_000} | slow
    made = SimpleNamespace(folder=".", size=seen.pop("size"))
    visits = iter([seen, {**seen, "notebook": 1.0, "widget": 99.0}, {**seen, "notebook": 9.0}])
    monkeypatch.setattr(site, "build_site", lambda *_: made)
    monkeypatch.setattr(site, "which", lambda _name: "chromium")
    browser = SimpleNamespace(
        new_context=lambda: SimpleNamespace(new_page=lambda: None, close=lambda: None),
        close=lambda: None,
    )
    chromium = SimpleNamespace(launch=lambda **_: browser)
    monkeypatch.setattr(
        site, "sync_playwright", lambda: contextlib.nullcontext(SimpleNamespace(chromium=chromium))
    )
    monkeypatch.setattr(site, "visit", lambda *_: next(visits))
    assert site.main() == bool(slow)
    assert capsys.readouterr().out.strip().splitlines()[-1] == said


def test_both_homes_are_filled_before_the_clock_starts(bench, monkeypatch, tmp_path):
    """What `learning` would copy is there already; the peer draws a widget, too."""
    lab = bench("lab")
    done = []
    monkeypatch.setattr(lab.time, "perf_counter", lambda: done.append("clock") or 0.0)

    @contextlib.contextmanager
    def start(_home):
        done.append("start")
        raise InterruptedError
        yield

    for kind in (lab.OURS, lab.PLAIN):
        assert kind.widget
        kept = lab.Kind(lambda _home: done.append("fill"), start, kind.notebook, kind.widget)
        with pytest.raises(InterruptedError):
            lab._visit(None, kept)
    assert done == ["fill", "clock", "start"] * 2
    lab.OURS.fill(tmp_path)
    assert (tmp_path / "checkout" / "course" / "start.ipynb").is_file()
