"""Negation by rule: how many cues of denial a clause has, odd or even. Cheap, and readable by anyone."""

from __future__ import annotations

import re
from functools import lru_cache

_CUE = re.compile(
    r"""\b(?: not | never | no | none | nobody | nothing | nowhere | neither | nor | without | hardly | barely | rarely
          | seldom | cannot | refuse[sd]? | avoid(?:s|ed|ing)? | instead\ of | rather\ than
          | stop(?:ped|s)?\ (?:myself\ )?from | fail(?:s|ed)?\ to | unless
          | dont | wont | cant | didnt | doesnt | wouldnt | couldnt | shouldnt | isnt | wasnt | aint | \w+n't )\b""",
    re.IGNORECASE | re.VERBOSE,
)


@lru_cache(maxsize=65536)
def is_negative(text: str) -> bool:
    """Return whether a clause has an odd number of negation cues.

    >>> is_negative("I would argue"), is_negative("I'd never argue"), is_negative("I never don't call back")
    (False, True, False)
    """
    return len(_CUE.findall(text)) % 2 == 1
