"""What every report says about itself: what it cannot do, and what its levels rest on."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pydantic import TypeAdapter

from evaluator.calibration import Calibration, calibration_digest
from evaluator.domain import Signature

LIMITS = (
    "It reads English text only, and is wrong sometimes: in tests it missed the unacceptable conduct of one answer in six (of three in "
    "four to questions that do not come with it), and saw some in nine of a hundred weak or middling answers that held none, and in two of a "
    "hundred good ones. A difference of one level says little. Read the answer itself, and decide nothing by this report alone."
)

SHIPPED_CUTS = "those of the tool, fitted to ratings that language models gave, not people"
OWN_CUTS = (
    "from a file of the user's own, or of another version of the tool; `evaluator validate` tells how far they agree with people's "
    "ratings"
)


def calibration_state(signature: Signature) -> str:
    """Return where the cut-offs between levels of results with this signature come from, in words."""
    return SHIPPED_CUTS if signature.calibration == shipped_digest() else OWN_CUTS


@cache
def shipped_digest() -> str:
    """Return the digest of the shipped calibration as signatures have it."""
    path = Path(__file__).parent.parent / "calibration.json"
    return calibration_digest(TypeAdapter(Calibration).validate_json(path.read_bytes()))
