"""Which tests stay in one process when several run them."""

from tests.conftest import SHARING_FOLDERS, one_process_runs


def test_a_file_stays_together_and_a_folder_that_shares_what_it_makes():
    assert one_process_runs("tests/vector/test_maps.py::test_x[a::b-c/d]") == "tests/vector/test_maps.py"
    assert one_process_runs("tests/api/test_run.py::test_x") == one_process_runs("tests/api/test_predict.py::Class::y")
    assert one_process_runs("tests/test_wording.py::test_x") != one_process_runs("tests/test_parts.py::test_x")
    assert all(one_process_runs(f"tests/{name}/test_x.py::y") == f"tests/{name}" for name in SHARING_FOLDERS)
