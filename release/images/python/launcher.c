/*
 * launcher.c: CPython as a program that begins once. It initialises the interpreter, imports what
 * many scripts want, and opens /dev/soloden/ready. What follows happens in every start: it draws
 * new random numbers, and runs the script that the command line names.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "prelude.h"
#include "../ready.h"
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define LIBRARY "/lib/python3.11"
/* Where --packages is. */
#define PACKAGES "/packages"

/* Modules that libpython does not contain, built from CPython's source. */
PyObject *PyInit__contextvars(void);
PyObject *PyInit__decimal(void);
PyObject *PyInit__json(void);
PyObject *PyInit__queue(void);
PyObject *PyInit__sqlite3(void);
PyObject *PyInit__typing(void);
PyObject *PyInit__zoneinfo(void);

static struct _inittab added[] = {
    {"_contextvars", PyInit__contextvars},
    {"_decimal", PyInit__decimal},
    {"_json", PyInit__json},
    {"_queue", PyInit__queue},
    {"_sqlite3", PyInit__sqlite3},
    {"_typing", PyInit__typing},
    {"_zoneinfo", PyInit__zoneinfo},
    {NULL, NULL},
};

/* Part of libpython, though not of its headers: sets a module's variables to None, as exiting does.
 */
void _PyModule_Clear(PyObject *module);

static void check(PyStatus status) {
    if (PyStatus_Exception(status))
        Py_ExitStatusException(status);
}

static void begin(void) {
    PyPreConfig before;
    PyPreConfig_InitIsolatedConfig(&before);
    before.utf8_mode = 1;
    check(Py_PreInitialize(&before));
    if (PyImport_ExtendInittab(added) != 0)
        Py_FatalError("not enough memory");
    PyConfig config;
    PyConfig_InitIsolatedConfig(&config);
    config.write_bytecode = 0;
    config.buffered_stdio = 1;
    config.module_search_paths_set = 1;
    check(PyWideStringList_Append(&config.module_search_paths, L"" LIBRARY));
    check(PyConfig_SetString(&config, &config.program_name, L"python3"));
    check(PyConfig_SetString(&config, &config.executable, L"/python"));
    check(PyConfig_SetString(&config, &config.prefix, L""));
    check(PyConfig_SetString(&config, &config.exec_prefix, L""));
    check(PyConfig_SetString(&config, &config.base_prefix, L""));
    check(PyConfig_SetString(&config, &config.base_exec_prefix, L""));
    check(PyConfig_SetString(&config, &config.stdlib_dir, L"" LIBRARY));
    check(Py_InitializeFromConfig(&config));
    PyConfig_Clear(&config);
}

/* Runs prelude.py in a module of its own, so that the script's names are the script's. */
static void preload(void) {
    PyObject *code = Py_CompileString(prelude, "prelude.py", Py_file_input);
    PyObject *module = code == NULL ? NULL : PyImport_ExecCodeModule("_soloden", code);
    if (module != NULL)
        return;
    PyErr_Print();
    _exit(70);
}

/*
 * Fills the pools of small objects that have room, for good: what a start makes then lies together,
 * in new pools, and not in every page in which something was free.
 */
static void fill_pools(void) {
    const uintptr_t pool_size = 16384, header_size = 48;
    for (size_t size = 16; size <= 512; size += 16) {
        char *object;
        do {
            object = PyObject_Malloc(size);
        } while (object != NULL && (uintptr_t)object % pool_size != header_size);
        PyObject_Free(object);
    }
}

/* random.seed() */
static PyObject *seed;

static void find_seed(void) {
    PyObject *module = PyImport_ImportModule("random");
    seed = module == NULL ? NULL : PyObject_GetAttrString(module, "seed");
    Py_XDECREF(module);
    if (seed == NULL)
        Py_FatalError("no random.seed");
}

/* A start's own randomness. The modules `secrets` and `uuid` ask the system each time. */
static void reseed(void) {
    sqlite3_randomness(0, NULL);
    PyObject *result = PyObject_CallNoArgs(seed);
    if (result == NULL)
        Py_FatalError("no random numbers");
    Py_DECREF(result);
}

/* The words of the command line, of this start. */
static PyObject *arguments(void) {
    static char line[16384];
    int file = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return PyErr_SetFromErrnoWithFilename(PyExc_OSError, "/proc/self/cmdline");
    ssize_t size = read(file, line, sizeof line - 1);
    close(file);
    PyObject *words = PyList_New(0);
    if (size < 0 || words == NULL)
        return NULL;
    const char *word = line + strlen(line) + 1; /* Without the program's name. */
    while (word < line + size) {
        PyObject *text = PyUnicode_DecodeFSDefault(word);
        if (text == NULL || PyList_Append(words, text) != 0)
            return NULL;
        Py_DECREF(text);
        word += strlen(word) + 1;
    }
    return words;
}

/* Puts the script's directory and the packages on the path, as the interpreter does with a script's
 * directory. */
static int set_path(PyObject *script) {
    PyObject *path = PySys_GetObject("path");
    Py_ssize_t slash = PyUnicode_FindChar(script, '/', 0, PyUnicode_GET_LENGTH(script), -1);
    PyObject *directory = PyUnicode_Substring(script, 0, slash > 0 ? slash : 0);
    PyObject *packages = PyUnicode_FromString(PACKAGES);
    if (directory == NULL || packages == NULL || PyList_Insert(path, 0, directory) != 0)
        return -1;
    return access(PACKAGES, F_OK) == 0 ? PyList_Insert(path, 1, packages) : 0;
}

/* Reads a file; NULL with an exception if it cannot. */
static PyObject *read_file(PyObject *path) {
    const char *name = PyUnicode_AsUTF8(path);
    int file = name == NULL ? -1 : open(name, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (file < 0 || fstat(file, &status) != 0)
        return PyErr_SetFromErrnoWithFilenameObject(PyExc_OSError, path);
    PyObject *bytes = PyBytes_FromStringAndSize(NULL, status.st_size);
    if (bytes != NULL && read(file, PyBytes_AS_STRING(bytes), status.st_size) != status.st_size) {
        Py_DECREF(bytes);
        bytes = PyErr_SetFromErrnoWithFilenameObject(PyExc_OSError, path);
    }
    close(file);
    return bytes;
}

/* Runs the script as __main__; NULL if it raised an exception. */
static PyObject *run_script(PyObject *main) {
    PyObject *words = arguments();
    if (words == NULL || PySys_SetObject("argv", words) != 0)
        return NULL;
    if (PyList_GET_SIZE(words) == 0) {
        fputs("python: no script\n", stderr);
        _exit(2);
    }
    PyObject *script = PyList_GET_ITEM(words, 0);
    PyObject *source = set_path(script) != 0 ? NULL : read_file(script);
    if (source == NULL)
        return NULL;
    PyObject *code =
        Py_CompileStringObject(PyBytes_AS_STRING(source), script, Py_file_input, NULL, -1);
    Py_DECREF(source);
    PyObject *globals = PyModule_GetDict(main);
    if (code == NULL || PyDict_SetItemString(globals, "__file__", script) != 0 ||
        PyDict_SetItemString(globals, "__cached__", Py_None) != 0)
        return NULL;
    return PyEval_EvalCode(code, globals, globals);
}

/* The status of a SystemExit, whose code may be anything. */
static int exit_status(void) {
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    PyObject *code = PyObject_GetAttrString(value, "code");
    if (code == NULL || code == Py_None)
        return 0;
    if (PyLong_Check(code))
        return (int)PyLong_AsLong(code);
    PyObject *errors = PySys_GetObject("stderr");
    if (errors == NULL || PyFile_WriteObject(code, errors, Py_PRINT_RAW) != 0)
        PyErr_Clear();
    else
        PySys_WriteStderr("\n");
    return 1;
}

static void call(const char *module, const char *function) {
    PyObject *found = PyImport_GetModule(PyUnicode_FromString(module));
    PyObject *result = found == NULL ? NULL : PyObject_CallMethod(found, function, NULL);
    if (result == NULL && PyErr_Occurred())
        PyErr_WriteUnraisable(NULL);
}

static int flush(const char *name) {
    PyObject *file = PySys_GetObject(name);
    if (file == NULL || file == Py_None)
        return 0;
    PyObject *result = PyObject_CallMethod(file, "flush", NULL);
    if (result == NULL)
        PyErr_Clear();
    return result == NULL ? -1 : 0;
}

/*
 * Ends as the interpreter does, as far as a script can tell: exit functions run, then the script's
 * own variables go. The interpreter's own memory stays: to free it would be to copy it first.
 */
static void end(PyObject *main, int status) {
    call("threading", "_shutdown");
    call("atexit", "_run_exitfuncs");
    _PyModule_Clear(main);
    PyGC_Collect();
    if (flush("stdout") != 0 && status == 0)
        status = 120;
    flush("stderr");
    _exit(status & 0xff);
}

int main(void) {
    begin();
    preload();
    find_seed();
    fill_pools();
    mark_ready();
    find_input();
    reseed();
    PyObject *module = PyImport_AddModule("__main__");
    int status = 0;
    if (run_script(module) == NULL) {
        status = 1;
        if (PyErr_ExceptionMatches(PyExc_SystemExit))
            status = exit_status();
        else
            PyErr_Print();
    }
    end(module, status);
}
