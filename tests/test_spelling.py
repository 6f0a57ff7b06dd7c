import pytest

from evaluator.spelling import MOST, Speller

BANK = ["I apologise and listen without interrupting.", "I ask the pharmacist.", "I tell the customer the reason."]


@pytest.fixture(scope="module")
def speller() -> Speller:
    return Speller(BANK, {"statin", "copay"})


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("I apoligise to the custmer", "I apologise to the customer"),
        ("without interupting", "without interrupting"),
        ("ask the farmacist", "ask the pharmacist"),
        ("i dont argue and coudnt", "i don't argue and couldn't"),
        ("I woudnt becuase", "I wouldn't because"),
        ("the statin and the copay", "the statin and the copay"),
        ("Mr Osei takes Xarelto", "Mr Osei takes Xarelto"),
        ("I would argue back", "I would argue back"),
        ("qqqqzzzz", "qqqqzzzz"),
        ("", ""),
    ],
)
def test_corrects_misspelt_words_only(speller: Speller, typed: str, meant: str) -> None:
    assert speller.correct(typed) == meant


def test_a_negation_is_not_corrected_away(speller: Speller) -> None:
    for typed in ("dosnt", "wuldnt", "shoudnt", "didnt", "havent"):
        assert speller.correct(f"he {typed} shout").split()[1].endswith("n't"), typed


def test_looks_up_a_bounded_number_of_words(speller: Speller) -> None:
    unknown = [f"{a}{b}rguement" for a in "bcdfghjklmnpqrstvwxyz" for b in "bcdfghjklmnpqrstvwxyz"]
    corrected = speller.correct(" ".join([*unknown, "shoping"]))
    assert len(unknown) > MOST
    assert corrected.split()[-1] == "shoping"
