/* A target whose simulation is written in Python: the interpreter, which is started before the
 * first draw, and what fuzzverse/sdk.py calls. Linked with the interpreter's own shared library and
 * with a few generated lines, which define what is `extern` here. */
#define Py_LIMITED_API 0x030b0000
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <fuzzverse/fuzzverse.h>

extern const char fv_python_home[];   /* where the standard library is */
extern const char fv_python_script[]; /* loads the simulation, or says why not and leaves */
void fv_python_run(void);
void __sanitizer_cov_8bit_counters_init(uint8_t *start, uint8_t *stop);

enum { FV_PYTHON_EDGES_MAX = 1 << 18, FV_PYTHON_FAILED = 1 };

static uint8_t counters[FV_PYTHON_EDGES_MAX];
static unsigned counters_reserved;
static PyObject *run; /* of fuzzverse.pytarget */

/* ---- edges: what instrumented code calls ----------------------------------------------------- */

static PyObject *reserve(PyObject *self, PyObject *none) {
    (void)self, (void)none;
    if (counters_reserved == FV_PYTHON_EDGES_MAX)
        return PyErr_Format(PyExc_ValueError, "the target has more than %d edges",
                            FV_PYTHON_EDGES_MAX);
    return PyLong_FromUnsignedLong(counters_reserved++);
}

static PyObject *count(PyObject *self, PyObject *number) {
    (void)self;
    size_t edge = PyLong_AsSize_t(number);
    if (edge < counters_reserved && counters[edge] < UINT8_MAX) counters[edge]++;
    if (PyErr_Occurred()) return NULL;
    Py_RETURN_NONE;
}

/* ---- draws ----------------------------------------------------------------------------------- */

static PyObject *draw_u64(PyObject *self, PyObject *none) {
    (void)self, (void)none;
    return PyLong_FromUnsignedLongLong(fv_u64());
}

static PyObject *draw_below(PyObject *self, PyObject *bound) {
    (void)self;
    unsigned long long n = PyLong_AsUnsignedLongLong(bound);
    if (PyErr_Occurred()) return NULL;
    return PyLong_FromUnsignedLongLong(fv_below(n));
}

static PyObject *draw_between(PyObject *self, PyObject *args) {
    long long low, high;
    (void)self;
    if (!PyArg_ParseTuple(args, "LL", &low, &high)) return NULL;
    return PyLong_FromLongLong(fv_between(low, high));
}

/* "I" of the parser takes what does not fit without a word. */
static int to_u32(PyObject *from, void *to) {
    unsigned long value = PyLong_AsUnsignedLong(from);
    if (!PyErr_Occurred() && value > UINT32_MAX)
        PyErr_SetString(PyExc_OverflowError, "larger than 32 bits");
    *(uint32_t *)to = (uint32_t)value;
    return !PyErr_Occurred();
}

static PyObject *draw_chance(PyObject *self, PyObject *args) {
    uint32_t num, den;
    (void)self;
    if (!PyArg_ParseTuple(args, "O&O&", to_u32, &num, to_u32, &den)) return NULL;
    return PyBool_FromLong(fv_chance(num, den));
}

static PyObject *draw_pick(PyObject *self, PyObject *args) {
    const char *label;
    uint32_t n;
    (void)self;
    if (!PyArg_ParseTuple(args, "sO&", &label, to_u32, &n)) return NULL;
    return PyLong_FromUnsignedLong(fv_pick(label, n));
}

static PyObject *draw_bytes(PyObject *self, PyObject *size) {
    (void)self;
    Py_ssize_t n = PyLong_AsSsize_t(size);
    if (PyErr_Occurred()) return NULL;
    PyObject *bytes = PyBytes_FromStringAndSize(NULL, n);
    if (bytes != NULL) fv_bytes(PyBytes_AsString(bytes), (size_t)n);
    return bytes;
}

/* ---- marks ----------------------------------------------------------------------------------- */

/* (kind, compare, message, file, line): the mark of this identity. */
static int to_site(PyObject *from, void *to) {
    int kind, compare;
    const char *message, *file;
    uint32_t line;
    if (!PyTuple_Check(from)) {
        PyErr_SetString(PyExc_TypeError, "a mark is a tuple");
        return 0;
    }
    if (!PyArg_ParseTuple(from, "iissO&", &kind, &compare, &message, &file, to_u32, &line))
        return 0;
    *(struct fv_site **)to =
        fv_mark_dynamic((enum fv_mark_kind)kind, (enum fv_compare)compare, message, file, line);
    return 1;
}

static PyObject *mark_bool(PyObject *self, PyObject *args) {
    struct fv_site *site;
    int condition;
    (void)self;
    if (!PyArg_ParseTuple(args, "O&p", to_site, &site, &condition)) return NULL;
    fv_mark_bool(site, condition);
    Py_RETURN_NONE;
}

static PyObject *mark_numeric(PyObject *self, PyObject *args) {
    struct fv_site *site;
    long long left, right;
    (void)self;
    if (!PyArg_ParseTuple(args, "O&LL", to_site, &site, &left, &right)) return NULL;
    fv_mark_numeric(site, left, right);
    Py_RETURN_NONE;
}

/* Names and values out of a tuple of tuples; how many, or -1 with an exception set. The names live
 * as long as the tuple. */
static int to_pairs(PyObject *from, struct fv_pair *to, Py_ssize_t most) {
    Py_ssize_t n = PyTuple_Size(from);
    if (n > most) PyErr_Format(PyExc_ValueError, "%zd names, at most %zd", n, most);
    for (Py_ssize_t i = 0; i < n && !PyErr_Occurred(); i++) {
        PyObject *pair = PyTuple_GetItem(from, i);
        long long value = 0;
        if (!PyTuple_Check(pair))
            PyErr_SetString(PyExc_TypeError, "a name and a value are a tuple");
        else if (PyArg_ParseTuple(pair, "sL", &to[i].name, &value))
            to[i].value = value;
    }
    return PyErr_Occurred() ? -1 : (int)n;
}

static PyObject *mark_all(PyObject *self, PyObject *args) {
    struct fv_site *site;
    struct fv_pair conditions[FV_CONDITIONS_MAX];
    PyObject *all;
    (void)self;
    if (!PyArg_ParseTuple(args, "O&O", to_site, &site, &all)) return NULL;
    int n = to_pairs(all, conditions, FV_CONDITIONS_MAX);
    if (n < 0) return NULL;
    fv_mark_all(site, conditions, (uint32_t)n);
    Py_RETURN_NONE;
}

static PyObject *mark_each(PyObject *self, PyObject *args) {
    struct fv_site *site;
    struct fv_pair keys[FV_KEYS_MAX], qualities[FV_QUALITIES_MAX];
    PyObject *all_keys, *all_qualities;
    (void)self;
    if (!PyArg_ParseTuple(args, "O&OO", to_site, &site, &all_keys, &all_qualities)) return NULL;
    int key_count = to_pairs(all_keys, keys, FV_KEYS_MAX);
    int quality_count = key_count < 0 ? -1 : to_pairs(all_qualities, qualities, FV_QUALITIES_MAX);
    if (quality_count < 0) return NULL;
    fv_mark_each(site, keys, (uint32_t)key_count, qualities, (uint32_t)quality_count);
    Py_RETURN_NONE;
}

static PyObject *buggify(PyObject *self, PyObject *args) {
    struct fv_site *site;
    uint32_t num, den;
    (void)self;
    if (!PyArg_ParseTuple(args, "O&O&O&", to_site, &site, to_u32, &num, to_u32, &den)) return NULL;
    return PyBool_FromLong(fv_buggify(site, num, den));
}

/* ---- words ----------------------------------------------------------------------------------- */

static PyObject *bug(PyObject *self, PyObject *args) {
    const char *identity, *message;
    (void)self;
    if (!PyArg_ParseTuple(args, "ss", &identity, &message)) return NULL;
    fv_bug_as(identity, message);
}

static PyObject *log_line(PyObject *self, PyObject *args) {
    const char *text;
    (void)self;
    if (!PyArg_ParseTuple(args, "s", &text)) return NULL;
    fv_log("%s", text);
    Py_RETURN_NONE;
}

/* ---- the interpreter ------------------------------------------------------------------------- */

static PyMethodDef functions[] = {
    {"reserve", reserve, METH_NOARGS, NULL},
    {"count", count, METH_O, NULL},
    {"u64", draw_u64, METH_NOARGS, NULL},
    {"below", draw_below, METH_O, NULL},
    {"between", draw_between, METH_VARARGS, NULL},
    {"chance", draw_chance, METH_VARARGS, NULL},
    {"pick", draw_pick, METH_VARARGS, NULL},
    {"bytes", draw_bytes, METH_O, NULL},
    {"mark_bool", mark_bool, METH_VARARGS, NULL},
    {"mark_numeric", mark_numeric, METH_VARARGS, NULL},
    {"mark_all", mark_all, METH_VARARGS, NULL},
    {"mark_each", mark_each, METH_VARARGS, NULL},
    {"buggify", buggify, METH_VARARGS, NULL},
    {"bug", bug, METH_VARARGS, NULL},
    {"log", log_line, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = "fuzzverse._target",
    .m_size = -1,
    .m_methods = functions,
};

static _Noreturn void fail(void) {
    if (PyErr_Occurred()) PyErr_Print();
    fflush(NULL);
    _exit(FV_PYTHON_FAILED);
}

static void run_script(void) {
    PyObject *globals = PyDict_New();
    PyObject *code = Py_CompileString(fv_python_script, "<fuzzverse>", Py_file_input);
    if (globals == NULL || code == NULL) fail();
    if (PyDict_SetItemString(globals, "__builtins__", PyEval_GetBuiltins()) != 0) fail();
    PyObject *result = PyEval_EvalCode(code, globals, globals);
    run = result == NULL ? NULL : PyDict_GetItemString(globals, "run");
    if (run == NULL) fail();
    Py_IncRef(run);
    Py_DecRef(result);
    Py_DecRef(code);
    Py_DecRef(globals);
}

/* Frames of deep calls come from the allocator of arenas, which maps memory: from the heap instead.
 * Not in the limited API, and the same since Python 3.4.
 * Source: https://docs.python.org/3/c-api/memory.html */
struct arena_allocator {
    void *context;
    void *(*alloc)(void *context, size_t size);
    void (*free)(void *context, void *block, size_t size);
};
__attribute__((weak)) void PyObject_SetArenaAllocator(struct arena_allocator *allocator);

static void *alloc_arena(void *context, size_t size) {
    (void)context;
    return malloc(size);
}

static void free_arena(void *context, void *block, size_t size) {
    (void)context, (void)size;
    free(block);
}

static void take_arenas(void) {
    struct arena_allocator ours = {NULL, alloc_arena, free_arena};
    if (PyObject_SetArenaAllocator != NULL) PyObject_SetArenaAllocator(&ours);
}

/* The same for everybody: os.environ is made of it, and where an object lies may decide much. */
static void set_environment(void) {
    static const char *const values[][2] = {
        {"FUZZVERSE_CLEAN", "1"},
        {"LC_ALL", "C"},
        {"TZ", "UTC"},
        {"PYTHONHASHSEED", "0"},
        {"PYTHONMALLOC", "malloc"},
        {"PYTHONUTF8", "1"},
        {"PYTHONDONTWRITEBYTECODE", "1"},
        {"PYTHONNOUSERSITE", "1"},
        {"OPENBLAS_NUM_THREADS", "1"}, /* of numpy */
        {"OMP_NUM_THREADS", "1"},
    };
    clearenv();
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        setenv(values[i][0], values[i][1], 1);
    setenv("PYTHONHOME", fv_python_home, 1);
}

/* Before main(), which describes the target: its edges are known once it is loaded. Not where the
 * process is about to start again, at fixed addresses. All of the interpreter's memory comes from
 * malloc(), so that it is one region, and no timeline maps any. */
__attribute__((constructor)) static void start_interpreter(void) {
    if (getenv("FUZZVERSE_CLEAN") == NULL) return;
    set_environment();
    take_arenas();
    Py_InitializeEx(0);
    PyObject *module = PyModule_Create(&definition);
    PyObject *modules = PyImport_GetModuleDict();
    if (module == NULL || PyDict_SetItemString(modules, definition.m_name, module) != 0) fail();
    run_script();
    __sanitizer_cov_8bit_counters_init(counters, counters + counters_reserved);
}

void fv_python_run(void) {
    PyObject *result = PyObject_CallNoArgs(run);
    if (result == NULL) fail();
    Py_DecRef(result);
}
