#!/usr/bin/env python3
"""A real S3 server for the tests: Ceph RGW on loopback, objects in memory, started once a ctest run (CTest fixture).

    rgw.py start DIRECTORY     # writes DIRECTORY/endpoint.json; {"absent": reason} where it cannot run here
    rgw.py stop DIRECTORY

One monitor, one OSD (memstore), one radosgw with a plain and a TLS port; no manager. Keys and certificate are made at each
start. Where Ceph is not installed the tests are left out and say so; where it is and does not start, this fails.
"""
import base64
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid

PROGRAMS = ("ceph-mon", "ceph-osd", "radosgw", "radosgw-admin", "ceph", "ceph-authtool", "monmaptool", "openssl")
START_WITHIN = 90
CONFIG = """[global]
fsid = {fsid}
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
auth allow insecure global id reclaim = false
mon initial members = a
mon host = [v1:127.0.0.1:{mon_port}]
public network = 127.0.0.0/8
ms bind msgr2 = false
ms bind ipv6 = false
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pgp num = 4
osd pool default pg autoscale mode = off
mon allow pool size one = true
mon warn on pool no redundancy = false
mon data avail warn = 1
mon data avail crit = 0
mon osd full ratio = 0.99
osd crush chooseleaf type = 0
osd class update on start = false
osd objectstore = memstore
memstore device bytes = 2147483648
osd memory target = 939524096
paxos propose interval = 0.05
run dir = {root}/run
admin socket =
pid file = {root}/run/$name.pid
log file = {root}/log/$name.log
log to stderr = false
keyring = {root}/keyring
mon data = {root}/mon
osd data = {root}/osd
rgw frontends = beast endpoint=127.0.0.1:{port} ssl_endpoint=127.0.0.1:{tls_port} ssl_certificate={root}/tls.crt ssl_private_key={root}/tls.key
rgw data = {root}/rgw
rgw enable usage log = false
rgw enable ops log = false
rgw gc obj min wait = 5
rgw gc processor period = 5
rgw gc processor max time = 5
rgw crypt require ssl = false
rgw crypt s3 kms backend = testing
rgw crypt s3 kms encryption keys = testkey={kms_key}
"""


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


class Cluster:
    def __init__(self, root):
        self.root = os.path.abspath(root)
        self.config = os.path.join(self.root, "ceph.conf")
        self.deadline = time.monotonic() + START_WITHIN

    def path(self, *parts):
        return os.path.join(self.root, *parts)

    def run(self, *command):
        left = max(1, self.deadline - time.monotonic())
        done = subprocess.run(command, cwd=self.root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=left, text=True)
        if done.returncode:
            raise RuntimeError(f"{command[0]} failed ({done.returncode}): {done.stdout[-2000:]}")
        return done.stdout

    def ceph(self, *command):
        # The system's Python, whatever another one on the path lacks.
        return self.run("/usr/bin/python3", shutil.which("ceph"), "-c", self.config, "--connect-timeout", "20", *command)

    def daemon(self, *command):
        with open(self.path("log", os.path.basename(command[0]) + ".out"), "ab") as out:
            child = subprocess.Popen(command, cwd=self.root, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)
        with open(self.path("pids"), "a", encoding="ascii") as pids:
            pids.write(f"{child.pid} {os.path.basename(command[0])}\n")
        return child

    def start(self):
        for name in ("mon", "osd", "rgw", "run", "log"):
            os.makedirs(self.path(name))
        os.chmod(self.root, 0o700)
        mon_port, port, tls_port = free_ports(3)
        fsid, osd_uuid = str(uuid.uuid4()), str(uuid.uuid4())
        access_key, secret_key = "UPCA" + secrets.token_hex(8).upper(), secrets.token_urlsafe(30)
        self.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
                 "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", self.path("tls.key"), "-out", self.path("tls.crt"))
        with open(self.config, "w", encoding="ascii") as out:
            out.write(CONFIG.format(fsid=fsid, root=self.root, mon_port=mon_port, port=port, tls_port=tls_port,
                                    kms_key=base64.b64encode(os.urandom(32)).decode()))
        for name, caps in (("mon.", ("mon", "allow *")),
                           ("client.admin", ("mon", "allow *", "osd", "allow *", "mgr", "allow *")),
                           ("osd.0", ("mon", "allow profile osd", "osd", "allow *", "mgr", "allow profile osd")),
                           ("client.rgw.a", ("mon", "allow rwx", "osd", "allow rwx", "mgr", "allow rw"))):
            create = ["--create-keyring"] if name == "mon." else []
            pairs = [word for i in range(0, len(caps), 2) for word in ("--cap", caps[i], caps[i + 1])]
            self.run("ceph-authtool", *create, "keyring", "--gen-key", "-n", name, *pairs)
        self.run("monmaptool", "--create", "--addv", "a", f"[v1:127.0.0.1:{mon_port}]", "--fsid", fsid, "monmap")
        self.run("ceph-mon", "-c", self.config, "-i", "a", "--mkfs", "--monmap", "monmap", "--keyring", "keyring")
        self.daemon("ceph-mon", "-c", self.config, "-i", "a", "-f")
        self.ceph("osd", "new", osd_uuid)
        self.run("ceph-osd", "-c", self.config, "-i", "0", "--mkfs", "--osd-uuid", osd_uuid)
        self.ceph("osd", "crush", "add", "osd.0", "1.0", "root=default", "host=h")
        self.daemon("ceph-osd", "-c", self.config, "-i", "0", "-f")
        gateway = self.daemon("radosgw", "-c", self.config, "-n", "client.rgw.a", "-f")
        self.run("radosgw-admin", "-c", self.config, "user", "create", "--uid=upcall", "--display-name=upcall",
                 "--access-key=" + access_key, "--secret=" + secret_key)
        self.wait_for(f"http://127.0.0.1:{port}/", gateway)
        with open(self.path("endpoint.json"), "w", encoding="utf-8") as out:
            json.dump({"endpoint": f"http://127.0.0.1:{port}", "tlsEndpoint": f"https://127.0.0.1:{tls_port}", "caFile": self.path("tls.crt"),
                       "accessKeyId": access_key, "secretAccessKey": secret_key, "region": "us-east-1", "kmsKey": "testkey"}, out)

    def wait_for(self, url, process):
        while True:
            try:
                urllib.request.urlopen(url, timeout=2).close()
                return
            except urllib.error.HTTPError:
                return
            except OSError as error:
                if process.poll() is not None or time.monotonic() > self.deadline:
                    raise RuntimeError(f"radosgw does not answer: {error}") from error
                time.sleep(0.1)

    def stop(self):
        try:
            with open(self.path("pids"), encoding="ascii") as pids:
                started = [line.split() for line in pids]
        except FileNotFoundError:
            started = []
        for pid, name in reversed(started):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as command:
                    words = command.read().decode(errors="replace").split("\0")
                # A number that another program has by now must not be hit.
                if os.path.basename(words[0]) == name and self.config in words:
                    os.kill(int(pid), signal.SIGKILL)
            except OSError:
                pass
        shutil.rmtree(self.root, ignore_errors=True)


def main(arguments):
    if len(arguments) != 2 or arguments[0] not in ("start", "stop"):
        print(__doc__, file=sys.stderr)
        return 2
    cluster = Cluster(arguments[1])
    cluster.stop()
    if arguments[0] == "stop":
        return 0
    os.makedirs(cluster.root)
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    reason = f"no Ceph RGW here, these programs are missing: {', '.join(missing)} (tools/bootstrap.sh s3 installs them)" if missing else ""
    if not reason:
        began = time.monotonic()
        try:
            cluster.start()
            print(f"Ceph RGW answers after {time.monotonic() - began:.1f} s")
            return 0
        except (RuntimeError, OSError, subprocess.TimeoutExpired) as error:
            print(f"Ceph RGW did not start: {error}", file=sys.stderr)
            if os.geteuid() == 0:
                return 1
            reason = "Ceph RGW does not start for this user; as root it should"
    cluster.stop()
    os.makedirs(cluster.root)
    with open(cluster.path("endpoint.json"), "w", encoding="utf-8") as out:
        json.dump({"absent": reason}, out)
    print("LEFT OUT: " + reason)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
