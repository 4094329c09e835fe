"""The server over HTTP, as a browser asks it, and as others might."""

import http.client
import json
import socket
import threading
import time
import urllib.error
import urllib.request

import numpy as np
import pytest

from semicurv_tf.errors import UserError
from semicurv_tf.review.server import LARGEST_BODY_BYTES, ReviewServer, _Handler
from tests.review.conftest import line, saved_mask


def get(url, **headers):
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=20) as answer:
        return answer.read(), answer.headers


def post(url, body, **headers):
    with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=20) as answer:
        return json.loads(answer.read())


def refused(call, *arguments, **headers):
    with pytest.raises(urllib.error.HTTPError) as error:
        call(*arguments, **headers)
    with error.value:
        return error.value.code, json.loads(error.value.read())["error"]


def test_the_page_is_whole(server):
    page, headers = get(server.url)
    text = page.decode()
    assert "class Painting" in text and "touch-action: none" in text
    assert "http://" not in text and "https://" not in text and "NONCE" not in text and "/*S" not in text
    policy = headers["Content-Security-Policy"]
    nonce = policy.split("'nonce-")[1].split("'")[0]
    assert text.count(f'nonce="{nonce}"') == 2 and "default-src 'none'" in policy and "unsafe" not in policy
    assert headers["Cache-Control"] == "no-store" and headers["Referrer-Policy"] == "no-referrer"


def test_images_and_masks(server, folder):
    assert json.loads(get(f"{server.url}images")[0]) == [
        {"name": "a", "labelled": False, "saved": False}, {"name": "b", "labelled": True, "saved": False},
        {"name": "deep/c", "labelled": False, "saved": False},
    ]  # fmt: skip
    assert json.loads(get(f"{server.url}about/2")[0])["name"] == "deep/c"
    assert get(f"{server.url}image/0")[0].startswith(b"\x89PNG")
    assert get(f"{server.url}mask/0")[0] == np.packbits(line(5)).tobytes()
    assert get(f"{server.url}predicted/1")[0] == np.packbits(line(10)).tobytes()
    assert len(get(f"{server.url}probability/0")[0]) == 1200
    answer = post(f"{server.url}mask/1", np.packbits(line(7)).tobytes())
    assert answer["mask"] == "masks/b.png" and (folder / answer["copy"]).is_file()
    assert (saved_mask(folder / "masks/b.png") > 0).tolist() == line(7).tolist()
    assert json.loads(get(f"{server.url}images")[0])[1]["saved"]


@pytest.mark.parametrize("path", ["", "images", "about/0", "image/0"])
@pytest.mark.parametrize("token", ["", "x", "é", None])
def test_a_wrong_token(server, path, token):
    token = server.token[:-1] if token is None else urllib.request.quote(token)
    assert refused(get, f"http://127.0.0.1:{server.server_port}/{token}/{path}") == (403, "wrong token")


def test_a_wrong_token_saves_nothing(server, folder):
    body = np.packbits(line(7)).tobytes()
    assert refused(post, f"http://127.0.0.1:{server.server_port}/x/mask/0", body)[0] == 403
    assert not (folder / "masks" / "a.png").exists()


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "127.0.0.1", "localhost:1", "127.0.0.1.evil.example"]
)
def test_another_host(server, host):
    assert refused(get, f"{server.url}images", Host=host) == (403, "another host")


def test_this_host_by_its_name(server):
    assert get(f"{server.url}images", Host=f"localhost:{server.server_port}")[0]


def test_no_host_at_all(server):
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=20)
    connection.putrequest("GET", f"/{server.token}/images", skip_host=True)
    connection.endheaders()
    assert connection.getresponse().status == 403
    connection.close()


def test_another_sites_page(server):
    body = np.packbits(line(7)).tobytes()
    assert refused(post, f"{server.url}mask/0", body, Origin="https://evil.example") == (403, "another site's page")
    assert refused(post, f"{server.url}mask/0", body, Origin="null")[0] == 403
    assert post(f"{server.url}mask/0", body, Origin=f"http://127.0.0.1:{server.server_port}")


@pytest.mark.parametrize(
    "path",
    ["image/3", "image/-1", "image/x", "image/", "image/0/0", "image/../0", "../images", "masks/b.png", "page.js",
     "image/%2e%2e%2fb", "image//etc/passwd", "image/99999999999999999999", "image/²", "other/0"],
)  # fmt: skip
def test_there_are_no_paths(server, path):
    assert refused(get, server.url + urllib.request.quote(path, safe="/%")) == (404, "nothing of this name")


def test_only_masks_are_taken(server):
    assert refused(post, f"{server.url}image/0", b"x")[0] == 404
    assert refused(post, f"{server.url}mask/9", b"x")[0] == 404


@pytest.mark.parametrize("size", [0, 1, 151])
def test_a_mask_of_another_size(server, folder, size):
    assert refused(post, f"{server.url}mask/0", bytes(size))[0] == 400
    assert not (folder / "masks" / "a.png").exists()


def raw(server, text):
    """The first line of the answer to a request that no client would send."""
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=20) as connection:
        connection.sendall(text.format(token=server.token, host=f"127.0.0.1:{server.server_port}").encode())
        return connection.recv(100).decode().splitlines()[0]


def test_bodies_too_large_or_without_length(server):
    head = "POST /{token}/mask/0 HTTP/1.1\r\nHost: {host}\r\n"
    assert " 413 " in raw(server, f"{head}Content-Length: {LARGEST_BODY_BYTES + 1}\r\n\r\n")
    assert " 411 " in raw(server, f"{head}\r\n")
    assert " 411 " in raw(server, f"{head}Content-Length: -5\r\n\r\n")
    assert " 411 " in raw(server, f"{head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n")


def test_other_methods(server):
    request = urllib.request.Request(f"{server.url}mask/0", b"x", method="DELETE")
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(request, timeout=20)
    with error.value:
        assert error.value.code == 501


def test_what_cannot_be_read_is_said(server, folder):
    (folder / "images" / "a.png").write_bytes(b"no image")
    status, said = refused(get, f"{server.url}about/0")
    assert status == 409 and "a.png" in said and "Fix: " in said


def test_the_end_is_answered_before_the_server_stops(review, monkeypatch):
    send = _Handler._send

    def slow_send(handler, *answer):
        time.sleep(0.3)  # six times as long as the server takes to stop
        assert thread.is_alive()
        send(handler, *answer)

    monkeypatch.setattr(_Handler, "_send", slow_send)
    with ReviewServer(review) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        assert post(f"{server.url}end", b"") == {}
        thread.join(20)
        assert not thread.is_alive()


def test_it_listens_on_this_machine_alone(server):
    assert server.server_address[0] == "127.0.0.1"


def test_a_token_per_call_and_a_taken_port(server, review):
    with ReviewServer(review) as other:
        assert other.token != server.token and len(other.token) >= 40
    with pytest.raises(UserError, match=rf"--port {server.server_port}: cannot be had"):
        ReviewServer(review, server.server_port)
