"""Compiles the modules of the standard library that an image has: library.py SOURCE TARGET."""

import ast
import os
import sys
from importlib._bootstrap_external import _code_to_hash_pyc
from importlib.util import source_hash

DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef

# What needs other processes, threads, sockets or a terminal, what is about building and debugging
# programs, and what most programs never import. A module that is here raises ModuleNotFoundError.
LEFT_OUT = """
test idlelib tkinter turtle turtledemo lib2to3 ensurepip distutils venv pydoc pydoc_data ctypes curses
dbm multiprocessing lib-dynload config-3.11-x86_64-linux-gnu __pycache__
site-packages dist-packages sqlite3/test unittest/test msilib wsgiref xmlrpc http ftplib nntplib
poplib imaplib smtplib telnetlib socketserver ssl mailbox cgi cgitb sndhdr aifc sunau wave imghdr
chunk crypt nis pty tty webbrowser cProfile profile pstats trace zipapp smtpd asyncore
asynchat uu xdrlib mailcap netrc rlcompleter antigravity this __phello__ sitecustomize _pyio
_aix_support _bootsubprocess _osx_support _sysconfigdata__linux_x86_64-linux-gnu
""".split()


def wanted(path):
    return os.path.normpath(path) not in LEFT_OUT and os.path.basename(path) not in LEFT_OUT


def compile_module(source, shown_as):
    """Compiles a module. Without docstrings, as -OO has it, since nothing shows them, but with asserts."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            alone = [ast.copy_location(ast.Pass(), node.body[0])]
            node.body = node.body[1:] or alone
    return compile(tree, shown_as, "exec", dont_inherit=True, optimize=0)


def compile_library(source, target):
    for directory, names, files in os.walk(source):
        inside = os.path.relpath(directory, source)
        names[:] = sorted(name for name in names if wanted(f"{inside}/{name}"))
        for name in sorted(files):
            stem, ending = os.path.splitext(name)
            path = os.path.normpath(f"{inside}/{stem}")
            if ending != ".py" or not wanted(path):
                continue
            with open(f"{directory}/{name}", "rb") as file:
                text = file.read()
            code = compile_module(text, f"/lib/python3.11/{path}.py")
            output = f"{target}/{path}.pyc"
            os.makedirs(os.path.dirname(output), exist_ok=True)
            with open(output, "wb") as file:
                # The file is not compared with the source, which is not there.
                file.write(_code_to_hash_pyc(code, source_hash(text), checked=False))


compile_library(*sys.argv[1:])
