"""kexin-verify: judge an evidence pack or a signed document of Kexin with this one file. Python 3.9+, nothing else.

    kexin-verify PACK.zip      [--trust trust.json] [--known checkpoint.txt] [--json]
    kexin-verify DOCUMENT.json [--trust trust.json] [--json]

``--trust`` is the public trust file you received from the company by another way; without it the pack's own copy is
used and its fingerprints are printed for you to compare. ``--known`` is a checkpoint that you or a witness kept: the
pack must contain everything that it contained. Formats: docs/formats.md. Exit codes: see CODES.
"""
# fmt: off - one blank line between functions keeps the whole file on ten screens

import argparse
import base64
import hashlib
import io
import json
import sys
import zipfile

CODES = {
    0: "whole",
    2: "unreadable: not a pack or a document of Kexin",
    10: "malformed: a line is not what a line must be",
    11: "prefix missing: the first lines are cut off",
    12: "tail missing: the last lines are cut off",
    13: "gap: lines in the middle are missing",
    14: "replay: a line stands there twice",
    15: "changed: a line is not the one that was signed",
    16: "payload changed: sealed details do not belong to their line",
    17: "fork: the signed tree contradicts one that was seen outside",
    18: "wrong origin: this belongs to another ledger",
    19: "unsigned: the checkpoint is not signed by a trusted key",
    20: "older: the checkpoint is older than one seen outside",
    21: "witness: the witness's signature is missing or wrong",
    22: "proof: the document's line is not in the signed tree",
    23: "signature: the document is not signed by a trusted key",
    24: "key: a later key was not handed over by the key before it",
}
LIMIT_BYTES = 4 << 30

class Bad(Exception):
    """A reason to reject, with its exit code and the line to blame."""
    def __init__(self, code, sentence, line=None):
        super().__init__(sentence)
        self.code, self.sentence, self.line = code, sentence, line

# --- Ed25519 verification (RFC 8032 §5.1.7), without any library -------------------------------------------------------

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_M1 = pow(2, (P - 1) // 4, P)

def _recover_x(y, sign):
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    if square == 0:
        return None if sign else 0
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_M1 % P
    if (x * x - square) % P:
        return None
    return P - x if (x & 1) != sign else x

def _point(data):
    number = int.from_bytes(data, "little")
    y = number & ((1 << 255) - 1)
    x = _recover_x(y, number >> 255)
    return None if x is None else (x, y, 1, x * y % P)

def _add(a, b):
    m, n = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    c, d = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = n - m, d - c, d + c, n + m
    return e * f % P, g * h % P, f * g % P, e * h % P

def _times(scalar, point):
    total = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            total = _add(total, point)
        point = _add(point, point)
        scalar >>= 1
    return total

BASE_Y = 4 * pow(5, P - 2, P) % P
BASE_X = _recover_x(BASE_Y, 0)
BASE = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P)

def ed25519(public, signature, message):
    """Whether ``signature`` is that of ``message`` under ``public``."""
    if len(public) != 32 or len(signature) != 64:
        return False
    key, r = _point(public), _point(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if key is None or r is None or s >= L:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    left, right = _times(s, BASE), _add(r, _times(h, key))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0

# --- the tree (RFC 6962) ------------------------------------------------------------------------------------------------

def sha(data):
    return hashlib.sha256(data).digest()

def leaf_hash(body):
    return sha(b"\x00" + body)
def node(left, right):
    return sha(b"\x01" + left + right)

def append(stack, size, value):
    """Add a hash to a frontier of ``size`` leaves (complete subtrees, largest first)."""
    while size & 1:
        value, size = node(stack.pop(), value), size >> 1
    stack.append(value)

def fold(stack):
    """The root of a list of subtrees, largest first."""
    if not stack:
        return sha(b"")
    value = stack[-1]
    for left in reversed(stack[:-1]):
        value = node(left, value)
    return value

def right_widths(last, size):
    """Widths of the subtrees that cover leaves [last, size) in the order they join [0, last)."""
    widths, at = [], last
    while at < size:
        low = at & -at if at else size
        width = 1 << ((size - at).bit_length() - 1)
        widths.append(min(low, width))
        at += widths[-1]
    return widths

def root_of_range(left, first, hashes, right, size):
    """The root of a tree of ``size``, of which [first, first + len(hashes)) is known and the rest is given as subtrees."""
    stack, at = list(left), first
    if len(stack) != bin(first).count("1"):  # noqa: FURB161 - Python 3.9
        raise Bad(15, "the subtrees before the first line do not fit")
    for value in hashes:
        append(stack, at, value)
        at += 1
    widths = right_widths(at, size)
    if len(widths) != len(right):
        raise Bad(15, "the subtrees after the last line do not fit")
    for width, value in zip(widths, right):
        merged = at // width
        while merged & 1:
            value, merged = node(stack.pop(), value), merged >> 1
        stack.append(value)
        at += width
    return fold(stack)

def inclusion_root(leaf, index, size, path):
    """RFC 9162 §2.1.3.2."""
    if not 0 <= index < size:
        raise Bad(22, "the proof's line number is outside its tree")
    fn, sn, root = index, size - 1, leaf
    for sibling in path:
        if sn == 0:
            raise Bad(22, "the proof is too long")
        if fn & 1 or fn == sn:
            root = node(sibling, root)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            root = node(root, sibling)
        fn, sn = fn >> 1, sn >> 1
    if sn:
        raise Bad(22, "the proof is too short")
    return root

def consistent(old, old_root, size, root, path):
    """RFC 9162 §2.1.4.2: whether the newer tree contains the older one."""
    if old == size:
        return old_root == root
    if old == 0:
        return True
    if not path:
        return False
    rest = ([old_root] if old & (old - 1) == 0 else []) + list(path)
    fn, sn = old - 1, size - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    seen_old = seen_new = rest[0]
    for sibling in rest[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            seen_old, seen_new = node(sibling, seen_old), node(sibling, seen_new)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            seen_new = node(seen_new, sibling)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and seen_old == old_root and seen_new == root

# --- signed notes (C2SP) ------------------------------------------------------------------------------------------------

def unbase(text):
    """Base64 in its one form: no second text may stand for the same bytes."""
    if base64.b64encode(raw := base64.b64decode(text, validate=True)).decode() != text:
        raise ValueError("base64")
    return raw

def read_vkey(text):
    """``name+hash+base64(type | public)`` as (name, key id, type, public)."""
    name, digest, encoded = text.strip().split("+", 2)
    raw = unbase(encoded)
    key_id = sha(name.encode() + b"\n" + raw)[:4]
    if key_id.hex() != digest or len(raw) != 33:
        raise ValueError("public key")
    return name, key_id, raw[0], raw[1:]

def read_note(note):
    """A checkpoint note as (text, origin, size, root, signatures)."""
    try:
        text, tail = note.rsplit("\n\n", 1)
        text += "\n"
        origin, size, root, empty = text.split("\n")
        signatures = []
        for line in tail.splitlines():
            dash, name, encoded = line.split(" ")
            raw = unbase(encoded)
            if dash != "\u2014":
                raise ValueError("dash")
            signatures.append((name, raw[:4], raw[4:]))
        parsed = unbase(root)
        if empty or str(int(size)) != size or len(parsed) != 32:
            raise ValueError("checkpoint")
    except ValueError as error:
        raise Bad(19, "the checkpoint is not a signed note") from error
    return text, origin, int(size), parsed, signatures

def signer(note, vkeys):
    """The name of the first key that signed this note, None when none did."""
    text, _, _, _, signatures = read_note(note)
    for vkey in vkeys:
        name, key_id, kind, public = read_vkey(vkey)
        for signed_name, signed_id, signature in signatures:
            if (signed_name, signed_id) != (name, key_id):
                continue
            message = text.encode()
            if kind == 4:
                time_s = int.from_bytes(signature[:8], "big")
                message = f"cosignature/v1\ntime {time_s}\n{text}".encode()
                signature = signature[8:]
            if ed25519(public, signature, message):
                return name
    return None

def keys_of(trust, purpose):
    """Keys of one purpose as {vkey: [after, upto]}: trees of more than ``after`` lines and of at most ``upto``. A later key
    counts when the one before it signed that it takes over; the pack's own copy (``offered``) may tell of such keys."""
    found, last = dict[str, list](), ""
    for key in [*trust["keys"], *trust.get("offered", ())]:
        vkey, after = key["vkey"], int(key.get("after", 0))
        if key["purpose"] != purpose or vkey in found:
            continue
        if last:
            said = f"kexin-rotation/1\n{trust['origin']}\n{purpose}\n{last}\n{vkey}\n{after}\n".encode()
            if after < found[last][0] or not ed25519(read_vkey(last)[3], unbase(key.get("handed_over", "")), said):
                raise Bad(24, f"nobody handed over to the {purpose} key {key['id']}")
            found[last][1] = after
        found[vkey], last = [after, None], vkey
    return found

def check_checkpoint(note, trust):
    """Origin and signature of a log's checkpoint; answers (size, root)."""
    _, origin, size, root, _ = read_note(note)
    if origin != trust["origin"]:
        raise Bad(18, f"the checkpoint is of {origin}, expected {trust['origin']}")
    ranges = keys_of(trust, "checkpoint").items()
    if signer(note, [key for key, (after, upto) in ranges if after < size <= (size if upto is None else upto)]) is None:
        raise Bad(19, f"no trusted key of its time signed the checkpoint of {size} lines")
    return size, root

# --- packs --------------------------------------------------------------------------------------------------------------

def unhex(values):
    return [bytes.fromhex(value) for value in values]
def read_pack(data):
    """The members of a pack, parsed."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        if sum(member.file_size for member in archive.infolist()) > LIMIT_BYTES:
            raise Bad(2, "the pack is larger than a pack can be")
        pack = json.loads(archive.read("pack.json"))
        if pack["format"] != "kexin-pack/1":
            raise Bad(2, "not a pack of a version that this verifier knows")
        pack["lines"] = archive.read("lines.jsonl").decode("utf-8").splitlines()
        packed = archive.read("hashes.bin")
        pack["hashes"] = [packed[i : i + 32] for i in range(0, len(packed), 32)]
        pack["checkpoint"] = archive.read("checkpoint.txt").decode()
        pack["witness"] = archive.read("witness.txt").decode() if "witness.txt" in archive.namelist() else ""
        pack["trust"] = json.loads(archive.read("trust.json"))
        pack["left"], pack["right"] = unhex(pack["left"]), unhex(pack["right"])
        pack["witness_path"] = unhex(pack["witness_path"])
        pack["first"], pack["end"] = int(pack["first"]), int(pack["end"])
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, UnicodeDecodeError) as error:
        raise Bad(2, f"the pack cannot be read ({type(error).__name__})") from error
    return pack

def check_numbers(pack, seqs):
    """Which lines are there: all of [first, end), each once, in order."""
    seen = set()
    for seq in seqs:
        if seq in seen:
            raise Bad(14, f"line {seq + 1} stands there twice", seq)
        seen.add(seq)
    wanted = range(pack["first"], pack["end"])
    missing = [seq for seq in wanted if seq not in seen]
    if missing:
        if missing[0] == pack["first"]:
            raise Bad(11, f"lines from {missing[0] + 1} are cut off at the beginning", missing[0])
        if missing == list(range(missing[0], pack["end"])):
            raise Bad(12, f"lines from {missing[0] + 1} are cut off at the end", missing[0])
        raise Bad(13, f"line {missing[0] + 1} is missing in the middle", missing[0])
    for expected, seq in enumerate(seqs, pack["first"]):
        if seq != expected:
            raise Bad(15, f"line {seq + 1} is not in its place", seq)

def parse_lines(pack):
    """Lines as (seq, body bytes, payload bytes or None)."""
    parsed = []
    for position, text in enumerate(pack["lines"]):
        try:
            line = json.loads(text)
            payload = unbase(line["payload"]) if line.get("payload") else None
            parsed.append((int(line["seq"]), line["body"].encode("utf-8"), payload))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Bad(10, f"line {position + 1} of the pack cannot be read", position) from error
    return parsed

def check_body(seq, body, payload, origin, ids):
    """What a line says about itself."""
    try:
        said = json.loads(body)
        identity, digest, of = said["id"], said["payload"], said["origin"]
    except (ValueError, KeyError, TypeError) as error:
        raise Bad(10, f"line {seq + 1} is not a line of Kexin", seq) from error
    if identity in ids:
        raise Bad(14, f"line {seq + 1} repeats line {ids[identity] + 1}", seq)
    ids[identity] = seq
    if of != origin:
        raise Bad(18, f"line {seq + 1} belongs to {of}", seq)
    if payload is not None and hashlib.sha256(payload).hexdigest() != digest:
        raise Bad(16, f"the sealed details of line {seq + 1} were changed", seq)

def check_outside(pack, size, root, trust, known):
    """The witness's copy in the pack, and a checkpoint that the reader kept."""
    path = pack["witness_path"]
    if trust.get("witnesses"):
        if not pack["witness"] or signer(pack["witness"], trust["witnesses"]) is None:
            raise Bad(21, "no trusted witness signed a checkpoint of this pack")
        witness_size, witness_root = check_checkpoint(pack["witness"], trust)
        if witness_size > size:
            raise Bad(20, f"the witness has seen {witness_size} lines, the pack's checkpoint has {size}")
        if not consistent(witness_size, witness_root, size, root, path):
            raise Bad(17, "the tree is not the one that the witness has seen")
    if known:
        known_size, known_root = check_checkpoint(known, trust)
        if known_size > size:
            raise Bad(20, f"you know a checkpoint of {known_size} lines, the pack's has {size}")
        if known_size == size and known_root != root:
            raise Bad(17, "the tree is not the one that you know")
        if 0 < known_size < size:
            if pack["first"] or known_size > pack["end"]:
                raise Bad(17, "the pack does not reach from line 1 to the checkpoint that you know")
            if root_of_range([], 0, pack["hashes"][:known_size], [], known_size) != known_root:
                raise Bad(17, "the tree is not the one that you know")

def check_pack(data, trust=None, known=""):
    """Raise Bad unless the pack is whole; answers what was proved."""
    pack = read_pack(data)
    own_trust = trust is None
    trust = {**trust, "offered": pack["trust"]["keys"]} if trust else pack["trust"]
    if pack["origin"] != trust["origin"]:
        raise Bad(18, f"the pack is of {pack['origin']}, expected {trust['origin']}")
    size, root = check_checkpoint(pack["checkpoint"], trust)
    if not 0 <= pack["first"] <= pack["end"] <= size:
        raise Bad(12, f"the pack speaks of lines up to {pack['end']}, the checkpoint of {size}")
    lines = parse_lines(pack)
    check_numbers(pack, [seq for seq, _, _ in lines])
    ids: dict[str, int] = {}
    hashes = pack["hashes"]
    if len(hashes) != len(lines):
        raise Bad(15, "the list of hashes does not have one hash for each line")
    for (seq, body, payload), value in zip(lines, hashes):
        if leaf_hash(body) != value:
            raise Bad(15, f"line {seq + 1} was changed", seq)
        check_body(seq, body, payload, trust["origin"], ids)
    if root_of_range(pack["left"], pack["first"], hashes, pack["right"], size) != root:
        raise Bad(15, "some line and its hash were changed together: the lines do not make the signed tree", pack["first"])
    check_outside(pack, size, root, trust, known)
    return {
        "what": "pack", "origin": trust["origin"], "first": pack["first"] + 1, "last": pack["end"], "size": size,
        "root": root.hex(), "witnessed": bool(trust.get("witnesses")), "own_trust": own_trust,
        "keys": [key["id"] for key in trust["keys"]],
    }  # fmt: skip

# --- signed documents ---------------------------------------------------------------------------------------------------

def check_document(document, trust):
    """A receipt or certificate: its signature, and the proof of its line when it carries one."""
    try:
        body, proof = document["body"].encode("utf-8"), document.get("proof")
        origin, kind = document["origin"], document["kind"]
        signature = unbase(document["signature"]["sig"])
        key_id = document["signature"]["key_id"]
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise Bad(2, "not a signed document of Kexin") from error
    if origin != trust["origin"]:
        raise Bad(18, f"the document is of {origin}, expected {trust['origin']}")
    message = f"kexin-signed/1\n{kind}\n{origin}\n".encode() + body
    keys = map(read_vkey, keys_of(trust, "receipt"))
    if not any(key[1].hex() == key_id and ed25519(key[3], signature, message) for key in keys):
        raise Bad(23, "no trusted key signed the document, or it was changed")
    answer = {"what": "document", "kind": kind, "origin": origin, "line": None, "own_trust": False}
    if proof:
        answer["line"] = check_proof(proof, trust, hashlib.sha256(body).hexdigest()) + 1
    return answer

def check_proof(proof, trust, digest):
    """The line of a document is in a signed tree, and it is the line of this document; answers its index."""
    try:
        entry, index = proof["body"].encode("utf-8"), int(proof["seq"])
        path, note = unhex(proof["path"]), proof["checkpoint"]
        bound = json.loads(entry)["document"]
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise Bad(22, "the proof cannot be read") from error
    size, root = check_checkpoint(note, trust)
    if inclusion_root(leaf_hash(entry), index, size, path) != root:
        raise Bad(22, "the line is not in the signed tree", index)
    if digest is not None and bound != digest:
        raise Bad(22, "the proof is of another line", index)
    return index

def check_file(data, trust=None, known=""):
    """Whatever kind of file it is."""
    if data[:2] == b"PK":
        return check_pack(data, trust, known)
    try:
        document = json.loads(data)
        kind = document.get("format")
    except (ValueError, AttributeError) as error:
        raise Bad(2, "neither a pack nor a document of Kexin") from error
    if trust is None:
        raise Bad(2, "a document needs --trust: the company's public trust file")
    if kind == "kexin-signed/1":
        return check_document(document, trust)
    if kind == "kexin-proof/1":
        return {"what": "line", "origin": trust["origin"], "line": check_proof(document, trust, None) + 1}
    raise Bad(2, "neither a pack nor a document of Kexin")

def sentence(answer):
    """What was proved, for people."""
    if answer["what"] != "pack":
        line = f"; its line is number {answer['line']} of the ledger" if answer.get("line") else ""
        return f"Whole: signed by {answer['origin']}{line}."
    outside = "agrees with the witness" if answer["witnessed"] else "no witness is known: ask for its public key"
    text = f"Whole: lines {answer['first']} to {answer['last']} of {answer['size']}, {answer['origin']}; {outside}."
    if answer["own_trust"]:
        text += f"\nKeys were taken from the pack itself. Compare by another way: {', '.join(answer['keys'])}"
    return text

def read_bytes(path):
    with open(path, "rb") as file:
        return file.read()

def main(arguments=None):
    """The command."""
    parser = argparse.ArgumentParser(prog="kexin-verify", description=__doc__.splitlines()[0])
    parser.add_argument("file")
    parser.add_argument("--trust", help="the company's public trust file, received by another way")
    parser.add_argument("--known", help="a checkpoint that you kept")
    parser.add_argument("--json", action="store_true", help="answer as JSON")
    options = parser.parse_args(arguments)
    try:
        data = read_bytes(options.file)
        trust = json.loads(read_bytes(options.trust)) if options.trust else None
        known = read_bytes(options.known).decode() if options.known else ""
        answer = dict(check_file(data, trust, known), code=0, sentence="")
        answer["sentence"] = sentence(answer)
    except Bad as bad:
        line = None if bad.line is None else bad.line + 1
        answer = {"code": bad.code, "meaning": CODES[bad.code], "sentence": bad.sentence, "line": line}
    except (OSError, ValueError, KeyError, TypeError) as error:
        answer = {"code": 2, "meaning": CODES[2], "sentence": f"cannot be read: {error}", "line": None}
    refused = f"REJECTED ({answer['code']}, {answer.get('meaning')})\n{answer['sentence']}"
    text = json.dumps(answer, ensure_ascii=False) if options.json else refused if answer["code"] else answer["sentence"]
    print(text, file=sys.stderr if answer["code"] and not options.json else sys.stdout)
    return answer["code"]
if __name__ == "__main__":
    sys.exit(main())
