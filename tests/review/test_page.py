"""The page in a real browser: brush, eraser, undo, redo, zoom, next, save, reload, by mouse, keys and fingers."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import semicurv_tf.review
from tests.report.browser import find_browser
from tests.review.chromium import Chromium
from tests.review.conftest import line, saved_mask

SCRIPT = Path(semicurv_tf.review.__file__).with_name("page.js")
LOGIC = """
const { Painting, View, packed, unpacked, STROKES_KEPT } = require(process.argv[1]);
const assert = require("assert");
const sum = (painting) => painting.mask.reduce((a, b) => a + b);
const dot = (painting, x, y) => { painting.begin(); painting.stroke(x, y, x, y, 1, 1); painting.end(); };

const bits = Uint8Array.from([0b10100000, 0b01000000]);
assert.deepStrictEqual([...unpacked(bits, 10)], [1, 0, 1, 0, 0, 0, 0, 0, 0, 1]);
assert.deepStrictEqual([...packed(unpacked(bits, 10))], [...bits]);

const one = new Painting(8, 6, new Uint8Array(48));
one.begin();
one.stroke(2.5, 2.5, 5.5, 2.5, 1, 1);
one.end();
assert.deepStrictEqual([...one.mask.slice(16, 24)], [0, 0, 1, 1, 1, 1, 0, 0]);
one.begin();
one.stroke(4.5, 2.5, 4.5, 2.5, 1, 0);
one.end();
assert.strictEqual(one.mask[20], 0);
one.undo();
assert.strictEqual(one.mask[20], 1);
one.redo();
assert.strictEqual(one.mask[20], 0);
one.undo();
one.undo();
assert.ok(sum(one) === 0 && !one.changed && one.undo() === null);
one.begin();
one.stroke(4, 3, 4, 3, 4, 1); // two pixels about a corner: twelve centres
one.end();
assert.strictEqual(sum(one), 12);
one.saved();
one.undo();
assert.ok(one.changed);
one.redo();
assert.ok(!one.changed);
one.undo();
dot(one, 0.5, 0.5); // what was saved cannot come back
one.undo();
assert.ok(one.changed);
one.begin();
one.stroke(0.5, 0.5, 0.5, 0.5, 1, 0); // what is background stays so
assert.ok(!one.end());
one.begin();
assert.strictEqual(one.stroke(-9, -9, -5, -9, 3, 1), null); // outside
one.end();
assert.strictEqual(one.done.length, 0);

const many = new Painting(20, 20, new Uint8Array(400));
for (let at = 0; at < STROKES_KEPT + 5; at++) dot(many, at % 20 + 0.5, Math.floor(at / 20) + 0.5);
assert.strictEqual(many.done.length, STROKES_KEPT);
while (many.undo());
assert.ok(sum(many) === 5 && many.changed);

const view = new View();
view.fit(40, 30, 400, 400);
assert.deepStrictEqual([view.scale, view.x, view.y], [10, 0, 50]);
const before = view.toImage(100, 200);
view.zoom(2, 100, 200);
assert.deepStrictEqual(view.toImage(100, 200), before);
assert.strictEqual(view.scale, 20);
"""


def test_the_logic_by_numbers():
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node on this machine: apt-get install nodejs")
    done = subprocess.run([node, "-e", LOGIC, str(SCRIPT)], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    program = find_browser()
    if program is None:
        pytest.skip("no Chromium or Chrome on this machine: apt-get install chromium")
    browser = Chromium(program, tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


@pytest.fixture
def page(chromium, server):
    """The page of a server, and where a pixel of the image is in its window."""
    chromium.open(server.url)
    box = chromium.run("(({left, top, width, height}) => [left, top, width, height])(canvas.getBoundingClientRect())")

    def at(column, row):
        left, top, width, height = box
        scale = min(width / 40, height / 30)
        return (
            left + (width - 40 * scale) / 2 + (column + 0.5) * scale,
            top + (height - 30 * scale) / 2 + (row + 0.5) * scale,
        )

    chromium.at = at
    chromium.run("document.getElementById('size').value = 1")
    yield chromium
    chromium.leave()


def save(page):
    page.key("s", 83)
    page.until("said.textContent.startsWith('saved')")


def test_brush_erase_undo_redo_save_reload(page, folder):
    mask = folder / "masks" / "a.png"
    page.mouse([page.at(10, 20), page.at(15, 20)])
    page.key("e", 69)
    page.mouse([page.at(4, 5), page.at(6, 5)])
    save(page)
    expected = line(5)
    expected[20, 10:16], expected[5, 4:7] = True, False
    assert (saved_mask(mask) == 255 * expected).all()

    page.key("z", 90, 2)  # Ctrl+Z: the eraser's stroke
    page.key("z", 90)  # and the brush's
    save(page)
    assert (saved_mask(mask) == 255 * line(5)).all()
    page.key("y", 89)
    save(page)
    with_brush = line(5)
    with_brush[20, 10:16] = True
    assert (saved_mask(mask) == 255 * with_brush).all()

    page.ask("Page.reload")
    page.until("document.body && document.body.dataset.state === 'ready' && said.textContent.includes('has a mask')")
    page.key("b", 66)
    page.run("document.getElementById('size').value = 1")
    page.mouse([page.at(0, 29)])
    save(page)
    with_brush[29, 0] = True
    assert (saved_mask(mask) == 255 * with_brush).all()
    assert len(list((folder / "replaced_masks").iterdir())) == 3  # each mask but the last


def test_the_right_button_erases_and_r_brings_the_prediction_back(page, folder):
    page.mouse([page.at(4, 5), page.at(35, 5)], "right")
    save(page)
    assert not saved_mask(folder / "masks" / "a.png").any()
    page.key("r", 82)
    page.until("said.textContent.startsWith('back to the prediction')")
    save(page)
    assert (saved_mask(folder / "masks" / "a.png") == 255 * line(5)).all()


def test_save_and_next_goes_through_all_images(page, folder):
    for name in ("a", "b", "deep/c"):
        assert page.run("document.getElementById('name').textContent") == name
        page.key("Enter", 13, text="\r")
        if name != "deep/c":
            page.until(
                f"document.getElementById('name').textContent !== '{name}' && document.body.dataset.state === 'ready'"
            )
    page.until("said.textContent.startsWith('All images are saved')")
    assert (saved_mask(folder / "masks/deep/c.png") == 255 * line(15)).all()
    assert saved_mask(folder / "masks/b.png")[:, 0].all()  # its own mask, not the prediction


def test_what_is_not_saved_is_not_left_at_once(page, folder):
    page.mouse([page.at(10, 20)])
    page.key("n", 78)
    page.until("said.textContent.startsWith('Not saved')")
    assert page.run("document.getElementById('name').textContent") == "a"
    page.key("n", 78)
    page.until("document.getElementById('name').textContent === 'b'")
    assert not (folder / "masks" / "a.png").exists()


def test_fingers_paint_and_two_of_them_zoom(page, folder):
    page.touch([page.at(10, 20)], [page.at(12, 20)], [page.at(14, 20)])
    save(page)
    expected = line(5)
    expected[20, 10:15] = True
    assert (saved_mask(folder / "masks/a.png") == 255 * expected).all()
    # Apart to twice the distance about the middle of the image: nothing is painted, and twice as much is seen.
    middle = np.array(page.at(19.5, 14.5))
    near, far = np.array([30.0, 0.0]), np.array([60.0, 0.0])
    page.touch(
        [tuple(middle - near)], [tuple(middle - near), tuple(middle + near)], [tuple(middle - far), tuple(middle + far)]
    )
    there = tuple(middle + 2 * (np.array(page.at(25, 20)) - middle))
    page.mouse([there])
    save(page)
    expected[20, 25] = True
    assert (saved_mask(folder / "masks/a.png") == 255 * expected).all()


def test_wheel_space_and_fit(page, folder):
    x, y = page.at(19.5, 14.5)
    page.ask("Input.dispatchMouseEvent", type="mouseWheel", x=x, y=y, deltaX=0, deltaY=-400 * float(np.log(2)))
    page.ask("Input.dispatchKeyEvent", type="keyDown", key=" ", windowsVirtualKeyCode=32)
    page.mouse([(x, y), (x + 50, y)])  # moves the image, paints nothing
    page.ask("Input.dispatchKeyEvent", type="keyUp", key=" ", windowsVirtualKeyCode=32)
    target = np.array(page.at(25, 20))
    page.mouse([tuple(np.array([x, y]) + 2 * (target - [x, y]) + [50, 0])])
    page.key("0", 48)
    page.mouse([page.at(3, 25)])
    save(page)
    expected = line(5)
    expected[20, 25] = expected[25, 3] = True
    assert (saved_mask(folder / "masks/a.png") == 255 * expected).all()


def shown(page, column, row):
    """The colour in the middle of a pixel of the image, from a screenshot."""
    import base64
    import io

    from PIL import Image

    page.run("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    with Image.open(io.BytesIO(base64.b64decode(page.ask("Page.captureScreenshot")["data"]))) as image:
        return image.convert("RGB").getpixel(tuple(int(value) for value in page.at(column, row)))


def test_doubtful_pixels_are_shown_by_a_key(page):
    """0.47 is near the threshold, 0.90 is not: yellow over the one, the mask's red over the other."""
    assert shown(page, 20, 6)[1] < 30
    page.key("u", 85)
    red, green, blue = shown(page, 20, 6)
    assert red > 150 and green > 120 and blue < 60
    assert shown(page, 20, 5)[1] < 60
    page.key("u", 85)
    assert shown(page, 20, 6)[1] < 30


def test_the_mask_is_shown_and_hidden(page):
    page.mouse([page.at(10, 20)])
    assert shown(page, 10, 20)[0] > 100
    page.key("o", 79)
    assert shown(page, 10, 20)[0] < 30


def test_what_cannot_be_opened_is_said(page, folder):
    (folder / "masks" / "b.png").write_bytes(b"no mask")
    page.key("n", 78)
    page.until("document.body.dataset.state === 'failed'")
    assert "b.png" in page.run("said.textContent") and page.run("document.getElementById('save').disabled")
    page.key("n", 78)
    page.until("document.body.dataset.state === 'ready'")


def test_the_end(page):
    page.run("document.getElementById('end').click()")
    page.until("document.body.dataset.state === 'ended'")
