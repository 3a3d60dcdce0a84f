"""What the image does before its mark: what it imports here, no script has to load."""


def preload():
    import base64, bisect, collections.abc, contextlib, copy, csv, dataclasses, datetime  # noqa: E401,F401
    import decimal, enum, fractions, functools, gc, hashlib, heapq, hmac, io, itertools
    import json, linecache, math, operator, os, pathlib, random, re, secrets, socket, sqlite3
    import statistics, string, struct, sys, textwrap, time, tokenize, traceback, types
    import typing, urllib.parse, uuid, warnings, zlib, _strptime

    # Lines are written when they end: standard output and standard error are the same console.
    sys.stdout.reconfigure(line_buffering=True)
    socket.socketpair = pipe_pair
    # The garbage collector leaves alone what is there now: to look at it would be to copy it.
    gc.collect()
    gc.freeze()


class PipeEnd:
    """An end of a pipe with the methods of sockets by which an event loop of asyncio wakes itself."""

    def __init__(self, descriptor):
        self._descriptor = descriptor

    def fileno(self):
        return self._descriptor

    def setblocking(self, flag):
        import os

        os.set_blocking(self._descriptor, flag)

    def recv(self, size):
        import os

        return os.read(self._descriptor, size)

    def send(self, data):
        import os

        return os.write(self._descriptor, data)

    def close(self):
        import os

        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1


def pipe_pair(*_):
    """In place of socket.socketpair: there are no sockets, and one direction is what asyncio needs."""
    import os

    receiver, sender = os.pipe()
    return PipeEnd(receiver), PipeEnd(sender)


preload()
del preload
