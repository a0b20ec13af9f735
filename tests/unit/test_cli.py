"""The command line: exit codes, what may be given, and bad input as a clear sentence."""

import gzip
import io
import json
import os
import pathlib
import shlex
import subprocess
import sys
import tarfile
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whypull import __version__
from whypull.cli import main
from whypull.commands import explain, options

DESCRIBE = pathlib.Path(__file__).resolve().parents[2] / "examples" / "describe-unknown-ca.txt"
MESSAGE = 'Failed to pull image "reg.shop.example/a:1": failed to do request: Head "https://reg.shop.example/v2/a/manifests/1": x509: certificate signed by unknown authority'


def run(args, stdin=b"", **env):
    """The program as a process: exit code, output, errors."""
    clean = {k: v for k, v in os.environ.items() if k not in {"NO_COLOR", "COLUMNS", "WHYPULL_DEBUG"}}
    done = subprocess.run(
        [sys.executable, "-m", "whypull.cli", *args],
        input=stdin,
        capture_output=True,
        timeout=120,
        check=False,
        env={**clean, **env},
    )
    return done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")


def test_version():
    assert run(["--version"]) == (0, f"whypull {__version__}\n", "")


@pytest.mark.parametrize("args", [[], ["--help"], ["help"], ["-h"]])
def test_help(args, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    assert main(args or ["help"]) == 0
    assert "whypull explain" in capsys.readouterr().out


def test_a_describe_from_a_pipe_has_a_cause():
    code, out, err = run(["explain"], DESCRIBE.read_bytes())
    assert (code, err) == (1, "")
    assert "tls.unknown-authority" in out
    assert "\x1b" not in out


def test_a_pipe_without_a_verb_is_explained():
    assert run([], DESCRIBE.read_bytes())[0] == 1


def test_arguments_may_be_the_message():
    assert run(["explain", MESSAGE])[0] == 1


def test_files_and_archives(tmp_path):
    text = DESCRIBE.read_bytes()
    (tmp_path / "a.txt").write_bytes(text)
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as tar:
        info = tarfile.TarInfo("../../etc/a.txt")
        info.size = len(text)
        tar.addfile(info, io.BytesIO(text))
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("../x/a.txt", text)
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(text))
    before = sorted(p.name for p in tmp_path.parent.rglob("*"))
    for name in ("a.txt", "a.tar.gz", "a.zip", "a.txt.gz", ""):
        code, out, _ = run(["explain", str(tmp_path / name), "-o", "json"])
        assert code == 1, name
        assert json.loads(out)["diagnoses"][0]["findings"][0]["cause"] == "tls.unknown-authority", name
    assert sorted(p.name for p in tmp_path.parent.rglob("*")) == before, "something was written"


@pytest.mark.parametrize("form", ["json", "yaml", "markdown", "text"])
def test_every_format_names_the_cause(form):
    code, out, _ = run(["explain", "-o", form], DESCRIBE.read_bytes())
    assert code == 1
    assert "unknown-authority" in out or form == "markdown"


def test_nothing_failed_is_zero():
    code, out, _ = run(["explain"], b'Normal  Pulled  5s  kubelet  Successfully pulled image "a" in 1s\n')
    assert code == 0
    assert "No failed image pull" in out


def test_a_page():
    code, out, _ = run(["explain", "auth.ip-not-allowed"])
    assert code == 0
    assert "What happens" in out


def test_a_cause_that_is_none():
    code, _, err = run(["explain", "auth.ip-not-alowed"])
    assert code == 2
    assert "auth.ip-not-allowed" in err


def test_the_list_of_causes():
    code, out, _ = run(["causes", "--stage", "tls", "-o", "json"])
    assert code == 0
    assert {c["stage"] for c in json.loads(out)["causes"]} == {"tls"}
    assert len(json.loads(out)["causes"]) == 6


words = st.sampled_from(
    [
        "-o",
        "--output",
        "json",
        "xml",
        "--lines",
        "--width",
        "70",
        "x",
        "--color",
        "never",
        "a.txt",
        "-",
        "--",
        "-h",
        "-ojson",
        "--output=yaml",
        "²",
    ]
)


@given(st.lists(words, max_size=5))
def test_the_short_way_reads_arguments_as_argparse_does(args):
    quick = options.plain(args)
    if quick is not None and not _options_between(args):
        assert vars(quick) == vars(explain.parser().parse_args(args))


def _options_between(args):
    """Whether options stand between names, which argparse of Python 3.11 refuses and the short way takes."""
    names = [
        i
        for i, a in enumerate(args)
        if (a == "-" or not a.startswith("-")) and (i == 0 or args[i - 1] not in {"-o", "--output", "--width", "--color"})
    ]
    return bool(names) and names != list(range(names[0], names[0] + len(names)))


@pytest.mark.parametrize(
    "args",
    [["explian"], ["explain", "--widht"], ["explain", "no/such/file.txt"], ["causes", "--stage", "x"], ["explain", "-o", "xml"]],
)
def test_usage_is_a_sentence_and_two(args):
    code, out, err = run(args)
    assert (code, out) == (2, "")
    assert err.startswith("whypull: ")
    assert "Traceback" not in err


BAD = {
    "empty": b"",
    "white space": b" \n\t\r\n ",
    "binary": bytes(range(256)) * 40,
    "invalid UTF-8": b"\xff\xfe\xfd not text \xc3\x28",
    "UTF-16": DESCRIBE.read_text(encoding="utf-8").encode("utf-16"),
    "truncated JSON": b'{"apiVersion":"v1","items":[{"kind":"Pod","metadata":{"na',
    "truncated YAML": b"apiVersion: v1\nkind: Pod\nmetadata:\n  name: [a, ",
    "alias bomb": b"kind: Pod\na: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
    b"d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\ng: [*f,*f,*f,*f,*f,*f,*f,*f,ErrImagePull]\n",
    "nesting": b'{"kind":"Pod","x":' + b"[" * 100 + b"]" * 100 + b"}",
    "deep nesting": b"[" * 100_000,
    "NUL bytes": DESCRIBE.read_bytes().replace(b" ", b"\0"),
    "escape sequences": MESSAGE.replace("shop", "sh\x1b[2Jop\u202e").encode(),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_never_a_traceback(name):
    code, out, err = run(["explain"], BAD[name])
    assert code in {0, 1, 2, 3}, err
    assert "Traceback" not in err
    assert (out + err).strip()
    assert "\x1b" not in out
    assert "\u202e" not in out


def test_utf_16_is_read():
    assert run(["explain"], BAD["UTF-16"])[0] == 1


def test_a_folder_without_rights(tmp_path, monkeypatch, capsys):
    def refused(path):  # root may read every folder, so the refusal is made
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", refused)
    assert main(["explain", str(tmp_path)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert str(tmp_path) in err
    assert "Traceback" not in err


def test_a_broken_archive(tmp_path):
    (tmp_path / "a.tar.gz").write_bytes(b"\x1f\x8b\x08\0 no archive")
    code, _, err = run(["explain", str(tmp_path / "a.tar.gz")])
    assert code == 2
    assert "a.tar.gz" in err


def test_colour_only_where_it_is_asked_for():
    assert "\x1b[" in run(["explain", "--color", "always"], DESCRIBE.read_bytes())[1]
    assert "\x1b[" not in run(["explain"], DESCRIBE.read_bytes(), NO_COLOR="1")[1]


@pytest.mark.parametrize("width", ["60", "80", "200"])
def test_the_width_is_kept_but_for_commands(width):
    out = run(["explain", "--width", width], DESCRIBE.read_bytes())[1]
    prose = [line for line in out.splitlines() if line and not line.startswith(("      ", "    "))]
    assert max(map(len, prose)) <= int(width)


def test_a_stream_gives_one_object_a_failed_pull():
    lines = (
        'time="2026-11-22T08:54:04Z" level=info msg="PullImage \\"a.example/x:1\\""\n'
        'time="2026-11-22T08:54:04Z" level=error msg="PullImage \\"a.example/x:1\\" failed" error="failed to pull and unpack image '
        '\\"a.example/x:1\\": failed to resolve reference \\"a.example/x:1\\": failed to do request: Head '
        '\\"https://a.example/v2/x/manifests/1\\": dial tcp 203.0.113.7:443: connect: connection refused"\n'
    )
    code, out, _ = run(["explain", "--lines", "-o", "json"], lines.encode())
    assert code == 1
    assert [json.loads(line)["findings"][0]["cause"] for line in out.splitlines()] == ["network.refused"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "kubectl"])
def test_completion(shell):
    code, out, _ = run(["completion", shell])
    assert code == 0
    assert "explain" in out


def test_a_closed_pipe_is_no_error():
    done = subprocess.run(
        f"{sys.executable} -m whypull.cli causes | head -1", shell=True, capture_output=True, timeout=60, check=False
    )
    assert b"Traceback" not in done.stderr
    assert b"BrokenPipe" not in done.stderr


def test_our_own_bug_does_not_look_like_a_diagnosis(monkeypatch, capsys):
    def broken(_):
        raise RuntimeError("x" * 10)

    monkeypatch.setattr("whypull.commands.causes.run", broken)
    assert main(["causes"]) == 4
    assert "whypull itself failed" in capsys.readouterr().err


def test_as_a_plugin_of_kubectl_it_says_so(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["/usr/local/bin/kubectl-whypull"])
    assert main(["explain", str(DESCRIBE)]) == 1
    assert "  kubectl whypull explain tls.unknown-authority" in capsys.readouterr().out
    assert main(["explian"]) == 2
    assert capsys.readouterr().err.startswith("kubectl whypull: there is no verb 'explian'; did you mean 'explain'?")
    assert main(["help"]) == 0
    assert "describe pod web-0 | kubectl whypull " in capsys.readouterr().out


def test_ctrl_c_is_no_traceback(monkeypatch, capsys):
    def stopped(_):
        raise KeyboardInterrupt

    monkeypatch.setattr("whypull.commands.causes.run", stopped)
    assert main(["causes"]) == 130
    assert capsys.readouterr().err == "whypull: stopped.\n"


def test_a_terminal_that_cannot_show_a_mark_gets_its_escape():
    code, out, err = run(["explain"], DESCRIBE.read_bytes(), PYTHONIOENCODING="ascii")
    assert (code, err) == (1, "")
    assert out.startswith("\\u2717 ")


def test_an_error_cannot_move_the_cursor():
    code, _, err = run(["explain", "no\x1b[2Jsuch.txt"])
    assert code == 2
    assert "\x1b" not in err


def test_missing_files_are_not_taken_for_a_message():
    code, _, err = run(["explain", "a.txt", "b.log"])
    assert code == 2
    assert "a.txt" in err


def test_a_stage_is_no_cause():
    code, _, err = run(["explain", "tls"])
    assert code == 2
    assert "whypull causes --stage tls" in err


@pytest.mark.parametrize("form", ["json", "yaml", "markdown"])
def test_a_page_for_programs(form):
    code, out, _ = run(["explain", "auth.ip-not-allowed", "-o", form])
    assert code == 0
    assert "What happens" in out
    assert form == "markdown" or "auth.ip-not-allowed" in out


def test_kubectl_asks_for_completions():
    script = run(["completion", "kubectl"])[1]
    said = {}
    for words in ("", "explain", "explain -o ''", "explain auth.f", "check --depth ''"):
        done = subprocess.run(
            ["sh", "-s", *shlex.split(words)], input=script, capture_output=True, text=True, timeout=20, check=True
        )
        said[words] = done.stdout.split()
    assert "explain" in said[""]
    assert said[""][-1] == ":4"
    assert said["explain -o ''"] == ["text", "json", "yaml", "markdown", ":4"]
    assert {"auth.forbidden", "--lines"} <= set(said["explain auth.f"])
    assert "manifest" in said["check --depth ''"]


HEAVY = {
    "typing",
    "dataclasses",
    "inspect",
    "argparse",
    "logging",
    "asyncio",
    "importlib.metadata",
    "socket",
    "ssl",
    "email",
    "yaml",
    "msgspec",
    "subprocess",
    "tomllib",
}


@pytest.mark.parametrize("args", [["explain"], ["explain", "-o", "json"], ["--version"], ["explain", "tls.unknown-authority"]])
def test_a_start_imports_nothing_heavy(args):
    subprocess.run([sys.executable, "-m", "whypull.causes.build"], stdout=subprocess.DEVNULL, check=True)
    code = f"import sys; from whypull.cli import main; main({args!r}); sys.stdout.flush(); print('\\n'.join(sys.modules), file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-I", "-c", code], input=DESCRIBE.read_bytes(), capture_output=True, timeout=60, check=True
    )
    assert set(done.stderr.decode().split()) & HEAVY == set()
