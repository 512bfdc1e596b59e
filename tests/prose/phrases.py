"""List phrases that make prose hard to read, each with the plain words to write instead."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Phrase:
    """A regular expression, matched without regard to case, and the plain words to write instead."""

    pattern: str
    instead: str


PHRASES = tuple(
    Phrase(pattern, instead)
    for pattern, instead in (
        (r"\b(go|goes|going|gone|went) on (with|from|to|alone|by)\b", "resume, continue"),
        (r"\b(tell|tells|told|telling) apart\b", "distinguish, compare"),
        (r"\bforet(old|ell|ells|elling)\b", "predict, forecast"),
        (r"\b(hang|hangs|hung|hanging) on\b", "depend on"),
        (r"\b(for )?want of\b", "without, because … is missing"),
        (r"\bdear(er|est)?\b", "expensive, cost"),
        (r"\blest\b", "so that … does not"),
        (r"\bhitherto\b", "until now"),
        (r"\b(is|are|was|were) due\b", "is required, expected"),
        (r"\blet(s|ting)? go\b", "delete, release"),
        (r"\b(takes?|taken|took|taking) up\b(?! to\b)", "resume, use"),
        (r"\bset aside\b", "hold out, exclude, reserve"),
        (r"\bas ever\b", "as usual, unchanged"),
        (r"\bnext to nothing\b", "almost nothing, with the number"),
        (r"\bfor (good|nothing)\b", "permanently, unnecessarily"),
        (r"\bas it (was|is) found\b", "unchanged"),
        (r"\bcomes? to nothing\b", "fail"),
        (r"\bin vain\b", "without effect"),
        (r"\bthe like\b", "similar, and others"),
        (r"\bso as to\b", "to"),
        (r"\bsays? (of|so|how|why|what|that|whether|which)\b", "give, show, state, report + a noun"),
        (r"\bsaid (of|how|why|what|whether|which)\b", "given, shown, reported + a noun"),
        (r"\b(tells?|telling|told) (how|why|what|whether|which|of)\b", "give, show, report + a noun"),
        (
            r"\bwhat (is|was|were|has|had|have|it|they|came|comes|would|becomes|remains)\b",
            "the noun itself: the value, the rest, the images, …",
        ),
        (r"\bthose (that|who|which)\b", "the noun itself: the trials that …"),
        (r"\b(one|ones) (that|who|which)\b", "the noun itself: a trial that …"),
        (r"\bas far as\b", "if, up to, within"),
        (r"\bof (its|their|his|your|our) own\b", "its own, separate, custom"),
        (r"\bhand(s|ed)? over\b", "pass, return, export"),
        (r"\bin the end\b", "finally, at the end of the run"),
        (r"\bnone of (them|these|it)\b", "no + the noun"),
        (r"\bof which\b", "whose, of the + noun; or two sentences"),
        (r"\b(in|of) whose\b", "two sentences"),
        (r"\bworth (it|its|their|another|the)\b", "pays, gains more than it costs"),
        (r"\bout of hand\b", "immediately"),
        (r"\bnobody\b", "no user, no process, nothing"),
        (r"\bwhoever\b", "the caller, the user"),
        (r"\bwhatever\b", "any, regardless of"),
        (r"\bnought\b", "zero, nothing"),
        (r"\bbegun\b", "started"),
        (r"\bkin\b", "compatible trials"),
        (r"\bbelie(f|fs|ve|ves)\b", "posterior mean, estimate"),
        (r"\ball the same\b", "still, nevertheless"),
        (r"\bha(s|ve) no say\b", "is not used for"),
        (r"\b(has|have) (had )?(its|their) (turn|say|share of the time)\b", "ran, was used, used its time"),
        (r"\bonce and for all\b", "once"),
        (r"\bsooner or later\b", "eventually"),
        (r"\bby and by\b", "gradually"),
        (r"\b(wherein|whereby|thereof|thereby|herein|heretofore|albeit)\b", "two plain sentences"),
        (r"\bstumbles? over\b", "fail on, conflict with"),
        (r"\bunder the hood\b", "internally"),
        (r"\bneedless to say\b", "nothing: leave it out"),
    )
)
BANNED = re.compile("|".join(f"(?:{each.pattern})" for each in PHRASES), re.IGNORECASE)
OPENERS = ("Where", "What", "Of", "One", "Those", "Who", "Whose", "Whom")
OPENING = re.compile(rf"^({'|'.join(OPENERS)})\b")


def instead_of(found: str) -> str:
    """Return the plain words for a text that ``BANNED`` matched."""
    return next(each.instead for each in PHRASES if re.fullmatch(each.pattern, found, re.IGNORECASE))
