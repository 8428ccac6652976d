/* What every thread has of its own: values of keys, thread_local objects, thread-local
 * variables. */
#include <errno.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>

#include "threads.h"

enum {
    FV_KEYS_OF_THREADS_MAX = 1024,
    FV_ROUNDS_MAX = 4,
    FV_MODULES_MAX = 32,
    FV_EARLY_KEYS_MAX = 8
};

/* ---- keys ------------------------------------------------------------------------------------ */

/* Sanitizers keep their own things under a key that they make before anything else: such keys
 * have one value, whichever task runs. */
static struct {
    void (*destroy[FV_KEYS_OF_THREADS_MAX])(void *value);
    uint32_t count;
    uint8_t is_used[FV_KEYS_OF_THREADS_MAX / 8];
    bool is_open; /* constructors have begun, those of sanitizers are behind */
    uint32_t early_count;
    const void *early_values[FV_EARLY_KEYS_MAX];
} keys;

/* Present in sanitizer builds, which have thread-local variables of their own as well. */
__attribute__((weak)) void __sanitizer_start_switch_fiber(void **fake_stack, const void *bottom,
                                                          size_t bytes);

__attribute__((constructor)) static void open_keys(void) { keys.is_open = true; }

static bool is_used(pthread_key_t key) {
    return key < keys.count && keys.is_used[key / 8] >> key % 8 & 1;
}

struct fv_thread_local *fv_thread_local_own(void) {
    struct fv_tasklet *self = fv_tasks_current();
    if (self->local == NULL) self->local = calloc(1, sizeof(struct fv_thread_local));
    if (self->local == NULL) fv_bug("no memory for what a thread has of its own");
    return self->local;
}

int pthread_key_create(pthread_key_t *key, void (*destroy)(void *)) {
    if (keys.count == FV_KEYS_OF_THREADS_MAX) return EAGAIN;
    *key = keys.count++;
    keys.destroy[*key] = destroy;
    keys.is_used[*key / 8] |= (uint8_t)(1u << *key % 8);
    if (!keys.is_open && keys.count <= FV_EARLY_KEYS_MAX) keys.early_count = keys.count;
    return 0;
}

/* Its number is not used again: no thread has to be asked for values of before. */
int pthread_key_delete(pthread_key_t key) {
    if (!is_used(key)) return EINVAL;
    keys.is_used[key / 8] &= (uint8_t)~(1u << key % 8);
    return 0;
}

void *pthread_getspecific(pthread_key_t key) {
    if (key < keys.early_count) return (void *)(uintptr_t)keys.early_values[key];
    const struct fv_thread_local *local = fv_thread_local_own();
    return is_used(key) && key < local->value_count ? local->values[key] : NULL;
}

int pthread_setspecific(pthread_key_t key, const void *value) {
    if (key < keys.early_count) {
        keys.early_values[key] = value;
        return 0;
    }
    struct fv_thread_local *local = fv_thread_local_own();
    if (!is_used(key)) return EINVAL;
    if (key >= local->value_count) {
        uint32_t count = (key + 8u) & ~7u;
        void **values = realloc(local->values, count * sizeof(void *));
        if (values == NULL) return ENOMEM;
        memset(values + local->value_count, 0, (count - local->value_count) * sizeof(void *));
        local->values = values;
        local->value_count = count;
    }
    local->values[key] = (void *)(uintptr_t)value;
    return 0;
}

static bool destroy_values(struct fv_thread_local *local) {
    bool was_any = false;
    for (uint32_t key = 0; key < local->value_count; key++) {
        void *value = local->values[key];
        if (value == NULL || !is_used(key) || keys.destroy[key] == NULL) continue;
        local->values[key] = NULL;
        keys.destroy[key](value);
        was_any = true;
    }
    return was_any;
}

/* ---- thread_local objects -------------------------------------------------------------------- */

struct fv_thread_exit {
    struct fv_thread_exit *next;
    void (*destroy)(void *object);
    void *object;
};

/* What C++ calls for an object to be destroyed at the end of the thread. */
int __cxa_thread_atexit_impl(void (*destroy)(void *), void *object, void *library);
int __cxa_thread_atexit_impl(void (*destroy)(void *), void *object, void *library) {
    (void)library;
    struct fv_thread_local *local = fv_thread_local_own();
    struct fv_thread_exit *entry = malloc(sizeof *entry);
    if (entry == NULL) return -1;
    *entry = (struct fv_thread_exit){local->exits, destroy, object};
    local->exits = entry;
    return 0;
}

void fv_thread_local_finish(void) {
    struct fv_thread_local *local = fv_thread_local_own();
    for (struct fv_thread_exit *entry; (entry = local->exits) != NULL;) {
        local->exits = entry->next;
        entry->destroy(entry->object);
        free(entry);
    }
    for (int round = 0; round < FV_ROUNDS_MAX && destroy_values(local); round++) continue;
}

/* ---- thread-local variables ------------------------------------------------------------------ */

/* All tasks run in one thread, so its variables are copied out and in where tasks are switched:
 * those of the executable and of its libraries, not those of libc, which are the process's. */
struct module {
    uint8_t *live;
    const uint8_t *image;
    size_t bytes, image_bytes;
};

static struct {
    struct module modules[FV_MODULES_MAX];
    uint32_t count;
    size_t bytes;
    bool is_open;
} variables;

static bool is_libc(const char *path) {
    const char *name = strrchr(path, '/');
    name = name == NULL ? path : name + 1;
    return strncmp(name, "libc.so", 7) == 0 || strncmp(name, "ld-linux", 8) == 0 ||
           strncmp(name, "libm.so", 7) == 0 || strncmp(name, "libpthread.so", 13) == 0;
}

static int note_module(struct dl_phdr_info *info, size_t size, void *with) {
    (void)size, (void)with;
    if (info->dlpi_tls_data == NULL || is_libc(info->dlpi_name)) return 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        if (header->p_type != PT_TLS || header->p_memsz == 0) continue;
        if (variables.count == FV_MODULES_MAX)
            fv_bug("misuse of the kit: more than %d libraries have thread-local variables",
                   FV_MODULES_MAX);
        variables.modules[variables.count++] =
            (struct module){info->dlpi_tls_data, (const uint8_t *)info->dlpi_addr + header->p_vaddr,
                            header->p_memsz, header->p_filesz};
        variables.bytes += header->p_memsz;
    }
    return 0;
}

/* As a new thread finds them. */
static void *first_variables(void) {
    uint8_t *copy = calloc(1, variables.bytes), *at = copy;
    if (copy == NULL) fv_bug("no memory for thread-local variables");
    for (uint32_t i = 0; i < variables.count; i++) {
        memcpy(at, variables.modules[i].image, variables.modules[i].image_bytes);
        at += variables.modules[i].bytes;
    }
    return copy;
}

static uint8_t *copy_of(struct fv_tasklet *task) {
    if (task->local == NULL) task->local = calloc(1, sizeof(struct fv_thread_local));
    struct fv_thread_local *local = task->local;
    if (local == NULL) fv_bug("no memory for what a thread has of its own");
    if (local->variables == NULL) local->variables = first_variables();
    return local->variables;
}

static void swap(struct fv_tasklet *from, struct fv_tasklet *to) {
    uint8_t *out = copy_of(from), *in = copy_of(to);
    for (uint32_t i = 0; i < variables.count; i++) {
        const struct module *module = &variables.modules[i];
        memcpy(out, module->live, module->bytes);
        memcpy(module->live, in, module->bytes);
        out += module->bytes;
        in += module->bytes;
    }
}

static void leave(struct fv_tasklet *task) {
    struct fv_thread_local *local = task->local;
    if (local == NULL) return;
    free(local->variables);
    free(local->values);
    free(local);
}

void fv_thread_local_open(void) {
    if (variables.is_open) return;
    variables.is_open = true;
    fv_tasks.leave = leave;
    if (__sanitizer_start_switch_fiber != NULL) return;
    dl_iterate_phdr(note_module, NULL);
    if (variables.count > 0) fv_tasks.swap = swap;
}
