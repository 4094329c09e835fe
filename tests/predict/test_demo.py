"""The demonstration: a sheet of drawn images and what is found in them."""

import numpy as np
import pytest
from PIL import Image

from semicurv_tf.errors import UserError
from semicurv_tf.pictures.contact_sheet import GAP_PX, TITLE_PX
from semicurv_tf.predict import demo


def test_a_sheet_of_each_kind(monkeypatch, tmp_path):
    monkeypatch.setattr(demo, "KINDS", ("vessels",))
    seen = []
    scores = demo.demonstrate(tmp_path / "new" / "sheet.png", 0, seen.append)
    assert seen == ["vessels"] * 3 and set(scores) == {"vessels"}
    assert scores["vessels"] > 0.3  # 0.6 or so; vessels are what it was taught
    sheet = np.asarray(Image.open(tmp_path / "new" / "sheet.png"))
    assert sheet.shape == (2 * TITLE_PX + 128 + 2 * GAP_PX, 9 * 128 + 10 * GAP_PX, 3)
    drawn = sheet[2 * TITLE_PX : 2 * TITLE_PX + 128, 2 * GAP_PX + 128 : 2 * GAP_PX + 256]
    assert set(np.unique(drawn)) == {0, 255}


def test_what_is_there_is_not_replaced(tmp_path):
    (tmp_path / "mine.png").write_text("mine")
    with pytest.raises(UserError, match="exists already. Fix: --output .*/mine-2.png"):
        demo.require_sheet(tmp_path / "mine.png")
    (tmp_path / "mine-2.png").touch()
    with pytest.raises(UserError, match=f"Fix: --output {tmp_path}/mine-3.png, or remove it"):
        demo.require_sheet(tmp_path / "mine.png")
    with pytest.raises(UserError, match="ends in .png. Fix: --output .*sheet.png"):
        demo.require_sheet(tmp_path / "sheet.jpg")
    assert (tmp_path / "mine.png").read_text() == "mine"


def test_a_place_that_cannot_be_written_is_refused_before_the_work_and_nothing_is_made(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UserError, match="file/new/sheet.png: cannot be written .*Fix: choose a folder you may write"):
        demo.require_sheet(tmp_path / "file" / "new" / "sheet.png")
    demo.require_sheet(tmp_path / "new" / "sheet.png")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
