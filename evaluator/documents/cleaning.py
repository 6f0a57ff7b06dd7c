"""Takes what is no part of a document's text out of its lines: widgets, tags, footers, banners. Each rule gives its reason."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from evaluator.documents.document import Dropped
from evaluator.documents.lines import Line, iso_day
from evaluator.documents.transcripts import is_stamp
from evaluator.language import other_language
from evaluator.text import words

_MONTHS = "january|february|march|april|may|june|july|august|september|october|november|december|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec"
_DAY = rf"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day,?\s+)?(?:\d{{1,2}}(?:st|nd|rd|th)?\s+(?:{_MONTHS})\.?,?\s+\d{{4}}|(?:{_MONTHS})\.?\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+\d{{4}}|\d{{4}}-\d{{2}}-\d{{2}})"
_BEGIN = r"^\W*"
_END = r"\W*$"


@dataclass(frozen=True, slots=True)
class Rule:
    """A line that is dropped whole."""

    reason: str
    pattern: re.Pattern[str]
    ends_text: bool = False
    """Whether what follows such a line is the foot of the page: short lines after it are dropped, too."""
    takes_paragraph: bool = False
    """Whether the line is a heading of what is dropped with it, up to the next empty line."""


def _rule(reason: str, pattern: str, *, ends_text: bool = False, takes_paragraph: bool = False) -> Rule:
    return Rule(reason, re.compile(_BEGIN + pattern + _END, re.IGNORECASE), ends_text, takes_paragraph)


RULES = (
    _rule("rating widget", r"(?:rate|review)\s+(?:this|it|us|the)(?:\s+\w+){0,2}", ends_text=True),
    _rule("rating widget", r"(?:(?:average\s+)?rating|rated|score)?[:\s]*\d(?:[.,]\d+)?\s*(?:/|out\s+of)\s*(?:5|10)(?:\s+stars?)?(?:\s*\(?\s*[\d.,]+k?\s+(?:votes?|ratings?|reviews?)\s*\)?)?", ends_text=True),
    _rule("rating widget", r"\(?[\d.,]+k?\s+(?:votes?|ratings?|reviews?|stars?)\)?"),
    _rule("rating widget", r"(?:was|did)\s+(?:this|you\s+find\s+this)(?:\s+\w+){0,4}\s+(?:helpful|useful)(?:\s+to\s+you)?(?:\W+yes\W+no)?", ends_text=True),
    _rule("rating widget", r"(?:helpful|useful|like|yes|no)?\s*\(?[\d.,]+[km]?\)?(?:\s+(?:people|persons?|users?|members?|of\s+\d+(?:\s+people)?))?\s*(?:found\s+(?:this|it)(?:\s+\w+){0,2}\s+(?:helpful|useful)|likes?|upvotes?|claps?|shares?|views?)"),
    _rule("rating widget", r"(?:helpful|useful|likes?|upvotes?|votes?)\W*\d+"),
    _rule("rating widget", r"(?:click|tap)\s+(?:on\s+)?(?:a\s+)?stars?\s+to\s+rate.{0,20}", ends_text=True),
    _rule("tag list", r"(?:[\w-]+\s+){0,2}(?:tags?|labels|categor(?:y|ies)|topics|filed\s+under|posted\s+in|schlagw(?:o|ö)rter|mots[- ]cl(?:e|é)s|etiquetas)\s*:?", ends_text=True, takes_paragraph=True),
    _rule("tag list", r"(?:[\w-]+\s+)?(?:tags?|tagged(?:\s+with|\s+as)?|labels|categor(?:y|ies)|topics|filed\s+under|posted\s+in)\s*:\s*.{1,300}", ends_text=True),
    _rule("tag list", r"(?:#[\w-]+[\s,]*){2,40}", ends_text=True),
    _rule("sharing buttons", r"(?:share|tweet|pin\s+it|print|e?mail|send|copy\s+link|save|bookmark|like|reply|report(?:\s+abuse)?|flag|upvote|downvote|embed|follow|subscribe|download)(?:\W+(?:share|tweet|pin(?:\s+it)?|print|e?mail|copy\s+link|save|bookmark|like|reply|report|follow|facebook|twitter|x|linkedin|whatsapp|reddit|pinterest))*"),
    _rule("sharing buttons", r"(?:share|tweet|e?mail|blog|send|follow)\s*(?:this|it|us|on|via|with|to|by)[!:\s]*(?:(?:post|page|article|story|video|friends?|on|via|with|to|this|facebook|twitter|x|linkedin|whatsapp|reddit|pinterest|instagram|e?mail|a|and|your)\W*){0,8}"),
    _rule("subscription", r"(?:subscribe|sign\s+up)\s*(?:to|for|now|today|here|with|via)?\W*(?:(?:our|the|my|this|to|for|get|more|videos?|news|free|weekly|monthly|newsletter|updates?|channel|blog|feed|posts?|comments?|by|via|in|a|e?mail|rss|reader|now|today|and|never|miss)\W*){0,14}", ends_text=True),
    _rule("comment form", r"(?:\(?\d+\)?|no|add|post|leave|write|view|show|hide|see|join)?\s*(?:(?:a|an|your|all|the|\d+|post|more|new|public)\s+)*(?:comments?|repl(?:y|ies))(?:\s*\((?:atom|rss|\d+)\))?(?:\s+(?:cancel(?:\s+reply)?|below|here|yet|on\s+this\s+\w+))?", ends_text=True),
    _rule("comment form", r"join\s+the\s+(?:discussion|conversation)", ends_text=True),
    _rule("comment form", r"(?:your|the)\s+e-?mail\s+address\s+will\s+not\s+be\s+(?:published|shared).{0,80}", ends_text=True),
    _rule("comment form", r"(?:you\s+must\s+be\s+)?(?:log(?:ged)?|sign(?:ed)?)\s+in\s+to\s+(?:post\s+a\s+|leave\s+a\s+)?(?:reply|comment|vote|answer).{0,30}", ends_text=True),
    _rule("comment form", r"(?:save\s+my\s+name.{0,100}|(?:name|e-?mail|website)(?:\s*(?:\*|\(required\)))?|notify\s+me\s+of.{0,80}|required\s+fields\s+are\s+marked.{0,10})", ends_text=True),
    _rule("cookie banner", r"(?=.*\bcookies?\b)(?=.*\b(?:we|you|site|website|page|partners|browser)\b)(?=.*\b(?:uses?|using|accept|consent|stores?|sets?|allow|enable|reject)\b).{1,400}"),
    _rule("cookie banner", r"(?:accept|reject|decline|allow|manage|customi[sz]e|only)\s+(?:(?:all|necessary|only|essential|optional|my|cookies?|preferences|settings|choices|consent)\W*){1,4}"),
    _rule("cookie banner", r"by\s+(?:continuing|using)\b.{0,60}\b(?:cookies?|terms|privacy\s+policy)\b.{0,80}"),
    _rule("links to other pages", r"(?:related|similar|recommended|popular|recent|latest|more|other|further)\s+(?:articles?|posts?|stories|videos?|questions?|reading|pages?|searches|links|content|from\b.{0,40})\s*:?", ends_text=True, takes_paragraph=True),
    _rule("links to other pages", r"(?:you\s+(?:may|might|could)\s+(?:also\s+)?(?:like|enjoy|be\s+interested\s+in)|read\s+(?:next|also)|see\s+also|up\s+next|people\s+also\s+(?:ask|asked|viewed))\s*:?", ends_text=True, takes_paragraph=True),
    _rule("links to other pages", r"(?:(?:next|newer|previous|prev|older)(?:\s+(?:post|page|article|lesson|video|chapter|module))?|home|back(?:\s+to\s+(?:top|home|.{0,20}))?|skip\s+to\s+(?:main\s+)?content|menu|search|log\s*in|sign\s+(?:in|up)|register)(?:\W+(?:next|newer|previous|older|post|page|home|menu|search|log\s*in|sign\s+(?:in|up)))*"),
    _rule("legal notice", r"(?:(?:copyright\s*)?©|copyright\s+(?:\(c\)\s*)?\d{4}|\(c\)\s*\d{4}).{0,160}", ends_text=True),
    _rule("legal notice", r"(?:.{0,80}\W)?all\s+rights\s+reserved(?:\W.{0,80})?", ends_text=True),
    _rule("legal notice", r"(?:privacy\s+policy|terms\s+(?:of\s+(?:use|service)|and\s+conditions)|imprint|contact\s+us|about\s+us|sitemap|disclaimer)(?:\W+(?:privacy\s+policy|terms\s+(?:of\s+(?:use|service)|and\s+conditions)|imprint|contact(?:\s+us)?|about(?:\s+us)?|sitemap|cookies?))*", ends_text=True),
    _rule("advertisement", r"(?:advertisements?|sponsored(?:\s+content)?|promoted|ad)"),
    _rule("date line", rf"(?:(?:posted|published|updated|last\s+(?:updated|modified|reviewed)|created|date|uploaded|asked|answered)\s*(?:on|at|:)?\s*)?{_DAY}(?:\s*(?:at\s+)?\d{{1,3}}:\d{{2}}(?::\d{{2}})?(?:\s*[ap]\.?m\.?)?)?(?:\s*[|·•-]\s*.{{0,40}})?"),
    _rule("byline", r"(?:written|posted|published|uploaded|reviewed|edited|answered|asked|submitted)\s+by\s+\S.{0,80}"),
    _rule("byline", r"(?:\d+\s*(?:-\s*)?min(?:ute)?s?\s+read|reading\s+time\W.{0,20}|duration\W.{0,20}|\d+\s+(?:seconds?|minutes?|hours?|days?|weeks?|months?|years?)\s+ago)"),
    _rule("head of a caption file", r"(?:WEBVTT\b.*|Kind:\s*captions|Language:\s*\w{2}(?:-\w+)?)"),
    _rule("stub", r"(?:(?:show|read|see|view|load|display)\s+(?:less|more|full\s+\w+|the\s+rest)|less|more|continue\s+reading|expand|collapse|show\s+(?:answer|transcript))"),
)  # fmt: skip
"""Tried in order on every line of at most ``LONGEST`` characters."""

LONGEST = 500
"""Characters of a line that a rule may drop: what is longer is text."""

_STUB_END = re.compile(
    r"(?:(?<=[.!?…\"”’')])\s*(?:\.{3}|…)?\s*\b(?:(?:[Ss]how|[Rr]ead|[Ss]ee|[Vv]iew) (?:[Ll]ess|[Mm]ore)|Less|More|Collapse|Continue reading)|(?:\.{3}|…)\s*(?:(?:show |read |see )?(?:more|less)|continue reading))\W*$",
)
_ARROW = re.compile(r"^([↳↪⤷→➔➜➝➤►▶⇒»])\s+(?=\S)")
_ANSWER_LABEL = re.compile(
    r"^\W*(?:(?:answer|response|reply|candidate|applicant|interviewee|respondent)(?:\s*(?:#|no\.?\s*)?\d{1,3})?|"
    r"(?:anonymous|an?\s+(?:user|candidate|employee|applicant))\s+(?:answered|replied|wrote|said))\W*$",
    re.IGNORECASE,
)
_LEAD_LABEL = re.compile(r"^(?:TL;?DR)[:\s]*(?=[A-Z])")
_BYLINE = re.compile(r"^by\s+[A-Z][\w.'’-]*(?:\s+(?:[A-Z][\w.'’-]*|and|&|,)){0,6}$", re.IGNORECASE)
_GLUED = re.compile(r"[a-z](?=[A-Z])")
_DATE = re.compile(_DAY, re.IGNORECASE)

_PROSE_WORDS = 20
"""Words of a sentence that is no entry of a list of tags or links."""

_FOOT_WORDS = 10
"""Words of a line that counts as part of the foot, where it follows a line that ends the text and is no sentence."""


def clean(
    lines: Iterable[Line], language: str, skip: frozenset[int] = frozenset()
) -> tuple[list[Line], list[Dropped], str]:
    """Return the lines without boilerplate, what was dropped, and the ISO date of a date line, or nothing.

    A dropped line becomes an empty one, so that what was apart stays apart. Lines whose index is in ``skip`` stay as they
    are: a single word such as "more" is a stub in an article, and a word under a time stamp.
    """
    kept: list[Line] = []
    dropped: list[Dropped] = []
    date = ""
    reason_of_paragraph = ""
    in_foot = ""
    for index, line in enumerate(lines):
        text = line.text
        if index in skip:
            kept.append(line)
            continue
        if not words(text):
            reason_of_paragraph = reason_of_paragraph if text else ""
            if text and not is_mark(text):
                dropped.append(Dropped(text, line.place, "no words"))
            in_foot = "" if is_mark(text) else in_foot
            kept.append(line if is_mark(text) else replace(line, text=""))
            continue
        if is_answer_label(text):
            in_foot = reason_of_paragraph = ""
            kept.append(line)
            continue
        rule = _matching(text)
        if rule is None and (line.role == "heading" or (_is_prose(text) and len(words(text)) > _PROSE_WORDS)):
            in_foot = reason_of_paragraph = ""  # the text goes on
        if rule is None and reason_of_paragraph:
            reason = reason_of_paragraph
        elif rule is None:
            reason = _reason_without_rule(text, in_foot, language)
        else:
            reason = rule.reason
            in_foot = rule.reason if rule.ends_text else in_foot
            reason_of_paragraph = rule.reason if rule.takes_paragraph else ""
            date = date or (_iso_date(text) if reason in {"date line", "byline"} else "")
        if reason:
            dropped.append(Dropped(text, line.place, reason))
            kept.append(replace(line, text=""))
            continue
        in_foot = in_foot if not _is_prose(text) else ""
        text, stubs = _without_stub(text)
        dropped += [Dropped(stub, line.place, "stub") for stub in stubs]
        kept.append(replace(line, text=text))
    return kept, dropped, date


def split_marks(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Return the lines with an arrow at the start of at least two of them set on a line of its own."""
    found = [_ARROW.match(line.text) for line in lines]
    if sum(match is not None for match in found) < 2:
        return tuple(lines)
    split: list[Line] = []
    for line, match in zip(lines, found, strict=True):
        if match:
            split += (replace(line, text=match.group(1)), replace(line, text=line.text[match.end() :]))
        else:
            split.append(line)
    return tuple(split)


def is_answer_label(text: str) -> bool:
    """Return whether a line says that an answer follows, and nothing else.

    >>> [is_answer_label(text) for text in ("Answer 3", "Candidate 2:", "I would answer")]
    [True, True, False]
    """
    return len(text) < 40 and bool(_ANSWER_LABEL.match(text))


def _matching(text: str) -> Rule | None:
    if len(text) > LONGEST:
        return None
    return next((rule for rule in RULES if rule.pattern.match(text)), None)


def _reason_without_rule(text: str, in_foot: str, language: str) -> str:
    """Return why a line is dropped that no rule knows: by its form, or by where it stands."""
    if is_stamp(text):
        return "time stamp"
    if len(text) <= 80 and _BYLINE.match(text):
        return "byline"
    if len(_GLUED.findall(text)) >= 3 and not re.search(r"[.!?]\s|[.!?]$", text) and len(text) < 1000:
        return "tag list"
    if in_foot and len(words(text)) <= _FOOT_WORDS:
        if not _is_prose(text):
            return f"short line after the {in_foot}"
        if other_language(text) not in {None, language} or (language != "en" and other_language(text) is None):
            return f"line in another language after the {in_foot}"
    return ""


def _is_prose(text: str) -> bool:
    return len(words(text)) >= 4 and bool(re.search(r"[.!?…][\"'”’)]*$", text))


def is_mark(text: str) -> bool:
    """Return whether a line is a sign that sets answers apart, such as an arrow."""
    return 0 < len(text.strip()) <= 3 and not words(text) and not set(text) <= set("-_=*.~#|")


def _without_stub(text: str) -> tuple[str, list[str]]:
    stubs = []
    if match := _STUB_END.search(text):
        stubs.append(match.group().strip())
        text = text[: match.start()].rstrip()
    if match := _LEAD_LABEL.match(text):
        stubs.append(match.group().strip())
        text = text[match.end() :]
    return text, stubs


def _iso_date(text: str) -> str:
    match = _DATE.search(text)
    if not match:
        return ""
    plain = re.sub(r"(?<=\d)(?:st|nd|rd|th)\b|[,.]|\b\w+day\b", " ", match.group(), flags=re.IGNORECASE).split()
    if len(plain) == 1:
        return iso_day(plain[0])
    # Month names by hand: strptime knows those of the locale only.
    month = next(
        number
        for number, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), start=1)
        if any(word.lower().startswith(name) for word in plain)
    )
    year = next(int(word) for word in plain if len(word) == 4 and word.isdigit())
    day = next(int(word) for word in plain if word.isdigit() and len(word) < 4)
    try:
        return datetime(year, month, day).date().isoformat()
    except ValueError:
        return ""
