"""What a query names: its metrics with their labels. No parser: expressions are ours, and known to be accepted."""

import re

WORDS = {"by", "on", "ignoring", "without", "group_left", "group_right", "or", "and", "unless", "bool", "offset"}
LIST = re.compile(r"\b(?:by|on|without|ignoring|group_left|group_right)\s*\(([^)]*)\)")
TEXT = re.compile(r'"(?:[^"\\]|\\.)*"')
SELECTOR = re.compile(r"(?P<name>[a-zA-Z_:][\w:]*)?\s*\{(?P<matchers>[^}]*)\}")
NAME = re.compile(r"(?<![\w:.])[a-zA-Z_:][\w:]*(?![\w:]*\s*\()")


def metrics(expression):
    """Each metric, with the labels that the query matches it by."""
    plain = TEXT.sub('""', expression)
    found = {}
    for each in SELECTOR.finditer(plain):
        labels = {part.split("=")[0].split("!")[0].strip() for part in each["matchers"].split(",") if part.strip()}
        found.setdefault(each["name"] or "", set()).update(labels)
    rest = re.sub(r"\[[^\]]*\]", "", LIST.sub("", SELECTOR.sub("", plain)))
    for name in NAME.findall(rest):
        if name not in WORDS:
            found.setdefault(name, set())
    return found


def grouped(expression):
    """The labels that results are grouped, joined or enriched by."""
    return {name.strip() for names in LIST.findall(TEXT.sub('""', expression)) for name in names.split(",") if name}
