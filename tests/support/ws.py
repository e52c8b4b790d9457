"""A small WebSocket client that holds the server to every rule of RFC 6455.

It never hides anything: frames that a server must not send raise Broken, and a test can send frames that
a client must not send.
"""
import base64
import codecs
import hashlib
import os
import socket
import struct
import zlib

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
WAIT_S = 30


class Broken(Exception):
    """The server broke the protocol."""


class Rejected(Exception):
    """The handshake was answered with something else than 101."""

    def __init__(self, status, headers, body):
        super().__init__("%d %r" % (status, body))
        self.status = status
        self.headers = headers
        self.body = body


class Closed(Exception):
    """The connection has ended; code 1006 when no close frame came."""

    def __init__(self, code, reason=""):
        super().__init__("%d %s" % (code, reason))
        self.code = code
        self.reason = reason


def masked(payload, mask):
    """`payload` with the mask on, or off again."""
    if not payload:
        return b""
    key = (mask * (len(payload) // 4 + 1))[:len(payload)]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")).to_bytes(len(payload), "big")


def frame(opcode, payload=b"", fin=True, rsv=0, mask=b"\x37\xfa\x21\x3d", form=None):
    """The bytes of a frame; mask None: not masked; form 7, 16 or 64: so many bits for the length."""
    first = (0x80 if fin else 0) | rsv << 4 | opcode
    size = len(payload)
    if form is None:
        form = 7 if size < 126 else 16 if size < 65536 else 64
    bit = 0 if mask is None else 0x80
    if form == 7:
        head = struct.pack(">BB", first, bit | size)
    elif form == 16:
        head = struct.pack(">BBH", first, bit | 126, size)
    else:
        head = struct.pack(">BBQ", first, bit | 127, size)
    return head + (payload if mask is None else mask + masked(payload, mask))


def close_code_valid(code):
    return code in (1000, 1001, 1002, 1003) or 1007 <= code <= 1014 or 3000 <= code <= 4999


class WebSocket:
    """One connection. Single-threaded: nothing is read but by recv()."""

    def __init__(self, host, port, path="/ws", headers=(), timeout=WAIT_S, receive_buffer=None,
                 segment=None, behind=b"", pong=True, tls=None, deflate=None,
                 source_address=None):
        """`behind`: bytes sent together with the handshake; pong: answer pings inside recv(); tls: an
        ssl.SSLContext, for wss; deflate: an offer of permessage-deflate, or True for the usual one;
        source_address: where to connect from.

        A small receive_buffer and a small segment keep the kernels from taking much for a slow reader.
        """
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        if source_address:
            self.socket.bind(source_address)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.deflate = None  # the parameters that were agreed on
        self._offer = "permessage-deflate; client_max_window_bits" if deflate is True else deflate
        self.compressed = 0  # messages that came so
        self.buffer = bytearray()
        self.at = 0
        self.pong = pong
        self.pings = 0
        self.close_sent = False
        self.close_seen = None
        self._message = None  # (opcode, parts) of a message that is being received
        if segment:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, segment)
        try:
            self.socket.connect((host, port))
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if tls:
                self.socket = tls.wrap_socket(self.socket, server_hostname="localhost")
            self._handshake(host, port, path, headers, behind)
        except BaseException:
            self.socket.close()
            raise

    # ---- handshake ----

    def _handshake(self, host, port, path, headers, behind):
        key = base64.b64encode(os.urandom(16)).decode()
        lines = ["GET %s HTTP/1.1" % path, "Host: %s:%d" % (host, port), "Upgrade: websocket",
                 "Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: " + key]
        lines += ["%s: %s" % header for header in headers]
        if self._offer:
            lines.append("Sec-WebSocket-Extensions: " + self._offer)
        self.socket.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + behind)
        status, answer = self._read_head()
        if status != 101:
            length = int(answer.get("content-length", "0"))
            raise Rejected(status, answer, bytes(self._take(length)))
        expected = base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()
        if answer.get("sec-websocket-accept") != expected:
            raise Broken("wrong Sec-WebSocket-Accept")
        if answer.get("upgrade", "").lower() != "websocket" or \
                "upgrade" not in answer.get("connection", "").lower():
            raise Broken("101 without the headers of an upgrade")
        self._agree(answer.get("sec-websocket-extensions"))
        self.protocol = answer.get("sec-websocket-protocol")
        offered = [v for n, v in headers if n.lower() == "sec-websocket-protocol"]
        if self.protocol and self.protocol not in ",".join(offered):
            raise Broken("a subprotocol that nobody offered")

    def _agree(self, extension):
        if extension is None:
            return
        name, *parameters = [part.strip() for part in extension.split(";")]
        if not self._offer or name != "permessage-deflate":
            raise Broken("an extension that nobody offered")
        self.deflate = dict(part.partition("=")[::2] for part in parameters)
        known = {"server_no_context_takeover", "client_no_context_takeover",
                 "server_max_window_bits", "client_max_window_bits"}
        if len(self.deflate) != len(parameters) or not known.issuperset(self.deflate):
            raise Broken("parameters of permessage-deflate: " + extension)

    def _expand(self, payload):
        self.compressed += 1
        bits = int(self.deflate.get("server_max_window_bits", "15"))
        expander = zlib.decompressobj(-bits)
        whole = expander.decompress(payload + b"\0\0\xff\xff")
        if expander.unconsumed_tail or expander.unused_data:
            raise Broken("more than a compressed message")
        return whole

    def _read_head(self):
        while True:
            end = self.buffer.find(b"\r\n\r\n", self.at)
            if end >= 0:
                break
            self._fill()
        lines = bytes(self.buffer[self.at:end]).decode("ascii").split("\r\n")
        self.at = end + 4
        version, status, *_ = lines[0].split(" ")
        if version != "HTTP/1.1":
            raise Broken("status line: " + lines[0])
        pairs = (line.split(":", 1) for line in lines[1:])
        return int(status), {name.strip().lower(): value.strip() for name, value in pairs}

    # ---- bytes ----

    def _fill(self):
        try:
            data = self.socket.recv(262144)
        except (ConnectionResetError, BrokenPipeError):
            data = b""
        if not data:
            raise self.close_seen or Closed(1006)
        if self.at:
            del self.buffer[:self.at]
            self.at = 0
        self.buffer += data

    def _take(self, size):
        while len(self.buffer) - self.at < size:
            self._fill()
        taken = bytes(self.buffer[self.at:self.at + size])
        self.at += size
        return taken

    def waiting(self):
        """Whether bytes are here that recv() has not used."""
        return len(self.buffer) > self.at

    # ---- sending ----

    def send_raw(self, data):
        self.socket.sendall(data)

    def send_frame(self, opcode, payload=b"", **how):
        self.send_raw(frame(opcode, payload, mask=how.pop("mask", os.urandom(4)), **how))

    def send_text(self, text):
        self.send_frame(TEXT, text.encode())

    def send_compressed(self, text, level=9):
        """One message, compressed without context."""
        packer = zlib.compressobj(level, zlib.DEFLATED, -15)
        packed = packer.compress(text.encode()) + packer.flush(zlib.Z_SYNC_FLUSH)
        self.send_frame(TEXT, packed[:-4], rsv=4)

    def send_close(self, code=None, reason=""):
        self.close_sent = True
        self.send_frame(CLOSE, b"" if code is None else struct.pack(">H", code) + reason.encode())

    # ---- receiving ----

    def recv_frame(self):
        """(fin, opcode, payload) of the next frame, which must be one that a server may send."""
        if self.close_seen:
            raise Broken("a frame after the close frame") if self.waiting() else self.close_seen
        first, second = self._take(2)
        fin, opcode = bool(first & 0x80), first & 15
        self._packed = bool(first & 0x40)
        if first & 0x30 or (self._packed and (self.deflate is None or opcode not in (TEXT, BINARY))):
            raise Broken("a reserved bit is set")
        if second & 0x80:
            raise Broken("the server masks")
        size = second & 127
        if size == 126:
            size, = struct.unpack(">H", self._take(2))
            if size < 126:
                raise Broken("length not in its shortest form")
        elif size == 127:
            size, = struct.unpack(">Q", self._take(8))
            if size < 65536 or size >> 63:
                raise Broken("length not in its shortest form")
        if opcode >= 8 and (not fin or size > 125):
            raise Broken("a control frame that is fragmented or too long")
        return fin, opcode, self._take(size)

    def recv(self):
        """(opcode, payload) of the next message, pings and pongs included; Closed at the end."""
        while True:
            fin, opcode, payload = self.recv_frame()
            if opcode == CLOSE:
                self._on_close(payload)
            elif opcode in (PING, PONG):
                if opcode == PING:
                    self.pings += 1
                    if self.pong and not self.close_sent:
                        self.send_frame(PONG, payload)
                return opcode, payload
            elif opcode in (TEXT, BINARY):
                if self._message:
                    raise Broken("a new message inside another")
                self._message = opcode, [payload], self._packed
            elif opcode == CONTINUATION:
                if not self._message:
                    raise Broken("nothing to continue")
                self._message[1].append(payload)
            else:
                raise Broken("reserved opcode %d" % opcode)
            if fin:
                opcode, parts, packed = self._message
                self._message = None
                whole = self._expand(b"".join(parts)) if packed else b"".join(parts)
                if opcode == TEXT:
                    codecs.decode(whole, "utf-8")  # UnicodeDecodeError: the server's fault
                return opcode, whole

    def _on_close(self, payload):
        if len(payload) == 1:
            raise Broken("a close code cut short")
        code, reason = 1005, ""
        if payload:
            code, = struct.unpack(">H", payload[:2])
            reason = payload[2:].decode("utf-8")
            if not close_code_valid(code):
                raise Broken("close code %d" % code)
        self.close_seen = Closed(code, reason)
        if not self.close_sent:
            try:
                self.send_close(None if code == 1005 else code)
            except OSError:
                pass  # it did not wait
        raise self.close_seen

    def recv_data(self):
        """The next message that is no ping or pong."""
        while True:
            opcode, payload = self.recv()
            if opcode in (TEXT, BINARY):
                return opcode, payload

    def recv_close(self):
        """Read until the end: the close code. What comes before it is thrown away."""
        try:
            while True:
                self.recv()
        except Closed as closed:
            return closed.code

    def expect_end(self):
        """After the close frame: nothing follows but the end of the stream."""
        try:
            self._fill()
        except Closed:
            return
        raise Broken("bytes after the close frame")

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        self.close()
