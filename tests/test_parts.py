"""Names of what is being written: two processes never share one, and only what nobody writes is removed."""

import os
import subprocess
import sys
import time

import pytest

from semicurv_tf import parts
from semicurv_tf.errors import UserError
from semicurv_tf.parts import ABANDONED_AFTER_S, create_file, new_part, remove_abandoned
from semicurv_tf.whole_files import written_whole


def test_parts_differ_and_keep_their_suffix(tmp_path):
    names = {new_part(tmp_path / "a.tif").name for _ in range(100)}
    assert len(names) == 100 and all(name.startswith(".part-") and name.endswith(".a.tif") for name in names)
    long = new_part(tmp_path / ("ä" * 120 + ".png"))
    assert len(long.name.encode()) <= 255 and long.suffix == ".png"
    create_file(long)


def test_a_link_in_the_way_is_not_followed(tmp_path):
    (tmp_path / "precious").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "precious")
    (tmp_path / "dangling").symlink_to(tmp_path / "elsewhere")
    for name in ("link", "dangling", "precious"):
        with pytest.raises(FileExistsError):
            create_file(tmp_path / name)
    assert (tmp_path / "precious").read_text() == "mine" and not (tmp_path / "elsewhere").exists()


def touch_as(host, process, folder, age_s=0.0, name="a.png", is_folder=False):
    part = folder / f".part-{host}-{process}-0123abcd.{name}"
    part.mkdir() if is_folder else part.touch()
    os.utime(part, (time.time() - age_s,) * 2)
    return part


def test_parts_of_other_hosts_stay_while_they_are_written(tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    here, other = parts._host(), "00000000"
    kept = [
        touch_as(other, dead.pid, tmp_path),  # another container: its process numbers say nothing here
        touch_as(other, 1, tmp_path, ABANDONED_AFTER_S - 60, "b.png"),
        touch_as(here, os.getpid(), tmp_path, 10 * ABANDONED_AFTER_S),
        touch_as(here, os.getpid(), tmp_path, 10 * ABANDONED_AFTER_S, "folder", is_folder=True),
        tmp_path / ".part-of-a-book.png",
    ]
    kept[-1].touch()
    growing = touch_as(other, 2, tmp_path, 10 * ABANDONED_AFTER_S, "growing", is_folder=True)
    (growing / "inside").touch()  # what a folder holds counts
    os.utime(growing, (0, 0))
    touch_as(other, 1, tmp_path, ABANDONED_AFTER_S + 60, "c.png")
    touch_as(here, dead.pid, tmp_path)
    touch_as(here, dead.pid, tmp_path, 0, "folder", is_folder=True)
    remove_abandoned(tmp_path)
    assert set(tmp_path.iterdir()) == {*kept, growing}


WRITE = """
import sys, time
from pathlib import Path
from semicurv_tf.whole_files import written_whole
with written_whole(Path(sys.argv[1])) as part:
    with part.open("w") as file:
        file.write("half")
        file.flush()
        print("writing", flush=True)
        time.sleep(60)
"""


def test_a_killed_writer_leaves_no_finished_file_beside_a_living_one(tmp_path):
    path = tmp_path / "mask.png"
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITE, path], stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    for writer in writers:
        assert writer.stdout.readline() == "writing\n"
    assert len(list(tmp_path.iterdir())) == 2
    writers[0].kill()
    writers[0].communicate()  # closes its pipe, too
    remove_abandoned(tmp_path)
    (left,) = tmp_path.iterdir()
    assert f"-{writers[1].pid}-" in left.name and not path.exists()
    with written_whole(path) as part:
        part.write_text("whole")
    assert path.read_text() == "whole"
    writers[1].kill()
    writers[1].communicate()


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot be written"), written_whole(tmp_path / "file" / "a.png"):
        pass
