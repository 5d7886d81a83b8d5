"""The witness: atomic compare-and-store, consistency proofs, no way back; tree arithmetic against RFC 6962's vectors."""

from __future__ import annotations

import base64
import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kexin.evidence import witness
from kexin.evidence.rules import merkle, notes
from kexin.evidence.rules.trust import Signer
from kexin.foundation import crypto

pytestmark = pytest.mark.no_db

#: RFC 6962 test data of the Certificate Transparency reference code: eight leaves and the roots of their trees.
LEAVES = [bytes.fromhex(x) for x in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def nodes_of(hashes: list[bytes]):
    return lambda height, index: merkle.root_of(hashes[index << height : (index + 1) << height])


def test_rfc_6962_vectors():
    frontier = merkle.Frontier()
    assert frontier.root() == merkle.EMPTY_ROOT
    hashes = [merkle.leaf_hash(leaf) for leaf in LEAVES]
    for count, root in enumerate(ROOTS, 1):
        frontier.append(hashes[count - 1])
        assert frontier.root().hex() == merkle.root_of(hashes[:count]).hex() == root
        assert merkle.Frontier.load(frontier.dump()).root().hex() == root


@given(size=st.integers(1, 700), data=st.data())
def test_proofs_of_any_tree(size: int, data: st.DataObject):
    hashes = [merkle.leaf_hash(bytes([n % 251, n // 251])) for n in range(size)]
    nodes, root = nodes_of(hashes), merkle.root_of(hashes)
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    path = merkle.inclusion_path(nodes, index, size)
    assert merkle.root_from_inclusion(hashes[index], index, size, path) == root
    proof = merkle.consistency_path(nodes, old, size)
    merkle.check_consistency(old, merkle.root_of(hashes[:old]), size, root, proof)
    if old < size:
        with pytest.raises(merkle.ProofFails):
            merkle.check_consistency(old, merkle.leaf_hash(b"other"), size, root, proof)
    assert merkle.Frontier(size, [nodes(*place) for place in merkle.left_nodes(size)]).root() == root


@given(size=st.integers(0, 3000))
def test_a_tree_grown_by_tiles_is_the_tree_grown_by_leaves(size: int):
    hashes = [merkle.leaf_hash(size.to_bytes(4, "big")) for size in range(size)]
    by_tiles = merkle.Frontier()
    for start in range(0, size, merkle.TILE_WIDTH):
        tile = hashes[start : start + merkle.TILE_WIDTH]
        if len(tile) == merkle.TILE_WIDTH:
            by_tiles.extend_tile(merkle.root_of(tile))
        else:
            by_tiles.extend(tile)
    assert (by_tiles.size, by_tiles.root()) == (size, merkle.root_of(hashes))
    if size % merkle.TILE_WIDTH:
        with pytest.raises(ValueError, match="no tile begins"):
            by_tiles.extend_tile(merkle.root_of(hashes))


class Log:
    """A log outside the product."""

    def __init__(self, leaves: int, salt: bytes = b"") -> None:
        self.private = crypto.signing_key()
        self.key = notes.Key(name="example.org/log", public=crypto.public_key(self.private))
        self.hashes = [merkle.leaf_hash(salt + bytes([n])) for n in range(leaves)]

    @property
    def signer(self) -> Signer:
        return Signer(key=self.key, purpose="checkpoint")

    def note(self, size: int) -> str:
        text = notes.Checkpoint(origin=self.key.name, size=size, root=merkle.root_of(self.hashes[:size])).text()
        return f"{text}\n{notes.signature_line(self.key, crypto.sign(self.private, text.encode()))}"

    def path(self, old: int, size: int) -> list[bytes]:
        return merkle.consistency_path(nodes_of(self.hashes[:size]), old, size) if old else []


def new_witness(folder: Path, *logs: Log) -> witness.Witness:
    return witness.Witness(folder=folder, name="w", log_keys=lambda: [log.signer for log in logs])


def refusal(keeper: witness.Witness, **request) -> int:
    with pytest.raises(witness.Refused) as refused:
        keeper.add(**request)
    return refused.value.status


def test_only_forward_and_only_consistent(tmp_path: Path):
    log = Log(50)
    keeper = new_witness(tmp_path, log)
    line = keeper.add(old=0, path=[], note=log.note(7))
    assert notes.signed_by(log.note(7) + line, [keeper.key], crypto.signature_holds) == keeper.key
    keeper.add(old=7, path=log.path(7, 20), note=log.note(20))
    assert refusal(keeper, old=7, path=log.path(7, 15), note=log.note(15)) == 409
    assert refusal(keeper, old=0, path=[], note=log.note(30)) == 409
    assert refusal(keeper, old=20, path=[], note=log.note(7)) == 400
    assert refusal(keeper, old=20, path=log.path(7, 30), note=log.note(30)) == 422
    fork = Log(50, salt=b"x")
    fork.private, fork.key = log.private, log.key
    assert refusal(keeper, old=20, path=fork.path(20, 30), note=fork.note(30)) == 422
    assert refusal(keeper, old=20, path=[], note=fork.note(20)) == 409
    stranger = Log(50)
    assert refusal(keeper, old=20, path=stranger.path(20, 30), note=stranger.note(30)) == 403
    assert refusal(new_witness(tmp_path / "other"), old=0, path=[], note=log.note(3)) == 404
    again = new_witness(tmp_path, log)
    assert again.key == keeper.key and refusal(again, old=0, path=[], note=log.note(30)) == 409


def test_of_many_at_once_one_wins(tmp_path: Path):
    """C2SP: without an atomic compare-and-store two requests could roll the witness back."""
    log = Log(60)
    keepers = [new_witness(tmp_path, log), new_witness(tmp_path, log)]
    keepers[0].add(old=0, path=[], note=log.note(10))
    outcomes: list[int] = []

    def submit(number: int) -> None:
        try:
            keepers[number % 2].add(old=10, path=log.path(10, 11 + number), note=log.note(11 + number))
            outcomes.append(200)
        except witness.Refused as refused:
            outcomes.append(refused.status)

    threads = [threading.Thread(target=submit, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [200] + [409] * 11


def test_over_http(tmp_path: Path):
    log = Log(30)
    server = witness.server(new_witness(tmp_path, log))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    base = f"http://127.0.0.1:{server.server_address[1]}"

    def post(data: bytes) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(urllib.request.Request(f"{base}/add-checkpoint", data=data), timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers["Content-Type"]

    try:
        assert post(f"old 0\n\n{log.note(5)}".encode())[0] == 200
        proof = "".join(base64.b64encode(value).decode() + "\n" for value in log.path(5, 9))
        assert post(f"old 5\n{proof}\n{log.note(9)}".encode())[0] == 200
        assert post(f"old 5\n{proof}\n{log.note(9)}".encode()) == (409, "text/x.tlog.size")
        for junk in (b"", b"old\n\n", b"old -1\n\nx", b"old 5\n***\n\nx", b"\xff\xfe", b"old 5\n\nno note", b"x" * 70_000):
            assert post(junk)[0] in (400, 413)
        with urllib.request.urlopen(f"{base}/checkpoint?origin=example.org%2Flog", timeout=5) as answer:
            assert answer.read().decode().startswith("example.org/log\n9\n")
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
