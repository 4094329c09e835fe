"""Makes the relative links of a page absolute, for places that show it alone, as a package index shows README.md.

python scripts/absolute_links.py README.md https://example.org/semicurv_tf/blob/v0.1.0
"""

import re
import sys
from pathlib import Path

LINK = re.compile(r"(!?\[[^\]]*\])\(([^)\s]+)\)")


def absolute(text: str, address: str) -> str:
    """The text with its relative links below an address; images get the file itself (`/raw/` for `/blob/`).

    Example:
        >>> absolute("[a](docs/a.md) ![b](b.png) [c](https://c.org) [d](#d)", "https://x.org/blob/v1")
        '[a](https://x.org/blob/v1/docs/a.md) ![b](https://x.org/raw/v1/b.png) [c](https://c.org) [d](#d)'
    """

    def link(found: re.Match) -> str:
        label, target = found.groups()
        if re.match(r"[a-z]+:|#", target):
            return found[0]
        base = address.replace("/blob/", "/raw/") if label.startswith("!") else address
        return f"{label}({base.rstrip('/')}/{target})"

    return LINK.sub(link, text)


def main() -> int:
    if len(sys.argv) != 3 or not sys.argv[2].startswith("https://"):
        print("error: expected a file and an address. Fix: " + __doc__.splitlines()[-1], file=sys.stderr)
        return 2
    page = Path(sys.argv[1])
    page.write_text(absolute(page.read_text(encoding="utf-8"), sys.argv[2]), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
