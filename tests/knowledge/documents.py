"""Documents of all four kinds, as a restaurant might have them."""

from __future__ import annotations

from pathlib import Path

from fpdf import FPDF

HOURS = """---
title: for the website
---
# Trattoria Aurelia

## Opening hours

We are open from Tuesday to Sunday, noon to eleven.

### Holidays

On Christmas Day the kitchen stays closed.

## Parking

| where | price |
| --- | --- |
| Via Roma | two euros an hour |

```
# no heading
```
"""

PAGE = """<!doctype html><html><head><title>Allergens</title><style>p {color: red}</style></head><body>
<nav>Home Menu Contact</nav>
<h1>Allergens</h1><p>Every dish with <b>peanuts</b> is marked.</p><script>var peanuts = 1</script>
<h2>Gluten</h2><ul><li>The pasta of buckwheat has no gluten.</li><li>Bread on request.</li></ul>
</body></html>"""

NOTES = """Dogs are welcome on the terrace.

Café de la Paix is our sister house; reservations there are separate.
"""


def pdf(path: Path, *pages: str) -> None:
    made = FPDF()
    for text in pages:
        made.add_page()
        made.set_font("helvetica", size=12)
        made.multi_cell(0, 8, text)
    made.output(str(path))


def restaurant(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "hours.md").write_text(HOURS)
    (folder / "site").mkdir()
    (folder / "site" / "allergens.html").write_text(PAGE)
    (folder / "notes.txt").write_text(NOTES, encoding="utf-8-sig")
    pdf(folder / "vouchers.pdf", "About us.", "Gift vouchers are valid for three years.")
    return folder
