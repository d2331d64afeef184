#!/usr/bin/env python3
"""Runs the fenced blocks of pages: what a page prints is what happens.

    blocks.py PORT PAGE...        the demo site listens on PORT; `fetchall` is on the path

The first word behind the fence says what a block is, further ones how it is taken:

    sh              a command a line (a `\\` at the end goes on); `# exit N` behind it where that is not 0
    sh TOOL         the same; left out where TOOL is not
    sh not-run      cannot be run here: a server of others, a tool of others, no end
    console         `$ COMMAND`, and below it what comes of it on stdout and stderr; `...` is any lines or none
    toml NAME.toml  written to that file for the commands behind it, and read by the program
    json            JSON values; a record holds against schemas/v1
    yaml            parsed, where there is a parser
    rust            compiled by `cargo test --doc`, which takes the pages that src/lib.rs names
    text, html, crontab, groovy   only shown; a command does not hide in there

Each page has a folder of its own, as if it were a clone: a few `docs` and a `README.md` without faults, `fixtures`,
and the `urls.txt` that the README makes. 8080 stands for the port.
"""

import concurrent.futures
import dataclasses
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
SHOWN = {"text", "html", "crontab", "groovy"}
KINDS = SHOWN | {"sh", "console", "toml", "json", "yaml", "rust"}
COMMANDS = ["fetch", "crawl", "check", "extract"]  # those that read settings
PATIENCE = 60  # seconds for a command


@dataclasses.dataclass
class Block:
    page: str
    line: int  # of its first line, behind the fence
    kind: str
    words: list
    lines: list

    def at(self, offset=0):
        return f"{self.page}:{self.line + offset}"


@dataclasses.dataclass
class Result:
    """What became of a page."""

    passed: int = 0
    faults: list = dataclasses.field(default_factory=list)
    left_out: list = dataclasses.field(default_factory=list)  # (why, where)

    def judge(self, where, what, fault):
        if fault is None:
            self.passed += 1
        else:
            self.faults.append(f"{where}: {what}\n{indent(fault)}")


def indent(text):
    return "\n".join("    " + line for line in text.splitlines())


def blocks(page):
    """The fenced blocks of a page, in order. A fence may be indented, as in a list."""
    found, block = [], None
    for number, line in enumerate((ROOT / page).read_text().splitlines(), 1):
        fence = re.match(r" *```(.*)", line)
        if not fence:
            if block:
                block.lines.append(line)
        elif block:
            found.append(block)
            block = None
        else:
            kind, *words = re.split(r"[\s,]+", fence[1].strip())
            block = Block(page, number + 1, kind, words, [])
    return found + [block] if block else found


# Commands


def environment(folder):
    """That of a newcomer: nothing set that changes what commands do, a home that may be written to, no other runs."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not re.match(r"FETCHALL|XDG_|GITHUB_|CI$|NO_COLOR$|.*_proxy$", name, re.IGNORECASE)
    }
    home = str(folder / "home")
    return kept | {"HOME": home, "XDG_RUNTIME_DIR": home, "DEMO_PASSWORD": "pass"}


def folder_of_page(folder):
    """What a clone has, as far as pages name it."""
    (folder / "home").mkdir(mode=0o700)
    shutil.copytree(ROOT / "fixtures/check", folder / "fixtures/check")
    shutil.copytree(ROOT / "fixtures/check/clean", folder / "docs")
    (folder / "README.md").write_text("See the [guide](docs/guide.md).\n")
    shutil.copy(ROOT / "urls.example.txt", folder)
    urls = [f"http://127.0.0.1:8080/article/{number}\n" for number in range(1, 6)]
    (folder / "urls.txt").write_text("".join(urls))


@dataclasses.dataclass
class Ground:
    """Where the commands of a page run."""

    folder: pathlib.Path
    port: str

    def run(self, command, merged=False):
        """Exit status, stdout, stderr; both as one where `merged`. Files, for a pipe may have a reader that stays."""
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            child = subprocess.Popen(
                ["bash", "-o", "pipefail", "-c", self.here(command)],
                cwd=self.folder,
                env=environment(self.folder),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out if merged else err,
                start_new_session=True,
            )
            try:
                status = child.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, 9)
                child.wait()
                status = f"none in {PATIENCE} s"
            return status, self.there(read(out)), self.there(read(err))

    def here(self, text):
        return text.replace("8080", self.port)

    def there(self, text):
        return text.replace(f":{self.port}", ":8080")


def read(file):
    file.seek(0)
    return file.read()


def wanted_status(command):
    named = re.search(r"# exit (\d+)$", command)
    return int(named[1]) if named else 0


def commands(lines):
    """(offset, command) of each line that is one; `\\` at the end of a line goes on."""
    whole, begun = "", 0
    for offset, line in enumerate(lines):
        begun = begun if whole else offset
        whole += line.lstrip() if whole else line
        if whole.endswith(("\\", "|")):
            whole = whole.removesuffix("\\")
            continue
        if whole.strip() and not whole.lstrip().startswith("#"):
            yield begun, whole.strip()
        whole = ""


def wrong_status(command, got, output):
    wanted = wanted_status(command)
    return None if got == wanted else f"exit {got}, not {wanted}\n" + head(output)


def head(text, most=10):
    lines = text.splitlines()
    return "\n".join(lines[:most] + (["…"] if len(lines) > most else []))


def run_sh(block, ground, result):
    for offset, command in commands(block.lines):
        status, out, err = ground.run(command)
        result.judge(block.at(offset), command, wrong_status(command, status, out + err))


def run_console(block, ground, result):
    """Each `$ COMMAND` with the lines below it, up to the next."""
    prompts = [offset for offset, line in enumerate(block.lines) if line.startswith("$ ")]
    if not prompts or prompts[0] != 0:
        result.judge(block.at(), "console", "a block of this kind begins with `$ COMMAND`")
        return
    for begin, end in zip(prompts, prompts[1:] + [len(block.lines)]):
        # The command may go on; what is left is its output.
        last = begin
        while block.lines[last].endswith("\\"):
            last += 1
        ((_, command),) = commands([block.lines[begin][2:], *block.lines[begin + 1 : last + 1]])
        status, out, _ = ground.run(command, merged=True)
        fault = wrong_status(command, status, out) or other_output(block.lines[last + 1 : end], out)
        result.judge(block.at(begin), command, fault)


def plain(line):
    """A line with its times, sizes, dates and widths of columns taken out: they are others in each run."""
    line = re.sub(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?Z?)?", "<date>", line.rstrip())
    line = re.sub(r"\b\d+(\.\d+)? ?(ns|µs|ms|s|min|h)\b( \d+ ?(ms|s)\b)?", "<time>", line)
    line = re.sub(r"\b\d+(\.\d+)?/s", "<rate>", line)
    line = re.sub(r"\b\d+(\.\d+)? ?([kKMG]i?B|B|bytes)\b", "<size>", line)
    line = re.sub(r"(_ms|bytes)=\d+(\.\d+)?", r"\1=<number>", line)  # in logs
    return re.sub(r"(?<=\S) {2,}", "  ", line)


def other_output(wanted, got):
    """None if they say the same; blank lines at the end do not matter."""
    pattern = "".join(
        "(?:.*\n)*" if line.strip() in ("...", "…") else re.escape(plain(line)) + "\n"
        for line in "\n".join(wanted).rstrip().splitlines()
    )
    found = "".join(plain(line) + "\n" for line in got.rstrip().splitlines())
    if re.fullmatch(pattern, found):
        return None
    return "wanted:\n" + indent("\n".join(wanted)) + "\ngot:\n" + indent(head(got, 30))


# Files


def check_toml(block, ground, result):
    """`fetchall.toml` has settings, a file of another name is a recipe."""
    if len(block.words) != 1 or not block.words[0].endswith(".toml"):
        result.judge(block.at(), "toml", "a block of this kind names its file: toml NAME.toml")
        return
    name = block.words[0]
    (ground.folder / name).write_text(ground.here("\n".join(block.lines) + "\n"))
    if name == "fetchall.toml":
        # Out of the way of the commands behind it, which would all read it.
        (ground.folder / name).rename(ground.folder / "shown.toml")
        tries = [f"fetchall config show {command} --config shown.toml" for command in COMMANDS]
    else:
        tries = [f"fetchall http://127.0.0.1:8080/ --recipe {name} --dry-run"]
    for command in tries:
        status, out, err = ground.run(command)
        fault = wrong_status(command, status, err + out)
        result.judge(block.at(), command, fault)
        if fault:
            return  # the others would say the same


def check_json(block, ground, result):
    text, at = "\n".join(block.lines), 0
    try:
        while text[at:].strip():
            at += len(text[at:]) - len(text[at:].lstrip())
            value, at = json.JSONDecoder().raw_decode(text, at)
            result.judge(block.at(), "json", record_fault(value))
    except ValueError as error:
        result.judge(block.at(), "json", str(error))


def record_fault(value):
    """A record says which it is by `v` and `type`."""
    if not (isinstance(value, dict) and "v" in value and "type" in value):
        return None
    schema = ROOT / f"schemas/v{value['v']}/{value['type']}.json"
    if not schema.exists():
        return f"there is no {schema.relative_to(ROOT)}"
    schema = json.loads(schema.read_text())
    return "\n".join(schema_faults(value, schema, schema, "$")) or None


def schema_faults(value, schema, root, at):
    """What of `value` is not as `schema` says, as far as our schemas go."""
    if schema in (True, False):
        return [] if schema else [f"{at} is not known"]
    faults = []
    if "$ref" in schema:
        referred = root
        for step in schema["$ref"].lstrip("#/").split("/"):
            referred = referred[step]
        faults += schema_faults(value, referred, root, at)
    for key in ("anyOf", "oneOf"):
        if key in schema and all(schema_faults(value, one, root, at) for one in schema[key]):
            faults.append(f"{at}: {value!r} is none of {key}")
    if "const" in schema and value != schema["const"]:
        faults.append(f"{at} is {value!r}, not {schema['const']!r}")
    if "enum" in schema and value not in schema["enum"]:
        faults.append(f"{at}: {value!r} is none of {schema['enum']}")
    if "type" in schema and not is_of(value, schema["type"]):
        return faults + [f"{at}: {value!r} is no {schema['type']}"]
    if "pattern" in schema and isinstance(value, str) and not re.search(schema["pattern"], value):
        faults.append(f"{at}: {value!r} does not fit {schema['pattern']}")
    if isinstance(value, list) and "items" in schema:
        for number, item in enumerate(value):
            faults += schema_faults(item, schema["items"], root, f"{at}[{number}]")
    if isinstance(value, dict):
        known = schema.get("properties", {})
        faults += [f"{at}.{key} is not there" for key in schema.get("required", []) if key not in value]
        for key, item in value.items():
            rule = known.get(key, schema.get("additionalProperties", True))
            faults += schema_faults(item, rule, root, f"{at}.{key}")
    return faults


def is_of(value, types):
    names = {
        "null": value is None,
        "boolean": isinstance(value, bool),
        "integer": isinstance(value, int) and not isinstance(value, bool),
        "number": isinstance(value, (int, float)) and not isinstance(value, bool),
        "string": isinstance(value, str),
        "array": isinstance(value, list),
        "object": isinstance(value, dict),
    }
    return any(names[one] for one in ([types] if isinstance(types, str) else types))


def check_yaml(block, ground, result):
    try:
        import yaml
    except ImportError:
        result.left_out.append(("there is no parser of YAML", block.at()))
        return
    try:
        yaml.safe_load("\n".join(block.lines))
        result.judge(block.at(), "yaml", None)
    except yaml.YAMLError as error:
        result.judge(block.at(), "yaml", str(error))


def check_rust(block, ground, result):
    named = f'include_str!("../{block.page}")' in (ROOT / "src/lib.rs").read_text()
    shown = "ignore" in block.words
    fault = "is left out by `ignore`: let it compile" if shown else None
    result.judge(block.at(), "rust", fault if named else "src/lib.rs does not take this page into the doc tests")


def show(block, ground, result):
    if any(re.match(r"\$ |fetchall [^ ]+ ", line) for line in block.lines) and block.kind == "text":
        result.judge(block.at(), "text", "has a command: that belongs into a block of `sh` or `console`")
    if block.kind == "groovy":
        result.left_out.append(("there is no parser of Groovy", block.at()))


CHECKS = {
    "sh": run_sh,
    "console": run_console,
    "toml": check_toml,
    "json": check_json,
    "yaml": check_yaml,
    "rust": check_rust,
} | dict.fromkeys(SHOWN, show)


def check_page(page, port):
    result = Result()
    with tempfile.TemporaryDirectory(prefix="fetchall-blocks-") as folder:
        ground = Ground(pathlib.Path(folder), port)
        folder_of_page(ground.folder)
        urls = ground.folder / "urls.txt"
        urls.write_text(ground.here(urls.read_text()))
        for block in blocks(page):
            if block.kind not in CHECKS:
                kinds = ", ".join(sorted(CHECKS))
                result.judge(block.at(), f"`{block.kind}`", f"is no kind of block: {kinds}")
                continue
            if "not-run" in block.words:
                result.left_out.append(("their mark says so", block.at()))
                continue
            missing = [tool for tool in block.words if block.kind in ("sh", "console") and not shutil.which(tool)]
            if missing:
                result.left_out.append((f"there is no {missing[0]}", block.at()))
                continue
            CHECKS[block.kind](block, ground, result)
    return result


def main(port, pages):
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda page: check_page(page, port), pages))
    faults = [fault for result in results for fault in result.faults]
    for fault in faults:
        print("FAILED", fault)
    left_out = {}
    for why, where in (one for result in results for one in result.left_out):
        left_out.setdefault(why, []).append(where)
    for why, where in left_out.items():
        print(f"left out, for {why}: {', '.join(where)}")
    passed = sum(result.passed for result in results)
    print(f"blocks: {passed} passed, {len(faults)} failed, on {len(pages)} pages")
    return 1 if faults or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
