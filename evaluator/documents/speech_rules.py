"""What words tell about speech without punctuation: where a sentence begins, and whether it asks."""

from __future__ import annotations

from dataclasses import dataclass

from evaluator.text import words


@dataclass(frozen=True, slots=True)
class Token:
    """A spoken word."""

    word: str
    line: int
    after_pause: bool
    plain: str
    """The word in lower case without marks, or empty."""

    @classmethod
    def of(cls, word: str, line: int, after_pause: bool) -> Token:
        """Return the token of a word as it was written down."""
        found = words(word)
        return cls(word, line, after_pause, found[0] if found else "")


# Words after which no sentence ends: they lead to something.
_OPEN = frozenset(
    """a an the this these those my your his its our their every each some any no of to in on at by for with from into onto
    about against between through without toward towards over under than as and or but nor so because if when while although
    though unless until whether that which who whose what where why how i we they he she you it is am are was were be been
    being do does did have has had having will would can could shall should may might must i'm i'll i'd i've we're we'll we've
    you're you'll you've they're they'll they've it's he's she's that's there's here's what's let's don't doesn't didn't
    isn't aren't wasn't won't wouldn't can't couldn't shouldn't not never very more most little two three four five six seven
    eight nine ten going want wants need needs get gets let lets make makes try trying start starts using just also even only
    usually always sometimes mr mrs ms dr miss really pretty quite well um uh oh either neither""".split()
)
_MAY_END = frozenset(
    "you it that so do did will would can have not this these those him her no more most two three four five six seven eight nine ten right through on in over about".split()
)
"""Those of them that end a sentence now and then ("see you", "I did", "more"): it costs less."""

_SUBJECTS = frozenset(
    """i we they he she you it i'm i'll i'd i've we're we'll we've you're you'll you've they're they'll they've it's he's
    she's""".split()
)
_OPENERS = frozenset(
    """if when despite although while never always please remember listen most sometimes first second third finally next then
    here's there's that's let's let what why how where who can can't could did didn't do don't does would yes yeah no okay ok
    oh well um uh hello hi thank thanks sorry watch however instead today now make let""".split()
)
_IMPERATIVES = frozenset("listen watch remember never please make let".split())
SUBORDINATORS = frozenset("if when although though while despite unless until because whenever once".split())
_PHRASES = ("in that case", "most of the", "a lot of", "for example", "in addition", "at first", "at last", "of course")
"""What opens a sentence."""
_ASKED_OF = frozenset(
    "ask asks asked tell tells told know knows see understand discover find check show shows explain learn wonder decide promise".split()
)
"""Verbs that an indirect question follows within a few words."""
_STRONG = frozenset(
    "yes yeah okay oh um uh hello hi thank thanks well please despite here's however mr mrs ms miss dr".split()
)
_STRONG_BLOCKED = frozenset("yes yeah oh okay so and as very is the not um uh well get".split())
_OBJECTS = frozenset("me us them him her you people somebody customers patients".split())
_DISAGREE = frozenset({("is", "i"), ("are", "i"), ("is", "you"), ("is", "we"), ("is", "they")})
_SOMEBODY = frozenset("somebody someone anybody anyone".split())
_NO_VERBS = frozenset(
    """in on at of to for with from by into out up off and or but so well too the a an my your his her its our their back right
    now when if what while because as before after until""".split()
)
"""Words after a pronoun that show it to be an object: "I called it in"."""
_TAKES_CLAUSE = frozenset(
    """think thought thinks know knows knew say says said saying tell tells told feel feels felt hope hopes believe see sees
    saw sure like glad sorry guess mean means wish bet show shows letting let lets ensure notice understand remember and or
    but so because if when while although though unless until whether that which who what where why how than as before after
    once whatever whenever wherever something things thing everything way time times customer's all reason how's not happy
    people patients customers please then""".split()
)
_LINKS = frozenset("and but so or because".split())
_AUXILIARIES = frozenset(
    """is are was were am do does did have has had will would can could shall should may might must isn't aren't wasn't don't
    doesn't didn't haven't won't wouldn't can't couldn't shouldn't""".split()
)
_ASKING = frozenset("what why how where who when which whose".split())


def start_gain(tokens: list[Token], place: int) -> float:
    """Return how much speaks for a sentence to start at ``place``."""
    if place == 0:
        return 0.0
    before, word = tokens[place - 1].plain, tokens[place].plain
    following = tokens[place + 1].plain if place + 1 < len(tokens) else ""
    third = tokens[place + 2].plain if place + 2 < len(tokens) else ""
    earlier = tokens[place - 2].plain if place > 1 else ""
    near = {token.plain for token in tokens[max(0, place - 4) : place]}
    strong = word in _STRONG and before not in _STRONG_BLOCKED
    gain = -1.2
    if before.endswith("'s") and before not in _OPEN:
        gain -= 3.0
    closes = before in {"do", "does", "did"} and earlier in _SUBJECTS | {"to"}
    if before in _OPEN and not closes and (earlier, before) != ("thank", "you") and not (strong and before in _MAY_END):
        gain -= 1.5 if before in _MAY_END else 4.0
    if before.endswith("ly") and word in _AUXILIARIES:
        gain -= 3.0
    if tokens[place].after_pause:
        gain += 1.5
    if (earlier, before) == ("thank", "you") or before in {"thanks", "ma'am", "sir", "okay"}:
        gain += 3.5
    if word in _ASKING and following not in _AUXILIARIES and near & _ASKED_OF:
        gain -= 2.0
    elif strong:
        gain += 2.6
    elif (
        word in _AUXILIARIES
        and following in _SUBJECTS | _SOMEBODY
        and before not in _ASKING
        and (word, following) not in _DISAGREE
    ) or (word in _ASKING and following in _AUXILIARIES and before not in _TAKES_CLAUSE):
        gain += 3.4
    elif f"{word} {following} {third} ".startswith(_PHRASES):
        gain += 2.2
    elif (word in _ASKING - {"when", "which"} and following in _SUBJECTS and before not in _TAKES_CLAUSE) or (
        word in _IMPERATIVES and before not in _TAKES_CLAUSE
    ):
        gain += 2.0
    elif word in _OPENERS and before not in _TAKES_CLAUSE:
        gain += 1.6
    elif word in _SUBJECTS and before not in _TAKES_CLAUSE and ("'" in word or following not in _NO_VERBS):
        gain += 2.2
    elif word == "there" and following in {"are", "is", "was", "were"}:
        gain += 2.4
    elif word in _LINKS and (following in _SUBJECTS or following in {"if", "when", "then", "never", "there"}):
        gain += 1.0
    if word in _SUBJECTS and earlier in _ASKED_OF and before in _OBJECTS:
        gain -= 3.0  # "tell them it is ten minutes"
    if word in _SUBJECTS and "'" not in word and earlier in {"a", "an", "the", "every", "all"}:
        gain -= 1.0  # "a mistake they made"
    if (earlier, before) == ("thank", "you") and word in {"for", "so", "very"}:
        gain -= 6.0
    if word in {"of", "to", "than", "not", "too", "back", "up", "that", "which"}:
        gain -= 1.5
    return gain


def after_subordinator(tokens: list[Token], place: int) -> int:
    """Return the place after the "if" or "when" that a sentence starting here opens with, or 0 where it opens otherwise."""
    while place < len(tokens) - 1 and tokens[place].plain in {"so", "and", "but", "okay", "well", "then"}:
        place += 1
    return place + 1 if tokens[place].plain in SUBORDINATORS else 0


def asks(spoken: list[str]) -> bool:
    """Return whether a sentence without marks is a question: it opens with an asking word or an auxiliary, turned round."""
    while len(spoken) > 2 and spoken[0] in {"well", "so", "and", "but", "oh", "okay", "um", "uh", "yes"}:
        spoken = spoken[1:]
    if len(spoken) < 2 or len(spoken) > 18:
        return False
    if spoken[0] in _ASKING - {"when", "which"}:
        return spoken[1] in _AUXILIARIES
    return spoken[0] in _AUXILIARIES and (spoken[1] in _SUBJECTS or spoken[1] in _SOMEBODY)
