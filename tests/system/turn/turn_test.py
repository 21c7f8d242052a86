"""deploy/turn/turnserver.conf in a real coturn: it relays to Upcall's media address and to nothing else.

    turn_test.py CONF UNIT...      names of unittest, for ctest
"""
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest

from turn_client import Turn, credentials

CONF = pathlib.Path(sys.argv[1])
SECRET = "a secret of this test"
ALLOWED = "203.0.113.7"   # as the file has it

# reliability: loopback, this host, link-local with the metadata service, private, shared, documentation, benchmarks, multicast,
# broadcast; then public ones that are not ours.
DENIED_4 = ["0.0.0.0", "0.0.0.1", "127.0.0.1", "127.1.2.3", "127.255.255.255", "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255",
            "192.168.0.1", "192.168.255.255", "169.254.0.1", "169.254.169.254", "100.64.0.1", "100.127.255.255", "192.0.0.1", "192.0.2.1",
            "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.6", "203.0.113.8", "224.0.0.1", "239.255.255.255", "240.0.0.1",
            "255.255.255.255", "8.8.8.8", "1.1.1.1"]
# The same in every encoding in an IPv6 address that anything on the way may take apart again.
DENIED_6 = ["::", "::1", "fe80::1", "febf:ffff::1", "fec0::1", "fc00::1", "fd00::1", "fdff:ffff::1", "ff02::1", "ff05::2", "2001:db8::1", "100::1",
            "2606:4700:4700::1111"]
for ip in DENIED_4 + [ALLOWED]:
    a, b, c, d = (int(x) for x in ip.split("."))
    high, low = f"{a << 8 | b:x}", f"{c << 8 | d:x}"
    DENIED_6 += [f"::ffff:{high}:{low}",        # v4-mapped
                 f"::{high}:{low}",             # v4-compatible
                 f"64:ff9b::{high}:{low}",      # NAT64
                 f"64:ff9b:1::{high}:{low}",    # local NAT64
                 f"2002:{high}:{low}::1",       # 6to4
                 f"2001:0:{high}:{low}::1",     # Teredo
                 f"fe80::5efe:{high}:{low}"]    # ISATAP


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s:
            s.bind(("::1", 0))
        return True
    except OSError:
        return False


class Coturn:
    def __init__(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="upcall-turn-"))
        self.port, self.tls_port = free_port(), free_port()
        key, cert = self.directory / "key.pem", self.directory / "cert.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                        "-subj", "/CN=turn.example.com", "-keyout", key, "-out", cert], check=True, capture_output=True)
        changed = {"static-auth-secret": SECRET, "cert": cert, "pkey": key, "listening-port": self.port, "tls-listening-port": self.tls_port}
        lines = []
        for line in CONF.read_text().splitlines():
            name = line.split("=")[0]
            lines.append(f"{name}={changed.pop(name)}" if name in changed else line)
        assert not changed, f"the file lacks {changed}"
        # What a host of its own need not say: where to listen, and where to put files.
        lines += ["listening-ip=127.0.0.1", "relay-ip=127.0.0.1", f"pidfile={self.directory}/pid", f"userdb={self.directory}/db", "log-file=stdout", "no-stdout-log"]
        if has_ipv6():
            lines += ["listening-ip=::1", "relay-ip=::1"]
        file = self.directory / "turnserver.conf"
        file.write_text("\n".join(lines) + "\n")
        self.log = open(self.directory / "log", "wb")
        self.process = subprocess.Popen(["turnserver", "-c", str(file)], stdout=self.log, stderr=subprocess.STDOUT, cwd=self.directory)
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise RuntimeError(f"coturn is not up: {(self.directory / 'log').read_text()}") from None

    def stop(self):
        self.process.terminate()
        self.process.wait(20)
        self.log.close()
        shutil.rmtree(self.directory, ignore_errors=True)


class Shipped(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.coturn = Coturn()

    @classmethod
    def tearDownClass(cls):
        cls.coturn.stop()

    def client(self, transport="udp", given=None):
        name, password = given or credentials(SECRET)
        out = Turn(("127.0.0.1", self.coturn.tls_port if transport == "tls" else self.coturn.port), transport, name, password)
        self.addCleanup(out.close)
        return out

    def test_upcalls_media_address_is_reached_over_each_transport(self):
        for transport in ("udp", "tcp", "tls"):
            with self.subTest(transport):
                client = self.client(transport)
                self.assertEqual(client.allocate(), 0)
                self.assertEqual(client.permit(ALLOWED), 0)
                self.assertEqual(client.bind_channel(0x4001, ALLOWED, 40000), 0)

    def test_nothing_else_is_reached_in_no_encoding(self):
        four = self.client()
        self.assertEqual(four.allocate(4), 0)
        for ip in DENIED_4:
            self.assertEqual(four.permit(ip), 403, ip)
            self.assertEqual(four.bind_channel(0x4002, ip), 403, ip)
        for ip in DENIED_6:   # to a relay of the other family
            self.assertIn(four.permit(ip), (403, 443), ip)
        self.assertEqual(four.permit(ALLOWED), 0, "the allocation still works: the refusals were no accident")

    def test_nothing_else_is_reached_from_an_ipv6_relay(self):
        if not has_ipv6():
            self.skipTest("this host has no IPv6")
        six = self.client()
        self.assertEqual(six.allocate(6), 0)
        for ip in DENIED_6:
            self.assertEqual(six.permit(ip), 403, ip)
            self.assertEqual(six.bind_channel(0x4003, ip), 403, ip)

    def test_credentials_end_and_nobody_else_makes_any(self):
        self.assertEqual(self.client(given=credentials(SECRET, life=-5)).allocate(), 401)
        self.assertEqual(self.client(given=credentials("another secret")).allocate(), 401)
        self.assertEqual(self.client(given=("", "")).allocate(), 401)
        name, password = credentials(SECRET)
        later = f"{int(name.split(':')[0]) + 86400}:{name.split(':')[1]}"
        self.assertEqual(self.client(given=(later, password)).allocate(), 401, "a name with a later end")

    def test_no_relay_of_tcp(self):
        self.assertNotEqual(self.client("tcp").allocate(transport=6), 0)


if __name__ == "__main__":
    sys.exit(0 if unittest.main(argv=[sys.argv[0], *sys.argv[2:]], exit=False, verbosity=2).result.wasSuccessful() else 1)
