"""Text made speakable, and the way back from spoken to written words.

A leaf: it knows no call and no provider. `Speakable` renders a text; `WrittenWords` follows a voice that speaks it.
"""

from .speakable import Rendering, Speakable, Unit
from .written_words import WrittenWords

__all__ = ["Rendering", "Speakable", "Unit", "WrittenWords"]
