"""Runs one call of a tool: standard input has the request, and what follows the mark is the answer."""

import importlib
import json
import sys
import traceback
import types
import typing

SIMPLE = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}


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


def functions_of(module):
    """Every public function of the module with a docstring and hints for all of its parameters."""
    found = {}
    for name, value in vars(module).items():
        if name.startswith("_") or not isinstance(value, types.FunctionType):
            continue
        if value.__module__ != module.__name__ or not value.__doc__:
            continue
        hints = typing.get_type_hints(value)
        names = parameters_of(value)
        if all(parameter in hints for parameter in names):
            found[name] = (value, names, hints)
    return found


def parameters_of(function):
    code = function.__code__
    return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]


def describe(functions):
    tools = []
    for name, (function, names, hints) in functions.items():
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


def answer(request):
    module = importlib.import_module(request["module"])
    functions = functions_of(module)
    if request["method"] == "rpc.describe":
        return {"result": describe(functions)}
    if request["method"] not in functions:
        return {"error": {"code": -32601, "message": f"no such tool: {request['method']}"}}
    function, *_ = functions[request["method"]]
    return {"result": function(**request["params"])}


def main():
    request = json.loads(sys.stdin.read())
    try:
        text = json.dumps(answer(request))
    except Exception as error:
        traceback.print_exc()
        text = json.dumps({"error": {"code": -32603, "message": f"{type(error).__name__}: {error}"}})
    sys.stdout.write("\n" + request["mark"] + text)
    sys.stdout.flush()


main()
