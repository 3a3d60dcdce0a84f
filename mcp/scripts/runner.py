"""Answers the calls of tools: functions of the module that the command line names. Frames come from and go
to the device of standard input: a length in four bytes, little-endian, and as many bytes of JSON."""

import base64
import gc
import json
import os
import random
import sys
import traceback
import types
import typing

LARGEST = 10 << 20
SIMPLE = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}


class Caller:
    """Whoever calls."""

    def __init__(self):
        self._file = os.open("/dev/stdin", os.O_RDWR | os.O_CLOEXEC)
        self._last_id = 0

    def _read(self, size):
        parts = []
        while size > 0:
            part = os.read(self._file, size)
            if not part:
                return None
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def receive(self):
        """The next message; None at the end."""
        head = self._read(4)
        body = head and self._read(int.from_bytes(head, "little"))
        return None if body is None else json.loads(body)

    def send(self, message):
        body = json.dumps(message).encode()
        if len(body) > LARGEST:
            raise ValueError(f"an answer of {len(body)} bytes: at most {LARGEST} are allowed")
        rest = memoryview(len(body).to_bytes(4, "little") + body)
        while len(rest) > 0:
            rest = rest[os.write(self._file, rest) :]

    def ask(self, method, params):
        """Has the host do something. Returns its reply."""
        self._last_id += 1
        self.send({"jsonrpc": "2.0", "id": self._last_id, "method": method, "params": params})
        reply = self.receive()
        if reply is None:
            sys.exit(1)
        return reply


class FetchError(OSError):
    """A request that was not allowed, or that failed."""


class Response:
    """What a request was answered with."""

    def __init__(self, answer):
        self.url, self.status, self.headers = answer["url"], answer["status"], answer["headers"]
        body = answer["body"]
        self.content = base64.b64decode(body) if answer["base64"] else body.encode()

    @property
    def text(self):
        return self.content.decode(errors="replace")

    def json(self):
        return json.loads(self.content)


def add_functions(caller):
    """Makes the module `soloden`, which tools import."""

    def fetch(url, *, method="GET", headers=None, body=None):
        """Makes a request, if the configuration of the tool allows it."""
        params = {"url": url, "method": method, "headers": headers or {}}
        if isinstance(body, str):
            params["body"] = body
        elif body is not None:
            params.update(body=base64.b64encode(body).decode(), base64=True)
        reply = caller.ask("fetch", params)
        if "error" in reply:
            raise FetchError(reply["error"]["message"])
        return Response(reply["result"])

    def progress(done, total=None, message=None):
        """Tells the client how far the call is."""
        told = {"progress": done, "total": total, "message": message}
        params = {name: value for name, value in told.items() if value is not None}
        caller.send({"jsonrpc": "2.0", "method": "progress", "params": params})

    module = types.ModuleType("soloden", "What the host does for a tool.")
    vars(module).update(fetch=fetch, progress=progress, FetchError=FetchError, Response=Response)
    sys.modules["soloden"] = module


def schema_of(hint):
    """The JSON Schema of a type hint; what is not known is anything."""
    if hint in SIMPLE:
        return {"type": SIMPLE[hint]}
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Literal:
        return {"enum": list(args)}
    if origin is typing.Union or origin is types.UnionType:
        return {"anyOf": [schema_of(arg) for arg in args]}
    if hint is list or origin is list:
        return {"type": "array", **({"items": schema_of(args[0])} if args else {})}
    if hint is dict or origin is dict:
        return {"type": "object"}
    return {}


def is_tool(name, value, module):
    """Whether it is a public function of the module with a docstring and hints for all of its parameters."""
    if name.startswith("_") or not isinstance(value, types.FunctionType):
        return False
    if value.__module__ != module.__name__ or not value.__doc__:
        return False
    return all(parameter in value.__annotations__ for parameter in parameters_of(value))


def parameters_of(function):
    code = function.__code__
    return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]


def describe(module):
    tools = []
    for name, function in vars(module).items():
        if not is_tool(name, function, module):
            continue
        names, hints = parameters_of(function), typing.get_type_hints(function)
        positional = function.__code__.co_argcount
        optional = set(names[positional - len(function.__defaults__ or ()) : positional])
        optional |= set(function.__kwdefaults__ or ())
        schema = {
            "type": "object",
            "properties": {name: schema_of(hints[name]) for name in names},
            "required": [name for name in names if name not in optional],
            "additionalProperties": False,
        }
        doc = " ".join(function.__doc__.split())
        tools.append({"name": name, "description": doc, "inputSchema": schema})
    return {"tools": tools}


def compiled(path):
    """The code of a script, or what is wrong with it. Nothing of it runs."""
    try:
        with open(path, "rb") as file:
            return compile(file.read(), path, "exec"), None
    except (SyntaxError, ValueError) as error:
        return None, error


def ready():
    """Every call goes on from here, with an environment and random numbers of its own."""
    os.close(os.open("/dev/soloden/ready", os.O_RDONLY))
    file = os.open("/proc/self/environ", os.O_RDONLY)
    while variables := os.read(file, 1 << 20):
        for variable in os.fsdecode(variables).split("\0"):
            name, equals, value = variable.partition("=")
            if equals:
                os.environ[name] = value
    os.close(file)
    random.seed(os.urandom(32))


def load(name, path, script):
    """Runs a script as a module, once."""
    if name in sys.modules:
        return sys.modules[name]
    code, error = script
    if error is not None:
        raise error
    module = types.ModuleType(name)
    module.__file__ = path
    sys.modules[name] = module
    try:
        exec(code, vars(module))
    except BaseException:
        del sys.modules[name]
        raise
    return module


def answer(request, module):
    name = request["method"]
    if name == "rpc.describe":
        return {"result": describe(module)}
    function = vars(module).get(name)
    if not is_tool(name, function, module):
        return {"error": {"code": -32601, "message": f"no such tool: {name}"}}
    return {"result": function(**request.get("params", {}))}


def respond(caller, request, loaded):
    """Answers a request. What was printed before comes first."""
    head = {"jsonrpc": "2.0", "id": request["id"]}
    try:
        said = answer(request, loaded())
        sys.stdout.flush()
        caller.send({**head, **said})
    except Exception as error:
        traceback.print_exc()
        sys.stdout.flush()
        message = f"{type(error).__name__}: {error}"
        caller.send({**head, "error": {"code": -32603, "message": message}})


def main():
    name = sys.argv[1]
    path = f"/packages/{name}.py"
    script = compiled(path)
    sys.stdin = open("/dev/null")
    # The garbage collector leaves alone what is there now: to look at it would be to copy it.
    gc.collect()
    gc.freeze()
    ready()
    caller = Caller()
    add_functions(caller)
    while (request := caller.receive()) is not None:
        respond(caller, request, lambda: load(name, path, script))


main()
