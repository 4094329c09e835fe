"""A real browser without a window: what it makes of a page, and what it complains of."""

import re
import shutil
import subprocess
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
# No sandbox: tests may run as root in a container. The rest keeps the browser from the network and from this user's
# settings.
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--hide-scrollbars", "--enable-logging=stderr",
    "--v=0",
)  # fmt: skip
# Appended to a copy of a page: says how wide it is, and what reaches beyond the window outside of boxes that scroll.
MEASURE = """<script>
addEventListener("load", () => {
  document.querySelectorAll("details").forEach((one) => { one.open = true; });
  const beyond = [...document.body.querySelectorAll("*")].filter(
    (one) => !one.closest(".scroll *") && one.getBoundingClientRect().right > innerWidth + 0.5);
  const names = beyond.map((one) => one.tagName + "." + one.className).join(" ");
  parent.postMessage([innerWidth, document.documentElement.scrollWidth, names].join("|"), "*");
});
</script>"""
# A window of the browser is at least 500 px wide; a frame is as narrow as a phone.
FRAME = """<!DOCTYPE html><meta charset="utf-8"><body>
<script>addEventListener("message", (event) => { document.documentElement.dataset.measured = event.data; });</script>
<iframe src="copy.html" style="border:0;width:{width}px;height:900px"></iframe></body>"""


def find_browser() -> str | None:
    """The program, or None."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


class Browser:
    """Opens pages.

    Args:
        program: of `find_browser`.
        profile: an empty folder for the browser's own files.
    """

    def __init__(self, program: str, profile: Path):
        self.program, self.profile = program, profile

    def open(self, page: Path) -> tuple[str, list[str]]:
        """The page's elements as the browser holds them, as text, and the lines of its console."""
        options = (*FLAGS, f"--user-data-dir={self.profile}", "--window-size=1400,1000", "--virtual-time-budget=3000")
        done = subprocess.run(
            [self.program, *options, "--dump-dom", page.as_uri()],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]

    def measure(self, page: Path, folder: Path, width_px: int) -> tuple[int, int, str]:
        """Width of the window, of the page, and the elements that reach beyond the window.

        Args:
            page: an HTML file that allows no script.
            folder: where a copy goes that runs one.
            width_px: of the window.
        """
        text = re.sub(r"<meta http-equiv=[^>]*>", "", page.read_text(encoding="utf-8"))
        (folder / "copy.html").write_text(text.replace("</body>", MEASURE + "</body>"), encoding="utf-8")
        (folder / "frame.html").write_text(FRAME.replace("{width}", str(width_px)), encoding="utf-8")
        found, _ = self.open(folder / "frame.html")
        window, whole, beyond = re.search(r'data-measured="([^"]*)"', found)[1].split("|")
        return int(window), int(whole), beyond
