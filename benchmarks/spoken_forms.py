"""How long a phrase takes to be made speakable, by language: `python benchmarks/spoken_forms.py`.

Speech is rendered in the event loop, so it has to stay well under a millisecond. To compare two versions, run this in
both trees at the same time and take the ratio: the machine is not the same from minute to minute.
"""

from __future__ import annotations

import sys
import time

from phoneagent.speakable import Speakable

PHRASES = {
    "en": "Your table for 4 is booked for Nov 22 at 7:30pm; the deposit is $20.00, and your code is AB12C, Mr. Lee.",
    "de": "Ihr Tisch für 4 Personen ist am 22.11.2026 um 19:30 Uhr reserviert, die Anzahlung beträgt 20,00 €.",
    "es": "Su mesa para 4 personas es el 22/11/2026 a las 19:30, y el depósito es de 20,00 €.",
    "fr": "Votre table pour 4 personnes est réservée le 22/11/2026 à 19h30, l'acompte est de 20,00 €.",
    "it": "Il tavolo per 4 persone è prenotato per il 22/11/2026 alle 19:30, l'acconto è di 20,00 €.",
    "nl": "Uw tafel voor 4 personen is op 22-11-2026 om 19:30 uur, de aanbetaling is € 20,00.",
    "pl": "Stolik dla 4 osób jest na 22.11.2026 o 19:30, zaliczka wynosi 20,00 zł.",
    "pt": "A sua mesa para 4 pessoas é em 22/11/2026 às 19h30, o depósito é de R$ 20,00.",
    "en, plain": "Of course, I can help you with that, and I will look it up right now, one moment please.",
}
ROUNDS, REPEATS = 15, 20


def main() -> None:
    """Print a line a language."""
    for name, phrase in PHRASES.items():
        speakable = Speakable(name[:2])
        speakable.warm()
        times = []
        for _ in range(ROUNDS):
            began = time.process_time()
            for _ in range(REPEATS):
                speakable.render(phrase)
            times.append((time.process_time() - began) / REPEATS)
        sys.stdout.write(f"{min(times) * 1e6:6.0f} µs  {name}\n")


if __name__ == "__main__":
    main()
