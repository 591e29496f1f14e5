"""A narrated draft of the video: an offline voice reads the script, and each slide stands as long as it is spoken to.

A draft is for hearing whether a text is too long, and for the times that it measures: from then on the captions follow
them (see `audio`). espeak-ng speaks and ffmpeg puts pictures, sound and captions together; both are the system's, run
as child processes, and nobody needs them for anything else.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import tempfile
import wave
from collections.abc import Callable, Sequence
from pathlib import Path

from unpickled.authoring.audio import AUDIO, PAUSE, manifest, seconds
from unpickled.authoring.captions import cues, srt
from unpickled.authoring.files import Output, write
from unpickled.authoring.spoken import SpokenForms, load_spoken
from unpickled.authoring.units import scripts_folder, slides_folder
from unpickled.content import Deck, Slide, load_deck
from unpickled.errors import ContentError, SetupError

__all__ = ["draft", "joined"]

VOICE, RENDERER = "espeak-ng", "ffmpeg"
FOLDER = "build"  # never committed
TIMEOUT = 900


def draft(root: Path, lesson: str, say: Callable[[str], None]) -> Path:
    """Make the draft, and keep what was measured in audio.json.

    Args:
        root: the course's folder; the pictures of the slides are there already.
        lesson: the lesson's id.
        say: called with a line before each step that takes a while.

    Returns:
        The MP4 file: 1280 x 720, with the captions as a track that can be switched on.

    Raises:
        ContentError: the deck is wrong, a slide is silent, or its picture is missing.
        SetupError: espeak-ng or ffmpeg is missing or fails; the error names the command that mends it.
    """
    for tool in (VOICE, RENDERER):
        if shutil.which(tool) is None:
            remedy = f"Run: sudo apt-get install {tool}"
            raise SetupError(tool, "it is not installed", remedy)
    deck, forms = load_deck(lesson, root), load_spoken(root)
    pictures = [_picture(root, deck, slide) for slide in deck.slides]
    with tempfile.TemporaryDirectory(prefix="unpickled-video-") as name:
        folder = Path(name)
        say(f"voice {lesson}, in {VOICE}")
        spoken = [_spoken(folder, deck, slide, forms) for slide in deck.slides]
        times = [seconds(audio) for audio in spoken]
        ids = [slide.id for slide in deck.slides]
        starts = [sum(times[:n]) + n * PAUSE for n in range(len(times))]
        made = cues(
            deck,
            forms,
            {i: (at, at + lasts) for i, at, lasts in zip(ids, starts, times, strict=True)},
        )
        (folder / "captions.srt").write_text(srt(made), encoding="utf-8")
        (folder / "sound.wav").write_bytes(joined(spoken, PAUSE))
        shown = [lasts + PAUSE for lasts in times]
        (folder / "slides.txt").write_text(_listed(pictures, shown), encoding="utf-8")
        say(f"video {lesson}, in {RENDERER}: up to a minute")
        _run([RENDERER, *_rendering(folder)], RENDERER)
        film = Output(root / FOLDER / f"{lesson}-draft.mp4", (folder / "draft.mp4").read_bytes())
    measured = manifest(deck, forms, dict(zip(ids, times, strict=True)))
    write([film, Output(scripts_folder(root, lesson) / AUDIO, measured)])
    return film.path


def joined(spoken: Sequence[bytes], pause: float) -> bytes:
    """Join WAV files of one form into one, each with that many seconds of silence after it.

    Raises:
        ContentError: they differ in rate, channels or width.
    """
    parts: list[bytes] = []
    forms: set[tuple[int, int, int]] = set()
    for audio in spoken:
        with wave.open(io.BytesIO(audio)) as one:
            channels, width, rate = form = (
                one.getnchannels(),
                one.getsampwidth(),
                one.getframerate(),
            )
            parts.append(one.readframes(one.getnframes()))
        forms.add(form)
        silence = bytes([128 if width == 1 else 0])  # 8-bit samples have no sign
        parts.append(silence * (round(pause * rate) * channels * width))
    if len(forms) != 1:
        raise ContentError("audio", "its parts differ in form", "Record them alike.")
    made = io.BytesIO()
    with wave.open(made, "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(width)
        out.setframerate(rate)
        out.writeframes(b"".join(parts))
    return made.getvalue()


def _picture(root: Path, deck: Deck, slide: Slide) -> Path:
    path = slides_folder(root, deck.lesson) / f"{slide.number:02}-{slide.id}.png"
    if not path.is_file():
        place = path.relative_to(root).as_posix()
        raise ContentError(place, "the picture is missing", "Run: unpickled author build")
    return path


def _spoken(folder: Path, deck: Deck, slide: Slide, forms: SpokenForms) -> bytes:
    """Have a slide's words spoken; the words go in by a file, so that none can be taken for an option."""
    text = "\n\n".join(forms.say(paragraph) for paragraph in slide.spoken)
    if not text.strip():
        raise ContentError(
            f"{deck.place}:{slide.line}", "a slide is silent", "Write its ### Spoken."
        )
    words, sound = folder / "words.txt", folder / "one.wav"
    words.write_text(text, encoding="utf-8")
    speed = str(deck.words_per_minute)
    _run([VOICE, "-v", "en-us", "-s", speed, "-f", str(words), "-w", str(sound)], VOICE)
    return sound.read_bytes()


def _listed(pictures: Sequence[Path], shown: Sequence[float]) -> str:
    """List pictures and seconds as ffmpeg reads them; it wants the last one twice.

    Format: https://ffmpeg.org/ffmpeg-formats.html#concat-1
    """
    rows = ["ffconcat version 1.0"]
    for picture, lasts in zip(pictures, shown, strict=True):
        quoted = str(picture.resolve()).replace("'", "'\\''")
        rows += [f"file '{quoted}'", f"duration {lasts:.3f}"]
    return "\n".join([*rows, rows[-2]]) + "\n"


def _rendering(folder: Path) -> list[str]:
    inputs = [
        ("-f", "concat", "-safe", "0", "-i", str(folder / "slides.txt")),
        ("-i", str(folder / "sound.wav")),
        ("-i", str(folder / "captions.srt")),
    ]
    return [
        "-nostdin", "-y", "-loglevel", "error",
        *(word for one in inputs for word in one),
        "-map", "0:v", "-map", "1:a", "-map", "2:s",
        "-vf", "scale=1280:720,fps=5", "-c:v", "libx264", "-preset", "ultrafast", "-tune", "stillimage",
        "-pix_fmt", "yuv420p", "-c:a", "aac", "-c:s", "mov_text",
        "-metadata:s:s:0", "language=eng", str(folder / "draft.mp4"),
    ]  # fmt: skip


def _run(words: Sequence[str], tool: str) -> None:
    try:
        done = subprocess.run(
            words, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
            timeout=TIMEOUT, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise SetupError(tool, f"it did not end within {TIMEOUT} s", "Try again.") from error
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it says nothing"])[-1]
        raise SetupError(tool, f"it fails: {last}", f"Run: {tool} -version, or install it anew.")
