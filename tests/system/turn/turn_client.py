"""A TURN client (RFC 8656) that asks for one thing at a time and tells the answer's code. Standard library only."""
import base64
import hashlib
import hmac
import ipaddress
import os
import socket
import ssl
import struct
import time
import zlib

COOKIE = 0x2112A442
ALLOCATE, CREATE_PERMISSION, CHANNEL_BIND = 0x003, 0x008, 0x009
USERNAME, INTEGRITY, ERROR_CODE, CHANNEL_NUMBER, LIFETIME, PEER, REALM, NONCE, RELAYED, FAMILY, TRANSPORT, FINGERPRINT = (
    0x0006, 0x0008, 0x0009, 0x000C, 0x000D, 0x0012, 0x0014, 0x0015, 0x0016, 0x0017, 0x0019, 0x8028)


def credentials(secret, life=3600):
    """As Upcall makes them."""
    username = f"{int(time.time()) + life}:{base64.urlsafe_b64encode(os.urandom(9)).decode()}"
    password = base64.b64encode(hmac.new(secret.encode(), username.encode(), hashlib.sha1).digest()).decode()
    return username, password


class Turn:
    def __init__(self, address, transport="udp", username="", password=""):
        self.username, self.password = username, password
        self.realm = self.nonce = b""
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.stream = transport != "udp"
        self.socket = socket.socket(family, socket.SOCK_STREAM if self.stream else socket.SOCK_DGRAM)
        self.socket.settimeout(10)
        self.socket.connect(address)
        if transport == "tls":
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            self.socket = context.wrap_socket(self.socket)

    def close(self):
        self.socket.close()

    def exchange(self, method, attributes):
        """(error code or 0, attributes of the answer). A 401 or 438 is answered once with what it asks for."""
        for _ in range(2):
            code, answer = self._once(method, attributes)
            if code not in (401, 438) or NONCE not in answer:
                break
            again = (answer[REALM], answer[NONCE]) != (self.realm, self.nonce)
            self.realm, self.nonce = answer[REALM], answer[NONCE]
            if not again or not self.username:
                break
        return code, answer

    def _once(self, method, attributes):
        transaction = os.urandom(12)
        body = b"".join(_attribute(t, v.encode(transaction) if isinstance(v, Peer) else v) for t, v in attributes)
        if self.nonce:
            body += _attribute(USERNAME, self.username.encode()) + _attribute(REALM, self.realm) + _attribute(NONCE, self.nonce)
            key = hashlib.md5(f"{self.username}:{self.realm.decode()}:{self.password}".encode()).digest()
            code = hmac.new(key, _header(method, len(body) + 24, transaction) + body, hashlib.sha1).digest()
            body += _attribute(INTEGRITY, code)
        check = zlib.crc32(_header(method, len(body) + 8, transaction) + body) ^ 0x5354554E
        body += _attribute(FINGERPRINT, struct.pack("!I", check))
        message = _header(method, len(body), transaction) + body
        answer = b""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            self.socket.sendall(message)
            try:
                answer = self._receive()
            except socket.timeout:
                continue
            if answer[8:20] == transaction:
                break
        if answer[8:20] != transaction:
            raise TimeoutError("no answer")
        found, at = {}, 20
        while at + 4 <= len(answer):
            kind, size = struct.unpack_from("!HH", answer, at)
            found.setdefault(kind, answer[at + 4:at + 4 + size])
            at += 4 + (size + 3) // 4 * 4
        error = found[ERROR_CODE][2] * 100 + found[ERROR_CODE][3] if ERROR_CODE in found else 0
        return error, found

    def _receive(self):
        if not self.stream:
            return self.socket.recv(2048)
        head = self._exactly(20)
        return head + self._exactly(struct.unpack_from("!H", head, 2)[0])

    def _exactly(self, size):
        out = b""
        while len(out) < size:
            piece = self.socket.recv(size - len(out))
            if not piece:
                raise TimeoutError("the connection ended")
            out += piece
        return out

    def allocate(self, family=4, transport=17):
        code, _ = self.exchange(ALLOCATE, [(TRANSPORT, bytes([transport, 0, 0, 0])), (FAMILY, bytes([1 if family == 4 else 2, 0, 0, 0]))])
        return code

    def permit(self, ip, port=9):
        return self.exchange(CREATE_PERMISSION, [(PEER, Peer(ip, port))])[0]

    def bind_channel(self, number, ip, port=9):
        return self.exchange(CHANNEL_BIND, [(CHANNEL_NUMBER, struct.pack("!HH", number, 0)), (PEER, Peer(ip, port))])[0]


class Peer:
    """XOR-PEER-ADDRESS, whose bytes depend on the transaction."""

    def __init__(self, ip, port):
        self.ip, self.port = ipaddress.ip_address(ip), port

    def encode(self, transaction):
        mask = struct.pack("!I", COOKIE) + transaction
        packed = bytes(a ^ b for a, b in zip(self.ip.packed, mask))
        return struct.pack("!BBH", 0, 1 if self.ip.version == 4 else 2, self.port ^ (COOKIE >> 16)) + packed


def _header(method, size, transaction):
    return struct.pack("!HHI", method, size, COOKIE) + transaction


def _attribute(kind, value):
    return struct.pack("!HH", kind, len(value)) + value + bytes(-len(value) % 4)
