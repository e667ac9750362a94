#!/usr/bin/env python3
"""Diagnostics that no test quotes: prints each with its place, ends with 1 if there is one.

A diagnostic is an English phrase in a string of lib/, include/ or tools/. It counts as tested when some
CHECK line, expected-error or string of a unit test holds a few words in a row of it that no other
diagnostic has: tests quote what they need, seldom the whole. The alternatives of `? :` are diagnostics of
their own; other strings of one statement are one sentence. What cannot be tested so is listed below.
"""
import collections
import os
import re
import subprocess
import sys

os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

# Strings that are no diagnostics: help texts stand in docs/cli.md, unreachable code and assertions are for us.
NOT_SAID = re.compile(r"\b(cl::desc|cl::value_desc|cl::opt|cl::list|clEnumValN|clEnumVal|llvm_unreachable|assert|static_assert"
                      r"|fatalUsageError|report_fatal_error|cantFail|getName|ParseCommandLineOptions|parseCommandLine)\b[^;]*$")
# Files whose strings are code or pages that they print.
PRINTERS = re.compile(r"pto-tblgen/\w*Backend\.cpp$|(IR/MicroForms|Target/Cpp/HelperFunctions)\.cpp$")
EXCEPTIONS = "scripts/untested_diagnostics.txt"

TOKEN = re.compile(r'R"(\w*)\((.*?)\)\1"|"((?:[^"\\\n]|\\.)*)"|\'(?:[^\'\\\n]|\\.)+\'|//[^\n]*|/\*.*?\*/|[;{}?:]|^#[^\n]*', re.S | re.M)
ESCAPES = {"n": "\n", "t": "\t"}
PROSE = re.compile(r"[A-Za-z][\w,;.'-]* [a-z][\w,;.'-]* [a-z]")
LONGEST = 6
SHORTEST = 4  # words: what is shorter is a part of another sentence


def unescape(text):
    return re.sub(r"\\(.)", lambda m: ESCAPES.get(m.group(1), m.group(1)), text)


def strings(text):
    """[place, string, number of its statement, is it an alternative of ?:], neighbours joined."""
    found, statement, end, last = [], 0, None, ""
    for token in TOKEN.finditer(text):
        word = token.group(0)
        if word[0] in ";{}":
            statement += 1
            last = word
        elif word in "?:":
            last = word
        elif word[0] == '"' or word[0] == "R":
            value = token.group(2) if token.group(2) is not None else unescape(token.group(3))
            between = text[end:token.start()] if end is not None else "x"
            if found and re.fullmatch(r"(\s|//[^\n]*\n)*", between):
                found[-1][1] += value
            else:
                before = re.search(r"(\?|[^:]:)\s*$", text[:token.start()][-80:])
                found.append([token.start(), value, statement, bool(before)])
            end = token.end()
    return found


def words(phrase):
    return re.findall(r"[A-Za-z0-9]+", phrase)


def pieces(phrase):
    """The parts between the values that are filled in."""
    return [words(p) for p in re.split(r"\{\d[^}]*\}|%[-0-9.]*(?:s|d|u|llu)\b|\n", phrase)]


def grams(piece, shortest=2):
    """Runs of words of a piece."""
    for n in range(shortest, LONGEST + 1):
        for i in range(len(piece) - n + 1):
            yield " ".join(piece[i:i + n])


def telling(piece):
    """Runs that are long enough to say by themselves which sentence is meant."""
    return grams(piece, 4 if len(piece) > 7 else min(3, max(2, len(piece))))


def listed(*patterns):
    return subprocess.run(["git", "ls-files", "-co", "--exclude-standard", *patterns], capture_output=True, text=True, check=True).stdout.split()


def expectation(line):
    """What a line of a lit test expects, with VALUE for what it leaves open; None when it expects nothing."""
    if "expected-" in line:
        return line.replace("\\", "")
    check = re.search(r"(?://|#|\*)\s*([A-Za-z][\w-]*)?:\s*(.*)", line)
    if not check or (check.group(1) or "").endswith("NOT"):
        return None
    return re.sub(r"\{\{.*?\}\}|\[\[.*?\]\]", " VALUE ", check.group(2)).replace("\\", "")


def quoted():
    """All word sequences that tests expect, and the texts that they stand in."""
    seen, texts = set(), []
    for path in listed("test", "unittests"):
        text = open(path, encoding="utf-8", errors="replace").read()
        if path.endswith((".cpp", ".h", ".inc", ".py")):
            lines = [s[1] for s in strings(text)]
        else:
            lines = [expectation(line) for line in text.splitlines()]
        for line in filter(None, lines):
            for part in line.split(" VALUE "):
                for piece in pieces(part):
                    seen.update(grams(piece))
            texts.append(" ".join(words(line)))
    return seen, "\n".join(texts)


def whole(parts):
    """The whole sentence, whatever is filled in."""
    fixed = [" ".join(map(re.escape, piece)) for piece in parts if piece]
    return re.compile(" .{1,80}? ".join(fixed))


def main():
    seen, texts = quoted()
    messages = []  # (path, line, text, [pieces])
    for path in listed("lib", "include", "tools"):
        if not path.endswith((".cpp", ".h")) or PRINTERS.search(path):
            continue
        text = open(path, encoding="utf-8").read()
        sentence = None
        for at, value, statement, alternative in strings(text):
            if not PROSE.search(re.sub(r"\{\d[^}]*\}", "#", value)):
                continue
            begin = max(text.rfind(c, 0, at) for c in ";")
            if NOT_SAID.search(text[begin + 1:at]):
                continue
            if not alternative and sentence and sentence[4] == statement and not sentence[5]:
                sentence[3].extend(pieces(value))
                continue
            sentence = [path, text.count("\n", 0, at) + 1, " ".join(value.split()), pieces(value), statement, alternative]
            messages.append(sentence)
    owners = collections.defaultdict(set)
    for message in messages:
        for piece in message[3]:
            for gram in grams(piece):
                owners[gram].add(" ".join(words(re.sub(r"\{\d[^}]*\}", " ", message[2]))))
    exceptions = {}
    if os.path.exists(EXCEPTIONS):
        for line in open(EXCEPTIONS, encoding="utf-8"):
            if line.strip() and not line.startswith("#"):
                text, _, reason = line.rstrip("\n").partition(" | ")
                exceptions[text] = reason
    used, bad = set(), 0
    for path, line, text, parts, *_ in messages:
        if sum(map(len, parts)) < SHORTEST:
            continue
        if any(gram in seen and len(owners[gram]) == 1 for piece in parts for gram in telling(piece)):
            continue
        if whole(parts).search(texts):
            continue
        exception = next((e for e in exceptions if e in text), None)
        if exception:
            used.add(exception)
            continue
        print(f"{path}:{line}: no test quotes \"{text[:150]}\"")
        bad += 1
    for unused in sorted(set(exceptions) - used):
        print(f"{EXCEPTIONS}: \"{unused}\" is tested or gone; take it out")
        bad += 1
    if "--count" in sys.argv:
        print(f"{len(messages)} diagnostics, {bad} without a test")
    return 1 if bad else 0


sys.exit(main())
