#include "describe.h"

#include <stdio.h>
#include <sys/stat.h>

#include "edges.h"
#include "ending.h"
#include "harness.h"
#include "runtime.h"
#include "sites.h"

static void print_string(const char *text) {
    putchar('"');
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        if (*p == '"' || *p == '\\')
            printf("\\%c", *p);
        else if (*p < 0x20)
            printf("\\u%04x", *p);
        else
            putchar(*p);
    }
    putchar('"');
}

static void print_modules(void) {
    printf("\"modules\":[");
    for (uint32_t i = 0; i < fv_edges_module_count(); i++) {
        const struct fv_module *m = fv_edges_module(i);
        printf("%s%ld", i > 0 ? "," : "", (long)(m->counters_end - m->counters));
    }
    printf("]");
}

static void print_mark(const struct fv_site *site) {
    printf("{\"kind\":%u,\"compare\":%u,\"line\":%u,\"message\":", site->kind, site->compare,
           site->line);
    print_string(site->message);
    printf(",\"file\":");
    print_string(site->file);
    printf("}");
}

static unsigned long thread_count(void) {
    struct stat st;
    return stat("/proc/self/task", &st) == 0 && st.st_nlink > 2 ? st.st_nlink - 2 : 1;
}

static const char *simulation(void) {
    static const char *const words[] = {"none", "target", "harness"};
    return words[fv_harness_kind()];
}

void fv_describe_edges(void) {
    for (uint32_t i = 0; i < fv_edges_module_count(); i++) {
        const struct fv_module *m = fv_edges_module(i);
        for (long edge = 0; edge < m->counters_end - m->counters; edge++)
            printf("%#lx\n", m->pcs == NULL ? 0UL : (unsigned long)m->pcs[2 * edge]);
    }
}

void fv_describe_print(const char *name, int fixed_addresses) {
    printf("{\"abi\":%d,\"name\":", FV_ABI);
    print_string(name);
    printf(",\"edges\":%u,", fv_edges_count());
    print_modules();
    printf(",\"marks\":[");
    for (uint32_t i = 0; i < fv_sites_count(); i++) {
        if (i > 0) putchar(',');
        print_mark(fv_sites_get(i));
    }
    printf("],\"sanitizer\":\"%s\",\"fixed_addresses\":%s,\"threads\":%lu,"
           "\"simulation\":\"%s\",\"modules_left_out\":%u,\"marks_left_out\":%u}\n",
           fv_ending_sanitizer(), fixed_addresses ? "true" : "false", thread_count(), simulation(),
           fv_edges_overflow(), fv_sites_overflow());
}
