#include "process.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool read_text(int32_t pid, const char *file, char *text, size_t size) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", pid, file);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    ssize_t n = read(fd, text, size - 1);
    close(fd);
    text[n > 0 ? n : 0] = '\0';
    return n > 0;
}

bool fv_process_is_dead(int32_t pid) {
    char text[512];
    if (pid <= 0 || !read_text(pid, "stat", text, sizeof text)) return true;
    const char *name_end = strrchr(text, ')');
    return name_end == NULL || name_end[1] != ' ' || strchr("ZXx", name_end[2]) != NULL;
}

uint64_t fv_process_private_bytes(int32_t pid) {
    char text[128];
    unsigned long size = 0, resident = 0, shared = 0;
    if (!read_text(pid, "statm", text, sizeof text)) return 0;
    if (sscanf(text, "%lu %lu %lu", &size, &resident, &shared) != 3 || shared > resident) return 0;
    return (uint64_t)(resident - shared) * (uint64_t)sysconf(_SC_PAGESIZE);
}
