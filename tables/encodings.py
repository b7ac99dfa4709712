"""Which encoding a text file has, with the evidence.

UTF-8 and the marks at a file's beginning are certain. Other encodings give letters to almost any bytes, so the letters
have to be plausible: a Japanese character between Latin letters (M髜ler) means that the file is Western. Where several
encodings are plausible, charset-normalizer's measure of mess decides.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from charset_normalizer import from_bytes

from core.errors import DataError
from tables.letter_bytes import NAMES as NAMES_OF_SCRIPTS
from tables.letter_bytes import guess_script

BLOCK = 1 << 20
SAMPLE_BYTES = 1 << 16
MIN_VALID_PER_INVALID = 5
"Lines of valid UTF-8 for each line that is none, from which on the latter are damaged lines of a UTF-8 file."
MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
ASIAN = ("cp932", "euc_jp", "gb18030", "big5", "cp949")
WESTERN = ("cp1251", "cp1250", "cp1252", "latin-1")
NAMES = {
    "cp932": "Japanese (Shift JIS)",
    "euc_jp": "Japanese (EUC)",
    "iso2022_jp": "Japanese (JIS)",
    "gb18030": "Chinese",
    "big5": "traditional Chinese",
    "cp949": "Korean",
    "cp1250": "Central European (Windows)",
    "cp1251": "Cyrillic (Windows)",
    "cp1252": "Western European (Windows)",
    "latin-1": "Western European",
    "utf-16": "UTF-16",
    **NAMES_OF_SCRIPTS,
}
KANA = re.compile("[ぁ-ヿ]")
HANGUL = re.compile("[가-힣]")
LETTERS = re.compile("[ぁ-ヿ㐀-鿿가-힣ｦ-ﾟ]")
BESIDE_LATIN = re.compile("[A-Za-z][ぁ-ヿ㐀-鿿가-힣ｦ-ﾟ]|[ぁ-ヿ㐀-鿿가-힣ｦ-ﾟ][A-Za-z]")
CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f]")
POLISH = re.compile(
    rb"[A-Za-z\x80-\xff][\xb3\xb9\xbf\x9f\xa3\xa5\xaf][a-z\xe6\xea\xf3\x9c\xbf]"
    rb"|[A-Za-z\xb3\xb9\xf3][\x9c](?:\xe6|[bcdfghjklmnpqrsvwz])|(?<![A-Za-z])z\xb3(?![A-Za-z0-9])"
)
"""Bytes that are letters in cp1250 and signs in cp1252, inside a word, and the currency. The byte of `ś` is `œ` there,
which vowels follow in French."""
CZECH = (re.compile(rb"[\x8a\x8d\x8e\x9a\x9d\x9e]"), re.compile(rb"[\xc8\xcc\xd8\xe8\xec\xf8]"))
"Letters with a caron that cp1252 has as well, and letters that are other ones there."
CYRILLIC_RUN = re.compile(rb"[\xc0-\xff]{3,}")


@dataclass(frozen=True)
class EncodingGuess:
    """The encoding of a file, as Python names it."""

    name: str
    evidence: str
    "Empty for UTF-8, which needs none."


def detect_encoding(path: Path) -> EncodingGuess:
    """The encoding of a text file. Raises DataError for a file that is no text."""
    with path.open("rb") as file:
        start = file.read(BLOCK)
    for mark, name in MARKS.items():
        if start.startswith(mark):
            return EncodingGuess(name, "" if name == "utf-8" else "the file begins with the mark of UTF-16")
    if b"\x00" in start:
        for name, zeros in (("utf-16-le", start[1::2]), ("utf-16-be", start[::2])):
            has_lines = "\n".encode(name) in start
            if has_lines and zeros.count(0) * 3 > len(zeros) and decodes(path, name):
                return EncodingGuess(name, "every other byte is zero, as in UTF-16")
        raise DataError(f"{path} is no text: it has zero bytes; export it as CSV")
    if b"\x1b$" in start and decodes(path, "iso2022_jp"):
        return EncodingGuess("iso2022_jp", "the file switches to Japanese by escape sequences")
    if decodes(path, "utf-8") or _is_damaged_utf8(path):
        return EncodingGuess("utf-8", "")
    sample = _unusual_lines(path)
    script = guess_script(sample)
    for name in (*((script,) if script else ()), *_plausible(sample)):
        if decodes(path, name):
            return EncodingGuess(name, f"{NAMES[name]}: the file is not UTF-8, and all of it reads as {name}")
    raise DataError(f"{path} is no text in any encoding that is known here; save it as UTF-8")


def _is_damaged_utf8(path: Path) -> bool:
    """Whether by far most lines outside ASCII are UTF-8, which letters of another encoding hardly ever are."""
    n_valid = n_invalid = 0
    with path.open("rb") as file:
        for line in file:
            if line.isascii():
                continue
            try:
                line.decode("utf-8")
                n_valid += 1
            except UnicodeDecodeError:
                n_invalid += 1
    return n_invalid * MIN_VALID_PER_INVALID <= n_valid


def suggest_encoding(path: Path) -> str:
    """The setting that would read a file, whose encoding is another one than was stated."""
    try:
        name = detect_encoding(path).name
    except DataError:
        return "save it as UTF-8"
    # A few Chinese characters are Korean words as well; the company knows its language.
    may_be_japanese = name in ASIAN and name != "cp932" and decodes(path, "cp932")
    return f'set encoding = "cp932" for Japanese, "{name}" otherwise' if may_be_japanese else f'set encoding = "{name}"'


def decodes(path: Path, encoding: str) -> bool:
    """Whether all of a file is valid in an encoding."""
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _unusual_lines(path: Path) -> bytes:
    """Lines with bytes outside ASCII, from all over the file; the rest of the file says nothing."""
    lines: list[bytes] = []
    size = 0
    with path.open("rb") as file:
        for line in file:
            if not line.isascii():
                lines.append(line)
                size += len(lines[-1])
                if size > SAMPLE_BYTES:
                    break
    return b"".join(lines)


def _plausible(sample: bytes) -> Iterator[str]:
    """Encodings in which the sample makes sense, the most plausible first."""
    asian = [name for name in ASIAN if _makes_sense(_decode(sample, name), name)]
    mess = {match.encoding: match.chaos for match in from_bytes(sample, cp_isolation=asian)} if len(asian) > 1 else {}
    yield from sorted(asian, key=lambda name: (round(mess.get(name, 1.0), 2), ASIAN.index(name)))
    is_cyrillic = len(b"".join(CYRILLIC_RUN.findall(sample))) * 2 > sum(byte >= 0x80 for byte in sample)
    is_central = POLISH.search(sample) is not None or all(letters.search(sample) for letters in CZECH)
    skipped = {"cp1251": not is_cyrillic, "cp1250": not is_central}
    yield from (name for name in WESTERN if not skipped.get(name))


def _decode(sample: bytes, name: str) -> str:
    return sample.decode(name, errors="replace")


def _makes_sense(text: str, name: str) -> bool:
    """Whether a text looks like the East Asian language of an encoding, not like misread Latin text."""
    letters = LETTERS.findall(text)
    if not letters or CONTROL.search(text) or text.count("\ufffd") > 2:
        return False
    if len(BESIDE_LATIN.findall(text)) * 4 > len(letters):
        return False
    has_hangul = len(HANGUL.findall(text)) * 2 > len(letters)
    if name == "cp949":
        return has_hangul
    if name in ("gb18030", "big5") and KANA.search(text):
        return False
    return not has_hangul
