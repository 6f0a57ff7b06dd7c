"""Import of source documents: every format and layout, hostile files, and the originals where they are at hand."""

import os
import re
import socket
import time
from collections import Counter
from pathlib import Path

import pytest
from make_documents import docx_bytes, encrypted_pdf, pdf_bytes, put, zip_bomb

from evaluator.documents import ImportedDocument, Kind, Part, import_document
from evaluator.documents.cleaning import RULES, clean
from evaluator.documents.document import Passage, Place
from evaluator.documents.lines import Line
from evaluator.documents.opening import MAX_BYTES, MAX_TEXT_CHARS
from evaluator.documents.repeats import mark_repeats
from evaluator.documents.sentences import MAX_SENTENCE_WORDS, sentences
from evaluator.documents.transcripts import Cue
from evaluator.errors import DocumentError
from evaluator.text import FUNCTION_WORDS, words

SAMPLES = Path(__file__).parent / "data" / "documents"
ORIGINALS = Path(os.environ.get("EVALUATOR_ORIGINALS") or Path(__file__).parent.parent.parent / "shared" / "seeds")
originals = pytest.mark.skipif(not any(ORIGINALS.glob("00*.txt")), reason="the originals are not part of the project")

BOILERPLATE = re.compile(
    r"\d{1,2}:\d{2}|play0|-->|\[music\]|\bvotes?\)|rate this|out of 5|\btags\b|subscribe|comments?:|leave a reply|cookie"
    r"|©|\btl;?dr|share this|show less|read more|(?:^|[.!?] )(?:less|more)$|<[a-z/]|↳|➜|★|accept all|this helpful|helpful \(",
    re.IGNORECASE,
)


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the import tried to reach a network")

    monkeypatch.setattr(socket.socket, "connect", refuse)


def sample(name: str) -> ImportedDocument:
    return import_document(SAMPLES / name)


def original(number: int) -> ImportedDocument:
    return import_document(next(ORIGINALS.glob(f"{number:03}_*.txt")))


def text_of(document: ImportedDocument) -> str:
    return "\n".join(f"{passage.section}\n{passage.text}" for passage in document.passages)


def survival(raw: str, document: ImportedDocument) -> float:
    """Return the share of the original's content words that passages keep, from 0 to 1.

    Content words are the words of the text (letters and digits, lower case) without function words, counted with
    multiplicity. What is listed as dropped is taken off first; a heading counts as kept once, where it is the section of
    a passage. A line that is dropped in part (a stub, a time stamp) is taken off in that part only. Numbers of list items
    are marks, as bullets are.
    """
    raw = re.sub(r"\]\(https?:[^)]*\)", "]", raw)  # where a link leads is markup
    raw = re.sub(r"^\s*\d{1,2}[.)]\s", "", raw, flags=re.MULTILINE)

    def content(text: str) -> Counter[str]:
        return Counter(word for word in words(text) if word not in FUNCTION_WORDS)

    wanted = content(raw) - content("\n".join(one.text for one in document.dropped))
    sections = {(passage.section) for passage in document.passages}
    kept = content("\n".join([*(passage.text for passage in document.passages), *sections]))
    return 1 - (wanted - kept).total() / wanted.total()


ALL = sorted(path.name for path in SAMPLES.iterdir())


@pytest.mark.parametrize("name", ALL)
def test_samples_are_clean_prose_in_their_order_and_lose_nothing(name: str) -> None:
    document = sample(name)
    for passage in document.passages:
        assert not BOILERPLATE.search(passage.text), passage.text
        assert passage.text == " ".join(passage.text.split())
        assert passage.language == "en"
        assert passage.id.startswith(f"{document.id}.")
    starts = [passage.place.line_start for passage in document.passages]
    assert starts == sorted(starts)
    assert len({passage.id for passage in document.passages}) == len(document.passages)
    if not name.endswith((".html", ".vtt")):
        raw = (SAMPLES / name).read_text(encoding="utf-8")
        assert survival(raw, document) >= 0.98


@pytest.mark.parametrize("name", ALL)
def test_every_line_is_in_a_passage_or_listed_as_dropped(name: str) -> None:
    document = sample(name)
    raw = (SAMPLES / name).read_text(encoding="utf-8").splitlines()
    places = [one.place for one in (*document.passages, *document.dropped)]
    covered = {line for place in places for line in range(place.line_start, place.line_end + 1)}
    if not name.endswith(".html"):
        sections = {passage.section for passage in document.passages}
        for number, line in enumerate(raw, start=1):
            bare = line.strip("#* ✨")
            assert not words(line) or number in covered or bare in sections, f"{name} line {number}: {line}"


def test_a_page_of_answers_with_other_marks_and_widgets() -> None:
    document = sample("answers-page.txt")
    assert document.kind is Kind.QUESTIONS_AND_ANSWERS
    assert document.question == "A patient shouts at you because the wait is too long. What do you do?"
    assert [passage.answers_question for passage in document.passages] == [True, True, False, False, True, False, True]
    assert document.passages[3].reason == "a note of thanks for the page"
    assert "share" in document.passages[0].reason
    assert document.passages[0].place == Place(5, 5)


def test_answers_under_labels() -> None:
    document = sample("labelled-answers.txt")
    assert document.question == "How would you protect a customer's privacy at the counter?"
    assert [passage.answers_question for passage in document.passages] == [True, None, False]


def test_answers_behind_arrows(tmp_path: Path) -> None:
    text = "→ I keep calm and listen.\n→ First I listen, then I stay calm.\nI stay.\n» a → b\n"
    document = import_document(put(tmp_path / "a.txt", text))
    assert [passage.text for passage in document.passages][:1] == ["I keep calm and listen."]
    assert {passage.part for passage in document.passages} == {Part.ANSWER}


def test_an_interview_in_questions_and_answers(tmp_path: Path) -> None:
    text = "Q: What do you do first?\nA: I listen.\n\nQ: And then?\nA: I say sorry\n\nQ: Is that all?\nQ: Really?\nA: Yes.\n"
    document = import_document(put(tmp_path / "a.txt", text))
    assert [passage.text for passage in document.passages] == [
        "What do you do first? I listen.",
        "And then? I say sorry",
        "Q: Is that all?",
        "Really? Yes.",
    ]
    assert {passage.part for passage in document.passages} == {Part.QUESTIONS_AND_ANSWERS}


SRT = "1\n00:00:01,000 --> 00:00:04,000\nI greet everyone by name.\n\n2\n00:00:04,000 --> 00:00:06,000\nThen I\ncheck the label.\n\n3\n00:00:07,000 --> 00:00:09,000\n<i>(soft music)</i>\n"  # fmt: skip
SPOKEN = "Maria Lopez  0:00\nI greet everyone by name.\n\nTom Reed  0:04\nThen I check the label.\n\nMaria Lopez 0:08\n[laughs]\n"
LEADING = "[00:03] I greet everyone by name.\n[00:07] Then I\n[00:09] check the label.\n"
GLUED = "play00:03\n\nI greet everyone\n\nplay00:05\n\nby name.\n\nplay00:07\n\nThen I check the label.\n\nShare\n"
WORDED = "3 seconds\nI greet everyone\n1 minute, 5 seconds\nby name. Then I\n1 minute, 9 seconds\ncheck the label.\n"


@pytest.mark.parametrize(
    "text", [SRT, SPOKEN, LEADING, GLUED, WORDED], ids=["srt", "speakers", "leading", "play", "words"]
)
def test_forms_of_time_stamps(tmp_path: Path, text: str) -> None:
    document = import_document(put(tmp_path / "a.txt", text))
    assert document.kind is Kind.TRANSCRIPT
    assert [passage.text for passage in document.passages] == ["I greet everyone by name. Then I check the label."]


def test_the_parts_of_a_video_summary_are_told_apart() -> None:
    document = sample("video-summary.txt")
    assert document.kind is Kind.VIDEO_SUMMARY
    assert document.date == "2021-03-03"
    parts = list(dict.fromkeys(passage.part for passage in document.passages))
    assert parts == [Part.SUMMARY, Part.TAKEAWAYS, Part.QUESTIONS_AND_ANSWERS, Part.KEYWORDS, Part.TRANSCRIPT]
    assert [passage.section for passage in document.passages if passage.part is Part.KEYWORDS] == ["Promise time"]
    asked = [passage.text for passage in document.passages if passage.part is Part.QUESTIONS_AND_ANSWERS]
    assert len(asked) == 2 and asked[1].startswith("What should") and asked[1].endswith('check it now?"')
    takeaway = next(passage for passage in document.passages if passage.text.startswith("Give an honest"))
    spoken = {passage.id for passage in document.passages if passage.part is Part.TRANSCRIPT}
    assert takeaway.duplicate_of in spoken
    assert "people too" in text_of(document)  # broken across two lines
    assert "line in another language after the tag list" in {one.reason for one in document.dropped}


def test_captions_are_joined_into_sentences() -> None:
    document = sample("captions.vtt")
    assert document.kind is Kind.TRANSCRIPT
    assert len(document.passages) == 1
    assert document.passages[0].text.endswith("before you hand over a bag. Thank you for watching.")


def test_speech_without_stamps_and_marks_gets_sentences() -> None:
    document = sample("spoken-notes.txt")
    assert document.kind is Kind.TRANSCRIPT
    assert "I want to hear that they told the pharmacist right away and that they did not hide it." in text_of(document)


def test_a_blog_post_keeps_its_comment_apart() -> None:
    document = sample("blog-post.txt")
    assert document.date == "2021-03-09"
    assert [passage.part for passage in document.passages] == [Part.ARTICLE] * 4 + [Part.COMMENT]
    assert document.passages[3].text.startswith("And then, Close the loop.")


def test_an_article_keeps_its_headings_as_sections() -> None:
    document = sample("tagged-article.txt")
    assert document.title == "What I Listen For When I Hire Technicians"
    assert [passage.section for passage in document.passages][1:] == ["Tell the story in order", "Own the mistake"]


def test_lines_without_a_full_stop_are_not_lost(tmp_path: Path) -> None:
    text = (
        "Counter Notes\n\nI always greet the customer first\n\nNever argue about the price\n\nThen I check the label.\n"
    )
    document = import_document(put(tmp_path / "a.txt", text))
    assert document.title == "Counter Notes"
    assert survival(text, document) == 1
    assert [passage.text for passage in document.passages] == [
        "I always greet the customer first",
        "Then I check the label.",
    ]
    assert document.passages[1].section == "Never argue about the price"


def test_a_tag_list_at_the_top_does_not_swallow_the_text(tmp_path: Path) -> None:
    body = "When a customer asks for a medicine that we do not have, I say so at once and offer to call the store across town."
    document = import_document(put(tmp_path / "a.txt", f"Tags:\ncalm, counter\n{body}\n"))
    assert [passage.text for passage in document.passages] == [body]


def test_markdown_loses_marks_code_and_front_matter_only() -> None:
    document = sample("guide.md")
    assert (document.title, document.date) == ("A short guide to closing time", "2023-06-01")
    assert document.passages[0].text.startswith("A customer who arrives two minutes before closing")
    assert {one.reason for one in document.dropped} == {"front matter", "code", "HTML without text"}


def test_html_runs_nothing_and_lists_what_is_apart() -> None:
    document = sample("page.html")
    assert document.date == "2020-11-05"
    assert len(document.passages) == 5
    text = text_of(document)
    for word in ("script", "track", "pills", "Home", "Blue bins", "Accept", "alert"):
        assert word not in text
    assert {"menu", "dialog", "hidden", "foot of the page", "beside the text"} <= {
        one.reason for one in document.dropped
    }
    lines = (SAMPLES / "page.html").read_text().splitlines()
    assert document.passages[0].text.split(".")[0] in lines[document.passages[0].place.line_start - 1]


def test_html_of_short_answers_loses_none(tmp_path: Path) -> None:
    answers = "".join(
        f"<div>➜</div><div><p>I stay calm, I listen, step {word}</p></div>" for word in ("one", "two", "six")
    )
    page = f"<html><body><nav>Home</nav><h1>How do you stay calm?</h1>{answers}</body></html>"
    document = import_document(put(tmp_path / "page.txt", page))
    assert len([passage for passage in document.passages if passage.part is Part.ANSWER]) == 3


@pytest.mark.parametrize("macros", [False, True])
def test_docx(tmp_path: Path, macros: bool) -> None:
    document = import_document(put(tmp_path / ("a.docm" if macros else "a.docx"), docx_bytes(macros=macros)))
    assert document.title == "Notes on the evening shift"
    assert [passage.section for passage in document.passages] == [
        "Notes on the evening shift",
        *["Closing the counter"] * 3,
    ]
    assert document.passages[1].text == "Count the controlled drugs with a second person."
    assert document.passages[3].text == "Out of stock Call the customer before they come, not after."
    assert "Shell" not in text_of(document) and "Confidential" not in text_of(document)


@pytest.mark.parametrize("content", [pdf_bytes(), encrypted_pdf("")], ids=["plain", "no password to open"])
def test_pdf_has_pages_and_no_running_lines(tmp_path: Path, content: bytes) -> None:
    document = import_document(put(tmp_path / "a.pdf", content))
    assert [passage.place.page for passage in document.passages] == [1, 2, 3]
    assert document.passages[0].text.startswith(
        "Say the name of the pharmacy and your own name before you say anything else."
    )
    assert document.passages[0].section == "Answering the telephone"
    reasons = Counter(one.reason for one in document.dropped)
    assert import_document(put(tmp_path / "b.pdf", content)).id == "b"
    assert reasons == {"running header or footer": 3, "page number": 3}


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.txt", b"", "is empty"),
        ("a.txt", b" \n\t\n", "is empty"),
        ("a.txt", b"x" * (MAX_BYTES + 1), "16 MB"),
        ("a.txt", b"word " * (MAX_TEXT_CHARS // 5 + 1), "characters of text"),
        ("a.txt", bytes(range(256)) * 50, "is not text"),
        ("a.txt", b"\x89PNG\r\n\x1a\n" + b"x" * 100, "a picture"),
        ("a.txt", docx_bytes(), "zip archive or DOCX"),
        ("a.txt", pdf_bytes(), "is a PDF"),
        ("a.txt", "↳\n\nLess\n\nShare\n", "holds no text but"),
        ("a.exe", b"MZ\x90", "files ending in .exe"),
        ("a.html", b"<html><script>alert(1)</script></html>", "no text"),
        ("a.html", b"<!-- nothing -->", "no text"),
        ("a.pdf", b"%PDF-1.4\nnonsense", "is damaged"),
        ("a.pdf", pdf_bytes()[:400], "is damaged"),
        ("a.pdf", b"plain words", "not a PDF"),
        ("a.pdf", encrypted_pdf("secret"), "protected by a password"),
        ("a.pdf", pdf_bytes((("",),)), "may be a scan"),
        ("a.docx", docx_bytes()[:3000], "is damaged"),
        ("a.docx", b"PK\x03\x04" + b"\0" * 500, "is damaged"),
        ("a.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500, "protected by a password"),
        ("a.docx", zip_bomb("word/document.xml", 40_000_000), "expands to more"),
        ("a.docx", zip_bomb("word/media/picture.bmp", 200_000_000), "expands to more"),
        ("a.docx", zip_bomb("word/document.xml", 40_000_000, lying=True), "is damaged"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 30 else "",
)
def test_what_cannot_be_read_is_said_quickly(tmp_path: Path, name: str, content: bytes | str, says: str) -> None:
    started = time.monotonic()
    with pytest.raises(DocumentError, match=re.escape(says)) as caught:
        import_document(put(tmp_path / name, content))
    assert str(caught.value).startswith(f"{name}: ")
    assert str(caught.value).endswith(".")
    assert time.monotonic() - started < 5


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "a.txt", tmp_path):
        with pytest.raises(DocumentError, match=path.name):
            import_document(path)


SENTENCE = "I’d stay calm, naïve as it sounds, and listen to the customer before I say anything about the price."


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    document = import_document(put(tmp_path / "a.txt", SENTENCE.encode(encoding)))
    assert [passage.text for passage in document.passages] == [SENTENCE]


@pytest.mark.parametrize("charset", ["iso-8859-1", "windows-1252", "no-such-charset"])
def test_an_html_page_says_its_charset(tmp_path: Path, charset: str) -> None:
    page = f'<html><head><meta charset="{charset}"></head><body><p>{SENTENCE.replace("’", chr(39))}</p></body></html>'
    document = import_document(put(tmp_path / "a.html", page.encode("cp1252")))
    assert document.passages[0].text == SENTENCE.replace("’", "'")


@pytest.mark.parametrize(
    "content",
    [
        "<div>" * 50_000 + "Stay calm and listen to the customer.",
        "a" * 900_000,
        "-" * 900_000 + " calm",
        "[" * 50_000 + "0:00 calm and polite",
        ("0:00 share a a a a a a a a a a a a a a a a a a a\n" * 2_000),
        ("we site browser page " * 22 + "cookie\n\n") * 200,
        "word " * 40_000,
        "\n".join(f"{number} calm words" for number in range(4_000)),
    ],
    ids=["deep", "one word", "dashes", "brackets", "stamps", "cookies", "no marks", "lines"],
)  # fmt: skip
def test_odd_texts_take_no_long(tmp_path: Path, content: str) -> None:
    started = time.monotonic()
    for name in ("a.txt", "a.html", "a.md"):
        try:
            import_document(put(tmp_path / name, content))
        except DocumentError as error:
            assert str(error).startswith(name)
    assert time.monotonic() - started < 30


@pytest.mark.parametrize(
    "line",
    [
        "More than anything, patients want an honest time.",
        "I would share this with the pharmacist before I act.",
        "Rate this situation from the customer's side first.",
        "We close at 9:30 and I say so at 9:00.",
        "The customer said my reply was too short, so I said more.",
        "I follow up with a call, and I print the label again.",
        "Next I apologise.",
        "Two people found this confusing, so I explained it again.",
        "It was more or less my fault.",
    ],
)
def test_sentences_that_look_like_widgets_are_kept(line: str) -> None:
    kept, dropped, _ = clean([Line(line, Place(1, 1))], "en")
    assert [one.text for one in kept] == [line] and dropped == []


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("Share", "sharing buttons"),
        ("Tweet | Email | Print", "sharing buttons"),
        ("12 people found this helpful", "rating widget"),
        ("Helpful (3)", "rating widget"),
        ("1,204 views", "rating widget"),
        ("Subscribe for more videos!", "subscription"),
        ("Rated 4 out of 5", "rating widget"),
        ("Labels: calm, counter", "tag list"),
        ("#pharmacy #interview #calm", "tag list"),
        ("No comments:", "comment form"),
        ("Leave a Reply Cancel reply", "comment form"),
        ("This site uses cookies to measure visits.", "cookie banner"),
        ("© 2024 Somebody", "legal notice"),
        ("Monday, 2 January 2023", "date line"),
        ("Published on March 3rd, 2020 at 9:15 pm", "date line"),
        ("Older Post Home Newer Post", "links to other pages"),
        ("Show more", "stub"),
        ("[00:02]", "time stamp"),
        ("5 min read", "byline"),
    ],
)
def test_widgets_are_dropped_with_their_reason(line: str, reason: str) -> None:
    kept, dropped, _ = clean([Line(line, Place(7, 7))], "en")
    assert [(one.text, one.place, one.reason) for one in dropped] == [(line, Place(7, 7), reason)]
    assert [one.text for one in kept] == [""]


def test_every_rule_says_why() -> None:
    assert all(rule.reason for rule in RULES)


@pytest.mark.parametrize(
    ("spoken", "expected"),
    [
        ("", []),
        ("calm", ["Calm."]),
        ("thank you never argue with a customer", ["Thank you.", "Never argue with a customer."]),
        ("what do you do I stay calm", ["What do you do?", "I stay calm."]),
        ("I stay calm. I listen.", ["I stay calm.", "I listen."]),
    ],
)
def test_sentences_of_speech(spoken: str, expected: list[str]) -> None:
    assert [one.text for one in sentences([Cue(spoken, 0, 0.0)])] == expected


def test_no_sentence_of_speech_is_too_long_and_no_word_is_lost() -> None:
    spoken = " ".join(f"word{number}" for number in range(500))
    made = sentences([Cue(spoken, 0, 0.0)])
    assert max(len(one.text.split()) for one in made) <= MAX_SENTENCE_WORDS
    assert words(" ".join(one.text for one in made)) == words(spoken)


def passage(number: int, text: str) -> Passage:
    return Passage(f"a.{number}", text, Part.ARTICLE, "", Place(number, number), "en")


LONG = (
    "Apologise to the customer for the delay and explain honestly when the prescription will be ready at the counter."
)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ([LONG, LONG], [None, "a.0"]),
        ([LONG, LONG.replace("honestly", "openly")], [None, "a.0"]),
        (["Explain honestly when the prescription will be ready.", LONG], ["a.1", None]),
        (["Stay calm.", "Stay calm."], [None, None]),
        (["Always stay calm.", "Always stay calm!"], [None, "a.0"]),
        ([], []),
        ([LONG, "Check the birth date and the address before the bag leaves the counter."], [None, None]),
        ([LONG, LONG, "Explain honestly when the prescription will be ready."], [None, "a.0", "a.0"]),
    ],
)
def test_repeats(texts: list[str], expected: list[str | None]) -> None:
    marked = mark_repeats([passage(number, text) for number, text in enumerate(texts)])
    assert [one.duplicate_of for one in marked] == expected


def test_a_passage_of_another_document_comes_first() -> None:
    marked = mark_repeats([passage(1, LONG)], [passage(0, LONG)])
    assert marked[0].duplicate_of == "a.0"


def test_an_import_is_the_same_twice() -> None:
    assert sample("video-summary.txt") == sample("video-summary.txt")


def test_a_document_in_another_language_says_so(tmp_path: Path) -> None:
    text = "Ich höre der Kundin zu und entschuldige mich für die Wartezeit. Danach suche ich das Rezept und nenne eine ehrliche Zeit."
    document = import_document(put(tmp_path / "a.txt", text))
    assert document.language == document.passages[0].language == "de"


@originals
@pytest.mark.parametrize("number", range(5))
def test_originals_are_clean_and_whole(number: int) -> None:
    path = next(ORIGINALS.glob(f"{number:03}_*.txt"))
    document = import_document(path)
    for one in document.passages:
        assert not BOILERPLATE.search(one.text), one.text
    share = survival(path.read_text(encoding="utf-8"), document)
    print(f"{path.name}: {share:.4f} of the content words survive")
    assert share >= 0.98
    dropped = sum(len(words(one.text)) for one in document.dropped if one.reason != "time stamp")
    assert dropped <= (0.03 if number != 1 else 0.05) * len(words(path.read_text(encoding="utf-8")))


@originals
def test_the_ten_answers_of_the_first_original() -> None:
    document = original(0)
    assert document.kind is Kind.QUESTIONS_AND_ANSWERS
    assert [one.part for one in document.passages] == [Part.ANSWER] * 10
    verdicts = [one.answers_question for one in document.passages]
    assert verdicts == [True, True, False, False, True, False, False, False, False, True]
    assert all(one.reason for one in document.passages)


@originals
def test_the_parts_of_the_second_original() -> None:
    document = original(1)
    assert document.kind is Kind.VIDEO_SUMMARY and document.date == "2016-05-12"
    count = Counter(one.part for one in document.passages)
    assert count[Part.SUMMARY] == 1 and count[Part.TAKEAWAYS] == 10 and count[Part.QUESTIONS_AND_ANSWERS] == 11
    assert count[Part.OUTLINE] == 1 and count[Part.KEYWORDS] == 11 and count[Part.HIGHLIGHTS] == 15
    spoken = [one.text for one in document.passages if one.part is Part.TRANSCRIPT]
    lengths = [len(sentence.split()) for text in spoken for sentence in re.split(r"(?<=[.!?])\s", text)]
    assert max(lengths) <= MAX_SENTENCE_WORDS and len(lengths) >= 40
    repeats = {one.part for one in document.passages if one.duplicate_of}
    assert {Part.TAKEAWAYS, Part.HIGHLIGHTS} <= repeats
