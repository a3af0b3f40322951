"""Deepgram's models for telephone calls, the languages they speak, and the limits of key terms.

Sources, as of 2026-11-30: developers.deepgram.com/docs/models-languages-overview (models and languages),
/docs/flux/configuration and /docs/flux/language-prompting (Flux), /docs/keyterm (limits), /docs/configure and
/changelog/2026/10/2 (where a list can be changed in the middle of a call).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias, cast

from .languages import closest

KEYTERMS_AT_MOST = 100  # terms of a list
KEYTERM_CHARACTERS = 100  # of one term
KEYTERM_TOKENS = 500  # of a list, by a tokeniser that is not published

DEFAULT_MODEL = "flux-general-en"
MULTILINGUAL_FLUX = "flux-general-multi"
CODE_SWITCHING = "multi"  # a "language" of Nova: any of several, changing from word to word

_ENGLISH = ("en", "en-US")
_ENGLISH_NOVA = ("en", "en-US", "en-AU", "en-GB", "en-IN", "en-NZ")
_FLUX_MULTI = ("en", "es", "fr", "de", "hi", "ru", "pt", "ja", "it", "nl")
_NOVA_3 = (
    CODE_SWITCHING, *_ENGLISH_NOVA, "af", "af-ZA", "ar", "ar-AE", "ar-SA", "ar-QA", "ar-KW", "ar-SY", "ar-LB", "ar-PS",
    "ar-JO", "ar-EG", "ar-SD", "ar-TD", "ar-MA", "ar-DZ", "ar-TN", "ar-IQ", "ar-IR", "as", "as-IN", "be", "bg", "bn",
    "bs", "ca", "cs", "cs-CZ", "da", "da-DK", "de", "de-CH", "el", "es", "es-419", "et", "fa", "fi", "fr", "fr-CA",
    "gu", "gu-IN", "he", "hi", "hr", "hu", "hy", "id", "it", "ja", "ka", "ka-GE", "kk", "kk-KZ", "kn", "ko", "ko-KR",
    "lt", "lv", "mk", "mn", "mr", "ms", "ne", "nl", "nl-BE", "no", "pa", "pa-IN", "pl", "ps", "ps-AF", "pt", "pt-BR",
    "pt-PT", "ro", "ru", "sk", "sl", "sr", "sv", "sv-SE", "ta", "te", "th", "th-TH", "tl", "tr", "tr-TR", "uk", "ur",
    "vi", "zh", "zh-CN", "zh-Hans", "zh-HK", "zh-Hant", "zh-TW",
)  # fmt: skip
_NOVA_2 = (
    CODE_SWITCHING, *_ENGLISH_NOVA, "bg", "ca", "cs", "da", "da-DK", "de", "de-CH", "el", "es", "es-419", "et", "fi",
    "fr", "fr-CA", "hi", "hu", "id", "it", "ja", "ko", "ko-KR", "lt", "lv", "ms", "nl", "nl-BE", "no", "pl", "pt",
    "pt-BR", "pt-PT", "ro", "ru", "sk", "sv", "sv-SE", "th", "th-TH", "tr", "uk", "vi", "zh", "zh-CN", "zh-Hans",
    "zh-HK", "zh-Hant", "zh-TW",
)  # fmt: skip
_NOVA_1 = (*_ENGLISH_NOVA, "es", "es-419", "hi-Latn")
_NOVA_3_MEDICAL = (CODE_SWITCHING, *_ENGLISH_NOVA, "en-CA", "en-IE")
_FOR_A_TRADE = (
    "meeting", "phonecall", "finance", "conversationalai", "voicemail", "video", "medical", "drivethru", "automotive",
    "atc",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DeepgramModel:
    """A model, by the name that agent files give. `keyterms`: it can be told words to expect."""

    name: str
    languages: tuple[str, ...]
    keyterms: bool

    @property
    def flux(self) -> bool:
        """It is one of those of `/v2/listen`, which end turns."""
        return is_flux(self.name)


def is_flux(model: str) -> bool:
    """Whether a model, known or not, is asked for at `/v2/listen`."""
    return model.startswith("flux")


MODELS: Mapping[str, DeepgramModel] = {
    name: DeepgramModel(name, languages, keyterms=name.startswith(("flux", "nova-3")))
    for name, languages in (
        (DEFAULT_MODEL, ("en",)),
        (MULTILINGUAL_FLUX, _FLUX_MULTI),
        ("nova-3", _NOVA_3),
        ("nova-3-general", _NOVA_3),
        ("nova-3-medical", _NOVA_3_MEDICAL),
        ("nova-2", _NOVA_2),
        ("nova-2-general", _NOVA_2),
        *((f"nova-2-{trade}", _ENGLISH) for trade in _FOR_A_TRADE),
        ("nova", _NOVA_1),
        ("nova-general", _NOVA_1),
        ("nova-phonecall", _ENGLISH),
        ("nova-medical", _ENGLISH),
    )
}


def takes_keyterms(model: str) -> bool:
    """Whether a model can be told words to expect. One that is not known here, such as your own, is believed to."""
    known = MODELS.get(model)
    return known is None or known.keyterms


# -- what agent files may choose --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Number:
    """A number in a range; `off`: it may also be 0."""

    least: float
    most: float
    whole: bool = False
    off: bool = False

    def problem(self, value: object) -> str:
        """What is wrong with a value; empty if nothing is."""
        number = isinstance(value, int if self.whole else int | float) and not isinstance(value, bool)
        if number and self._fits(cast("float", value)):
            return ""
        kind = "a whole number" if self.whole else "a number"
        none = ", or 0 for none" if self.off else ""
        return f"expected {kind} from {self.least:g} to {self.most:g}{none}, got {value!r}"

    def _fits(self, value: float) -> bool:
        return self.least <= value <= self.most or (self.off and value == 0)


class Flag:
    """True or false."""

    def problem(self, value: object) -> str:
        """What is wrong with a value; empty if nothing is."""
        return "" if isinstance(value, bool) else f"expected true or false, got {value!r}"


class Texts:
    """A list of texts."""

    def problem(self, value: object) -> str:
        """What is wrong with a value; empty if nothing is."""
        if not isinstance(value, list | tuple):
            return f"expected a list of texts in [ ], got {value!r}"
        wrong = [each for each in value if not isinstance(each, str)]
        return f"expected texts in quotes, got {wrong[0]!r}" if wrong else ""


class Text:
    """A text."""

    def problem(self, value: object) -> str:
        """What is wrong with a value; empty if nothing is."""
        return "" if isinstance(value, str) else f"expected a text in quotes, got {value!r}"


Option = Number | Flag | Texts | Text

FLUX_OPTIONS: Mapping[str, Option] = {
    "eot_threshold": Number(0.5, 1.0),  # 1.0: Flux never ends a turn by itself
    "eager_eot_threshold": Number(0.3, 0.9),
    "eot_timeout_ms": Number(500, 60_000, whole=True),
    "keyterms": Texts(),
    "mip_opt_out": Flag(),
}
NOVA_OPTIONS: Mapping[str, Option] = {
    "endpointing_ms": Number(10, 10_000, whole=True),  # 10 is Deepgram's default, and the least that means something
    "utterance_end_ms": Number(1000, 5000, whole=True, off=True),  # /docs/utterance-end
    "smart_format": Flag(),
    "punctuate": Flag(),
    "language": Text(),
    "keyterms": Texts(),
    "mip_opt_out": Flag(),
}


Problems: TypeAlias = Iterator[tuple[tuple[str, ...], str]]
"""The place within a provider's table, and what is wrong there, in words."""


def problems_of(model: str, options: Mapping[str, object], language: str) -> Problems:
    """What cannot work of what an agent file chooses.

    Of a model that is not known here, only the options are looked at: `doctor` asks Deepgram for its name.
    """
    yield from option_problems(model, options)
    own = options.get("language")
    chosen = isinstance(own, str) and bool(own) and not is_flux(model or DEFAULT_MODEL)
    if problem := language_problem(model, str(own) if chosen else language):
        yield ("options", "language") if chosen else ("model",), problem


def option_problems(model: str, options: Mapping[str, object]) -> Problems:
    """Which of the model's options are out of range; a name that is none of its options is the adapter's to refuse."""
    known = FLUX_OPTIONS if is_flux(model or DEFAULT_MODEL) else NOVA_OPTIONS
    for name, value in options.items():
        if name in known and value is not None and (problem := known[name].problem(value)):
            yield ("options", name), problem


def default_model(language: str) -> str:
    """The model that is taken where none is named: a Flux, as long as one speaks the language."""
    offered = (DEFAULT_MODEL, MULTILINGUAL_FLUX, "nova-3")
    return next((name for name in offered if closest(language, MODELS[name].languages)), DEFAULT_MODEL)


def language_problem(model: str, language: str) -> str:
    """What to take instead of a model that does not speak a language; empty if it does, or is not known here."""
    known = MODELS.get(model or default_model(language))
    if known is None or closest(language, known.languages) is not None:
        return ""
    others = [name for name in (MULTILINGUAL_FLUX, "nova-3", "nova-2") if closest(language, MODELS[name].languages)]
    if not others:
        return f"no model of Deepgram speaks {language!r}"
    *first, last = others
    such = f"{', '.join(first)} or {last}" if first else last
    speaks = f" ({', '.join(known.languages)})" if len(known.languages) <= FEW else ""
    return f"expected a model that speaks {language!r}, such as {such}; {known.name} does not{speaks}"


FEW = 12  # languages, which can be listed in an error
