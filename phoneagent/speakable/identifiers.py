"""What is written before a number that is a name and counts nothing: a code, an account, a telephone number."""

from __future__ import annotations

import re

_ASKED = {
    "en": r"code|pin|dial|call|press|extension|ext\.?|reference|ref\.?|zip|passcode|password|account"
    r"|order(?= number)|digits|(?:ending|ends)(?: in| with)?|last (?:four|4)|otp|id|serial(?: number)?|case|ticket"
    r"|tracking|invoice|policy|licen[cs]e|passport|membership|booking|reservation|confirmation|card|phone|number|text"
    r"|order",
    "de": r"code|pin|wähle|kennung|postleitzahl|plz|durchwahl|endziffern|ziffern|endet auf|endend auf|\w*nummer"
    r"|nr\.?|konto|tan|id|kennziffer|aktenzeichen|vorgang|bestellung|buchung|karte|tel\.?|telefon|anrufen unter",
    "fr": r"code|pin|composez|poste|numéro|n°|référence|réf\.?|compte|dossier|commande|réservation|facture|carte"
    r"|identifiant|tél\.?|téléphone|postal|chiffres|se terminant par|appelez le",
    "es": r"código|pin|marque|extensión|número|n[.º]*|referencia|ref\.?|cuenta|pedido|reserva|factura|tarjeta|dni"
    r"|postal|tel\.?|teléfono|dígitos|terminada en|que termina en|expediente|clave|llame al",
    "it": r"codice|pin|componga|interno|numero|n\.|riferimento|rif\.?|conto|ordine|prenotazione|fattura|tessera|carta"
    r"|cap|tel\.?|telefono|cifre|che termina con|pratica|chiami(?: il)?|cellulare",
    "pt": r"código|pin|disque|ramal|número|n[.º]*|referência|ref\.?|conta|pedido|reserva|fatura|cartão|cpf|cnpj|cep|rg"
    r"|nif|tel\.?|telefone|dígitos|final|protocolo|senha|ligue(?: para)?|celular",
    "pl": r"kod|kodu|pin|numer|numerem|numeru|nr|wewnętrzny|wybierz|referencyjny|konto|konta|zamówienie|rezerwacja"
    r"|faktura|karta|pesel|nip|regon|tel\.?|telefon|cyfry|kończąca się na",
    "nl": r"code|pin|toets|toestel|nummer|\w*nummer|nr\.?|referentie|ref\.?|rekening|bestelling|reservering|factuur"
    r"|kaart|postcode|tel\.?|telefoon|cijfers|eindigend op|bel",
}
_BETWEEN = {  # what may stand after them
    "en": r"is|are|number|no\.", "de": "ist|sind|lautet|nummer", "fr": "est|numéro|n°|postal",
    "es": "es|son|número|de|postal", "it": "è|sono|numero",
    "pt": "é|são|número", "pl": "to|jest|numer|brzmi", "nl": "is|zijn|nummer",
}  # fmt: skip
_SAID_SO = {
    code: re.compile(rf"(?i:\b(?:{words})(?: (?:{_BETWEEN[code]}))*[:#]? *$)") for code, words in _ASKED.items()
}


def name_before(earlier: str, language: str) -> re.Match[str] | None:
    """The word at the end of the text before a number that says so."""
    return _SAID_SO[language].search(earlier)
